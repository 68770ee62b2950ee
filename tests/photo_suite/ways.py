"""Pictures whose way up, or whose ink and paper, must first be found: turned sheets, plots and tiles on a screen."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .kinds import PAPERS, WRITERS, Maker, Sample
from .sheets import photographed, row, saved, sheet

SHADES = ((18, 18, 20), (32, 33, 36), (250, 250, 252), (235, 238, 240), (40, 90, 160), (120, 40, 60))


def turned_sheet(m: Maker) -> Sample:
    """Two to six lines on a sheet that lies on its side or upside down, and is a little askew."""
    pen, real = m.pick(WRITERS), m.rng.random() < 0.5
    texts = [m.digits(3, 9) for _ in range(m.rng.integers(2, 7))]
    inks = [row(m.real(t) if real else m.inks(t, pen), m.rng, gap=0.3) for t in texts]
    wide, space = max(ink.shape[1] for ink in inks), round(110 * m.rng.uniform(0.4, 1.0))
    block = np.concatenate([np.pad(ink, ((0, space), (0, wide - ink.shape[1]))) for ink in inks])[:-space]
    rules = m.pick([None, None, "lines"])
    page = sheet(
        block, m.rng, paper=m.pick(PAPERS), digit=110, pen=pen, colour="blue", margin=1.0, rules=rules
    )
    light = m.pick(["even", "gradient", "vignette"])
    photo = photographed(page, m.rng, turn=10.0, tilt=0.01, light=light, table=m.rng.random() < 0.3)
    quarters = int(m.rng.integers(1, 4))
    return Sample(saved(np.ascontiguousarray(np.rot90(photo, quarters)), 80), "\n".join(texts))


def plot(m: Maker) -> Sample:
    """A screenshot of a plot: a digit of 28 x 28 pixels in axes with ticks, their numbers and perhaps a title."""
    text = m.digits()
    image = m.images[m.rng.choice(np.flatnonzero(m.labels == int(text)))]
    image = image if m.rng.random() < 0.6 else 255 - image
    side = int(m.rng.integers(150, 420))
    left, top, right, bottom = (
        round(side * m.rng.uniform(*span)) for span in ((0.1, 0.4), (0.02, 0.2), (0.03, 0.4), (0.1, 0.2))
    )
    screen = Image.new("RGB", (left + side + right, top + side + bottom), "white")
    how = Image.Resampling.NEAREST if m.rng.random() < 0.7 else Image.Resampling.BICUBIC
    screen.paste(Image.fromarray(image).resize((side, side), how), (left, top))
    draw, font = ImageDraw.Draw(screen), ImageFont.load_default(max(9, round(side * 0.045)))
    draw.rectangle((left - 1, top - 1, left + side, top + side), outline="black")
    for tick in range(0, 28, 5):
        place = round((tick + 0.5) * side / 28)
        draw.line((left + place, top + side, left + place, top + side + 4), fill="black")
        draw.text((left + place, top + side + 6), str(tick), "black", font, anchor="mt")
        draw.line((left - 5, top + place, left - 1, top + place), fill="black")
        draw.text((left - 7, top + place), str(tick), "black", font, anchor="rm")
    if top > 0.1 * side:
        draw.text((left + side / 2, top - 5), f"Label: {text}", "black", font, anchor="mb")
    return Sample(saved(screen), text)


def tile(m: Maker) -> Sample:
    """A digit or a short line in a rounded tile, on a desktop of another shade."""
    text, pen = m.digits(1, m.pick([1, 1, 4])), m.pick(["felt", "marker", "fountain"])
    ink = row(m.inks(text, pen, 150), m.rng)
    paper, around = (np.array(shade) for shade in m.rng.choice(SHADES, 2, replace=False))
    if abs(int(paper.sum()) - int(around.sum())) < 90:
        around = 255 - around
    colour = (245, 245, 245) if paper.mean() < 128 else (20, 20, 25)
    edge = round(150 * m.rng.uniform(0.25, 0.9))
    page = np.pad(ink, edge)
    margins = [round(150 * m.rng.uniform(0.15, 1.2)) for _ in range(4)]
    size = (page.shape[1] + margins[0] + margins[1], page.shape[0] + margins[2] + margins[3])
    screen = Image.new("RGB", size, tuple(int(v) for v in around))
    box = (margins[0], margins[2], margins[0] + page.shape[1], margins[2] + page.shape[0])
    ImageDraw.Draw(screen).rounded_rectangle(box, m.pick([0, 0, 12, 24]), tuple(int(v) for v in paper))
    screen.paste(colour, box[:2], Image.fromarray((255 * page).astype(np.uint8)))
    return Sample(saved(screen, m.pick([None, 85])), text)


KINDS = (turned_sheet, plot, tile)
