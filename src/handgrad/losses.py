"""Losses, each with its own gradient. Image i counts w_i times, W in all; without weights once, W = N."""

from handgrad.arrays import Array, array_namespace, device
from handgrad.errors import Pieces


def one_hot(labels: Array, C: int, dtype: object = None) -> Array:
    """target (N, C): row i is 1 in column labels[i], else 0; labels (N,) are integers in 0..C-1."""
    xp = array_namespace(labels)
    if labels.ndim != 1 or not xp.isdtype(labels.dtype, "integral"):
        raise ValueError(f"expected integer labels of shape (N,); got {labels.dtype}, {tuple(labels.shape)}")
    target = labels[:, None] == xp.arange(C, device=device(labels))[None, :]
    return xp.astype(target, xp.zeros(()).dtype if dtype is None else dtype)


def l2_loss(y: Array, labels: Array, weights: Array | None = None) -> tuple[Array, Array]:
    """L = 1/W sum_i w_i sum_j (y_ij - target_ij)^2 and grad_y = 2/W w (y - target): summed over digits,
    averaged over images, no 1/2.  y (N, C), labels (N,) -> L (), grad_y (N, C)."""
    w, W, error = *_weighed(y, weights), y - _target(y, labels)  # (N, 1), (), (N, C)
    return array_namespace(y).sum(w * error * error) / W, 2 / W * w * error


def cross_entropy_loss(z: Array, labels: Array, weights: Array | None = None) -> tuple[Array, Array]:
    """L = -1/W sum_i w_i log softmax(z)_{i, labels_i} and grad_z = w/W (softmax(z) - target). It reads the
    scores z (N, C), not y: softmax is its output layer, and exp and log cancel on the way back."""
    xp, (w, W) = array_namespace(z), _weighed(z, weights)
    target, log_y = _target(z, labels), log_softmax(z)  # (N, C)
    return -xp.sum(w * target * log_y) / W, w * (xp.exp(log_y) - target) / W


def log_softmax(z: Array) -> Array:
    """log y, where y_ij = exp(z_ij) / sum_k exp(z_ik): each row of y sums to 1.  (N, C) -> (N, C)."""
    xp = array_namespace(z)
    shifted = z - xp.max(z, axis=1, keepdims=True)  # the largest exponent is 0: no overflow
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=1, keepdims=True))


LOSSES = Pieces(l2=(l2_loss, "y"), cross_entropy=(cross_entropy_loss, "z"))  # and which of y and z it reads


def _weighed(outputs: Array, weights: Array | None) -> tuple[Array, Array]:
    w = 1 if weights is None else array_namespace(outputs).astype(weights, outputs.dtype)[:, None]  # (N, 1)
    return w, outputs.shape[0] if weights is None else array_namespace(w).sum(w)


def _target(outputs: Array, labels: Array) -> Array:
    if outputs.ndim != 2 or not 0 < outputs.shape[0] == labels.shape[0]:
        got = f"shapes {tuple(outputs.shape)} and {tuple(labels.shape)}"
        raise ValueError(f"expected outputs (N, C) and labels (N,) with one N of at least 1; got {got}")
    return one_hot(labels, outputs.shape[1], outputs.dtype)
