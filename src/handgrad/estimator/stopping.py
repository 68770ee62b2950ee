"""Early stopping: which epoch was the best on the validation rows, and when to stop looking further."""

from typing import Any

import numpy as np
from sklearn.metrics import check_scoring
from sklearn.model_selection import StratifiedShuffleSplit

from handgrad import calibration, losses
from handgrad.arrays import NDArray
from handgrad.errors import Choice
from handgrad.estimator.rows import Rows
from handgrad.layers import sigmoid_forward


def log_outputs(z: NDArray, loss: Choice) -> NDArray:
    """log y of the scores z (N, C): y is the sigmoid, or after cross-entropy the softmax."""
    log_y: NDArray = losses.log_softmax(z) if loss == "cross_entropy" else -np.logaddexp(z.dtype.type(0), -z)
    return log_y


def mean_loss(z: NDArray, numbers: NDArray, weights: NDArray, loss: Choice) -> float:
    """The loss of the scores z (N, C), a weighted mean over the rows."""
    measure, reads = losses.LOSSES[loss]
    return float(measure(z if reads == "z" else sigmoid_forward(z), numbers, weights)[0])


def held_back(train: Rows, share: float, seed: int) -> tuple[Rows, Rows]:
    """The rows to learn from, and those that are held back: a share of each class, drawn by the seed."""
    split = StratifiedShuffleSplit(1, test_size=share, random_state=seed)
    kept, others = map(np.sort, next(split.split(np.zeros(len(train.numbers)), train.numbers)))
    return train.of(kept), train.of(others)


class Stopping:
    """The best epoch so far on the validation rows, and its weights."""

    def __init__(self, estimator: Any, validation: Rows) -> None:
        self._rows, self._best, self._waited = validation, -np.inf, 0
        self._kept: tuple[int, list[NDArray], list[NDArray]] | None = None
        scoring = estimator.scoring
        own = isinstance(scoring, str) and scoring in ("loss", "accuracy")
        self._scorer = None if own else check_scoring(estimator, scoring=scoring)
        estimator.validation_loss_curve_ = list(getattr(estimator, "validation_loss_curve_", []))
        estimator.validation_scores_ = list(getattr(estimator, "validation_scores_", []))

    def after(self, estimator: Any) -> bool:
        """Measure an epoch; whether training should stop."""
        X, numbers, weights = self._rows
        z = estimator.z_of(X)
        loss = mean_loss(z, numbers, weights, estimator.loss)
        if self._scorer is not None:
            y = estimator.classes_[numbers]
            weighed = {} if (weights == weights[0]).all() else {"sample_weight": weights}
            score = float(self._scorer(estimator, X, y, **weighed))
        elif estimator.scoring == "loss":
            score = -loss
        else:
            score = float(np.average(z.argmax(axis=1) == numbers, weights=weights))
        estimator.validation_loss_curve_.append(loss)
        estimator.validation_scores_.append(score)
        self._waited = 0 if score > self._best + estimator.tol else self._waited + 1
        if self._kept is None or score > self._best:
            self._best = max(self._best, score)
            self._kept = estimator.n_iter_, estimator.coefs_, estimator.intercepts_
        return estimator.early_stopping is not False and self._waited >= estimator.n_iter_no_change

    def restore(self, estimator: Any) -> None:
        """Give the estimator its best weights, unless it is not to stop early, and its temperature."""
        if estimator.early_stopping is not False and self._kept is not None:
            estimator.best_iter_, estimator.coefs_, estimator.intercepts_ = self._kept
        X, numbers, weights = self._rows
        log_y = log_outputs(estimator.z_of(X), estimator.loss)
        estimator.temperature_ = calibration.temperature_of(log_y, numbers, weights)
