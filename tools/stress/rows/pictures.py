"""Pictures: spoilt files of every format, crafted files, pages that nobody writes, and every orientation."""

import io
import warnings

import numpy as np
from PIL import Image
from throwing import part

import picture_files
import test_photos
from faults.pages import PAGES
from faults.spoiling import spoilt_picture
from handgrad import digits, pretrained
from handgrad.errors import ImageError
from handgrad.photos import read, read_picture
from picture_files import every_format, saved

SECONDS, MEGABYTES = 2, 300  # promised for every picture


def answered(model, data, name="x.png"):
    """Read a file that may hold anything -> what is read; None where it is refused in one line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # nothing is said on stderr either
            lines = read(model, read_picture(io.BytesIO(data), name))
    except ImageError as error:
        said = str(error)
        of_the_page = "digits on a picture", "digits on paper", "digits side by side"
        assert name in said or any(words in said for words in of_the_page), (
            f"the file is not named: {said:.200}"
        )
        assert said.isprintable(), f"more than one line: {said!r:.200}"
        return None
    assert sum(map(len, lines)) <= 64
    return "|".join("".join(str(one.digit) for one in line) for line in lines)


def seven(size):
    """A seven of MNIST as a picture, dark on light, higher than wide."""
    image = digits.load_mnist()[1][0][0]
    return Image.fromarray(255 - np.pad(image, 8)).resize((size, size * 5 // 4))


@part("images", "mutants", 10_000, 300, SECONDS, MEGABYTES)
def mutants(folder):
    """Of every format, small; each is opened and read."""
    model, wholes = pretrained.load(), every_format(seven(40))
    yield lambda i, rng: answered(model, spoilt_picture(wholes[i % len(wholes)], rng, cut=i % 5 == 0))


@part("images", "crafted", lambda: len(test_photos.damaged()), 20, SECONDS, MEGABYTES)
def crafted(folder):
    """Bombs, empty files, other formats: each is refused before a pixel is decoded."""
    model, table = pretrained.load(), list(test_photos.damaged().values())

    def one(i, rng):
        assert answered(model, table[i][0]) is None

    yield one


@part("images", "pages", 800, 32, SECONDS, MEGABYTES)
def pages(folder):
    """Blank, blobs, flat marks, long waves, noise, grids, touching rings, mazes, dashes, spirals, clouds, print."""
    model, kinds = pretrained.load(), list(PAGES)

    def one(i, rng):
        answered(model, saved(PAGES[kinds[i % len(kinds)]](rng), "PNG"))

    yield one


TURNS = (None, 0, 3, 1, 5, 2, 6, 4)  # Pillow's transpositions, as EXIF numbers them
FORMATS = ("JPEG", "TIFF", "AVIF", "PNG", "WEBP")


@part("images", "orientations", 8 * len(FORMATS) * 6, 40, SECONDS, MEGABYTES)
def orientations(folder):
    """Every orientation in every format that stores one, in colour, grey and as CMYK: all answer alike."""
    model, picture = pretrained.load(), seven(100)
    modes = {"RGB": FORMATS, "L": FORMATS, "CMYK": ("JPEG", "TIFF")}

    def one(i, rng):
        orientation, format = i % 8, FORMATS[i // 8 % len(FORMATS)]
        mode = list(modes)[i // 40 % 3]
        mode = mode if format in modes[mode] else "RGB"
        exif = Image.Exif()
        exif[0x0112] = orientation + 1
        stored = picture if TURNS[orientation] is None else picture.transpose(TURNS[orientation])
        data = saved(picture_files.in_mode(stored, mode), format, exif=exif.tobytes())
        found = answered(model, data)
        assert found == "7", f"orientation {orientation + 1}, {format}, {mode}: read as {found}"

    yield one
