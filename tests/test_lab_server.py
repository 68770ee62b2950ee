"""The server of the lab: a fixed list of files, on this machine alone, whatever else is asked."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from handgrad import model_file, network
from handgrad.lab import contents
from handgrad.lab.contents import IN_THE_BOX, MNIST, WEB
from handgrad.model import Model

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
IDLE = 200  # connections that do nothing


@pytest.fixture
def started():
    """started(*words) -> a process of `handgrad lab`, and its address."""
    processes = []

    def start(*words):
        command = [sys.executable, "-m", "handgrad", "lab", "--no-open", *map(str, words)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        processes.append(subprocess.Popen(command, text=True, **pipes))
        return processes[-1], processes[-1].stdout.readline().strip()

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def port_of(address):
    return urlsplit(address).port


def connected(address):
    return socket.create_connection(("127.0.0.1", port_of(address)), timeout=60)


def asked(address, request):
    """Everything that the server says to the bytes of a request, until it closes the connection."""
    with connected(address) as connection:
        connection.sendall(request)
        answer = b""
        while part := connection.recv(1 << 16):
            answer += part
    return answer


def got(address, target="/", method="GET", host="127.0.0.1", more=""):
    """(status, headers, body) of an answer."""
    request = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n"
    head, _, body = asked(address, request.encode("latin-1")).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    return int(first.split()[1]), {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}, body


def test_every_file_is_served_as_it_stands(lab_server):
    files = contents.folder(contents.network(None))
    assert {"index.html", "page.js", "style.css", "data/model.safetensors"} <= set(files)
    for name, held in files.items():
        status, headers, body = got(lab_server, f"/{name}")
        expected = held if isinstance(held, bytes) else held.read_bytes()
        assert (status, len(body), body == expected) == (200, len(expected), True), name
        assert headers["content-length"] == str(len(body))
    assert got(lab_server)[2] == files["index.html"]
    assert got(lab_server, "/data/model.safetensors")[2] == IN_THE_BOX.read_bytes()
    packed = MNIST / "train-images-idx3-ubyte.gz"
    assert got(lab_server, "/data/train-images-idx3-ubyte.bin")[2] == packed.read_bytes()


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/page.js", "text/javascript; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/icon.svg", "image/svg+xml"),
        ("/data/kernel.wasm", "application/wasm"),
        ("/data/facts.json", "application/json"),
        ("/data/t10k-labels-idx1-ubyte.bin", "application/octet-stream"),
        ("/data/model.safetensors", "application/octet-stream"),
    ],
)
def test_a_file_has_its_type_and_every_answer_the_headers(lab_server, target, kind):
    status, good, body = got(lab_server, target, "HEAD")
    assert (status, good["content-type"], body) == (200, kind, b"")
    none, foreign = got(lab_server, "/none")[1], got(lab_server, host="evil.example")[1]
    for headers in (good, none, foreign):
        policy = headers["content-security-policy"]
        assert "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; " in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "unsafe-inline" not in policy


def test_what_has_not_changed_is_not_sent_again(lab_server):
    for target in ("/app.js", "/data/model.safetensors"):
        _, headers, _ = got(lab_server, target)
        status, _, body = got(lab_server, target, more=f"If-None-Match: {headers['etag']}\r\n")
        assert (status, body) == (304, b"")
        assert got(lab_server, target, more='If-None-Match: "other"\r\n')[0] == 200
        assert headers["cache-control"] == "no-cache"


REFUSED = {
    "/../server.py": 404,
    "/../../pyproject.toml": 404,
    "/..%2fserver.py": 404,
    "/%2e%2e/server.py": 404,
    "/%2e%2e%2f%2e%2e%2f%2e%2e%2fetc/passwd": 404,
    "/..\\server.py": 404,
    "//etc/passwd": 404,
    "/etc/passwd": 404,
    "/data/../page.js": 404,
    "/data/": 404,
    "/data": 404,
    "/./page.js": 404,
    "/page%2ejs": 404,
    "/page.js/": 404,
    "/PAGE.JS": 404,
    "/page.js%00": 404,
    "/page.js\0": 400,
    "/page.js\t": 400,
    "/p\xe4ge.js": 400,
    "page.js": 400,
    "*": 400,
    "http://127.0.0.1/page.js": 400,
    "http://evil.example/": 400,
    "file:///etc/passwd": 400,
    "": 400,
    "/ /": 400,
}


@pytest.mark.parametrize(("target", "status"), REFUSED.items())
def test_no_other_path_is_served(lab_server, target, status):
    assert got(lab_server, target)[0] == status


def test_a_question_behind_a_path_does_not_matter(lab_server):
    assert got(lab_server, "/page.js?v=1")[2] == (WEB / "page.js").read_bytes()


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get"]
)
def test_no_other_method_is_answered(lab_server, method):
    status, headers, _ = got(lab_server, method=method)
    assert (status, headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:1", 200),
        ("localhost:8000", 200),
        ("LOCALHOST", 200),
        ("evil.example", 403),
        ("evil.example:80", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1:80@evil.example", 403),
        ("evil.example#127.0.0.1", 403),
        ("0.0.0.0", 403),
        ("169.254.169.254", 403),
        ("[::1]", 403),
        ("", 403),
    ],
)
def test_a_foreign_host_is_refused(lab_server, host, status):
    assert got(lab_server, host=host)[0] == status


BROKEN = {
    "no request": b"\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "HTTP/2": b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n",
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
    "a space before a colon": b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
    "a line that goes on": b"GET / HTTP/1.1\r\nHost: localhost\r\n more\r\n\r\n",
    "a body": b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nabcde",
    "a body in chunks": b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a long request": b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"A: b\r\n" * 9000 + b"\r\n",
}


@pytest.mark.parametrize("request_", BROKEN.values(), ids=list(BROKEN))
def test_what_is_no_request_is_refused(lab_server, request_):
    with contextlib.suppress(ConnectionResetError):  # it closes before all has been sent: refused, too
        answer = asked(lab_server, request_)
        assert answer.split()[1] in (b"400", b"431")
        assert answer.count(b"HTTP/1.1 ") == 1
    assert got(lab_server)[0] == 200


def test_several_requests_on_one_connection(lab_server):
    one = b"GET /data/facts.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    assert asked(lab_server, one * 4 + last).count(b"HTTP/1.1 200 OK") == 5


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: loc"])
def test_connections_that_do_nothing_do_not_block_a_reader(started, begun):
    """Neither those that say nothing nor those that begin a request, opened before it and after it."""
    _, address = started()
    with contextlib.ExitStack() as stack:
        reader = stack.enter_context(connected(address))
        for half in range(2):
            for _ in range(IDLE // 2):
                stack.enter_context(connected(address)).sendall(begun)
            assert got(address, "/data/train-images-idx3-ubyte.bin")[0] == 200, half
        reader.close()
        assert got(address)[0] == 200


def test_readers_that_do_not_read_do_not_block_one_that_does(started):
    _, address = started()
    request = b"GET /data/train-images-idx3-ubyte.bin HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(connected(address)).sendall(request)
        assert got(address, "/page.js")[2] == (WEB / "page.js").read_bytes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once(started, number, figure):
    """Also in the middle of answers, and with connections that do nothing."""
    process, address = started()
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(connected(address))
        stack.enter_context(connected(address)).sendall(
            b"GET /data/train-images-idx3-ubyte.bin HTTP/1.1\r\nHost: localhost\r\n\r\n"
        )
        assert got(address)[0] == 200
        began = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        figure(f"{number.name} to the end of the server", f"{time.monotonic() - began:.2f} s")
    assert (process.returncode, out) == (0, "")
    assert err == "press Ctrl-C to end\n"


def test_it_listens_on_this_machine_alone(started):
    _, address = started()
    assert address.startswith("http://127.0.0.1:")
    if not os.path.exists("/proc/net/tcp"):
        pytest.skip("needs /proc")
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [row[1].split(":") for row in rows if row[3] == "0A"]
    assert {host for host, port in listening if int(port, 16) == port_of(address)} == {"0100007F"}


def test_a_port_is_chosen_or_taken(started, run):
    _, address = started()
    port = port_of(address)
    code, out, err = run("lab", "--no-open", "--port", port)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"handgrad: error: port {port}: ")
    assert err.endswith("choose another, or leave --port out\n")
    _, other = started("--json")
    assert other == "{"  # one JSON document
    assert run("lab", "--port", 0)[0] == 2
    assert run("lab", "--port", "70000")[0] == 2


def test_a_model_of_ones_own_is_shown(started, tmp_path, run):
    params = network.init_params(784, 3, 10, np.random.default_rng(0), dtype=np.float32)
    model_file.save(tmp_path / "mine.safetensors", Model(params))
    _, address = started(tmp_path / "mine.safetensors")
    assert got(address, "/data/model.safetensors")[2] == (tmp_path / "mine.safetensors").read_bytes()
    assert b'"model_name": "mine.safetensors"' in got(address, "/data/facts.json")[2]
    small = network.init_params(4, 3, 10, np.random.default_rng(0), dtype=np.float32)
    model_file.save(tmp_path / "small.safetensors", Model(small))
    for name, why in (
        ("small.safetensors", "expected a network for images of 28 x 28 pixels; got 2 x 2"),
        ("none.safetensors", "no such model file"),
    ):
        code, out, err = run("lab", tmp_path / name)
        assert (code, out, err) == (1, "", f"handgrad: error: {tmp_path / name}: {why}\n")


def test_nothing_heavy_is_imported_for_the_first_paint():
    program = (
        "import sys\nfrom handgrad.cli.lab import lab\nfrom handgrad.lab import contents, server\n"
        "server.Site(contents.folder(contents.network(None)))\nprint(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert not {"numpy", "llvmlite", "safetensors", "PIL", "cv2", "webbrowser"} & set(loaded.split())
