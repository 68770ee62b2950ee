"""What an export says of its network's accuracy: measured on MNIST's test images, if it learnt from MNIST."""

from collections.abc import Callable
from typing import NamedTuple

from handgrad.arrays import NDArray
from handgrad.model import MNIST, Model


class Measured(NamedTuple):
    """Accuracy, the share of right answers, and on what it was measured."""

    accuracy: float
    images: int | None  # their number, if it is known
    on: str
    is_mnist: bool


def learnt_mnist(model: Model) -> bool:
    """Whether the model, or the one that its run began with, has learnt from MNIST's training images."""
    return model.plane == (28, 28) and MNIST in (model.data_checksum, model.began)


def on_mnist(model: Model, scores: Callable[[NDArray], NDArray]) -> Measured:
    """The accuracy on MNIST's test images of something that gives outputs (N, C) in the model's order."""
    from handgrad.digits import load_mnist

    _, (images, labels) = load_mnist()
    answers = scores(images).argmax(axis=1)
    right = sum(
        str(model.classes[answer]) == str(label) for answer, label in zip(answers, labels, strict=True)
    )
    return Measured(right / len(labels), len(labels), "MNIST's test images", True)


def measured(model: Model) -> Measured | None:
    """The accuracy on MNIST's test images of a model that has learnt from MNIST; of others what their run
    measured, on test images or else on those that it held back; None if neither is known."""
    if learnt_mnist(model):
        return on_mnist(model, model.scores)
    if "test" in model.accuracy:
        return Measured(model.accuracy["test"], None, "the test images of its run", False)
    if "validation" in model.accuracy:
        return Measured(
            model.accuracy["validation"], model.held_back, "the images that its run held back", False
        )
    return None
