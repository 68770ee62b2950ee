"""The network that tells a whole digit from a part of one, and from several: made here, and measured.

    python tools/whole.py            # from random numbers; writes whole.safetensors here, or to --out
    python tools/whole.py --quick    # the same steps in a minute, on little; writes quick-whole.safetensors

MNIST's training digits are put side by side so that they touch, nearly touch or overlap, and are cut up as
reading does it (photos.cuts). Of each candidate it is known whose ink it holds: it is a digit if nearly all
of its ink is one digit's and nearly all of that digit's; if far less is, it is "parts".
Some of the digits are drawn in shapes that MNIST's writers did not write, such as a 1 with a long upstroke
(hands.py); some groups lean, some are blurred, and strokes of neighbours reach into some. Of the parts,
those are worth learning that the network in the box takes for digits; a fifth of the others is kept.
"""

import argparse
import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from multiprocessing import Pool
from pathlib import Path

import cv2
import hands
import numpy as np

from handgrad import digits, model_file, pretrained, runs
from handgrad.arrays import NDArray
from handgrad.engines import engine
from handgrad.photos.candidates import candidates
from handgrad.photos.cuts import cut
from handgrad.photos.division import MOST_CUTS
from handgrad.photos.marks import Mark, Page
from handgrad.photos.normalisation import normalised
from handgrad.photos.selection import with_fragments_joined
from handgrad.recipes import Distortion, Recipe

PARTS = 10  # the label of what is no whole digit
SCALE = 3  # pixels of a page for one of MNIST
STROKE = 2.3 * SCALE  # its usual width there
DRAWN = 0.2  # share of the digits that are drawn
LEANING = 0.5, -0.25, 0.6  # share of the groups that lean, and by how many columns a row
SEEDS = *range(1000, 1008), *range(2000, 2008)
GROUPS = 500  # of each seed
CORES = os.cpu_count() or 1
ALONE = 53_000  # images of MNIST, each a mark by itself
HELD_BACK = 5000  # of MNIST's images, whose marks are for the validation
MOST_PARTS, MOST_WHOLE = 20, 8  # marks of a group at most: that are no digits, and that are
SEEN_AS_DIGIT = 0.1  # the largest output of the network in the box, above which parts look like digits
KEPT = 0.2  # share of the other parts that is kept
SIZES = 0.72, 1.18  # of the digits of a group
BLURRED = 0.35, 0.5, 2.5  # share of the groups that are blurred, and by how many pixels
STRAYED = 0.25  # share of the groups with strokes of their neighbours above or below
WHOLE, NOT_WHOLE = 0.82, 0.68  # share of a digit in a mark, and of a mark in a digit: from, and below
RECIPE = Recipe(
    hidden=512,
    output_bias="prior",
    learning_rate=1.0,
    schedule="linear",
    warmup=0.05,
    batch_size=64,
    epochs=24,
    distortion=Distortion(rotation=6, scale=0.08, shear=0.1, shift=0.7, elastic=8, thickness=0.2),
)


def group(images: NDArray, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    """Digits side by side: their ink (height, width) 0 to 1, and whose it is (0, 1, ...)."""
    inks = []
    for image in images:
        share = SCALE * rng.uniform(*SIZES)
        ink = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_CUBIC) / np.float32(255)
        rows, columns = np.flatnonzero((ink > 0.3).any(axis=1)), np.flatnonzero((ink > 0.3).any(axis=0))
        inks.append(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    room = max(ink.shape[0] for ink in inks)
    field = np.zeros((len(inks), 2 * room, sum(ink.shape[1] for ink in inks) + 20 * len(inks)), np.float32)
    reached = np.full(2 * room, -np.inf)  # the rightmost ink of each row
    for layer, ink in zip(field, inks, strict=True):
        top = int(rng.uniform(0.35, 0.65) * room + (room - ink.shape[0]) * rng.uniform(0.2, 0.8))
        rows = slice(top, top + ink.shape[0])
        strong = ink > 0.3
        begins = np.where(strong.any(axis=1), strong.argmax(axis=1), np.inf)
        near = float((begins - reached[rows]).min())  # how near it would come to those before, at column 0
        gap = STROKE * rng.uniform(-1.6, 0.9)
        at = (
            int(np.clip(gap - near, 0, field.shape[2] - ink.shape[1]))
            if np.isfinite(near)
            else _beside(reached)
        )
        layer[rows, at : at + ink.shape[1]] = ink
        ends = ink.shape[1] - 1 - strong[:, ::-1].argmax(axis=1)
        reached[rows] = np.maximum(reached[rows], np.where(strong.any(axis=1), at + ends, -np.inf))
    inked = np.flatnonzero((field > 0).any(axis=(0, 1)))
    field = field[:, :, inked[0] : inked[-1] + 1]
    if rng.random() < LEANING[0]:
        slope = rng.uniform(*LEANING[1:])
        width = field.shape[2] + int(abs(slope) * 2 * room) + 1
        moved = np.array([[1, -slope, max(0, slope) * 2 * room], [0, 1, 0]])
        field = np.stack([cv2.warpAffine(layer, moved, (width, 2 * room)) for layer in field])
    if rng.random() < STRAYED:
        field = np.concatenate([field, [_stray(field.max(axis=0), rng)]])
    if rng.random() < BLURRED[0]:
        sigma = rng.uniform(*BLURRED[1:])
        field = np.stack([cv2.GaussianBlur(layer, (0, 0), sigma) for layer in field])
    return np.clip(field.max(axis=0), 0, 1), field.argmax(axis=0)


def _stray(ink: NDArray, rng: np.random.Generator) -> NDArray:
    """A neighbour's stroke that reaches into the ink (height, width), or a stroke beneath it."""
    rows, columns = np.flatnonzero((ink > 0.3).any(axis=1)), np.flatnonzero((ink > 0.3).any(axis=0))
    top, bottom, left, right = rows[0], rows[-1], columns[0], columns[-1]
    high, pen = bottom - top, STROKE * rng.uniform(0.6, 1.3)
    x, deep = rng.uniform(left, right), high * rng.uniform(-0.05, 0.25)
    across = high * rng.uniform(-0.4, 0.4)
    edge = high * rng.uniform(0.05, 0.4)
    ends = {
        "above": ((x + across, top - edge), (x, top + deep)),
        "below": ((x + across, bottom + edge), (x, bottom - deep)),
        "beneath": ((left - edge, bottom + deep / 2), (right + edge, bottom + deep / 2 + across / 5)),
    }[str(rng.choice(("above", "below", "beneath"), p=(0.4, 0.4, 0.2)))]
    layer = np.zeros(ink.shape, np.uint8)
    start, end = (tuple(int(8 * each) for each in point) for point in ends)
    cv2.line(layer, start, end, 255, max(1, round(pen)), cv2.LINE_AA, shift=3)
    return layer / np.float32(255)


def _beside(reached: NDArray) -> int:
    known = reached[np.isfinite(reached)]
    return int(known.max()) + 1 if known.size else 2


def marks_of(images: NDArray, labels: NDArray, rng: np.random.Generator) -> Iterator[tuple[NDArray, int]]:
    """The candidates of a group as 28 x 28 images, each with the digit that it is, or PARTS."""
    ink, owner = group(images, rng)
    _, connected, stats, _ = cv2.connectedComponentsWithStats((ink > 0.4).astype(np.uint8), connectivity=8)
    found = [
        Mark((number,), int(x), int(y), int(x + width), int(y + height))
        for number, (x, y, width, height, area) in enumerate(stats[1:], 1)
        if area >= 20
    ]
    line = sorted(with_fragments_joined(found), key=lambda mark: mark.left + mark.right)
    height = float(np.median([mark.height for mark in line]))
    page = cut(Page(ink, np.asarray(connected), [line], ink.shape[::-1]), line, MOST_CUTS)
    possible = candidates(page.lines, [height])
    share_of = np.zeros((int(page.labels.max()) + 1, len(images) + 1))
    np.add.at(share_of, (page.labels, owner), ink)  # by part and digit; the last column is a stray stroke
    totals = share_of[1:].sum(axis=0)
    totals[-1] = np.inf  # is no digit
    parts = wholes = 0
    order = rng.permutation(len(possible))
    if not totals.all():  # a digit covers another
        return
    for number in order:
        mark = possible[number].mark
        held = share_of[list(mark.parts)].sum(axis=0)
        most = int((held / totals).argmax())
        share = min(held[most] / totals[most], held[most] / held.sum())
        if share >= WHOLE and wholes < MOST_WHOLE:
            wholes += 1
            yield normalised(page, mark), int(labels[most])
        elif share < NOT_WHOLE and parts < MOST_PARTS:
            parts += 1
            yield normalised(page, mark), PARTS


def _worth_learning(found: list[tuple[NDArray, int]], rng: np.random.Generator) -> list[tuple[NDArray, int]]:
    """The digits, the parts that the network in the box takes for digits, and some of the others."""
    if not found:
        return []
    outputs = pretrained.load().scores(np.stack([image for image, _ in found])).max(axis=1)
    keep = (outputs > SEEN_AS_DIGIT) | (rng.random(len(found)) < KEPT)
    return [each for each, kept in zip(found, keep, strict=True) if kept or each[1] != PARTS]


def marks(images: NDArray, labels: NDArray, count: int, seed: int) -> tuple[NDArray, NDArray]:
    """Marks (N, 28, 28) and labels (N,) of `count` groups of one to four digits."""
    rng = np.random.default_rng(seed)
    kept: list[tuple[NDArray, int]] = []
    how = replace(Distortion(), thickness=0.5)
    while count > 0:
        rows = rng.integers(len(images), size=(min(count, 2000), 4))
        chosen, named = images[rows.ravel()], labels[rows.ravel()]
        replaced = np.flatnonzero(rng.random(rows.size) < DRAWN)
        chosen[replaced], named[replaced] = hands.drawn(
            len(replaced), int(rng.integers(1 << 31)), (images, labels)
        )
        distorted = runs.augment(chosen, rng, how).reshape(*rows.shape, 28, 28)
        for some, of_each in zip(distorted, named.reshape(rows.shape), strict=True):
            many = int(rng.choice((1, 2, 3, 4), p=(0.25, 0.4, 0.25, 0.1)))
            if (some[:many].max(axis=(1, 2)) > 127).all():
                kept += _worth_learning([*marks_of(some[:many], of_each[:many], rng)], rng)
        count -= len(rows)
    return np.stack([image for image, _ in kept]), np.array([label for _, label in kept], np.uint8)


def _marks_of_seed(seed: int, groups: int = GROUPS) -> tuple[NDArray, NDArray]:
    images, labels = digits.load_mnist()[0]
    return marks(images[:-HELD_BACK], labels[:-HELD_BACK], groups, seed)


def main() -> None:
    """Make the marks, train, write the network, say how good it is."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--quick", action="store_true", help="a rehearsal on little")
    options.add_argument("--out", type=Path, help=f"default: {pretrained.WHOLE.name}")
    chosen = options.parse_args()
    seeds, groups, images_alone, recipe = SEEDS, GROUPS, ALONE, RECIPE
    out = chosen.out or Path(pretrained.WHOLE.name)
    if chosen.quick:
        seeds, groups, images_alone = seeds[:2], 30, 2000
        recipe = replace(recipe, hidden=64, epochs=2)
        out = chosen.out or Path("quick-" + pretrained.WHOLE.name)
    (images, labels), _ = digits.load_mnist()
    with Pool(CORES) as cores:
        learn = cores.map(partial(_marks_of_seed, groups=groups), seeds, chunksize=1)
    check = marks(images[-HELD_BACK:], labels[-HELD_BACK:], groups, seed=1)
    alone = images[:images_alone], labels[:images_alone]  # whole digits
    together = (np.concatenate(each) for each in zip(*learn, alone, check, strict=True))
    data = runs.split(*together, len(check[0]))
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
