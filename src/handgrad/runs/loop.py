"""A run: training, epoch by epoch, of which the best network is kept and every epoch is saved."""

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from handgrad import __version__, calibration, templates
from handgrad.arrays import NDArray
from handgrad.engines import Engine, to_numpy
from handgrad.errors import DataError, DivergedError
from handgrad.history import History
from handgrad.model import Model
from handgrad.network import Params, init_params, map_params
from handgrad.recipes import Recipe
from handgrad.runs.beginning import Beginning
from handgrad.runs.data import Data
from handgrad.runs.distortions import augment
from handgrad.runs.output import Output
from handgrad.runs.state import pack
from handgrad.training import Epoch, train

SAMPLE = 5000  # training images that the accuracy is measured on, where none are held back


class Progress(NamedTuple):
    """Where a run stands after an epoch: the epoch, and the model as it would be kept now."""

    epoch: Epoch
    model: Model

    @property
    def record(self) -> dict[str, Any]:
        """The epoch as a flat dictionary: epoch, loss, train_accuracy, validation_accuracy and seconds.

        train_accuracy is measured on the first training images, as many as are held back for validation, or
        5,000. validation_accuracy is None where no images are held back.
        """
        return {**self.model.history[-1], "seconds": self.epoch.seconds}


@dataclass(eq=False)
class Run:
    """A training run. Iterate it to train: it yields the Progress after each epoch.

    With out, the model file is written before an epoch is yielded. The model is that of the best validation
    accuracy so far, or of the latest epoch where no images are held back. Accuracies that chance may have
    parted count as equal: see _as_good. With averaging, the weights are the running average. While the run
    lasts, the file also holds what runs.resume needs. The last epoch's file is finished: four tensors, and
    the accuracy on the test images. The same data, recipe, seed and engine give the same bytes, interrupted
    and resumed or not.

    A loop that is left early can be entered again: iterating goes on after the last epoch that was yielded.
    DivergedError, DataError, ModelFileError as they occur; the file then still holds the last finished epoch,
    or what another program has written to it meanwhile.
    """

    data: Data = field(repr=False)
    recipe: Recipe
    seed: int
    engine: Engine = field(repr=False)
    out: str | os.PathLike[str] | None = None
    name: str | None = None  # the recipe's
    model: Model | None = field(default=None, repr=False)  # the best so far
    last: Epoch | None = field(default=None, repr=False)  # that training goes on after
    averaged: Params | None = field(default=None, repr=False)  # the running average of the weights
    seconds: dict[int, float] = field(default_factory=dict, repr=False)  # of the epochs computed here
    begin: Beginning | None = field(default=None, repr=False)  # in place of random weights

    def __post_init__(self) -> None:
        self._output = None if self.out is None or not self.engine.writes else Output(self.out)

    @property
    def done(self) -> int:
        """The number of epochs that are done."""
        return len(self.model.history) if self.model else 0

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.done >= self.recipe.epochs

    @property
    def history(self) -> History:
        """Progress.record of each epoch; the seconds are None for epochs of an earlier process."""
        records = self.model.history if self.model else []
        return History({**record, "seconds": self.seconds.get(record["epoch"])} for record in records)

    def __iter__(self) -> Iterator[Progress]:
        """Train. The engine's limits hold while an epoch is computed, not while the caller's code runs."""
        epochs = self._epochs()
        while True:
            with self.engine.limits():
                progress = next(epochs, None)
            if progress is None:
                return
            yield progress

    def _epochs(self) -> Iterator[Progress]:
        if self.finished:
            return
        data, recipe, put = self.data, self.recipe, self.engine.put
        self.engine.agree(self._facts())
        rng = np.random.default_rng(self.seed)
        if self.last is None or self.averaged is None:
            begun = initial_params(data, recipe, rng) if self.begin is None else self.begin.params(data, rng)
            params = averaged = map_params(put, begun)
        else:
            params, averaged = self.last.params, self.averaged
        images, labels = put(data.images), put(data.labels)
        validation = (put(data.validation[0]), put(data.validation[1])) if data.validation else None
        sample = slice(0, data.held_back or SAMPLE)
        run_epoch = self.engine.run_epoch
        if self.model is not None and self.model.continued:
            run_epoch = _counting_from(self.model.continued[-1], run_epoch)
        distorted = _distorter(data.images, recipe, put)
        for epoch in train(params, images, labels, rng, recipe, self.last, run_epoch, distorted):
            averaged = _average(averaged, epoch, recipe)
            seen = (images[sample], labels[sample])
            record = {
                "epoch": epoch.epoch,
                "loss": epoch.loss,
                "train_accuracy": self._accuracy(averaged, *seen),
                "validation_accuracy": self._accuracy(averaged, *validation) if validation else None,
            }
            model = self._keep(averaged, record)
            if self._output is not None:
                finished = epoch.epoch == recipe.epochs
                state = None if finished else pack(epoch, averaged, recipe, data.held_back)
                self._output.save(model, state)
            self.seconds[epoch.epoch] = epoch.seconds
            self.last, self.averaged, self.model = epoch, averaged, model  # together, and once all is done
            yield Progress(epoch, model)

    def _facts(self) -> dict[str, Any]:
        """What processes that train this run together must have in common."""
        data, last = self.data, self.last
        return {
            "images and labels": data.checksum,
            "number of images": (
                len(data.images),
                data.held_back,
                data.test is not None and len(data.test[1]),
            ),
            "classes": data.names,
            "recipe": self.recipe.to_dict(),
            "seed": self.seed,
            "epochs done": self.done,
            "state of the run": last and dict(last.rng_state),
            "version of handgrad": __version__,
        }

    def _accuracy(self, params: Params, images: Any, labels: Any) -> float:
        return self.engine.accuracy(params, images, labels, self.recipe.activation)

    def _keep(self, averaged: Params, record: dict[str, Any]) -> Model:
        """The best network so far, with the new record in its history."""
        data, recipe, best = self.data, self.recipe, self.model
        reached, history = record["validation_accuracy"], [*(best.history if best else []), record]
        accuracy = {} if reached is None else {"validation": reached}
        if best is None:
            best = Model(
                map_params(to_numpy, averaged),
                recipe.activation,
                recipe.loss,
                data.names,
                image_shape=data.images.shape[1:],
                recipe_name=self.name,
                recipe=recipe,
                seed=self.seed,
                data_checksum=data.checksum,
                accuracy=accuracy,
                prepared=data.prepared,
                **({} if self.begin is None else self.begin.facts(data)),
            )
        elif reached is None or _as_good(history, data.held_back):
            params = map_params(to_numpy, averaged)
            best = replace(best, params=params, accuracy=accuracy, handgrad_version=__version__)
        best = replace(best, history=history)
        return self._finish(best) if len(history) == recipe.epochs else best

    def _finish(self, best: Model) -> Model:
        """The best network, measured on the test images and calibrated on those held back."""
        if self.data.test is not None:
            on_test = self._accuracy(best.params, *self.data.test)
            best = replace(best, accuracy=best.accuracy | {"test": on_test})
        if self.data.validation is not None:
            images, labels = self.data.validation
            fitted = calibration.fit(self.engine.answering(best).scores(images), labels)
            best = replace(best, calibration=fitted, held_back=self.data.held_back)
        return best


def initial_params(data: Data, recipe: Recipe, rng: np.random.Generator) -> Params:
    """The parameters to start from, in float32.

    With the output bias "prior", b2 = -log(C - 1), so that sigmoid(b2) = 1/C, the share of images that
    show a digit. From 1/2 the first steps push all outputs down at once; with momentum they overshoot,
    and sigmoids that reach 0 do not come back. Small sets need this most.
    """
    C = data.classes
    if recipe.init == "templates":
        if recipe.hidden < 2 * C:
            needed = f"init 'templates' needs two hidden units for each of {C} classes"
            raise DataError(f"{needed}: at least {2 * C}; got {recipe.hidden}")
        fitted = templates.fit(data.images, data.labels, C)
        params = templates.init_from(fitted, recipe.hidden, rng, recipe.bias)
    else:
        params = init_params(math.prod(data.images.shape[1:]), recipe.hidden, C, rng, recipe.bias)
    if recipe.output_bias == "prior" and recipe.bias and C > 2:
        params.b2[:] = -math.log(C - 1)
    return map_params(lambda p: p.astype(np.float32), params)


def _distorter(
    images: NDArray, recipe: Recipe, put: Callable[[NDArray], Any]
) -> Callable[[np.random.Generator], Any] | None:
    """What draws the images of an epoch anew, where the recipe distorts them. DataError where it cannot."""
    how = recipe.distortion
    if how is None:
        return None
    if images.ndim != 3 or images.dtype != np.uint8:
        got = f"{images.dtype} of shape {images.shape}"
        raise DataError(f"expected images to distort as uint8 (N, height, width); got {got}")
    return lambda rng: put(augment(images, rng, how))


def _counting_from(begun: int, run_epoch: Callable[..., Any]) -> Callable[..., Any]:
    """run_epoch of a run that was continued after epoch `begun`: the optimizer's memory was empty then, so it
    counts its steps from there. Adam would otherwise take an empty memory for the mean of many steps.
    """

    def run(
        params: Params, images: Any, labels: Any, order: Any, recipe: Recipe, rates: NDArray,
        memory: Params | None, first_step: int,
    ) -> Any:  # fmt: skip
        step = first_step - begun * len(rates)
        try:
            return run_epoch(params, images, labels, order, recipe, rates, memory, step)
        except DivergedError as error:
            epoch = error.epoch + begun
            raise DivergedError(error.what, epoch, error.batch, error.learning_rate) from None

    return run


def _average(averaged: Params, epoch: Epoch, recipe: Recipe) -> Params:
    """averaged <- s averaged + (1 - s) params; s is the recipe's averaging, and less while epochs are few."""
    stays = min(recipe.averaging, 1 - 1 / epoch.epoch)
    if stays == 0:
        return epoch.params
    return map_params(lambda mean, p: stays * mean + (1 - stays) * p, averaged, epoch.params)


def _as_good(history: list[dict[str, Any]], images: int) -> bool:
    """Whether the last epoch's accuracy is the highest so far, or less by no more than one standard error.

    a >= h - sqrt(h (1 - h) / images). Of many epochs some read a few images more by luck; while the learning
    rate is high these are not the better networks, and the highest alone would keep one of them.
    The rule is by Breiman, Friedman, Olshen and Stone, "Classification and Regression Trees" (1984).
    """
    accuracies = [record["validation_accuracy"] for record in history]
    highest: float = max(accuracies)
    return bool(accuracies[-1] >= highest - math.sqrt(highest * (1 - highest) / images))
