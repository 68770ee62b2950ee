"""TwoLayerClassifier: the network as a scikit-learn classifier; no mathematics, only the contract."""

from html import escape
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from handgrad import calibration, network
from handgrad.arrays import NDArray
from handgrad.engines import engine as engine_of
from handgrad.engines import to_numpy
from handgrad.engines.sparse import Sparse
from handgrad.estimator import beginning, rows
from handgrad.estimator.stopping import Stopping, log_outputs
from handgrad.estimator.watching import CallbackSupportMixin, threads_of, watching, with_callbacks
from handgrad.model import History, Model
from handgrad.network import Params, map_params
from handgrad.recipes import Recipe

TYPES = (np.float64, np.float32, np.uint8)  # of X that are kept; pixels (uint8) stand for pixel / 255
STEPS = 3000  # of a fit whose max_iter is None, at least
EPOCHS = 6  # at least
AT_ONCE = 4096  # rows that go through the network together


class TwoLayerClassifier(CallbackSupportMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
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

    classes_: NDArray

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

    @with_callbacks  # type: ignore[untyped-decorator]
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, X_val: Any = None, y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> "TwoLayerClassifier":  # fmt: skip
        """Learn from X (N, D) and y (N,), each row counted sample_weight (N,) times.

        X_val, y_val, sample_weight_val: validation rows, in the place of a share of X.
        """
        going_on = self.warm_start and hasattr(self, "coefs_")
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=TYPES)
        check_classification_targets(y)
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        if not weights.any():
            raise ValueError("expected a sample_weight that is not 0; got only 0")
        if not going_on:
            self.classes_ = np.unique(y[weights > 0])
        elif not np.isin(y, self.classes_).all():
            raise ValueError(f"warm_start expects y among the classes {self.classes_}; got others")
        keep = np.isin(y, self.classes_)  # a class whose rows all have weight 0 is absent
        if not keep.all():
            X, y, weights = X[keep], y[keep], weights[keep]
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        train, held_back = self._parts(X, y, weights, seed, X_val, y_val, sample_weight_val)
        if not going_on:
            self._begin(train, seed)
        total = self._epochs(len(train.numbers))
        stopping = Stopping(self, held_back) if held_back is not None else None
        self._learn(train, total, stopping, X, y)
        return self

    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> "TwoLayerClassifier":
        """One epoch over these rows, from the weights that are there, at the full learning rate.

        classes: all labels that will ever come; needed in the first call.
        """
        first = not hasattr(self, "coefs_")
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight 'balanced' needs all rows at once: pass a dictionary to partial_fit"
            )
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=TYPES, reset=first)
        check_classification_targets(y)
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        if first and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit")
        if classes is not None:
            classes = np.unique(classes)
            if first:
                self.classes_ = classes
            elif not np.array_equal(classes, self.classes_):
                raise ValueError(f"classes={classes!r} is not the same as on last call to partial_fit")
        train = self._merged(X, y, weights)
        if first:
            self._begin(train, check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        self._learn(train, 1, None, X, y, constant=True)
        return self

    def predict(self, X: Any) -> NDArray:
        """The label of each row: (N, D) -> (N,)."""
        z = self._z(X)
        labels: NDArray = self.classes_[z.argmax(axis=1)]
        return labels

    def predict_proba(self, X: Any) -> NDArray:
        """The probability of each class: (N, D) -> (N, C), each row sums to 1, by temperature_."""
        return calibration.probabilities(log_outputs(self._z(X), self.loss), self.temperature_)

    @property
    def params_(self) -> Params:
        """W1 (H, D), b1, W2 (C, H), b2, which stand for x as it comes (pixels divided by 255)."""
        check_is_fitted(self)
        biases = self.intercepts_ or [None, None]
        return Params(self.coefs_[0].T, biases[0], self.coefs_[1].T, biases[1])

    @property
    def history_(self) -> History:
        """Epoch by epoch a record: epoch, loss, and with validation rows validation_loss and score."""
        check_is_fitted(self)
        names = {
            "loss": "loss_curve_",
            "validation_loss": "validation_loss_curve_",
            "score": "validation_scores_",
        }
        curves = {name: getattr(self, key) for name, key in names.items() if hasattr(self, key)}
        return History(
            {"epoch": i + 1} | {name: curve[i] for name, curve in curves.items() if i < len(curve)}
            for i in range(self.n_iter_)
        )

    def to_model(self) -> Model:
        """A handgrad Model with the same weights, for model files, exports and reading pictures.

        It takes floats from 0 to 1, or pixels. ValueError for labels that are neither integers nor texts.
        """
        classes = tuple(self.classes_.tolist())
        if not all(type(c) in (int, str) for c in classes):
            raise ValueError("expected classes as integers or texts, as a Model has; got others")
        return Model(self.params_, self.activation, self.loss, classes, history=list(self.history_))

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn may expect: CSR matrices are taken as they are."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _repr_html_inner(self) -> str:
        """scikit-learn's diagram, and below it the network and a table of the epochs."""
        from sklearn.utils import estimator_html_repr

        diagram: str = estimator_html_repr(self)
        if not hasattr(self, "coefs_"):
            return diagram
        (D, H), C = self.coefs_[0].shape, len(self.classes_)
        return (
            f"{diagram}<p>{escape(f'{D} -> {H} {self.activation} -> {C}')}</p>{self.history_._repr_html_()}"
        )

    @property
    def _repr_html_(self) -> Any:
        return self._repr_html_inner

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_inner()}

    def _z(self, X: Any) -> NDArray:
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=TYPES, reset=False)
        return self._z_of(X)

    def _z_of(self, X: Any) -> NDArray:
        """z (N, C) of checked rows, some at a time, to keep the memory small."""
        dtype, N = self.coefs_[0].dtype, X.shape[0]
        z = np.empty((N, len(self.classes_)), dtype)
        for i in range(0, N, AT_ONCE):
            x = rows.as_x(X[i : i + AT_ONCE], dtype)
            z[i : i + AT_ONCE] = network.forward(self.params_, x, self.activation).z
        return z

    def _parts(
        self, X: Any, y: NDArray, weights: NDArray, seed: int, X_val: Any, y_val: Any, sample_weight_val: Any
    ) -> tuple[rows.Rows, rows.Rows | None]:
        """The rows to learn from, and those for validation, if any."""
        if self.early_stopping not in (True, False, "auto"):
            raise ValueError(
                f"expected early_stopping to be True, False or 'auto'; got {self.early_stopping!r}"
            )
        if (X_val is None) != (y_val is None):
            raise ValueError("expected both X_val and y_val, or neither; got only one of them")
        train = self._merged(X, y, weights)
        if X_val is not None:
            X_val, y_val = validate_data(self, X_val, y_val, accept_sparse="csr", dtype=TYPES, reset=False)
            if not np.isin(y_val, self.classes_).all():
                raise ValueError(f"expected y_val among the classes {self.classes_}; got others")
            counts = _check_sample_weight(
                sample_weight_val, X_val, dtype=np.float64, ensure_non_negative=True
            )
            return train, self._merged(X_val, y_val, counts)
        if self.early_stopping is not True:
            return train, None
        split = StratifiedShuffleSplit(1, test_size=self.validation_fraction, random_state=seed)
        kept, held_back = next(split.split(np.zeros(len(train.numbers)), train.numbers))
        return _of(train, kept), _of(train, held_back)

    def _merged(self, X: Any, y: NDArray, weights: NDArray) -> rows.Rows:
        if not np.isin(y, self.classes_).all():
            raise ValueError(f"expected y among the classes {self.classes_}; got others")
        return rows.merged(rows.lists(X), np.searchsorted(self.classes_, y), weights)

    def _class_weights(self, train: rows.Rows) -> NDArray:
        """The weights of the rows, times those of their classes."""
        if self.class_weight is None:
            return train.weights
        C = len(self.classes_)
        if self.class_weight == "balanced":
            of_class = np.bincount(train.numbers, train.weights, C)
            factors = of_class.sum() / (C * np.where(of_class > 0, of_class, 1))
        elif isinstance(self.class_weight, dict):
            factors = np.array([self.class_weight.get(c, 1.0) for c in self.classes_.tolist()], float)
        else:
            raise ValueError(
                f"expected class_weight to be None, 'balanced' or a dictionary; got {self.class_weight!r:.60}"
            )
        weighed: NDArray = train.weights * factors[train.numbers]
        return weighed

    def _begin(self, train: rows.Rows, seed: int) -> None:
        """Everything that a fit starts from."""
        self._rng = np.random.default_rng(seed)
        dtype = np.dtype(np.float64 if train.X.dtype == np.float64 else np.float32)
        self.scale_ = 1.0 if beginning.has_weights(self.init) else rows.scale_of(train.X, train.weights)
        weighed = train._replace(weights=self._class_weights(train))
        params = beginning.params(self, weighed, self._rng)
        self._keep(map_params(lambda p: np.asarray(p, dtype), params._replace(W1=params.W1 * self.scale_)))
        self._memory: Any = None
        self._step = 0
        self.loss_curve_: list[float] = []
        self.temperature_ = 1.0
        self.n_iter_ = self.best_iter_ = 0
        for name in ("validation_loss_curve_", "validation_scores_"):
            self.__dict__.pop(name, None)

    def _recipe(self, epochs: int) -> Recipe:
        return Recipe(
            hidden=len(self.coefs_[0].T),
            activation=self.activation,
            bias=self.bias,
            loss=self.loss,
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            schedule=self.schedule,
            warmup=self.warmup,
            batch_size=int(self.batch_size),
            epochs=epochs,
        )

    def _epochs(self, M: int) -> int:
        if self.max_iter is not None:
            if isinstance(self.max_iter, bool) or not isinstance(self.max_iter, int | np.integer):
                raise ValueError(f"expected max_iter to be a whole number or None; got {self.max_iter!r:.30}")
            if self.max_iter < 1:
                raise ValueError(f"expected max_iter to be 1 or more; got {self.max_iter}")
            return int(self.max_iter)
        return max(EPOCHS, -(-STEPS // -(-M // self.batch_size)))

    def _learn(
        self, train: rows.Rows, epochs: int, stopping: Stopping | None, X: Any, y: Any, constant: bool = False
    ) -> None:
        """Epoch after epoch; the best weights are kept where validation rows say which they are."""
        dtype = self.coefs_[0].dtype
        recipe = self._recipe(epochs)
        images = rows.of_engine(train.X, self.scale_, dtype, self.engine)
        weights = self._class_weights(train)
        there = np.flatnonzero(weights > 0)  # a class of weight 0 is absent
        numbers, scale = train.numbers, dtype.type(self.scale_)
        M = len(there)
        weighed = None if (weights == weights[0]).all() else (weights / weights.mean()).astype(dtype)
        sparse = isinstance(images, Sparse) or images.dtype == np.uint8
        chosen = self.engine if sparse or self.engine != "auto" else "numpy"
        engine = (
            chosen
            if not isinstance(chosen, str)
            else engine_of(chosen, threads=threads_of(self.n_jobs), hidden=recipe.hidden)
        )
        images, numbers = engine.put(images), engine.put(numbers)
        weighed = None if weighed is None else engine.put(weighed)
        params = self.params_
        params = map_params(engine.put, params._replace(W1=params.W1 / scale))
        batches = -(-M // recipe.batch_size)
        with watching(self, epochs, callbacks=not constant) as watch:
            for epoch in range(epochs):
                steps = range(epoch * batches, (epoch + 1) * batches)
                rates = (
                    np.full(batches, self.learning_rate)
                    if constant
                    else recipe.learning_rates(steps, epochs * batches)
                )
                order = there[self._rng.permutation(M)]
                begun = watch.begin(X, y)
                with engine.limits():
                    params, self._memory, loss = engine.run_epoch(
                        params, images, numbers, order, recipe, rates,
                        self._memory, self._step, weighed,
                    )  # fmt: skip
                self._step += batches
                self.loss_curve_.append(loss)
                self.n_iter_ = self.best_iter_ = len(self.loss_curve_)
                here = map_params(to_numpy, params)
                self._keep(here._replace(W1=here.W1 * scale))
                stop = stopping is not None and stopping.after(self, self._z_of)
                if watch.end(begun, X, y, loss) or stop:
                    break
            watch.over(X, y)
        if stopping is not None:
            stopping.restore(self, self._z_of)

    def _keep(self, params: Params) -> None:
        """The parameters as attributes, for x as it comes."""
        self.coefs_ = [np.ascontiguousarray(params.W1).T, np.ascontiguousarray(params.W2).T]
        self.intercepts_ = [] if params.b1 is None else [params.b1, params.b2]


def _of(some: rows.Rows, chosen: NDArray) -> rows.Rows:
    """Some of the rows, in their order."""
    chosen = np.sort(chosen)
    return rows.Rows(some.X[chosen], some.numbers[chosen], some.weights[chosen])
