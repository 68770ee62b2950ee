"""Zwei Schichten, von Hand abgeleitet. Übung 3, Gruppe 12 (Jörg & Åsa)."""
from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

EPS = 1e-8
SEED = 42
LOGGER = logging.getLogger(__name__)
logging.basicConfig(level=logging.INFO)
np.random.seed(SEED)

Array = npt.NDArray[np.float64]


class AffineCache(NamedTuple):
    x: Array
    W: Array


@dataclass
class Zwischenwerte:
    """Was die Rückrichtung braucht."""

    erste: AffineCache
    relu: Array
    zweite: AffineCache
    sigmoid: Array


def affine_forward(x: Array, W: Array, b: Array) -> tuple[Array, AffineCache]:
    """y = W x + b für jede Zeile von x."""
    return np.matmul(x, W.T) + b, AffineCache(x, W)


def affine_backward(dout: Array, cache: AffineCache) -> tuple[Array, Array, Array]:
    return dout @ cache.W, dout.T @ cache.x, dout.sum(axis=0)


def relu_forward(x: Array) -> tuple[Array, Array]:
    return np.where(x > 0, x, 0.0), x


def relu_backward(dout: Array, cache: Array) -> Array:
    return np.where(cache > 0, dout, 0.0)


def sigmoid_forward(x: Array) -> tuple[Array, Array]:
    y = 1.0 / (1.0 + np.exp(-x))
    return y, y


def sigmoid_backward(dout: Array, cache: Array) -> Array:
    return dout * cache * (1.0 - cache)


def _eins_aus(labels, klassen):
    ziel = np.zeros((labels.shape[0], klassen))
    ziel[np.arange(labels.shape[0]), labels] = 1.0
    return ziel


def l2_loss(y: Array, y_hat: npt.NDArray[np.int64]) -> tuple[float, Array]:
    fehler = y - _eins_aus(y_hat, y.shape[1])
    return float((fehler**2).sum(axis=1).mean()), 2.0 * fehler / y.shape[0]


def calculate_accuracy(model: TwoLayerNet, input_data: Array, labels) -> float:
    y, _ = model.forward(input_data)
    return float(np.mean(y.argmax(axis=1) == labels))


class TwoLayerNet:
    def __init__(self, inp_dim: int, hidden_dim: int, out_dim: int) -> None:
        self.params: dict[str, Array] = {
            "W1": np.random.normal(0.0, np.sqrt(2.0 / inp_dim), (hidden_dim, inp_dim)),
            "b1": np.zeros(hidden_dim),
            "W2": np.random.normal(0.0, np.sqrt(2.0 / (hidden_dim + out_dim)), (out_dim, hidden_dim)),
            "b2": np.zeros(out_dim),
        }
        self.grads: dict[str, Array] = {}

    def forward(self, x: Array) -> tuple[Array, Zwischenwerte]:
        a, erste = affine_forward(x, self.params["W1"], self.params["b1"])
        h, relu = relu_forward(a)
        z, zweite = affine_forward(h, self.params["W2"], self.params["b2"])
        y, sigmoid = sigmoid_forward(z)
        return y, Zwischenwerte(erste, relu, zweite, sigmoid)

    def backward(self, dout: Array, cache: Zwischenwerte) -> None:
        dz = sigmoid_backward(dout, cache.sigmoid)
        dh, self.grads["W2"], self.grads["b2"] = affine_backward(dz, cache.zweite)
        da = relu_backward(dh, cache.relu)
        _, self.grads["W1"], self.grads["b1"] = affine_backward(da, cache.erste)


def train_model(
    model: TwoLayerNet, train_data: Array, train_labels, validation_data: Array, validation_labels,
    n_epochs: int, learning_rate: float = 1e-3, batch_size: int = 16,
) -> None:
    zufall = np.random.default_rng(SEED)
    for epoche in range(1, n_epochs + 1):
        reihenfolge = zufall.permutation(len(train_data))
        for anfang in range(0, len(reihenfolge), batch_size):
            zeilen = reihenfolge[anfang : anfang + batch_size]
            y, cache = model.forward(train_data[zeilen])
            verlust, dy = l2_loss(y, train_labels[zeilen])
            model.backward(dy, cache)
            for name, gradient in model.grads.items():
                model.params[name] -= learning_rate * gradient
        genau = calculate_accuracy(model, validation_data, validation_labels)
        LOGGER.info("Epoche %d: Verlust %.4f, Genauigkeit %.2f %%", epoche, verlust, 100 * genau)


def lesen(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochen", type=int, default=10)
    parser.add_argument("--daten", default="mnist.npz")
    return parser.parse_args(argv)


if __name__ == "__main__":
    gelesen = lesen()
    with np.load(gelesen.daten) as daten:
        bilder, ziffern = daten["x_train"].reshape(-1, 784) / 255, daten["y_train"]
    netz = TwoLayerNet(784, 64, 10)
    train_model(netz, bilder[:-5000], ziffern[:-5000], bilder[-5000:], ziffern[-5000:], gelesen.epochen)
