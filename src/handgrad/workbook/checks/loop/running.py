"""A run of a learner's train_model at the desk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from handgrad.arrays import NDArray
from handgrad.workbook.checks.common import FailedError, Learner

KEYS = ("W1", "b1", "W2", "b2")
SHAPE_ERRORS = ("ValueError", "RuntimeError", "IndexError")


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
    command = {
        "do": "train", "params": run.params, "data": run.data, "labels": run.labels,
        "validation_data": run.validation[0], "validation_labels": run.validation[1],
        "epochs": run.epochs, "rate": run.rate, "batch": run.batch, "record": record, "own": own,
    }  # fmt: skip
    reply = learner.desk.do(command)
    learner.raise_error(reply, "train_model")
    return reply, bool(set(reply["changed"]) & set(reply["args"]))


def shape_error(failed: FailedError) -> bool:
    """Whether what was raised may come from shapes that do not fit."""
    return failed.type in SHAPE_ERRORS
