"""Digits that touch, and strokes of the neighbours: lines and entries of MNIST's last 5,000 training images.

The networks in the box did not learn the marks of these images, which are held back in tools/whole.py.
"""

from itertools import pairwise

import cv2
import numpy as np

from .kinds import Sample, page_of_ink
from .sheets import pasted, saved

HELD_BACK = 5000  # of MNIST's training images
OLD_PAPERS = [(226, 208, 172), (236, 222, 190), (214, 196, 160), (240, 232, 214)]
OLD_INKS = [(70, 50, 35), (45, 40, 45), (95, 70, 50), (40, 45, 70)]


def held_back(m, text, height=110):
    """The ink of digits that were held back, about `height` pixels high."""
    labels = m.labels[-HELD_BACK:]
    rows = [m.rng.choice(np.flatnonzero(labels == int(c))) for c in text]
    heights = height * m.rng.uniform(0.8, 1.12, len(rows))
    return [
        pasted(m.images[-HELD_BACK:][i], round(high), m.rng) for i, high in zip(rows, heights, strict=True)
    ]


def composed(inks, rng, gap):
    """Digits side by side, (h, w): between the ink of neighbours is this gap in pixels, below 0 they overlap.

    gap: a function of the generator, asked anew for each pair.
    """
    height = max(ink.shape[0] for ink in inks)
    room = int(1.4 * height)
    field = np.zeros((room, sum(ink.shape[1] + height for ink in inks)), np.float32)
    reached = np.full(room, -np.inf)
    x = height // 2
    for number, ink in enumerate(inks):
        top = int((room - ink.shape[0]) * np.clip(rng.normal(0.5, 0.2), 0, 1))
        rows = slice(top, top + ink.shape[0])
        strong = ink > 0.4
        begins = np.where(strong.any(axis=1), strong.argmax(axis=1), np.inf)
        if number:
            near = min(float((begins - reached[rows]).min()), 2.0 * height)
            across = reached[np.isfinite(reached)].max()
            x = round(gap(rng) - near) if np.isfinite(near) else int(across)
            x = int(np.clip(x, across - 0.8 * ink.shape[1], across + gap(rng) + 0.5 * height))
        part = field[rows, x : x + ink.shape[1]]
        np.maximum(part, ink, out=part)
        ends = x + ink.shape[1] - 1 - strong[:, ::-1].argmax(axis=1)
        reached[rows] = np.maximum(reached[rows], np.where(strong.any(axis=1), ends, -np.inf))
    return trimmed(field)


def trimmed(ink):
    """The ink without the paper around it."""
    rows, columns = np.flatnonzero((ink > 0.3).any(axis=1)), np.flatnonzero((ink > 0.3).any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def slanted(ink, slope):
    """The ink leaning to the right by this many columns a row."""
    height, width = ink.shape
    moved = np.array([[1, -slope, max(0, slope) * height], [0, 1, 0]], np.float32)
    return cv2.warpAffine(ink, moved, (width + int(abs(slope) * height) + 1, height))


def stroke(field, start, end, width, bend=0.0):
    """Draw a bent stroke of a pen into the ink."""
    (x, y), (u, v) = start, end
    middle = ((x + u) / 2 - bend * (v - y), (y + v) / 2 + bend * (u - x))
    t = np.linspace(0, 1, 20)[:, None]
    points = (1 - t) ** 2 * np.array(start) + 2 * t * (1 - t) * np.array(middle) + t**2 * np.array(end)
    layer = np.zeros(field.shape, np.uint8)
    for a, b in pairwise(np.rint(8 * points).astype(int).tolist()):
        cv2.line(layer, a, b, 255, max(1, round(width)), cv2.LINE_AA, shift=3)
    np.maximum(field, layer / np.float32(255), out=field)


def _touching(rng):
    return rng.uniform(-4, 1)


def near(m):
    """Digits that nearly touch, some do."""
    text = m.digits(3, 7)
    ink = composed(held_back(m, text), m.rng, lambda rng: rng.uniform(1, 12))
    return Sample(page_of_ink(m, ink, photo={"turn": 3.0}), text)


def touching_digits(m):
    """Neighbours that all touch."""
    text = m.digits(2, 5)
    return Sample(page_of_ink(m, composed(held_back(m, text), m.rng, _touching), photo={"turn": 3.0}), text)


def overlapping(m):
    """Neighbours that run into each other, some of them."""
    text = m.digits(2, 5)
    ink = composed(held_back(m, text), m.rng, lambda rng: rng.uniform(-16, 6))
    return Sample(page_of_ink(m, ink, photo={"turn": 3.0}), text)


def leaning(m):
    """A leaning hand, whose digits touch here and there."""
    text = m.digits(3, 6)
    ink = slanted(
        composed(held_back(m, text), m.rng, lambda rng: rng.uniform(-5, 14)), m.rng.uniform(0.2, 0.6)
    )
    return Sample(page_of_ink(m, trimmed(ink), photo={"turn": 3.0}), text)


def composed_line(m):
    """A small picture of digits side by side, dark on light or light on dark, of few pixels."""
    text, high = m.digits(3, 8), int(m.rng.integers(26, 64))
    inks = held_back(m, text)
    widest = m.rng.uniform(2, 30)
    ink = composed(inks, m.rng, lambda rng: rng.uniform(-6, widest))
    share = high / ink.shape[0]
    ink = np.clip(cv2.resize(ink, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), 0, 1)
    ink = np.pad(ink, int(m.rng.integers(2, 10)))
    grey = 255 * (ink if m.rng.random() < 0.5 else 1 - ink) + m.rng.normal(0, 2, ink.shape)
    return Sample(saved(np.clip(grey, 0, 255).astype(np.uint8)), text)


def underlined(m):
    """A line with a pen's stroke beneath, which may touch the digits."""
    text = m.digits(3, 6)
    ink = composed(held_back(m, text), m.rng, lambda rng: rng.uniform(-3, 18))
    low, width = int(m.rng.integers(2, 24)), ink.shape[1]
    field = np.pad(ink, ((0, 40), (20, 20)))
    y = ink.shape[0] - 8 + low
    ends = [
        (m.rng.uniform(0, 20), y + m.rng.uniform(-4, 4)),
        (width + m.rng.uniform(20, 40), y + m.rng.uniform(-4, 4)),
    ]
    stroke(field, *ends, m.rng.uniform(5, 10), m.rng.uniform(-0.02, 0.02))
    return Sample(page_of_ink(m, field, photo={"turn": 3.0}), text)


def entry(m):
    """A narrow crop from an old register: two or three digits, with strokes of the neighbours at its edges."""
    text, height = m.digits(2, 3), 100
    spread = m.rng.uniform(-4, 22)
    ink = composed(held_back(m, text, height), m.rng, lambda rng: rng.uniform(-5, max(-4, spread)))
    ink = trimmed(slanted(ink, m.rng.uniform(0.0, 0.5)))
    edges = [int(m.rng.integers(4, 22)) for _ in range(4)]
    field = np.pad(ink, ((edges[0], edges[1]), (edges[2], edges[3])))
    for _ in range(int(m.rng.choice((0, 1, 2, 3), p=(0.25, 0.35, 0.25, 0.15)))):
        _intrude(field, edges, m.rng)
    if m.rng.random() < 0.3:
        y = field.shape[0] - m.rng.uniform(2, edges[1] + 4)
        stroke(field, (-9, y), (field.shape[1] + 9, y + m.rng.uniform(-6, 6)), m.rng.uniform(3, 7))
    return Sample(_old(m, field), text)


def _intrude(field, edges, rng):
    """A stroke of a neighbour that ends a little within the picture."""
    height, width = field.shape
    side = rng.choice(("top", "bottom", "left", "right"), p=(0.3, 0.3, 0.2, 0.2))
    x, y = rng.uniform(0.1, 0.9) * width, rng.uniform(0.1, 0.9) * height
    deep = rng.uniform(0.1, 0.28) * height
    ends = {
        "top": ((x, -9), (x + rng.uniform(-0.4, 0.4) * height, min(deep, edges[0] + 8))),
        "bottom": ((x, height + 9), (x + rng.uniform(-0.4, 0.4) * height, height - min(deep, edges[1] + 8))),
        "left": ((-9, y), (min(deep, edges[2] + 3), y + rng.uniform(-0.3, 0.3) * height)),
        "right": ((width + 9, y), (width - min(deep, edges[3] + 3), y + rng.uniform(-0.3, 0.3) * height)),
    }[side]
    stroke(field, *ends, rng.uniform(5, 10), rng.uniform(-0.3, 0.3))


def _old(m, ink):
    """The ink on old paper, bled and scanned, as a JPEG."""
    rng = m.rng
    uneven = cv2.GaussianBlur(rng.normal(0, 1, ink.shape).astype(np.float32), (0, 0), 3.0)
    ink = cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.8, 2.2)) * np.clip(0.85 + 0.8 * uneven, 0.45, 1.0)
    stains = cv2.GaussianBlur(rng.normal(0, 1, ink.shape).astype(np.float32), (0, 0), 14.0) * 130
    paper = np.array(m.pick(OLD_PAPERS), np.float32) + stains[:, :, None]
    page = paper * (1 - ink[:, :, None]) + np.array(m.pick(OLD_INKS), np.float32) * ink[:, :, None]
    share = rng.uniform(45, 110) / 100
    page = cv2.resize(page, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    return saved(np.clip(page + rng.normal(0, 4, page.shape), 0, 255).astype(np.uint8), 85)


def expected_digits(m):
    """Neighbours that all touch, read with --expect and the number of digits."""
    sample = touching_digits(m)
    return sample._replace(options={"expect": len(sample.text)})


KINDS = (near, touching_digits, overlapping, leaning, composed_line, underlined, entry)
