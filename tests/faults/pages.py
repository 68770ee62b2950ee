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


def maze(rng):
    """One way to every place: walls that are one mark, or a few."""
    step = int(rng.integers(4, 60))
    across, down = (max(2, int(n) // step) for n in rng.integers(100, 1600, 2))
    walls = np.zeros((2 * down + 1, 2 * across + 1), np.uint8)
    way, walls[1, 1] = [(0, 0)], 255
    while way:
        y, x = way[-1]
        beside = [(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)]
        new = [
            (i, j) for i, j in beside if 0 <= i < down and 0 <= j < across and not walls[2 * i + 1, 2 * j + 1]
        ]
        if new:
            i, j = new[int(rng.integers(len(new)))]
            walls[2 * i + 1, 2 * j + 1] = walls[y + i + 1, x + j + 1] = 255
            way.append((i, j))
        else:
            way.pop()
    return Image.fromarray(walls).resize((across * step, down * step), Image.Resampling.NEAREST)


def dashes(rng):
    """Rows of short strokes, level or upright, on small pictures as well."""
    picture, pen = _page(rng, 2400) if rng.integers(2) else _small(rng)
    step = int(rng.integers(5, 60))
    long, thick = int(rng.integers(step // 2, 2 * step)), max(1, step // int(rng.integers(4, 12)))
    for y in range(3, picture.height, step):
        for x in range(3, picture.width, 2 * step):
            upright = rng.integers(2) and (x + y) // step % 2
            pen.line((x, y, x + long * (not upright), y + long * bool(upright)), fill=0, width=thick)
    return picture


def _small(rng):
    picture = Image.new("L", tuple(int(n) for n in rng.integers(60, 400, 2)), 255)
    return picture, ImageDraw.Draw(picture)


def rounds(rng):
    """Circles around one another, or a spiral."""
    picture, pen = _page(rng)
    step, middle = int(rng.integers(4, 60)), np.array(picture.size) / 2
    if rng.integers(2):
        for radius in range(step, max(picture.size), step):
            box = (*(middle - radius).tolist(), *(middle + radius).tolist())
            pen.ellipse(box, outline=0, width=max(1, step // 4))
    else:
        turned = np.linspace(0, 400, 20_000)
        places = middle + (turned * step / 6)[:, None] * np.stack([np.cos(turned), np.sin(turned)], axis=1)
        pen.line([tuple(place) for place in places.tolist()], fill=0, width=max(1, step // 4))
    return picture


def clouds(rng):
    """Shades without an edge, rougher or smoother, and a raster such as newspapers print."""
    side, rough = int(rng.integers(100, 1300)), rng.uniform(1, 2)
    if rng.integers(3) == 0:
        y, x = np.mgrid[:side, :side] * np.pi / rng.integers(3, 60)
        return Image.fromarray((127 + 127 * np.sin(x + y / 9) * np.sin(y)).astype(np.uint8))
    away = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side)))
    away[0, 0] = 1
    waves = np.fft.ifft2(np.fft.fft2(rng.normal(size=(side, side))) * away**-rough).real
    return Image.fromarray((255 * (waves - waves.min()) / np.ptp(waves)).astype(np.uint8))


def printed(rng):
    """Letters and digits, row upon row."""
    picture, pen = _page(rng)
    size = int(rng.integers(6, 60))
    few = "0123456789" if rng.integers(2) else "".join(map(chr, range(33, 127)))
    for y in range(2, picture.height, size):
        text = "".join(few[int(i)] for i in rng.integers(0, len(few), 2 * picture.width // size))
        pen.text((2, y), text, fill=0, font_size=size)
    return picture


def narrow(rng):
    """A strip, one to a few pixels in one direction and thousands in the other."""
    sides = [int(rng.integers(1, 6)), int(rng.integers(3_000, 60_000))]
    rng.shuffle(sides)
    return Image.fromarray(rng.integers(0, 256, tuple(sides), np.uint8))


PAGES = {
    one.__name__: one
    for one in (
        blank,
        blobs,
        flat_marks,
        wavy_lines,
        scribble,
        noise,
        grid,
        combs,
        touching,
        maze,
        dashes,
        rounds,
        clouds,
        printed,
        smeared,
        narrow,
    )
}
