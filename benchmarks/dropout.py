"""What dropout does for the two-layer network, beside distortions: why the estimator has no dropout.

    python benchmarks/dropout.py [--hidden 512] [--epochs 15] [--seeds 2]

Recipe `quick`, wider and longer, on MNIST's first 55,000 training images: as it is; with dropout of the
hidden units (each is 0 with probability p in training, the others are divided by 1 - p; Srivastava et al.
2014), which is an activation of one's own; and with the distortions of recipe `best`. It prints the mistakes
among the 5,000 validation images that follow, seed by seed. Dropout is computed by the NumPy engine, all else
by the fast one.
"""

import argparse
from dataclasses import replace

import numpy as np

from handgrad import digits, runs, training
from handgrad.engines import engine
from handgrad.network import init_params
from handgrad.recipes import RECIPES, Distortion


def dropout(p, rng):
    """An activation of one's own: relu, of which a share p is 0, drawn anew for each batch."""
    kept = {}

    def forward(a):
        lives = (a > 0) & (rng.random(a.shape, np.float32) >= p)
        kept["mask"] = lives.astype(a.dtype) / a.dtype.type(1 - p)
        return a * kept["mask"]

    def backward(grad_h, a):
        return grad_h * kept["mask"]

    return forward, backward, "a"


def mistakes(chosen, activation, distorted, seed, data):
    """The mistakes of a network trained so on the validation images."""
    (images, labels), (val_images, val_labels) = data
    rng = np.random.default_rng(seed)
    recipe = replace(
        RECIPES["quick"],
        hidden=chosen.hidden,
        epochs=chosen.epochs,
        activation=activation,
        output_bias="zero",
    )
    params = init_params(784, chosen.hidden, 10, rng, dtype=np.float32)
    params.b2[:] = -np.log(9)
    run_epoch = engine("numpy" if callable(activation[0]) else "auto", threads=1).run_epoch
    draw = (lambda rng: runs.augment(images, rng, Distortion())) if distorted else None
    for epoch in training.train(params, images, labels, rng, recipe, run_epoch=run_epoch, distorted=draw):
        last = epoch
    right = training.accuracy(last.params, val_images, val_labels)
    return round(len(val_labels) * (1 - right))


def main():
    """Train each network with each seed, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, default in (("hidden", 512), ("epochs", 15), ("seeds", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    chosen = parser.parse_args()
    (images, labels), _ = digits.load_mnist()
    data = (images[:55000], labels[:55000]), (images[55000:], labels[55000:])
    for name, p, distorted in (
        ("as it is", 0.0, False),
        ("distortions", 0.0, True),
        ("dropout 0.2", 0.2, False),
        ("dropout 0.5", 0.5, False),
        ("distortions and dropout 0.2", 0.2, True),
    ):
        found = []
        for seed in range(chosen.seeds):
            activation = dropout(p, np.random.default_rng(100 + seed)) if p else "relu"
            found.append(mistakes(chosen, activation, distorted, seed, data))
        share = f"{100 - np.mean(found) / 50:.2f} %"
        print(f"{name:28} {', '.join(map(str, found)):12} mistakes of 5,000: {share}", flush=True)


if __name__ == "__main__":
    main()
