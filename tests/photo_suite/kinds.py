"""The kinds of pictures: each a function of a generator that makes one picture file and says what stands on it."""

import zlib
from typing import NamedTuple

import numpy as np
from PIL import Image

from .sheets import INKS, drawn, pasted, photographed, row, saved, sheet, touching

PAPERS = [(247, 246, 243), (238, 230, 205), (225, 228, 230), (250, 250, 250)]
PAIRS = [  # ink and paper of colours that differ; the first two are equally light
    ((200, 40, 40), (60, 140, 60)),
    ((60, 150, 70), (215, 95, 95)),
    ((30, 60, 170), (240, 220, 120)),
    ((240, 220, 60), (40, 60, 130)),
    ((230, 120, 160), (250, 250, 245)),
    ((250, 250, 250), (170, 60, 60)),
]
WRITERS = ("ballpoint", "fountain", "felt")


class Sample(NamedTuple):
    """One picture file and what stands on it; lines are parted by a line feed."""

    data: bytes
    text: str


class Maker:
    """What the kinds draw from: a generator, and MNIST's training digits by label."""

    def __init__(self, rng, mnist):
        self.rng, (self.images, self.labels) = rng, mnist

    def digits(self, low=1, high=1):
        return "".join(str(d) for d in self.rng.integers(0, 10, self.rng.integers(low, high + 1)))

    def pick(self, options):
        return options[int(self.rng.integers(len(options)))]

    def inks(self, text, pen, height=110):
        return [drawn(c, round(height * self.rng.uniform(0.88, 1.1)), pen, self.rng) for c in text]

    def real(self, text, height=110):
        """Digits that MNIST's writers wrote, enlarged."""
        chosen = [self.rng.choice(np.flatnonzero(self.labels == int(c))) for c in text]
        return [pasted(self.images[i], round(height * self.rng.uniform(0.88, 1.1)), self.rng) for i in chosen]


def _page(m, ink, quality=85, photo=None, **options):
    """The ink on a sheet, photographed, as a JPEG."""
    page = sheet(ink, m.rng, paper=options.pop("paper", m.pick(PAPERS)), digit=110, **options)
    return saved(photographed(page, m.rng, **(photo or {})), quality)


def ballpoint(m):
    text = m.digits()
    return Sample(
        _page(m, m.inks(text, "ballpoint")[0], pen="ballpoint", colour=m.pick(["blue", "black"])), text
    )


def felt_pen(m):
    text, pen = m.digits(), m.pick(["felt", "marker"])
    return Sample(_page(m, m.inks(text, pen)[0], pen=pen, colour=m.pick([*INKS][:4])), text)


def pencil(m):
    text = m.digits()
    shade = (int(m.rng.integers(120, 175)),) * 3
    return Sample(
        _page(m, m.inks(text, "pencil", 150)[0], pen="pencil", colour=shade, photo={"noise": 3.0}), text
    )


def ruled(m):
    text, pen = m.digits(), m.pick(WRITERS)
    rules = m.pick(["lines", "squares", "margin"])
    photo = {"turn": 5.0, "tilt": 0.01}
    return Sample(
        _page(m, m.inks(text, pen)[0], pen=pen, rules=rules, colour="blue", margin=1.0, photo=photo), text
    )


def shaded(m):
    text, pen = m.digits(), m.pick(WRITERS)
    photo = {"light": m.pick(["gradient", "shadow", "vignette", "dim"]), "turn": 8.0, "tilt": 0.03}
    return Sample(_page(m, m.inks(text, pen)[0], pen=pen, margin=1.2, photo=photo), text)


def chalk(m):
    text = m.digits()
    shade, board = (235, 235, 228), m.pick([(35, 60, 48), (30, 32, 36), (55, 70, 90)])
    photo = {"light": m.pick(["even", "gradient"]), "noise": 4.0, "turn": 6.0}
    return Sample(
        _page(m, m.inks(text, "chalk")[0], pen="chalk", colour=shade, paper=board, photo=photo), text
    )


def coloured(m):
    text, (colour, paper) = m.digits(), m.pick(PAIRS)
    return Sample(_page(m, m.inks(text, "felt")[0], pen="felt", colour=colour, paper=paper), text)


def transparent(m):
    text = m.digits()
    ink = np.pad(m.inks(text, m.pick(WRITERS))[0], int(m.rng.integers(5, 60)))
    shade = m.pick([(0, 0, 0), (255, 255, 255), (200, 30, 30), (250, 220, 40)])
    layers = [Image.new("L", ink.shape[::-1], value) for value in shade]
    alpha = Image.fromarray((255 * ink).astype(np.uint8))
    return Sample(saved(Image.merge("RGBA", [*layers, alpha])), text)


def tilted(m):
    text, pen = m.digits(), m.pick(WRITERS)
    photo = {"turn": 10.0, "tilt": 0.06, "blur": m.rng.uniform(0, 2.2), "table": True, "noise": 4.0}
    return Sample(_page(m, m.inks(text, pen)[0], 50, pen=pen, margin=1.5, photo=photo), text)


def cropped(m):
    """A digit that fills its picture, of any size."""
    text = m.digits()
    ink = m.real(text, 200)[0] if m.rng.random() < 0.5 else m.inks(text, m.pick(["felt", "marker"]), 200)[0]
    rows, columns = np.flatnonzero((ink > 0.3).any(axis=1)), np.flatnonzero((ink > 0.3).any(axis=0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    dark = m.rng.random() < 0.5
    longest = int(m.rng.choice([20, 32, 64, 200]))
    grey = Image.fromarray((255 * (1 - ink if dark else ink)).astype(np.uint8))
    share = longest / max(grey.size)
    size = (max(4, round(grey.width * share)), max(4, round(grey.height * share)))
    return Sample(saved(grey.resize(size, Image.Resampling.BOX)), text)


def tiny(m):
    """A digit that fills 16 x 16 or 8 x 8 pixels, as USPS's do, perhaps enlarged."""
    text = m.digits()
    ink = m.real(text, 160)[0]
    side = m.pick([16, 16, 8])
    share = side / max(ink.shape)
    size = (max(2, round(ink.shape[1] * share)), max(2, round(ink.shape[0] * share)))
    small = Image.fromarray((255 * ink).astype(np.uint8)).resize(size, Image.Resampling.BOX)
    field = Image.new("L", (side, side), 0)
    field.paste(small, ((side - size[0]) // 2, (side - size[1]) // 2))
    if m.rng.random() < 0.5:
        field = Image.fromarray(255 - np.asarray(field))
    if m.rng.random() < 0.4:
        field = field.resize(
            (side * 10, side * 10), m.pick([Image.Resampling.BICUBIC, Image.Resampling.NEAREST])
        )
    return Sample(saved(field), text)


def real_digit(m):
    """A digit of MNIST's training set as ink on a photographed sheet."""
    text, pen = m.digits(), "felt"
    photo = {
        "light": m.pick(["even", "gradient", "shadow"]),
        "turn": 6.0,
        "tilt": 0.02,
        "blur": m.rng.uniform(0, 1.5),
    }
    rules = m.pick([None, None, "lines", "squares"])
    return Sample(
        _page(m, m.real(text)[0], 70, pen=pen, rules=rules, colour=m.pick([*INKS]), margin=0.8, photo=photo),
        text,
    )


def line(m):
    text, pen = m.digits(3, 9), m.pick(WRITERS)
    ink = row(m.inks(text, pen), m.rng)
    return Sample(_page(m, ink, pen=pen, colour=m.pick([*INKS][:4]), photo={"turn": 5.0}), text)


def real_line(m):
    text = m.digits(3, 9)
    ink = row(m.real(text), m.rng, gap=0.25)
    return Sample(
        _page(m, ink, 75, colour=m.pick([*INKS][:4]), photo={"light": "gradient", "turn": 6.0}), text
    )


def ruled_line(m):
    text, pen = m.digits(3, 9), m.pick(WRITERS)
    ink = row(m.inks(text, pen), m.rng)
    photo = {"turn": 4.0, "tilt": 0.01, "light": m.pick(["even", "shadow"])}
    return Sample(
        _page(
            m,
            ink,
            pen=pen,
            rules=m.pick(["lines", "squares", "margin"]),
            colour="blue",
            margin=1.0,
            photo=photo,
        ),
        text,
    )


def touching_line(m):
    """Pairs that touch, within a line."""
    text = m.digits(2, 6)
    real = m.rng.random() < 0.6
    inks = m.real(text) if real else m.inks(text, "felt")
    groups, i = [], 0
    while i < len(inks):
        many = int(m.rng.integers(1, 4)) if i or len(inks) > 2 else 2
        groups.append(touching(inks[i : i + many], m.rng))
        i += many
    return Sample(_page(m, row(groups, m.rng, gap=0.2), photo={"turn": 3.0}), text)


def page_of_lines(m):
    pen, real = m.pick(WRITERS), m.rng.random() < 0.5
    texts = [m.digits(3, 8) for _ in range(m.rng.integers(2, 5))]
    rows = [row(m.real(t) if real else m.inks(t, pen), m.rng, gap=0.3) for t in texts]
    width = max(ink.shape[1] for ink in rows)
    space = round(110 * m.rng.uniform(0.4, 1.0))
    block = np.concatenate([np.pad(ink, ((0, space), (0, width - ink.shape[1]))) for ink in rows])[:-space]
    photo = {
        "turn": 4.0,
        "tilt": 0.01,
        "light": m.pick(["even", "gradient", "vignette"]),
        "table": m.rng.random() < 0.3,
    }
    return Sample(_page(m, block, 80, pen=pen, colour="blue", margin=1.0, photo=photo), "\n".join(texts))


SINGLE = (
    ballpoint,
    felt_pen,
    pencil,
    ruled,
    shaded,
    chalk,
    coloured,
    transparent,
    tilted,
    cropped,
    tiny,
    real_digit,
)
STRINGS = (line, real_line, ruled_line, touching_line, page_of_lines)


def samples(kind, count, seed, mnist):
    """`count` pictures of a kind; the same seed gives the same pictures."""
    known = (*SINGLE, *STRINGS)
    number = known.index(kind) if kind in known else zlib.crc32(kind.__name__.encode())
    return [kind(Maker(np.random.default_rng([seed, number, i]), mnist)) for i in range(count)]
