"""A `Mark` is ink that may be a digit; a `Page` is a picture as ink on paper, with its marks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from handgrad.arrays import NDArray


class Cut(NamedTuple):
    """Where a mark may be separated, because two digits may touch there."""

    left: frozenset[int]  # labels of the pieces on its left
    crossed: float  # the ink that it crosses, in widths of the strokes


class Piece(NamedTuple):
    """Ink of a mark that no cut separates."""

    label: int
    left: int
    top: int
    right: int
    bottom: int
    area: int  # in pixels


class Cell(NamedTuple):
    """A cell of a form, in pixels of the page."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.bottom - self.top

    def distance(self, x: NDArray | float, y: NDArray | float) -> NDArray:
        """The distance of points from the cell; 0 within."""
        across = np.maximum(0, np.maximum(self.left - x, x - self.right))
        return np.asarray(np.hypot(across, np.maximum(0, np.maximum(self.top - y, y - self.bottom))))


@dataclass(frozen=True)
class Mark:
    """Ink that may be a digit: a connected component, several of them, or a part of one."""

    parts: tuple[int, ...]  # labels of its pixels in Page.labels
    left: int
    top: int
    right: int  # one past the last column
    bottom: int  # one past the last row
    pieces: tuple[Piece, ...] = ()  # if it was cut
    cuts: tuple[Cut, ...] = ()  # from left to right
    cell: int = -1  # the number of its cell on the page; -1 outside all cells

    @property
    def width(self) -> int:
        """Width of the bounding box, in pixels of the page."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Height of the bounding box, in pixels of the page."""
        return self.bottom - self.top


class Omission(NamedTuple):
    """A mark that is not read, and why."""

    mark: Mark
    reason: str


class PageSign(NamedTuple):
    """A mark that is read as a sign, such as "." or "/"."""

    mark: Mark
    text: str
    line: int  # the number of the line in which it stands
    unclear: bool = False  # whether it may be no sign


class Stroke(NamedTuple):
    """A straight stroke, as high as a digit."""

    lean: float  # degrees from the upright, positive to the right
    height: float  # in heights of a digit of its line
    is_long: bool  # whether it reaches beyond the digits on both sides, above and below


@dataclass(frozen=True, eq=False)
class Page:
    """A picture as ink on paper, with its marks in reading order.

    A page does not change: its arrays are made read-only. To cut marks makes a new page.
    """

    ink: NDArray  # (height, width) float32; 0 is paper
    labels: NDArray  # (height, width) int32: which part of which mark a pixel belongs to; 0 is paper
    lines: Sequence[Sequence[Mark]]  # lines from top to bottom, marks from left to right
    size: tuple[int, int]  # width and height of the picture, which the page may enlarge or reduce
    single: bool = False  # whether all the ink is one digit, however broken or wide it is
    left_out: Sequence[Omission] = ()
    signs: Sequence[PageSign] = ()
    strokes: Mapping[Mark, Stroke] = field(default_factory=dict)  # the marks that are one straight stroke
    cells: Sequence[Cell] = ()  # the cells of a form, in reading order

    def __post_init__(self) -> None:
        """Freeze the arrays and the lines."""
        self.ink.setflags(write=False)
        self.labels.setflags(write=False)
        object.__setattr__(self, "lines", tuple(tuple(line) for line in self.lines))
        object.__setattr__(self, "left_out", tuple(self.left_out))
        object.__setattr__(self, "signs", tuple(self.signs))
        object.__setattr__(self, "cells", tuple(self.cells))

    @property
    def marks(self) -> list[Mark]:
        """The marks of all lines, in reading order."""
        return [mark for line in self.lines for mark in line]

    def box(self, mark: Mark | Cell) -> tuple[int, int, int, int]:
        """x, y, width and height of a mark or a cell, in pixels of the picture."""
        height, width = self.ink.shape
        x_scale, y_scale = self.size[0] / width, self.size[1] / height
        left, top = max(0, int(mark.left * x_scale)), max(0, int(mark.top * y_scale))
        right = min(self.size[0], max(left + 1, round(mark.right * x_scale)))
        bottom = min(self.size[1], max(top + 1, round(mark.bottom * y_scale)))
        return left, top, right - left, bottom - top


def joined(marks: Sequence[Mark]) -> Mark:
    """Several marks as one."""
    return Mark(
        tuple(part for mark in marks for part in mark.parts),
        min(mark.left for mark in marks),
        min(mark.top for mark in marks),
        max(mark.right for mark in marks),
        max(mark.bottom for mark in marks),
        cell=marks[0].cell,
    )


def distance(mark: Mark, other: Mark) -> float:
    """The distance between the bounding boxes of two marks; 0 where they overlap."""
    across = max(0, mark.left - other.right, other.left - mark.right)
    down = max(0, mark.top - other.bottom, other.top - mark.bottom)
    return float(np.hypot(across, down))
