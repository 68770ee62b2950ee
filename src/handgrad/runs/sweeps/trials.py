"""A trial: a network of a sweep is trained. What it reached is a file, named by the hash of its choices.

No clock time is stored: whoever trains it, with the same engine on the same kind of processor, writes the
same bytes.
"""

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from handgrad import __version__, engines
from handgrad.engines import Engine
from handgrad.errors import DataError, DivergedError, HandgradError
from handgrad.recipes import Recipe
from handgrad.runs import Data, start
from handgrad.runs.sweeps.plan import Trial

BEGINNING = b'{"handgrad_trial": 1,'  # of every file of a trial; the number is that of the format
FINISHED, DIVERGED = "finished", "diverged"
ENGINES = ("auto", "ink", "numpy")  # which share the cores; others take a device for themselves
RECORD = {"epoch", "loss", "train_accuracy", "validation_accuracy"}


@dataclass(frozen=True)
class Result:
    """What a trial reached. The accuracies are those of the network that its run keeps, None if it diverged.

    validation_accuracy decides between trials; test_accuracy only reports, and is None without test images.
    """

    trial: Trial
    data_checksum: str
    held_back: int
    engine: str
    ended: str  # "finished", or "diverged"
    message: str | None  # why it diverged
    epochs: list[dict[str, Any]]  # loss and accuracies after each epoch
    validation_accuracy: float | None
    test_accuracy: float | None
    handgrad_version: str = __version__

    @property
    def name(self) -> str:
        """The name of the trial, by which its file is called."""
        return name_of(self.trial, self.data_checksum, self.held_back)

    def to_bytes(self) -> bytes:
        """The file."""
        facts = {
            "trial": self.name,
            **_choices(self.trial, self.data_checksum, self.held_back),
            "engine": self.engine,
            "ended": self.ended,
            "message": self.message,
            "validation_accuracy": self.validation_accuracy,
            "test_accuracy": self.test_accuracy,
            "epochs": self.epochs,
            "handgrad_version": self.handgrad_version,
        }
        return json.dumps({"handgrad_trial": 1, **facts}, allow_nan=False).encode() + b"\n"

    @classmethod
    def from_bytes(cls, content: bytes) -> "Result":
        """The result in a file.  ValueError where the bytes are not what to_bytes wrote."""
        try:
            facts = json.loads(content)
            trial = Trial(Recipe.from_dict(facts["recipe"]), facts["seed"])
            result = cls(
                trial,
                facts["data_checksum"],
                facts["held_back"],
                facts["engine"],
                facts["ended"],
                facts["message"],
                facts["epochs"],
                facts["validation_accuracy"],
                facts["test_accuracy"],
                facts["handgrad_version"],
            )
            whole = facts["trial"] == result.name and result.to_bytes() == content
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
            whole = False
        if not whole or not _consistent(result):
            raise ValueError("expected a trial as handgrad wrote it")
        return result


def name_of(trial: Trial, data_checksum: str, held_back: int) -> str:
    """The hash of all that decides how a trial ends: its recipe and seed, the data and their split."""
    choices = json.dumps(_choices(trial, data_checksum, held_back), sort_keys=True)
    return hashlib.sha256(choices.encode()).hexdigest()[:24]


def compute(
    trial: Trial,
    data: Data,
    engine: Engine,
    go_on: Callable[[], bool] = lambda: True,
) -> Result | None:
    """Train the network of a trial; None if go_on() says no after an epoch.

    A run that diverges is a result, too. DataError for data that the recipe cannot take.
    """
    run, ended, message = start(data, trial.recipe, trial.seed, engine=engine), FINISHED, None
    try:
        for _ in run:
            if not go_on():
                return None
    except DivergedError as error:
        ended, message = DIVERGED, str(error)
    reached = run.model.accuracy if run.model is not None and ended == FINISHED else {}
    return Result(
        trial,
        data.checksum,
        data.held_back,
        engine.name,
        ended,
        message,
        list(run.model.history) if run.model is not None else [],
        reached.get("validation"),
        reached.get("test"),
    )


def expect_data(data: Data) -> None:
    """DataError for data of which nothing is held back: the validation images decide in a sweep."""
    if data.validation is None:
        raise DataError(
            "expected images held back for validation, which decides in a sweep; got none (--validation)"
        )


def engine_for(
    data: Data, name: str, hidden: int, say: Callable[[str], object] = lambda line: None
) -> Engine:
    """An engine on one thread, since the cores are shared by the trials; "auto" as runs.start takes it."""
    if name not in ENGINES:
        raise HandgradError(f"expected an engine among {', '.join(ENGINES)} for a sweep; got {name!r:.30}")
    name = name if data.images.dtype == np.uint8 or name != "auto" else "numpy"
    return engines.engine(name, threads=1, say=say, hidden=hidden)


def _choices(trial: Trial, data_checksum: str, held_back: int) -> dict[str, Any]:
    return {
        "recipe": trial.recipe.to_dict(),
        "seed": trial.seed,
        "data_checksum": data_checksum,
        "held_back": held_back,
    }


def _consistent(result: Result) -> bool:
    """Whether the figures are such as a run can end with: shares, and a record for each epoch."""
    done, recipe = len(result.epochs), result.trial.recipe
    shares = [record["validation_accuracy"] for record in result.epochs if set(record) == RECORD]
    shares += [result.validation_accuracy, result.test_accuracy]
    finished = result.ended == FINISHED and done == recipe.epochs and result.validation_accuracy is not None
    diverged = result.ended == DIVERGED and done < recipe.epochs and result.validation_accuracy is None
    return (
        (finished or diverged)
        and len(shares) == done + 2
        and all(share is None or (type(share) is float and 0 <= share <= 1) for share in shares)
        and all(type(record["loss"]) is float and math.isfinite(record["loss"]) for record in result.epochs)
    )
