"""Losses: each returns its value together with its own gradient, so the two cannot drift apart."""

from handgrad.arrays import Array, array_namespace, device
from handgrad.errors import Pieces


def one_hot(labels: Array, C: int, dtype: object = None) -> Array:
    """target (N, C): row i is 1 in column labels[i], else 0; labels (N,) are integers in 0..C-1."""
    xp = array_namespace(labels)
    if labels.ndim != 1 or not xp.isdtype(labels.dtype, "integral"):
        raise ValueError(f"expected integer labels of shape (N,); got {labels.dtype}, {tuple(labels.shape)}")
    target = labels[:, None] == xp.arange(C, device=device(labels))[None, :]
    return xp.astype(target, xp.zeros(()).dtype if dtype is None else dtype)


def l2_loss(y: Array, labels: Array) -> tuple[Array, Array]:
    """L = 1/N sum_i sum_j (y_ij - target_ij)^2 and grad_y = 2/N (y - target): summed over digits, averaged
    over images, no 1/2.  y (N, C), labels (N,) -> L (), grad_y (N, C)."""
    N = y.shape[0]
    error = y - _target(y, labels)  # (N, C)
    return array_namespace(y).sum(error * error) / N, 2 / N * error


def cross_entropy_loss(z: Array, labels: Array) -> tuple[Array, Array]:
    """L = -1/N sum_i log softmax(z)_{i, labels_i} and grad_z = 1/N (softmax(z) - target). It reads the scores
    z (N, C), not y: softmax is its output layer, and exp and log cancel on the way back."""
    xp, N = array_namespace(z), z.shape[0]
    target, log_y = _target(z, labels), log_softmax(z)  # (N, C)
    return -xp.sum(target * log_y) / N, (xp.exp(log_y) - target) / N


def log_softmax(z: Array) -> Array:
    """log y, where y_ij = exp(z_ij) / sum_k exp(z_ik): each row of y sums to 1.  (N, C) -> (N, C)."""
    xp = array_namespace(z)
    shifted = z - xp.max(z, axis=1, keepdims=True)  # the largest exponent is 0: no overflow
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=1, keepdims=True))


LOSSES = Pieces(l2=(l2_loss, "y"), cross_entropy=(cross_entropy_loss, "z"))  # and which of y and z it reads


def _target(outputs: Array, labels: Array) -> Array:
    if outputs.ndim != 2 or not 0 < outputs.shape[0] == labels.shape[0]:
        got = f"shapes {tuple(outputs.shape)} and {tuple(labels.shape)}"
        raise ValueError(f"expected outputs (N, C) and labels (N,) with one N of at least 1; got {got}")
    return one_hot(labels, outputs.shape[1], outputs.dtype)
