"""The network that tells a whole digit from a part of one, and from several: made here, and measured.

    python tools/whole.py            # from nothing; writes whole.safetensors here, or to --out
    python tools/whole.py --quick    # the same steps in a minute, on little; writes quick-whole.safetensors

It learns from marks that parts.py makes of MNIST's training digits. They are kept in --folder, by seed, and
not made again: a run that was stopped goes on.
"""

import argparse
import io
import os
from dataclasses import replace
from functools import partial
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from measured import HELD_BACK
from parts import PARTS, marks, pairs_and_halves, with_ones, worth_learning

from handgrad import digits, model_file, pretrained, runs
from handgrad.arrays import NDArray
from handgrad.engines import engine
from handgrad.files import Kind, write_atomically
from handgrad.recipes import Distortion, Recipe

SEEDS, CHECKED = (*range(1000, 1006), *range(2000, 2006)), 1  # of the marks to learn from, and to check by
GROUPS = 500  # of digits, of each seed
ALONE = 53_000  # images of MNIST, each a mark by itself
PAIRS = 6000  # of digits that touch, and halves: so many of each
ONES = 6000  # of 1 that touch their neighbours
TWICE = 2  # times that digits of groups are learnt in an epoch, and pairs; other marks once
CORES = os.cpu_count() or 1
MARKS = Kind("marks (.npz)", lambda file: file.read(2) == b"PK")
RECIPE = Recipe(
    hidden=512,
    output_bias="prior",
    learning_rate=1.0,
    schedule="linear",
    warmup=0.05,
    batch_size=64,
    epochs=28,
    distortion=Distortion(rotation=6, scale=0.08, shear=0.1, shift=0.7, elastic=8, thickness=0.2),
)


def marks_of_seed(seed: int, groups: int, folder: Path) -> tuple[NDArray, NDArray]:
    """The marks worth learning of a seed, and their labels; all of its marks are kept in the folder."""
    path = folder / f"{seed}.npz"
    if not path.exists():
        images, labels = digits.load_mnist()[0]
        of = slice(-HELD_BACK, None) if seed == CHECKED else slice(-HELD_BACK)
        made, file = marks(images[of], labels[of], groups, seed), io.BytesIO()
        np.savez(file, images=made[0], labels=made[1])
        write_atomically(path, file.getvalue(), MARKS)
    with np.load(path) as kept:
        return worth_learning(kept["images"], kept["labels"], seed)


def main() -> None:
    """Make the marks, train, write the network, say how good it is."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--quick", action="store_true", help="a rehearsal on little")
    options.add_argument("--folder", type=Path, help="default: whole-marks, or quick-marks")
    options.add_argument("--out", type=Path, help=f"default: {pretrained.WHOLE.name}")
    options.add_argument("--processes", type=int, default=CORES, help=f"that make marks; default: {CORES}")
    chosen = options.parse_args()
    seeds, groups, alone, pairs, touching, recipe = SEEDS, GROUPS, ALONE, PAIRS, ONES, RECIPE
    if chosen.quick:
        seeds, groups, alone, pairs, touching = seeds[:2], 30, 2000, 200, 200
        recipe = replace(recipe, hidden=64, epochs=2)
    before = "quick-" if chosen.quick else ""
    out = chosen.out or Path(before + pretrained.WHOLE.name)
    folder = chosen.folder or Path("quick-marks" if chosen.quick else "whole-marks")
    folder.mkdir(parents=True, exist_ok=True)
    with Pool(chosen.processes) as pool:
        make = partial(marks_of_seed, groups=groups, folder=folder)
        *learn, check = pool.map(make, [*seeds, CHECKED], chunksize=1)
    images, labels = digits.load_mnist()[0]
    paired, halved = pairs_and_halves(images[:-HELD_BACK], labels[:-HELD_BACK], pairs, seed=0)
    ones = with_ones(images[:-HELD_BACK], labels[:-HELD_BACK], touching, seed=0)
    no_digits = np.concatenate([paired, ones] * TWICE + [halved])
    again = [(of[0][of[1] != PARTS], of[1][of[1] != PARTS]) for of in learn] * (TWICE - 1)
    further = [(images[:alone], labels[:alone]), (no_digits, np.full(len(no_digits), PARTS, np.uint8))]
    every = *learn, *again, *further, check
    data = runs.split(*(np.concatenate(each) for each in zip(*every, strict=True)), len(check[0]))
    print(f"{len(data.images):,} marks to learn from, {len(check[0]):,} to check", flush=True)
    for progress in runs.run(data, recipe, seed=0, engine=engine(threads=1, hidden=recipe.hidden)):
        record = progress.model.history[-1]
        reached = f"{record['train_accuracy']:.2%}, {record['validation_accuracy']:.2%}"
        print(f"epoch {progress.epoch.epoch}: {reached}", flush=True)
    model_file.save(out, replace(progress.model, classes=(*range(PARTS), "parts"), storage="float16"))
    seen = model_file.load(out).scores(check[0])[:, PARTS] > 0.5
    parts = check[1] == PARTS
    shares = f"of digits {seen[~parts].mean():.1%} taken for parts, of parts {(~seen[parts]).mean():.1%}"
    print(f"{out.name}: {shares} for digits")


if __name__ == "__main__":
    main()
