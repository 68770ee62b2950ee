"""Allographs: the ways to write each digit, as strokes of a pen whose measures are drawn anew each time.

Lengths, angles and loops vary. MNIST's writers wrote few of some: a 1 with a long upstroke, a 7 with a bar
through its stem, a 9 whose tail curls back, a 0 with a slash. hands.py draws them. A digit is about 1 high.
"""

from collections.abc import Callable

import numpy as np
from paths import Point, arc, bent, joined, line, smooth

from handgrad.arrays import NDArray

Strokes = list[NDArray]
Uniform = Callable[[float, float], float]


def _oval(u: Uniform) -> tuple[Strokes, float]:
    width, start = u(0.17, 0.5), u(-150, -30)
    turn = u(325, 400) * (1 if u(0, 1) < 0.3 else -1)
    ring = arc((0, 0.5), (width, 0.5), start, start + turn)
    drift = np.linspace(1, u(0.82, 1.08), len(ring))[:, None]
    return [np.array([0, 0.5]) + (ring - [0, 0.5]) * drift], width


def zero(u: Uniform) -> Strokes:
    """A ring."""
    return _oval(u)[0]


def zero_slashed(u: Uniform) -> Strokes:
    """A ring with a slash from the upper right to the lower left."""
    ring, width = _oval(u)
    width, reach = max(width, 0.25), u(0.5, 1.35)
    return [
        *ring,
        bent((width * reach, 0.5 - 0.42 * reach), (-width * reach, 0.5 + 0.42 * reach), u(-0.08, 0.08)),
    ]


def zero_hooked(u: Uniform) -> Strokes:
    """A ring whose end goes on, over the top or into the ring."""
    ring, _ = _oval(u)
    end = ring[0][-1]
    return [joined(ring[0], smooth(tuple(end), (end[0] + u(0.05, 0.25), end[1] + u(-0.12, 0.12))))]


def _foot(u: Uniform, x: float) -> NDArray:
    tilt = u(-0.05, 0.05)
    return bent((x - u(0.12, 0.4), 1 + tilt), (x + u(0.12, 0.4), 1 - tilt), u(-0.05, 0.05))


def one(u: Uniform) -> Strokes:
    """A bar, perhaps with a foot or a small hook."""
    lean = u(-0.15, 0.15)
    return [bent((lean, 0), (0, 1), u(-0.06, 0.06))]


def _flagged(u: Uniform, least: float, most: float, widest: float) -> Strokes:
    """A bar, and the upstroke that leads to its upper end, at most `widest` degrees from it."""
    length, angle = u(least, most), np.deg2rad(u(22, widest))
    lean = u(-0.12, 0.08)
    down = min(length * np.cos(angle), u(0.9, 1.05))
    start = (-length * np.sin(angle), down + u(-0.02, 0.02))
    stem = bent((0, 0), (lean, 1), u(-0.04, 0.04))
    strokes = [joined(bent(start, (0, 0), u(-0.16, 0.08)), stem)]
    if u(0, 1) < 0.25:
        strokes.append(_foot(u, lean))
    return strokes


def one_serif(u: Uniform) -> Strokes:
    """A 1 with a short upstroke."""
    return _flagged(u, 0.12, 0.5, 50)  # more might be a 7


def one_upstroke(u: Uniform) -> Strokes:
    """A 1 with an upstroke nearly as long as its bar, or longer."""
    return _flagged(u, 0.45, 1.25, 60)


def one_foot(u: Uniform) -> Strokes:
    """A bar on a foot."""
    return [*one(u), _foot(u, 0.0)]


def _two_top(u: Uniform) -> list[Point]:
    width = u(0.36, 0.6)
    return [
        (u(-0.02, 0.1), u(0.14, 0.34)),
        (width * u(0.35, 0.6), 0),
        (width, u(0.2, 0.32)),
        (width * u(0.55, 0.75), u(0.5, 0.66)),
    ]


def two(u: Uniform) -> Strokes:
    """A 2 whose base begins with a corner."""
    end, dip = u(0.45, 0.8), u(-0.06, 0.06)
    base = smooth((0, 1), (end * 0.35, 1 - 0.06 + dip), (end * 0.7, 1 - dip), (end, 1 - u(-0.03, 0.12)))
    return [joined(smooth(*_two_top(u), (0, 1)), base)]


def two_loop(u: Uniform) -> Strokes:
    """A 2 with a loop at the lower left."""
    size, end = u(0.07, 0.2), u(0.5, 0.85)
    loop = [
        (size * 0.9, 0.97 - size * 0.2),
        (0.0, 1.0),
        (-size * 0.6, 1 - size * 0.7),
        (size * 0.5, 1 - size * 1.3),
    ]
    return [smooth(*_two_top(u), *loop, (end * 0.55, u(0.9, 1.02)), (end, u(0.84, 1.0)))]


def two_angular(u: Uniform) -> Strokes:
    """A 2 with a flat top, as a Z."""
    width = u(0.38, 0.6)
    top = smooth((0, u(0.03, 0.2)), (width * 0.5, 0), (width * 0.95, u(0.03, 0.1)), (width, u(0.12, 0.2)))
    return [joined(top, line((0, 1), (u(0.45, 0.75), 1 - u(-0.02, 0.06))))]


def _lower_bowl(u: Uniform, x: float, top: float) -> NDArray:
    width, middle = u(0.24, 0.36), (top + 1) / 2
    return arc((x, middle), (width, (1 - top) / 2), -95, u(95, 190))


def three(u: Uniform) -> Strokes:
    """A 3 of two bows that meet in a point or a small loop."""
    waist, x = u(0.38, 0.52), u(-0.06, 0.1)
    upper = arc((0, waist / 2), (u(0.2, 0.32), waist / 2), u(-190, -120), 90 + u(-15, 15))
    dent = [(x - u(0.0, 0.18), waist)]
    if u(0, 1) < 0.25:
        dent.append((x - 0.06, waist - u(0.03, 0.1)))
    return [joined(upper, line(*dent), _lower_bowl(u, x, waist))]


def three_flat(u: Uniform) -> Strokes:
    """A 3 with a flat top."""
    width, waist = u(0.35, 0.62), u(0.3, 0.45)
    x = u(0.05, 0.2)
    return [joined(line((0, u(-0.04, 0.06)), (width, 0), (x, waist)), _lower_bowl(u, x, waist))]


def four_open(u: Uniform) -> Strokes:
    """A 4 whose stem stands apart from its angle."""
    bar, width = u(0.45, 0.7), u(0.45, 0.85)
    stem, lean = u(0.45, 0.8) * width, u(-0.12, 0.04)
    angle = joined(
        bent((u(0.02, 0.3), u(-0.05, 0.15)), (0, bar), u(-0.08, 0.08)), line((width, bar - u(-0.06, 0.08)))
    )
    return [angle, line((stem, u(-0.1, 0.4)), (stem + lean, 1))]


def four_closed(u: Uniform) -> Strokes:
    """A 4 with a triangle."""
    bar, stem = u(0.5, 0.72), u(0.3, 0.55)
    reach, lean = stem + u(0.0, 0.35), u(-0.12, 0.04)
    return [line((stem, 0), (0, bar), (reach, bar - u(-0.06, 0.06))), line((stem, 0), (stem + lean, 1))]


def four_short(u: Uniform) -> Strokes:
    """A 4 whose short stem crosses the bar."""
    bar, stem = u(0.5, 0.72), u(0.25, 0.5)
    slope = bent((u(0.2, 0.5), 0), (0, bar), u(-0.05, 0.1))
    lean = u(-0.15, 0.03)
    return [
        joined(slope, line((u(0.5, 0.8), bar - u(-0.04, 0.08)))),
        line((stem, u(0.25, bar - 0.06)), (stem + lean, 1)),
    ]


def four_cup(u: Uniform) -> Strokes:
    """A 4 whose upper part is a cup."""
    width, deep = u(0.32, 0.55), u(0.4, 0.62)
    cup = smooth(
        (u(-0.02, 0.06), u(-0.04, 0.12)),
        (0.0, deep * 0.75),
        (width * 0.4, deep),
        (width, deep * u(0.7, 0.95)),
    )
    lean = u(-0.15, 0.05)
    return [cup, bent((width, u(-0.08, 0.12)), (width + lean, 1), u(-0.04, 0.06))]


def _five(u: Uniform, shift: Point) -> Strokes:
    neck, lean = u(0.28, 0.48), u(-0.02, 0.12)
    x, width = u(0.08, 0.24), u(0.24, 0.36)
    bowl = arc((x, (neck + 1) / 2), (width, (1.04 - neck) / 2), u(-165, -125), u(80, 165))
    bar = bent(
        (lean + shift[0], shift[1]), (lean + shift[0] + u(0.25, 0.6), shift[1] + u(-0.12, 0.05)), u(-0.1, 0.1)
    )
    return [joined(line((lean, 0), (0.0, neck)), bowl), bar]


def five(u: Uniform) -> Strokes:
    """A 5 whose bar begins at its neck."""
    return _five(u, (0, 0))


def five_detached(u: Uniform) -> Strokes:
    """A 5 whose bar stands apart."""
    return _five(u, (u(0.0, 0.2), u(-0.16, 0.06)))


def five_curved(u: Uniform) -> Strokes:
    """A 5 in one stroke, as an S with a long straight top."""
    right, waist = u(0.4, 0.62), u(0.36, 0.46)
    top = line((right, u(-0.06, 0.04)), (u(0.1, 0.18), 0.0))
    rest = smooth(
        (0.12, 0.0),
        (0.06, waist * 0.8),
        (0.2, waist),
        (0.42, 0.64),
        (0.36, 0.92),
        (0.12, 1.0),
        (u(-0.1, 0.0), u(0.84, 0.96)),
    )
    return [joined(top, rest)]


def _loop_and_tail(u: Uniform, hook: float, bend: float, closes: Point) -> NDArray:
    """A 6: its tail from the top, its loop at the bottom."""
    loop, width = u(0.34, 0.62), u(0.34, 0.56)
    top = u(0.05, 0.55)
    tail = [(top, 0.0), (top * 0.42 - bend * 0.1, (1 - loop / 2) * 0.45), (0.0, 1 - loop / 2)]
    if hook:
        tail.insert(0, (top + hook, u(0.02, 0.16)))
    ring = arc((width / 2, 1 - loop / 2), (width / 2, loop / 2), 180, 180 - u(*closes))
    return joined(smooth(*tail), ring)


def six(u: Uniform) -> Strokes:
    """A 6 with a curved or straight tail."""
    return [_loop_and_tail(u, 0, u(0, 1), (320, 400))]


def six_hooked(u: Uniform) -> Strokes:
    """A 6 whose tail ends in a hook."""
    return [_loop_and_tail(u, u(0.06, 0.25), u(0, 1), (310, 400))]


def six_open(u: Uniform) -> Strokes:
    """A 6 whose loop stays open."""
    return [_loop_and_tail(u, 0, u(0, 1), (255, 320))]


def _seven(u: Uniform, hook: float = 0.0) -> tuple[Strokes, float, float]:
    width = u(0.36, 0.75)
    left, foot = width * u(-0.1, 0.12), width * u(0.0, 0.6)
    bar = smooth((0, left), (width * 0.45, left / 2 + u(-0.05, 0.06)), (width, 0))
    if hook:
        begin = [(u(-0.04, 0.04), left + hook), (width * 0.14, left + hook * u(0.1, 0.4))]
        bar = smooth(*begin, (width * 0.55, u(-0.03, 0.03)), (width, 0))
    elif width > 0.5 and u(0, 1) < 0.4:
        bar = joined(line((u(-0.04, 0.04), left + u(0.06, 0.22))), bar)
    stem = bent((width, 0), (foot, 1), u(-0.04, 0.12))
    return [joined(bar, stem)], width, foot


def seven(u: Uniform) -> Strokes:
    """A 7 without a bar through its stem, perhaps with a serif."""
    return _seven(u)[0]


def seven_hooked(u: Uniform) -> Strokes:
    """A 7 whose upper bar begins with a hook."""
    return _seven(u, u(0.08, 0.28))[0]


def seven_crossed(u: Uniform) -> Strokes:
    """A 7 with a bar through its stem."""
    strokes, width, foot = _seven(u)
    at, tilt = u(0.35, 0.66), u(-0.1, 0.08)
    x = width + (foot - width) * at
    left, right = u(0.12, 0.36), u(0.1, 0.36)
    return [*strokes, bent((x - left, at - tilt), (x + right, at + tilt), u(-0.08, 0.08))]


def eight_circles(u: Uniform) -> Strokes:
    """An 8 of two circles."""
    waist, start = u(0.4, 0.54), u(60, 120)
    upper = arc(
        (u(-0.05, 0.05), waist / 2), (u(0.17, 0.27), waist / 2 + u(-0.03, 0.02)), start, start + u(330, 375)
    )
    lower = arc(
        (u(-0.05, 0.05), (1 + waist) / 2), (u(0.2, 0.32), (1 - waist) / 2), start - 180, start + u(150, 195)
    )
    return [upper, lower]


def eight(u: Uniform) -> Strokes:
    """An 8 that crosses itself, perhaps open at the top."""
    w, v, gap = u(0.18, 0.28), u(0.2, 0.32), u(-0.1, 0.16)
    path = [
        (w * 0.6 + gap / 2, 0.08),
        (0.0, 0.0),
        (-w, u(0.16, 0.24)),
        (0.0, 0.46),
        (v, u(0.66, 0.78)),
        (0.0, 1.0),
        (-v, u(0.66, 0.8)),
    ]
    return [smooth(*path, (u(-0.05, 0.1), 0.48), (w, 0.22), (w * 0.55 - gap / 4, 0.04))]


def _nine_loop(u: Uniform) -> tuple[NDArray, float, float]:
    height, width = u(0.32, 0.58), u(0.32, 0.54)
    start = u(-75, 0)
    return arc((width / 2, height / 2), (width / 2, height / 2), start, u(-380, -330)), width, height


def nine(u: Uniform) -> Strokes:
    """A 9 with a straight stem."""
    loop, width, height = _nine_loop(u)
    return [joined(loop, bent((width, height * u(0.1, 0.4)), (width + u(-0.25, 0.06), 1), u(-0.05, 0.05)))]


def nine_hooked(u: Uniform) -> Strokes:
    """A 9 whose tail bends to the left."""
    loop, width, height = _nine_loop(u)
    tail = [
        (width, height * 0.4),
        (width * u(0.94, 1.06), u(0.6, 0.78)),
        (width * u(0.55, 0.8), 0.97),
        (u(-0.1, 0.2), u(0.86, 1.0)),
    ]
    return [joined(loop, smooth(*tail))]


def nine_curled(u: Uniform) -> Strokes:
    """A 9 whose tail curls back and up, as a g."""
    loop, width, height = _nine_loop(u)
    left = u(-0.15, 0.15)
    tail = [
        (width, height * 0.4),
        (width * u(0.95, 1.1), u(0.6, 0.75)),
        (width * u(0.55, 0.75), 0.98),
        (left + 0.12, u(0.92, 1.0)),
        (left, u(0.78, 0.9)),
    ]
    if u(0, 1) < 0.5:
        tail.append((left + u(0.02, 0.2), u(0.66, 0.8)))
        if u(0, 1) < 0.5:
            tail.append((left + u(0.22, 0.5), u(0.58, 0.74)))
    return [joined(loop, smooth(*tail))]


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
    7: {seven: 2, seven_hooked: 2, seven_crossed: 3},
    8: {eight: 1.5, eight_circles: 2},
    9: {nine: 1.5, nine_hooked: 2, nine_curled: 2, nine_turned: 1},
}
