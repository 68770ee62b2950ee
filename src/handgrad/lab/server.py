"""The server of `handgrad lab`: a fixed list of files on the loopback address, and nothing else.

It answers GET and HEAD. Paths are looked up as they stand, never decoded and never joined to a folder, so
that no path leads out of the list. A request that names another host than this machine is refused: a page
elsewhere could otherwise let its own name point here, and read the answers (DNS rebinding).
"""

import asyncio
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from handgrad.errors import HandgradError
from handgrad.files import reason
from handgrad.lab.contents import TYPES, policy

ADDRESS = "127.0.0.1"
HOSTS = {"127.0.0.1", "localhost"}  # with any port: it may be forwarded from another machine
MAX_HEAD = 16_384  # bytes of a request
MOST = 128  # connections at a time; for one more, that is closed which has been idle longest
PATIENCE = 120.0  # seconds for a request to arrive whole, and for a part of an answer to be taken
CHUNK = 1 << 18
HEADERS = {
    "Content-Security-Policy": policy(frame_ancestors="'none'"),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


class Request(NamedTuple):
    """What a request asks for."""

    method: str
    path: str
    headers: dict[str, str]
    keep: bool  # whether the connection stays open


def serve(files: Mapping[str, bytes | Path], port: int, ready: Callable[[str], None]) -> None:
    """Serve files (path in the folder -> contents) until Ctrl-C or SIGTERM; ready(address) is called first.

    port 0: a free one.  HandgradError where the port cannot be had.
    """
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(Site(files), port, ready))


async def _serve(site: "Site", port: int, ready: Callable[[str], None]) -> None:
    try:
        server = await asyncio.start_server(site.connected, ADDRESS, port, limit=MAX_HEAD, backlog=512)
    except OSError as error:
        raise HandgradError(f"port {port}: {reason(error)}; choose another, or leave --port out") from None
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, RuntimeError):  # on Windows Ctrl-C arrives as an exception
            loop.add_signal_handler(number, ended.set)
    ready(f"http://{ADDRESS}:{server.sockets[0].getsockname()[1]}/")
    await ended.wait()
    server.close()  # asyncio.run then ends all connections


class Site:
    """The fixed list of files, and the connections that ask for them."""

    def __init__(self, files: Mapping[str, bytes | Path]) -> None:
        self.files = {f"/{path}": contents for path, contents in files.items()}
        if "/index.html" in self.files:
            self.files["/"] = self.files["/index.html"]
        self.idle: dict[
            asyncio.Task[None], None
        ] = {}  # connections that wait for a request, the oldest first
        self.busy: set[asyncio.Task[None]] = set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of a connection, one after the other."""
        task = asyncio.current_task()
        assert task is not None
        if len(self.idle) + len(self.busy) >= MOST and self.idle:
            oldest = next(iter(self.idle))
            del self.idle[oldest]
            oldest.cancel()
        try:
            keep = len(self.busy) < MOST
            while keep:
                self.idle[task] = None
                async with asyncio.timeout(PATIENCE):
                    head = await reader.readuntil(b"\r\n\r\n")
                self.idle.pop(task, None)
                self.busy.add(task)
                keep = await self.answer(head, writer)
                self.busy.discard(task)
        except (asyncio.IncompleteReadError, TimeoutError, ConnectionError):
            pass  # it ended, or said nothing for too long
        except asyncio.LimitOverrunError:
            _refuse(
                writer, RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the request is too long")
            )
        except asyncio.CancelledError:
            pass  # the server ends, or needs the place
        finally:
            self.idle.pop(task, None)
            self.busy.discard(task)
            writer.close()

    async def answer(self, head: bytes, writer: asyncio.StreamWriter) -> bool:
        """Answer one request -> whether the connection stays open."""
        try:
            request = parsed(head)
            contents = self.files.get(request.path)
            if contents is None:
                raise RefusedError(HTTPStatus.NOT_FOUND, "there is no such file here")
            body, tag = _body(contents)
        except RefusedError as refused:
            _refuse(writer, refused, with_body=not head.startswith(b"HEAD "))
            return False
        suffix = PurePosixPath(request.path).suffix or ".html"
        headers = {"Content-Type": TYPES[suffix], "Cache-Control": "no-cache", "ETag": tag}
        status = HTTPStatus.OK
        if request.headers.get("if-none-match") == tag:
            status, body = HTTPStatus.NOT_MODIFIED, b""
        _head(writer, status, len(body), headers, request.keep)
        for start in range(0, len(body) if request.method == "GET" else 0, CHUNK):
            writer.write(body[start : start + CHUNK])
            async with asyncio.timeout(PATIENCE):
                await writer.drain()
        return request.keep


def parsed(head: bytes) -> Request:
    """A request from its lines.  RefusedError for all but a plain GET or HEAD of a path on this machine."""
    bad = HTTPStatus.BAD_REQUEST
    try:
        first, *lines = head.decode("ascii").removesuffix("\r\n\r\n").split("\r\n")
        method, target, version = first.split(" ")
    except ValueError:
        raise RefusedError(bad, "expected a line such as: GET / HTTP/1.1") from None
    if version not in ("HTTP/1.0", "HTTP/1.1") or not target.isprintable() or not method.isalpha():
        raise RefusedError(bad, "expected a line such as: GET / HTTP/1.1")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        key = name.lower()
        if not colon or not name or not all(c.isalnum() or c in "-_" for c in name):
            raise RefusedError(bad, "expected header lines such as: Host: 127.0.0.1")
        if key == "host" and key in headers:
            raise RefusedError(bad, "expected one Host")
        headers[key] = value.strip()
    host, _, port = headers.get("host", "").partition(":")
    if "host" not in headers:
        raise RefusedError(bad, "expected a Host")
    if host.lower() not in HOSTS or not (port == "" or port.isdigit()):
        raise RefusedError(HTTPStatus.FORBIDDEN, f"expected the host to be one of {', '.join(sorted(HOSTS))}")
    if method not in ("GET", "HEAD"):
        raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "expected GET or HEAD; there is nothing else here")
    if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
        raise RefusedError(bad, "expected a request without contents")
    if not target.startswith("/"):
        raise RefusedError(bad, "expected a path that begins with /")
    closing = headers.get("connection", "").lower() == "close" or version == "HTTP/1.0"
    return Request(method, target.partition("?")[0], headers, not closing)


def _body(contents: bytes | Path) -> tuple[bytes, str]:
    """The bytes of a file, and a tag that changes when they do."""
    if isinstance(contents, bytes):
        return contents, f'"{len(contents):x}-{hash(contents) & 0xFFFFFFFFFFFF:x}"'
    try:
        return contents.read_bytes(), f'"{contents.stat().st_mtime_ns:x}"'
    except OSError as error:
        raise RefusedError(HTTPStatus.NOT_FOUND, f"{contents.name}: {reason(error)}") from None


def _refuse(writer: asyncio.StreamWriter, refused: RefusedError, with_body: bool = True) -> None:
    body = f"{refused.why}\n".encode()
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    if refused.status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = "GET, HEAD"
    _head(writer, refused.status, len(body), headers, False)
    writer.write(body if with_body else b"")


def _head(
    writer: asyncio.StreamWriter, status: HTTPStatus, length: int, more: dict[str, str], keep: bool
) -> None:
    headers = {
        "Date": formatdate(usegmt=True),
        **({} if status is HTTPStatus.NOT_MODIFIED else {"Content-Length": str(length)}),
        "Connection": "keep-alive" if keep else "close",
        **more,
        **HEADERS,
    }
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode("ascii"))
