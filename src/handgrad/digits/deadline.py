"""One deadline for all that a server does, so that none can hold a download for ever.

A socket's timeout starts anew with each byte. So whoever sends a byte now and then could stretch the status
line, the headers, a line of chunks or the trailer without end. Here each read is given no more time than is
left until the deadline; and only bytes of the file put the deadline off.
"""

import io
import time
from functools import partial
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from socket import socket
from typing import Any
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, Request, build_opener


class TooSlowError(OSError):
    """The deadline has passed."""


class Deadline:
    """When a server is given up."""

    def __init__(self, silence: float, patience: float, slowest: float) -> None:
        """silence: seconds without a byte.  patience: seconds for everything, the look-up of the address and
        the headers too; they begin anew whenever so many bytes of the file have arrived as `slowest` a
        second make in them.
        """
        self._silence, self._patience, self._enough = silence, patience, patience * slowest
        self._began, self._arrived = time.monotonic(), 0

    def arrived(self, count: int) -> None:
        """So many bytes of the file have arrived."""
        self._arrived += count
        if self._arrived >= self._enough:
            self._began, self._arrived = time.monotonic(), 0

    def wait(self) -> float:
        """How many seconds the next byte may take. TooSlowError if the deadline has passed."""
        seconds = time.monotonic() - self._began
        if seconds >= self._patience:
            raise TooSlowError(f"too slow: {self._arrived:,} bytes in {seconds:.0f} s")
        return min(self._silence, self._patience - seconds)


def opener(deadline: Deadline) -> OpenerDirector:
    """As urllib's: it follows redirections and knows the environment's proxies. All within a deadline."""
    return build_opener(_Http(deadline), _Https(deadline))


class _Http(HTTPHandler):
    def __init__(self, deadline: Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def http_open(self, request: Request) -> HTTPResponse:
        """The answer to a request."""
        return self.do_open(partial(_connection, HTTPConnection, self._deadline), request)


class _Https(HTTPSHandler):
    def __init__(self, deadline: Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def https_open(self, request: Request) -> HTTPResponse:
        """The answer to a request."""
        return self.do_open(partial(_connection, HTTPSConnection, self._deadline), request)


def _connection(kind: type[HTTPConnection], deadline: Deadline, host: str, **options: Any) -> HTTPConnection:
    """A connection whose answers are read within the deadline."""
    connection = kind(host, **{**options, "timeout": deadline.wait()})
    connection.response_class = partial(_answer, deadline)  # type: ignore[assignment]  # it is only called
    return connection


def _answer(deadline: Deadline, sock: socket, *args: Any, **options: Any) -> HTTPResponse:
    return HTTPResponse(_Watched(sock, deadline), *args, **options)  # type: ignore[arg-type]  # it only calls makefile


class _Watched:
    """A socket as HTTPResponse needs it."""

    def __init__(self, sock: socket, deadline: Deadline) -> None:
        self._socket, self._deadline = sock, deadline

    def makefile(self, mode: str) -> io.BufferedReader:
        """What the server sends."""
        return io.BufferedReader(_Incoming(self._socket, self._deadline))


class _Incoming(io.RawIOBase):
    """What a server sends; each read waits no longer than the deadline allows."""

    def __init__(self, sock: socket, deadline: Deadline) -> None:
        self._socket, self._deadline = sock, deadline
        self._raw = sock.makefile("rb", buffering=0)  # it keeps the socket open

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """As many bytes as have arrived; 0 at the end."""
        self._socket.settimeout(self._deadline.wait())
        try:
            return self._raw.readinto(buffer) or 0
        except TimeoutError:
            self._deadline.wait()  # it says so if the deadline has passed
            raise

    def close(self) -> None:
        """Close the socket, too."""
        self._raw.close()
        super().close()
