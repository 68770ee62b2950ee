"""Marking a class: forty-odd hostile submissions between honest ones, and the two commands that people use."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import handgrad
from handgrad.cli import main
from handgrad.errors import DataError
from handgrad.workbook.desk.remote import MB, Limits
from handgrad.workbook.desk.walls import best
from handgrad.workbook.marking.collecting import collect, collect_one
from handgrad.workbook.marking.grade import grade
from workbook_suite import bases

REST = Path(__file__).with_name("hostile_rest.py")
HOSTILE = sorted(Path(__file__).with_name("hostile").glob("*.py"))
PACKAGE = Path(handgrad.__file__).parent
RIGHT = """
import numpy as np


def affine_forward(x, W, b):
    return x @ W.T + b, (x, W)


def affine_backward(dout, cache):
    x, W = cache
    return dout @ W, dout.T @ x, dout.sum(axis=0)


def relu_forward(x):
    return np.maximum(x, 0), x


def relu_backward(dout, cache):
    return dout * (cache > 0)


def sigmoid_forward(x):
    y = 1 / (1 + np.exp(-x))
    return y, y


def sigmoid_backward(dout, cache):
    return dout * cache * (1 - cache)


def l2_loss(y, y_hat):
    error = y - np.eye(y.shape[1])[y_hat]
    return (error**2).sum() / len(y), 2 * error / len(y)


def calculate_accuracy(model, input_data, labels):
    return (model.forward(input_data)[0].argmax(axis=1) == labels).mean()


class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        rng = np.random.default_rng(0)
        self.params = {
            "W1": rng.normal(0, (2 / inp_dim) ** 0.5, (hidden_dim, inp_dim)),
            "b1": np.zeros(hidden_dim),
            "W2": rng.normal(0, (2 / (hidden_dim + out_dim)) ** 0.5, (out_dim, hidden_dim)),
            "b2": np.zeros(out_dim),
        }
        self.grads = {}

    def forward(self, x):
        a, first = affine_forward(x, self.params["W1"], self.params["b1"])
        h, relu = relu_forward(a)
        z, second = affine_forward(h, self.params["W2"], self.params["b2"])
        y, sigmoid = sigmoid_forward(z)
        return y, (first, relu, second, sigmoid)

    def backward(self, dout, cache):
        first, relu, second, sigmoid = cache
        dh, self.grads["W2"], self.grads["b2"] = affine_backward(sigmoid_backward(dout, sigmoid), second)
        _, self.grads["W1"], self.grads["b1"] = affine_backward(relu_backward(dh, relu), first)


def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):
    rng = np.random.default_rng(0)
    for _ in range(n_epochs):
        order = rng.permutation(len(train_data))
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            out, cache = model.forward(train_data[rows])
            _, dout = l2_loss(out, train_labels[rows])
            model.backward(dout, cache)
            for key in model.params:
                model.params[key] -= learning_rate * model.grads[key]
"""
MISTAKEN = RIGHT.replace("dout.sum(axis=0)", "dout.mean(axis=0)")  # mistake 7
PARTLY = RIGHT[: RIGHT.index("def l2_loss")] + "def l2_loss(y, y_hat):\n    pass\n"
ABOUT = {  # what must be said of some of them
    "abort": "SIGABRT", "close_descriptors": "broke the connection", "copy_others": "KeyError", "exit_at_import": "ended the process",
    "fake_replies": "its answer is missing", "flood_stdout": "did not finish", "hanging_objects": "did not finish",
    "ignore_signals": "did not finish", "loop_at_import": "did not finish within", "loop_everywhere": "in all",
    "memory_at_import": "MemoryError", "memory_in_function": "MemoryError", "segfault": "SIGSEGV", "sleep_forever": "did not finish",
    "sockets": "using the network", "empty_file": "not done", "syntax_error": "cannot be read as Python",
}  # fmt: skip
UNREADABLE = {"null_bytes": "got a binary file", "not_utf8": "got other bytes"}
LEVEL = f"the code ran {best()}\n"
LIMITS = Limits(call=1.5, total=5, memory=400 * MB)
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
posix = pytest.mark.skipif(os.name != "posix", reason="only the timeouts are elsewhere")


def whole(text):
    """A hostile file, with the rest of the layout behind what it has of it."""
    parts = REST.read_text().split("\n\n\n")[1:]
    needed = ["TwoLayerNet.now = Now"] if "class Now" in text else []  # what no exercise needs is not run
    rest = (p for p in parts if p.split("(")[0].rstrip(":") not in text)
    return "\n\n\n".join([text.rstrip(), *rest, *needed])


def write_class(folder):
    """The hostile ones and three honest ones, in the middle of the alphabet and at its end."""
    folder.mkdir()
    for path in HOSTILE:
        (folder / path.name).write_text(whole(path.read_text()).replace("CLASS", str(folder)))
    (folder / "null_bytes.py").write_bytes(b"x = 1\0\n" + RIGHT.encode())
    (folder / "not_utf8.py").write_bytes(RIGHT.encode() + b"# \x81\x01")  # in no encoding
    (folder / "syntax_error.py").write_text("def (:\n")
    (folder / "empty_file.py").write_text("")
    for name, text in (("right", RIGHT), ("mistaken", MISTAKEN), ("zoe", PARTLY)):
        (folder / f"{name}.py").write_text(text)


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def package():
    return {
        path.name for path in PACKAGE.rglob("*") if "__pycache__" not in path.parts and path.suffix != ".tmp"
    }


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """The class, marked with others at once; what stood where before and after; how long it took."""
    folder = tmp_path_factory.mktemp("marked")
    write_class(folder / "class")
    (folder / "temporary").mkdir()
    (folder / "home").mkdir()
    before, own = contents(folder), (PACKAGE / "__init__.py").read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder / "home"))
        patch.setenv("VIRTUAL_ENV", str(folder / "temporary"))  # by which its processes are found
        patch.setattr("tempfile.tempdir", str(folder / "temporary"))
        start = time.monotonic()
        marks = grade(folder / "class", LIMITS, workers=4)
        seconds = time.monotonic() - start
    return {
        "marks": {mark.student: mark for mark in marks.results}, "all": marks, "seconds": seconds, "folder": folder,
        "before": before, "after": contents(folder), "own": own,
    }  # fmt: skip


@posix
@pytest.mark.timeout(600)
def test_forty_hostile_submissions_are_marked_in_time(marked, figure):
    hostile = [mark for name, mark in marked["marks"].items() if name not in ("right", "mistaken", "zoe")]
    assert len(hostile) >= 40
    longest = max(mark.seconds for mark in hostile)
    figure(
        "hostile submissions",
        f"{len(hostile)} marked in {marked['seconds']:.0f} s, the longest {longest:.1f} s",
    )
    assert longest < 60  # 5 seconds of its own, and the time of starting processes on a busy machine
    for mark in hostile:
        assert mark.passed < max(1, len(mark.verdicts)), mark.student


@posix
def test_what_is_said_of_the_hostile(marked):
    wrong = {}
    for student, words in (ABOUT | UNREADABLE).items():
        mark = marked["marks"][student]
        said = " ".join([mark.failure or "", *(str(verdict) for verdict in mark.verdicts)])
        if words not in said or bool(mark.failure) != (student in UNREADABLE):
            wrong[student] = said
    assert wrong == {}


@posix
def test_the_honest_ones_get_what_they_would_alone(marked, tmp_path):
    alone = tmp_path / "alone"
    alone.mkdir()
    for name in ("right", "mistaken", "zoe"):
        (alone / f"{name}.py").write_bytes((marked["folder"] / "class" / f"{name}.py").read_bytes())
    for mark in grade(alone).results:
        assert mark.verdicts == marked["marks"][mark.student].verdicts
    right, mistaken, partly = (marked["marks"][name] for name in ("right", "mistaken", "zoe"))
    assert right.passed == len(right.verdicts) == 10
    assert {v.name: v.mistake for v in mistaken.verdicts if not v.passed} == {"affine_backward": 7}
    assert {v.name: v.done for v in partly.verdicts if not v.passed} == dict.fromkeys(
        ("l2_loss", "TwoLayerNet", "calculate_accuracy", "train_model"), False
    )


@posix
def test_no_file_is_lost_or_made(marked):
    assert marked["after"] == marked["before"]
    assert list((marked["folder"] / "temporary").iterdir()) == []
    assert list((marked["folder"] / "home").iterdir()) == []
    assert (PACKAGE / "__init__.py").read_bytes() == marked["own"]
    assert "planted_by_a_submission.py" not in package()


@linux
def test_no_process_and_no_shared_memory_is_left(marked):
    assert started_with(marked["folder"] / "temporary") == []
    assert not [name for name in os.listdir("/dev/shm") if name.startswith("handgrad-hostile")]


# --- a class of honest people -------------------------------------------------------------------------------


@pytest.fixture
def run(capsys):
    """run(*words) -> exit code, stdout, stderr; a failure's stderr holds no traceback."""

    def run(*words):
        code = main(["workbook", *map(str, words)])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return run


def notebook(text, **more):
    cells = [
        {"cell_type": "markdown", "source": ["# Title"]},
        {
            "cell_type": "code",
            "source": text.splitlines(keepends=True),
            "outputs": [{"data": {"image/png": "x" * 2_000_000}}],
        },
    ]
    return json.dumps({"cells": cells, "nbformat": 4, **more})


@pytest.fixture
def folder(tmp_path):
    """Anna right, as a file; Ben as a notebook in a folder, with one mistake; Cleo and Dora with the same."""
    folder = tmp_path / "handed in"
    for name in ("Ben", "Cleo", ".hidden", "__pycache__"):
        (folder / name).mkdir(parents=True)
    (folder / "Anna.py").write_text(RIGHT)
    (folder / "Ben" / "Untitled.ipynb").write_text(notebook(MISTAKEN))
    (folder / "Ben" / "notes.txt").write_text("none of this")
    (folder / "Cleo" / "mine.py").write_text(MISTAKEN.replace("* cache * (1 - cache)", "* cache"))
    (folder / "Dora.py").write_text(MISTAKEN)
    (folder / "read me.txt").write_text("none of this")
    (folder / ".hidden" / "x.py").write_text("none of this")
    return folder


def test_grade_prints_a_table_and_a_tally(run, folder, tmp_path):
    code, out, err = run("grade", folder, "--out", tmp_path / "marks.csv")
    assert (code, err) == (0, LEVEL)
    lines = out.splitlines()
    assert lines[0].split() == ["student", "passed", "points", "what", "is", "wrong"]
    assert lines[1].split() == ["Anna", "10", "of", "10", "100"]
    assert "Ben      9 of 10       90   affine_backward: mistake 7" in lines
    tally = lines[lines.index("students   mistake") + 1 :]
    assert tally[0] == "       3    7 bias gradient averaged: Ben, Cleo, Dora"
    assert len(tally) == 2
    rows = list(csv.DictReader((tmp_path / "marks.csv").read_text("utf-8-sig").splitlines()))
    assert [row["student"] for row in rows] == ["Anna", "Ben", "Cleo", "Dora"]
    assert rows[1]["file"] == "Ben/Untitled.ipynb"
    assert (rows[1]["points"], rows[1]["affine_backward"], rows[1]["l2_loss"]) == (
        "90",
        "mistake 7",
        "passed",
    )


def test_grade_as_json(run, folder):
    code, out, _ = run("grade", folder, "--json", "--workers", 2)
    assert code == 0
    document = json.loads(out)
    anna, ben, cleo, dora = document["submissions"]
    assert set(anna) == {
        *("student", "id", "file", "attempt", "late", "passed", "of", "points", "full_points", "marked"),
        *("exercises", "failure", "read", "notes", "flags", "marked_before", "seconds"),
    }
    assert (anna["passed"], anna["of"], anna["failure"]) == (10, 10, None)
    assert [e["mistake"] for e in ben["exercises"] if not e["passed"]] == [7]
    assert cleo["passed"] == 8
    assert dora["exercises"] == ben["exercises"]
    assert document["tally"][0] == {
        "mistake": 7,
        "title": "bias gradient averaged",
        "students": ["Ben", "Cleo", "Dora"],
    }


def test_grade_says_what_could_not_be_marked(run, folder):
    (folder / "Emil").mkdir()
    (folder / "Finn").mkdir()
    (folder / "Finn" / "one.py").write_text(RIGHT)
    (folder / "Finn" / "two.py").write_text(RIGHT)
    (folder / "Gina.py").write_bytes(b"x = 1\n" * 700_000)
    (folder / "Hugo.ipynb").write_text("{}")
    (folder / "Ines.py").symlink_to(folder / "nowhere.py")
    code, out, err = run("grade", folder)
    assert code == 1
    assert "4 of 9 submissions could not be marked: Emil, Gina, Hugo, Ines" in err
    for words in (
        "expected a .py or .ipynb file; got none", "expected at most 4 MB", "not a Jupyter notebook",
        "No such file",
    ):  # fmt: skip
        assert words in out
    assert "Anna" in out


def test_grade_of_nothing(run, tmp_path):
    code, out, err = run("grade", tmp_path)
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert "expected submissions" in err
    assert run("grade", tmp_path / "nowhere")[0] == 2
    assert run("grade", tmp_path, "--seconds", "0")[0] == 2
    assert run("grade")[0] == 2


def test_a_submission_that_deletes_the_others_comes_too_late(folder):
    """All are in memory before the first of them runs."""
    given = collect(folder)
    for path in folder.rglob("*.py"):
        path.unlink()
    assert [bool(one.sources[0].text) for one in given] == [True] * 4


def test_a_checker_that_stumbles_marks_nobody(folder, monkeypatch, run):
    monkeypatch.setattr("handgrad.workbook.checks.run", lambda *a: {}["surprise"])
    code, out, err = run("grade", folder)
    assert code == 1
    assert "4 of 4 submissions could not be marked" in err
    assert "could not make sense of what came back (KeyError: 'surprise')" in out


@linux
@pytest.mark.parametrize(
    ("words", "processes", "number", "said"),
    [
        (("grade", ".", "--workers", "3"), 3, signal.SIGINT, "stopped by SIGINT: 0 of 4 are marked"),
        (("grade", ".", "--workers", "3"), 3, signal.SIGHUP, "stopped by SIGHUP: 0 of 4 are marked"),
        (("check", "Anna.py"), 1, signal.SIGINT, "handgrad: error: interrupted"),
    ],
)
def test_ctrl_c_and_signals_end_every_process(folder, tmp_path, words, processes, number, said):
    for path in folder.rglob("*.py"):
        path.write_text(
            "import time\ndef affine_forward(x, W, b):\n    time.sleep(1000)\nrelu_forward = affine_forward\n"
        )
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    own = {"TMPDIR": str(temporary), "VIRTUAL_ENV": str(temporary)}
    command = [sys.executable, "-m", "handgrad", "workbook", *words]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, cwd=folder, env=os.environ | own
    ) as process:
        until = time.monotonic() + 60
        while len(of_learners(temporary)) < processes and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(number)
        assert process.wait(60) == 128 + number
        assert process.stderr.read().splitlines()[-1].startswith(said)
    assert list(temporary.iterdir()) == []
    assert started_with(temporary) == []


def started_with(mark):
    """The processes that have this in their environment, as all do that learners' code runs in."""
    return [
        p.parent for p in Path("/proc").glob("[0-9]*/environ") if f"VIRTUAL_ENV={mark}".encode() in content(p)
    ]


def of_learners(mark):
    """Those that run learners' code themselves, not what builds walls around them."""
    words = [content(process / "cmdline").split(b"\0") for process in started_with(mark)]
    return [w for w in words if w[0] == os.fsencode(sys.executable) and b"handgrad.workbook.desk.child" in w]


def content(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


# --- one file ------------------------------------------------------------------------------------------------


def test_check_says_that_all_is_right(run, tmp_path):
    (tmp_path / "mine.py").write_text(RIGHT)
    code, out, err = run("check", tmp_path / "mine.py")
    assert (code, err) == (0, LEVEL)
    assert out.splitlines()[-1] == "10 of 10 right"


def test_what_a_learner_prints_is_labelled_and_bounded(run, tmp_path):
    printing = (
        "def relu_forward(x):\n    print(*['so\\tit\\x1b[31m is'] * 9, sep='\\n')\n    print('x' * 999)"
    )
    (tmp_path / "mine.py").write_text(RIGHT.replace("def relu_forward(x):", printing))
    for more in ((), ("--local",)):
        code, out, err = run("check", tmp_path / "mine.py", *more)
        assert code == 0
        assert out.splitlines()[-1] == "10 of 10 right"
        assert err.endswith(LEVEL) == (not more)
        label, *printed = err.removesuffix(LEVEL).splitlines()
        assert label == "printed by mine.py:"
        assert all(line.startswith(("    so  it", "    xxx", "    ... and ")) for line in printed)
        assert max(map(len, printed)) < 220
        assert err.replace("\n", "").isprintable()
        assert more or len(printed) == 41
    assert run("check", tmp_path / "mine.py", "--quiet")[2] == ""
    assert run("check", tmp_path / "mine.py", "--quiet", "--local")[2] == ""


def test_check_names_the_mistake(run, tmp_path):
    (tmp_path / "mine.py").write_text(MISTAKEN)
    code, out, err = run("check", tmp_path / "mine.py", "--json")
    assert (code, err) == (1, "")
    wrong = [e for e in json.loads(out)["exercises"] if not e["passed"]]
    assert [(e["name"], e["mistake"], e["done"]) for e in wrong] == [("affine_backward", 7, True)]
    assert wrong[0]["entry"]["got"] != wrong[0]["entry"]["expected"]
    local = run("check", tmp_path / "mine.py", "--json", "--local")
    assert json.loads(local[1]) == {**json.loads(out), "level": "none"}
    assert json.loads(out)["level"] == best().name


def test_check_of_some_exercises(run, tmp_path):
    (tmp_path / "mine.py").write_text(MISTAKEN)
    code, out, _ = run("check", tmp_path / "mine.py", "relu_forward", "l2_loss", "--json")
    assert code == 0
    assert [e["name"] for e in json.loads(out)["exercises"]] == ["relu_forward", "l2_loss"]
    assert run("check", tmp_path / "mine.py", "affine_backward")[0] == 1
    code, _, err = run("check", tmp_path / "mine.py", "affine")
    assert code == 2
    assert "did you mean 'affine_forward' or 'affine_backward'?" in err
    assert "train_model" in run("check", tmp_path / "mine.py", "pooling")[2]  # near none: all are named


def test_check_reads_a_notebook(run, tmp_path):
    (tmp_path / "mine.ipynb").write_text(notebook("%matplotlib inline\n" + RIGHT))
    assert run("check", tmp_path / "mine.ipynb")[0] == 0


def test_pytorch_is_found_wherever_a_notebook_imports_it(run, tmp_path):
    """It has to be imported before the limits are set, which its import would break."""
    text = bases()["torch_plain"].replace("import torch\n", "import math\n\nif math:\n\timport torch\n", 1)
    (tmp_path / "mine.ipynb").write_text(notebook(text))
    code, out, _ = run("check", tmp_path / "mine.ipynb")
    assert (code, out.splitlines()[-1]) == (0, "11 of 11 right")


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("absent.py", None, "No such file"),
        ("mine.txt", b"x is 1", "not Python"),
        ("mine.csv", b"x = 1", "expected a .py or .ipynb file, a folder or a zip file"),
        ("mine.docx", b"PK", "a Word document"),
        ("mine.zip", b"PK", "a damaged archive"),
        ("mine.py", b"x = 1\n" * 700_000, "expected at most 4 MB"),
        ("mine.py", b"\x7fELF\0\1\2\3\4\5\6", "got a binary file"),
        ("mine.py", b"\x7fELF\0\0", "got a binary file"),
        ("mine.py", b"x = '\x81\xfc", "got other bytes"),
        ("mine.ipynb", b"[]", "not a Jupyter notebook"),
        ("mine.ipynb", b"[" * 100_000, "not a Jupyter notebook"),
        ("mine.ipynb", b'{"cells": [{"cell_type": "code"}]}', "not a Jupyter notebook"),
        ("mine.ipynb", b" " * 10_000_001, "expected at most 10 MB"),
        ("mine.ipynb", b" " * 50_000_001, "expected at most 50 MB"),
        (".", None, "expected a .py or .ipynb file; got none"),
    ],
)
def test_check_of_what_is_no_submission_is_one_line(run, tmp_path, name, data, expected):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    code, out, err = run("check", tmp_path / name)
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert expected in err


def test_other_ways_to_write_text_are_read(tmp_path):
    path = tmp_path / "mine.py"
    for data in (b"\xef\xbb\xbfx = 'a'\r\n", b"# coding: latin-1\nx = '\xfc'\n", b"x = 1\ry = 2\r"):
        path.write_bytes(data)
        text = collect_one(path).sources[0].text
        compile(text, "mine.py", "exec")
        assert "\r" not in text
    os.mkfifo(tmp_path / "pipe.py")
    with pytest.raises(DataError, match="got something else"):
        collect_one(tmp_path / "pipe.py")


def test_the_group_lists_its_commands(run):
    code, out, _ = run("--help")
    assert code == 0
    for name in ("new", "check", "hint", "grade", "zoo"):
        assert f"\n  {name} " in out
    assert run("frobnicate")[0] == 2
