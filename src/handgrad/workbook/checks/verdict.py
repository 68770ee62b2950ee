"""The verdict on one exercise: passed or not, which mistake, one entry to follow by hand."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from handgrad.arrays import NDArray
from handgrad.workbook.checks.mistakes import MISTAKES

MOST_WRITTEN = 60  # cells of a heat map that also show their numbers
RIGHT, WRONG, NOT_DONE = "right", "wrong", "not done"
UNREADABLE, NOT_RUN, LATE = "could not be read", "could not be run here", "ran out of time"
STATES = (RIGHT, WRONG, NOT_DONE, UNREADABLE, NOT_RUN, LATE)


@dataclass(frozen=True)
class Entry:
    """One number of a result, to be followed by hand."""

    index: tuple[int, ...]
    got: float | None
    expected: float
    of: str = ""  # the letter of the result: dW
    sum: str = ""  # the terms that make it up, with their numbers

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; non-finite numbers become null."""
        got = self.got if self.got is not None and np.isfinite(self.got) else None
        index = list(self.index)
        return {"index": index, "got": got, "expected": self.expected, "of": self.of, "sum": self.sum}

    def __str__(self) -> str:
        where = f"{self.of}[{', '.join(map(str, self.index))}]" if self.index else self.of
        got = "nothing" if self.got is None else f"{self.got + 0.0:.6g}"
        sums = f" = {self.sum}" if self.sum else ""
        return f"{where}: got {got}, expected {self.expected:.6g}{sums}"


@dataclass(frozen=True)
class Verdict:
    """What is said of one exercise."""

    name: str
    passed: bool
    message: str = ""
    state: str = ""  # one of STATES; "" for right or wrong, as passed says
    mistake: int | None = None
    entry: Entry | None = None
    remarks: tuple[str, ...] = ()
    convention: str = ""  # a right answer in another layout than the lesson's: which, in one sentence
    pictures: tuple[tuple[str, NDArray, NDArray], ...] = field(default=(), repr=False, compare=False)
    # each: the letter of a result, what it should be, what came

    def __post_init__(self) -> None:
        if self.state in ("", RIGHT, WRONG):
            object.__setattr__(self, "state", RIGHT if self.passed else WRONG)
        elif self.passed or self.state not in STATES:
            raise ValueError(f"expected one of {', '.join(STATES)}, passed only if right; got {self.state!r}")

    @property
    def done(self) -> bool:
        """Whether there was anything to judge."""
        return self.state != NOT_DONE

    @property
    def title(self) -> str:
        """The mistake's short name, or ""."""
        return MISTAKES[self.mistake].name if self.mistake else ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "name": self.name,
            "passed": self.passed,
            "state": self.state,
            "done": self.done,
            "mistake": self.mistake,
            "title": self.title or None,
            "message": self.message,
            "entry": self.entry.to_dict() if self.entry else None,
            "remarks": list(self.remarks),
            "convention": self.convention or None,
        }

    def __str__(self) -> str:
        number = f" (mistake {self.mistake}, {self.title})" if self.mistake else ""
        lines = [f"{self.name}: {self.state}{number}"]
        lines += [f"    {line}" for line in self.message.split("\n") if line]
        lines += [f"    {self.entry}"] if self.entry else []
        lines += [f"    {self.convention}"] if self.convention else []
        return "\n".join(lines + [f"    remark: {remark}" for remark in self.remarks])

    def _repr_html_(self) -> str:
        colour = "#1a7f5a" if self.passed else "#b3541e" if self.done else "#777"
        text = html.escape(str(self)).replace("\n", "<br>").replace("    ", "&nbsp;&nbsp;")
        style = f"border-left: 4px solid {colour}; padding-left: 0.8em"
        return f'<div style="{style}">{text}{self._heat_maps()}</div>'

    def _heat_maps(self) -> str:
        """Right, yours and the difference of each wrong result, as one picture; "" without matplotlib."""
        shown = [
            (of, want, got) for of, want, got in self.pictures if want.ndim in (1, 2) and want.size < 4000
        ]
        if not shown:
            return ""
        try:
            from matplotlib.figure import Figure
        except ImportError:
            return (
                "<br><small>pip install 'handgrad[plot]' draws right, yours and their difference here</small>"
            )
        figure = Figure(figsize=(7, 1.9 * len(shown)), layout="constrained")
        axes = figure.subplots(len(shown), 3, squeeze=False)
        for row, (of, want, got) in zip(axes, shown, strict=True):
            same = got.shape == want.shape
            top = float(np.nanmax(np.abs(np.where(np.isfinite(want), want, 0)), initial=1e-12))
            pictures = (
                want,
                got if got.ndim in (1, 2) else np.atleast_1d(got).ravel(),
                got - want if same else None,
            )
            for axis, title, picture in zip(
                row, (f"{of}, right", f"{of}, yours", "difference"), pictures, strict=True
            ):
                axis.set_title(title, fontsize=9)
                axis.tick_params(labelsize=7)
                if picture is None:
                    axis.axis("off")
                    axis.text(
                        0.5, 0.5, f"{got.shape}\nis not\n{want.shape}", ha="center", va="center", fontsize=9
                    )
                    continue
                cells = np.atleast_2d(picture)
                axis.imshow(cells, cmap="PuOr", vmin=-top, vmax=top, aspect="auto")
                axis.set_xticks(range(cells.shape[1]), [])
                axis.set_yticks(range(cells.shape[0]), [])
                for (i, j), number in np.ndenumerate(cells) if cells.size <= MOST_WRITTEN else ():
                    pale = not abs(number) > 0.6 * top
                    axis.text(
                        j,
                        i,
                        f"{number:.3g}",
                        ha="center",
                        va="center",
                        fontsize=8,
                        color="k" if pale else "w",
                    )
        page = io.BytesIO()
        figure.savefig(page, format="png", dpi=100)
        data = base64.b64encode(page.getvalue()).decode()
        return f'<br><img alt="right, yours and the difference" src="data:image/png;base64,{data}">'


def table(verdicts: Sequence[Verdict]) -> str:
    """All verdicts as text, and how many are right."""
    right = sum(verdict.passed for verdict in verdicts)
    if len(verdicts) > 1 and len(said := {(v.message, v.done) for v in verdicts}) == 1 and not right:
        message, done = said.pop()
        if done and message:  # of the file as a whole
            return f"{message}\n0 of {len(verdicts)} right"
    return "\n".join([*map(str, verdicts), f"{right} of {len(verdicts)} right"])
