"""Numbers with signs: decimals, minus, dates, sums; small zeros, lines cropped close, pens one pixel wide.

Signs are drawn by the pen that draws the digits, or by a felt pen beside digits of MNIST.
"""

import numpy as np
from PIL import Image, ImageDraw

from .kinds import PAPERS, WRITERS, Sample
from .sheets import drawn, inked, pen_width, photographed, row, saved, sheet
from .strokes import STYLES, curve, strokes

HIGH = 110  # a digit
ABOVE, BELOW = 0.25, 0.3  # room for slashes and commas above and below the digits, in shares of the height
SIGNS = {  # paths as in STYLES: x to the right, 0 is the top of the digits and 1 the base line
    ".": [[(0.0, 0.97), (0.015, 0.985)]],
    ",": [[(0.07, 0.92), (0.06, 1.04), (0.0, 1.17)]],
    "-": [[(0.0, 0.56), (0.38, 0.55)]],
    "/": [[(0.42, -0.06), (0.0, 1.08)]],
    "+": [[(0.0, 0.56), (0.44, 0.55)], [(0.22, 0.34), (0.22, 0.78)]],
    "x": [[(0.0, 0.42), (0.38, 0.84)], [(0.38, 0.42), (0.0, 0.84)]],
    "=": [[(0.0, 0.48), (0.4, 0.47)], [(0.0, 0.68), (0.4, 0.68)]],
    ":": [[(0.0, 0.5), (0.012, 0.51)], [(0.0, 0.92), (0.012, 0.93)]],
}


def sign(c, pen, rng):
    """The ink of a sign in a field as high as a digit with the room above and below."""
    stretch = rng.uniform(0.85, 1.2)
    paths = [curve(np.array(points) + rng.normal(0, 0.012, (len(points), 2))) for points in SIGNS[c]]
    paths = [path * (stretch, 1.0) + (0.0, rng.normal(0, 0.02)) for path in paths]
    left = min(path[:, 0].min() for path in paths)
    paths = [path - (left, -ABOVE) for path in paths]
    thick = rng.uniform(1.4, 2.2) if c in ".:" else 1.0  # dots are pressed
    field = inked([path * HIGH for path in paths], thick * pen_width(pen, HIGH, rng), pen, rng)
    high = round(HIGH * (1 + ABOVE + BELOW))
    return np.pad(field, ((0, max(0, high - field.shape[0])), (0, 0)))[:high]


def digit(ink):
    """The ink of a digit with the room above and below."""
    room = round(HIGH * (1 + ABOVE)) - ink.shape[0]
    return np.pad(ink, ((max(0, room), round(HIGH * BELOW)), (0, 0)))


def written(m, text, gap=0.22):
    """The ink of a number, and its pen."""
    pen, real = m.pick(WRITERS), m.rng.random() < 0.5
    pen = "felt" if real else pen
    inks = [
        sign(c, pen, m.rng) if c in SIGNS else digit(m.real(c, HIGH)[0] if real else m.inks(c, pen, HIGH)[0])
        for c in text
    ]
    return row(inks, m.rng, gap=gap, drift=0.02), pen


def photo(m, text, **options):
    """A photograph of a number on paper, ruled or not."""
    ink, pen = written(m, text, **options)
    rules = m.pick([None, None, None, "lines", "squares"])
    page = sheet(ink, m.rng, paper=m.pick(PAPERS), pen=pen, colour="blue", rules=rules, digit=HIGH)
    light = m.pick(["even", "gradient", "vignette"])
    return Sample(saved(photographed(page, m.rng, turn=4.0, tilt=0.01, light=light), 85), text)


def decimals(m):
    """5.23 or 12,5"""
    return photo(m, m.digits(1, 3) + m.pick(".,") + m.digits(1, 3))


def negatives(m):
    """-45.6 or -7"""
    return photo(m, "-" + m.digits(1, 3) + m.pick(["", "." + m.digits(1, 2)]))


def dates(m):
    """12/05/2023, or with points or dashes."""
    between = m.pick("//.-")
    day, month = m.rng.integers(1, 29), m.rng.integers(1, 13)
    year = m.pick([f"{m.rng.integers(1900, 2031)}", f"{m.rng.integers(0, 100):02}"])
    return photo(m, f"{day:02}{between}{month:02}{between}{year}")


def sums(m):
    """12+5=17; with minus or times as well."""
    return photo(m, m.digits(1, 2) + m.pick("+-x") + m.digits(1, 2) + "=" + m.digits(1, 2), gap=0.35)


def times_of_day(m):
    """17:45"""
    return photo(m, f"{m.rng.integers(0, 24):02}:{m.rng.integers(0, 60):02}")


def small_zeros(m):
    """Zeros a third as high as the digits beside them, some with long tails."""
    text = m.digits(2, 3) + "0" * int(m.rng.integers(1, 4)) + m.digits(1, 2)
    pen = m.pick(WRITERS)
    inks = []
    for c in text:
        share = m.rng.uniform(0.3, 0.5) if c == "0" else m.rng.uniform(0.95, 1.3) if c in "1479" else 0.9
        ink = drawn(c, round(HIGH * share), pen, m.rng)
        lift = 0.15 if c == "0" else -0.3 * (share - 0.9)  # zeros above the base line, tails below it
        inks.append(np.pad(ink, ((0, max(0, round(HIGH * (0.4 + lift)))), (0, 0))))
    page = sheet(row(inks, m.rng, gap=0.2, drift=0.02), m.rng, paper=m.pick(PAPERS), pen=pen, digit=HIGH)
    return Sample(saved(photographed(page, m.rng, turn=3.0), 85), text)


def tight(m):
    """A line that is cropped at its ink: digits touch the sides of the picture."""
    text = m.digits(2, 8)
    ink = row(
        m.inks(text, m.pick(WRITERS), HIGH) if m.rng.random() < 0.5 else m.real(text), m.rng, drift=0.03
    )
    rows, columns = np.flatnonzero((ink > 0.3).any(axis=1)), np.flatnonzero((ink > 0.3).any(axis=0))
    spare = m.rng.integers(0, 3, 4)
    ink = np.pad(ink, 3)[
        rows[0] + 3 - spare[0] : rows[-1] + 4 + spare[1],
        columns[0] + 3 - spare[2] : columns[-1] + 4 + spare[3],
    ]
    grey = Image.fromarray((255 * (1 - ink) if m.rng.random() < 0.7 else 255 * ink).astype(np.uint8))
    share = m.rng.uniform(0.3, 1.0)
    return Sample(
        saved(grey.resize((round(grey.width * share), round(grey.height * share)), Image.Resampling.BOX)),
        text,
    )


def pixel_pen(m):
    """Digits drawn in a small picture by a pen one pixel wide, as a paint program does."""
    text = m.digits(1, 5)
    high = int(m.rng.integers(22, 40))
    field = Image.new("L", (high * len(text) + 12, high + 16), 255)
    pen = ImageDraw.Draw(field)
    x = 6.0
    for c in text:
        paths = [STYLES["1"]["stroke"][0]] if c == "1" and m.rng.random() < 0.5 else None
        paths = [curve(np.array(path)) for path in paths] if paths else strokes(c, m.rng)
        for path in paths:
            pen.line([(round(x + high * a), round(8 + high * b)) for a, b in path], fill=0, width=1)
        x += high * (max(path[:, 0].max() for path in paths) + 0.3)
    return Sample(saved(field.crop((0, 0, min(field.width, round(x) + 6), field.height))), text)


KINDS = (decimals, negatives, dates, sums, times_of_day, small_zeros, tight, pixel_pen)
