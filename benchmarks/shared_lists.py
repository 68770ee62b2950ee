"""What networks that are trained side by side could save by sharing the lists of ink.

    python benchmarks/shared_lists.py

Networks of a sweep whose seeds and rates differ could see the same batches, and share the lists that the
engine builds of each batch. The kernel is compiled a second time with the call that builds the lists standing
twice: what an epoch then takes longer is what building them takes. Processor time of one thread, the fastest
of some rounds, MNIST's 60,000 images. k networks in one pass would save (k - 1)/k of that share at most: the
rest is not shared.
"""

import importlib.util
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from handgrad import digits
from handgrad.engines.ink import InkEngine, compiler, kernel, layout, machine, values
from handgrad.engines.ink.scorer import split
from handgrad.engines.ink.task import Task
from handgrad.network import init_params
from handgrad.recipes import Recipe

ROUNDS = 9
CALL = "        list_ink(n_after, after, size, N, D, images, order, where, task.place, task.shades, new)\n"


def listing_twice(lanes, folder):
    """The kernel with every list built twice, compiled."""
    text = Path(kernel.__file__).read_text("utf-8")
    assert text.count(CALL) == 1
    path = Path(folder) / "listing_twice.py"
    path.write_text(text.replace(CALL, CALL * 2), "utf-8")
    spec = importlib.util.spec_from_file_location("listing_twice", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["listing_twice"] = module
    spec.loader.exec_module(module)
    return machine.linked(machine.assembled(compiler.compiled(module.run, Task.kinds, values.FLOAT, lanes)))


def fastest(epochs):
    """The processor time of each of some functions, all in turn, round after round."""
    took = dict.fromkeys(epochs, np.inf)
    for _ in range(ROUNDS):
        for name, epoch in epochs.items():
            began = time.thread_time()
            epoch()
            took[name] = min(took[name], time.thread_time() - began)
    return took


def main():
    """Print the table."""
    (images, labels), _ = digits.load_mnist()
    order, own = np.random.default_rng(0).permutation(len(images)), layout.code
    print("hidden  batch   epoch   lists   share   2 networks   8 networks, at most")
    with tempfile.TemporaryDirectory() as folder:
        for hidden, size in ((16, 32), (64, 16), (64, 32), (128, 32), (128, 64), (256, 32), (512, 64)):
            twice = listing_twice(split(hidden, 1)[0], folder)
            params = init_params(784, hidden, 10, np.random.default_rng(0), dtype=np.float32)
            recipe, rates = Recipe(hidden=hidden, batch_size=size), np.full(-(-len(images) // size), 0.1)

            def epoch(code):
                def run():
                    layout.code = code
                    return InkEngine(1).run_epoch(params, images, labels, order, recipe, rates)[2]

                return run

            epochs = {"once": epoch(own), "twice": epoch(lambda lanes, dtype: twice)}
            assert len({run() for run in epochs.values()}) == 1, "both end with the same loss"
            took = fastest(epochs)
            lists = took["twice"] - took["once"]
            share = lists / took["once"]
            print(
                f"{hidden:>6}  {size:>5}  {took['once'] * 1e3:4.0f} ms  {lists * 1e3:4.0f} ms  {share:6.1%}"
                f"   {1 / (1 - share / 2):7.2f} x   {1 / (1 - share * 7 / 8):7.2f} x"
            )


if __name__ == "__main__":
    main()
