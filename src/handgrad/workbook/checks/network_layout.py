"""The layout that a file's network shows: by the shapes of its parameters, and of what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from handgrad.workbook.checks import leaky
from handgrad.workbook.checks.common import FailedError, Learner, numbers
from handgrad.workbook.desk.layout import COLUMN, FLAT, LESSON, ROW, Layout

LOOKED_AT = (4, 6, 5, 3)  # N, D, H, C of a network whose layout is looked at


class NetworkLayout:
    """What is seen of a learner's network. form: in which its pieces are called."""

    def __init__(self, learner: Learner, kinds: Sequence[str]) -> None:
        self._learner, self._kind, self.form = learner, kinds[0], ""

    def of_network(self) -> tuple[list[Layout], bool]:
        """The layout that a network shows by the shapes of its parameters and of what it answers."""
        layouts, lesson_too = self._by_shapes()
        slopes = [self._leaky(layout) for layout in [LESSON, *layouts]]
        if any(slopes):
            return [
                replace(lay, slope=s) for lay, s in zip([LESSON, *layouts], slopes, strict=True) if s
            ], False
        return layouts, lesson_too

    def _leaky(self, layout: Layout) -> float:
        """The slope of a network's hidden units below 0 if they are leaky; else 0."""
        self._learner.layout = layout
        try:
            self.use("float64")
            slope = leaky.of_network(self._learner)
        finally:
            self._learner.layout = LESSON
        return slope if slope and leaky.is_leaky(slope) else 0.0

    def _by_shapes(self) -> tuple[list[Layout], bool]:
        """Of the network's layout, what shapes show."""
        parameters = self.parameters()
        if parameters is None:
            return [], True
        columns = self._way_of_images(parameters)
        if columns is None:
            both = [parameters, replace(parameters, columns=True)]
            return [layout for layout in both if layout != LESSON], parameters == LESSON
        theirs = replace(parameters, columns=columns)
        return ([], True) if theirs == LESSON else ([theirs], False)

    def parameters(self) -> Layout | None:
        """How the learner's network lays out its parameters; None where they have other shapes."""
        _, D, H, C = LOOKED_AT
        try:
            self.use("float64")
            net = self._learner.call("TwoLayerNet", D, H, C).value["handle"]
            held = self._learner.attribute(net, "params")
            shapes = {
                key: getattr(numbers(item), "shape", ())
                for key, item in zip(held.get("keys", ()), held.get("items", ()), strict=False)
            }
        except FailedError:
            return None
        weights = shapes.get("W1"), shapes.get("W2")
        biases = shapes.get("b1"), shapes.get("b2")
        for layout in (
            Layout(transposed=turned, bias=bias)
            for turned, bias in product((False, True), (FLAT, COLUMN, ROW))
        ):
            flat = (np.zeros(H), np.zeros(C))
            if weights == (((D, H), (H, C)) if layout.transposed else ((H, D), (C, H))) and biases == tuple(
                layout.give("bias", b).shape for b in flat
            ):
                return layout
        return None

    def _way_of_images(self, parameters: Layout) -> bool | None:
        """Whether the network takes images as columns; None where it takes neither."""
        N, D, H, C = LOOKED_AT
        for columns, dtype in product((False, True), ("float64", "float32")):
            x = np.ones((D, N) if columns else (N, D))
            try:
                self.use(dtype)
                net = self._learner.call("TwoLayerNet", D, H, C).value["handle"]
                reply = self._learner.method(net, "forward", x, who="forward")
            except FailedError:
                continue
            out = numbers((reply.value.get("items") or [reply.value])[0])
            if out is not None and out.shape == ((C, N) if columns else (N, C)):
                return columns
        return None

    def use(self, dtype: str) -> None:
        """Begin afresh, with floats of this type; for pieces that hang, the lesson's."""
        self._learner.desk.reset()
        self._learner.desk.do({"do": "use", "kind": self._kind, "dtype": dtype, "form": self.form})
        if late := [name for name, state in self._learner.present.items() if state == "late"]:
            self._learner.desk.do({"do": "borrow", "names": late})
