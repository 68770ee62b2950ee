"""Latency of the web service in docs/service.md: a real uvicorn, and clients that ask again once answered.

    python benchmarks/service.py [--clients 16] [--seconds 10]

The service is the recipe as it stands on the page, but for its limit on time. Clients and server share this
machine's cores, as a program that sits beside its service does. Printed: requests a second, and the median,
99th percentile and maximum of the time from the first byte of a request to the last of its answer, as a table
in Markdown. Other programs' work makes waits longer: the load of the machine stands above it, and beside it
the server's processor time for each answer.
"""

import argparse
import asyncio
import io
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from handgrad import digits
from handgrad.threads import available_cores

PAGE = Path(__file__).resolve().parents[1] / "docs" / "service.md"


def recipe(name: str) -> str:
    """The text of a file of the page, by its name."""
    found = re.search(rf"```python\n(# {re.escape(name)}\n.*?)```", PAGE.read_text("utf-8"), re.S)
    assert found is not None, f"{PAGE.name} has no {name}"
    return found[1]


@contextmanager
def served(folder: Path, **limits: object) -> Iterator[tuple[int, int]]:
    """A uvicorn that serves the recipe -> its port and its process. limits: other values of its constants."""
    text = recipe("service.py")
    for limit, value in limits.items():
        text, count = re.subn(rf"^{limit} = [\d_.]+", f"{limit} = {value}", text, flags=re.M)
        assert count == 1, limit
    (folder / "service.py").write_text(text, "utf-8")
    words = [sys.executable, "-m", "uvicorn", "service:app", "--port", "0", "--no-access-log"]
    process = subprocess.Popen(words, cwd=folder, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        said = []
        while not (found := re.search(r"running on http://[\d.]+:(\d+)", said[-1] if said else "")):
            said.append(process.stderr.readline())
            assert said[-1], "".join(said)
        yield int(found[1]), process.pid
    finally:
        process.terminate()
        process.communicate()


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The code and the body of one answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.I)
    assert length is not None, head
    return int(head.split()[1]), await reader.readexactly(int(length[1]))


async def client(port: int, path: str, body: bytes, until: float) -> list[float]:
    """Ask on one connection until the time has come -> seconds of each answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body
    times = []
    while (began := time.perf_counter()) < until or not times:
        writer.write(request)
        code, told = await answer(reader)
        assert code == 200, told
        times.append(time.perf_counter() - began)
    writer.close()
    await writer.wait_closed()
    return times


async def asked(port: int, path: str, body: bytes, clients: int, seconds: float) -> list[float]:
    """Seconds of each answer to so many clients at once."""
    until = time.perf_counter() + seconds
    each = [client(port, path, body, until) for _ in range(clients)]
    return [t for times in await asyncio.gather(*each) for t in times]


def bodies() -> dict[str, tuple[str, bytes]]:
    """What is asked: a title -> path and body."""
    _, (images, _) = digits.load_mnist()
    line = np.hstack([np.pad(image, 6) for image in images[:8]])
    rows = [np.hstack([np.pad(image, 6) for image in images[8 * r : 8 * r + 8]]) for r in range(3)]
    strip = Image.fromarray(255 - np.kron(line, np.ones((4, 4), np.uint8)))
    photo = Image.fromarray(255 - np.vstack(rows)).resize((4032, 3024), Image.Resampling.BICUBIC)
    return {
        "`/digit`, 784 bytes": ("/digit", images[0].tobytes()),
        "`/picture`, 8 digits, PNG of 1280 x 160": ("/picture", as_file(strip, "PNG")),
        "`/picture`, 24 digits, JPEG of 12 megapixels": ("/picture", as_file(photo.convert("RGB"), "JPEG")),
    }


def as_file(image: Image.Image, form: str) -> bytes:
    """The bytes of a picture file."""
    buffer = io.BytesIO()
    image.save(buffer, form)
    return buffer.getvalue()


def processor_seconds(process: int) -> float:
    """Seconds of processor time that all threads of a process have used; NaN where that is not told."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:  # not Linux
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def row(title: str, clients: int, times: list[float], seconds: float, used: float) -> str:
    """A row of the table. used: the server's processor time, of which each answer has its share."""
    p50, p99, most = 1000 * np.quantile(times, [0.5, 0.99, 1.0])
    rate, each = len(times) / seconds, 1000 * used / len(times)
    return (
        f"| {title} | {clients} | {rate:,.1f} | {p50:.1f} ms | {p99:.1f} ms | {most:.1f} ms | {each:.2f} ms |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--clients", type=int, default=16, help="clients at once")
    parser.add_argument("--seconds", type=float, default=10.0, help="seconds of each measurement")
    given = parser.parse_args()
    load = f"load of the machine {os.getloadavg()[0]:.1f}"
    print(
        f"{available_cores()} cores, {load}, uvicorn with one worker, {given.seconds:g} s each\n", flush=True
    )
    heads = ("request", "clients", "a second", "p50", "p99", "most", "server's processor time each")
    print(f"| {' | '.join(heads)} |\n{'|---' * len(heads)}|", flush=True)
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), SECONDS=600.0) as (port, process):
        for title, (path, body) in bodies().items():
            asyncio.run(asked(port, path, body, 2, 0.0))  # what is made once is made before the clock starts
            for clients in dict.fromkeys((1, given.clients)):
                before, began = processor_seconds(process), time.perf_counter()
                times = asyncio.run(asked(port, path, body, clients, given.seconds))
                used, took = processor_seconds(process) - before, time.perf_counter() - began
                print(row(title, clients, times, took, used), flush=True)


if __name__ == "__main__":
    main()
