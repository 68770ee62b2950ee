"""Whatever strangers wrote, a command prints lines that no terminal obeys, and messages of bounded length."""

import io
import pickle
import re
import sys

import numpy as np
import pytest
from PIL import Image

from handgrad import errors, model_file, network
from handgrad.calibration import Calibration
from handgrad.cli.terminal import bars, guarded
from handgrad.errors import MOST_OF_LINE, DataError, HandgradError, MissingExtraError, one_line, readable
from handgrad.model import Model
from handgrad.recipes import Distortion, Recipe
from handgrad.workbook.checks.verdict import Verdict

PARAMS = network.init_params(4, 3, 2, np.random.default_rng(0))

OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
EVIL = {
    "title": "\x1b]0;owned\x07",
    "colours": "\x1b[31mred\x1b[0m",
    "8-bit escapes": "\x9b31mred\x9d0;owned\x9c",
    "over the line": "fine\rhandgrad: error: none",
    "another line": "a\nhandgrad: all right",
    "other line ends": "a\x0bb\x0cc\x1cd\x85e\u2028f\u2029g",
    "backspaces": "evil\x08\x08\x08\x08good",
    "direction": "\u202egnp.exe\u2066",
    "no UTF-8": "\udcff\udc9b",
    "half a character": "\ud800",
    "long": "x" * 100_000,
    "long and obeyed": "\x1b" * 100_000,
}


@pytest.mark.parametrize("what", EVIL)
def test_a_message_is_one_readable_line_of_bounded_length(what):
    for kind in (HandgradError, DataError, MissingExtraError, errors.ImageError, errors.RankLostError):
        error = kind(f"{EVIL[what]}: expected a file; choose another name")
        text = str(error)
        assert not OBEYED.search(text)
        assert len(text) <= MOST_OF_LINE
        assert text.endswith("expected a file; choose another name")  # what to do is not cut off
        assert one_line(text) == text == str(pickle.loads(pickle.dumps(error)))
        text.encode()  # in UTF-8
    diverged = errors.DivergedError(EVIL[what], 1, 1, 0.1)
    assert str(pickle.loads(pickle.dumps(diverged))) == str(diverged) == one_line(str(diverged))


def test_what_is_shown_of_a_text_is_the_text_with_escapes():
    assert readable("Größe 語 \U0001f600 \\x1b") == "Größe 語 \U0001f600 \\x1b"
    assert readable("\x1b[2J\x9b\u202e\udcff") == r"\x1b[2J\x9b\u202e\xff"
    assert one_line("two\r\n  lines\tand a tab") == "two lines and a tab"
    assert one_line("x" * MOST_OF_LINE) == "x" * MOST_OF_LINE
    cut = one_line("a" * 1000 + "b" * 1000)
    assert (len(cut), cut[:3], cut[-3:], " ... " in cut) == (MOST_OF_LINE, "aaa", "bbb", True)


def test_both_streams_are_guarded_while_a_command_runs(monkeypatch):
    streams = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    with guarded():
        for text in EVIL.values():
            print(f"a\t{text}")
            print(text, "behind", file=sys.stderr)
        sys.stdout.writelines(["\x1b\n", "\x07\n"])
        print("\r\x1b[K", end="", file=bars())
    assert (sys.stdout, sys.stderr, bars()) == (*streams, streams[1])
    with pytest.raises(KeyError), guarded():
        raise KeyError
    assert (sys.stdout, sys.stderr, bars()) == (*streams, streams[1])
    out, err = (stream.getvalue() for stream in streams)
    assert "\r\x1b[K" in err
    assert not OBEYED.search(err.replace("\r\x1b[K", ""))
    assert not OBEYED.search(out)
    assert out.endswith("\\x1b\n\\x07\n")
    assert "a\t\\x1b]0;owned\\x07\n" in out
    assert "x" * 100_000 in out  # a result is whole
    assert max(map(len, err.split("\n"))) <= MOST_OF_LINE + len(" behind")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a picture and a model whose names a terminal would obey."""
    monkeypatch.chdir(tmp_path)
    page = np.full((90, 60), 255, np.uint8)
    page[20:70, 25:33] = 0
    Image.fromarray(page).save("page.png")
    for what in ("title", "over the line", "another line", "direction", "no UTF-8"):
        (tmp_path / (EVIL[what].replace("/", "") + ".png")).write_bytes((tmp_path / "page.png").read_bytes())
    model_file.save("m", Model(network.init_params(784, 4, 10, np.random.default_rng(0))))
    return tmp_path


def test_file_names_are_shown_with_escapes(run, here):
    """Pictures that are read, pictures that cannot be, models, data, folders, and what is left out of a folder."""
    names = sorted(path.name for path in here.glob("*.png") if path.name != "page.png")
    assert len(names) == 5
    for name in names:
        (here / f"{name}.txt").write_text("no picture")
        for arguments in (
            ("predict", name),
            ("predict", name, "page.png", "--json"),
            ("predict", f"{name}.txt"),
            ("predict", f"not there {name}"),
            ("predict", "page.png", "--model", name),
            ("predict", "page.png", "--save-boxes", f"{name}.txt"),
            ("evaluate", name),
            ("evaluate", "m", "--data", name),
            ("evaluate", "m", "--data", f"not there {name}"),
            ("train", "--images", name, "--labels", name),
            ("train", "--recipe", name),
            ("train", "--data", name, "--out", name),
            ("explain", "page.png", "--model", name),
            ("data", "fetch", name),
            ("data", "fetch", "kmnist", "--data-dir", name),
            ("workbook", "check", name),
            ("workbook", "grade", name),
            ("sweep", "--set", f"hidden={name}"),
            ("calibrate", name),
            ("export", name, "--c", "c"),
            (name,),
        ):
            code, out, err = run(*arguments)
            assert not OBEYED.search(out + err), arguments
            if code:
                assert len(re.findall("^handgrad: error: ", err, re.M)) == 1, arguments
                assert max(map(len, err.split("\n"))) <= MOST_OF_LINE
    assert OBEYED.search("".join(names))
    _, out, err = run("predict", here, "--quiet")
    assert out.count(".png") == 6
    assert not OBEYED.search(out + err)


def test_a_document_with_the_last_control_character_is_still_json(capsys):
    import json

    from handgrad.cli.shared import emit

    with guarded():
        emit({"a\x7fb": "\x7f\x1b\x9b\u202e\udcff"})
    assert json.loads(capsys.readouterr().out) == {"a\x7fb": "\x7f\x1b\x9b\u202e\udcff"}


class Twice:
    """Whose repr has two lines, and is long."""

    def __repr__(self):
        return "a line\n\x1b" * 1000


@pytest.mark.parametrize("value", [np.zeros((9, 9)), "\x1b[2J" * 1000, [1] * 10**5, 10**4000, Twice()])
def test_choices_that_cannot_be_are_quoted_in_one_short_line(value):
    calls = [lambda name=name: Recipe(**{name: value}) for name in Recipe().to_dict()]
    calls += [lambda: Distortion(shear=value), lambda: Calibration(1.0, 0.5, 0.9, 1.0, 60, value)]
    calls += [
        lambda: Model(PARAMS, value),
        lambda: Model(PARAMS, loss=value),
        lambda: Model(PARAMS, storage=value),
    ]
    calls += [lambda: Model(PARAMS, recipe_name=value), lambda: Model(PARAMS, classes=(value, 2))]
    for call in calls:
        with pytest.raises(ValueError, match="expected") as caught:
            call()
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 400


ENDLESS = """
import numpy as np
def affine_forward(x, W, b):
    raise type("E\\x1b[31m" + "x\\n" * 10**6, (Exception,), {})("m\\x1b]0;owned\\x07" * 10000)
def relu_forward(x):
    print("\\x1b[2J" * 1000)
    return type("R" * 10**6, (), {})(), type("\\x9b" * 10**6, (), {})()
def sigmoid_forward(x):
    class Wide(np.ndarray): pass
    Wide.__name__ = "W" * 10**6
    return x.view(Wide), x
"""


def test_names_of_a_learners_making_are_bounded(run, tmp_path):
    """The name of an exception had 9.8 MB, and so had the verdict."""
    (tmp_path / "mine.py").write_text(ENDLESS)
    for more in ((), ("--json",)):
        code, out, err = run("workbook", "check", tmp_path / "mine.py", "--quiet", *more)
        assert code == 1
        assert not OBEYED.search(out + err)
        assert len(out) < 10_000
    verdict = Verdict("affine_forward", False, f"{EVIL['long']}\n" * 1000, remarks=(EVIL["title"],) * 1000)
    assert len(str(verdict)) < 50_000
    assert not OBEYED.search(str(verdict))
