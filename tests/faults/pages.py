"""Pages that nobody writes, each drawn from a generator: small files that could take a reader long, or much memory."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def _page(rng, most=2400):
    width, height = (int(n) for n in rng.integers(300, most, 2))
    picture = Image.new("L", (width, height), 255)
    return picture, ImageDraw.Draw(picture)


def blank(rng):
    """Paper of one shade."""
    return Image.new("L", tuple(int(n) for n in rng.integers(1, 3000, 2)), int(rng.integers(256)))


def blobs(rng):
    """Hundreds of blots."""
    picture, pen = _page(rng)
    size = int(rng.integers(2, 40))
    for _ in range(int(rng.integers(60, 900))):
        x, y = rng.integers(0, picture.width), rng.integers(0, picture.height)
        pen.ellipse((x, y, x + size, y + size), fill=0)
    return picture


def flat_marks(rng):
    """Wide, flat marks, many times as wide as high."""
    picture, pen = _page(rng)
    for y in range(20, picture.height - 20, int(rng.integers(30, 200))):
        x = 10
        while x < picture.width - 60:
            wide = int(rng.integers(50, picture.width))
            pen.rectangle((x, y, x + wide, y + int(rng.integers(2, 14))), fill=0)
            x += wide + int(rng.integers(5, 40))
    return picture


def wavy_lines(rng):
    """Long lines that wave, one mark each."""
    picture, pen = _page(rng)
    x = np.arange(0, picture.width, 2)
    for y in range(20, picture.height, int(rng.integers(15, 120))):
        wave = y + rng.uniform(2, 60) * np.sin(x / rng.uniform(3, 60))
        pen.line(list(zip(x.tolist(), wave.tolist(), strict=True)), fill=0, width=int(rng.integers(1, 8)))
    return picture


def scribble(rng):
    """One line that crosses itself all over the page."""
    picture, pen = _page(rng)
    points = rng.integers(0, (picture.width, picture.height), (int(rng.integers(20, 600)), 2))
    pen.line([tuple(point) for point in points.tolist()], fill=0, width=int(rng.integers(1, 12)))
    return picture


def noise(rng):
    """Grains of a random size."""
    size = int(rng.integers(1, 12))
    rough = (rng.random((800 // size, 1200 // size)) < rng.uniform(0.02, 0.98)) * 255
    return Image.fromarray(rough.astype(np.uint8)).resize((1200, 800), Image.Resampling.NEAREST)


def grid(rng):
    """Lines across and down, nearer or wider."""
    picture, pen = _page(rng)
    for x in range(0, picture.width, int(rng.integers(3, 90))):
        pen.line((x, 0, x, picture.height), fill=0, width=int(rng.integers(1, 4)))
    for y in range(0, picture.height, int(rng.integers(3, 90))):
        pen.line((0, y, picture.width, y), fill=0, width=int(rng.integers(1, 4)))
    return picture


def combs(rng):
    """Teeth on a bar: one mark with hundreds of places where it could be cut."""
    picture, pen = _page(rng)
    for y in range(60, picture.height, int(rng.integers(90, 300))):
        pen.line((5, y, picture.width - 5, y), fill=0, width=int(rng.integers(2, 9)))
        for x in range(5, picture.width - 5, int(rng.integers(6, 30))):
            pen.line((x, y - int(rng.integers(5, 55)), x, y), fill=0, width=3)
    return picture


def touching(rng):
    """Rows of rings that touch or lie in one another, light on dark half of the time."""
    picture, pen = _page(rng)
    radius = int(rng.integers(6, 60))
    step = int(rng.integers(radius, 2 * radius + 1))
    for y in range(radius, picture.height, int(rng.integers(2 * radius, 6 * radius))):
        for x in range(radius, picture.width, step):
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), outline=0, width=4)
    return Image.eval(picture, lambda shade: 255 - shade) if rng.integers(2) else picture


def smeared(rng):
    """Another page out of focus, in few shades."""
    other = PAGES[list(PAGES)[int(rng.integers(len(PAGES) - 2))]](rng)
    return (
        other.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.5, 12))))
        .quantize(int(rng.integers(2, 9)))
        .convert("L")
    )


def narrow(rng):
    """A strip, one to a few pixels in one direction and thousands in the other."""
    sides = [int(rng.integers(1, 6)), int(rng.integers(3_000, 60_000))]
    rng.shuffle(sides)
    return Image.fromarray(rng.integers(0, 256, tuple(sides), np.uint8))


PAGES = {
    one.__name__: one
    for one in (blank, blobs, flat_marks, wavy_lines, scribble, noise, grid, combs, touching, smeared, narrow)
}
