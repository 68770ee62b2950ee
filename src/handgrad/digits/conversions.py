"""Convert sets that are not published as IDX files into pairs of IDX files.

EMNIST is published as a zip archive of gzip-compressed IDX files whose images are transposed; the
conversion puts them upright. USPS is text in LIBSVM's format: each line has a label and the values of
16 x 16 pixels. The written files are not compressed, so they are fast to write and to read.
"""

import bz2
import gzip
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np

from handgrad.arrays import NDArray
from handgrad.digits.idx import idx_bytes, parse_idx
from handgrad.digits.pairs import Pairs
from handgrad.errors import DataError
from handgrad.files import KEPT, new_file

SIDE = 16  # of USPS's images, in pixels
IMAGES = 4096  # turned at once


def convert_emnist(archive: Path, split: str, pairs: Pairs) -> None:
    """Write a split of EMNIST, upright. The letters' labels, 1 to 26 in the archive, become 0 to 25.

    DataError where the archive does not hold what it should.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            names = {name.rpartition("/")[2]: name for name in opened.namelist()}
            for part, images, labels in (("train", *pairs[:2]), ("test", *pairs[2:])):
                member = opened.open(names[f"emnist-{split}-{part}-images-idx3-ubyte.gz"])
                with member, gzip.open(member) as stream, new_file(images, KEPT) as out:
                    _turn_upright(stream, out, f"{archive}, {member.name}")
                name = names[f"emnist-{split}-{part}-labels-idx1-ubyte.gz"]
                read = parse_idx(bytearray(gzip.decompress(opened.read(name))), f"{archive}, {name}")
                _keep(labels, read - 1 if split == "letters" else read)
    except KeyError as error:
        raise DataError(f"{archive}: the archive does not contain {error.args[0]}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise DataError(f"{archive}: the archive is damaged ({error}); remove it and fetch again") from None


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


def _turn_upright(stream: Any, out: IO[bytes], name: str) -> None:
    """Copy an IDX stream of images, each with its rows and columns exchanged; little memory at a time."""
    header = stream.read(16)
    if len(header) < 16 or header[:4] != b"\0\0\x08\x03":
        raise DataError(f"{name}: expected images in the IDX format; got {header[:4].hex(' ')}")
    N, height, width = struct.unpack(">III", header[4:])
    out.write(header[:8] + struct.pack(">II", width, height))
    for first in range(0, N, IMAGES):
        shape = (min(IMAGES, N - first), height, width)
        images = np.frombuffer(stream.read(shape[0] * height * width), np.uint8)
        if images.size != shape[0] * height * width:
            raise DataError(f"{name}: expected {N} images; the file ends after {first + images.size}")
        out.write(images.reshape(shape).transpose(0, 2, 1).tobytes())
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
