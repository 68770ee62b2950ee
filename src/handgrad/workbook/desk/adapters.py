"""The lesson's pieces in a learner's layout: what is lent to code that lays its arrays out otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from handgrad import layers
from handgrad.workbook.desk.layout import LESSON, ROLES, Layout


def lent(name: str, layout: Layout) -> Any:
    """The lesson's function of this name, as code in this layout calls it."""
    from handgrad.workbook import lesson

    function = getattr(lesson, name)
    if layout.slope and name.startswith("relu"):  # elementwise, so that rows or columns are the same to it
        return leaky_forward(layout.slope) if name == "relu_forward" else leaky_backward(layout.slope)
    if name == "calculate_accuracy" and layout.columns:
        return _accuracy_of_columns
    plain = name not in ROLES or (layout == LESSON and name != "l2_loss")  # labels may always be one-hot
    return function if plain else _in(function, layout)


def _accuracy_of_columns(model: Any, input_data: Any, labels: Any) -> float:
    """The share of right answers of a network whose images stand in columns."""
    answers = model.forward(input_data)[0].argmax(0)
    labels = labels.argmax(0) if len(labels.shape) > 1 else labels
    return int((answers == labels).sum()) / int(labels.shape[0])


def leaky_forward(slope: float) -> Callable[..., Any]:
    """relu_forward with a slope below 0."""
    return lambda x: (layers.leaky_relu_forward(x, slope), x)


def leaky_backward(slope: float) -> Callable[..., Any]:
    """relu_backward with a slope below 0."""
    return lambda dout, cache: layers.leaky_relu_backward(dout, cache, slope)


def _in(function: Callable[..., Any], layout: Layout) -> Callable[..., Any]:
    roles, results = ROLES[function.__name__]

    def adapted(*args: Any) -> Any:
        given = [
            _taken(role, arg, layout) for role, arg in zip((*roles, *[""] * len(args)), args, strict=False)
        ]
        returned = function(*given)
        if not results or not isinstance(returned, tuple):
            return layout.give(results[0], returned) if results else returned
        turned = (
            layout.give(role, one) if role else one for role, one in zip(results, returned, strict=False)
        )
        return (*turned, *returned[len(results) :])

    return adapted


def _taken(role: str, argument: Any, layout: Layout) -> Any:
    """An argument in the lesson's layout. Labels may be one-hot or numbers: their shape shows it."""
    if role == "labels":
        if len(argument.shape) < 2:
            return argument
        return argument.argmax(0 if layout.columns else 1)
    return layout.take(role, argument) if role and hasattr(argument, "shape") else argument
