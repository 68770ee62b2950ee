"""Terminals: what strangers wrote, by every way in which it comes to a command, and what the command prints of it."""

import contextlib
import io
import json
import shutil
import socketserver
import sys
import tempfile
import threading
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image
from throwing import part

import test_model_file
import test_terminal
from handgrad import model_file, network
from handgrad.cli import main
from handgrad.errors import MOST_OF_LINE
from handgrad.model import Model
from handgrad.recipes import Recipe

LONGEST = 4000  # characters of a line of a result
PIECES = [
    *test_terminal.EVIL.values(), "\x1b[2J", "\x1b]8;;http://evil.example\x07", "\x1bP", "\x9d", "\u2067", "\u202e", "\u200f", "\r\n",
    "\n", "\t", "\x00", "\x7f", "\u2028", "\udc80", "\ud83d", "a", "Gr\xf6\xdfe", "\u8a9e", "{}", "%s", "<b>", "'", '"', "\\",
]  # fmt: skip


def text_of(i, rng):
    """A piece, each in its turn, and some more; one text of eight has a megabyte."""
    text = PIECES[i % len(PIECES)] + "".join(
        PIECES[k] for k in rng.integers(len(PIECES), size=rng.integers(4))
    )
    return text * (1_000_000 // len(text) + 1) if rng.integers(8) == 0 else text


def word(text, longest=100_000):
    """The text as a word of a command line can hold it: bytes without zeros."""
    data = text.encode("utf-8", "surrogatepass").replace(b"\0", b"0")[:longest]
    return data.decode("utf-8", "surrogateescape")


def name_of(text):
    """The text as a file name: 200 bytes without slashes."""
    return word(text.replace("/", "!"), 200)


class Saying(socketserver.BaseRequestHandler):
    """Answers with the bytes of its server, whatever is asked."""

    def handle(self):
        with contextlib.suppress(OSError):
            self.request.recv(1 << 16)
            self.request.sendall(self.server.says)


@contextlib.contextmanager
def saying():
    """A server on this machine whose attribute `says` is its answer."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Saying) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


QUICK = ["--epochs", "1", "--hidden", "3", "--validation", "4", "--engine", "numpy", "--out"]
WORDS = (  # and a text of strangers behind them
    "", "train --recipe", "train --hidden", "train --data", "data fetch", "predict", "evaluate", "export --c", "calibrate",
    "workbook check", "workbook hint", "workbook grade", "sweep --out s --shard", "sweep --out s --random", "explain --model",
    "evaluate --data", "train --log", "predict --fields --save-boxes", "data fetch kmnist --from", "train --resume",
)  # fmt: skip


def options(folder, text, rng, server):
    """Words of a command line: names of recipes, sets, files, commands, options and choices."""
    said = word(text)
    yield [*WORDS[rng.integers(len(WORDS))].split(), said]
    yield ["train", f"--{said}"]
    yield ["sweep", "--out", str(folder / "s"), "--grid", f"hidden={said}"]


def files(folder, text, rng, server):
    """Names of pictures, of damaged ones, of models and of folders."""
    own = folder / (name_of(text) + ".png")
    shutil.copy(folder.parent / "page.png", own)
    (folder / f"{name_of(text)}.jpg").write_text("no picture")
    yield ["predict", str(own), "--quiet"]
    yield ["predict", str(own), "--json"]
    yield ["predict", str(folder)]
    yield ["evaluate", str(own)]
    yield ["train", "--data", str(own), "--out", str(folder / "m")]
    yield ["workbook", "check", str(own)]


def archives(folder, text, rng, server):
    """Names within an archive, and of a folder's classes."""
    with zipfile.ZipFile(folder / "set.zip", "w") as archive:
        for name in (text[:1000], "seven"):
            member = zipfile.ZipInfo()
            member.filename = f"{name.encode('utf-8', 'replace').decode()}/page.png"  # with its zeros
            archive.writestr(member, (folder.parent / "page.png").read_bytes())
    yield ["train", "--data", str(folder / "set.zip"), *QUICK, str(folder / "m")]
    for name in (name_of(text), "seven"):
        (folder / "set" / name).mkdir(parents=True, exist_ok=True)
        for i in range(12):
            shutil.copy(folder.parent / "page.png", folder / "set" / name / f"{i}.png")
    yield ["train", "--data", str(folder / "set"), *QUICK, str(folder / "m")]
    yield ["evaluate", str(folder / "m"), "--data", str(folder / "set")]


def classes(folder, text, rng, server):
    """Labels of a table."""
    quoted = word(text).replace('"', '""')
    rows = "".join(f'"{label}",{i},{255 - i},0,9\n' for i in range(30) for label in (quoted, "seven"))
    table = folder / "set.csv"
    table.write_text("label,p0,p1,p2,p3\n" + rows, "utf-8", errors="surrogateescape")
    yield ["train", "--data", str(table), *QUICK, str(folder / "m")]
    yield ["evaluate", str(folder / "m"), "--data", str(table)]
    yield ["export", str(folder / "m"), "--c", str(folder / "c")]


def models(folder, text, rng, server):
    """Each text that a model file holds, and the names of its tensors."""
    facts = {"recipe": Recipe(hidden=3), "recipe_name": "x", "classes": tuple("abcdefghij")}
    model_file.save(folder / "whole", Model(network.init_params(784, 3, 10, rng), **facts))
    whole = (folder / "whole").read_bytes()
    keys = list(test_model_file.header_of(whole)["__metadata__"])

    def change(header):
        held = header["__metadata__"]
        key = keys[rng.integers(len(keys))]
        value = json.loads(held[key]) if key not in ("format",) else held[key]
        if rng.integers(4) == 0:
            held[text] = held.pop(key)
        elif isinstance(value, list):
            held[key] = json.dumps([text, *value[1:]])
        elif isinstance(value, dict) and value:
            held[key] = json.dumps(value | {list(value)[rng.integers(len(value))]: text})
        else:
            held[key] = json.dumps(text)
        if rng.integers(4) == 0:
            header[text] = header.pop("W1")

    (folder / "m").write_bytes(test_model_file.with_header(whole, change))
    yield ["evaluate", str(folder / "m"), "--quiet"]
    yield ["predict", str(folder.parent / "page.png"), "--model", str(folder / "m")]
    yield ["train", "--resume", str(folder / "m")]


def submissions(folder, text, rng, server):
    """Names of hand-ins, and what their code says: names of exceptions, output, messages."""
    own = folder / "class"
    (own / name_of(text)).mkdir(parents=True)
    code = f"print({text[:5000]!r})\nraise type({text[:50_000]!r}.replace(chr(0), ''), (Exception,), {{}})({text[:5000]!r})\n"
    code = (
        code
        if rng.integers(2)
        else f"def affine_forward(x, W, b):\n    {code.replace(chr(10), chr(10) + '    ')}\n"
    )
    for path in (own / name_of(text) / "work.py", own / f"{name_of(text)}.py"):
        path.write_text(code)
    yield [
        "workbook",
        "grade",
        str(own),
        "--fresh",
        "--workers",
        "1",
        *(["--json"] if rng.integers(2) else []),
    ]
    yield ["workbook", "check", str(own / f"{name_of(text)}.py")]


def servers(folder, text, rng, server):
    """A server's reason, its headers, its body and where it redirects to."""
    said = text.encode("utf-8", "surrogatepass")
    server.says = (
        b"HTTP/1.1 404 " + said + b"\r\n\r\n",
        said,
        b"HTTP/1.1 302 Found\r\nLocation: " + said + b"\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/" + said + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html; " + said + b"\r\n\r\n<html>" + said,
        b"HTTP/1.1 " + said + b" OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + said + b"\r\n\r\n",
    )[rng.integers(7)]
    yield ["data", "fetch", "kmnist", "--from", f"http://127.0.0.1:{server.server_address[1]}/"]


WAYS = (options, files, archives, classes, models, submissions, servers)


def printed(words):
    """The exit code of a command, and what it prints, as the streams of a terminal get it."""
    streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", "surrogatepass", newline="") for _ in range(2)]
    kept = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = streams
    try:
        code = main(words)
    finally:
        sys.stdout, sys.stderr = kept
    for stream in streams:
        stream.flush()
    return code, *(stream.buffer.getvalue().decode("utf-8", "surrogatepass") for stream in streams)


def judged(words, code, out, err):
    """That no line of either stream is obeyed by a terminal, and that each is of bounded length."""
    assert code in (0, 1, 2), f"exit code {code}"
    for name, lines, most in (
        ("stdout", out.split("\n"), LONGEST),
        ("stderr", err.split("\n"), MOST_OF_LINE),
    ):
        for line in lines:
            obeyed = test_terminal.OBEYED.search(line)
            assert not obeyed, f"{name} of {words[:2]} has {obeyed[0]!r}: {line!r:.200}"
            assert len(line) <= most, (
                f"{name} of {words[:2]} has a line of {len(line):,} characters: {line!r:.100}"
            )
    errors = sum(line.startswith("handgrad: error: ") for line in err.split("\n"))
    assert errors == (code != 0) or (code == 1 and words[0] == "workbook"), (
        f"{words[:2]}: {errors} errors: {err!r:.200}"
    )


@part("terminals", "strangers' texts", 350, 42, seconds=10)
def texts(folder):
    """Options, file names, archives, classes, model files, hand-ins and servers: no line is obeyed or endless."""
    page = np.full((60, 40), 255, np.uint8)
    page[15:45, 17:22] = 0
    Image.fromarray(page).save(folder / "page.png")
    with saying() as server, contextlib.chdir(folder):

        def one(i, rng):
            with tempfile.TemporaryDirectory(dir=folder) as own:
                for words in WAYS[i % len(WAYS)](Path(own), text_of(i, rng), rng, server):
                    judged(words, *printed(words))

        yield one
