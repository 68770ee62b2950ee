"""Digits on pictures: photographs, scans and drawings -> 28x28 images such as MNIST's, and readings of them.

read(model, "photo.jpg") -> the digits, line by line
read_page(model, "photo.jpg") -> the same, with what was left out

file -> Picture -> ink -> Page of marks -> candidates -> 28x28 images -> readings
"""

from handgrad.photos.decoding import (
    FORMATS,
    MAX_PIXELS,
    Picture,
    as_picture,
    read_grey,
    read_picture,
    read_pictures,
)
from handgrad.photos.finding import Digit, find_digit, find_marks
from handgrad.photos.marks import Mark, Page
from handgrad.photos.normalisation import BOX, SIDE
from handgrad.photos.preparing import PreparedImages, prepare
from handgrad.photos.reading import read, read_page
from handgrad.photos.result import Field, LeftOut, PageReading, Reading, Sign

__all__ = [
    "BOX",
    "FORMATS",
    "MAX_PIXELS",
    "SIDE",
    "Digit",
    "Field",
    "LeftOut",
    "Mark",
    "Page",
    "PageReading",
    "Picture",
    "PreparedImages",
    "Reading",
    "Sign",
    "as_picture",
    "find_digit",
    "find_marks",
    "prepare",
    "read",
    "read_grey",
    "read_page",
    "read_picture",
    "read_pictures",
]
