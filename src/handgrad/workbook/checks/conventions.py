"""Other layouts than the lesson's: which of them a file may be written in, and what is said in one.

An exercise that is not right in the lesson's layout is judged in others. Which others, and which verdict
counts, is decided by what else the file holds: a backward by its forward, a loop by its network.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product

from handgrad.workbook.checks import leaky
from handgrad.workbook.checks.common import Learner
from handgrad.workbook.checks.layers import way_back_of_weights
from handgrad.workbook.checks.mistakes import MISTAKES
from handgrad.workbook.checks.network_layout import NetworkLayout
from handgrad.workbook.checks.told import told
from handgrad.workbook.checks.verdict import Verdict
from handgrad.workbook.desk.desk import GoneError
from handgrad.workbook.desk.layout import COLUMN, LESSON, OWN, RAW, ROW, Layout
from handgrad.workbook.desk.places import is_cache

Judge = Callable[[str, Layout], Verdict]
AFFINE = (
    Layout(columns=True, bias=COLUMN), Layout(columns=True), Layout(transposed=True),
    Layout(transposed=True, bias=ROW), Layout(columns=True, transposed=True, bias=COLUMN),
    Layout(columns=True, transposed=True),
)  # fmt: skip
LOSS = (Layout(columns=True), Layout(one_hot=True), Layout(columns=True, one_hot=True))
NUMBERED = {
    "y_hat",
    "yhat",
    "label",
    "labels",
    "y_label",
    "y_labels",
    "digit",
    "digits",
    "classes",
    "numbers",
}
ONE_HOT = re.compile(r"one.?hot|to_categorical|binariz", re.IGNORECASE)
FORMS = {  # what is said of a piece that is called otherwise than the lesson's
    **{f"{n}_forward": "forward returns its output alone here; the lesson's returns a cache too"
       for n in ("affine", "relu", "sigmoid")},
    **{f"{n}_backward": "backward is called in a way of its own here; the lesson's takes dout and a cache"
       for n in ("affine", "relu", "sigmoid")},
    "l2_loss": "the loss and its gradient are two functions here; the lesson's l2_loss returns both",
    "TwoLayerNet": "the network keeps its parameters, or is called, in a way of its own; the lesson's has "
                   "params, grads, forward(x) -> out, cache and backward(dout, cache)",
    "calculate_accuracy": "the network's forward returns its output alone here; the lesson's a cache too",
    "train_model": "the network is called in a way of its own here; the lesson's forward returns out, cache",
}  # fmt: skip


class Conventions:
    """What is known of the layouts of one file, while its exercises are judged one after the other."""

    def __init__(self, learner: Learner, judge: Judge, kinds: Sequence[str], source: str = "") -> None:
        """judge: the verdict on an exercise in a layout; source: what the learner has written, if known."""
        self._learner, self._judge, self._source = learner, judge, source
        self._network_layout = NetworkLayout(learner, kinds)
        self._either_way: set[str] = set()
        self._slopes_seen: tuple[float | None, float | None] | None = None
        self._known: dict[tuple[str, Layout], Verdict] = {}
        self._layouts: dict[str, Layout | None] = {}  # of the exercises that show theirs

    def verdict(self, name: str) -> Verdict:
        """The verdict on an exercise, in whichever layout it is written."""
        self._layouts.setdefault(name, None)  # not known while it is being looked for
        layouts, lesson_too, first = self._begin(name)
        if not first.done or (first.passed and lesson_too and not _borrowed(first)):
            self._layouts[name] = None if name == "TwoLayerNet" and layouts else LESSON
            return first
        tried: list[tuple[Layout, Verdict]] = []
        right = self._right(name, layouts, first if lesson_too else None, tried)
        if not right and not first.passed and self._called_otherwise(name, [first, *(v for _, v in tried)]):
            right = self._right(
                name, self._in_own_form(name, layouts, lesson_too), first if lesson_too else None, tried
            )
        if right:
            return right
        if (
            first.passed and lesson_too
        ):  # with lent pieces a network may be right in two layouts: in which, is open
            self._layouts[name] = None if name in self._either_way else LESSON
            return first
        if disagreement := self._disagree(name, first):
            return disagreement
        layout, verdict = self._most_telling(name, first, tried, lesson_too)
        self._layouts[name] = layout if verdict.mistake else None
        return told(verdict, layout)

    def _begin(self, name: str) -> tuple[list[Layout], bool, Verdict]:
        """The layouts to try, whether the lesson's counts, and what is said in that."""
        if name not in self._learner.forms:
            layouts, lesson_too = self._candidates(name)
            return layouts, lesson_too, self._in(name, LESSON)
        self._network_layout.form = OWN
        try:
            layouts, lesson_too = self._candidates(name)
        finally:
            self._network_layout.form = ""
        every = [LESSON, *layouts] if lesson_too else layouts
        own = [replace(layout, form=OWN) for layout in every]
        return own, False, Verdict(name, False, self._learner.forms[name])

    def _right(
        self, name: str, layouts: Sequence[Layout], first: Verdict | None, tried: list[tuple[Layout, Verdict]]
    ) -> Verdict | None:
        """The verdict of the first layout in which the exercise is right; those of the others go to tried.

        first: what is said in the lesson's layout, where that counts.
        """
        for layout in layouts:
            verdict = self._in(name, layout)
            if verdict.passed and self._fits(name, layout):
                if not (first and first.passed and _borrowed(verdict)):
                    self._layouts[name] = layout
                    return replace(verdict, convention=self._said(name, layout))
                self._either_way |= {name} if _borrowed(first) else set()
            if not verdict.passed:
                tried.append((layout, verdict))
        return None

    def _said(self, name: str, layout: Layout) -> str:
        """The convention in words."""
        form = self._learner.forms.get(name, FORMS.get(name, "") if layout.form else "")
        return ". ".join(part for part in (form, str(layout)) if part)

    def _called_otherwise(self, name: str, verdicts: Sequence[Verdict]) -> bool:
        """Whether a piece may be there, but is called otherwise than the lesson's."""
        if name not in FORMS:
            return False
        if name.endswith("_backward"):
            names = self._learner.signature(name)
            if names and (len(names) != 2 or is_cache(names[0])):
                return True
        said = ("TypeError", "AttributeError", "expected it to return", "params")
        shows = any(v.mistake in (24, 39) or any(words in v.message for words in said) for v in verdicts)
        return shows or any(layout.form for layout in self._layouts.values() if layout)

    def _in_own_form(self, name: str, layouts: Sequence[Layout], lesson_too: bool) -> list[Layout]:
        """The layouts that a piece may have that is called in a way of its own."""
        if name == "TwoLayerNet":
            self._network_layout.form = OWN
            try:
                layouts, lesson_too = self._candidates(name)
            finally:
                self._network_layout.form = ""
        every = list(dict.fromkeys([LESSON, *layouts] if lesson_too else layouts))
        own = [replace(layout, form=OWN) for layout in every]
        return own + [replace(layout, form=RAW) for layout in every if name == "train_model"]

    def _in(self, name: str, layout: Layout) -> Verdict:
        """The verdict in a layout, each worked out once."""
        if (name, layout) not in self._known:
            self._learner.layout = layout
            try:
                self._known[name, layout] = self._judge(name, layout)
            finally:
                self._learner.layout = LESSON
        return self._known[name, layout]

    def _asked(self, name: str, layout: Layout) -> Verdict:
        """As evidence only. What the exercise borrows is not settled yet, so this is not kept."""
        try:
            return self._in(name, layout)
        except GoneError:  # it will be told of that exercise itself
            return Verdict(name, False)
        finally:
            self._known.pop((name, layout), None)

    def _layout(self, name: str) -> Layout | None:
        """The layout in which an exercise of the file is written; None if that is not known."""
        if name not in self._layouts and self._learner.has(name):
            self.verdict(name)
        return self._layouts.get(name)

    # --- which layouts ---------------------------------------------------------------------------------

    def _candidates(self, name: str) -> tuple[list[Layout], bool]:
        """The layouts to try, the likeliest first, and whether the lesson's is one that counts."""
        match name:
            case "affine_forward":
                return list(AFFINE), True
            case "affine_backward":
                theirs = self._layout("affine_forward")
                return ([theirs], theirs == LESSON) if theirs else (list(AFFINE), True)
            case "relu_forward" | "relu_backward":
                return self._of_relu(name)
            case "sigmoid_backward":
                return [Layout(columns=True)], True
            case "l2_loss":
                return list(LOSS), True
            case "TwoLayerNet":
                return self._network_layout.of_network()
            case "calculate_accuracy" | "train_model":
                return self._of_loop()
        return [], True

    def _of_relu(self, name: str) -> tuple[list[Layout], bool]:
        """A leaky relu has the slope of forward, and of backward alone where there is no forward."""
        columns = [Layout(columns=True)] if name == "relu_backward" else []
        out, back = self._slopes()
        slope = out if self._learner.has("relu_forward") else back
        if slope and leaky.is_leaky(slope):
            return [Layout(slope=slope)], name == "relu_forward" or back == 0
        return columns, True

    def _slopes(self) -> tuple[float | None, float | None]:
        """Of relu below 0, on the way out and on the way back; None where it does not show."""
        if self._slopes_seen is None:
            looks = (("relu_forward", leaky.of_forward), ("relu_backward", leaky.of_backward))
            out, back = (self._seen(name, look) for name, look in looks)
            self._slopes_seen = out, back
        return self._slopes_seen

    def _seen(self, name: str, look: Callable[[Learner], float | None]) -> float | None:
        """What a look at a piece shows: nothing, where it hangs or ends the process."""
        if not self._learner.has(name):
            return None
        try:
            self._network_layout.use("float64")
            return look(self._learner)
        except GoneError:
            return None

    def _disagree(self, name: str, first: Verdict) -> Verdict | None:
        """Of two slopes that do not agree: what is said of the one that is to blame."""
        if name not in ("relu_forward", "relu_backward") or first.mistake not in (None, 43):
            return None
        out, back = self._slopes()
        if out is None or back is None or out == back or not (leaky.is_leaky(out) or leaky.is_leaky(back)):
            return None
        if back >= 1 or out >= 1:  # the mask is missing
            return None
        words = f"{MISTAKES[43].sentence}: relu has slope {out:.4g} below 0 on the way out"
        words = f"{words}, and {back:.4g} on the way back; the lesson's has slope 0 on both"
        return replace(first, message=words, mistake=43, entry=None, pictures=())

    def _of_loop(self) -> tuple[list[Layout], bool]:
        """Of what works with a network: its layout, with the data handed over either way."""
        nets = [self._network()] if self._network() else [LESSON, Layout(columns=True, bias=COLUMN)]
        every = [
            replace(net, data_columns=data, one_hot=hot)
            for net, hot, data in product(nets, (False, True), (False, True))
            if net is not None
        ]
        every.sort(key=lambda layout: (layout.one_hot, layout.columns != layout.data_columns))
        return [layout for layout in every if layout != LESSON], LESSON in every

    def _network(self) -> Layout | None:
        """The layout of the file's network; None where it has none that shows it."""
        if not self._learner.has("TwoLayerNet"):
            return None
        if known := self._layouts.get("TwoLayerNet"):
            return replace(known, form="")
        if "network" not in self._layouts:
            layouts, lesson_too = self._network_layout.of_network()
            every = [LESSON, *layouts] if lesson_too else layouts
            shows = len(every) == 1 and self._network_layout.parameters() is not None
            self._layouts["network"] = every[0] if shows else None
        return self._layouts["network"]

    def _leaning(self) -> Layout | None:
        """The layout of the file's layers or network."""
        return self._layout("affine_forward") or self._network()

    # --- which verdict ---------------------------------------------------------------------------------

    def _fits(self, name: str, layout: Layout) -> bool:
        """Whether a layout in which an exercise is right is one, and no mistake that looks like one."""
        if name.endswith("_forward") and layout.form and name not in self._learner.forms:
            return self._keeps_no_cache(name)
        if name == "relu_forward" and layout.slope:
            has_back = self._learner.has("relu_backward")
            return self._slopes()[1] != 0 if has_back else self._network_is_leaky(layout.slope)
        if name == "affine_forward" and layout.transposed:
            return self._throughout(layout)
        if name == "l2_loss" and layout.one_hot:
            leaning = self._leaning()
            turned = layout.columns and leaning is not None and not leaning.columns
            return not turned and self._one_hot_meant()
        if name == "calculate_accuracy" and layout.columns and layout.data_columns:
            leaning = self._leaning() or self._layout("l2_loss")
            return leaning is not None and leaning.columns
        if name == "train_model" and layout.one_hot:
            loss = self._layout("l2_loss")
            return bool(loss and loss.one_hot) or bool(ONE_HOT.search(self._source))
        return True

    def _keeps_no_cache(self, forward: str) -> bool:
        """Whether the file's way back asks a forward that returns its output alone for no cache."""
        backward = forward.replace("forward", "backward")
        if not self._learner.has(backward):
            return self._learner.has("TwoLayerNet")
        names = self._learner.signature(backward)
        return len(names) != 2 or not any(map(is_cache, names))

    def _network_is_leaky(self, slope: float) -> bool:
        if not self._learner.has("TwoLayerNet"):
            return False
        return any(layout.slope == slope for layout in self._network_layout.of_network()[0])

    def _throughout(self, layout: Layout) -> bool:
        """Whether W is (in, out) in the file's network too, or on the way back at least as much as not."""
        network = self._network_layout.parameters() if self._learner.has("TwoLayerNet") else None
        if network is not None:
            return network.transposed == layout.transposed
        if not self._learner.has("affine_backward"):
            return False
        self._network_layout.use("float64")
        lesson, turned = way_back_of_weights(self._learner, layout.columns)
        return turned > 0 and turned >= lesson

    def _one_hot_meant(self) -> bool:
        """Whether the loss of a file is meant to be given one-hot labels: as its loop and accuracy use it."""
        has = self._learner.has
        layouts, lesson_too = self._of_loop()
        every = [LESSON, *layouts] if lesson_too else layouts
        counts = has("calculate_accuracy")
        right = [lay for lay in every if counts and self._asked("calculate_accuracy", lay).passed]
        numbers_only = False
        for layout in every:
            if has("train_model") and not layout.one_hot:
                verdict = self._asked("train_model", layout)
                if verdict.passed and not _borrowed(verdict):
                    return True
                numbers_only |= verdict.passed and bool(right or not counts)
        if right and all(layout.one_hot for layout in right):
            return True
        if numbers_only:  # the loop is right with the lesson's loss
            return False
        if ONE_HOT.search(self._source):
            return True
        names = self._learner.signature("l2_loss")
        return len(names) > 1 and names[1].lower() not in NUMBERED

    def _most_telling(
        self, name: str, first: Verdict, tried: Sequence[tuple[Layout, Verdict]], lesson_too: bool
    ) -> tuple[Layout, Verdict]:
        """The lesson's layout, unless it is not the file's, or only another one tells a mistake."""
        named = [(layout, v) for layout, v in tried if v.mistake]
        smooth = [(layout, v) for layout, v in named if not _raised(v)]
        if not lesson_too and tried:
            return (smooth or named or list(tried))[0]
        if not tried or (first.mistake and not _raised(first)):
            return LESSON, first
        leaning = self._leaning()
        likely = [(layout, v) for layout, v in smooth or named if self._likely(name, layout, leaning)]
        shown = leaning is not None and (leaning.columns or leaning.transposed)
        for layout, verdict in likely:
            if not first.mistake or shown or layout.one_hot:
                return layout, verdict
        called = [(layout, v) for layout, v in tried if layout.form and not _raised(v)]
        return called[0] if called and not first.mistake else (LESSON, first)

    def _likely(self, name: str, layout: Layout, leaning: Layout | None) -> bool:
        """Whether a layout in which a mistake is told agrees with the rest of the file."""
        if layout.one_hot:
            if name == "l2_loss":
                return (leaning is None or leaning.columns == layout.columns) and self._one_hot_meant()
            loss = self._layout("l2_loss")
            if not ((loss and loss.one_hot) or ONE_HOT.search(self._source)):
                return False
        return leaning is None or (
            leaning.columns == layout.columns and leaning.transposed == layout.transposed
        )


def _borrowed(verdict: Verdict) -> bool:
    """Whether pieces of the lesson's stood in for wrong ones."""
    return any("stood in" in remark for remark in verdict.remarks)


def _raised(verdict: Verdict) -> bool:
    return " raised " in verdict.message
