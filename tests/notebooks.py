"""Execute notebooks to the end in kernels, two at a time, errors included: python tests/notebooks.py FILE...

Each is written, with its outputs, into the folder `executed` beside it; the last line is JSON, {"FILE": seconds}.
A process of its own, because kernels talk through sockets, which the tests may not.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

AT_ONCE, PATIENCE = 2, 400  # seconds for a cell


async def execute(path, gate, seconds):
    async with gate:
        start = time.monotonic()
        book = nbformat.read(path, as_version=4)
        where = {"metadata": {"path": str(path.parent)}}
        client = NotebookClient(
            book, timeout=PATIENCE, kernel_name="python3", resources=where, allow_errors=True
        )
        await client.async_execute()
        nbformat.write(book, path.parent / "executed" / path.name)
        seconds[str(path)] = round(time.monotonic() - start, 1)


async def execute_all(paths):
    gate, seconds = asyncio.Semaphore(AT_ONCE), {}
    for path in paths:
        (path.parent / "executed").mkdir(exist_ok=True)
    await asyncio.gather(*(execute(path, gate, seconds) for path in paths))
    return seconds


if __name__ == "__main__":
    start = time.monotonic()
    seconds = asyncio.run(execute_all([Path(name) for name in sys.argv[1:]]))
    print(json.dumps(seconds | {"all": round(time.monotonic() - start, 1)}))
