"""Digits drawn by a program, in shapes that MNIST's writers did not write, and images of no digit.

    python tools/hands.py hands.png     # a sheet of both, to look at

A pen follows the strokes of an allograph: one of the ways to write a digit. Each time its measures are drawn
anew: lengths, angles, loops, slant, width, pen. The result has MNIST's look (photos.normalisation): the ink
fits a 20-pixel box, has soft edges and its centre of mass in the middle.

Points are (x, y), x to the right and y down; a digit is about 1 high. Angles are in degrees, from the right
on clockwise: -90 is the top. A stroke is an array of points (n, 2).
"""

import argparse
from collections.abc import Callable, Collection
from pathlib import Path

import cv2
import numpy as np

from handgrad.arrays import NDArray
from handgrad.digits import load_mnist
from handgrad.photos.normalisation import BOX, SIDE

FINE = 8  # times as large as an image is a digit drawn
PENS = 1.7, 3.4  # widths of strokes, in pixels of the box: MNIST's are 2.3 on average
NOTHING = 10  # the label of images of no digit

Strokes = list[NDArray]
Uniform = Callable[[float, float], float]


def _arc(centre: tuple[float, float], radii: tuple[float, float], start: float, end: float) -> NDArray:
    angles = np.deg2rad(np.linspace(start, end, max(6, int(abs(end - start) / 12))))
    return np.stack([centre[0] + radii[0] * np.cos(angles), centre[1] + radii[1] * np.sin(angles)], axis=1)


def _curve(*points: tuple[float, float]) -> NDArray:
    """A smooth curve through the points (Catmull-Rom)."""
    p = np.array(points, float)
    p = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])[:, None]
    t = np.linspace(0, 1, 8)[None, :, None]
    a, b, c, d = p[:-3], p[1:-2], p[2:-1], p[3:]
    curve = b + ((c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3) / 2
    return np.asarray(curve.reshape(-1, 2))


def _line(*points: tuple[float, float]) -> NDArray:
    return np.array(points, float)


def _bent(start: tuple[float, float], end: tuple[float, float], by: float) -> NDArray:
    """A line whose middle is moved sideways by a share of its length."""
    (x, y), (u, v) = start, end
    return _curve(start, ((x + u) / 2 - by * (v - y), (y + v) / 2 + by * (u - x)), end)


def _joined(*pieces: NDArray) -> NDArray:
    return np.concatenate(pieces)


def _oval(u: Uniform) -> tuple[Strokes, float]:
    width, start = u(0.17, 0.5), u(-150, -30)
    turn = u(325, 400) * (1 if u(0, 1) < 0.3 else -1)
    ring = _arc((0, 0.5), (width, 0.5), start, start + turn)
    drift = np.linspace(1, u(0.82, 1.08), len(ring))[:, None]
    return [np.array([0, 0.5]) + (ring - [0, 0.5]) * drift], width


def zero(u: Uniform) -> Strokes:
    """A ring."""
    return _oval(u)[0]


def zero_slashed(u: Uniform) -> Strokes:
    """A ring with a slash from the upper right to the lower left."""
    ring, width = _oval(u)
    width, reach = max(width, 0.25), u(0.5, 1.35)
    return [*ring, _bent((width * reach, 0.5 - 0.42 * reach), (-width * reach, 0.5 + 0.42 * reach), u(-0.08, 0.08))]


def zero_hooked(u: Uniform) -> Strokes:
    """A ring whose end goes on, over the top or into the ring."""
    ring, width = _oval(u)
    end = ring[0][-1]
    return [_joined(ring[0], _curve(tuple(end), (end[0] + u(0.05, 0.25), end[1] + u(-0.12, 0.12))))]


def _foot(u: Uniform, x: float) -> NDArray:
    tilt = u(-0.05, 0.05)
    return _bent((x - u(0.12, 0.4), 1 + tilt), (x + u(0.12, 0.4), 1 - tilt), u(-0.05, 0.05))


def one(u: Uniform) -> Strokes:
    """A bar, perhaps with a foot or a small hook."""
    lean = u(-0.15, 0.15)
    return [_bent((lean, 0), (0, 1), u(-0.06, 0.06))]


def _flagged(u: Uniform, least: float, most: float) -> Strokes:
    """A bar, and the upstroke that leads to its upper end."""
    length, angle = u(least, most), np.deg2rad(u(22, 56))  # from the bar: a 7's is at 70 and more
    lean = u(-0.12, 0.08)
    down = min(length * np.cos(angle), u(0.9, 1.05))
    start = (-length * np.sin(angle), down + u(-0.02, 0.02))
    stem = _bent((0, 0), (lean, 1), u(-0.04, 0.04))
    strokes = [_joined(_bent(start, (0, 0), u(-0.16, 0.08)), stem)]
    if u(0, 1) < 0.25:
        strokes.append(_foot(u, lean))
    return strokes


def one_serif(u: Uniform) -> Strokes:
    """A 1 with a short upstroke."""
    return _flagged(u, 0.12, 0.5)


def one_upstroke(u: Uniform) -> Strokes:
    """A 1 with an upstroke nearly as long as its bar, or longer."""
    return _flagged(u, 0.45, 1.25)


def one_foot(u: Uniform) -> Strokes:
    """A bar on a foot."""
    return [*one(u), _foot(u, 0.0)]


def _two_top(u: Uniform) -> list[tuple[float, float]]:
    width = u(0.36, 0.6)
    return [(u(-0.02, 0.1), u(0.14, 0.34)), (width * u(0.35, 0.6), 0), (width, u(0.2, 0.32)), (width * u(0.55, 0.75), u(0.5, 0.66))]


def two(u: Uniform) -> Strokes:
    """A 2 whose base begins with a corner."""
    end, dip = u(0.45, 0.8), u(-0.06, 0.06)
    base = _curve((0, 1), (end * 0.35, 1 - 0.06 + dip), (end * 0.7, 1 - dip), (end, 1 - u(-0.03, 0.12)))
    return [_joined(_curve(*_two_top(u), (0, 1)), base)]


def two_loop(u: Uniform) -> Strokes:
    """A 2 with a loop at the lower left."""
    size, end = u(0.07, 0.2), u(0.5, 0.85)
    loop = [(size * 0.9, 0.97 - size * 0.2), (0.0, 1.0), (-size * 0.6, 1 - size * 0.7), (size * 0.5, 1 - size * 1.3)]
    return [_curve(*_two_top(u), *loop, (end * 0.55, u(0.9, 1.02)), (end, u(0.84, 1.0)))]


def two_angular(u: Uniform) -> Strokes:
    """A 2 with a flat top, as a Z."""
    width = u(0.38, 0.6)
    top = _curve((0, u(0.03, 0.2)), (width * 0.5, 0), (width * 0.95, u(0.03, 0.1)), (width, u(0.12, 0.2)))
    return [_joined(top, _line((0, 1), (u(0.45, 0.75), 1 - u(-0.02, 0.06))))]


def _lower_bowl(u: Uniform, x: float, top: float) -> NDArray:
    width, middle = u(0.24, 0.36), (top + 1) / 2
    return _arc((x, middle), (width, (1 - top) / 2), -95, u(95, 190))


def three(u: Uniform) -> Strokes:
    """A 3 of two bows that meet in a point or a small loop."""
    waist, x = u(0.38, 0.52), u(-0.06, 0.1)
    upper = _arc((0, waist / 2), (u(0.2, 0.32), waist / 2), u(-190, -120), 90 + u(-15, 15))
    dent = [(x - u(0.0, 0.18), waist)]
    if u(0, 1) < 0.25:
        dent.append((x - 0.06, waist - u(0.03, 0.1)))
    return [_joined(upper, _line(*dent), _lower_bowl(u, x, waist))]


def three_flat(u: Uniform) -> Strokes:
    """A 3 with a flat top."""
    width, waist = u(0.35, 0.62), u(0.3, 0.45)
    x = u(0.05, 0.2)
    return [_joined(_line((0, u(-0.04, 0.06)), (width, 0), (x, waist)), _lower_bowl(u, x, waist))]


def four_open(u: Uniform) -> Strokes:
    """A 4 whose stem stands apart from its angle."""
    bar, width = u(0.45, 0.7), u(0.45, 0.85)
    stem, lean = u(0.45, 0.8) * width, u(-0.12, 0.04)
    angle = _joined(_bent((u(0.02, 0.3), u(-0.05, 0.15)), (0, bar), u(-0.08, 0.08)), _line((width, bar - u(-0.06, 0.08))))
    return [angle, _line((stem, u(-0.1, 0.4)), (stem + lean, 1))]


def four_closed(u: Uniform) -> Strokes:
    """A 4 with a triangle."""
    bar, stem = u(0.5, 0.72), u(0.3, 0.55)
    reach, lean = stem + u(0.0, 0.35), u(-0.12, 0.04)
    return [_line((stem, 0), (0, bar), (reach, bar - u(-0.06, 0.06))), _line((stem, 0), (stem + lean, 1))]


def four_short(u: Uniform) -> Strokes:
    """A 4 whose short stem crosses the bar."""
    bar, stem = u(0.5, 0.72), u(0.25, 0.5)
    slope = _bent((u(0.2, 0.5), 0), (0, bar), u(-0.05, 0.1))
    lean = u(-0.15, 0.03)
    return [_joined(slope, _line((u(0.5, 0.8), bar - u(-0.04, 0.08)))), _line((stem, u(0.25, bar - 0.06)), (stem + lean, 1))]


def four_cup(u: Uniform) -> Strokes:
    """A 4 whose upper part is a cup."""
    width, deep = u(0.32, 0.55), u(0.4, 0.62)
    cup = _curve((u(-0.02, 0.06), u(-0.04, 0.12)), (0.0, deep * 0.75), (width * 0.4, deep), (width, deep * u(0.7, 0.95)))
    lean = u(-0.15, 0.05)
    return [cup, _bent((width, u(-0.08, 0.12)), (width + lean, 1), u(-0.04, 0.06))]


def _five(u: Uniform, shift: tuple[float, float]) -> Strokes:
    neck, lean = u(0.28, 0.48), u(-0.02, 0.12)
    x, width = u(0.08, 0.24), u(0.24, 0.36)
    bowl = _arc((x, (neck + 1) / 2), (width, (1.04 - neck) / 2), u(-165, -125), u(80, 165))
    bar = _bent((lean + shift[0], shift[1]), (lean + shift[0] + u(0.25, 0.6), shift[1] + u(-0.12, 0.05)), u(-0.1, 0.1))
    return [_joined(_line((lean, 0), (0.0, neck)), bowl), bar]


def five(u: Uniform) -> Strokes:
    """A 5 whose bar begins at its neck."""
    return _five(u, (0, 0))


def five_detached(u: Uniform) -> Strokes:
    """A 5 whose bar stands apart."""
    return _five(u, (u(0.0, 0.2), u(-0.16, 0.06)))


def five_curved(u: Uniform) -> Strokes:
    """A 5 in one stroke, as an S with a long straight top."""
    right, waist = u(0.4, 0.62), u(0.36, 0.46)
    top = _line((right, u(-0.06, 0.04)), (u(0.1, 0.18), 0.0))
    rest = _curve((0.12, 0.0), (0.06, waist * 0.8), (0.2, waist), (0.42, 0.64), (0.36, 0.92), (0.12, 1.0), (u(-0.1, 0.0), u(0.84, 0.96)))
    return [_joined(top, rest)]


def _loop_and_tail(u: Uniform, hook: float, bend: float, closes: tuple[float, float]) -> NDArray:
    """A 6: its tail from the top, its loop at the bottom."""
    loop, width = u(0.34, 0.62), u(0.34, 0.56)
    top = u(0.05, 0.55)
    tail = [(top, 0.0), (top * 0.42 - bend * 0.1, (1 - loop / 2) * 0.45), (0.0, 1 - loop / 2)]
    if hook:
        tail.insert(0, (top + hook, u(0.02, 0.16)))
    ring = _arc((width / 2, 1 - loop / 2), (width / 2, loop / 2), 180, 180 - u(*closes))
    return _joined(_curve(*tail), ring)


def six(u: Uniform) -> Strokes:
    """A 6 with a curved or straight tail."""
    return [_loop_and_tail(u, 0, u(0, 1), (320, 400))]


def six_hooked(u: Uniform) -> Strokes:
    """A 6 whose tail ends in a hook."""
    return [_loop_and_tail(u, u(0.06, 0.25), u(0, 1), (310, 400))]


def six_open(u: Uniform) -> Strokes:
    """A 6 whose loop stays open."""
    return [_loop_and_tail(u, 0, u(0, 1), (255, 320))]


def _seven(u: Uniform) -> tuple[Strokes, float, float]:
    width = u(0.4, 0.75)
    left, foot = width * u(-0.1, 0.2), width * u(0.0, 0.6)
    bar = _curve((0, left), (width * 0.45, left / 2 + u(-0.05, 0.06)), (width, 0))
    if width > 0.5 and u(0, 1) < 0.5:
        bar = _joined(_line((u(-0.04, 0.04), left + u(0.06, 0.22))), bar)
    stem = _bent((width, 0), (foot, 1), u(-0.04, 0.12))
    return [_joined(bar, stem)], width, foot


def seven(u: Uniform) -> Strokes:
    """A 7 without a bar through its stem, perhaps with a serif."""
    return _seven(u)[0]


def seven_crossed(u: Uniform) -> Strokes:
    """A 7 with a bar through its stem."""
    strokes, width, foot = _seven(u)
    at, tilt = u(0.35, 0.66), u(-0.1, 0.08)
    x = width + (foot - width) * at
    left, right = u(0.12, 0.36), u(0.1, 0.36)
    return [*strokes, _bent((x - left, at - tilt), (x + right, at + tilt), u(-0.08, 0.08))]


def eight_circles(u: Uniform) -> Strokes:
    """An 8 of two circles."""
    waist, start = u(0.4, 0.54), u(60, 120)
    upper = _arc((u(-0.05, 0.05), waist / 2), (u(0.17, 0.27), waist / 2 + u(-0.03, 0.02)), start, start + u(330, 375))
    lower = _arc((u(-0.05, 0.05), (1 + waist) / 2), (u(0.2, 0.32), (1 - waist) / 2), start - 180, start + u(150, 195))
    return [upper, lower]


def eight(u: Uniform) -> Strokes:
    """An 8 that crosses itself, perhaps open at the top."""
    w, v, gap = u(0.18, 0.28), u(0.2, 0.32), u(-0.1, 0.16)
    path = [(w * 0.6 + gap / 2, 0.08), (0.0, 0.0), (-w, u(0.16, 0.24)), (0.0, 0.46), (v, u(0.66, 0.78)), (0.0, 1.0), (-v, u(0.66, 0.8))]
    return [_curve(*path, (u(-0.05, 0.1), 0.48), (w, 0.22), (w * 0.55 - gap / 4, 0.04))]


def _nine_loop(u: Uniform) -> tuple[NDArray, float, float]:
    height, width = u(0.32, 0.58), u(0.32, 0.54)
    start = u(-75, 0)
    return _arc((width / 2, height / 2), (width / 2, height / 2), start, u(-380, -330)), width, height


def nine(u: Uniform) -> Strokes:
    """A 9 with a straight stem."""
    loop, width, height = _nine_loop(u)
    return [_joined(loop, _bent((width, height * u(0.1, 0.4)), (width + u(-0.25, 0.06), 1), u(-0.05, 0.05)))]


def nine_hooked(u: Uniform) -> Strokes:
    """A 9 whose tail bends to the left."""
    loop, width, height = _nine_loop(u)
    tail = [(width, height * 0.4), (width * u(0.94, 1.06), u(0.6, 0.78)), (width * u(0.55, 0.8), 0.97), (u(-0.1, 0.2), u(0.86, 1.0))]
    return [_joined(loop, _curve(*tail))]


def nine_curled(u: Uniform) -> Strokes:
    """A 9 whose tail curls back and up, as a g."""
    loop, width, height = _nine_loop(u)
    left = u(-0.15, 0.15)
    tail = [(width, height * 0.4), (width * u(0.95, 1.1), u(0.6, 0.75)), (width * u(0.55, 0.75), 0.98), (left + 0.12, u(0.92, 1.0)), (left, u(0.78, 0.9))]
    if u(0, 1) < 0.4:
        tail.append((left + u(0.02, 0.2), u(0.66, 0.8)))
    return [_joined(loop, _curve(*tail))]


def nine_turned(u: Uniform) -> Strokes:
    """A 9 that is a 6 turned by half a circle."""
    return [-_loop_and_tail(u, u(0, 0.2) * (u(0, 1) < 0.5), u(0, 1), (320, 395))]


ALLOGRAPHS: dict[int, dict[Callable[[Uniform], Strokes], float]] = {  # with their shares
    0: {zero: 2, zero_slashed: 2, zero_hooked: 1},
    1: {one: 0.5, one_serif: 2, one_upstroke: 3, one_foot: 0.5},
    2: {two: 2, two_loop: 2, two_angular: 1},
    3: {three: 2, three_flat: 3},
    4: {four_open: 2, four_closed: 2, four_short: 2, four_cup: 1},
    5: {five: 2, five_detached: 2, five_curved: 1},
    6: {six: 2, six_hooked: 1, six_open: 1},
    7: {seven: 1.5, seven_crossed: 3},
    8: {eight: 1.5, eight_circles: 2},
    9: {nine: 1.5, nine_hooked: 2, nine_curled: 2, nine_turned: 1},
}


def inked(strokes: Strokes, rng: np.random.Generator) -> NDArray:
    """The strokes as an image (28, 28) uint8: leaned, turned and stretched a little, drawn with some pen."""
    slant, turn, wide = rng.normal(0.08, 0.18), np.deg2rad(rng.normal(0, 5)), np.exp(rng.normal(0, 0.16))
    cos, sin = np.cos(turn), np.sin(turn)
    shape = np.array([[cos, -sin], [sin, cos]]) @ np.array([[wide, -slant], [0, 1]])
    moved = [stroke @ shape.T for stroke in strokes]
    corner, reach = np.min([s.min(axis=0) for s in moved], axis=0), np.max([s.max(axis=0) for s in moved], axis=0)
    pen = rng.uniform(*PENS) * FINE
    scale = (BOX * FINE - pen) / max(float((reach - corner).max()), 1e-3)
    size = np.ceil((reach - corner) * scale + pen).astype(int) + 1
    fine = np.zeros((size[1], size[0]), np.uint8)
    paths = [np.rint(((s - corner) * scale + pen / 2) * 16).astype(np.int32) for s in moved]
    cv2.polylines(fine, paths, False, 255, max(1, round(pen)), cv2.LINE_8, shift=4)
    return placed(fine)


def placed(ink: NDArray) -> NDArray:
    """Ink (height, width) uint8 on MNIST's field: its longer side 20 pixels, its centre of mass in the middle."""
    scale = BOX / max(ink.shape)
    size = max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale))
    small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    weight = max(float(small.sum()), 1.0)
    y, x = (small.sum(axis=1) @ np.arange(size[1]) / weight, small.sum(axis=0) @ np.arange(size[0]) / weight)
    top, left = (int(np.clip(round(SIDE / 2 - at), 0, SIDE - long)) for at, long in ((y, size[1]), (x, size[0])))
    field = np.zeros((SIDE, SIDE), np.uint8)
    field[top : top + size[1], left : left + size[0]] = small
    return field


def drawn(count: int, seed: int, left_out: Collection[str] = ()) -> tuple[NDArray, NDArray]:
    """Drawn digits (count, 28, 28) uint8, and their labels: equally many of each digit.

    left_out: allographs that are not drawn, such as "seven_crossed".
    """
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % 10).astype(np.uint8)
    images = np.empty((count, SIDE, SIDE), np.uint8)
    choices = {}
    for digit, shares in ALLOGRAPHS.items():
        kept = {pen: share for pen, share in shares.items() if pen.__name__ not in left_out}
        choices[digit] = list(kept), np.cumsum(list(kept.values())) / sum(kept.values())
    for number, label in enumerate(labels):
        allographs, shares = choices[int(label)]
        allograph = allographs[int(np.searchsorted(shares, rng.random()))]
        images[number] = inked(allograph(rng.uniform), rng)
    return images, labels


LETTERS = "AEFHKLMNPRTVWXdefhkmnprtvwx+-=#%<>/\\"  # none has the shape of a digit
FONTS = [cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX]
SIZES = 5.0  # of letters, relative to OpenCV's


def letter(rng: np.random.Generator, images: NDArray) -> NDArray:
    """A letter or an operator of one of OpenCV's fonts, leaned and turned."""
    text, font = LETTERS[rng.integers(len(LETTERS))], FONTS[rng.integers(len(FONTS))]
    size = SIZES * (2 if font == cv2.FONT_HERSHEY_PLAIN else 1)
    ink = np.zeros((260, 260), np.uint8)
    cv2.putText(ink, text, (60, 190), font, size, 255, int(rng.integers(8, 24)))
    lean, wide = rng.normal(0.08, 0.2), np.exp(rng.normal(0, 0.2))
    turn = cv2.getRotationMatrix2D((130, 130), rng.normal(0, 7), 1)
    turn[:, :2] = turn[:, :2] @ np.array([[wide, -lean], [0, 1]])
    turn[:, 2] = np.array([200, 200]) - turn[:, :2] @ np.array([130, 130])
    return placed(_trimmed(cv2.warpAffine(ink, turn, (400, 400))))


def several(rng: np.random.Generator, images: NDArray) -> NDArray:
    """Two to four digits side by side in the room of one."""
    chosen = [_trimmed(images[rng.integers(len(images))]) for _ in range(rng.integers(2, 5))]
    chosen = [one for one in chosen if one.shape[1] > 8] or chosen  # two 1 might be an open 4
    if len(chosen) == 1:
        chosen = chosen * 2
    high, gap = max(one.shape[0] for one in chosen), int(rng.integers(0, 7))
    parts = [np.pad(one, ((high - one.shape[0], 0), (0, gap))) for one in chosen]
    return placed(_trimmed(np.concatenate(parts, axis=1)))


def shape(rng: np.random.Generator, images: NDArray) -> NDArray:
    """Frames, grids, bars, crosses, filled shapes, stars, arrows, waves, scribbles."""
    side, pen = 160, int(rng.integers(8, 34))
    ink = np.zeros((side, side), np.uint8)
    low, high = rng.integers(0, 26, 2) + pen // 2, side - rng.integers(0, 26, 2) - pen // 2
    (left, top), (right, bottom) = low.tolist(), high.tolist()
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    kind = int(rng.integers(8))
    if kind == 0:  # a frame, whole or with a side missing, perhaps divided
        sides = rng.permutation(4)[: rng.integers(3, 5)]
        for at in sides:
            cv2.line(ink, corners[at], corners[(at + 1) % 4], 255, pen)
        for _ in range(int(rng.integers(3)) if len(sides) == 4 else 0):
            across = rng.integers(2)
            at = int(rng.integers(top, bottom) if across else rng.integers(left, right))
            cv2.line(ink, (left, at) if across else (at, top), (right, at) if across else (at, bottom), 255, pen)
    elif kind == 1:  # parallel bars
        for at in np.linspace(pen, side - pen, int(rng.integers(2, 5))).round().astype(int).tolist():
            cv2.line(ink, (left, at), (right, at + int(rng.integers(-8, 9))), 255, min(pen, 20))
    elif kind == 2:  # a bar that lies
        tilt = int(rng.integers(-45, 46))
        cv2.line(ink, (pen, 80 - tilt // 2), (side - pen, 80 + tilt // 2), 255, pen)
    elif kind == 3:  # a blot
        axes = (int(rng.integers(45, 80)), int(rng.integers(45, 80)))
        cv2.ellipse(ink, (80, 80), axes, float(rng.uniform(0, 180)), 0, 360, 255, -1)
    elif kind == 4:  # a filled square or triangle, or one's outline
        count = int(rng.integers(3, 5))
        points = np.array(corners[:count], np.int32)
        cv2.fillPoly(ink, [points], 255) if rng.random() < 0.5 else cv2.polylines(ink, [points], True, 255, pen)
    elif kind == 5:  # rays from a point: crosses, stars, arrows
        at, spread = rng.uniform(60, 100, 2), rng.uniform(0, np.pi)
        for angle in spread + np.linspace(0, 2 * np.pi, int(rng.integers(4, 9)), endpoint=False):
            end = at + rng.uniform(45, 75) * np.array([np.cos(angle), np.sin(angle)])
            cv2.line(ink, np.rint(at).astype(int).tolist(), np.rint(end).astype(int).tolist(), 255, pen // 2 + 3)
    elif kind == 6:  # a wave
        x = np.linspace(pen, side - pen, 60)
        y = 80 + rng.uniform(15, 50) * np.sin(x / rng.uniform(8, 22) + rng.uniform(0, 6))
        cv2.polylines(ink, [np.stack([x, y], 1).round().astype(np.int32)], False, 255, pen // 2 + 3)
    else:  # a scribble
        points = rng.uniform(10, 150, (int(rng.integers(9, 18)), 2))
        cv2.polylines(ink, [_curve(*map(tuple, points)).round().astype(np.int32)], False, 255, pen // 2 + 3)
    return placed(_trimmed(ink))


def texture(rng: np.random.Generator, images: NDArray) -> NDArray:
    """Blank, nearly blank, all ink, noise, specks, or a digit with paper and ink exchanged."""
    kind = int(rng.integers(6))
    if kind == 0:
        return np.full((SIDE, SIDE), 0, np.uint8)
    if kind == 1:
        return np.full((SIDE, SIDE), rng.integers(1, 256), np.uint8)
    if kind == 2:
        return 255 - images[rng.integers(len(images))]
    noise = rng.integers(0, 256, (SIDE, SIDE)).astype(np.uint8)
    if kind == 3:
        return noise // np.uint8(rng.integers(1, 20))
    if kind == 4:
        return noise * (rng.random(noise.shape) < rng.uniform(0.002, 0.2))
    smooth = cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE)), (0, 0), rng.uniform(1, 4))
    return np.asarray(np.where(smooth > rng.uniform(0, 1) * smooth.std(), 255, 0), np.uint8)


NOTHINGS: dict[Callable[[np.random.Generator, NDArray], NDArray], float] = {
    letter: 0.45,
    several: 0.2,
    shape: 0.25,
    texture: 0.1,
}


def nothings(count: int, seed: int, images: NDArray, left_out: Collection[str] = ()) -> NDArray:
    """Images (count, 28, 28) uint8 of no digit; some are made from these images of digits."""
    rng = np.random.default_rng(seed)
    kinds = {kind: share for kind, share in NOTHINGS.items() if kind.__name__ not in left_out}
    order, shares = list(kinds), np.array(list(kinds.values())) / sum(kinds.values())
    return np.stack([order[rng.choice(len(order), p=shares)](rng, images) for _ in range(count)])


def _trimmed(ink: NDArray) -> NDArray:
    inked_at = ink > 60
    rows, columns = np.flatnonzero(inked_at.any(axis=1)), np.flatnonzero(inked_at.any(axis=0))
    if not rows.size:
        return ink
    return np.ascontiguousarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def main() -> None:
    """A sheet to look at: a row for each allograph, then images of no digit."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("out", type=Path)
    chosen, rng = options.parse_args(), np.random.default_rng(0)
    pens = [pen for shares in ALLOGRAPHS.values() for pen in shares]
    rows = [np.concatenate([inked(pen(rng.uniform), rng) for _ in range(30)], axis=1) for pen in pens]
    others = nothings(300, 0, load_mnist()[0][0])
    rows += [np.concatenate(list(others[at : at + 30]), axis=1) for at in range(0, 300, 30)]
    if not cv2.imwrite(str(chosen.out), 255 - np.concatenate(rows)):
        raise SystemExit(f"{chosen.out}: cannot be written")


if __name__ == "__main__":
    main()
