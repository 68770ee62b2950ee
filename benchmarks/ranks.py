"""When several processes pay: a training step by one process, by two ranks, and by one engine's two threads.

    python benchmarks/ranks.py           the table, in about two minutes
    python benchmarks/ranks.py --json    the same as one document

Each number is milliseconds a step (one batch: gradients, all-reduce, update), the median of five epochs of
MNIST's first images, in float32 by plain gradient descent. It needs PyTorch, and two cores that are quiet.
"""

import json
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack

import numpy as np

from handgrad import digits, network
from handgrad.engines import Engine, engine
from handgrad.engines.ranks import joined, ranks_here
from handgrad.recipes import Recipe

WIDTHS, BATCHES, EPOCHS = (128, 1024), (32, 256, 1024, 4096), 5
RANKS = 2


def milliseconds(own: Engine, hidden: int, batch: int) -> float:
    """The time of a step by an engine: the median of some epochs of a few batches."""
    (images, labels), _ = digits.load_mnist()
    steps = max(4, min(30, 8192 // batch))
    params = network.init_params(784, hidden, 10, np.random.default_rng(0), dtype=np.float32)
    recipe, rates = Recipe(hidden=hidden, batch_size=batch), np.full(steps, 0.1)
    order, took = np.random.default_rng(1).permutation(len(images))[: steps * batch], []
    for _ in range(EPOCHS + 1):
        began = time.perf_counter()
        with own.limits():
            own.run_epoch(params, images, labels, order, recipe, rates)
        took.append((time.perf_counter() - began) / steps * 1e3)
    return statistics.median(took[1:])


def measured(wrap, threads: int = 1) -> dict[str, float]:
    """All points of the table by both engines."""
    engines = {name: wrap(engine(name, threads=threads)) for name in ("ink", "numpy")}
    return {
        f"{name} {hidden} {batch}": milliseconds(own, hidden, batch)
        for hidden in WIDTHS
        for batch in BATCHES
        for name, own in engines.items()
    }


def by_ranks() -> dict[str, float]:
    """The same, measured by processes that torchrun starts."""
    words = ["-m", "torch.distributed.run", "--nproc-per-node", str(RANKS), __file__]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main() -> None:
    """Measure, and print the table."""
    if ranks_here() > 1:
        with ExitStack() as stack:
            ranks = stack.enter_context(joined())
            found = measured(ranks.engine)
        if ranks.first:
            print(json.dumps(found))
        return
    alone, threads, ranks = measured(lambda own: own), measured(lambda own: own, RANKS), by_ranks()
    if "--json" in sys.argv:
        print(json.dumps({"one": alone, "threads": threads, "ranks": ranks}, indent=2))
        return
    print("| hidden, batch | ink | ink, 2 threads | ink, 2 ranks | numpy | numpy, 2 ranks |")
    print("|---|---|---|---|---|---|")
    for hidden in WIDTHS:
        for batch in BATCHES:
            ink, dense = f"ink {hidden} {batch}", f"numpy {hidden} {batch}"
            row = [f"{alone[ink]:.2f} ms"]
            row += [f"{alone[ink] / there[ink]:.2f} x" for there in (threads, ranks)]
            row += [f"{alone[dense]:.2f} ms", f"{alone[dense] / ranks[dense]:.2f} x"]
            print(f"| {hidden:,}, {batch:,} | {' | '.join(row)} |")


if __name__ == "__main__":
    main()
