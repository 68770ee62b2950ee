"""Download a file from the first of several places that has it; keep it only if it is complete and correct.

place -> pieces -> counted and hashed -> temporary file -> right size and SHA-256? -> renamed
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from handgrad import __version__
from handgrad.digits.sets import PublishedFile
from handgrad.files import KEPT, new_file, reason

if TYPE_CHECKING:
    from http.client import HTTPResponse

Place = str | Path  # the address of a folder, or a folder
TIMEOUT = 20.0  # seconds without a byte after which a server is given up
# Seconds in which a server must be done, whatever it does in them, unless it sends so many bytes a second.
PATIENCE, SLOWEST = 60.0, 1000
PIECE = 1 << 16
WEB_PAGE = "a web page (HTML) instead of the file"


class RefusedError(Exception):
    """A place does not have the file; the message says why in a few words."""


def obtain(
    file: PublishedFile,
    places: Sequence[Place],
    folder: Path,
    note: Callable[[str], object],
    watch: Callable[[PublishedFile, int], object],
) -> Place:
    """Download the file into the folder -> the place that had it.

    RefusedError, with all reasons, if no place has it. OSError if the folder cannot be
    written. note is called with a line about each place that fails, watch with the file and the number of
    bytes so far. An existing file is replaced only by the right file.
    """
    reasons: dict[str, None] = {}  # in order, each once
    for place in places:
        source = f"{place}{file.name}" if isinstance(place, str) else place / file.name
        pieces = _from_address(source, file) if isinstance(source, str) else _from_file(source)
        try:
            _keep(pieces, file, folder / file.name, watch)
            return place
        except RefusedError as error:
            note(f"{source}: {error}")
            whose = urlsplit(source).netloc if isinstance(source, str) else str(source)
            reasons[f"{whose}: {error}"] = None
    raise RefusedError("; ".join(reasons))


def sha256(path: Path) -> str | None:
    """The SHA-256 of a file's contents; None if there is no regular file."""
    if not path.is_file():  # reading a pipe without a writer would block
        return None
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _keep(
    pieces: Iterator[bytes],
    file: PublishedFile,
    path: Path,
    watch: Callable[[PublishedFile, int], object],
) -> None:
    """Write the pieces to the path, if their size and SHA-256 are those of the file."""
    received, digest = 0, hashlib.sha256()
    with new_file(path, KEPT) as out:
        for piece in pieces:
            received += len(piece)
            if received > file.at_most:
                raise RefusedError(f"more than the expected {file.at_most:,} bytes")
            out.write(piece)
            digest.update(piece)
            watch(file, received)
        if file.size is not None and received < file.size:
            raise RefusedError(f"cut off after {received:,} of {file.size:,} bytes")
        if (got := digest.hexdigest()) != file.sha256:
            raise RefusedError(f"wrong contents: expected SHA-256 {file.sha256[:12]}..., got {got[:12]}...")


def _from_file(path: Path) -> Iterator[bytes]:
    """The pieces of a file on this machine."""
    if not path.is_file():
        raise RefusedError("no such file")
    try:
        with open(path, "rb") as file:
            while piece := file.read(PIECE):
                yield piece
    except OSError as error:
        raise RefusedError(reason(error)) from None


def _from_address(address: str, file: PublishedFile) -> Iterator[bytes]:
    """The pieces that a server sends. Redirections are followed; proxies are those of the environment."""
    # Network modules are imported only for downloads.
    from http.client import HTTPException
    from urllib.request import Request

    from handgrad.digits.deadline import Deadline, opener

    try:
        deadline = Deadline(TIMEOUT, PATIENCE, SLOWEST)
        request = Request(address, headers={"User-Agent": f"handgrad/{__version__}"})
        with opener(deadline).open(request) as answer:
            _expect_the_file(answer, file)
            is_first = True
            while piece := answer.read1(PIECE):  # returns what has arrived
                if is_first and piece.lstrip().startswith(b"<"):
                    raise RefusedError(WEB_PAGE)
                is_first = False
                deadline.arrived(len(piece))
                yield piece
    except (OSError, HTTPException, ValueError) as error:
        raise RefusedError(_in_words(error)) from None


def _expect_the_file(answer: "HTTPResponse", file: PublishedFile) -> None:
    """RefusedError if the headers of the answer already show that it is another file."""
    if answer.status != 200:
        raise RefusedError(f"{answer.status} {answer.reason}")
    if file.size is not None and answer.length not in (None, file.size):
        page = answer.headers.get_content_type() == "text/html"
        raise RefusedError(WEB_PAGE if page else f"offers {answer.length:,} bytes; expected {file.size:,}")


def _in_words(error: Exception) -> str:
    """The reason why a connection failed."""
    from ssl import SSLCertVerificationError
    from urllib.error import HTTPError, URLError

    if isinstance(error, HTTPError):
        return f"{error.code} {error.reason}"
    if isinstance(error, URLError) and isinstance(error.reason, Exception):
        return _in_words(error.reason)
    if isinstance(error, TimeoutError):
        return f"no answer for {TIMEOUT:g} s"
    if isinstance(error, SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, OSError):
        return reason(error)
    return str(error) or type(error).__name__
