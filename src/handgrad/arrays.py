"""Arrays: whose functions work on them, which are images and labels, and the one scaling of pixels."""

import math
from typing import Any

import numpy as np
from array_api_compat import array_namespace as _namespace_of_others
from array_api_compat import device, is_array_api_obj

from handgrad.errors import DataError

__all__ = ["PIXEL_MAX", "Array", "NDArray", "array_namespace", "as_input", "device"]
__all__ += [
    "checked",
    "expect_bright_ink",
    "expect_images",
    "expect_labels",
    "expect_no_mask",
    "is_array_api_obj",
    "repr_of_shapes",
]

Array = Any  # an array of any namespace that follows the array API standard: NumPy, PyTorch, CuPy, JAX
NDArray = np.ndarray[Any, Any]  # an array of NumPy's, where only these will do

BRIGHT = 128  # a pixel of bright paper is at least this, of 255
PIXEL_MAX = 255.0  # x = pixel / PIXEL_MAX: 0 is black paper, 1 is white ink


def array_namespace(array: Array) -> Any:
    """The namespace of the array API standard that an array belongs to.

    NumPy is one itself since version 2.1; array_api_compat would wrap it, and take 0.15 s to be imported.
    """
    return np if type(array) is np.ndarray else _namespace_of_others(array)


def as_input(images: Array, dtype: object) -> Array:
    """x (N, D), one image a row: integer pixels become pixel / 255, floats are x already.

    images (N, ...) of any shape behind N; dtype is the floating type wanted, that of the parameters.
    """
    xp = array_namespace(images)
    x = xp.reshape(images, (images.shape[0], -1))
    if xp.isdtype(x.dtype, "real floating"):
        return xp.astype(x, dtype, copy=False)
    return xp.astype(x, dtype) / PIXEL_MAX


def repr_of_shapes(arrays: Any) -> str:
    """The repr of a named tuple of arrays: their shapes in the place of their numbers."""
    named = ", ".join(f"{name} {_shape(value)}" for name, value in arrays._asdict().items())
    return f"{type(arrays).__name__}({named})"


def _shape(value: Any) -> str:
    if isinstance(value, tuple):  # what an optimizer remembers of a parameter
        return f"({', '.join(map(_shape, value))})"
    return f"{value.dtype} {tuple(value.shape)}" if is_array_api_obj(value) else repr(value)


def checked(moved: Any, p: Array) -> Any:
    """What an optimizer's rule returned for p.  ValueError unless it is p's successor, of p's shape, and a
    tuple of what the rule remembers."""
    pair = isinstance(moved, tuple) and len(moved) == 2 and isinstance(moved[1], tuple)
    if not pair or getattr(moved[0], "shape", None) != p.shape:
        got = f"({', '.join(map(_shape, moved))})" if isinstance(moved, tuple) else _shape(moved)
        expected = f"expected the optimizer to return p of shape {tuple(p.shape)} and a tuple of arrays"
        raise ValueError(f"{expected} to remember; got {got:.80}")
    return moved


def expect_images(images: Array, D: int, any_numbers: bool = False) -> None:
    """DataError unless images (N, ...) hold at least one image of D pixels: 0..255 or floats 0..1.

    any_numbers: floats may be any finite numbers, the x of a network that does not read pictures.
    """
    if not is_array_api_obj(images):
        raise DataError(f"expected images as an array; got {type(images).__name__}")
    xp = array_namespace(images)
    if images.ndim < 2 or images.shape[0] == 0:
        shape = tuple(images.shape)
        raise DataError(f"expected images of shape (N, ...) with N at least 1; got shape {shape}")
    if (pixels := math.prod(images.shape[1:])) != D:
        got = " x ".join(str(side) for side in images.shape[1:])
        is_last = math.prod(images.shape[:-1]) == D
        hint = "; one image each along the last axis? Pass numpy.moveaxis(images, -1, 0)" if is_last else ""
        raise DataError(
            f"expected images of {D} pixels, as the network has; got {got} = {pixels} pixels{hint}"
        )
    if _is_kind(images, "real floating"):
        low, high = float(xp.min(images)), float(xp.max(images))
        if any_numbers:
            if not math.isfinite(high - low):
                raise DataError("expected finite numbers; got NaN, infinity or numbers too large")
        elif not (low >= 0 and high <= 1):  # also true of NaN
            hint = f": divide by {PIXEL_MAX:g}" if low >= 0 and high <= PIXEL_MAX else ""
            raise DataError(f"expected float pixels from 0 (paper) to 1 (ink); got {low:g} to {high:g}{hint}")
    elif _is_kind(images, "integral"):
        if images.dtype != xp.uint8 and not (int(xp.min(images)) >= 0 and int(xp.max(images)) <= PIXEL_MAX):
            raise DataError("expected integer pixels from 0 to 255; got values outside")
    else:
        hint = ": pass images.astype(float)" if _is_kind(images, "bool") else ""
        raise DataError(f"expected images as integers 0..255 or floats 0..1; got {images.dtype}{hint}")


def expect_no_mask(what: str, array: Any) -> None:
    """DataError for a masked array: NumPy's functions would take what it hides."""
    if isinstance(array, np.ma.MaskedArray):
        raise DataError(f"expected {what} without a mask; got a masked array: fill it, array.filled(value)")


def real_numbers(what: str, given: Any) -> NDArray:
    """An array of integers or floating-point numbers.  ValueError, which names `what`, for others."""
    try:
        array = np.asarray(given)
    except ValueError:
        raise ValueError(f"expected {what} as arrays; got rows of different lengths") from None
    if array.dtype.kind not in "iuf" or hasattr(given, "mask"):
        got = "a masked array" if hasattr(given, "mask") else array.dtype
        raise ValueError(f"expected {what} as arrays of real numbers; got {got}")
    return array


def _is_kind(array: Array, kind: str) -> bool:
    """Whether the numbers are of a kind of the standard; those of a type that others gave NumPy are not."""
    try:
        return bool(array_namespace(array).isdtype(array.dtype, kind))
    except TypeError:  # NumPy's word for bfloat16, float8 and their like
        return False


def expect_bright_ink(images: NDArray, D: int) -> None:
    """DataError if images (N, ...) or one (...) of D pixels, as MNIST's are, are binary integers, or if most
    of them are inverted. A network that knows MNIST would answer both without a doubt.

    For one image this takes two microseconds.
    """
    is_float = images.dtype.kind == "f"
    if not is_float and (images.size == D or images[:4].max() <= 1) and images.max() == 1:
        got = "got 1 as the largest: pass 255 * images, or floats"
        raise DataError(f"expected integer pixels from 0 (paper) to 255 (ink); {got}")
    bright = BRIGHT / 255 if is_float else BRIGHT
    if images.size == D and images.item(0) < bright:
        return
    pages = images.reshape(-1, D)
    if 2 * np.count_nonzero(pages[:, 0] >= bright) <= len(pages):
        return
    side = math.isqrt(D)
    planes = images.reshape(-1, side, side)
    edges = np.concatenate([planes[:, 0], planes[:, -1], planes[:, :, 0], planes[:, :, -1]], axis=1)
    is_inverted = ((edges >= bright).mean(axis=1) > 0.9) & (pages.min(axis=1) < bright)
    if 2 * is_inverted.sum() > len(pages):
        got = f"got bright paper: pass {1 if is_float else 255} - images"
        raise DataError(f"expected bright ink on dark paper (0), as in MNIST; {got}")


def expect_labels(labels: Array, N: int, C: int) -> None:
    """DataError unless labels are N integers from 0 to C - 1."""
    if not is_array_api_obj(labels):
        raise DataError(f"expected labels as an array; got {type(labels).__name__}")
    xp = array_namespace(labels)
    if labels.ndim != 1 or not _is_kind(labels, "integral"):
        got = f"{labels.dtype} of shape {tuple(labels.shape)}"
        raise DataError(f"expected labels as integers of shape (N,), one class a row; got {got}")
    if labels.shape[0] != N:
        raise DataError(f"expected one label for each of {N} images; got {labels.shape[0]} labels")
    low, high = int(xp.min(labels)), int(xp.max(labels))
    if low < 0 or high >= C:
        raise DataError(f"expected labels from 0 to {C - 1}; got {low} to {high}")
