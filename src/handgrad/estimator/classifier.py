"""TwoLayerClassifier: the network as a scikit-learn classifier; no mathematics, only the contract."""

import operator
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, validate_data

from handgrad.arrays import NDArray
from handgrad.estimator import beginning, learning, rows
from handgrad.estimator.fitted import Fitted
from handgrad.estimator.stopping import Stopping, held_back
from handgrad.estimator.watching import CallbackSupportMixin, threads_of, watching, with_callbacks
from handgrad.network import Params, map_params
from handgrad.recipes import Recipe

STEPS = 3000  # of a fit whose max_iter is None, at least
EPOCHS = 6  # at least


class TwoLayerClassifier(CallbackSupportMixin, Fitted, ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn has no types
    """The two-layer network as a scikit-learn classifier: affine, activation, affine, sigmoid.

    X (N, D): arrays, data frames or CSR matrices of any numbers; uint8 are pixels, and stand for pixel / 255.
    The features are scaled by one power of two, so that their mean square is near that of MNIST's images.
    float32 stays float32. y (N,): labels of any type.

    A sample weight of 2 is the row twice, and 0 the row absent, to the last bit: equal rows of one class are
    merged, and learnt from in an order of their own (docs/estimator.md).

    Parameters
    ----------
    hidden : number of hidden units.
    activation, bias, loss, optimizer, learning_rate, schedule, warmup, batch_size : as in handgrad.Recipe.
    max_iter : number of epochs; None: at least 6 and at least 3,000 steps.
    init : "he" (random), "templates" (the mean of each class), Params, a handgrad Model or a
        TwoLayerClassifier that is fitted. The last two bring their own number of hidden units.
    class_weight : None, "balanced", or a dictionary of weights.
    early_stopping : True, False, or "auto": where validation rows are given to fit. Training stops when the
        score has not risen by more than tol for n_iter_no_change epochs, and the best weights are restored.
    validation_fraction : share of the rows that is held back if there are no others.
    scoring : what is watched: "loss", "accuracy", the name of another scorer, or a scorer.
    warm_start : whether fit goes on from the weights that are there.
    engine, n_jobs : the engine of handgrad, and its threads (-1: all cores; in joblib's workers always 1).
    random_state : an int, a RandomState, or None.
    verbose : whether a progress bar is shown on stderr.

    Attributes
    ----------
    classes_, n_features_in_, feature_names_in_, n_iter_ : as everywhere in scikit-learn.
    coefs_, intercepts_ : W1 and W2, (n_in, n_out) as in MLPClassifier, and the biases.
    loss_curve_, validation_loss_curve_, validation_scores_ : epoch by epoch; the last two where there are
        validation rows.
    best_iter_ : the epoch whose weights were kept.
    temperature_ : of predict_proba, fitted on the validation rows; 1 without.
    scale_ : the power of two; coefs_ hold it already.
    """

    def __init__(
        self,
        hidden: int = 256,
        *,
        activation: Any = "relu",
        bias: bool = True,
        loss: Any = "l2",
        optimizer: Any = "sgd",
        learning_rate: float = 1.5,
        schedule: Any = "linear",
        warmup: float = 0.15,
        batch_size: int = 32,
        max_iter: int | None = None,
        init: Any = "he",
        class_weight: Any = None,
        early_stopping: bool | str = "auto",
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        scoring: Any = "loss",
        warm_start: bool = False,
        engine: str = "auto",
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.bias = bias
        self.loss = loss
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.warmup = warmup
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.init = init
        self.class_weight = class_weight
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.scoring = scoring
        self.warm_start = warm_start
        self.engine = engine
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @with_callbacks  # type: ignore[untyped-decorator]  # nor here
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, X_val: Any = None, y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> "TwoLayerClassifier":  # fmt: skip
        """Learn from X (N, D) and y (N,), each row counted sample_weight (N,) times.

        X_val, y_val, sample_weight_val: validation rows, in the place of a share of X.
        """
        if self.early_stopping not in (True, False, "auto"):
            expected = "expected early_stopping to be True, False or 'auto'"
            raise ValueError(f"{expected}; got {self.early_stopping!r:.30}")
        if (X_val is None) != (y_val is None):
            raise ValueError("expected both X_val and y_val, or neither; got only one of them")
        going_on = self.warm_start and hasattr(self, "coefs_")
        X, y, weights = self._checked(X, y, sample_weight, reset=True)
        if not going_on:
            self.classes_ = np.unique(y[weights > 0])
        here = np.isin(y, self.classes_) | (weights > 0)  # a class whose rows all have weight 0 is absent
        train = self._merged("y", X[here], y[here], weights[here])
        seed, validation = self._seed(), None
        if X_val is not None:
            checked = self._checked(X_val, y_val, sample_weight_val, reset=False)
            validation = self._merged("y_val", *checked)
        elif self.early_stopping is True:
            train, validation = held_back(train, self.validation_fraction, seed)
        recipe = self._recipe(len(train.numbers))
        if not going_on:
            self._begin(train, seed)
        stopping = None if validation is None else Stopping(self, validation)
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        with watching(self, recipe.epochs, {"X": X, "y": y, "metadata": metadata}) as watch:
            for _ in watch.over(self._learn(train, recipe)):
                if stopping is not None and stopping.after(self):
                    break
            if stopping is not None:
                stopping.restore(self)
        return self

    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> "TwoLayerClassifier":
        """One epoch over these rows, from the weights that are there, at the full learning rate.

        classes: all labels that will ever come; needed in the first call.
        """
        first = not hasattr(self, "coefs_")
        if isinstance(self.class_weight, str):
            expected = f"class_weight {self.class_weight!r:.30} needs all rows at once"
            raise ValueError(f"{expected}: pass a dictionary to partial_fit")
        X, y, weights = self._checked(X, y, sample_weight, reset=first)
        if first and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit")
        if first:
            self.classes_ = np.unique(classes)
        elif classes is not None and not np.array_equal(np.unique(classes), self.classes_):
            raise ValueError(f"classes={classes!r} is not the same as on last call to partial_fit")
        train = self._merged("y", X, y, weights)
        recipe = self._recipe(len(train.numbers), epochs=1)
        if first:
            self._begin(train, self._seed())
        for _ in self._learn(train, recipe, constant=True):
            pass
        return self

    def _checked(self, X: Any, y: Any, sample_weight: Any, reset: bool) -> tuple[Any, NDArray, NDArray]:
        """Rows, labels and weights, as scikit-learn checks them."""
        rows.expect_numbers(X=X, y=y, sample_weight=sample_weight)
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=rows.TYPES, reset=reset)
        check_classification_targets(y)
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        if not weights.any():
            raise ValueError("expected a sample_weight that is not 0; got only 0")
        return X, y, weights

    def _merged(self, name: str, X: Any, y: NDArray, weights: NDArray) -> rows.Rows:
        if not np.isin(y, self.classes_).all():
            raise ValueError(f"expected {name} among the classes {self.classes_}; got others")
        return rows.merged(rows.lists(X), np.searchsorted(self.classes_, y), weights)

    def _seed(self) -> int:
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _recipe(self, M: int, epochs: int | None = None) -> Recipe:
        """The recipe of a fit to M rows.  ValueError names the choice that cannot be."""
        names = ("activation", "bias", "loss", "optimizer", "schedule")
        numbers = {"hidden": self.hidden, "batch_size": self.batch_size}
        if self.max_iter is not None:
            numbers["max_iter"] = self.max_iter
        for name, number in numbers.items():
            whole = isinstance(number, int | np.integer) and not isinstance(number, bool)
            if not whole or number < 1:
                raise ValueError(f"expected {name} to be a whole number, 1 or more; got {number!r:.30}")
        steps_wanted = max(EPOCHS, -(-STEPS // -(-M // self.batch_size)))
        return Recipe(
            hidden=operator.index(self.hidden),
            learning_rate=float(self.learning_rate),
            warmup=float(self.warmup),
            batch_size=operator.index(self.batch_size),
            epochs=epochs or operator.index(self.max_iter or steps_wanted),
            **{name: getattr(self, name) for name in names},
        )

    def _begin(self, train: rows.Rows, seed: int) -> None:
        """Everything that a fit starts from."""
        self._rng = np.random.default_rng(seed)
        dtype = np.dtype(np.float64 if train.X.dtype == np.float64 else np.float32)
        self.scale_ = 1.0 if beginning.has_weights(self.init) else rows.scale_of(train.X, train.weights)
        params = beginning.params(self, self._weighed(train), self._rng)
        self._keep(map_params(lambda p: np.asarray(p, dtype), params._replace(W1=params.W1 * self.scale_)))
        self._memory: Any = None
        self._step = 0
        self.loss_curve_: list[float] = []
        self.temperature_ = 1.0
        self.n_iter_ = self.best_iter_ = 0
        for name in ("validation_loss_curve_", "validation_scores_"):
            self.__dict__.pop(name, None)

    def _weighed(self, train: rows.Rows) -> rows.Rows:
        """The rows with the weights of their classes."""
        return train._replace(weights=learning.weights_of_classes(self.class_weight, train, self.classes_))

    def _learn(self, train: rows.Rows, recipe: Recipe, constant: bool = False) -> Iterator[float]:
        """Train, and yield the loss after each epoch, once the attributes say where training stands."""
        recipe = replace(recipe, hidden=len(self.params_.W1), bias=bool(self.intercepts_))
        begun = learning.Learnt(self.params_, self._memory, self._step, 0.0)
        threads = threads_of(self.n_jobs)
        for learnt in learning.epochs(
            begun, self._weighed(train), self.scale_, recipe, self.engine, threads, self._rng, constant
        ):
            self._keep(learnt.params)
            self._memory, self._step = learnt.memory, learnt.step
            self.loss_curve_.append(learnt.loss)
            self.n_iter_ = self.best_iter_ = len(self.loss_curve_)
            yield learnt.loss

    def _keep(self, params: Params) -> None:
        """The parameters as attributes, for x as it comes."""
        self.coefs_ = [np.ascontiguousarray(params.W1).T, np.ascontiguousarray(params.W2).T]
        self.intercepts_ = [] if params.b1 is None else [params.b1, params.b2]
