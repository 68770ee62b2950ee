"""Forms: digits in cells, boxes, combs and tables of every look, scanned, photographed or small.

Each maker returns the ink of the digits and the lines of the frame (h, w), 0 to 1, on one field.
"""

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .kinds import PAPERS, Sample
from .sheets import INKS, photographed, saved

CELL = 120  # height of a cell, in pixels
FRAMES = [  # colours of printed frames, from black to pale
    *((0, 0, 0), (40, 40, 45), (90, 90, 95), (150, 150, 155), (185, 185, 190)),
    *((225, 120, 40), (240, 170, 110), (200, 60, 60), (60, 140, 90), (90, 140, 210), (170, 200, 235)),
]
WRITING = ("ballpoint", "fountain", "felt")


class Form:
    """A blank form, to which lines, digits and print are added."""

    def __init__(self, m, width, height, thick=None):
        self.m, margin = m, round(CELL * m.rng.uniform(0.25, 0.8))
        self.left, self.top = margin, margin
        self.ink = np.zeros((round(height) + 2 * margin, round(width) + 2 * margin), np.float32)
        self.lines, self.print = np.zeros_like(self.ink), np.zeros_like(self.ink)
        self.thick = thick or round(CELL * m.rng.choice([0.01, 0.015, 0.02, 0.03, 0.045]))

    def line(self, x1, y1, x2, y2, dots=False):
        """A printed line; dots: dotted."""
        start = np.array((x1 + self.left, y1 + self.top))
        end = np.array((x2 + self.left, y2 + self.top))
        if not dots:
            cv2.line(self.lines, tuple(map(round, start)), tuple(map(round, end)), 1.0, max(1, self.thick))
            return
        for share in np.linspace(0, 1, max(2, int(np.hypot(*(end - start)) / (3 * self.thick)))):
            place = tuple(np.rint(start + share * (end - start)).astype(int).tolist())
            cv2.circle(self.lines, place, max(1, self.thick // 2), 1.0, -1)

    def box(self, x1, y1, x2, y2, dots=False):
        """The four sides of a box."""
        for side in ((x1, y1, x2, y1), (x2, y1, x2, y2), (x2, y2, x1, y2), (x1, y2, x1, y1)):
            self.line(*side, dots=dots)

    def digit(self, ink, x, y, stray=0.08):
        """The ink of a digit, its middle near a point; stray: how far off it is, in cells."""
        height, width = ink.shape
        x, y = (place + CELL * self.m.rng.normal(0, stray) for place in (x, y))
        top = int(np.clip(round(y + self.top - height / 2), 0, self.ink.shape[0] - height))
        left = int(np.clip(round(x + self.left - width / 2), 0, self.ink.shape[1] - width))
        part = self.ink[top : top + height, left : left + width]
        np.maximum(part, ink, out=part)

    def label(self, text, x, y, size=30):
        """Printed text, its lower left corner at a point."""
        picture = Image.new("L", self.ink.shape[::-1])
        font = ImageFont.load_default(size=size)
        ImageDraw.Draw(picture).text((x + self.left, y + self.top), text, 255, font, anchor="ls")
        np.maximum(self.print, np.asarray(picture, np.float32) / 255, out=self.print)


def inks(m, text, share=None):
    """Digits of MNIST or drawn ones, and the pen; each about a share of a cell high."""
    height = CELL * (share or m.rng.uniform(0.5, 0.75))
    if m.rng.random() < 0.5:
        return m.real(text, height), "felt"
    pen = m.pick(WRITING)
    return m.inks(text, pen, height), pen


def finished(m, form, text, *, photo=None, quality=85, colour=None):
    """The form as a file: a scan, a photograph, or a small picture."""
    paper = np.array(m.pick(PAPERS), np.float32)
    page = np.ones((*form.ink.shape, 3), np.float32) * paper
    page += cv2.GaussianBlur(m.rng.normal(0, 1, page.shape).astype(np.float32), (0, 0), 1.2) * 3
    shade = np.array(colour or m.pick(FRAMES), np.float32)
    page += (np.minimum(shade, page) - page) * form.lines[:, :, None]
    page += (np.array((35, 35, 40), np.float32) - page) * form.print[:, :, None]
    pen = np.array(INKS[m.pick(["black", "blue", "blue", "pencil"])], np.float32)
    page = np.minimum(page, page + (pen - page) * form.ink[:, :, None])
    photo = photo or m.pick(
        [
            {"turn": 1.0, "noise": 1.0},
            {"turn": 3.0, "tilt": 0.01, "light": m.pick(["even", "gradient", "vignette"]), "blur": 0.8},
        ]
    )
    return Sample(saved(photographed(page, m.rng, **photo), quality), text)


def _filled(m, count):
    """Digits for some cells, and one text for each cell; the last cells may be empty."""
    left_empty = int(m.rng.integers(0, 4)) if count > 4 and m.rng.random() < 0.4 else 0
    return m.digits(count - left_empty, count - left_empty)


def _row(m, form, text, wide, y=0.0, gap=0.0):
    """Digits in a row of cells."""
    made, _ = inks(m, text)
    for i, ink in enumerate(made):
        form.digit(ink, i * (wide + gap) + wide / 2, y + CELL / 2)


def _cells(form, count, wide):
    """The sides of a row of cells."""
    form.box(0, 0, count * wide, CELL)
    for i in range(1, count):
        form.line(i * wide, 0, i * wide, CELL)


def closed_cells(m):
    """A row of cells that share their sides."""
    count, wide = int(m.rng.integers(3, 13)), CELL * m.rng.uniform(0.7, 1.1)
    form, text = Form(m, count * wide, CELL), _filled(m, count)
    _cells(form, count, wide)
    _row(m, form, text, wide)
    return finished(m, form, text)


def separate_boxes(m, **options):
    """Boxes with gaps between them."""
    count, wide = int(m.rng.integers(1, 9)), CELL * m.rng.uniform(0.65, 1.1)
    gap = CELL * m.rng.uniform(0.08, 0.5)
    form, text = Form(m, count * (wide + gap) - gap, CELL), _filled(m, count)
    for i in range(count):
        form.box(i * (wide + gap), 0, i * (wide + gap) + wide, CELL)
    _row(m, form, text, wide, gap=gap)
    return finished(m, form, text, **options)


def comb(m):
    """A base line with ticks."""
    count, wide = int(m.rng.integers(3, 13)), CELL * m.rng.uniform(0.65, 1.0)
    form, text = Form(m, count * wide, CELL), _filled(m, count)
    tick = CELL * m.rng.choice([0.25, 0.4, 0.9])
    form.line(0, CELL, count * wide, CELL)
    for i in range(count + 1):
        high = CELL * 0.9 if i in (0, count) and m.rng.random() < 0.3 else tick
        form.line(i * wide, CELL, i * wide, CELL - high)
    _row(m, form, text, wide, y=-0.08 * CELL)
    return finished(m, form, text)


def table(m):
    """A grid of cells, each with one to three digits or empty."""
    rows, columns = int(m.rng.integers(2, 5)), int(m.rng.integers(2, 6))
    wide = CELL * m.rng.uniform(1.0, 2.0)
    form = Form(m, columns * wide, rows * CELL)
    for i in range(rows + 1):
        form.line(0, i * CELL, columns * wide, i * CELL)
    for j in range(columns + 1):
        form.line(j * wide, 0, j * wide, rows * CELL)
    texts = []
    for i in range(rows):
        texts.append("")
        for j in range(columns):
            if m.rng.random() < 0.2 and (texts[-1] or j < columns - 1):
                continue
            number = m.digits(1, 1 if wide < 1.4 * CELL else 2)
            made, _ = inks(m, number, 0.55)
            for k, ink in enumerate(made):
                middle = j * wide + wide * (k + 1) / (len(number) + 1)
                form.digit(ink, middle, (i + 0.5) * CELL, stray=0.04)
            texts[-1] += number
    return finished(m, form, "\n".join(texts))


def tight_cell(m):
    """One cell, cut out along its frame, or a little beside it."""
    form, text = Form(m, CELL, CELL), m.digits()
    form.box(0, 0, CELL, CELL)
    form.digit(inks(m, text)[0][0], CELL / 2, CELL / 2, stray=0.04)
    beside = round(m.rng.uniform(0, 0.15) * CELL)
    around = slice(form.top - beside, form.top + CELL + beside)
    for field in ("ink", "lines", "print"):
        setattr(form, field, getattr(form, field)[around, form.left - beside : form.left + CELL + beside])
    longest = m.pick([None, 100, 60, 40])
    return finished(m, form, text, photo={"turn": 1.0, "longest": longest})


def dotted(m):
    """Frames of dots."""
    count, wide = int(m.rng.integers(3, 9)), CELL * m.rng.uniform(0.7, 1.1)
    form, text = Form(m, count * wide, CELL, thick=int(m.rng.integers(2, 5))), _filled(m, count)
    form.box(0, 0, count * wide, CELL, dots=True)
    for i in range(1, count):
        form.line(i * wide, 0, i * wide, CELL, dots=True)
    _row(m, form, text, wide)
    return finished(m, form, text)


def small_boxes(m):
    """Boxes or cells in a picture of few pixels: a cell is 20 to 45 pixels high."""
    count, wide = int(m.rng.integers(3, 9)), CELL * m.rng.uniform(0.65, 1.0)
    gap = CELL * m.rng.choice([0.0, 0.2, 0.4])
    form, text = Form(m, count * (wide + gap) - gap, CELL), _filled(m, count)
    for i in range(count):
        form.box(i * (wide + gap), 0, i * (wide + gap) + wide, CELL)
    _row(m, form, text, wide, gap=gap)
    longest = round(max(form.ink.shape) * m.rng.uniform(20, 45) / CELL)
    return finished(m, form, text, photo={"turn": 1.0, "longest": longest, "blur": m.rng.uniform(0, 0.6)})


def crossing(m):
    """Large digits that touch or cross the frame of their cells."""
    count, wide = int(m.rng.integers(3, 9)), CELL * m.rng.uniform(0.8, 1.1)
    form, text = Form(m, count * wide, CELL), _filled(m, count)
    _cells(form, count, wide)
    made, _ = inks(m, text, 0.9)
    for i, ink in enumerate(made):
        form.digit(ink, (i + 0.5) * wide, CELL / 2, stray=0.06)
    return finished(m, form, text)


LABELS = (
    "Name",
    "Date of birth",
    "Postal code",
    "Telephone",
    "Account number",
    "Amount",
    "Member no.",
    "Check code",
)


def form(m):
    """A form: rows of cells, boxes or combs, with print beside or above them."""
    rows, wide = int(m.rng.integers(2, 5)), CELL * m.rng.uniform(0.7, 0.95)
    texts = [m.digits(3, 7) for _ in range(rows)]
    indent = round(CELL * m.rng.uniform(2.2, 3.0)) if m.rng.random() < 0.5 else 0
    step = CELL * m.rng.uniform(1.5, 2.0)
    page = Form(m, indent + 8 * wide, rows * step)
    page.label(m.pick(["Application form", "Please fill in block figures", "FORM 12-B"]), 0, -8, 34)
    for i, text in enumerate(texts):
        y = i * step + (step - CELL) * 0.8
        page.label(m.pick(LABELS), 0, y + (0.6 * CELL if indent else -10), 28)
        for j in range(len(text)):
            page.box(indent + j * wide, y, indent + (j + 1) * wide, y + CELL)
        made, _ = inks(m, text)
        for j, ink in enumerate(made):
            page.digit(ink, indent + (j + 0.5) * wide, y + CELL / 2)
    return finished(m, page, "\n".join(texts))


KINDS = (closed_cells, separate_boxes, comb, table, tight_cell, dotted, small_boxes, crossing, form)
