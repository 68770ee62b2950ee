"""What a desk tells of the files that were handed in: checked, since a liar may tell it, and put in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from handgrad.workbook.desk.leaves import ARRAYS
from handgrad.workbook.desk.submission import CHAPTERS, NAMES, Source

STATES = ("done", "blank", "unreadable", "failed", "late", "lacking")
STEPS = ("initial_params", "network_forward", "network_backward")  # of TwoLayerNet, which needs none of them
GROUPS = (CHAPTERS[1], ("numerical_gradient",), STEPS, CHAPTERS[8], CHAPTERS[9])  # asked for with one of them
CHAPTER = re.compile(
    r"(?:^|[/\\])([1-9])_(?:templates|layers|nonlinearities|loss|backward|network|training|inside|beyond)\b"
)
ASKED = re.compile(r"\b(?:check|yours_or_ours)\((\w+)\)")  # a chapter's own cells
DEFINED = re.compile(r"\b(?:def|class) +(\w+)")
OTHER_NAMES = {
    "affine_forward": ("affine", "linear", "linear_forward", "dense_forward", "fc_forward", "forward_affine"),
    "affine_backward": ("linear_backward", "dense_backward", "fc_backward", "backward_affine", "affine_grad"),
    "relu_forward": ("relu", "ReLU", "forward_relu"),
    "relu_backward": ("relu_derivative", "relu_prime", "relu_grad", "d_relu", "drelu", "backward_relu"),
    "sigmoid_forward": ("sigmoid", "Sigmoid", "forward_sigmoid", "logistic"),
    "sigmoid_backward": ("sigmoid_derivative", "sigmoid_prime", "sigmoid_grad", "d_sigmoid", "dsigmoid"),
    "l2_loss": ("loss", "mse", "mse_loss", "l2", "loss_function", "squared_loss", "compute_loss", "loss_fn"),
    "calculate_accuracy": ("accuracy", "get_accuracy", "compute_accuracy", "calc_accuracy", "evaluate"),
    "train_model": ("train", "fit", "training", "train_network", "train_loop", "training_loop"),
    "TwoLayerNet": ("Net", "Network", "NeuralNetwork", "NeuralNet", "MLP", "Model", "TwoLayerNetwork"),
    "numerical_gradient": ("numeric_gradient", "num_grad", "numerical_grad", "eval_numerical_gradient"),
    "mean_images": ("mean_image", "get_mean_images", "class_means"),
    "normalize_templates": ("normalise_templates", "normalize", "normalise"),
    "agreement": ("agreements", "scores", "similarity"),
}
MOST = 10


@dataclass(frozen=True)
class HandedIn:
    """The exercises of the files: in which state, from which file, and what is known of each."""

    present: dict[str, str]
    files: dict[str, str]
    others: dict[str, tuple[str, ...]]
    kinds_of: dict[str, tuple[str, ...]]
    caches: dict[str, Any]
    blank_methods: tuple[str, ...]
    methods: tuple[str, ...]
    reasons: dict[str, str]
    lost: dict[str, tuple[str, ...]]
    broken: tuple[str, ...]
    classes: tuple[str, ...]
    functions: tuple[str, ...]
    forms: dict[str, str]  # classes that stand for exercises of which there is no function: in words
    failure: str | None

    def missing(self, name: str) -> str:
        """What is said of an exercise that is not there: what was found that may be meant by it."""
        alike = self._alike(name)
        found = f"; found {' and '.join(alike)}" if alike else ""
        return f"not done yet: there is no {name}{found}"

    def nothing(self, asked: Sequence[str]) -> str:
        """What is said of all exercises where none is there: what was found instead."""
        found = []
        if self.classes:
            found.append(f"{'class' if len(self.classes) == 1 else 'classes'} {_listed(self.classes)}")
        if self.functions:
            found.append(
                f"{'function' if len(self.functions) == 1 else 'functions'} {_listed(self.functions)}"
            )
        what = " and ".join(found) or "no function and no class"
        return f"not done yet: found {what}; expected {', '.join(asked)}"

    def _alike(self, name: str) -> list[str]:
        there = [n for n in (*self.functions, *self.classes) if n not in NAMES]
        plain = {_plain(n): n for n in there}
        wanted = [name, *OTHER_NAMES.get(name, ())]
        same = [plain[_plain(other)] for other in wanted if _plain(other) in plain]
        close = [plain[n] for n in get_close_matches(_plain(name), plain, n=2, cutoff=0.85)]
        return list(dict.fromkeys([*same, *close]))[:2]


def handed_in(reply: dict[str, Any]) -> HandedIn:
    """The reply to load, checked. KeyError, TypeError, ValueError or AttributeError if it makes no sense."""
    present = {name: reply["present"][name] for name in NAMES if name in reply["present"]}
    if not set(present.values()) <= set(STATES):
        raise ValueError("expected states of exercises")
    failure = reply["failure"]
    return HandedIn(
        present,
        {name: str(reply["files"][name]) for name in present},
        {name: _texts(reply["others"][name]) for name in present},
        {name: _kinds(reply["kinds_of"][name]) for name in present},
        {name: reply["caches"][name] for name in present if name in reply["caches"]},
        _texts(reply["blank_methods"]), _texts(reply["methods"]),
        {name: str(text) for name, text in reply["reasons"].items() if name in present},
        {name: _texts(texts) for name, texts in reply["lost"].items() if name in present},
        _texts(reply["broken"]) + _texts(reply["unread"]),
        _texts(reply["classes"]), _texts(reply["functions"]),
        {name: str(words) for name, words in reply["forms"].items() if name in present},
        None if failure is None else str(failure),
    )  # fmt: skip


def taken(facts: HandedIn, name: str, reply: dict[str, Any]) -> HandedIn:
    """The facts after an exercise was taken from another file."""
    caches = {n: cache for n, cache in facts.caches.items() if n != name}
    changed = facts.__dict__ | {
        "files": facts.files | {name: str(reply["file"])},
        "kinds_of": facts.kinds_of | {name: _kinds(reply["kinds"])},
        "caches": caches | ({name: reply["cache"]} if reply["cache"] else {}),
    }
    if name == "TwoLayerNet":
        changed["blank_methods"] = _texts(reply["blank_methods"])
    return HandedIn(**changed)


def asked_for(present: dict[str, str], sources: Sequence[Source] = ()) -> list[str]:
    """The exercises that belong in what was handed in.

    A chapter of the workbook is judged by its own, a folder of chapters by those of all; any other file by
    the layout. What is there beyond that is asked for too.
    """
    chapters = set[int]()
    for source in sources:
        held = set(DEFINED.findall(source.text)) & set(NAMES)
        if number := CHAPTER.search(source.name):
            chapters.add(int(number[1]))
        elif asked := set(ASKED.findall(source.text)) & held:
            chapters |= {number for number, names in CHAPTERS.items() if asked & set(names)}
        elif held:
            return _layout(present)
    wanted = {name for number in chapters for name in CHAPTERS.get(number, ())} - _needless(present)
    return [n for n in NAMES if n in wanted or present.get(n) == "done"] if wanted else _layout(present)


def _layout(present: dict[str, str]) -> list[str]:
    optional = {n for group in GROUPS if not any(n in present for n in group) for n in group}
    optional |= _needless(present)
    return [n for n in NAMES if n not in optional]


def _needless(present: dict[str, str]) -> set[str]:
    """The steps to a network that was written in one piece: they may stay blank."""
    return {n for n in STEPS if present.get("TwoLayerNet") == "done" and present.get(n) != "done"}


def _kinds(given: Any) -> tuple[str, ...]:
    return tuple(kind for kind in _texts(given) if kind in ARRAYS) or ("numpy",)


def _texts(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list | tuple) or not all(isinstance(text, str) for text in given):
        raise TypeError("expected a list of texts")
    return tuple(given)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return ", ".join(names[:MOST]) + more


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
