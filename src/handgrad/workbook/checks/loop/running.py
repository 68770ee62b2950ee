"""A run of a learner's train_model at the desk."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from handgrad.arrays import NDArray
from handgrad.workbook.checks.common import FailedError, Learner
from handgrad.workbook.desk.layout import OF_KEY, RAW

KEYS = ("W1", "b1", "W2", "b2")
SHAPE_ERRORS = ("ValueError", "RuntimeError", "IndexError")
CHANGED = "the network was given more than the training data, or what it noted was changed"
AS_LARGE = 16  # a batch has at most so many times the images of the training data; more is no batch of it


@dataclass(frozen=True)
class Run:
    """What train_model is called with; None for its own default."""

    params: dict[str, NDArray]  # that the network starts from
    data: NDArray  # (N, D)
    labels: NDArray  # (N,)
    epochs: int
    rate: float | None
    batch: int | None
    validation: tuple[NDArray, NDArray]


def train(learner: Learner, run: Run, record: int = 2000, own: bool = False) -> tuple[dict[str, Any], bool]:
    """What the run did, and whether it changed the arrays handed over. FailedError where it raised.

    record: how many steps are noted; own: with the learner's network in place of the right one.
    """
    layout, classes = learner.layout, len(run.params["b2"])
    data, validation = layout.give("data", run.data), layout.give("data", run.validation[0])
    labels, others = (layout.give("labels", given, classes) for given in (run.labels, run.validation[1]))
    command = {
        "do": "train", "params": {key: layout.give(OF_KEY[key], value) for key, value in run.params.items()},
        "data": data, "labels": labels, "validation_data": validation, "validation_labels": others,
        "epochs": run.epochs, "rate": run.rate, "batch": run.batch, "record": record,
        "own": own or layout.form == RAW, "layout": asdict(layout),
    }  # fmt: skip
    reply = learner.desk.do(command)
    if "trace" not in reply and "params" not in reply:
        learner.raise_error(reply, "TwoLayerNet")
    learner.raise_error(reply, "train_model")
    _expect_notes(reply, run, record)
    return reply, bool(set(reply["changed"]) & set(reply["args"]))


def _expect_notes(reply: dict[str, Any], run: Run, record: int) -> None:
    """FailedError for notes that no loop leaves: more steps than are noted, batches beyond any of the data.

    The notes come from the learner's process, so their sizes are looked at before anything is computed.
    """
    forwards, backwards = (list(reply.get(way) or ()) for way in ("forwards", "backwards"))
    arrays = [*reply["params"].values()]
    for note in (*forwards, *backwards):
        arrays += [value for value in note.values() if isinstance(value, np.ndarray)]
        arrays += [*note["params"].values(), *note.get("grads", {}).values()]
    most = AS_LARGE * max(np.size(value) for value in (run.data, *run.params.values()))
    largest = max((np.size(array) for array in arrays), default=0)
    if max(len(forwards), len(backwards)) > record or largest > most:
        raise FailedError(f"train_model: {CHANGED}")


def shape_error(failed: FailedError) -> bool:
    """Whether what was raised may come from shapes that do not fit."""
    return failed.type in SHAPE_ERRORS
