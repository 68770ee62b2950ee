"""A trained network, with everything needed to use it and to know how it was made."""

import math
from dataclasses import dataclass, field
from html import escape
from typing import Any, Protocol

import numpy as np

from handgrad import __version__
from handgrad.arrays import NDArray, as_input, expect_bright_ink, expect_images, real_numbers
from handgrad.calibration import Calibration
from handgrad.errors import DataError, expect_short, name_of, names_own, quoted
from handgrad.history import History
from handgrad.layers import ACTIVATIONS, sigmoid_forward
from handgrad.losses import LOSSES, log_softmax
from handgrad.network import Params, forward, map_params
from handgrad.recipes import Activation, Loss, Recipe

CHUNK = 2000  # images that go through the network at once
CLEAR = 0.8  # without a calibration: an answer is doubtful unless its output exceeds the next by this
STORAGES = ("float32", "float16")
SIDES = 8  # of an image, at most
LARGEST_CLASS = 1 << 63  # what NumPy's integers hold, with either sign
NEAR_BLANK = 0.1  # outputs whose log odds are all this near those of a blank image tell of no ink
MNIST = "63ee38e2bea3238d37d1f8e452e0b71706f5da10a78a86f2068035ccaa3a4322"  # checksum of its training set


class Scorer(Protocol):
    """A faster way to the outputs for uint8 images (N, ...). If any z is not finite, all results are NaN."""

    params: Params  # what it answers by
    activation: str

    def checked_z(self, images: NDArray) -> NDArray:
        """z (N, C)."""

    def outputs(self, images: NDArray) -> NDArray:
        """y = sigmoid(z), (N, C)."""


@dataclass(eq=False)
class Model:
    """Parameters (NumPy, float32) and facts about them. ValueError if they contradict each other.

    predict(images) -> labels and scores(images) -> (N, C) take images as they come: uint8 pixels
    (N, 28, 28) or (N, 784), or floats from 0 (paper) to 1 (ink). One image may come without the N.
    confidence(scores) -> (N,) and doubtful(scores) -> (N,) say how far the answers can be trusted.
    Several threads may ask one model at the same time; it can be pickled, and asked in forked children. (A
    fork while another thread is being answered can hang in NumPy's BLAS; a compiled model survives it too.)
    """

    params: Params
    activation: Activation = "relu"  # a name, or the functions of your own that it was trained with
    loss: Loss = "l2"  # trained with; "cross_entropy" makes the outputs a softmax
    classes: tuple[int | str, ...] = ()  # the label of each output; by default 0 to C - 1
    image_shape: tuple[int, ...] = ()  # of one image; by default a square, where D is one
    recipe_name: str | None = None
    recipe: Recipe | None = None
    seed: int | None = None
    data_checksum: str | None = None  # of the training images and labels
    accuracy: dict[str, float] = field(default_factory=dict)  # measured: "validation", "test"
    history: list[dict[str, Any]] = field(default_factory=History)  # loss and accuracies, epoch by epoch
    handgrad_version: str = __version__
    calibration: Calibration | None = None  # turns the outputs into a confidence
    storage: str = "float32"  # type of the parameters in a file; "float16" halves its size
    held_back: int | None = None  # number of images that its run held back, if known
    continued: tuple[int, ...] = ()  # epochs after which the finished run was continued
    began: str | None = None  # data_checksum of the model of the same classes that its run began with
    prepared: bool = False  # whether its images went through the photo pipeline
    scorer: Scorer | None = field(default=None, init=False, repr=False)  # engines.compiled sets it
    _blank: tuple[Params, NDArray] | None = field(default=None, init=False, repr=False)  # see _is_blank

    def __setattr__(self, name: str, value: Any) -> None:
        """Parameters that are given later are checked as the first ones are."""
        if name == "params":
            value = _checked_params(value)
        super().__setattr__(name, value)

    def __post_init__(self) -> None:
        self.params = self.params  # checked again: their arrays may have been written to
        self.history = History(self.history)
        self.classes = tuple(self.classes) or tuple(range(len(self.params.W2)))
        self.classes = tuple(c.item() if isinstance(c, np.generic) else c for c in self.classes)
        side = round(self.pixels**0.5)
        self.image_shape = tuple(self.image_shape) or (
            (side, side) if side**2 == self.pixels else (self.pixels,)
        )
        self._check()
        kinds = {type(c) for c in self.classes}
        self._labels = np.array(self.classes, dtype=None if len(kinds) == 1 else object)

    def __repr__(self) -> str:
        bias = "" if self.bias else ", no bias"
        facts = [
            f"{self.pixels} -> {self.hidden} {name_of(self.activation)} -> {len(self.classes)}{bias}",
            name_of(self.loss),
            *([] if self.recipe_name is None else [f"recipe {self.recipe_name}"]),
            *([] if self.seed is None else [f"seed {self.seed}"]),
            *(f"{of} {100 * share:.2f} %" for of, share in self.accuracy.items()),
        ]
        return f"Model({', '.join(facts)})"

    def _repr_html_(self) -> str:
        """The repr, and a table of the epochs, for notebooks."""
        return f"<p>{escape(repr(self))}</p>" + (History(self.history)._repr_html_() if self.history else "")

    @property
    def pixels(self) -> int:
        """D, the number of pixels of one image."""
        return int(self.params.W1.shape[-1])

    @property
    def plane(self) -> tuple[int, int]:
        """Height and width of one image as a picture; (1, D) for images without two sides."""
        shape = self.image_shape
        return (shape[0], shape[1]) if len(shape) == 2 else (1, self.pixels)

    @property
    def hidden(self) -> int:
        """H, the number of hidden units."""
        return len(self.params.W1)

    @property
    def bias(self) -> bool:
        """Whether the layers have biases."""
        return self.params.b1 is not None

    def predict(self, images: NDArray) -> NDArray:
        """The label of each image: (N, ...) -> (N,) of classes.  DataError for arrays that are not images."""
        images, scorer = self._batch(images)
        z = self._z(images) if scorer is None else _numbers(scorer.checked_z(images))
        labels: NDArray = self._labels[z.argmax(axis=1)]
        return labels

    def scores(self, images: NDArray) -> NDArray:
        """The outputs y in (0, 1), (N, C) float32: sigmoid(z), or softmax(z) after cross-entropy."""
        images, scorer = self._batch(images)
        if self.loss == "cross_entropy":
            z = self._z(images) if scorer is None else _numbers(scorer.checked_z(images))
            y: NDArray = np.exp(log_softmax(z))
        elif scorer is None:
            y = sigmoid_forward(self._z(images))
        else:
            y = _numbers(scorer.outputs(images))
        return y

    def confidence(self, scores: NDArray) -> NDArray:
        """How sure the answers are, (N,) float64, from the outputs (N, C) that model.scores returns.

        With a calibration it is the probability that the answer is right; without, it is the largest output.
        0 where the outputs are those of a blank image.  DataError for arrays that are not outputs of this
        model.
        """
        outputs = self._outputs(scores)
        known = self.calibration
        sure = outputs.max(axis=1).astype(np.float64) if known is None else known.confidence(outputs)
        return np.where(self._is_blank(outputs), 0.0, sure)

    def doubtful(self, scores: NDArray) -> NDArray:
        """Which answers a human should check, (N,) bool, from the outputs (N, C) that model.scores returns.

        With a calibration these are the answers below its threshold; without, the answers whose output
        exceeds the runner-up's by less than CLEAR. Outputs of a blank image are always doubtful.
        """
        if self.calibration is not None:
            return self.confidence(scores) < self.calibration.threshold
        outputs = self._outputs(scores)
        ranked = np.sort(outputs, axis=1)
        runner_up = ranked[:, -2] if ranked.shape[1] > 1 else 0
        near: NDArray = (ranked[:, -1] - runner_up < CLEAR) | self._is_blank(outputs)
        return near

    def _is_blank(self, outputs: NDArray) -> NDArray:
        """Which outputs (N, C) are those of an image of paper alone, black or white: (N,) bool.

        A network gives some answer to an image without ink, often one that looks sure.
        """
        if self._blank is None or self._blank[0] is not self.params:
            papers = np.repeat(np.array([[0], [255]], np.uint8), self.pixels, axis=1)
            self._blank = self.params, _log_odds(self.scores(papers))
        distances = np.abs(_log_odds(outputs)[:, None] - self._blank[1]).max(axis=2)
        blank: NDArray = (distances <= NEAR_BLANK).any(axis=1)
        return blank

    def _outputs(self, scores: NDArray) -> NDArray:
        outputs, C = np.atleast_2d(scores), len(self.params.W2)
        if outputs.ndim != 2 or outputs.shape[1] != C or outputs.dtype.kind != "f":
            got = f"{outputs.dtype} of shape {outputs.shape}"
            raise DataError(f"expected scores (N, {C}), as model.scores returns them; got {got}")
        if not ((outputs >= 0) & (outputs <= 1)).all():
            raise DataError("expected scores from 0 to 1, as model.scores returns them; got values outside")
        return outputs

    def _batch(self, images: NDArray) -> tuple[NDArray, Scorer | None]:
        """The images as (N, ...), and the scorer if it can take them: it needs uint8 pixels."""
        if self.scorer is not None and type(images) is np.ndarray and images.dtype == np.uint8:
            scorer, shape, D = self.scorer, images.shape, self.params.W1.shape[1]
            if scorer.params is self.params and scorer.activation == self.activation:
                if self.data_checksum == MNIST and images.size:
                    expect_bright_ink(images, self.pixels)
                if shape == self.image_shape or shape == (D,):
                    return images[None], scorer
                if len(shape) > 1 and images.size == shape[0] * D > 0:
                    return images, scorer
        if hasattr(images, "mask"):
            raise DataError("expected images without a mask; got a masked array: fill it, array.filled(0)")
        try:
            images = np.asarray(images)
        except ValueError:
            raise DataError("expected images of one shape; got rows of different lengths") from None
        if images.ndim and images.size == self.pixels and images.shape in (self.image_shape, (self.pixels,)):
            images = images[None]
        expect_images(images, self.pixels)
        if self.data_checksum == MNIST:
            expect_bright_ink(images, self.pixels)
        return images, None

    def _z(self, images: NDArray) -> NDArray:
        chunks = (images[i : i + CHUNK] for i in range(0, len(images), CHUNK))
        with np.errstate(over="ignore", invalid="ignore"):  # non-finite values are reported below
            z = [forward(self.params, as_input(some, np.float32), self.activation).z for some in chunks]
        together = np.concatenate(z)
        return _numbers(together if np.isfinite(together).all() else np.full_like(together, np.nan))

    def _check(self) -> None:
        W1, _, W2, _ = self.params
        if self.activation not in ACTIVATIONS:
            raise ValueError(
                f"expected activation to be one of {', '.join(ACTIVATIONS)}; got {quoted(self.activation)}"
            )
        if self.loss not in LOSSES and not names_own(self.loss):
            raise ValueError(f"expected loss to be l2 or cross_entropy; got {quoted(self.loss)}")
        if not all(type(c) in (int, str) for c in self.classes):
            raise ValueError("expected classes as integers or strings")
        if len(set(self.classes)) != len(W2) or len(self.classes) != len(W2):
            raise ValueError(
                f"expected {len(W2)} different classes, one for each row of W2; got {len(self.classes)}"
            )
        if any(type(c) is int and not -LARGEST_CLASS <= c < LARGEST_CLASS for c in self.classes):
            raise ValueError("expected classes within 64 bits; got larger numbers")
        self._check_texts()
        if not isinstance(self.storage, str) or self.storage not in STORAGES:
            raise ValueError(
                f"expected storage to be one of {', '.join(STORAGES)}; got {quoted(self.storage, 30)}"
            )
        if self.calibration is not None and not isinstance(self.calibration, Calibration):
            raise ValueError(f"expected a Calibration or None; got {type(self.calibration).__name__}")
        if not all(isinstance(side, int | np.integer) for side in self.image_shape):
            raise ValueError(f"expected image_shape as whole numbers; got {quoted(self.image_shape)}")
        if len(self.image_shape) > SIDES:
            raise ValueError(f"expected images of at most {SIDES} sides; got {len(self.image_shape)}")
        if min(self.image_shape) < 1 or math.prod(self.image_shape) != W1.shape[1]:
            shape = " x ".join(map(str, self.image_shape))
            raise ValueError(f"W1 has {W1.shape[1]} columns but images are {shape} pixels")

    def _check_texts(self) -> None:
        """All of them are shown: in messages, tables and pictures."""
        texts = [("each class", c) for c in self.classes if isinstance(c, str)]
        texts += [("each name of an accuracy", name) for name in self.accuracy]
        for name in ("recipe_name", "data_checksum", "handgrad_version", "began"):
            if (text := getattr(self, name)) is not None:
                texts.append((name, text))
        for what, text in texts:
            expect_short(what, text)


def _checked_params(params: Any) -> Params:
    """Parameters as a model keeps them.  ValueError where they are not numbers, or do not fit together."""
    if not isinstance(params, tuple) or len(params) != 4 or params[0] is None or params[2] is None:
        raise ValueError(f"expected parameters as Params(W1, b1, W2, b2); got {type(params).__name__}")
    kept = map_params(_as_float32, Params(*params))
    W1, b1, W2, b2 = kept
    if W1.ndim != 2 or W2.ndim != 2 or W1.size == 0 or W2.size == 0:
        raise ValueError(f"expected W1 (H, D) and W2 (C, H); got shapes {W1.shape} and {W2.shape}")
    if W2.shape[1] != W1.shape[0]:
        both = "both must be the number of hidden units H"
        raise ValueError(f"W2 has {W2.shape[1]} columns but W1 has {W1.shape[0]} rows; {both}")
    if (b1 is None) != (b2 is None):
        raise ValueError("expected both b1 and b2, or neither; got only one of them")
    for name, b, W in (("b1", b1, W1), ("b2", b2, W2)):
        if b is not None and b.shape != W.shape[:1]:
            raise ValueError(f"expected {name} of shape {W.shape[:1]}; got {b.shape}")
    for name, p in kept._asdict().items():
        if p is not None and not np.isfinite(p).all():
            raise ValueError(f"{name} holds values that are not finite (NaN or infinity)")
    return kept


def _as_float32(p: NDArray) -> NDArray:
    """A parameter as the model keeps it.  ValueError for what is not an array of numbers."""
    array = real_numbers("parameters", p)
    with np.errstate(over="ignore"):  # a number too large for float32 becomes infinite, which is refused
        return np.ascontiguousarray(array, np.float32)


def _log_odds(outputs: NDArray) -> NDArray:
    y = np.clip(outputs.astype(np.float64), 1e-7, 1 - 1e-7)
    return np.asarray(np.log(y / (1 - y)))


def _numbers(values: NDArray) -> NDArray:
    if values[0, 0] != values[0, 0]:  # NaN: then all values are
        raise DataError("the network's outputs are not finite: its weights are too large; train it anew")
    return values
