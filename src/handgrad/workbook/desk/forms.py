"""Other forms of the exercises than the lesson's functions, called as if they were those.

Layers as classes that keep their cache and their gradients; a forward that returns its output alone; a
backward with its arguments in another order, or that returns a dictionary; a loss and its gradient apart.
Only the way they are called is other: what they compute is handed on as it is.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from handgrad.workbook.desk.network_view import View
from handgrad.workbook.desk.places import CACHES, INPUTS, is_gradient, parameters, places, plain, takes

Names = dict[str, Any]
LAYERS = {
    "affine": {"affine", "linear", "dense", "fullyconnected", "fc", "affinelinear", "innerproduct"},
    "relu": {"relu", "leakyrelu", "rectifiedlinearunit"},
    "sigmoid": {"sigmoid", "logistic", "sigm"},
    "loss": {"l2", "mse", "meansquarederror", "squarederror", "quadratic", "l2loss", "mseloss", "loss"},
}
NETWORKS = {
    "net",
    "network",
    "neuralnetwork",
    "neuralnet",
    "mlp",
    "model",
    "twolayernetwork",
    "nn",
    "twolayernn",
}
GRADIENTS = (
    "l2_loss_backward", "l2_loss_grad", "l2_loss_gradient", "l2_loss_derivative", "l2_loss_prime",
    "l2_backward", "l2_grad", "l2_gradient", "dl2_loss", "d_l2_loss", "grad_l2_loss",
    "loss_backward", "loss_grad",
    "loss_gradient", "loss_derivative", "dloss", "d_loss", "mse_grad", "mse_backward", "mse_derivative",
    "mse_prime", "backward_l2_loss", "l2_loss_back",
)  # fmt: skip
CLASSES = {"affine_forward": "affine", "affine_backward": "affine", "relu_forward": "relu",
           "relu_backward": "relu", "sigmoid_forward": "sigmoid", "sigmoid_backward": "sigmoid",
           "l2_loss": "loss"}  # fmt: skip
UPSTREAM = re.compile(
    r"^(dout|d_out|dy|dz|da|dh|d|g|grad|grads?_?(out|output|y|z|a|h)?|upstream.*|delta.*|dl.*|dA|dZ|output_grad.*|out_grad.*)$"
)
OUTPUTS = re.compile(r"^(out|outputs?|y|s|sig|sigma|y_hat|result)$")
WEIGHTS, BIASES = (
    re.compile(r"^w(eights?)?\d?$", re.IGNORECASE),
    re.compile(r"^b(ias(es)?)?\d?$", re.IGNORECASE),
)


class Kept(NamedTuple):
    """What stands for a cache where the learner's forward hands none over."""

    given: dict[str, Any]  # x, W, b, out
    layer: Any = None
    cache: Any = None  # what its forward returned beside the output


# --- which there are ---------------------------------------------------------------------------------------


def found(names: Names) -> dict[str, str]:
    """The exercises that classes of a file stand for, where there is no function of that name: in words."""
    there = {}
    for exercise, kind in CLASSES.items():
        if exercise not in names and (layer := _class_of(kind, names)):
            there[exercise] = f"the layers are classes here: {layer.__name__} stands for {exercise}"
    if "TwoLayerNet" not in names and (net := network(names)):
        there["TwoLayerNet"] = f"the class is called {net.__name__} here; the lesson's is TwoLayerNet"
    return there


def function(name: str, names: Names) -> Any:
    """The learner's function or class for an exercise, to be called as the lesson's is."""
    if name == "TwoLayerNet":
        theirs = names.get(name) or network(names)
        return theirs and (lambda *sizes: View(theirs, sizes))
    own: Any = names.get(name)
    if own is None and name in CLASSES:
        kind = CLASSES[name]
        layer = _class_of(kind, names)
        if layer is None:
            return None
        if kind == "loss":
            return lambda y, labels: _loss_of_class(layer, y, labels)
        return _forward_of_class(layer) if name.endswith("forward") else _backward_of_class
    if name == "l2_loss":
        return lambda y, labels: _loss_of_two(own, names, y, labels)
    if name.endswith("_forward"):
        return lambda *args: _forward(own, args)
    if name.endswith("_backward"):
        return lambda dout, cache: _backward(name, own, dout, cache)
    return own


def _class_of(kind: str, names: Names) -> Any:
    for name, thing in names.items():
        bare = name.lower().replace("_", "").removesuffix("layer").removesuffix("activation")
        bare = bare if bare in LAYERS[kind] else bare.removesuffix("function")
        fits = bare in LAYERS[kind] and (hasattr(thing, "backward") or kind == "loss")
        if fits and inspect.isclass(thing) and not _of_package(thing):
            return thing
    return None


def network(names: Names) -> Any:
    """The class of the network in a file without TwoLayerNet; None if the file has no such class."""
    for name, thing in names.items():
        if name.lower().replace("_", "") in NETWORKS and inspect.isclass(thing) and not _of_package(thing):
            return thing if hasattr(thing, "backward") else None
    return None


def _of_package(thing: Any) -> bool:
    return str(getattr(thing, "__module__", "")).split(".")[0] in ("torch", "numpy", "handgrad")


# --- layers ------------------------------------------------------------------------------------------------


def _forward_of_class(layer: Any) -> Callable[..., Any]:
    def forward(x: Any, W: Any = None, b: Any = None) -> tuple[Any, Kept]:
        made = layer() if W is None else _made(layer, x, W, b)
        way = made.forward if hasattr(made, "forward") else made
        out = way(x, W, b) if W is not None and takes(way) >= 3 else way(x)
        out, cache = out if isinstance(out, tuple) and len(out) == 2 else (out, None)
        return out, Kept({"x": x, "W": W, "b": b, "out": out}, made, cache)

    return forward


def _made(layer: Any, x: Any, W: Any, b: Any) -> Any:
    """An affine layer with these parameters, made of them, of its sizes, or of nothing."""
    wanted = takes(layer)
    if wanted == 0:
        made = layer()
        return made if takes(made.forward if hasattr(made, "forward") else made) >= 3 else _filled(made, W, b)
    first = parameters(layer)[0]
    if WEIGHTS.match(first):
        return layer(W, b) if wanted >= 2 else _filled(layer(W), W, b)
    shared = next(size for size in W.shape if size in x.shape)
    other = W.shape[1] if W.shape[0] == shared else W.shape[0]
    return _filled(layer(int(shared), int(other)), W, b)


def _filled(made: Any, W: Any, b: Any) -> Any:
    """The layer with its own weights and bias replaced. ValueError where they have other shapes."""
    for pattern, value in ((WEIGHTS, W), (BIASES, b)):
        own = [p for p in places(made) if pattern.match(p.path.split(".")[-1])]
        if not own:
            raise ValueError(f"expected a layer with W and b of its own; {type(made).__name__} has none")
        place = own[0]
        held = place.get()
        if pattern is WEIGHTS and tuple(held.shape) != tuple(value.shape):
            raise ValueError(f"W has shape {tuple(held.shape)}; expected {tuple(value.shape)}")
        place.set(value.reshape(tuple(held.shape)))
    return made


def _backward_of_class(dout: Any, cache: Kept) -> Any:
    layer, W, b = cache.layer, cache.given["W"], cache.given["b"]
    way = layer.backward
    result = way(dout, cache.cache) if takes(way) >= 2 else way(dout)
    if W is None:
        return _single(result)
    if isinstance(result, tuple | list | dict):
        return _triple(result)
    return result, *_kept_gradients(layer, W, b)


def _kept_gradients(layer: Any, W: Any, b: Any) -> tuple[Any, Any]:
    """dW and db, which a layer keeps; db in the shape of b where the layer has it in another."""
    got: Names = {}
    for place in places(layer):
        if is_gradient(place.path):
            got.setdefault(plain(place.path), place.get())
    dW = next((got[key] for key in ("w", "weight", "weights") if key in got), None)
    db = next((got[key] for key in ("b", "bias", "biases") if key in got), None)
    own = next((p.get() for p in places(layer) if BIASES.match(p.path.split(".")[-1])), None)
    if db is not None and own is not None and tuple(own.shape) == tuple(db.shape) != tuple(b.shape):
        db = db.reshape(tuple(b.shape))
    return dW, db


def _single(result: Any) -> Any:
    if isinstance(result, dict) and len(result) == 1:
        return next(iter(result.values()))
    return result[0] if isinstance(result, tuple | list) and len(result) == 1 else result


def _triple(result: Any) -> Any:
    """dx, dW, db of a dictionary; a tuple as it is."""
    if not isinstance(result, dict):
        return result
    named = {plain(str(key)): value for key, value in result.items()}
    keys = (("x", "inputs", "input", "aprev", "prev"), ("w", "weight", "weights"), ("b", "bias", "biases"))
    return tuple(next((named[key] for key in several if key in named), None) for several in keys)


# --- functions ---------------------------------------------------------------------------------------------


def _forward(own: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    result = own(*args)
    if isinstance(result, tuple | list):
        return result
    given = dict(zip(("x", "W", "b"), (*args, None, None), strict=False))
    return result, Kept(given | {"out": result})


def _backward(name: str, own: Callable[..., Any], dout: Any, cache: Any) -> Any:
    """Its arguments by their names: the upstream gradient, a cache, or what the forward was given."""
    taken = parameters(own)
    if isinstance(cache, tuple) and not isinstance(cache, Kept) and len(cache) == len(taken) - 1 > 1:
        result = own(dout, *cache)
        return _triple(result) if name == "affine_backward" else _single(result)
    kept = cache.given if isinstance(cache, Kept) else {}
    values = []
    for i, parameter in enumerate(taken):
        if CACHES.match(parameter) and not kept:
            values.append(cache)
        elif WEIGHTS.match(parameter) and kept.get("W") is not None:
            values.append(kept["W"])
        elif BIASES.match(parameter) and kept.get("W") is not None:
            values.append(kept["b"])
        elif kept and (parameter == "x" or (i and INPUTS.match(parameter))):
            values.append(kept["x"])
        elif kept and i and OUTPUTS.match(parameter):
            values.append(kept["out"])
        elif UPSTREAM.match(parameter) or len(taken) == 1:
            values.append(dout)
        elif not kept and i == 1:
            values.append(cache)
        else:
            raise TypeError(f"expected {name}(dout, cache); it takes {', '.join(taken)}")
    result = own(*values)
    return _triple(result) if name == "affine_backward" else _single(result)


def _loss_of_two(own: Callable[..., Any], names: Names, y: Any, labels: Any) -> Any:
    value = own(y, labels)
    gradient = next((names[n] for n in GRADIENTS if callable(names.get(n))), None)
    if isinstance(value, dict):
        return tuple(value.values())
    if isinstance(value, tuple) or gradient is None:
        return value
    return value, gradient(y, labels) if takes(gradient) >= 2 else gradient()


def _loss_of_class(layer: Any, y: Any, labels: Any) -> Any:
    made = layer()
    way = made.forward if hasattr(made, "forward") else made
    value = way(y, labels)
    if isinstance(value, tuple):
        return value
    back = next(getattr(made, n) for n in ("backward", "gradient", "grad", "derivative") if hasattr(made, n))
    return value, back() if takes(back) == 0 else back(y, labels) if takes(back) > 1 else back(1.0)
