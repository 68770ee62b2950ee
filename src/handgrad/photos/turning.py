"""Which way up a sheet lies: on its side or upside down, few of its marks look like digits.

The images of the marks are turned and scored, which takes little. Where another way is likely, the picture
is turned and read again. A 1, a 0 and an 8 look alike upside down, and a 6 becomes a 9: so a page is turned
only if its digits are then clearly less doubtful, and a page of one or two digits never.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from handgrad.arrays import NDArray
from handgrad.errors import ImageError
from handgrad.model import Model
from handgrad.photos.decoding import Picture
from handgrad.photos.finding import find_marks
from handgrad.photos.marks import Page
from handgrad.photos.normalisation import normalised
from handgrad.photos.result import Box, PageReading
from handgrad.photos.scoring import seen

FEWEST = 3  # marks on a page and digits in its reading, below which it is not turned
LEAST = 0.01  # the sureness of a mark counts as at least this much
NOTICED = 3.0  # evidence above which another way is read,
CLEAR = 4.0  # and above which the page may be turned
GAIN = 2  # a page is turned if at least so many more digits are not doubtful,
MOST_DOUBT = 0.4  # and at most this share of them is
WAYS = {90: "perhaps on its side", 180: "perhaps upside down", 270: "perhaps on its side"}


def in_best_way(
    model: Model, picture: Picture, page: Page, found: PageReading, read: Callable[[Page], PageReading]
) -> PageReading:
    """What is read on a picture, which is turned if it lies on its side or upside down.

    found: the reading of its page, as the picture is; where nothing in it is doubtful it is returned. Where
    another way is better, but not clearly, all digits become doubtful. read: reads a page.
    """
    is_whole = not found.doubtful and len(found.digits) >= len(page.marks)
    if is_whole or page.single or len(page.marks) < FEWEST:
        return found
    strength = evidence(model, np.stack([normalised(page, mark) for mark in page.marks]))
    way = max(strength, key=lambda way: strength[way])
    if strength[way] < NOTICED:
        return found
    try:
        turned = find_marks(turned_picture(picture, way))
    except ImageError:  # more marks than are read
        return found
    other = read(turned)
    sure, sure_then = (sum(not one.doubtful for one in each.digits) for each in (found, other))
    is_column = way != 180 and len(turned.lines) >= len(page.lines)  # lines are longer than they are many
    if sure_then <= sure or is_column:
        return found
    enough = sure_then >= max(FEWEST, sure + GAIN, (1 - MOST_DOUBT) * len(other.digits))
    if enough and strength[way] >= CLEAR:
        return turned_back(other, way, picture.size)
    lines = [[replace(one, doubtful=True, why=(*one.why, WAYS[way])) for one in line] for line in found.lines]
    return replace(found, lines=lines)


def evidence(model: Model, images: NDArray) -> dict[int, float]:
    """For each way to turn the marks of a page, in degrees: how much more they then look like digits.

    That is the logarithm of a ratio: the product of the sureness of all images (N, 28, 28) when turned, over
    that of the images as they are.
    """
    ways = (0, *WAYS)
    outputs, wholeness, *_ = seen(model, np.concatenate([_turned(images, way // 90) for way in ways]))
    sureness = np.maximum(outputs.max(axis=1) * wholeness, LEAST)
    looks = np.log(sureness).reshape(len(ways), -1).sum(axis=1)
    return {way: float(look - looks[0]) for way, look in zip(ways[1:], looks[1:], strict=True)}


def _turned(images: NDArray, quarters: int) -> NDArray:
    """The images (N, 28, 28), turned clockwise; their centre of mass stays in the middle, pixel 14, 14."""
    turned = np.rot90(images, -quarters, axes=(1, 2))
    down, right = ((0, 0), (0, 1), (1, 1), (1, 0))[quarters]
    return np.ascontiguousarray(np.roll(turned, (down, right), axis=(1, 2)))


def turned_picture(picture: Picture, way: int) -> Picture:
    """The picture, turned clockwise by 90, 180 or 270 degrees."""
    pixels = np.ascontiguousarray(np.rot90(picture.pixels, -way // 90))
    return picture._replace(pixels=pixels, size=picture.size if way == 180 else picture.size[::-1])


def turned_back(found: PageReading, way: int, size: tuple[int, int]) -> PageReading:
    """What was read on a turned picture, with its boxes on the picture as it was given, of this size."""
    return replace(
        found,
        lines=[[replace(one, box=_back(one.box, way, size)) for one in line] for line in found.lines],
        left_out=[replace(each, box=_back(each.box, way, size)) for each in found.left_out],
        fields=[replace(each, box=_back(each.box, way, size)) for each in found.fields],
        signs=[replace(each, box=_back(each.box, way, size)) for each in found.signs],
        turned=way,
    )


def _back(box: Box, way: int, size: tuple[int, int]) -> Box:
    x, y, width, height = box
    if way == 180:
        return size[0] - x - width, size[1] - y - height, width, height
    if way == 90:
        return y, size[1] - x - width, height, width
    return size[0] - y - height, x, height, width
