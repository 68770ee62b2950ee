"""Hands of one's own: each writes every digit in one style, with one pen and one slant; and what fine-tuning gains.

    python tests/own_hands.py --hands 20,21,22,23 --each 5,20,100

draws digits of hands that a program makes up, prepares them by the photo pipeline, and prints what the
network in the box reads of them and of MNIST's test set, before and after it was fine-tuned to some of them.
The recipe was chosen on other such hands (2, 3, 5 and 10 of an earlier version of this program).
"""

import argparse
from typing import NamedTuple

import cv2
import numpy as np

from handgrad import digits, pretrained, runs
from handgrad.photos import find_digit
from photo_suite.sheets import lighting
from photo_suite.strokes import STYLES, curve

UNUSUAL = {  # shapes that MNIST's writers seldom wrote
    "0": [[(0.30, 0.02), (0.08, 0.22), (0.04, 0.60), (0.20, 0.95), (0.42, 0.95), (0.58, 0.62), (0.55, 0.25), (0.34, 0.02), (0.26, 0.03)], [(0.62, -0.02), (0.02, 1.0)]],
    "1": [[(0.00, 0.55), (0.36, 0.02), (0.36, 0.02), (0.35, 0.50), (0.34, 1.00)]],
    "2": [[(0.04, 0.04), (0.54, 0.04), (0.54, 0.04), (0.04, 0.96), (0.04, 0.96), (0.56, 0.96)]],
    "3": [[(0.05, 0.04), (0.52, 0.03), (0.52, 0.03), (0.20, 0.40), (0.20, 0.40), (0.54, 0.44), (0.56, 0.80), (0.34, 1.05), (0.00, 1.0)]],
    "4": [[(0.05, 0.02), (0.05, 0.40), (0.12, 0.52), (0.40, 0.50), (0.50, 0.02), (0.50, 0.02), (0.48, 0.55), (0.46, 1.00)]],
    "7": [[(0.02, 0.14), (0.04, 0.04), (0.04, 0.04), (0.58, 0.05), (0.58, 0.05), (0.36, 0.48), (0.26, 1.00)], [(0.10, 0.55), (0.58, 0.47)]],
    "9": [[(0.48, 0.18), (0.28, 0.02), (0.08, 0.18), (0.12, 0.44), (0.36, 0.46), (0.50, 0.22), (0.50, 0.22), (0.50, 0.70), (0.34, 0.98), (0.10, 0.98), (0.02, 0.84), (0.16, 0.74)]],
}  # fmt: skip


class Hand(NamedTuple):
    """How somebody writes."""

    styles: dict  # digit -> strokes
    slant: float
    wide: float
    pen: float  # width of the strokes, as a share of the height
    wobble: float  # from digit to digit


def hand(seed):
    """A hand, half of whose digits with an unusual shape have it."""
    rng = np.random.default_rng([17, seed])
    styles = {}
    for digit, usual in STYLES.items():
        names = sorted(usual)
        points = usual[names[rng.integers(len(names))]]
        if digit in UNUSUAL and rng.random() < 0.5:
            points = UNUSUAL[digit]
        styles[digit] = [np.array(path) + _bent(path, rng) for path in points]
    return Hand(
        styles,
        rng.normal(0.08, 0.2),
        rng.uniform(0.7, 1.4),
        rng.uniform(0.03, 0.13),
        rng.uniform(0.015, 0.03),
    )


def _bent(path, rng):
    """A move of each point; of points that are given twice the same."""
    points = np.array(path)
    moves = rng.normal(0, 0.04, points.shape)
    again = np.flatnonzero((points[1:] == points[:-1]).all(axis=1)) + 1
    moves[again] = moves[again - 1]
    return moves


def written(of, digit, rng, height=60):
    """The ink (h, w), 0 to 1, of a digit by a hand."""
    slant, wide, turn = (
        rng.normal(of.slant, 0.05),
        of.wide * rng.uniform(0.92, 1.08),
        np.radians(rng.normal(0, 3)),
    )
    cos, sin = np.cos(turn), np.sin(turn)
    shape = np.array([[cos, -sin], [sin, cos]]) @ np.array([[wide, -slant], [0, 1]])
    paths = []
    for points in of.styles[digit]:
        moves = rng.normal(0, of.wobble, points.shape)
        again = np.flatnonzero((points[1:] == points[:-1]).all(axis=1)) + 1
        moves[again] = moves[again - 1]
        paths.append(curve(points + moves) @ shape.T * height)
    margin, fine = round(of.pen * height) + 2, 4
    corner = np.concatenate(paths).min(axis=0)
    paths = [path - corner + margin for path in paths]
    extent = np.ceil(np.concatenate(paths).max(axis=0)).astype(int) + margin
    ink = np.zeros((extent[1] * fine, extent[0] * fine), np.uint8)
    for path in paths:
        places = np.rint(path * fine).astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(
            ink, [places], False, 255, max(1, round(of.pen * height * fine * rng.uniform(0.9, 1.1)))
        )
    return cv2.resize(ink, (int(extent[0]), int(extent[1])), interpolation=cv2.INTER_AREA) / np.float32(255)


def sheet(of, lines, rng, height=60):
    """A photograph (h, w, 3) of a sheet on which a hand wrote some lines of digits."""
    width = (max(map(len, lines)) + 1) * round(1.6 * height)
    ink = np.zeros((round((2 * len(lines) + 1) * height), width), np.float32)
    for row, line in enumerate(lines):
        for column, digit in enumerate(line):
            one = written(of, digit, rng, height)
            top = round((2 * row + 0.8) * height + rng.normal(0, 0.06 * height))
            left = round((1.6 * column + 0.6) * height)
            part = ink[top : top + one.shape[0], left : left + one.shape[1]]
            np.maximum(part, one[: part.shape[0], : part.shape[1]], out=part)
    page = 232 * (1 - ink) + 55 * ink + rng.normal(0, 2.5, ink.shape)
    page = cv2.GaussianBlur(page.astype(np.float32), (0, 0), 0.7) * lighting(ink.shape, "gradient", rng)
    return np.clip(page[:, :, None] * np.array([1.0, 0.99, 0.95], np.float32), 0, 255).astype(np.uint8)


def samples(of, each, rng):
    """images and labels of a hand, `each` of every digit, as the photo pipeline prepares them."""
    images, labels = [], []
    while len(labels) < 10 * each:
        digit = len(labels) % 10
        if (found := find_digit(255 - (255 * written(of, str(digit), rng)).astype(np.uint8))) is not None:
            images.append(found.image)
            labels.append(digit)
    return np.stack(images), np.array(labels, np.uint8)


def share(model, images, labels):
    return float((model.predict(images) == labels).mean())


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hands", default="20,21,22,23", help="seeds")
    parser.add_argument("--each", default="5,20,100", help="digits of each to learn from")
    given = parser.parse_args()
    box, test, few = pretrained.load(), digits.load_mnist()[1], [int(n) for n in given.each.split(",")]
    seeds = [int(seed) for seed in given.hands.split(",")]
    print("hand  each   own digits           MNIST's test set     other hands")
    mine = {}
    for seed in seeds:
        of = hand(seed)
        mine[seed] = (
            samples(of, max(few), np.random.default_rng([18, seed, 0])),
            samples(of, 50, np.random.default_rng([18, seed, 1])),
        )
    for seed in seeds:
        (images, labels), own = mine[seed]
        others = [mine[other][1] for other in seeds if other != seed]
        rest = [np.concatenate(part) for part in zip(*others, strict=True)] if others else own
        for each in few:
            model = runs.fit(images[: 10 * each], labels[: 10 * each], begin=box)
            cells = (f"{share(box, *on):8.2%} -> {share(model, *on):8.2%}" for on in (own, test, rest))
            print(f"{seed:>4} {each:>5}  ", "  ".join(cells), flush=True)


if __name__ == "__main__":
    main()
