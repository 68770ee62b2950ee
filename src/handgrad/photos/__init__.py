"""Pictures of digits -> the 28x28 images that MNIST's makers would have made of them, with their boxes.

    file -> upright picture -> ink on paper -> marks -> lines -> digits in a 20-pixel box, centred by mass

decoding.py reads a file, paper.py tells ink from paper, rules.py drops printed lines, sifting.py keeps what
may be a digit, lines.py puts it in reading order (finding.py calls these), normal.py makes a 28x28 image of
each. Which marks belong together, and where one is cut, the network's scores decide: handgrad.photos.reading.
"""

from handgrad.photos.decoding import FORMATS, MAX_PIXELS, Picture, as_picture, read_grey, read_picture
from handgrad.photos.finding import find_marks
from handgrad.photos.marks import Mark, Page
from handgrad.photos.normal import BOX, SIDE, Digit, find_digit

__all__ = [
    "BOX",
    "FORMATS",
    "MAX_PIXELS",
    "SIDE",
    "Digit",
    "Mark",
    "Page",
    "Picture",
    "as_picture",
    "find_digit",
    "find_marks",
    "read_grey",
    "read_picture",
]
