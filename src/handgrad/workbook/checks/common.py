"""Shared by the checks: calling a learner's functions, and turning their results into a verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import numpy as np

from handgrad.arrays import NDArray
from handgrad.workbook.checks.guesses import Finding, Truth, explain, first_difference, narrowed, same
from handgrad.workbook.checks.mistakes import MISTAKES
from handgrad.workbook.checks.verdict import Verdict
from handgrad.workbook.desk.layout import LESSON, OF_KEY, ROLES

Caches = dict[str, Sequence[Any]]
SLOW = 0.02  # seconds for a small batch, which arrays do in a millisecond
TOO_SLOW = "right, but slow: loops over single numbers, where arrays do it all at once"


class DeskLike(Protocol):
    """A desk in this process or in another."""

    def do(self, command: dict[str, Any]) -> dict[str, Any]:
        """Carry out one command -> its reply."""

    def reset(self) -> None:
        """Forget all objects."""


class FailedError(Exception):
    """A learner's function raised an exception or returned something unusable."""

    def __init__(self, words: str, type_: str = "", number: int | None = None) -> None:
        super().__init__(words)
        self.type, self.number = type_, number


@dataclass
class Reply:
    """The result of a call."""

    value: dict[str, Any]
    changed: set[int]  # watched handles whose numbers are no longer what they were
    args: list[int]
    warnings: list[str]
    seconds: float
    seen: list[str]  # the types of the arrays that a function of FUNCTIONS was called with
    shapes: list[list[int]]  # and their shapes

    def numbers(self) -> NDArray | None:
        """The value as an array; None if it is not an array."""
        return numbers(self.value)

    def items(self, expected: int, names: str, number: int | None = None) -> list[dict[str, Any]]:
        """The value as a tuple of this many results. FailedError if it has another number."""
        items: list[dict[str, Any]] = self.value.get("items", [])
        if self.value["type"] not in ("tuple", "list") or len(items) != expected:
            got = f"{len(items)} things" if items else what(self.value)
            raise FailedError(f"expected it to return {names}; got {got}", number=number)
        return items


def numbers(value: dict[str, Any]) -> NDArray | None:
    """The numbers of a described value, or None."""
    array = value.get("array")
    return np.asarray(array, float) if array is not None else None


def what(value: dict[str, Any]) -> str:
    """A described value in words."""
    if value["is"] == "none":
        return "None"
    if "array" in value:
        return f"one array of shape {value['array'].shape}" if value["is"] != "number" else "one number"
    return f"a {value['type']}"


class Learner:
    """A learner's functions at a desk."""

    def __init__(
        self,
        desk: DeskLike,
        present: dict[str, str],
        blank_methods: Sequence[str] = (),
        caches: Caches | None = None,
    ) -> None:
        """caches: how each backward reads its cache, as a form and names (submission.Submission.caches)."""
        self.desk, self.present, self.blank_methods = desk, present, tuple(blank_methods)
        self.caches = caches or {}
        self.right: set[str] = set()  # the exercises that are known to be right
        self.forms: dict[str, str] = {}  # exercises that classes of the learner's stand for: in words
        self.layout = LESSON  # in which it is judged; arrays go out and come back in the lesson's

    def has(self, name: str) -> bool:
        """Whether a function is there and not blank."""
        return self.present.get(name) == "done"

    def ask(self, command: dict[str, Any], who: str) -> Reply:
        """One command that runs the learner's code. FailedError where it raises."""
        reply = self.desk.do(command)
        self.raise_error(reply, who)
        return Reply(
            reply["value"], set(reply["changed"]), reply.get("args", []), reply["warnings"], reply["seconds"],
            reply.get("seen", []), reply.get("shapes", []),
        )  # fmt: skip

    @staticmethod
    def raise_error(reply: dict[str, Any], who: str) -> None:
        """FailedError, with the learner's line, where a reply tells of an exception."""
        if error := reply.get("error"):
            where = f" in {error['where']}" if error.get("where") else ""
            code = f": {error['code']}" if error.get("code") else ""
            message = f"{who} raised {error['type']}{where}{code}\n{error['type']}: {error['message']}"
            raise FailedError(message, error["type"])

    def call(self, name: str, *args: Any) -> Reply:
        """Call a function of the learner's."""
        given = self._given(name, args)
        return self._taken(name, self.ask({"do": "call", "name": name, "args": given}, name))

    def method(self, of: int, name: str, *args: Any, who: str = "") -> Reply:
        """Call a method of an object on the desk."""
        command = {"do": "call", "of": of, "method": name, "args": self._given(name, args)}
        return self._taken(name, self.ask(command, who or name))

    def attribute(self, of: int, name: str) -> dict[str, Any]:
        """An attribute of an object on the desk, described."""
        return self.ask({"do": "attribute", "of": of, "name": name}, name).value

    def signature(self, name: str) -> list[str]:
        """The names of a function's parameters; [] where they are not known."""
        names: list[str] = self.desk.do({"do": "signature", "name": name}).get("names", [])
        return names

    def parameter(self, key: str, value: dict[str, Any]) -> NDArray | None:
        """The numbers of a described W1, b1, W2 or b2, or of its gradient, in the lesson's layout."""
        array = numbers(value)
        return None if array is None else self.layout.take(OF_KEY[key], array)

    def model(self, params: dict[str, NDArray]) -> int:
        """The handle of a right network with these parameters, in the layout."""
        held = {key: self.layout.give(OF_KEY[key], value) for key, value in params.items()}
        command = {"do": "model", "params": held, "layout": asdict(self.layout)}
        handle: int = self.ask(command, "model").value["handle"]
        return handle

    def _given(self, name: str, args: Sequence[Any]) -> list[Any]:
        """Arguments as the learner's function takes them; only arrays are turned."""
        roles, _ = ROLES.get(name, ((), ()))
        roles = (*roles, *[""] * len(args))
        classes = next((a.shape[1] for a in args if isinstance(a, np.ndarray) and a.ndim == 2), 0)
        return [
            self.layout.give(role, arg, classes) if role and isinstance(arg, np.ndarray) else arg
            for role, arg in zip(roles, args, strict=False)
        ]

    def _taken(self, name: str, reply: Reply) -> Reply:
        """A result as the lesson lays it out; only arrays are turned."""
        _, roles = ROLES.get(name, ((), ()))
        if self.layout == LESSON or not roles:
            return reply
        value = reply.value
        if items := value.get("items"):
            turned = [self._turned(role, item) for role, item in zip(roles, items, strict=False)]
            return replace(reply, value=value | {"items": turned + items[len(roles) :]})
        return replace(reply, value=self._turned(roles[0], value))

    def _turned(self, role: str, value: dict[str, Any]) -> dict[str, Any]:
        if not role or value.get("array") is None:
            return value
        return value | {"array": self.layout.take(role, np.asarray(value["array"]))}


Results = dict[str, NDArray | None]  # by letter


def judge(
    name: str,
    answers: Sequence[Results],
    truths: Sequence[dict[str, Truth]],
    changed: bool = False,
    remarks: Sequence[str] = (),
    alternatives: Callable[[], Verdict | None] = lambda: None,
) -> Verdict:
    """From answers and truths, case by case, to a verdict. The first case is the one that is shown."""
    letters = list(truths[0])
    wrong = [
        of for of in letters
        if not all(same(a.get(of), t[of].value) for a, t in zip(answers, truths, strict=True))
    ]  # fmt: skip
    if not wrong:
        if changed:
            return Verdict(name, False, MISTAKES[21].sentence, mistake=21, remarks=tuple(remarks))
        return Verdict(name, True, remarks=tuple(dict.fromkeys(remarks)))
    findings = {of: explain([a.get(of) for a in answers], [t[of] for t in truths], of) for of in wrong}
    if not any(f.fitting for f in findings.values()) and (other := alternatives()):
        return other
    number, message = _together(findings, changed)
    shapes = [
        f"{of}: shape {got.shape}, expected {truths[0][of].value.shape}"
        for of in wrong
        if (got := answers[0].get(of)) is not None and got.shape != truths[0][of].value.shape
    ]
    if number:  # else the message says so already
        message = "\n".join([message, *shapes])
    shown = next(
        i
        for i, (a, t) in enumerate(zip(answers, truths, strict=True))
        if not same(a.get(wrong[0]), t[wrong[0]].value)
    )  # fmt: skip
    entry = first_difference(answers[shown].get(wrong[0]), truths[shown][wrong[0]], wrong[0])
    pictures = tuple(
        (of, truths[shown][of].value, got) for of in wrong if (got := answers[shown].get(of)) is not None
    )
    return Verdict(
        name, False, message, mistake=number, entry=entry, remarks=tuple(remarks), pictures=pictures
    )


def _together(findings: dict[str, Finding], changed: bool) -> tuple[int | None, str]:
    """One mistake for all wrong results, where one explains them; else what is known of each."""
    named = [set(f.fitting) for f in findings.values() if f.fitting]
    if not named:
        words = "\n".join(f"{of}: {f.words}" for of, f in findings.items())
        return (21, f"{MISTAKES[21].sentence}\n{words}") if changed else (None, words)
    common = narrowed(set.intersection(*named)) if len(named) == len(findings) else set()
    found = {of: f.only(common or narrowed(set(f.fitting))) for of, f in findings.items()}
    lines = [f"{of}: {f.words}" for of, f in found.items()]
    if len(common) == 1:
        said = {f.words for f in found.values()}
        number = common.pop()
        return number, f"{', '.join(found)}: {said.pop() if len(said) == 1 else MISTAKES[number].sentence}"
    if common:
        names = " or ".join(f"{MISTAKES[n].name} ({n})" for n in sorted(common))
        lines.insert(0, f"these explain it equally well: {names}; the numbers alone cannot tell them apart")
        return None, "\n".join(lines)
    single = [next(iter(f.fitting)) for f in found.values() if len(f.fitting) == 1]
    if len(findings) > 1:
        lines.insert(0, "more than one thing is wrong:")
    return (single[0] if single else None), "\n".join(lines)
