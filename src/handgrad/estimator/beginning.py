"""What a fit begins with: random weights, the templates, or weights that are there already."""

import math
from typing import Any

import numpy as np

from handgrad import templates
from handgrad.arrays import NDArray, real_numbers
from handgrad.estimator.rows import Rows, as_x
from handgrad.model import Model
from handgrad.network import Params, init_params, map_params


def has_weights(init: Any) -> bool:
    """Whether init brings weights of its own: Params, a Model, or a fitted classifier."""
    return not isinstance(init, str)


def params(estimator: Any, train: Rows, rng: np.random.Generator) -> Params:
    """The parameters that a classifier's init asks for, in float64, for x times the classifier's scale_.

    train: the rows, of which templates are made. ValueError for an init that cannot be.
    """
    init, D, C = estimator.init, train.X.shape[1], len(estimator.classes_)
    name = init if isinstance(init, str) else None
    if name == "he":
        begun = init_params(D, estimator.hidden, C, rng, estimator.bias)
    elif name == "templates":
        if estimator.hidden < 2 * C:
            needed = f"init 'templates' needs two hidden units for each of {C} classes"
            raise ValueError(f"{needed}; got hidden {estimator.hidden}")
        x = as_x(train.X, np.dtype(np.float64)) * estimator.scale_
        made = templates.weighted(x, train.numbers, train.weights, C)
        begun = templates.init_from(made, estimator.hidden, rng, estimator.bias)
    elif isinstance(init, Params):
        begun = map_params(_as_float64, init)
    elif isinstance(init, Model) or hasattr(init, "params_"):
        begun = _of_model(init, estimator.classes_, rng)
    else:
        expected = "expected init to be 'he', 'templates', Params, a Model or a fitted TwoLayerClassifier"
        raise ValueError(f"{expected}; got {init!r:.60}")
    if begun.W1 is None or begun.W2 is None:
        raise ValueError("expected init with W1 and W2; got None")
    if begun.W1.ndim != 2 or begun.W1.shape[1] != D or begun.W2.shape != (C, len(begun.W1)):
        got = f"W1 {begun.W1.shape} and W2 {begun.W2.shape}"
        raise ValueError(f"expected init with W1 (H, {D}) and W2 ({C}, H), as X and y have; got {got}")
    if (begun.b1 is None) != (begun.b2 is None):
        raise ValueError("expected init with both biases, or None for both; got a single one")
    for bias, W in ((begun.b1, begun.W1), (begun.b2, begun.W2)):
        if bias is not None and bias.shape != W.shape[:1]:
            raise ValueError(f"expected init with a bias of shape {W.shape[:1]}; got {bias.shape}")
    if not has_weights(init) and estimator.loss == "l2" and begun.b2 is not None and C > 2:
        begun.b2[:] = -math.log(C - 1)  # each output begins at 1/C (runs.initial_params)
    return begun


def _as_float64(p: Any) -> NDArray:
    return real_numbers("init with parameters", p).astype(np.float64)


def _of_model(model: Any, classes: NDArray, rng: np.random.Generator) -> Params:
    """A model's weights; with a new last layer where its classes are not those of the data."""
    params = model.params if isinstance(model, Model) else model.params_
    begun = map_params(lambda p: np.array(p, np.float64), params)
    known = list(model.classes if isinstance(model, Model) else model.classes_.tolist())
    wanted = classes.tolist()
    if set(wanted) <= set(known):
        at = [known.index(c) for c in wanted]
        return begun._replace(W2=begun.W2[at], b2=None if begun.b2 is None else begun.b2[at])
    H, D = begun.W1.shape
    fresh = init_params(D, H, len(wanted), rng, begun.b1 is not None)
    return begun._replace(W2=fresh.W2, b2=fresh.b2)
