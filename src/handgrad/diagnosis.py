"""Whether training can go on, and whether gradients are the slopes of what they are said to be."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from array_api_compat import is_jax_array, to_device

from handgrad.arrays import Array, NDArray, array_namespace, as_input, device, is_array_api_obj
from handgrad.errors import OWN, Choice, name_of
from handgrad.layers import ACTIVATIONS
from handgrad.losses import LOSSES
from handgrad.network import Params, forward, init_params, loss_and_gradients, map_params

FLAT = 1e-4  # y (1 - y), the slope of the sigmoid: below this next to nothing flows back through it
SMALL = 1e-4  # the norm below which a gradient is so small that its absolute error counts


@np.errstate(over="ignore", invalid="ignore")  # non-finite values are checked below and reported
def failure(
    params: Params, images: Array, labels: Array, activation: Choice = "relu", loss: Choice = "l2"
) -> str | None:
    """Why training cannot go on from these parameters, in a few words; None where it can.

    Either a parameter or a score is not finite; or, with a loss that reads the outputs y (as the L2 loss
    does), every output for every image is at 0 or 1 while most answers are wrong: the slope of the sigmoid
    is 0 there, no gradient comes back, and nothing will ever change. images (N, ...) and labels (N,) as for
    training; the first 100 are tried.
    """
    few = slice(0, min(100, labels.shape[0]))
    images, labels = images[few, ...], labels[few]
    xp = array_namespace(params.W1)
    if not all(p is None or bool(xp.all(xp.isfinite(p))) for p in params):
        return "a parameter is not finite"
    _, _, _, z, y = forward(params, as_input(images, params.W1.dtype), activation)
    if not bool(xp.all(xp.isfinite(z))):
        return "a score is not finite"
    if LOSSES[loss][1] == "y":
        wrong = int(xp.count_nonzero(xp.argmax(z, axis=1) != labels))
        if wrong > labels.shape[0] / 2 and bool(xp.all(y * (1 - y) < FLAT)):
            return "every output is saturated at 0 or 1, where no gradient is left,"
    return None


@dataclass(frozen=True)
class Compared:
    """A gradient beside the slopes that were measured. The numbers are of the entry that differs most."""

    name: str  # "grad_W1"
    of: str  # "the network", or the name of the function
    index: tuple[int, ...]
    got: float
    expected: float
    error: float  # norm of the difference over the norm of the slopes
    entries: int  # that were compared
    left_out: int  # entries within reach of a kink, where a difference quotient is not the slope
    problem: str = ""  # why nothing could be compared

    def __str__(self) -> str:
        if self.problem:
            return f"{self.name} of {self.of}: {self.problem}"
        where = f"{self.name}[{', '.join(map(str, self.index))}] of {self.of}"
        return f"{where}: got {self.got:.8g}, expected {self.expected:.8g} (relative error {self.error:.1e})"


@dataclass(frozen=True, repr=False)
class GradientCheck:
    """What check_gradients found; true where every gradient is right."""

    compared: tuple[Compared, ...]  # the pieces by themselves, then the network
    bound: float  # on the relative errors

    @property
    def passed(self) -> bool:
        """Whether every gradient agrees with the slopes."""
        return all(each.error < self.bound for each in self.compared)

    @property
    def worst(self) -> Compared:
        """The gradient with the largest relative error."""
        return max(self.compared, key=lambda each: math.inf if math.isnan(each.error) else each.error)

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        wrong = [str(each) for each in self.compared if not each.error < self.bound]
        if wrong:
            text = f"{len(wrong)} of {len(self.compared)} gradients are wrong: {'; '.join(wrong)}"
        else:
            text = f"{len(self.compared)} gradients are right; the largest difference is in {self.worst}"
        left_out = sum(each.left_out for each in self.compared)
        return text + (f"; {left_out} entries within reach of a kink are left out" if left_out else "")

    __repr__ = __str__


def check_gradients(
    loss: Choice | None = None,
    activation: Choice | None = None,
    params: Params | None = None,
    x: Array | None = None,
    labels: Array | None = None,
    rng: np.random.Generator | None = None,
    step: float = 1e-5,
    bound: float = 1e-6,
    most: int = 200,
) -> GradientCheck:
    """Compare gradients with central differences in float64: (L(p + step) - L(p - step)) / (2 step).

    loss, activation: names, or functions of your own as a Recipe takes them. Without params each that is
    given is checked by itself at random points; where they are right, then a small random network with them
    (the L2 loss and relu where one is not given). With params only the network is checked, at these
    parameters; x (N, ...) and labels (N,) are the batch, random where they are not given.

    A gradient passes where the norm of the difference is less than bound times the norm of the slopes. Of
    large arrays `most` entries are compared, drawn by rng. Entries whose difference quotient lies across a
    kink are left out, and counted. Where x or params are arrays of another namespace, the functions get
    arrays of it. ValueError for functions that do not return what they should.
    """
    rng = np.random.default_rng(0) if rng is None else rng
    checker = _Checker(_namespace_of(x if params is None else params.W1), rng, step, bound, most)
    if params is not None:
        return GradientCheck(checker.network(loss, activation, params, x, labels), bound)
    found = [] if loss is None else [checker.loss(loss)]
    found += [] if activation is None else [checker.activation(activation)]
    if not (alone := GradientCheck(tuple(found), bound)):
        return alone
    D = 5 if x is None else math.prod(x.shape[1:])
    C = 3 if labels is None else 1 + int(array_namespace(labels).max(labels))
    params = init_params(D, 6, C, rng)
    params.b1[:], params.b2[:] = rng.normal(0, 0.5, 6), rng.normal(0, 0.5, C)
    return GradientCheck((*found, *checker.network(loss, activation, params, x, labels)), bound)


@dataclass(frozen=True)
class _Checker:
    """What is compared, and how. put places a NumPy array where the functions work on it."""

    put: Callable[[NDArray], Array]
    rng: np.random.Generator
    step: float
    bound: float
    most: int

    def loss(self, loss: Choice) -> Compared:
        """A loss by itself: 4 rows of outputs y, or of scores z, for 3 classes."""
        _, reads = LOSSES[loss]
        at = self.rng.uniform(0.05, 0.95, (4, 3)) if reads == "y" else self.rng.normal(0, 2, (4, 3))
        labels = self.put(self.rng.integers(0, 3, 4))
        _, grad = _measured(loss, self.put(at), labels)
        return self.compared(
            f"grad_{reads}", name_of(loss), lambda v: _measured(loss, self.put(v), labels)[0], at, grad
        )

    def activation(self, activation: Choice) -> Compared:
        """An activation by itself: the slopes of sum(grad_h * h)."""
        forward, backward, reads = ACTIVATIONS[activation]
        at, grad_h = self.rng.normal(0, 2, (2, 4, 6))
        a = self.put(at)
        grad = backward(self.put(grad_h), {"a": a, "h": forward(a)}[reads])
        return self.compared(
            "grad_a",
            name_of(activation),
            lambda v: float((grad_h * _numpy(forward(self.put(v)))).sum()),
            at,
            grad,
        )

    def network(
        self, loss: Choice | None, activation: Choice | None, params: Params, x: Array, labels: Array
    ) -> tuple[Compared, ...]:
        """The gradients of all parameters of a network at params and a batch, drawn where it is not given."""
        loss, activation = "l2" if loss is None else loss, "relu" if activation is None else activation
        params = map_params(lambda p: _numpy(p).astype(np.float64), params)
        C, D = len(params.W2), params.W1.shape[1]
        N = 4 if x is None and labels is None else (labels if x is None else x).shape[0]
        x = self.rng.normal(0, 1, (N, D)) if x is None else as_input(_numpy(x), np.float64)
        labels = self.put(self.rng.integers(0, C, N) if labels is None else _numpy(labels))
        x, placed = self.put(x), map_params(self.put, params)
        _, grads = loss_and_gradients(placed, x, labels, activation, loss)

        def L(name: str, p: NDArray) -> float:
            cache = forward(placed._replace(**{name: self.put(p)}), x, activation)
            return _measured(loss, getattr(cache, LOSSES[loss][1]), labels)[0]

        return tuple(
            self.compared(f"grad_{name}", "the network", partial(L, name), p, getattr(grads, name))
            for name, p in params._asdict().items()
            if p is not None
        )

    def compared(
        self, name: str, of: str, f: Callable[[NDArray], float], at: NDArray, gradient: Array
    ) -> Compared:
        """The gradient of f at a point beside its slopes there."""
        of, gradient = of.removeprefix(OWN), _numpy(gradient)
        if gradient.shape != at.shape:
            problem = f"expected shape {at.shape}, got {gradient.shape}"
            return Compared(name, of, (), math.nan, math.nan, math.inf, 0, 0, problem)
        places = np.arange(at.size)
        if at.size > self.most:
            places = np.sort(self.rng.choice(at.size, self.most, replace=False))
        got = gradient.ravel()[places]
        slopes = np.array([_slope(f, at, place, self.step) for place in places.tolist()])
        kept, asked = np.ones(len(places), bool), np.zeros(len(places), bool)
        while True:  # a kink makes slopes wrong, and their norm: it is looked for where they disagree
            norm = max(float(np.linalg.norm(slopes[kept])), SMALL)
            close = np.abs(got - slopes) <= self.bound * norm / math.sqrt(len(places))
            doubtful = np.flatnonzero(kept & ~asked & ~close)
            if not len(doubtful):
                break
            typical = float(np.median(np.abs(slopes)))
            for i in doubtful:
                kept[i] = not _has_kink(f, at, int(places[i]), slopes[i], typical, self.step)
            asked[doubtful] = True
        left_out = len(places) - int(kept.sum())
        if left_out > len(places) / 2:
            problem = f"{left_out} of {len(places)} entries are within reach of a kink; take a smaller step"
            return Compared(
                name, of, (), math.nan, math.nan, math.inf, len(places) - left_out, left_out, problem
            )
        away = np.where(kept, np.abs(got - slopes), -1.0)
        worst = int(np.argmax(away))
        index = tuple(int(i) for i in np.unravel_index(places[worst], at.shape))
        error = float(np.linalg.norm((got - slopes)[kept])) / norm
        entries = len(places) - left_out
        return Compared(name, of, index, float(got[worst]), float(slopes[worst]), error, entries, left_out)


def _moved(at: NDArray, place: int, by: float) -> NDArray:
    moved = at.copy()
    moved.flat[place] += by
    return moved


def _slope(f: Callable[[NDArray], float], at: NDArray, place: int, step: float) -> float:
    return (f(_moved(at, place, step)) - f(_moved(at, place, -step))) / (2 * step)


def _has_kink(
    f: Callable[[NDArray], float], at: NDArray, place: int, slope: float, typical: float, step: float
) -> bool:
    """Whether the slopes on both sides differ by far more than a smooth function's, or depend on the step."""
    both = f(_moved(at, place, step)) + f(_moved(at, place, -step))
    bend = abs(both - 2 * f(at)) / (2 * step)
    change = abs(slope - _slope(f, at, place, step / 2))
    size = max(abs(slope), typical, SMALL)
    return bend > 1e-3 * size or change > 1e-4 * size


def _measured(loss: Choice, reads: Array, labels: Array) -> tuple[float, Array]:
    """A loss's value and its gradient.  ValueError where it returns something else."""
    returned = LOSSES[loss][0](reads, labels)
    if not isinstance(returned, tuple) or len(returned) != 2 or _numpy(returned[0]).shape != ():
        name = name_of(loss).removeprefix(OWN)
        raise ValueError(f"expected {name} to return a number and its gradient; got {returned!r:.80}")
    return float(returned[0]), returned[1]


def _namespace_of(like: Array | None) -> Callable[[NDArray], Array]:
    """What makes arrays like this one of NumPy's.  ValueError where they lose the precision of float64."""
    if like is None or type(like) is np.ndarray:
        return lambda array: array
    xp, where = array_namespace(like), device(like)
    if xp.zeros(1, dtype=xp.float64).dtype != xp.float64:
        raise ValueError("expected arrays that can be float64; for JAX set jax_enable_x64")
    return lambda array: xp.asarray(array, device=where)


def _numpy(array: Array) -> NDArray:
    on_device = is_array_api_obj(array) and not is_jax_array(array)  # whose arrays NumPy can read as they are
    return np.asarray(to_device(array, "cpu") if on_device else array)
