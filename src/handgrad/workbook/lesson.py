"""The lesson's functions, made from the reference: a chapter imports those of earlier chapters from here.

They take NumPy or PyTorch arrays and return the same kind. Every forward returns its output and a cache.
A backward takes the upstream gradient (dout) and returns the downstream gradients (dx, dW, db).
"""

import ast
import functools
import inspect
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device

from handgrad import digits, layers, losses, network
from handgrad.arrays import PIXEL_MAX, Array
from handgrad.threads import one_blas_thread
from handgrad.workbook.blanks import blanks_of, is_blank

KEYS = network.Params._fields  # W1, b1, W2, b2
Split = tuple[Array, Array]
STANDS_IN = "__stands_in_for__"
NEEDED = {"TwoLayerNet.forward", "TwoLayerNet.backward", "train_model", "calculate_accuracy"}
STEPS = {"initial_params", "network_forward", "network_backward"}  # on the way to TwoLayerNet


def mean_images(images: Array, labels: Array) -> Array:
    """The mean image of each digit, in the units of the pixels: (N, ...), (N,) -> (10, ...)."""
    xp = array_namespace(images)
    if not xp.isdtype(images.dtype, "real floating"):
        images = xp.astype(images, xp.float64)
    return xp.stack([xp.mean(images[labels == c], axis=0) for c in range(10)])


def normalize_templates(mean_images: Array) -> Array:
    """Each mean image minus its mean, over its standard deviation: (C, ...) -> (C, ...)."""
    xp, pixels = array_namespace(mean_images), tuple(range(1, mean_images.ndim))
    centred = mean_images - xp.mean(mean_images, axis=pixels, keepdims=True)
    return centred / xp.std(mean_images, axis=pixels, keepdims=True)


def agreement(templates: Array, images: Array) -> Array:
    """sum_p template_p * image_p for each pair: (C, ...), (N, ...) -> (N, C)."""
    xp = array_namespace(templates)
    T, x = (xp.reshape(array, (array.shape[0], -1)) for array in (templates, images))
    return layers.affine_forward(xp.astype(x, T.dtype, copy=False), T)


def affine_forward(x: Array, W: Array, b: Array) -> tuple[Array, Any]:
    """out = x W^T + b.  x (N, D), W (M, D), b (M,) -> out (N, M), cache (x, W)."""
    return layers.affine_forward(x, W, b), (x, W)


def affine_backward(dout: Array, cache: Any) -> tuple[Array, Array, Array]:
    """dL/d(out) (N, M) and the cache -> dx (N, D), dW (M, D), db (M,)."""
    x, W = cache
    dx, dW, db = layers.affine_backward(dout, x, W)
    return dx, dW, db


def relu_forward(x: Array) -> tuple[Array, Any]:
    """out = max(x, 0) -> out, cache x."""
    return layers.relu_forward(x), x


def relu_backward(dout: Array, cache: Any) -> Array:
    """dL/d(out) and the cache -> dx: dout where x > 0, else 0."""
    return layers.relu_backward(dout, cache)


def sigmoid_forward(x: Array) -> tuple[Array, Any]:
    """out = 1 / (1 + exp(-x)) -> out, cache out."""
    out = layers.sigmoid_forward(x)
    return out, out


def sigmoid_backward(dout: Array, cache: Any) -> Array:
    """dL/d(out) and the cache -> dx = dout * out (1 - out)."""
    return layers.sigmoid_backward(dout, cache)


def l2_loss(y: Array, y_hat: Array) -> tuple[Array, Array]:
    """Summed over classes, averaged over images.  y (N, C), y_hat (N,) class numbers -> loss, dy (N, C)."""
    return losses.l2_loss(y, y_hat)


def numerical_gradient(f: Callable[[Array], Any], x: Array, h: float = 1e-5) -> Array:
    """The slope of f along each entry of x, by central differences.  f: array -> number; -> shaped as x."""
    xp, slopes = array_namespace(x), []
    for i in range(int(np.prod(x.shape))):
        step = np.zeros(tuple(x.shape))
        step.flat[i] = h
        step = xp.asarray(step, dtype=x.dtype, device=device(x))
        slopes.append(float(f(x + step) - f(x - step)) / (2 * h))
    return xp.reshape(xp.asarray(slopes, dtype=x.dtype, device=device(x)), tuple(x.shape))


def initial_params(
    inp_dim: int, hidden_dim: int, out_dim: int, array: Callable[[Any], Array] = np.asarray
) -> dict[str, Array]:
    """W1 (H, D) of variance 2/D, W2 (C, H) of variance 2/(H + C), b1 and b2 zero; np.random draws them.

    array converts NumPy arrays into the learner's kind.
    """
    rng = np.random.default_rng(np.random.randint(2**31))  # noqa: NPY002 (the learners' randomness)
    drawn = network.init_params(inp_dim, hidden_dim, out_dim, rng)
    return network.map_params(array, drawn)._asdict()


def network_forward(params: dict[str, Array], x: Array) -> tuple[Array, Any]:
    """affine, relu, affine, sigmoid.  params W1, b1, W2, b2; x (N, D) -> out (N, C), the layers' caches."""
    params = _as_images(params, x)
    a, cache_1 = affine_forward(x, params["W1"], params["b1"])  # (N, H)
    h, cache_relu = relu_forward(a)  # (N, H)
    z, cache_2 = affine_forward(h, params["W2"], params["b2"])  # (N, C)
    out, cache_sigmoid = sigmoid_forward(z)  # (N, C)
    return out, (cache_1, cache_relu, cache_2, cache_sigmoid)


def network_backward(dout: Array, cache: Any) -> dict[str, Array]:
    """dL/d(out) (N, C) and the cache of network_forward -> the gradients of W1, b1, W2 and b2."""
    cache_1, cache_relu, cache_2, cache_sigmoid = cache
    dh, dW2, db2 = affine_backward(sigmoid_backward(dout, cache_sigmoid), cache_2)
    _, dW1, db1 = affine_backward(relu_backward(dh, cache_relu), cache_1)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}


class TwoLayerNet:
    """affine, relu, affine, sigmoid, with params and grads as dictionaries: W1, b1, W2, b2.

    The parameters begin as NumPy arrays and become what the images are (library, float type) at the first
    forward. np.random draws them, so np.random.seed makes them reproducible.
    """

    def __init__(self, inp_dim: int, hidden_dim: int, out_dim: int) -> None:
        self.params = initial_params(inp_dim, hidden_dim, out_dim)
        self.grads: dict[str, Array] = {}

    def forward(self, x: Array) -> tuple[Array, Any]:
        """x (N, D) -> out (N, C), cache."""
        self.params = _as_images(self.params, x)
        cache = network.forward(network.Params(**self.params), x)
        return cache.y, cache

    def backward(self, dout: Array, cache: Any) -> None:
        """dL/d(out) (N, C) and the cache of forward: fills self.grads."""
        self.grads = network.backward(network.Params(**self.params), cache, dout)._asdict()


def calculate_accuracy(model: Any, input_data: Array, labels: Array) -> float:
    """The share of the images whose label is the class with the largest output, 0 to 1."""
    out, _ = model.forward(input_data)
    xp = array_namespace(out)
    return int(xp.count_nonzero(xp.argmax(out, axis=1) == labels)) / int(labels.shape[0])


@one_blas_thread()
def train_model(
    model: Any, train_data: Array, train_labels: Array, validation_data: Array, validation_labels: Array,
    n_epochs: int, learning_rate: float = 1e-3, batch_size: int = 16,
) -> None:  # fmt: skip
    """Mini-batch gradient descent on a TwoLayerNet, shuffled each epoch; prints the validation accuracy."""
    N = int(train_data.shape[0])
    for epoch in range(1, n_epochs + 1):
        order = np.random.permutation(N)  # noqa: NPY002 (as in TwoLayerNet)
        for start in range(0, N, batch_size):
            rows = order[start : start + batch_size]
            out, cache = model.forward(train_data[rows])
            model.backward(l2_loss(out, train_labels[rows])[1], cache)
            for key in KEYS:
                model.params[key] = model.params[key] - learning_rate * model.grads[key]
        accuracy = calculate_accuracy(model, validation_data, validation_labels)
        print(f"epoch {epoch}: validation accuracy {accuracy:.4f}")  # noqa: T201 (the layout asks for it)


def contributions(params: dict[str, Array], x: Array, digit: int) -> tuple[Array, Array]:
    """What each hidden unit adds to the score of a digit.  x (D,) one image -> parts (H,), bias ()."""
    held = network.Params(**_as_images(params, x))
    return held.W2[digit, :] * network.forward(held, x[None, :]).h[0, :], held.b2[digit]


def strongest_units(parts: Array, count: int = 6) -> Array:
    """The positions of the largest contributions, for or against, the largest first: (H,) -> (count,)."""
    xp = array_namespace(parts)
    return xp.argsort(-xp.abs(parts), stable=True)[:count]


def softmax_cross_entropy(z: Array, labels: Array) -> tuple[Array, Array]:
    """-log of the right class's share, averaged over images.  z (N, C), labels (N,) -> loss, dz (N, C)."""
    return losses.cross_entropy_loss(z, labels)


def momentum_step(
    param: Array, grad: Array, velocity: Array, learning_rate: float, keep: float = 0.9
) -> tuple[Array, Array]:
    """velocity <- keep velocity + grad, param <- param - learning_rate velocity -> param, velocity."""
    velocity = keep * velocity + grad
    return param - learning_rate * velocity, velocity


def better_recipe() -> dict[str, Any]:
    """Choices for handgrad.recipes.Recipe that reach chapter 9's target within its budget."""
    return {"loss": "cross_entropy", "learning_rate": 0.4, "schedule": "linear", "warmup": 0.1, "epochs": 3}


def _as_images(params: dict[str, Array], x: Array) -> dict[str, Array]:
    """The parameters as the images are: library, float type, device; themselves where they are so already."""
    xp = array_namespace(x)
    if array_namespace(params["W1"]) is xp:
        return params
    return {key: xp.asarray(value, dtype=x.dtype, device=device(x)) for key, value in params.items()}


# --- what the chapters need besides -----------------------------------------------------------------------


def mnist(array: Callable[[Any], Array] = np.asarray) -> tuple[Split, Split]:
    """(x, labels), (test_x, test_labels) of MNIST: x (N, 784) float32 in 0..1, labels (N,) int64.

    array converts a NumPy array into the learner's kind: np.array, torch.tensor.
    """

    def split(images: Any, labels: Any) -> Split:
        x = images.reshape(len(images), -1).astype(np.float32) / np.float32(PIXEL_MAX)
        return array(x), array(labels.astype(np.int64))

    train, test = digits.load_mnist()
    return split(*train), split(*test)


def seed(number: int) -> None:
    """Seed the random numbers of NumPy, and of PyTorch if it is imported."""
    np.random.seed(number)  # noqa: NPY002 (what learners' code draws from)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(number)


def yours_or_ours(yours: Any) -> Any:
    """The lesson's piece while the exercise is blank: for notebooks that were handed out with this import.

    Today's chapters use that of handgrad.workbook, which replaces wrong pieces too.
    """
    return stand_in(yours) if still_blank(yours) else yours


def stand_in(yours: Any) -> Any:
    """The lesson's piece under the learner's name; learners gives back what it stands in for."""
    ours = globals()[yours.__name__]
    kept = {"__wrapped__": yours, STANDS_IN: yours}
    if inspect.isclass(ours):
        return type(ours.__name__, (ours,), kept | {"__module__": yours.__module__, "__doc__": ours.__doc__})
    array = getattr(yours, "__globals__", {}).get("array")
    if ours is initial_params and callable(array):  # no argument shows which arrays the chapter works with
        ours = functools.partial(ours, array=lambda p: array(p.astype(np.float32)))
    piece = functools.wraps(yours)(lambda *arguments, **named: ours(*arguments, **named))
    vars(piece).update(kept)
    return piece


def learners(thing: Any) -> Any:
    """What a stand-in stands in for; any other thing as it is."""
    return getattr(thing, "__dict__", {}).get(STANDS_IN, thing)


def still_blank(thing: Any) -> bool:
    """Whether a function, or the forward and backward of a class, is still blank.

    A class is judged by its methods: the source of a whole class cannot be found in a notebook.
    """
    thing = inspect.unwrap(thing)
    methods = [vars(thing)[name] for name in ("forward", "backward") if name in vars(thing)]
    try:
        sources = [textwrap.dedent(inspect.getsource(part)) for part in methods or [thing]]
        return all(is_blank(ast.parse(source).body[0]) for source in sources)
    except (OSError, TypeError, SyntaxError):  # without source it was not written in this notebook: not blank
        return False


def expect_done(file: str) -> None:
    """Say which exercises of a program's file are still blank; end the program if it cannot train without."""
    with open(file, "rb") as opened:
        found = blanks_of(opened.read())
    blank = [name for name in found if name in NEEDED or (name in globals() and name not in STEPS)]
    told = f"not done yet: {', '.join(blank)}"
    if not NEEDED.isdisjoint(blank):
        raise SystemExit(told)
    if blank:  # a network may be written without them
        sys.stderr.write(f"{told}\n")
