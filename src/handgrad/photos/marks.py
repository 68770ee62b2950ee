"""A `Mark` is ink that may be a digit; a `Page` is a picture as ink on paper, with its marks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from handgrad.arrays import NDArray


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
    """Ink that may be a digit: a connected component, several of them, or a piece of one."""

    parts: tuple[int, ...]  # labels of its pixels in Page.labels
    left: int
    top: int
    right: int  # one past the last column
    bottom: int  # one past the last row
    after_cut: bool = False  # whether it was cut from the mark before it in the line
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
    cells: Sequence[Cell] = ()  # the cells of a form, in reading order

    def __post_init__(self) -> None:
        """Freeze the arrays and the lines."""
        self.ink.setflags(write=False)
        self.labels.setflags(write=False)
        object.__setattr__(self, "lines", tuple(tuple(line) for line in self.lines))
        object.__setattr__(self, "left_out", tuple(self.left_out))
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
