"""A mark: connected ink, or several pieces of it, that may be a digit; and the page that marks are on."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from handgrad.arrays import NDArray


@dataclass(frozen=True)
class Mark:
    """Connected ink, or parts of it that belong together."""

    parts: tuple[int, ...]  # their numbers in Page.labels
    left: int
    top: int
    right: int  # one past the last column
    bottom: int

    @property
    def width(self) -> int:
        """In pixels of the page."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """In pixels of the page."""
        return self.bottom - self.top


class Page(NamedTuple):
    """A picture seen as ink on paper."""

    ink: NDArray  # (height, width) float32, 0 is paper
    labels: NDArray  # (height, width) int32, the part of a mark that each pixel belongs to; 0 is none
    lines: list[list[Mark]]
    size: tuple[int, int]  # of the picture, which may be larger or smaller than the page
    one: bool = False  # whether all of it is one digit, however broken or wide

    def box(self, mark: Mark) -> tuple[int, int, int, int]:
        """x, y, width and height of a mark in pixels of the picture."""
        height, width = self.ink.shape
        x_scale, y_scale = self.size[0] / width, self.size[1] / height
        left, top = int(mark.left * x_scale), int(mark.top * y_scale)
        right = min(self.size[0], max(left + 1, round(mark.right * x_scale)))
        bottom = min(self.size[1], max(top + 1, round(mark.bottom * y_scale)))
        return left, top, right - left, bottom - top


def joined(marks: list[Mark]) -> Mark:
    """One mark of several."""
    parts = tuple(part for mark in marks for part in mark.parts)
    return Mark(
        parts,
        min(mark.left for mark in marks),
        min(mark.top for mark in marks),
        max(mark.right for mark in marks),
        max(mark.bottom for mark in marks),
    )


def distance(mark: Mark, other: Mark) -> float:
    """Between the boxes of two marks."""
    across = max(0, mark.left - other.right, other.left - mark.right)
    down = max(0, mark.top - other.bottom, other.top - mark.bottom)
    return float(np.hypot(across, down))


def relabelled(page: Page, mark: Mark, pieces: NDArray) -> list[Mark]:
    """The mark as several, numbered from 0 by pieces (height, width) of its box; changes page.labels."""
    window = page.labels[mark.top : mark.bottom, mark.left : mark.right]
    own = np.isin(window, mark.parts)
    first = int(page.labels.max()) + 1
    window[own] = first + pieces[own]
    marks = []
    for number in range(first, int(pieces.max()) + first + 1):
        rows, columns = np.nonzero(window == number)
        if rows.size:
            corner = (mark.left + int(columns.min()), mark.top + int(rows.min()))
            end = (mark.left + int(columns.max()) + 1, mark.top + int(rows.max()) + 1)
            marks.append(
                replace(mark, parts=(number,), left=corner[0], top=corner[1], right=end[0], bottom=end[1])
            )
    return marks
