"""Which files hold pictures, how large a picture may be, and what is wrong with a file in one line.

Only these formats are opened, whatever other plugins Pillow has. The limits keep a process below 300 MB:
Pillow holds all pixels of a picture at once, and only a JPEG can be decoded at a fraction of its size.
"""

import os
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from PIL import Image, UnidentifiedImageError

from handgrad.errors import ImageError
from handgrad.files import reason

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF", "HEIC", "PDF")  # Pillow's names first
FORMAT_NAMES = "PNG, JPEG, WebP, BMP, GIF, TIFF, PNM, AVIF, HEIC or PDF"
BY_PILLOW = tuple(name for name in FORMATS if name not in ("JPEG", "HEIC", "PDF"))
SUFFIXES = frozenset(
    (
        *(
            ".png",
            ".apng",
            ".jpg",
            ".jpeg",
            ".jpe",
            ".jfif",
            ".webp",
            ".bmp",
            ".dib",
            ".gif",
            ".tif",
            ".tiff",
        ),
        *(".ppm", ".pgm", ".pbm", ".pnm", ".pfm", ".avif", ".heic", ".heif", ".hif", ".pdf"),
    )
)
LONGEST = 1600  # the longer side of a picture is reduced to at most this many pixels
MAX_PAGES = 100  # of one file
MAX_BYTES = 100_000_000  # of decoded pixels in memory,
MAX_PIXELS = MAX_BYTES // 4  # which are so many in colour
MAX_JPEG_PIXELS = 200_000_000  # of a JPEG that is decoded at a fraction of its size
HEAD = 1024  # bytes in which a format shows; a PDF may begin with some bytes of another kind
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
# What decoders raise on damaged files, besides OSError.
DAMAGE = (
    *(ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError, AttributeError),
    *(RuntimeError, ZeroDivisionError, struct.error),
)

File = str | os.PathLike[str] | IO[bytes]


def kind_of(file: File) -> str:
    """By the first bytes of a file: "JPEG", "HEIC", "PDF", or "" where Pillow has to tell."""
    head = beginning(file, HEAD)
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if b"%PDF-" in head:
        return "PDF"
    if head[4:8] == b"ftyp":
        brands = head[8 : min(int.from_bytes(head[:4]), HEAD)]
        if HEIC_BRANDS & {brands[at : at + 4] for at in range(0, len(brands), 4)}:
            return "HEIC"
    return ""


def beginning(file: File, size: int) -> bytes:
    """The first bytes of a file."""
    if isinstance(file, str | os.PathLike):
        with open(file, "rb") as opened:
            return opened.read(size)
    file.seek(0)
    data = file.read(size)
    file.seek(0)
    return data


def expect_size(size: tuple[int, int], most: int, what: str) -> None:
    """ImageError for a picture without pixels, or with more than `most`. what: "in colour" and the like."""
    width, height = size
    if width < 1 or height < 1:
        raise ImageError(f"expected at least one pixel; got {width} x {height}")
    if width * height > most:
        is_reducible = "JPEG" not in what and width * height <= MAX_JPEG_PIXELS
        remedy = (
            f"save it as a JPEG, which may have {MAX_JPEG_PIXELS // 10**6}" if is_reducible else "reduce it"
        )
        raise ImageError(
            f"expected at most {most // 10**6} megapixels {what}; got {width} x {height}: {remedy}"
        )


@contextmanager
def one_error(name: str, rest: str = "") -> Iterator[None]:
    """Errors of decoders within the block become one ImageError: a line from the name to the rest.

    Nothing is said about odd metadata. A block must not yield to other code: the filters of warnings are
    those of the whole process.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ImageError as error:
        told = str(error)
        raise ImageError((told if told.startswith(name) else f"{name}: {told}") + rest) from None
    except UnidentifiedImageError:
        raise ImageError(f"{name}: not a {FORMAT_NAMES} file") from None
    except Image.DecompressionBombError:
        most = f"{MAX_BYTES // 10**6} megapixels in grey, {MAX_PIXELS // 10**6} in colour"
        raise ImageError(f"{name}: expected at most {most}; the file declares more{rest}") from None
    except OSError as error:
        raise ImageError(f"{name}: cannot be read as a picture: {reason(error)}{rest}") from None
    except (*DAMAGE, MemoryError) as error:
        told = " ".join(str(error).split())
        raise ImageError(f"{name}: the picture is damaged ({told}){rest}") from None
