"""Digits drawn by a program, in shapes that MNIST's writers did not write, for the network in the box.

    python tools/hands.py hands.png     # a sheet to look at: allographs, strokes added, no digits

A pen follows the strokes of an allograph (allographs.py), leaned, turned and stretched a little. The result
has MNIST's look (photos.normalisation): the ink fits a 20-pixel box, has soft edges and its centre of mass
in the middle. Some of MNIST's 1 get an upstroke, and some of its 7 a bar.
"""

import argparse
from collections.abc import Collection
from pathlib import Path

import cv2
import numpy as np
from allographs import ALLOGRAPHS, Strokes
from no_digits import nothings
from paths import smooth
from placing import placed, trimmed

from handgrad.arrays import NDArray
from handgrad.digits import load_mnist
from handgrad.photos.normalisation import BOX, SIDE
from handgrad.photos.strokes import stroke_width

Pair = tuple[NDArray, NDArray]

FINE = 8  # times as large as an image is a digit drawn
PENS = 1.7, 3.4  # widths of strokes, in pixels of the box: MNIST's are 2.3 on average
REAL = 0.2  # share of the 1 and the 7 that are MNIST's, with a stroke added


def inked(strokes: Strokes, rng: np.random.Generator) -> NDArray:
    """The strokes as an image (28, 28) uint8: leaned, turned and stretched a little, drawn with some pen."""
    slant, turn, wide = rng.normal(0.08, 0.18), np.deg2rad(rng.normal(0, 5)), np.exp(rng.normal(0, 0.16))
    cos, sin = np.cos(turn), np.sin(turn)
    shape = np.array([[cos, -sin], [sin, cos]]) @ np.array([[wide, -slant], [0, 1]])
    moved = [stroke @ shape.T for stroke in strokes]
    corner, reach = (
        np.min([s.min(axis=0) for s in moved], axis=0),
        np.max([s.max(axis=0) for s in moved], axis=0),
    )
    pen = rng.uniform(*PENS) * FINE
    scale = (BOX * FINE - pen) / max(float((reach - corner).max()), 1e-3)
    size = np.ceil((reach - corner) * scale + pen).astype(int) + 1
    fine = np.zeros((size[1], size[0]), np.uint8)
    paths = [np.rint(((s - corner) * scale + pen / 2) * 16).astype(np.int32) for s in moved]
    cv2.polylines(fine, paths, False, 255, max(1, round(pen)), cv2.LINE_8, shift=4)
    return placed(fine)


def with_upstroke(image: NDArray, rng: np.random.Generator) -> NDArray:
    """MNIST's 1 with a stroke that leads to its upper end, as long as the 1 or shorter."""
    ink, pen, rows = _enlarged(image)
    columns = np.flatnonzero(ink[rows[0] + int(pen / 3)] > 127)
    top = np.array([columns.mean() if columns.size else ink.shape[1] / 2, rows[0] + pen / 2])
    share = rng.uniform(0.2, 1.0)
    angle, length = np.deg2rad(rng.uniform(24, 48 + 12 * share)), share * (rows[-1] - rows[0])
    start = top + length * np.array([-np.sin(angle), np.cos(angle)])
    bend = (start + top) / 2 + rng.normal(0, 0.05) * length * np.array([np.cos(angle), np.sin(angle)])
    path = smooth(tuple(start), tuple(bend), tuple(top))
    cv2.polylines(
        ink, [np.rint(path).astype(np.int32)], False, 255, max(1, round(pen * rng.uniform(0.8, 1.1)))
    )
    return placed(trimmed(ink))


def with_bar(image: NDArray, rng: np.random.Generator) -> NDArray:
    """MNIST's 7 with a bar through its stem."""
    ink, pen, rows = _enlarged(image)
    high = rows[-1] - rows[0]
    at = rows[0] + high * rng.uniform(0.4, 0.65)
    columns = np.flatnonzero(ink[int(at)] > 127)
    middle, tilt = (
        columns[-1] - pen / 2 if columns.size else ink.shape[1] / 2,
        high * rng.uniform(-0.08, 0.08),
    )
    ends = [
        (middle - high * rng.uniform(0.14, 0.35), at - tilt),
        (middle + high * rng.uniform(0.14, 0.35), at + tilt),
    ]
    cv2.polylines(
        ink, [np.rint(ends).astype(np.int32)], False, 255, max(1, round(pen * rng.uniform(0.8, 1.1)))
    )
    return placed(trimmed(ink))


def _enlarged(image: NDArray) -> tuple[NDArray, float, NDArray]:
    """The ink of an image, FINE times as large with room around it; the width of its strokes; its rows."""
    large = cv2.resize(image, None, fx=FINE, fy=FINE, interpolation=cv2.INTER_CUBIC)
    ink = cv2.copyMakeBorder(large, 40, 40, 160, 40, cv2.BORDER_CONSTANT, value=0)
    pen = stroke_width(ink / np.float32(255)) or float(FINE)
    return ink, pen, np.flatnonzero((ink > 127).any(axis=1))


ADDED = {1: with_upstroke, 7: with_bar}


def drawn(count: int, seed: int, real: Pair, left_out: Collection[str] = ()) -> tuple[NDArray, NDArray]:
    """Drawn digits (count, 28, 28) uint8, and their labels: 0 to 9 in turn.

    real: MNIST's images and labels, for the strokes that are added to them.
    left_out: what is not drawn, such as "seven_crossed" or "with_bar".
    """
    rng = np.random.default_rng(seed)
    labels = (np.arange(count) % 10).astype(np.uint8)
    images = np.empty((count, SIDE, SIDE), np.uint8)
    choices = {}
    for digit, shares in ALLOGRAPHS.items():
        kept = {pen: share for pen, share in shares.items() if pen.__name__ not in left_out}
        choices[digit] = list(kept), np.cumsum(list(kept.values())) / sum(kept.values())
    rows = {digit: np.flatnonzero(real[1] == digit) for digit in ADDED}
    for number, label in enumerate(labels):
        if (add := ADDED.get(int(label))) and add.__name__ not in left_out and rng.random() < REAL:
            chosen = real[0][rng.choice(rows[int(label)])]
            if (chosen > 127).any(axis=1).sum() > 8:
                images[number] = add(chosen, rng)
                continue
        allographs, up_to = choices[int(label)]
        allograph = allographs[int(np.searchsorted(up_to, rng.random()))]
        images[number] = inked(allograph(rng.uniform), rng)
    return images, labels


def main() -> None:
    """A sheet to look at: a row for each allograph, then images of no digit."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("out", type=Path)
    chosen, rng = options.parse_args(), np.random.default_rng(0)
    pens = [pen for shares in ALLOGRAPHS.values() for pen in shares]
    rows = [np.concatenate([inked(pen(rng.uniform), rng) for _ in range(30)], axis=1) for pen in pens]
    images, labels = load_mnist()[0]
    for digit, add in ADDED.items():
        some = rng.choice(np.flatnonzero(labels == digit), 30)
        rows.append(np.concatenate([add(images[row], rng) for row in some], axis=1))
    others = nothings(300, 0, images)
    rows += [np.concatenate(list(others[at : at + 30]), axis=1) for at in range(0, 300, 30)]
    if not cv2.imwrite(str(chosen.out), 255 - np.concatenate(rows)):
        raise SystemExit(f"{chosen.out}: cannot be written")


if __name__ == "__main__":
    main()
