"""An epoch of PyTorch arrays on a device: ours, the same compiled, and PyTorch's own network and gradients.

    python benchmarks/device.py               on the GPU if PyTorch has one, otherwise on the CPU
    python benchmarks/device.py cuda --compile

All train the same network from the same numbers in the same order, by plain gradient descent in float32. Each
must end at the reference's loss. The device is asked to finish before the clock is read.

--compile adds torch.compile, which takes half a minute and, on a CPU, a C++ compiler.
"""

import statistics
import sys
import time

import numpy as np
import torch

from handgrad import digits, network, training
from handgrad.engines.device import epoch_by, step
from handgrad.network import map_params
from handgrad.recipes import Recipe

SIZES, ROWS, EPOCHS = ((128, 64), (1024, 128), (1024, 1024)), 16_384, 3


def pytorchs(hidden, batch, compiled):
    """An epoch by nn.Sequential, autograd and optim.SGD, from our parameters -> mean loss."""

    def run_epoch(params, images, labels, order, recipe, rates):
        model = torch.nn.Sequential(
            torch.nn.Linear(784, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, 10), torch.nn.Sigmoid()
        ).to(images.device)
        names = ("0.weight", "0.bias", "2.weight", "2.bias")
        model.load_state_dict(dict(zip(names, params, strict=True)))
        optimizer, total = torch.optim.SGD(model.parameters(), lr=float(rates[0])), 0.0

        def loss_of(rows):
            x = images[rows].reshape(len(rows), -1).to(torch.float32) / 255
            target = torch.nn.functional.one_hot(labels[rows], 10)
            return ((model(x) - target) ** 2).sum(1).mean()

        loss_of = torch.compile(loss_of) if compiled else loss_of
        order = torch.as_tensor(order, device=images.device)
        for rows in order.split(batch):
            optimizer.zero_grad()
            loss = loss_of(rows)
            loss.backward()
            optimizer.step()
            total = total + loss.detach() * len(rows)
        return None, None, float(total) / len(order)

    return run_epoch


def seconds(run_epoch, given, device):
    """The median time of an epoch, and its loss; the first one, which compiles, is left out."""
    took = []
    for _ in range(EPOCHS + 1):
        began = time.perf_counter()
        _, _, loss = run_epoch(*given)
        if device != "cpu":
            torch.cuda.synchronize()
        took.append(time.perf_counter() - began)
    return statistics.median(took[1:]), loss


def main():
    """Measure every way on one device, and print a table."""
    named = [word for word in sys.argv[1:] if not word.startswith("--")]
    device = named[0] if named else "cuda" if torch.cuda.is_available() else "cpu"
    where = (
        torch.cuda.get_device_name() if device.startswith("cuda") else f"{torch.get_num_threads()} threads"
    )
    print(f"{device} ({where}), PyTorch {torch.__version__}, {ROWS:,} images an epoch")
    print("| way | hidden, batch | epoch | loss |\n|---|---|---|---|")
    (images, labels), _ = digits.load_mnist()
    pixels, classes = (
        torch.tensor(images, device=device),
        torch.tensor(labels.astype(np.int64), device=device),
    )
    for hidden, batch in SIZES:
        ways = {
            "reference": training.run_epoch,
            "ours, losses asked for once": epoch_by(),
            "PyTorch's own": pytorchs(hidden, batch, False),
        }
        if "--compile" in sys.argv:
            ways["ours, torch.compile"] = epoch_by(torch.compile(step))
            ways["PyTorch's own, torch.compile"] = pytorchs(hidden, batch, True)
        params = network.init_params(784, hidden, 10, np.random.default_rng(0), dtype=np.float32)
        params = map_params(lambda p: torch.tensor(p, device=device), params)
        order, recipe = np.random.default_rng(1).permutation(ROWS), Recipe(hidden=hidden, batch_size=batch)
        given = params, pixels, classes, order, recipe, np.full(-(-ROWS // batch), 0.1)
        expected = training.run_epoch(*given)[2]
        for name, run_epoch in ways.items():
            took, loss = seconds(run_epoch, given, device)
            assert abs(loss - expected) < 1e-4, f"{name} ends at another loss: {loss} instead of {expected}"
            print(f"| {name} | {hidden:,}, {batch:,} | {took * 1e3:.0f} ms | {loss:.6f} |", flush=True)


if __name__ == "__main__":
    main()
