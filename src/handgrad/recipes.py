"""A recipe: every choice that a training run makes, as one plain value that a model file records."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from handgrad.arrays import Array, NDArray
from handgrad.errors import Pieces, name_of, names_own, quoted
from handgrad.layers import ACTIVATIONS
from handgrad.losses import LOSSES
from handgrad.optimizers import OPTIMIZERS, Memory, Moved

SCHEDULES = Pieces({  # t runs from 0 (at the peak) towards 1 (the end of the run)
    "constant": lambda t: np.ones_like(t),
    "linear": lambda t: 1 - t,
    "cosine": lambda t: (1 + np.cos(np.pi * t)) / 2,
})  # fmt: skip


# Each choice is a name of its table, or a function of your own with the signature of the table's entries.
Activation = str | tuple[Callable[[Array], Array], Callable[[Array, Array], Array], str]
Loss = str | Callable[[Array, Array], tuple[Array, Array]] | tuple[Callable[..., tuple[Array, Array]], str]
Optimizer = str | Callable[[Array, Array, Memory, float, int], Moved]
Schedule = str | Callable[[NDArray], NDArray | float]
PIECES = {"activation": ACTIVATIONS, "loss": LOSSES, "optimizer": OPTIMIZERS, "schedule": SCHEDULES}


def learning_rates(schedule: Schedule, peak: float, steps: range, total: int, warmup: float = 0.0) -> NDArray:
    """The learning rate of some of a run's steps (0 to total - 1): a straight rise to the peak, then the
    schedule.

    warmup is the share of all steps that the rise takes, 0 to 1. With "cosine" and a warm-up this is
    the one-cycle policy (Smith and Topin 2018). ValueError where a schedule does not give each t a factor.
    """
    step, rise = np.array(steps), round(warmup * total)
    t = np.maximum(step - rise, 0) / max(total - rise, 1)
    down = np.asarray(SCHEDULES[schedule](t))
    if down.shape not in ((), t.shape):
        given = f"expected the schedule to give a factor for each t, shape {t.shape}"
        raise ValueError(f"{given}; got shape {down.shape}")
    rates: NDArray = peak * np.where(step < rise, (step + 1) / max(rise, 1), down)
    return rates


CHOICES = {
    "activation": tuple(ACTIVATIONS),
    "loss": tuple(LOSSES),
    "init": ("random", "templates"),
    "output_bias": ("zero", "prior"),
    "optimizer": tuple(OPTIMIZERS),
    "schedule": tuple(SCHEDULES),
}


MOST = 1_000_000_000
LATER = {"distortion", "averaging"}  # choices that the first model files do not name


@dataclass(frozen=True)
class Distortion:
    """How far runs.augment distorts images; each number is drawn evenly between minus and plus what
    stands here. The defaults are those of recipe best. ValueError names the part that cannot be.
    """

    rotation: float = 13.0  # degrees
    scale: float = 0.15  # share of the size, across and down each on its own
    shear: float = 0.15  # pixels across for each pixel down
    shift: float = 1.0  # pixels, across and down
    elastic: float = 20.0  # pixels for smoothed noise of 1: the noise is even, from -1 to 1,
    sigma: float = 4.0  # pixels: and smoothed by a Gaussian of this width
    thickness: float = 0.0  # of strokes: the share of the way to the 3 x 3 dilation, or to the erosion

    def __post_init__(self) -> None:
        for name, low, high in (
            ("rotation", 0, 180),
            ("scale", 0, 0.9),
            ("shear", 0, 2),
            ("shift", 0, 1000),
            ("elastic", 0, 1000),
            ("sigma", 0.5, 100),
            ("thickness", 0, 1),
        ):
            _expect_number(f"the distortion's {name}", getattr(self, name), low, high)


@dataclass(frozen=True)
class Recipe:
    """The choices; the defaults are the lesson's. ValueError names the choice that cannot be.

    activation, loss, optimizer and schedule may be functions of your own (docs/own_pieces.md).
    """

    hidden: int = 64  # H, the number of hidden units
    activation: Activation = "relu"
    bias: bool = True
    init: str = "random"  # or "templates": start from the mean images (20 hidden units at least)
    output_bias: str = "zero"  # or "prior": b2 such that each output starts at 1/C, not at 1/2
    loss: Loss = "l2"
    optimizer: Optimizer = "sgd"
    learning_rate: float = 0.1  # at its peak
    schedule: Schedule = "constant"
    warmup: float = 0.0  # share of all steps, 0 to 1
    batch_size: int = 16
    epochs: int = 10
    distortion: Distortion | None = None  # each epoch learns from images distorted anew
    averaging: float = 0.0  # of the weights: how much of their running average stays, epoch by epoch

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            value, pieces = getattr(self, name), PIECES.get(name)
            own = pieces is not None and (names_own(value) or value in pieces)
            if not own and (not isinstance(value, str) or value not in allowed):
                or_own = f", or {pieces.form}" if pieces is not None and not isinstance(value, str) else ""
                raise ValueError(
                    f"expected {name} to be one of {', '.join(allowed)}{or_own}; got {quoted(value)}"
                )
        for name in ("hidden", "batch_size", "epochs"):
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= MOST:
                raise ValueError(
                    f"expected {name} to be a whole number, 1 to {MOST:,}; got {quoted(value, 30)}"
                )
        if type(self.bias) is not bool:
            raise ValueError(f"expected bias to be true or false; got {quoted(self.bias)}")
        for name, high in (("learning_rate", 1e300), ("warmup", 1.0), ("averaging", 0.9999)):
            _expect_number(name, getattr(self, name), 0, high)
        if self.distortion is not None and type(self.distortion) is not Distortion:
            raise ValueError(
                f"expected distortion to be a Distortion or none; got {quoted(self.distortion, 30)}"
            )
        if self.init == "templates" and self.hidden < 20:
            raise ValueError(f"init 'templates' needs 20 or more hidden units; got hidden {self.hidden}")

    def learning_rates(self, steps: range, total: int) -> NDArray:
        """The learning rate of some of the run's steps, which are total in all."""
        return learning_rates(self.schedule, self.learning_rate, steps, total, self.warmup)

    @property
    def own(self) -> dict[str, str]:
        """The choices that are functions of your own, by their names: {"loss": "own: my_loss"}."""
        names = {choice: name_of(getattr(self, choice)) for choice in PIECES}
        return {choice: name for choice, name in names.items() if names_own(name)}

    def to_dict(self) -> dict[str, object]:
        """The recipe as plain values, for JSON; of functions of your own the names ("own: my_loss")."""
        return asdict(self) | self.own

    @classmethod
    def from_dict(cls, values: object) -> "Recipe":
        """The recipe of a dictionary that to_dict wrote. ValueError where it is not one.

        A function that it only names must be put in its place before the recipe can be followed.
        """
        names = {field.name for field in fields(cls)}
        if not isinstance(values, dict) or set(values) | LATER != names:
            raise ValueError(f"expected a recipe with exactly {', '.join(sorted(names))}")
        distortion = values.get("distortion")
        if isinstance(distortion, dict):
            if unknown := set(distortion) - {field.name for field in fields(Distortion)}:
                raise ValueError(f"expected the parts of a distortion; got {', '.join(sorted(unknown))}")
            distortion = Distortion(**distortion)
        return cls(**{**values, "distortion": distortion})


def _expect_number(name: str, value: Any, low: float, high: float) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        raise ValueError(f"expected {name} to be a number, {low:g} to {high:g}; got {quoted(value, 30)}")


RECIPES = {
    "lesson": Recipe(learning_rate=0.5, epochs=5),
    "quick": Recipe(
        hidden=256,
        output_bias="prior",
        learning_rate=1.5,
        schedule="linear",
        warmup=0.15,
        batch_size=32,
        epochs=6,
    ),
    "best": Recipe(
        hidden=2496,
        output_bias="prior",
        learning_rate=4.0,
        schedule="linear",
        warmup=0.05,
        batch_size=128,
        epochs=300,
        distortion=Distortion(),
    ),
}
