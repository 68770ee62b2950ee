"""What a TwoLayerClassifier that is fitted answers, and how it is shown."""

from html import escape
from typing import Any

import numpy as np
from sklearn.utils import estimator_html_repr
from sklearn.utils.validation import check_is_fitted, validate_data

from handgrad import calibration, network
from handgrad.arrays import NDArray
from handgrad.errors import name_of
from handgrad.estimator import rows
from handgrad.estimator.stopping import log_outputs
from handgrad.history import History
from handgrad.model import Model
from handgrad.network import Params

AT_ONCE = 4096  # rows that go through the network together


class Fitted:
    """The answers of an estimator with coefs_, intercepts_, classes_ and temperature_."""

    classes_: NDArray
    coefs_: list[NDArray]
    intercepts_: list[NDArray]
    n_iter_: int
    temperature_: float
    activation: Any
    loss: Any

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
        biases: list[Any] = [*self.intercepts_] or [None, None]
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
        history: list[dict[str, Any]] = []
        for record in self.history_:
            known = {name: float(value) for name, value in record.items() if name != "epoch"}
            unknown = {"train_accuracy": None, "validation_accuracy": None}
            history.append({"epoch": record["epoch"], **known, **unknown})
        return Model(self.params_, self.activation, self.loss, classes, history=history)

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn may expect: CSR matrices are taken as they are."""
        tags = super().__sklearn_tags__()  # type: ignore[misc]  # sklearn has no types
        tags.input_tags.sparse = True
        return tags

    def _repr_html_inner(self) -> str:
        """scikit-learn's diagram, and below it the network and a table of the epochs."""
        diagram: str = estimator_html_repr(self)
        if not hasattr(self, "coefs_"):
            return diagram
        (D, H), C = self.coefs_[0].shape, len(self.classes_)
        network = escape(f"{D} -> {H} {name_of(self.activation)} -> {C}")
        return f"{diagram}<p>{network}</p>{self.history_._repr_html_()}"

    @property
    def _repr_html_(self) -> Any:
        return self._repr_html_inner

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_inner()}

    def _z(self, X: Any) -> NDArray:
        check_is_fitted(self)
        rows.expect_numbers(X=X)
        X = validate_data(self, X, accept_sparse="csr", dtype=rows.TYPES, reset=False)
        return self.z_of(X)

    def z_of(self, X: Any) -> NDArray:
        """z (N, C) of checked rows, some at a time, to keep the memory small."""
        dtype, N = self.coefs_[0].dtype, X.shape[0]
        z = np.empty((N, len(self.classes_)), dtype)
        for i in range(0, N, AT_ONCE):
            x = rows.as_x(X[i : i + AT_ONCE], dtype)
            z[i : i + AT_ONCE] = network.forward(self.params_, x, self.activation).z
        return z
