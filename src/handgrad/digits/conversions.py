"""Convert sets that are not published as IDX files into pairs of IDX files.

EMNIST is published as a zip archive of gzip-compressed IDX files whose images are transposed; the
conversion puts them upright. USPS is text in LIBSVM's format: each line has a label and the values of
16 x 16 pixels. The written files are not compressed, so they are fast to write and to read.
"""

import bz2
import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from handgrad.arrays import NDArray
from handgrad.digits.idx import idx_bytes, parse_idx
from handgrad.digits.pairs import Pairs
from handgrad.digits.places import Archive
from handgrad.errors import DataError
from handgrad.files import KEPT, new_file

SIDE, EMNIST_SIDE = 16, 28  # of USPS's and of EMNIST's images, in pixels
IMAGES = 4096  # turned at once
HEADER = 16  # bytes before the images of an IDX file


def convert_emnist(archive: Path, split: str, pairs: Pairs) -> None:
    """Write a split of EMNIST, upright. The letters' labels, 1 to 26 in the archive, become 0 to 25.

    DataError where the archive does not hold what it should, OSError where a file cannot be written.
    """
    opened = Archive(archive)
    names = {name.rpartition("/")[2]: name for name in opened.names}
    for part, images, labels in (("train", *pairs[:2]), ("test", *pairs[2:])):
        wanted = [f"emnist-{split}-{part}-{what}-ubyte.gz" for what in ("images-idx3", "labels-idx1")]
        if missing := [name for name in wanted if name not in names]:
            raise DataError(f"{archive}: the archive does not contain {missing[0]}")
        of_images, of_labels = (names[name] for name in wanted)
        with new_file(images, KEPT) as out:
            size = sum(map(out.write, _pieces(opened, of_images)))
        read = parse_idx(bytearray(opened.read(of_labels)), opened.shown(of_labels))
        if read.shape != (N := (size - HEADER) // EMNIST_SIDE**2,):
            raise DataError(f"{opened.shown(of_labels)}: expected {N} labels; got shape {read.shape}")
        _keep(labels, read - 1 if split == "letters" else read)


def convert_usps(train: Path, test: Path, pairs: Pairs) -> None:
    """Write USPS: values from -1 (paper) to 1 (ink) become 0 to 255, labels 1 to 10 become 0 to 9.

    DataError where a file does not hold what it should.
    """
    for path, images_path, labels_path in ((train, *pairs[:2]), (test, *pairs[2:])):
        images, labels = _read_libsvm(path)
        _keep(images_path, images)
        _keep(labels_path, labels)


def _keep(path: Path, array: NDArray) -> None:
    with new_file(path, KEPT) as file:
        file.write(idx_bytes(array, str(path)))


def _pieces(archive: Archive, name: str) -> Iterator[bytes]:
    """The images of a member, upright. A generator, since the errors of whoever writes them are not the
    archive's."""
    with archive.open(name) as stream:
        yield from _upright(stream, archive.shown(name))


def _upright(stream: IO[bytes], name: str) -> Iterator[bytes]:
    """An IDX stream of images, each with its rows and columns exchanged; little memory at a time."""
    header = stream.read(HEADER)
    if len(header) < HEADER or header[:4] != b"\0\0\x08\x03":
        raise DataError(f"{name}: expected images in the IDX format; got {header[:4].hex(' ')}")
    N, height, width = struct.unpack(">III", header[4:])
    if (height, width) != (EMNIST_SIDE, EMNIST_SIDE):
        raise DataError(f"{name}: expected images of 28 x 28 pixels; got {height} x {width}")
    yield header
    for first in range(0, N, IMAGES):
        shape = (min(IMAGES, N - first), height, width)
        images = np.frombuffer(stream.read(math.prod(shape)), np.uint8)
        if images.size != math.prod(shape):
            raise DataError(
                f"{name}: expected {N} images; the file ends after {first + images.size // (height * width)}"
            )
        yield images.reshape(shape).transpose(0, 2, 1).tobytes()
    if stream.read(1):
        raise DataError(f"{name}: expected {N} images; more follow")


def _read_libsvm(path: Path) -> tuple[NDArray, NDArray]:
    """images (N, 16, 16) and labels (N,), both uint8; a pixel that a line leaves out has the value 0."""
    rows: list[NDArray] = []
    labels: list[float] = []
    try:
        for line in bz2.decompress(path.read_bytes()).decode("ascii").splitlines():
            label, *numbers = map(float, line.replace(":", " ").split())
            row = np.zeros(1 + SIDE * SIDE)  # indices count from 1
            row[[int(index) for index in numbers[::2]]] = numbers[1::2]
            rows.append(row)
            labels.append(label)
    except (OSError, ValueError, IndexError, OverflowError) as error:
        where = f"line {len(rows) + 1}: expected 'label index:value ...'"
        raise DataError(f"{path}: {where}; got something else ({error})") from None
    if not set(labels) <= set(range(1, 11)) or not rows or not (abs(np.array(rows)) <= 1).all():
        raise DataError(f"{path}: expected labels from 1 to 10 and values from -1 to 1; got others")
    grey = np.rint((np.array(rows)[:, 1:] + 1) / 2 * 255).astype(np.uint8)
    return grey.reshape(-1, SIDE, SIDE), np.array(labels).astype(np.uint8) - 1
