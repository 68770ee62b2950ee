"""The rule for writing: only a file that handgrad would have written itself is replaced, asked before any work.

The matrix: every place that writes a file, and everything that may stand there. Each is refused in one line,
nothing has been read or computed by then, and what stood there still does: its type, its bytes, its inode.
"""

import ast
import gzip
import json
import os
import resource
import signal
import stat
import subprocess
import sys
import tempfile
import zlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

import handgrad
from handgrad import digits, files, model_file, network
from handgrad.digits import fetch, idx
from handgrad.errors import DataError, HandgradError, ModelFileError, readable
from handgrad.exports import c as c_export
from handgrad.exports import hub
from handgrad.exports import onnx as onnx_export
from handgrad.exports import torch as torch_export
from handgrad.exports.int8 import quantised
from handgrad.files import KEPT, PNG, expect_writable, new_file, write_atomically
from handgrad.insight import plots, report
from handgrad.lab import contents as lab_contents
from handgrad.lab import page as lab_page
from handgrad.model import Model
from handgrad.recipes import Recipe
from handgrad.runs import log, sweeps
from handgrad.runs.sweeps.folder import TRIAL
from handgrad.workbook.book import copies
from handgrad.workbook.checks.verdict import Verdict
from handgrad.workbook.marking import feedback, marks
from handgrad.workbook.marking.class_table import Result, Results
from handgrad.workbook.marking.marks import CSV

MODEL = Model(network.init_params(4, 2, 2, np.random.default_rng(0), dtype=np.float32), classes=(0, 1), image_shape=(2, 2))  # fmt: skip
SQUARE = Model(network.init_params(784, 2, 2, np.random.default_rng(0), dtype=np.float32), classes=(0, 1))
NAMES = [file.name for file in digits.sets.SETS["kmnist"].files]
MADE = digits.sets.SETS["emnist-digits"]
not_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")


class Place(NamedTuple):
    """What writes a file: the words of a command or a function; {} is what is named, at is what is written."""

    does: object
    at: str = "here.png"
    named: str = "here.png"


PLACES = {
    "train --out": Place("train --out {}"),
    "train": Place("train", "data/handgrad/model.safetensors"),
    "train --resume": Place("train --resume {}"),
    "train --log": Place("train --out m --log {}"),
    "calibrate --out": Place("calibrate --out {}"),
    "predict --save-boxes": Place("predict page.png --save-boxes {}"),
    "the folder of predict --save-boxes": Place("predict page.png x.png --save-boxes {}", "r", "r"),
    "a file of predict --save-boxes": Place("predict page.png x.png --save-boxes {}", "r/x.png.png", "r"),
    "explain --out": Place("explain --row 0 --out {}"),
    "bench --picture": Place("bench --picture {}"),
    "grade --out": Place("workbook grade . --out {}"),
    "grade --feedback": Place("workbook grade handed-in --feedback {}"),
    "a file of grade --feedback": Place("workbook grade handed-in --feedback {}", "r/Anna.html", "r"),
    "sweep --out": Place("sweep --out {}", "r", "r"),
    "the table of sweep --out": Place("sweep --out {}", "r/table.csv", "r"),
    "the picture of sweep --out": Place("sweep --plot --out {}", "r/sweep.png", "r"),
    "zoo --out": Place("workbook zoo 1 --out {}"),
    "zoo --quiz --out": Place("workbook zoo --quiz --out {}"),
    "train --report": Place("train --out m --report {}"),
    "evaluate --report": Place("evaluate --report {}"),
    "the page of train --report": Place("train --out m --report {}", "r/index.html", "r"),
    "the page of evaluate --report": Place("evaluate --report {}", "r/index.html", "r"),
    "a picture of train --report": Place("train --out m --report {}", "r/confusion.png", "r"),
    "a picture of evaluate --report": Place("evaluate --report {}", "r/learning-curves.png", "r"),
    "export --page": Place("export --page {}"),
    "export --site": Place("export --site {}"),
    "the page of export --site": Place("export --site {}", "r/index.html", "r"),
    "a file of export --site": Place("export --site {}", "r/data/facts.json", "r"),
    "export --onnx": Place("export --onnx {}"),
    "export --torch": Place("export --torch {}"),
    "export --c": Place("export --c {}"),
    "export --hub": Place("export --hub {}"),
    "the card of export --hub": Place("export --hub {}", "r/README.md", "r"),
    "the network of export --hub": Place("export --hub {}", "r/model.safetensors", "r"),
    "workbook new": Place("workbook new {} --python"),
    "a file of workbook new": Place("workbook new {} --python", "r/4_loss.py", "r"),
    "model_file.save": Place(lambda path: model_file.save(path, MODEL)),
    "write_idx": Place(lambda path: digits.write_idx(path, np.zeros(3, np.uint8))),
    "write_idx, .gz": Place(lambda path: digits.write_idx(path, np.zeros(3, np.uint8)), "h.gz", "h.gz"),
    "cut --out": Place("data cut page.png --labels 0 --out {}"),
    "data fetch": Place("data fetch kmnist --from {}", f"cache/handgrad/data/kmnist/{NAMES[0]}", "none"),
    "what data fetch makes": Place(
        "data fetch emnist-digits --from {}", f"cache/handgrad/data/emnist-digits/{fetch.SUMS}", "none"
    ),
}
FOLDERS = {
    "the folder of predict --save-boxes",
    "cut --out",
    "train --report",
    "evaluate --report",
    "export --site",
    "export --hub",
    "grade --feedback",
    "sweep --out",
    "workbook new",
}  # what is named is a folder
IN_FOLDERS = {
    "the table of sweep --out",
    "the picture of sweep --out",
    "a file of predict --save-boxes",
    "a file of workbook new",
    "a file of grade --feedback",
    "the page of export --site",
    "a file of export --site",
    "the card of export --hub",
    "the network of export --hub",
}
CACHE = {"data fetch", "what data fetch makes"}  # any regular file is ours there, by its place


def device(path):
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))  # as /dev/null is
    except PermissionError:
        pytest.skip("only root may make a device")


def link(path):
    path.with_name("strangers").write_text("Dear Ann,")
    path.symlink_to("strangers")


def read_only_folder(path):
    path.parent.chmod(0o500)


def protected(path):
    """A file of the right kind, which somebody has protected."""
    path.write_bytes(b"")
    path.chmod(0o400)


KINDS = {
    "a device": device,
    "a pipe": os.mkfifo,
    "a socket": lambda path: os.mknod(path, stat.S_IFSOCK | 0o600),
    "a folder": lambda path: path.mkdir(),
    "a link to a stranger's file": link,
    "a link to nothing": lambda path: path.symlink_to("nothing"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a stranger's file": lambda path: path.write_text("Dear Ann,"),
    "nothing, in a read-only folder": read_only_folder,
    "a protected file": protected,
    "nothing, in a missing folder": lambda path: path.parent.rmdir(),
}
ALLOWED = (
    {(place, "a folder") for place in FOLDERS}
    | {(place, "a stranger's file") for place in CACHE}
    | {(place, "nothing, in a missing folder") for place, (_, at, _) in PLACES.items() if "/" in at}
    | {(place, "nothing, in a missing folder") for place in FOLDERS}
    | {("what data fetch makes", "nothing, in a read-only folder")}  # the archive comes first, and is missing
)
CASES = [case for case in ((place, kind) for place in PLACES for kind in KINDS) if case not in ALLOWED]


def what_stands(folder):
    """Everything below a folder: type, rights, inode, where a link points to, and the bytes of a file."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        held = path.read_bytes() if stat.S_ISREG(status.st_mode) and os.access(path, os.R_OK) else b""
        target = os.readlink(path) if path.is_symlink() else ""
        found[path] = (status.st_mode, status.st_ino, status.st_mtime_ns * bool(held), target, held)
    return found


@pytest.fixture
def _no_work(monkeypatch):
    """Whatever a command does first, after it has asked, ends the test."""

    def work(*_, **__):
        raise AssertionError("work was done before the place was asked")

    for name in (
        "handgrad.digits.load", "handgrad.digits.load_mnist", "handgrad.digits.load_pair", "handgrad.model_file.load",
        "handgrad.model_file.load_run", "handgrad.runs.run", "handgrad.cli.bench.measure",
        "handgrad.cli.bench.processes", "handgrad.workbook.marking.grade.grade",
        "handgrad.workbook.marking.grade.mark", "handgrad.workbook.zoo.watch",
        "handgrad.workbook.zoo.quiz", "handgrad.lab.contents.network", "handgrad.photos.read_pictures", "handgrad.digits.fetch.obtain",
    ):  # fmt: skip
        monkeypatch.setattr(name, work)


def done(run, does, named):
    """(exit code, stderr) of a command, or of a function as if a command had called it."""
    if isinstance(does, str):
        code, _, err = run(*(named if word == "{}" else word for word in does.split()))
        return code, err
    try:
        does(named)
    except (ModelFileError, DataError) as error:
        return 1, f"handgrad: error: {error}\n"
    return 0, ""


@pytest.mark.usefixtures("_no_work")
@pytest.mark.parametrize(("place", "kind"), CASES)
def test_what_is_not_ours_is_refused_in_one_line_and_untouched(place, kind, run, tmp_path, monkeypatch):
    if kind in ("nothing, in a read-only folder", "a protected file") and os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    does, at, named = PLACES[place]
    home = tmp_path / "home"
    path = home / at
    path.parent.mkdir(parents=True)
    for name in ("DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "handed-in").mkdir()
    (tmp_path / "handed-in" / "Anna.py").write_text(MINE)
    KINDS[kind](path)
    before = what_stands(tmp_path)
    try:
        code, err = done(run, does, home / named)
        assert what_stands(tmp_path) == before
    finally:
        if path.parent.is_dir():
            path.parent.chmod(0o700)
    assert code == 1
    assert err.count("\n") == 1
    assert err.startswith(f"handgrad: error: {home}"), "the line names the path"
    assert not kind.startswith("nothing") or "cannot be written: " in err
    told = {"a device", "a pipe", "a socket", "a folder"} & {kind}
    if told and place not in FOLDERS | IN_FOLDERS:
        assert f"but {kind}; " in err


def test_the_matrix_is_whole(figure):
    """Every option of the command line that takes a file to write into is among the places."""
    import click

    from handgrad.cli import cli
    from handgrad.cli.shared import FILE

    def commands(command, words=()):
        if isinstance(command, click.Group):
            for name in command.list_commands(None):
                yield from commands(command.get_command(None, name), (*words, name))
        else:
            yield words, command

    reading = {
        "--data", "--images", "--labels", "--test-images", "--test-labels", "--from", "--model", "--scheme",
        "--resume",
    }  # fmt: skip
    writing = {
        f"{words[-1]} {flag}"
        for words, command in commands(cli)
        for option in command.params
        for flag in set(option.opts) - reading
        if option.type is FILE and flag.startswith("--")
    }
    assert writing == {place for place in PLACES if place.count(" --") == 1 and " of " not in place} - {
        "train --resume"
    }
    figure("places that write x what may stand there, refused", f"{len(CASES)} ({len(PLACES)} places)")


def test_nothing_writes_but_files(figure):
    """One writer: nobody else opens a file for writing, or renames one. A copy of the workbook is made with
    the mode "x", which never replaces anything."""
    source, found = Path(handgrad.__file__).parent, []
    for path in source.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            modes = [word for word in (*node.args, *(k.value for k in node.keywords)) if isinstance(word, ast.Constant)]  # fmt: skip
            opens = called.rpartition(".")[2] in ("open", "fdopen") and any(
                isinstance(mode.value, str) and set(mode.value) & set("wax+") <= set(mode.value) <= set("rwaxbt+")
                and set(mode.value) & set("wax+") for mode in modes
            )  # fmt: skip
            moves = called in ("os.replace", "os.rename", "os.link", "shutil.copy", "shutil.move")
            if opens or moves or called.endswith((".write_text", ".write_bytes")):
                found.append(path.relative_to(source).as_posix())
    assert sorted(found) == [*["files.py"] * 4, "workbook/book/copies.py"]


def ours():
    """Bytes of each kind, as they are really written."""
    from matplotlib.figure import Figure

    from handgrad.photos import Picture
    from handgrad.photos.boxes import drawn

    models, state = [], model_file.RunState({"W1": np.zeros(3, np.float32)}, {"epoch": 1})
    with tempfile.TemporaryDirectory() as folder:
        for run in (None, state):
            model_file.save(Path(folder) / "m", MODEL, run)
            models.append((Path(folder) / "m").read_bytes())
    array = idx.idx_bytes(np.zeros((2, 3), np.uint8), "x")
    pixels = np.full((9, 9, 3), 255, np.uint8)
    page = (Path(report.__file__).with_name("report.html")).read_bytes()
    lab = lab_page.page(lab_contents.network(SQUARE)).encode()
    header = c_export.header(MODEL, quantised(MODEL)).encode()
    verdict = Verdict("affine_forward", True)
    result = Result("anna", "anna.py", (verdict,), None, 1.0)
    table = marks.table(Results((result,)))
    trial = sweeps.Result(
        sweeps.Trial(Recipe(), 0), "", 1, "ink, 1 thread", "diverged", "why", [], None, None
    )
    return {
        "model": (model_file.KIND, models),
        "idx": (idx.KIND, [array, gzip.compress(array)]),
        "png": (PNG, [plots.png(Figure((1, 1))), drawn(Picture(pixels, (9, 9)), [])]),
        "page": (report.PAGE, [page]),
        "lab": (lab_page.PAGE, [lab]),
        "onnx": (onnx_export.KIND, [onnx_export.as_bytes(MODEL)]),
        "torch": (torch_export.KIND, [torch_export.as_bytes(MODEL)]),
        "c": (c_export.KIND, [header]),
        "card": (hub.KIND, [hub.card(MODEL, "x", None).encode()]),
        "csv": (CSV, [table.removeprefix(marks.MARK), marks.table(Results(())), table]),
        "table of a sweep": (
            sweeps.CSV,
            [sweeps.csv_table([]), sweeps.csv_table(sweeps.rows(sweeps.ranked([trial])))],
        ),
        "table of a sweep as Parquet": (sweeps.PARQUET, [sweeps.parquet_table([])]),
        "trial": (TRIAL, [trial.to_bytes()]),
        "log": (log.KIND, [b'{"epoch": 1, "loss": 0.5}\n']),
        "feedback": (feedback.PAGE, [feedback.page(result).encode()]),
        "feedback as Markdown": (feedback.MARKDOWN, [feedback.markdown(result).encode()]),
    }


def test_our_own_kind_is_replaced_and_no_other(tmp_path):
    """Also an empty file, as mktemp makes it; and a link to such a file stays a link."""
    path, kinds = tmp_path / "x", ours()
    for name, (kind, contents) in kinds.items():
        for old in (b"", *contents):
            path.write_bytes(old)
            path.chmod(0o640)
            expect_writable(path, kind)
            write_atomically(path, contents[0], kind)
            assert path.read_bytes() == contents[0]
            assert stat.S_IMODE(path.stat().st_mode) == 0o640
            write_atomically(path, contents[-1], KEPT)
        (tmp_path / "link").unlink(missing_ok=True)
        (tmp_path / "link").symlink_to("x")
        write_atomically(tmp_path / "link", contents[0], kind)
        assert (tmp_path / "link").is_symlink()
        assert path.read_bytes() == contents[0]
        for other, (_, strange) in kinds.items():
            path.write_bytes(strange[-1])
            if other != name:
                for asks in (lambda: expect_writable(path, kind), lambda: write_atomically(path, b"", kind)):
                    with pytest.raises(
                        kind.error,
                        match=f"exists and is not {kind.noun}".replace("(", r"\(").replace(")", r"\)"),
                    ):
                        asks()
                assert path.read_bytes() == strange[-1]
    assert sorted(os.listdir(tmp_path)) == ["link", "x"]


def test_a_strangers_file_of_the_same_format_is_not_ours(tmp_path):
    """A scan, other people's weights, a web page, a packed letter, a table of something else."""
    from safetensors.numpy import save_file

    kinds, path = ours(), tmp_path / "x"
    Image.new("RGB", (9, 9)).save(tmp_path / "scan", "PNG")
    save_file({"W1": np.zeros(3, np.float32)}, tmp_path / "weights", {"format": "pt"})
    strange_torch, strange_onnx = BytesIO(), onnx.ModelProto(ir_version=8, producer_name="pytorch")
    torch.save({"0.weight": torch.zeros(2, 2)}, strange_torch)
    strangers = {
        "onnx": [strange_onnx.SerializeToString(), kinds["onnx"][1][0][:8]],
        "torch": [strange_torch.getvalue(), kinds["torch"][1][0][:-40], gzip.compress(b"Dear Ann,")],
        "c": [b"/* Ann's own header */\n", b"\n" + kinds["c"][1][0]],
        "card": [b"---\nlicense: mit\n---\n# Ann's own network\n", b"---\nlibrary_name: handgrad\n---\n"],
        "png": [(tmp_path / "scan").read_bytes(), kinds["png"][1][0][:20]],
        "model": [(tmp_path / "weights").read_bytes(), b"\xff" * 9, b"{}", kinds["model"][1][0][:40]],
        "idx": [gzip.compress(b"Dear Ann,"), b"\x1f\x8b", gzip.compress(b"\0\0\x08\x01")[:12], b"\0" * 99,
                b"\0\0\x08", b"\x1f\x8b\x08\0" + zlib.compress(b"x")],
        "page": [b"<!doctype html><title>Ann's own page</title>", b" " * 9999 + kinds["page"][1][0]],
        "lab": [b"<!doctype html><title>Ann's own page</title>", b" " * 9999 + kinds["lab"][1][0]],
        "csv": [b"student,mark\nanna,1\n", b"\xef\xbb\xbf" + kinds["csv"][1][1], b"student;file"],
        "feedback": [b"<!doctype html><title>Ann's own page</title>", kinds["page"][1][0]],
        "feedback as Markdown": [b"# Feedback\n", b"\n" + kinds["feedback as Markdown"][1][0]],
    }  # fmt: skip
    for name, contents in strangers.items():
        for content in contents:
            path.write_bytes(content)
            with pytest.raises(kinds[name][0].error, match="choose another name, or remove it"):
                expect_writable(path, kinds[name][0])
            with pytest.raises(kinds[name][0].error, match="choose another name, or remove it"):
                write_atomically(path, b"", kinds[name][0])
            assert path.read_bytes() == content


def test_what_appears_while_it_writes_is_asked_again(tmp_path):
    path = tmp_path / "x.png"

    def written_while(appears, kind):
        with new_file(path, kind) as file:
            file.write(b"a picture")
            appears()

    with pytest.raises(HandgradError, match="exists and is not a PNG image"):
        written_while(lambda: path.write_text("Dear Ann,"), PNG)
    assert os.listdir(tmp_path) == ["x.png"]
    assert path.read_text() == "Dear Ann,"
    path.unlink()
    with pytest.raises(HandgradError, match="but a link; remove it"):
        written_while(lambda: path.symlink_to("elsewhere"), KEPT)
    assert os.listdir(tmp_path) == ["x.png"]


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = tmp_path / "x"
    write_atomically(path, b"old", KEPT)

    def interrupted():
        with new_file(path, KEPT) as file:
            file.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert os.listdir(tmp_path) == ["x"]
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("unnamed", [True, False], ids=["without a name", "with a name"])
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_process_that_is_ended_while_it_writes_leaves_nothing_beside_the_file(end, unnamed, tmp_path):
    """Linux keeps the new file without a name; elsewhere the signals that can be caught remove it."""
    if end == signal.SIGKILL and not unnamed:
        pytest.skip("nobody can remove a named file then")
    (tmp_path / "m").write_bytes(b"old")
    program = [
        "import os, sys", "from handgrad.files import KEPT, new_file",
        "" if unnamed else "vars(os).pop('O_TMPFILE', None)",
        "with new_file('m', KEPT) as file:", "    file.write(b'new' * 99999)", f"    os.kill(os.getpid(), {end:d})",
    ]  # fmt: skip
    done = subprocess.run([sys.executable, "-c", "\n".join(program)], cwd=tmp_path, capture_output=True)
    assert done.returncode == (-end if unnamed else 128 + end)
    assert os.listdir(tmp_path) == ["m"]
    assert (tmp_path / "m").read_bytes() == b"old"


@pytest.mark.parametrize("unnamed", [True, False], ids=["without a name", "with a name"])
def test_both_ways_of_writing_write(unnamed, tmp_path, monkeypatch):
    """With the rights of a new file and those of an old one; and signals mean afterwards what they did."""
    if not unnamed:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    before = [signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGHUP)]
    umask = os.umask(0o027)
    try:
        write_atomically(tmp_path / "m", b"first", KEPT)
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "m").stat().st_mode) == 0o640
    (tmp_path / "m").chmod(0o604)
    write_atomically(tmp_path / "m", b"second", KEPT)
    assert stat.S_IMODE((tmp_path / "m").stat().st_mode) == 0o604
    assert (tmp_path / "m").read_bytes() == b"second"
    assert os.listdir(tmp_path) == ["m"]
    assert [signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGHUP)] == before


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"M\xfcller.png", r"M\xfcller.png: expected a file name in UTF-8"),
        (b"a\nb.png", r"a\x0ab.png: expected a file name in UTF-8 without control characters"),
        (b"\x1b[31m.png", r"\x1b[31m.png: expected a file name in UTF-8 without control characters"),
        (b"x" * 300 + b".png", "cannot be written: File name too long"),
        (b"none/x.png", "cannot be written: No such file or directory; make the folder first"),
        (b"file/x.png", "cannot be written: Not a directory"),
    ],
)
@pytest.mark.usefixtures("_no_work")
def test_names_that_cannot_be(name, shown, run, tmp_path):
    (tmp_path / "file").write_text("Dear Ann,")
    path = tmp_path / os.fsdecode(name)
    for words in (("explain", "--row", 0, "--out"), ("train", "--out"), ("workbook", "grade", ".", "--out")):
        code, out, err = run(*words, path)
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert shown in err
    with pytest.raises(ModelFileError) as told:
        model_file.save(path, MODEL)
    assert shown.removesuffix("; make the folder first") in str(told.value)
    assert os.listdir(tmp_path) == ["file"]


def test_a_zero_byte_is_no_part_of_a_name(run, tmp_path):
    assert run("train", "--out", "a\0b")[0] == 2
    with pytest.raises(ModelFileError, match="expected a file name"):
        model_file.save("a\0b", MODEL)


def test_long_names_are_written(tmp_path):
    """The temporary file's name must not be longer than the file's own."""
    for name in ("x" * 255, "\N{SNOWMAN}" * 85):
        write_atomically(tmp_path / name, b"x", PNG)
    assert len(os.listdir(tmp_path)) == 2


@pytest.mark.parametrize("words", [("predict", "{}", "--save-boxes"), ("explain", "{}", "--out")])
def test_the_input_is_not_the_output(words, run, tmp_path):
    """Not even a picture of our own: by its name, a link, a hard link."""
    page = tmp_path / "page.png"
    page.write_bytes(ours()["png"][1][1])
    (tmp_path / "link.png").symlink_to(page)
    os.link(page, tmp_path / "hard.png")
    before = what_stands(tmp_path)
    for name in ("page.png", "link.png", "hard.png"):
        code, out, err = run(*(word.format(page) for word in words), tmp_path / name)
        assert (code, out) == (1, "")
        assert f"{name}: is the file to read; choose another name\n" in err
    assert what_stands(tmp_path) == before


@pytest.mark.parametrize("name", ["data", "lab.js", "notes.txt", "data/mine.csv"])
def test_a_site_is_not_written_over_a_strangers_files(name, run, tmp_path):
    """An earlier site, into which somebody has put a file or a link to a place elsewhere."""
    (tmp_path / "site" / "data").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "facts.json").write_text("Dear Ann,")
    (tmp_path / "site" / "index.html").write_text(f"<!doctype html>{lab_page.GENERATOR}")
    path = tmp_path / "site" / name
    if name == "data":
        path.rmdir()
    if "." in name[4:] and name != "lab.js":
        path.write_text("Dear Ann,")
    else:
        path.symlink_to(tmp_path / "elsewhere")
    before = what_stands(tmp_path)
    code, out, err = run("export", "--site", tmp_path / "site")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert f"expected nothing but an earlier site; got {name}" in err
    assert what_stands(tmp_path) == before


@pytest.mark.usefixtures("_no_work")
@pytest.mark.parametrize(
    "words",
    [
        ("train", "--out", "m", "--log", "m"),
        ("train", "--out", "m", "--log", "link"),
        ("train", "--resume", "m", "--log", "r/../m"),
        ("train", "--out", "r/index.html", "--report", "r"),
        ("train", "--out", "m", "--log", "r/new.png", "--report", "r"),
        ("workbook", "grade", "handed-in", "--out", "r/Anna.html", "--feedback", "r"),
        ("workbook", "grade", "handed-in", "--out", "r/Anna.md", "--feedback", "./r/"),
        ("export", "--c", "m", "--onnx", "link"),
    ],
    ids=" ".join,
)
def test_two_options_do_not_write_one_file(words, run, tmp_path, monkeypatch):
    """It would be seen when the second one is written: after an epoch, or when all is marked."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r").mkdir()
    (tmp_path / "handed-in").mkdir()
    (tmp_path / "handed-in" / "Anna.py").write_text(MINE)
    if "link" in words:
        (tmp_path / "m").touch()
        (tmp_path / "link").symlink_to("m")
    before = what_stands(tmp_path)
    code, out, err = run(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "got the same place twice" in err or "another file to write" in err
    assert what_stands(tmp_path) == before


def test_a_file_that_the_shell_has_opened_is_not_replaced(tmp_path):
    """handgrad ... --out marks.csv > marks.csv; and /dev/stdout, where it is such a file."""
    program = "from handgrad.files import *\nfor path in ('marks', '/dev/stdout'):\n  try: expect_writable(path, PNG)\n  except Exception as e: print(e, flush=True)"
    with open(tmp_path / "marks", "wb") as out:
        subprocess.run([sys.executable, "-c", program], cwd=tmp_path, stdout=out, check=True)
    told = (tmp_path / "marks").read_text().splitlines()
    assert [line.partition(": ")[2] for line in told] == [
        "is stdin, stdout or stderr of this command; choose another name"
    ] * 2


def test_the_names_of_a_reports_pictures_are_all_asked(run, tmp_path):
    """A report is replaced by a report; every name that it writes is in the list that is asked beforehand."""
    model_file.save(tmp_path / "m", replace(MODEL, history=[]))
    digits.write_idx(tmp_path / "images", np.arange(80, dtype=np.uint8).reshape(20, 2, 2))
    digits.write_idx(tmp_path / "labels", np.arange(20, dtype=np.uint8) % 2)
    words = ("evaluate", tmp_path / "m", "--images", tmp_path / "images", "--labels", tmp_path / "labels")
    for _ in range(2):
        code, _, err = run(*words, "--report", tmp_path / "r")
        assert (code, err) == (0, "")
    written = {path.stem for path in (tmp_path / "r").glob("*.png")}
    assert written <= set(report.PICTURES)
    named = {
        node.value
        for node in ast.walk(ast.parse(Path(report.__file__).read_text()))
        if isinstance(node, ast.Constant)
    }
    assert set(report.PICTURES) <= named
    assert report.GENERATOR in (tmp_path / "r" / "index.html").read_bytes()[:500]


def test_the_code_cache_replaces_nothing_but_a_file(tmp_path, monkeypatch):
    """What stands in its way is left alone, and the kernel is compiled all the same."""
    machine = pytest.importorskip("handgrad.engines.ink.machine")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(machine, "_compiled", lambda *_: b"object file")
    monkeypatch.setattr(machine, "linked", lambda binary: binary)
    monkeypatch.setattr(machine.kept, "read", lambda path: None)
    make = machine._code.__wrapped__
    assert make(32, 4) == b"object file"
    (path,) = (tmp_path / "handgrad").iterdir()
    assert path.read_bytes().endswith(b"object file")
    for kind in ("a pipe", "a socket", "a folder", "a link to a stranger's file", "a link to nothing"):
        for entry in path.parent.iterdir():
            entry.rmdir() if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        KINDS[kind](path)
        before = what_stands(tmp_path)
        assert make(32, 4) == b"object file"
        assert what_stands(tmp_path) == before, kind


@not_root
def test_a_shared_cache_that_is_read_only_is_enough(run, tmp_path, monkeypatch):
    """What is there already need not be writable."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "handgrad" / "data" / "kmnist"
    folder.mkdir(parents=True)
    for name in NAMES:
        (folder / name).write_bytes(b"published")
        (folder / name).chmod(0o400)
    known = digits.sets.SETS["kmnist"]
    right = fetch.sha256(folder / NAMES[0])
    monkeypatch.setitem(
        digits.sets.SETS, "kmnist", replace(known, files=tuple(f._replace(sha256=right) for f in known.files))
    )
    assert digits.fetch_set("kmnist").fetched == ()


def test_half_a_copy_of_the_workbook_is_taken_away(tmp_path, monkeypatch):
    """A full disk, for which a limit on the size of files stands: the next try is not refused."""
    (tmp_path / "notes").write_text("Dear Ann,")
    texts = {"a.py": "short", "b.py": "long" * 100}
    monkeypatch.setattr(copies, "_texts", lambda *_: texts)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(HandgradError, match="the workbook cannot be written: File too large"):
            copies.write(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert os.listdir(tmp_path) == ["notes"]
    assert [path.name for path in copies.write(tmp_path)] == ["a.py", "b.py"]


MINE = "import numpy as np\ndef affine_forward(x, w, b):\n    return x @ w.T + b, (x, w)\n"


def test_marks_are_not_lost_for_a_name_that_is_not_utf_8(run, tmp_path):
    """In the table, as JSON and as CSV; two times, so that a table of marks is replaced by one."""
    folder = tmp_path / "class"
    folder.mkdir()
    for name in (b"M\xfcller.py", b"a\nb.py", "Zo\N{LATIN SMALL LETTER E WITH DIAERESIS}.py".encode()):
        (folder / os.fsdecode(name)).write_text(MINE)
    # what cannot be read is told with its name
    (folder / os.fsdecode(b"\xe9.py")).write_bytes(b"\x7fELF\0\1\2\3\4\5\6")
    students = ["Zo\N{LATIN SMALL LETTER E WITH DIAERESIS}", r"M\xfcller", r"\xe9", r"a\x0ab"]
    words = ("workbook", "grade", folder, "--out", tmp_path / "marks.csv")
    code, out, err = run(*words)
    assert (code, err.count("\n")) == (1, 2)  # the level of the walls, and the error
    assert r"1 of 4 submissions could not be marked: \xe9" in err
    assert sorted(line.split()[0] for line in out.splitlines()[1:5]) == sorted(students)
    rows = (tmp_path / "marks.csv").read_text("utf-8-sig").splitlines()
    assert sorted(row.split(",")[0] for row in rows[1:]) == sorted(students)
    code, out, _ = run(*words, "--json")
    told = json.loads(out.encode("utf-8"))["submissions"]
    assert sorted(mark["student"] for mark in told) == sorted(students)
    assert sorted(mark["file"] for mark in told) == sorted(f"{name}.py" for name in students)


def test_marks_are_told_where_the_table_cannot_be_written_after_all(run, tmp_path, monkeypatch):
    """The place was good when it was asked, and somebody else's file stands there when the marking is done."""
    out = tmp_path / "marks.csv"

    def mark(*_):
        out.write_text("Dear Ann,")
        return Results((Result("\udcff", "anna.py", (Verdict("affine_forward", True),), None, 1.0),))

    monkeypatch.setattr("handgrad.workbook.marking.grade.mark", mark)
    (tmp_path / "anna.py").write_text(MINE)
    for more in ((), ("--json",)):
        out.unlink(missing_ok=True)
        code, told, err = run("workbook", "grade", tmp_path, "--out", out, *more)
        assert code == 1
        assert (r"\udcff" if more else r"\xff") in told  # as JSON and as a terminal have it
        assert err == f"handgrad: error: {out}: exists and is not a table of marks (CSV); choose another name, or remove it\n"  # fmt: skip
        assert out.read_text() == "Dear Ann,"


def test_no_mark_is_lost_where_feedback_cannot_be_written_after_all(run, tmp_path, monkeypatch):
    """The folder was good when it was asked; while the class is marked it is taken away for a file."""
    (tmp_path / "class").mkdir()
    for name in ("anna", "ben"):
        (tmp_path / "class" / f"{name}.py").write_text(MINE)
    writes = feedback.Feedback.write

    def taken(pages, number, result):
        if not (tmp_path / "pages").is_file():
            (tmp_path / "pages").rmdir()
            (tmp_path / "pages").write_text("Dear Ann,")
        writes(pages, number, result)

    monkeypatch.setattr(feedback.Feedback, "write", taken)
    words = ("--feedback", tmp_path / "pages", "--out", tmp_path / "marks.csv")
    code, out, err = run("workbook", "grade", tmp_path / "class", *words, "--quiet")
    assert code == 1
    assert out.count("1 of 10") == 2
    assert (tmp_path / "marks.csv").read_text("utf-8-sig").count("\n") == 3
    assert err.count("\n") == 1
    assert "cannot be written: Not a directory; and 3 more like it" in err


@pytest.mark.usefixtures("_no_work")
def test_a_submission_is_never_the_table(run, tmp_path):
    """Not even an empty one, nor through a link."""
    (tmp_path / "anna.py").write_text("")
    (tmp_path / "marks.csv").symlink_to("anna.py")
    before = what_stands(tmp_path)
    for name in ("anna.py", "marks.csv", "new.ipynb"):
        code, out, err = run("workbook", "grade", tmp_path, "--out", tmp_path / name)
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert f"{name}: this is the name of a submission (.py or .ipynb); choose another name" in err
    assert what_stands(tmp_path) == before


def test_a_result_is_not_lost_for_a_character_that_stdout_cannot_show(tmp_path):
    name = tmp_path / os.fsdecode(b"M\xfcller.png")
    Image.new("RGB", (40, 40), "white").save(name)
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    words = [sys.executable, "-m", "handgrad", "predict", "--quiet", name]
    done = subprocess.run(words, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("no digit found\n")


def test_readable_leaves_names_as_people_write_them():
    for name in ("M\N{LATIN SMALL LETTER U WITH DIAERESIS}ller", "\N{SNOWMAN}", "a b", "\u200c", "\\"):
        assert readable(name) == name
    assert readable("\udcfc\x00\x7f\u2028\ud800") == r"\xfc\x00\x7f\u2028\ud800"
    assert files.reason(OSError(28, "No space left on device")) == "No space left on device"
