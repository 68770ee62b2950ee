"""Marks for the second network: digits that touch, cut up as reading does it; pairs and halves of digits.

MNIST's training digits are put side by side so that they touch, nearly touch or overlap, and are cut up as
reading does it (photos.cuts). Of each candidate it is known whose ink it holds: it is a digit if nearly all
of its ink is one digit's and nearly all of that digit's; if far less is, it is "parts". Further parts are all
of the ink of two or three digits that touch, and one half of a digit's.
Some of the digits are drawn in shapes that MNIST's writers did not write, such as a 1 with a long upstroke
(hands.py); some groups lean, some are blurred, and strokes of neighbours reach into some. Of the parts,
those are worth learning that the network in the box takes for digits; a fifth of the others is kept.
"""

from collections.abc import Iterator
from dataclasses import replace

import cv2
import hands
import numpy as np

from handgrad import pretrained, runs
from handgrad.arrays import NDArray
from handgrad.photos.candidates import candidates
from handgrad.photos.cuts import cut
from handgrad.photos.division import MOST_CUTS
from handgrad.photos.marks import Mark, Page
from handgrad.photos.normalisation import normalised
from handgrad.photos.selection import with_fragments_joined
from handgrad.recipes import Distortion

PARTS = 10  # the label of what is no whole digit
SCALE = 3  # pixels of a page for one of MNIST
STROKE = 2.3 * SCALE  # its usual width there
DRAWN = 0.2  # share of the digits that are drawn
LEANING = 0.5, -0.25, 0.6  # share of the groups that lean, and by how many columns a row
MOST_WHOLE, MOST_PARTS, MOST_SEVERAL = 8, 20, 10  # marks of a group at most: digits, parts of one, several
SEEN_AS_DIGIT = 0.1  # the largest output of the network in the box, above which parts look like digits
KEPT = 0.2  # share of the other parts that is kept
SIZES = 0.72, 1.18  # of the digits of a group
GAPS = -1.6, 0.9  # between the ink of neighbours, in strokes; below 0 they overlap
ONES_GAPS = -0.9, 0.3  # and beside a 1
ONES_DRAWN, ONES_LEAN = 0.4, 0.25  # of the 1 that touch: the share that is drawn, deviation of their slope
ONES_THREE = 0.3  # share of the 1 that touch that have a neighbour on both sides, or two on one
BLURRED = 0.35, 0.5, 2.5  # share of the groups that are blurred, and by how many pixels
STRAYED = 0.25  # share of the groups with strokes of their neighbours above or below
WHOLE, NOT_WHOLE = 0.82, 0.68  # share of a digit in a mark, and of a mark in a digit: from, and below
SEVERAL = 0.6  # share of a second digit in a mark, above which it holds several
ASLANT, HALF = 0.25, (0.35, 0.65)  # of a half: deviation of its edge from upright, its share of the ink


def group(
    images: NDArray, rng: np.random.Generator, gaps: tuple[float, float] = GAPS
) -> tuple[NDArray, NDArray]:
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
        gap = STROKE * rng.uniform(*gaps)
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
    page, _ = cut(Page(ink, np.asarray(connected), [line], ink.shape[::-1]), line, MOST_CUTS)
    possible = candidates(page.lines, [height])
    share_of = np.zeros((int(page.labels.max()) + 1, len(images) + 1))
    np.add.at(share_of, (page.labels, owner), ink)  # by part and digit; the last column is a stray stroke
    totals = share_of[1:].sum(axis=0)
    totals[-1] = np.inf  # is no digit
    wholes = parts = several = 0
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
        elif share < NOT_WHOLE:
            is_several = len(images) > 1 and np.sort(held[:-1] / totals[:-1])[-2] > SEVERAL
            parts, several = parts + (not is_several), several + is_several
            if (several <= MOST_SEVERAL) if is_several else (parts <= MOST_PARTS):
                yield normalised(page, mark), PARTS


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
                kept += marks_of(some[:many], of_each[:many], rng)
        count -= len(rows)
    return np.stack([image for image, _ in kept]), np.array([label for _, label in kept], np.uint8)


def worth_learning(images: NDArray, labels: NDArray, seed: int) -> tuple[NDArray, NDArray]:
    """The digits, the parts that the network in the box takes for digits, and some of the others."""
    outputs = pretrained.load().scores(images).max(axis=1)
    keep = (labels != PARTS) | (outputs > SEEN_AS_DIGIT)
    keep |= np.random.default_rng(seed).random(len(images)) < KEPT
    return images[keep], labels[keep]


def pairs_and_halves(images: NDArray, labels: NDArray, count: int, seed: int) -> tuple[NDArray, NDArray]:
    """All ink of two or three digits that touch, and halves of digits (N, 28, 28): nearly count of each.

    There are no halves of a 1, which look like a 1.
    """
    rng = np.random.default_rng(seed)
    how = replace(Distortion(), thickness=0.5)
    pairs, halves = [], []
    rows = rng.integers(len(images), size=(count, 3))
    for some in runs.augment(images[rows.ravel()], rng, how).reshape(*rows.shape, 28, 28):
        many = int(rng.choice((2, 3), p=(0.8, 0.2)))
        if (some[:many].max(axis=(1, 2)) > 127).all():
            pairs.append(all_of(group(some[:many], rng)[0]))
    rows = rng.choice(np.flatnonzero(labels != 1), count)
    for one in runs.augment(images[rows], rng, how):
        if one.max() > 127 and (ink := _half(group(one[None], rng)[0], rng)).max() > 0.4:
            halves.append(all_of(ink))
    return np.stack(pairs), np.stack(halves)


def with_ones(images: NDArray, labels: NDArray, count: int, seed: int) -> NDArray:
    """All ink of a 1 and of the digits that it touches (N, 28, 28): nearly count.

    A 1 against a neighbour looks like a stroke of it: a 3 and a 1 like a 3. The 1 leans as it likes, with and
    without a serif, and is on either side.
    """
    rng = np.random.default_rng(seed)
    how = replace(Distortion(), thickness=0.5)
    drawn, names = hands.drawn(10 * int(ONES_DRAWN * count), seed, (images, labels))
    real = rng.choice(np.flatnonzero(labels == 1), count - int(ONES_DRAWN * count))
    ones = rng.permutation(np.concatenate([drawn[names == 1], images[real]]))
    others = images[rng.integers(len(images), size=(count, 2))]
    found = []
    every = runs.augment(np.concatenate([ones[:, None], others], axis=1).reshape(-1, 28, 28), rng, how)
    for one, *beside in every.reshape(count, 3, 28, 28):
        slope = rng.normal(0, ONES_LEAN)
        leaned = cv2.warpAffine(one, np.array([[1, -slope, 14 * slope], [0, 1, 0]]), (28, 28))
        near = beside[: 1 + int(rng.random() < ONES_THREE)]
        near.insert(int(rng.integers(len(near) + 1)), leaned)
        if (some := np.stack(near)).max(axis=(1, 2)).min() > 127:
            found.append(all_of(group(some, rng, ONES_GAPS)[0]))
    return np.stack(found)


def all_of(ink: NDArray) -> NDArray:
    """The image (28, 28) that reading makes of all the ink."""
    inked = (ink > 0.4).astype(np.int32)
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    mark = Mark((1,), int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return normalised(Page(ink, inked, [[mark]], ink.shape[::-1]), mark)


def _half(ink: NDArray, rng: np.random.Generator) -> NDArray:
    """The ink (height, width) on one side of a line that is nearly upright."""
    y, x = np.mgrid[: ink.shape[0], : ink.shape[1]]
    angle = rng.normal(0, ASLANT)
    across = x * np.cos(angle) + y * np.sin(angle)
    order = np.argsort(across, axis=None)
    share = np.cumsum(ink.ravel()[order]) / ink.sum()
    is_left = across < across.ravel()[order[np.searchsorted(share, rng.uniform(*HALF))]]
    return np.asarray(ink * (is_left if rng.random() < 0.5 else ~is_left))
