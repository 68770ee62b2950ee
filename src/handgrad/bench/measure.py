r"""The measurement: all peers in turn, round after round; medians. A peer with other results is not timed.

The number of threads is set before NumPy is imported, so each number has an interpreter of its own:
    python -m handgrad.bench.measure \
        '{"what": "train", "threads": 1, "points": [[64, 16]], "peers": ["ink"], "rounds": 3}'
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, MutableMapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

LIMITS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
PAUSE = 0.2  # seconds before each turn: threads left over from the turn before would slow the next
AT_LEAST = 0.02  # seconds that a turn lasts: a shorter call is repeated
TOLERANCE = 1e-4  # of the mean loss, and of the outputs
NEEDS = {  # the packages that a peer is
    "torch": ["torch"],
    "torch-compile": ["torch"],
    "jax": ["jax"],
    "scipy": ["scipy"],
    "sklearn": ["sklearn"],
    "onnxruntime": ["onnxruntime", "onnx"],
}
PROCESSES = ("handgrad", "numpy", "torch", "jax", "sklearn", "import torch")
Points = list[tuple[int, int]]
Row = dict[str, Any]


def measure(what: str, threads: int, points: Points, peers: list[str], rounds: int) -> list[Row]:
    """The time of every peer for each (hidden, batch) of points, measured in a fresh interpreter.

    what: "train": one epoch with batches of that size; "answer": inference on that number of images at once.
    -> one row a point: hidden, batch_size, threads, load, peers: {name: {seconds, fastest, slowest, ratio
    to the first peer, loss}} and left_out: {name: why}.
    """
    wanted = {"what": what, "threads": threads, "points": points, "peers": peers, "rounds": rounds}
    environment = os.environ | dict.fromkeys(LIMITS, str(threads))
    command = [sys.executable, "-m", "handgrad.bench.measure", json.dumps(wanted)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    rows: list[Row] = json.loads(done.stdout)
    return rows


def processes(peers: list[str], rounds: int) -> Row:
    """Whole processes in turn, from start to saved network -> as a row of measure, with accuracies."""
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "network")
        handgrad = [sys.executable, "-m", "handgrad", "train", "--quiet", "--json", "--out", out]
        commands = {
            "handgrad": handgrad,
            "numpy": [*handgrad, "--engine", "numpy"],
            "import torch": [sys.executable, "-c", "import torch"],
        }
        left_out, accuracies, turns = _missing(peers), {}, {}

        def turn(name: str, command: list[str]) -> Callable[[], None]:
            def take() -> None:
                done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
                if name in ("handgrad", "numpy"):
                    accuracies[name] = json.loads(done.stdout)["test_accuracy"]
                elif done.stdout:
                    accuracies[name] = float(done.stdout)

            return take

        for name in peers:
            if name not in left_out:
                script = [sys.executable, "-m", "handgrad.bench.scripts", name, "0", out + ".npz"]
                turns[name] = turn(name, commands.get(name, script))
                turns[name]()  # also fills the caches of the disk
        table = _in_turn(turns, rounds, PAUSE, 0.0)
    for name, accuracy in accuracies.items():
        table[name]["accuracy"] = accuracy
    return {"load": load(), "peers": table, "left_out": left_out}


def _train(threads: int, points: Points, peers: list[str], rounds: int) -> list[Row]:
    from handgrad import digits
    from handgrad.bench.peers import FLOOR, PEERS, dense_products, problem

    (images, labels), _ = digits.load_mnist()
    rows = []
    for hidden, size in points:
        task = problem(images, labels, hidden, size, threads)
        left_out = _missing(peers)
        epochs = {name: PEERS[name](task) for name in peers if name not in left_out}
        losses = _first(epochs, left_out)
        for name, loss in losses.items():
            if abs(loss - losses[peers[0]]) > TOLERANCE:
                left_out[name] = f"ends with loss {loss:.6f}, not {losses[peers[0]]:.6f}"
                del epochs[name]
        floor = dense_products(task)
        floor()
        table = _in_turn({**epochs, FLOOR: floor}, rounds, PAUSE, 0.0)
        for name, told in table.items():
            told["loss"] = losses.get(name)
        rows.append(_facts(hidden, size, threads) | {"peers": table, "left_out": left_out})
    return rows


def _answer(threads: int, points: Points, peers: list[str], rounds: int) -> list[Row]:
    import numpy as np

    from handgrad import digits
    from handgrad.bench.answers import PEERS, question

    _, (images, _) = digits.load_mnist()
    rows = []
    for hidden, size in points:
        task = question(images, hidden, threads)
        left_out = _missing(peers)
        answers = {name: partial(PEERS[name](task), size) for name in peers if name not in left_out}
        outputs = _first(answers, left_out)
        for name, y in outputs.items():
            if (apart := float(np.abs(y - outputs[peers[0]]).max())) > TOLERANCE:
                left_out[name] = f"its outputs differ by {apart:.1e}"
                del answers[name]
        table = _in_turn(answers, rounds, PAUSE, AT_LEAST)
        rows.append(_facts(hidden, size, threads) | {"peers": table, "left_out": left_out})
    return rows


def _missing(peers: list[str]) -> dict[str, str]:
    lacking = {name: [need for need in NEEDS.get(name, []) if find_spec(need) is None] for name in peers}
    return {name: f"{' and '.join(needs)} not installed" for name, needs in lacking.items() if needs}


def _first(functions: MutableMapping[str, Any], left_out: dict[str, str]) -> dict[str, Any]:
    """The first result of each peer, after compiling; failing peers are left out, with the reason."""
    results = {}
    for name in list(functions):
        try:
            results[name] = functions[name]()
        except Exception as error:  # frameworks raise different exceptions, e.g. for a missing compiler
            left_out[name] = f"{type(error).__name__}: {str(error).strip().splitlines()[0]:.100}"
            del functions[name]
    return results


def _in_turn(
    functions: Mapping[str, Callable[[], Any]], rounds: int, pause: float, at_least: float
) -> dict[str, Row]:
    """Seconds of a call of each, round after round: median, fastest, slowest, ratio to the first."""
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            time.sleep(pause)
            calls, began = 0, time.perf_counter()
            while calls == 0 or time.perf_counter() - began < at_least:
                function()
                calls += 1
            seconds[name].append((time.perf_counter() - began) / calls)
    first = statistics.median(next(iter(seconds.values())))
    return {
        name: {
            "seconds": statistics.median(took),
            "fastest": min(took),
            "slowest": max(took),
            "ratio": statistics.median(took) / first,
        }
        for name, took in seconds.items()
    }


def load() -> float | None:
    """The mean number of processes that ran or waited to run over the last minute; None on Windows."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def _facts(hidden: int, size: int, threads: int) -> Row:
    return {"hidden": hidden, "batch_size": size, "threads": threads, "load": load()}


def _main(what: str, threads: int, **wanted: Any) -> None:
    if hasattr(os, "sched_setaffinity"):  # some frameworks only read environment variables
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    rows = {"train": _train, "answer": _answer}[what](threads, **wanted)
    sys.stdout.write(json.dumps(rows))


if __name__ == "__main__":
    _main(**json.loads(sys.argv[1]))
