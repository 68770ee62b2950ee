"""Images and labels that belong together: a pair of IDX files, and what identifies a set."""

import hashlib
import math
import os
from pathlib import Path as FilePath
from typing import Any, NamedTuple

import numpy as np

from handgrad.arrays import NDArray
from handgrad.digits.idx import read_idx
from handgrad.errors import DataError

Path = str | os.PathLike[str]


class Pairs(NamedTuple):
    """The four files of a set: images and labels to train with, images and labels to test with."""

    train_images: FilePath
    train_labels: FilePath
    test_images: FilePath
    test_labels: FilePath


def load_pair(images_path: Path, labels_path: Path) -> tuple[NDArray, NDArray]:
    """images (N, height, width) uint8 and labels (N,) uint8 of two IDX files that belong together.

    Fits MNIST, Fashion-MNIST, KMNIST, EMNIST, and both label formats of QMNIST: one byte a label, or
    eight 32-bit numbers a row, of which the first is the class. Images that are rows of D pixels become
    square if D is a square number, else strips 1 pixel high. DataError names the file, what was expected and
    what was found.
    """
    images = read_idx(images_path, lambda dtype, shape: _expect_images(dtype, shape, images_path))
    labels = read_idx(
        labels_path, lambda dtype, shape: _expect_labels(dtype, shape, len(images), images_path, labels_path)
    )
    return pair_of(images, labels, images_path, labels_path)


def pair_of(
    images: NDArray, labels: NDArray, images_path: Path, labels_path: Path
) -> tuple[NDArray, NDArray]:
    """The arrays of two IDX files in the form of load_pair.  DataError as there."""
    _expect_images(images.dtype, images.shape, images_path)
    _expect_labels(labels.dtype, labels.shape, len(images), images_path, labels_path)
    if labels.ndim == 2:
        labels = labels[:, 0]
    if labels.min() < 0 or labels.max() > 255:
        got = f"{labels.min()} to {labels.max()}"
        raise DataError(f"{labels_path}: expected labels from 0 to 255; got {got}")
    return as_pictures(images), labels.astype(np.uint8)


def _expect_images(dtype: np.dtype[Any], shape: tuple[int, ...], path: Path) -> None:
    if len(shape) not in (2, 3) or dtype != np.uint8 or 0 in shape:
        hint = "; are images and labels swapped?" if len(shape) == 1 else ""
        got = f"{dtype} of shape {shape}{hint}"
        raise DataError(f"{path}: expected images as uint8 (N, height, width); got {got}")


def _expect_labels(
    dtype: np.dtype[Any], shape: tuple[int, ...], N: int, images_path: Path, path: Path
) -> None:
    qmnist = len(shape) == 2 and shape[1] == 8 and dtype == np.int32
    if dtype.kind not in "iu" or not (len(shape) == 1 or qmnist):
        raise DataError(f"{path}: expected labels as integers (N,); got {dtype} of shape {shape}")
    if shape[0] != N:
        got = f"{shape[0]} labels and {N} images"
        raise DataError(f"{path}: expected one label for each image in {images_path}; got {got}")


def as_pictures(images: NDArray) -> NDArray:
    """(N, D) -> (N, side, side) or (N, 1, D); pictures stay as they are."""
    if images.ndim == 3:
        return images
    N, D = images.shape
    side = math.isqrt(D)
    return images.reshape(N, side, side) if side**2 == D else images.reshape(N, 1, D)


def checksum(images: NDArray, labels: NDArray) -> str:
    """SHA-256 over shapes, pixels and labels: what a model file records of the data it was trained on."""
    digest = hashlib.sha256(f"{images.shape} {images.dtype} {labels.dtype}".encode())
    for array in (images, labels):
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
