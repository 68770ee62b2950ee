"""The measurement: everybody in turn, round after round, medians; nobody is timed who ends elsewhere.

The number of threads is set before NumPy is imported, so each number has an interpreter of its own:
    python -m handgrad.bench.measure '{"threads": 1, "grid": [[64, 16]], "peers": ["ink"], "rounds": 3}'
"""

import json
import os
import statistics
import subprocess
import sys
import time
from importlib.util import find_spec
from typing import Any

LIMITS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
PAUSE = 0.2  # seconds before each epoch, for everybody: what the one before left running slows the next
TOLERANCE = 1e-4  # of the mean loss
Grid = list[tuple[int, int]]


def measure(threads: int, grid: Grid, peers: list[str], rounds: int) -> list[dict[str, Any]]:
    """For each (hidden, batch) of the grid: seconds, loss and ratio of every peer, in a fresh interpreter.

    -> one row a point: hidden, batch_size, threads, load, peers: {name: {seconds, fastest, slowest, loss,
    ratio to ink}} and left_out: {name: why}.
    """
    wanted = json.dumps({"threads": threads, "grid": grid, "peers": peers, "rounds": rounds})
    environment = os.environ | dict.fromkeys(LIMITS, str(threads))
    command = [sys.executable, "-m", "handgrad.bench.measure", wanted]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def _rows(threads: int, grid: Grid, peers: list[str], rounds: int) -> list[dict[str, Any]]:
    from handgrad import digits

    if hasattr(os, "sched_setaffinity"):  # some frameworks heed nothing else
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    (images, labels), _ = digits.load_mnist()
    return [_row(images, labels, hidden, size, threads, peers, rounds) for hidden, size in grid]


def _row(
    images: Any, labels: Any, hidden: int, size: int, threads: int, peers: list[str], rounds: int
) -> dict[str, Any]:
    from handgrad.bench.peers import FLOOR, NEEDS, PEERS, dense_products, problem

    task = problem(images, labels, hidden, size, threads)
    left_out = {name: "not installed" for name in peers if name in NEEDS and find_spec(NEEDS[name]) is None}
    epochs = {name: PEERS[name](task) for name in peers if name not in left_out}
    losses = {name: epoch() for name, epoch in epochs.items()}  # also compiles and warms up
    for name in list(epochs):
        if abs(losses[name] - losses[peers[0]]) > TOLERANCE:
            left_out[name] = f"ends with loss {losses[name]:.6f}, not {losses[peers[0]]:.6f}"
            del epochs[name]
    epochs[FLOOR] = dense_products(task)
    epochs[FLOOR]()
    seconds: dict[str, list[float]] = {name: [] for name in epochs}
    for _ in range(rounds):
        for name, epoch in epochs.items():
            time.sleep(PAUSE)
            began = time.perf_counter()
            epoch()
            seconds[name].append(time.perf_counter() - began)
    first = statistics.median(seconds[peers[0]])
    table = {
        name: {
            "seconds": statistics.median(took),
            "fastest": min(took),
            "slowest": max(took),
            "ratio": statistics.median(took) / first,
            "loss": losses.get(name),
        }
        for name, took in seconds.items()
    }
    facts = {"hidden": hidden, "batch_size": size, "threads": threads, "load": os.getloadavg()[0]}
    return {**facts, "peers": table, "left_out": left_out}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_rows(**json.loads(sys.argv[1]))))
