"""The network that tells a whole digit from a part of one, and from several: made here, and measured.

    python tools/whole.py                  # a quarter of an hour on one core; writes it into the package

MNIST's training digits are put side by side so that they touch, nearly touch or overlap, and are cut up as
reading does it (photos.cuts). Of each candidate it is known whose ink it holds: it is a digit if nearly all
of its ink is one digit's and nearly all of that digit's; if far less is, it is "parts".
MNIST's 1 are bars; some get the serif that Europeans write, which a network of MNIST alone takes for a 7.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
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
SERIFS = 0.4  # share of the 1 that get one
FINE = 8  # times as large as an image is a serif drawn
HELD_BACK = 5000  # of MNIST's images, whose marks are for the validation
MOST_OF_EACH = 5  # marks of a group that are no digits, at most
WHOLE, NOT_WHOLE = 0.85, 0.7  # share of a digit in a mark, and of a mark in a digit: from, and below
RECIPE = Recipe(
    hidden=384,
    output_bias="prior",
    learning_rate=2.0,
    schedule="linear",
    warmup=0.05,
    batch_size=64,
    epochs=25,
)


def group(images: NDArray, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    """Digits side by side: their ink (height, width) 0 to 1, and whose it is (0, 1, ...)."""
    inks = []
    for image in images:
        share = SCALE * rng.uniform(0.85, 1.15)
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
        gap = STROKE * rng.uniform(-1.3, 0.7)
        at = (
            int(np.clip(gap - near, 0, field.shape[2] - ink.shape[1]))
            if np.isfinite(near)
            else _beside(reached)
        )
        layer[rows, at : at + ink.shape[1]] = ink
        ends = ink.shape[1] - 1 - strong[:, ::-1].argmax(axis=1)
        reached[rows] = np.maximum(reached[rows], np.where(strong.any(axis=1), at + ends, -np.inf))
    return np.clip(field.max(axis=0), 0, 1), field.argmax(axis=0)


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
    share_of = np.zeros((int(page.labels.max()) + 1, len(images)))
    np.add.at(share_of, (page.labels, owner), ink)  # by part and digit
    totals = share_of[1:].sum(axis=0)
    others = 0
    for number in rng.permutation(len(possible)):
        mark = possible[number].mark
        held = share_of[list(mark.parts)].sum(axis=0)
        most = int((held / totals).argmax())
        share = min(held[most] / totals[most], held[most] / held.sum())
        if share >= WHOLE:
            yield normalised(page, mark), int(labels[most])
        elif share < NOT_WHOLE and others < MOST_OF_EACH:
            others += 1
            yield normalised(page, mark), PARTS


def with_serif(image: NDArray, rng: np.random.Generator) -> NDArray:
    """A 1 (28, 28) with a stroke from its upper end down to the left, 0.2 to 0.5 of its height."""
    fine = cv2.resize(image, None, fx=FINE, fy=FINE, interpolation=cv2.INTER_CUBIC)
    inked = fine > 127
    rows = np.flatnonzero(inked.any(axis=1))
    stroke = inked.sum() / len(rows)
    top = rows[min(int(stroke / 2), len(rows) // 2)]
    start = np.array([np.flatnonzero(inked[top]).mean(), top])
    angle, length = np.deg2rad(rng.uniform(25, 65)), rng.uniform(0.2, 0.5) * len(rows)
    line = np.rint([start, start + length * np.array([-np.cos(angle), np.sin(angle)])]).astype(int).tolist()
    width = max(1, round(stroke * rng.uniform(0.8, 1.1)))
    cv2.line(fine, *line, 255, width, cv2.LINE_AA)
    return cv2.resize(fine, image.shape, interpolation=cv2.INTER_AREA)


def marks(images: NDArray, labels: NDArray, count: int, seed: int) -> tuple[NDArray, NDArray]:
    """Marks (N, 28, 28) and labels (N,) of `count` groups of one to three digits."""
    rng = np.random.default_rng(seed)
    kept: list[tuple[NDArray, int]] = []
    how = replace(Distortion(), thickness=0.5)
    while count > 0:
        rows = rng.integers(len(images), size=(min(count, 2000), 3))
        chosen = images[rows.ravel()]
        for number in np.flatnonzero((labels[rows.ravel()] == 1) & (rng.random(rows.size) < SERIFS)):
            if (chosen[number] > 127).any():
                chosen[number] = with_serif(chosen[number], rng)
        distorted = runs.augment(chosen, rng, how).reshape(*rows.shape, 28, 28)
        for some, named in zip(distorted, labels[rows], strict=True):
            many = int(rng.choice((1, 2, 3), p=(0.3, 0.45, 0.25)))
            if (some[:many].max(axis=(1, 2)) > 127).all():
                kept += marks_of(some[:many], named[:many], rng)
        count -= len(rows)
    return np.stack([image for image, _ in kept]), np.array([label for _, label in kept], np.uint8)


def main() -> None:
    """Make the marks, train, write the network, say how good it is."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--count", type=int, default=50_000, help="groups of digits to learn from")
    options.add_argument("--out", type=Path, default=pretrained.WHOLE)
    chosen = options.parse_args()
    (images, labels), _ = digits.load_mnist()
    learn = marks(images[:-HELD_BACK], labels[:-HELD_BACK], chosen.count, seed=0)
    check = marks(images[-HELD_BACK:], labels[-HELD_BACK:], chosen.count // 12, seed=1)
    data = runs.split(*(np.concatenate(pair) for pair in zip(learn, check, strict=True)), len(check[0]))
    print(f"{len(data.images):,} marks to learn from, {len(check[0]):,} to check")
    for progress in runs.run(data, RECIPE, seed=0, engine=engine(threads=1, hidden=RECIPE.hidden)):
        record = progress.model.history[-1]
        reached = f"{record['train_accuracy']:.2%}, {record['validation_accuracy']:.2%}"
        print(f"epoch {progress.epoch.epoch}: {reached}", flush=True)
    model_file.save(chosen.out, replace(progress.model, classes=(*range(PARTS), "parts"), storage="float16"))
    seen = model_file.load(chosen.out).scores(check[0])[:, PARTS] > 0.5
    parts = check[1] == PARTS
    shares = f"of digits {seen[~parts].mean():.1%} taken for parts, of parts {(~seen[parts]).mean():.1%}"
    print(f"{shares} for digits")


if __name__ == "__main__":
    main()
