"""MNIST, embedded: all 70,000 images and labels travel with the package; nothing is downloaded."""

import hashlib
import zlib
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from itertools import accumulate
from typing import NamedTuple

from handgrad.arrays import NDArray
from handgrad.digits.idx import parse_idx
from handgrad.errors import DataError

ATTRIBUTION = (
    "MNIST by Yann LeCun and Corinna Cortes, a derivative work of the NIST databases, made available "
    "under CC BY-SA 3.0 (https://creativecommons.org/licenses/by-sa/3.0/); encoding changed, pixels not"
)


class EmbeddedFile(NamedTuple):
    """One of the four files: what its contents must be, and where its gzip members begin."""

    name: str
    size: int  # bytes of the contents
    sha256: str  # of the contents: the sums of the files as they were published
    gzip_sha256: str  # of the file as it stands in the package
    members: tuple[int, ...]  # lengths of the gzip members, which decompress side by side


TRAIN_IMAGES = EmbeddedFile(
    "train-images-idx3-ubyte",
    47_040_016,
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "e4ed21d14eb596e2a7a499e1feb06859dabe59574a0fd3ea34e3ffd54e90cc49",
    (2_410_474, 2_393_412, 2_410_145, 2_416_744),
)
TRAIN_LABELS = EmbeddedFile(
    "train-labels-idx1-ubyte",
    60_008,
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "81a978ae83d39ffdba0db3ce2fcaf80a8921e9629e874428996a2b03242d4b2a",
    (28_878,),
)
TEST_IMAGES = EmbeddedFile(
    "t10k-images-idx3-ubyte",
    7_840_016,
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "197e111ae341b0770be9011ac5e622d0e6cd1c640b32eb0de5dc1dd26cc6e182",
    (1_602_050,),
)
TEST_LABELS = EmbeddedFile(
    "t10k-labels-idx1-ubyte",
    10_008,
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    "b91679a0acfe4ba0e50a2437a903084cba1f5f92592b016a25a7dfd00455798b",
    (4_517,),
)
FILES = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)


def load_mnist() -> tuple[tuple[NDArray, NDArray], tuple[NDArray, NDArray]]:
    """(train_images (60000, 28, 28), train_labels (60000,)), (test_images (10000, 28, 28), test_labels).

    All uint8; 0 is black paper, 255 white ink. No network access. Every call decompresses the files again and
    returns new arrays. DataError if the SHA-256 of an embedded file is wrong (gzip's own CRC then checks
    the contents).
    """
    with ThreadPoolExecutor(2) as pool:  # zlib and hashlib release the GIL
        arrays = [parse_idx(_contents(file, pool), file.name) for file in FILES]
    return (arrays[0], arrays[1]), (arrays[2], arrays[3])


def verify_mnist() -> list[tuple[EmbeddedFile, str]]:
    """Each embedded file with the SHA-256 of its contents, decompressed: good where it equals sha256.

    DataError if a file cannot be decompressed.
    """
    with ThreadPoolExecutor(2) as pool:
        return [(file, hashlib.sha256(_contents(file, pool)).hexdigest()) for file in FILES]


def _contents(file: EmbeddedFile, pool: ThreadPoolExecutor) -> bytearray:
    """The decompressed bytes of an embedded file."""
    damaged = f"the embedded {file.name}.gz is damaged; install handgrad again"
    try:
        packed = memoryview((files("handgrad.digits") / "mnist_files" / f"{file.name}.gz").read_bytes())
    except OSError:
        raise DataError(f"the embedded {file.name}.gz is missing; install handgrad again") from None
    digest = pool.submit(hashlib.sha256, packed)
    members = [
        packed[end - length : end] for end, length in zip(accumulate(file.members), file.members, strict=True)
    ]
    contents, end = bytearray(file.size), 0
    try:
        for part in pool.map(_decompress, members):
            contents[end : end + len(part)] = part
            end += len(part)
    except zlib.error:
        raise DataError(damaged) from None
    if digest.result().hexdigest() != file.gzip_sha256 or len(contents) != file.size:
        raise DataError(damaged)
    return contents


def _decompress(member: memoryview) -> bytes:
    return zlib.decompress(member, wbits=31, bufsize=16 * len(member) // 3)
