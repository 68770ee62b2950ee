"""Images and labels that belong together: a pair of IDX files, and what identifies a set."""

import hashlib
import math
import os
from pathlib import Path as FilePath
from typing import NamedTuple

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
    return pair_of(read_idx(images_path), read_idx(labels_path), images_path, labels_path)


def pair_of(
    images: NDArray, labels: NDArray, images_path: Path, labels_path: Path
) -> tuple[NDArray, NDArray]:
    """The arrays of two IDX files in the form of load_pair.  DataError as there."""
    if images.ndim not in (2, 3) or images.dtype != np.uint8 or images.size == 0:
        got = f"{images.dtype} of shape {images.shape}"
        hint = "; are images and labels swapped?" if images.ndim == 1 else ""
        raise DataError(f"{images_path}: expected images as uint8 (N, height, width); got {got}{hint}")
    if labels.ndim == 2 and labels.shape[1] == 8 and labels.dtype == np.int32:
        labels = labels[:, 0]
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        got = f"{labels.dtype} of shape {labels.shape}"
        raise DataError(f"{labels_path}: expected labels as integers (N,); got {got}")
    if len(labels) != len(images):
        got = f"{len(labels)} labels and {len(images)} images"
        raise DataError(f"{labels_path}: expected one label for each image in {images_path}; got {got}")
    if labels.min() < 0 or labels.max() > 255:
        got = f"{labels.min()} to {labels.max()}"
        raise DataError(f"{labels_path}: expected labels from 0 to 255; got {got}")
    return as_pictures(images), labels.astype(np.uint8)


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
