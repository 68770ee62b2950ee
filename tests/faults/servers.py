"""A server on this machine that misbehaves in every way, and a process that fetches from it."""

import contextlib
import hashlib
import subprocess
import sys
import textwrap
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import numpy as np

from handgrad.digits import sets

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
DRIBBLES = {  # what a server sends first, and what it then sends again and again
    "100 Continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "status line": (b"HTTP/1.1 200 ", b"OK"),
    "header": (b"HTTP/1.1 200 OK\r\nX-Header: ", b"on "),
    "chunk line": (CHUNKED + b"1;", b"on "),
    "trailer": (CHUNKED + b"%(size)s\r\n%(body)s\r\n0\r\n", b"X-Header: on\r\n"),
}
MANY_LINES = 100_000  # then it hangs up: without a deadline, a test ends nevertheless


class Handler(BaseHTTPRequestHandler):
    """/FAULT/FILE: the file, spoilt in one way."""

    def do_GET(self):
        fault, _, name = unquote(self.path).strip("/").rpartition("/")
        self.server.asked.append(self.path)
        body = self.server.files.get(name, b"")
        if fault in ("403", "404", "503"):
            return self.send_error(int(fault))
        if fault == "redirect":
            return self._head(302, Location=f"/good/{name}")
        if fault == "circle":
            return self._head(302, Location=self.path)
        if fault == "elsewhere":
            return self._head(302, Location=f"file:///etc/{name}")
        if fault == "vanish":
            return None
        if fault == "garbage":
            return self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        if fault in DRIBBLES:
            begins, more = DRIBBLES[fault]
            self.wfile.write(begins % {b"size": b"%x" % len(body), b"body": body})
            return [self.wfile.write(more) for _ in range(MANY_LINES)]
        page = b"<!DOCTYPE html><title>Sign in</title>"
        whole = {
            "good": body,
            "encoded": body,
            "short": body,
            "stall": body,
            "hold": body,
            "cut": body[:-1],
            "wrong": body[:-1] + bytes([body[-1] ^ 1]) if body else b"",
            "long": body + b"more",
            "endless": body,
            "page": page,
            "same-size-page": page + bytes(max(0, len(body) - len(page))),
            "trickle": body,
        }[fault]
        headers = {} if fault == "endless" else {"Content-Length": str(len(whole))}
        if fault == "encoded":  # what some servers say of every .gz
            headers["Content-Encoding"] = "gzip"
        if fault == "page":
            headers["Content-Type"] = "text/html"
        self._head(200, **headers)
        if fault in ("short", "stall", "hold"):
            self.wfile.write(whole[: len(whole) // 2])
            self.wfile.flush()
            if fault != "short":
                self.server.release.wait(30 if fault == "hold" else 5)
        elif fault == "endless":
            while not self.server.release.is_set():
                self.wfile.write(whole)
        elif fault == "trickle":
            for i in range(len(whole)):
                self.wfile.write(whole[i : i + 1])
                self.wfile.flush()
                if self.server.release.wait(0.02):
                    break
        else:
            self.wfile.write(whole)
        return None

    def _head(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def log_message(self, *words):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that hangs up is what these tests are about."""


@contextlib.contextmanager
def serving():
    """A server that runs: .at is its address, .files what it has, .asked what it was asked, .release ends its waits."""
    with Server(("127.0.0.1", 0), Handler) as running:
        running.asked, running.files, running.release = [], {}, threading.Event()
        running.at = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield running
        finally:
            running.release.set()
            running.shutdown()
            thread.join()


def published(name, body, size=True):
    return sets.PublishedFile(name, hashlib.sha256(body).hexdigest(), len(body) if size else None)


def idx(array):
    head = b"\0\0\x08" + bytes([array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return head + array.astype(np.uint8).tobytes()


FAULTS = {  # a fault, and what is said of it
    "wrong": "wrong contents: expected SHA-256",
    "403": "403 Forbidden",
    "404": "404 Not Found",
    "503": "503 Service Unavailable",
    "short": "cut off after",
    "cut": r"offers [\d,]+ bytes; expected",
    "long": r"offers [\d,]+ bytes; expected",
    "endless": "more than the expected",
    "stall": "no answer for 0.4 s",
    "trickle": "too slow",
    "page": "a web page (HTML) instead of the file",
    "same-size-page": "a web page (HTML) instead of the file",
    "circle": "redirect error that would lead to an infinite loop",
    "elsewhere": "302 Found - Redirection to url 'file:///etc/",
    "vanish": "Remote end closed connection without response",
    "garbage": "SSH-2.0-OpenSSH_9.2",
}


def fetching(server, *faults):
    """A handgrad of its own that fetches the small set."""
    files = tuple(published(name, body) for name, body in server.files.items())
    at = tuple(f"{server.at}/{fault}/" for fault in faults)
    code = f"""
        import os, sys
        from dataclasses import replace
        vars(os).pop("O_TMPFILE", None)  # where there is none, the unfinished file has a name to wait for
        from handgrad.digits import sets
        from handgrad.digits.sets import PublishedFile
        sets.SETS["kmnist"] = replace(sets.KMNIST, files={files!r}, mirrors={at!r})
        from handgrad.cli import main
        sys.exit(main(["data", "fetch", "kmnist", "--quiet"]))
    """
    words = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
