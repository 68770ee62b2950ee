"""The page's server: every path with every method and host, broken requests, idle connections, Ctrl-C."""

import contextlib
import signal
import subprocess
import sys
import time

from throwing import part, spread

import test_lab_server as tables
from faults.spoiling import spoilt
from handgrad.lab import contents

METHODS = (
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "get",
    "G\xc9T",
)
HOSTS = {
    "127.0.0.1": True, "127.0.0.1:1": True, "localhost:8000": True, "LOCALHOST": True, "evil.example": False,
    "evil.example:80": False, "127.0.0.1.evil.example": False, "localhost.evil.example": False,
    "127.0.0.1:80@evil.example": False, "evil.example#127.0.0.1": False, "0.0.0.0": False, "169.254.169.254": False,
    "[::1]": False, "": False,
}  # fmt: skip


def bodies():
    """What is served: path -> bytes."""
    files = contents.folder(contents.network(None))
    held = {f"/{name}": one if isinstance(one, bytes) else one.read_bytes() for name, one in files.items()}
    return held | {"/": held["/index.html"]}


SERVED = bodies()
PATHS = [*SERVED, *tables.REFUSED]
MATRIX = [(path, method, host) for path in PATHS for method in METHODS for host in HOSTS]


@contextlib.contextmanager
def running():
    """A process of `handgrad lab`, and its address."""
    command = [sys.executable, "-m", "handgrad", "lab", "--no-open", "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@part("server", "paths, methods, hosts", lambda: len(MATRIX), 600, seconds=1)
def matrix(folder):
    """All of them: GET and HEAD of a fixed list from this machine are answered, and nothing else."""
    with running() as (_, address):

        def one(i, rng):
            path, method, host = MATRIX[spread(i, len(MATRIX))]
            status, headers, body = tables.got(address, path, method, host)
            allowed = path in SERVED and method in ("GET", "HEAD") and HOSTS[host]
            assert (status == 200) == allowed, f"{method} {path!r} for {host!r}: {status}"
            expected = SERVED[path] if allowed and method == "GET" else b""
            assert body == expected or (not allowed and len(body) < 1000), (
                f"{method} {path!r}: {len(body)} bytes"
            )
            assert "default-src 'self'" in headers["content-security-policy"]

        yield one


@part("server", "broken requests", 3_000, 100, seconds=5)
def broken(folder):
    """A right request and those of the tests' table, spoilt: an answer of one file of the list, or a refusal."""
    right = b"GET /page.js HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://evil.example\r\nConnection: close\r\n\r\n"
    wholes = [right, right, *tables.BROKEN.values()]
    with running() as (process, address):

        def one(i, rng):
            answer = b""
            request = spoilt(wholes[i % len(wholes)], rng)
            with (
                contextlib.suppress(ConnectionResetError, BrokenPipeError),
                tables.connected(address) as connection,
            ):
                connection.sendall(request + b"\r\n\r\n")
                connection.shutdown(1)  # nothing more is sent: whatever was begun is at its end
                while more := connection.recv(1 << 16):
                    answer += more
            if answer.startswith(b"HTTP/1.1 200"):
                assert any(body in answer for body in SERVED.values()), f"an unknown answer to {request!r}"
            else:
                assert not answer or answer.split()[1] in (b"400", b"403", b"404", b"405", b"431", b"304"), (
                    answer[:80]
                )
            assert process.poll() is None, "the server has ended"

        yield one


@part("server", "idle connections, Ctrl-C", 20, 2, seconds=1)
def idle(folder):
    """Beside 200 connections that do nothing it answers; asked to end it does within a second."""

    def one(i, rng):
        with running() as (process, address), contextlib.ExitStack() as stack:
            for _ in range(tables.IDLE):
                connection = stack.enter_context(tables.connected(address))
                connection.sendall(b"GET / HTTP/1.1\r\nHost: loc"[: int(rng.integers(26))])
            assert tables.got(address, "/page.js")[0] == 200
            began = time.monotonic()
            process.send_signal((signal.SIGINT, signal.SIGTERM)[i % 2])
            assert process.wait(60) == 0, f"exit code {process.returncode}"
            assert time.monotonic() - began < 10, "it ends after more than ten times the promised second"

    yield one
