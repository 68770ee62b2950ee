"""What can go wrong, by name. Each message is one line: what was expected, what came, what to do."""

from typing import Any


class Choices(dict[str, Any]):
    """A table by name that, asked for a name it does not hold, says which it holds: ValueError."""

    def __missing__(self, name: str) -> Any:
        raise ValueError(f"expected one of {', '.join(self)}; got {name!r}")


class HandgradError(Exception):
    """Every error that handgrad raises on purpose about files, data and runs."""


class DataError(HandgradError, ValueError):
    """A data file, an array of images or of labels is not what it should be."""


class ImageError(HandgradError, ValueError):
    """A picture cannot be read."""


class ModelFileError(HandgradError, ValueError):
    """A model file cannot be trusted: it is not ours, torn, or contradicts itself."""


class MissingExtraError(HandgradError, ImportError):
    """A feature needs an optional dependency that is not installed."""


class DivergedError(HandgradError, ArithmeticError):
    """Training left the finite numbers, or saturated so far that no gradient is left."""

    def __init__(self, what: str, epoch: int, batch: int, learning_rate: float) -> None:
        self.what, self.epoch, self.batch, self.learning_rate = what, epoch, batch, learning_rate
        super().__init__(
            f"training diverged: {what} in epoch {epoch}, batch {batch}, at learning rate "
            f"{learning_rate:g}; use a smaller learning rate"
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by message and fields, so the error crosses process boundaries whole."""
        return DivergedError, (self.what, self.epoch, self.batch, self.learning_rate)


def came_of_ctrl_c(error: BaseException | None) -> bool:
    """Whether the error is a KeyboardInterrupt, or hides one.

    Up to 3.11 Python makes a RuntimeError of one that falls into the making of an enum, and importing the
    network's modules makes hundreds.
    """
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None
