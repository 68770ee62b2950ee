"""Seconds of one epoch: handgrad's engines beside PyTorch's eager loop, interleaved in one run.

    python benchmarks/epoch.py [--hidden 128] [--batch 64] [--rounds 5] [--threads 1]

Same real MNIST, same initial weights, same order, plain SGD with the L2 loss in float32. All must end with
the same loss before anything is timed. Medians; the load of the machine is printed beside. Needs PyTorch.
"""

import argparse
import os
import statistics
import sys
import time

parser = argparse.ArgumentParser(description="One epoch of MNIST, handgrad beside PyTorch.")
parser.add_argument("--hidden", type=int, default=128)
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--threads", type=int, default=1)
options = parser.parse_args()
os.environ |= {f"{name}_NUM_THREADS": str(options.threads) for name in ("OPENBLAS", "OMP", "MKL")}

import numpy as np  # noqa: E402  the number of threads is read when it is imported
import torch  # noqa: E402

from handgrad import digits, network, training  # noqa: E402
from handgrad.ink import InkEngine  # noqa: E402
from handgrad.recipes import Recipe  # noqa: E402


def handgrad_epoch(params, images, labels, order, recipe, rates):
    return training.run_epoch(params, images, labels, order, recipe, rates)[2]


def torch_epoch(params, images, labels, order, recipe, rates):
    """The same epoch in PyTorch's own words: autograd, SGD, batches gathered from a float tensor."""
    leaves = [torch.tensor(p, requires_grad=True) for p in params]
    W1, b1, W2, b2 = leaves
    optimizer = torch.optim.SGD(leaves, rates[0])
    target, total = torch.nn.functional.one_hot(labels, 10).float(), 0.0
    for rows in torch.as_tensor(order).split(recipe.batch_size):
        y = torch.sigmoid(torch.relu(images[rows] @ W1.T + b1) @ W2.T + b2)
        loss = ((y - target[rows]) ** 2).sum() / len(rows)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(rows)
    return total / len(order)


def main():
    torch.set_num_threads(options.threads)
    (images, labels), _ = digits.load_mnist()
    recipe = Recipe(hidden=options.hidden, batch_size=options.batch, epochs=1)
    rng = np.random.default_rng(0)
    params = network.init_params(784, options.hidden, 10, rng, dtype=np.float32)
    order, rates = rng.permutation(60_000), np.full(-(-60_000 // options.batch), 0.1)
    theirs = torch.tensor(images.reshape(-1, 784), dtype=torch.float32) / 255, torch.tensor(labels).long()
    fast = InkEngine(options.threads)
    contenders = {
        "handgrad, ink engine": lambda: fast.run_epoch(params, images, labels, order, recipe, rates)[2],
        "handgrad, NumPy engine": lambda: handgrad_epoch(params, images, labels, order, recipe, rates),
        "PyTorch, eager loop": lambda: torch_epoch(params, *theirs, order, recipe, rates),
    }
    losses = {name: run() for name, run in contenders.items()}  # also the warm-up
    if max(losses.values()) - min(losses.values()) > 1e-4:
        sys.exit(f"the losses differ, so nothing is timed: {losses}")
    seconds = {name: [] for name in contenders}
    for _ in range(options.rounds):
        for name, run in contenders.items():
            began = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - began)
    first = statistics.median(next(iter(seconds.values())))
    print(f"{options.hidden} hidden units, batches of {options.batch}, threads {options.threads}, ", end="")
    print(f"load {os.getloadavg()[0]:.2f}, {options.rounds} rounds")
    for name, took in seconds.items():
        median = statistics.median(took)
        spread = f"({min(took):.3f} to {max(took):.3f})"
        print(f"{name:<24} {median:6.3f} s {spread}  {median / first:5.2f} x  loss {losses[name]:.6f}")


main()
