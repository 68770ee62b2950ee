"""Whose piece a chapter goes on with: the learner's where it is right, else the lesson's; and a line says so."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from handgrad.workbook import check, lesson, own_pieces, pieces, yours_or_ours
from handgrad.workbook.book import copies
from handgrad.workbook.book.exercise import exercises
from handgrad.workbook.checks.verdict import LATE, Verdict

from learners import NET, WRONG

NOT_YET = "yours is not right yet (the check above says why); the lesson's stands in below\n"
LAYERS = [f"{layer}_{way}" for layer in ("affine", "relu", "sigmoid") for way in ("forward", "backward")]
OWN_CACHE = {  # right, and with a cache of one's own
    "affine_forward": "def affine_forward(x, W, b):\n    return x @ W.T + b, {'W': W, 'x': x}\n",
    "affine_backward": "def affine_backward(dout, cache):\n    return dout @ cache['W'], dout.T @ cache['x'], dout.sum(axis=0)\n",
    "relu_forward": "def relu_forward(x):\n    return x * (x > 0), {'mask': x > 0}\n",
    "relu_backward": "def relu_backward(dout, cache):\n    return dout * cache['mask']\n",
}


@pytest.fixture
def written(tmp_path):
    """written(text): the names of a module of the learner's."""

    def written(text, name="learners_module"):
        file = tmp_path / f"{name}.py"
        file.write_text(f"import numpy as np\n\narray, show = np.array, print\n\n\n{text}")
        spec = importlib.util.spec_from_file_location(name, file)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return vars(module)

    yield written
    sys.modules.pop("learners_module", None)


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("name", exercises())
def test_a_wrong_answer_is_replaced_whatever_it_does(written, capsys, name, kind):
    text = NET if "class" in exercises()[name].solution and name == "TwoLayerNet" else WRONG[kind]
    names = written(text.format(name=name))
    before = dict(names)
    piece = yours_or_ours(names[name])
    said = capsys.readouterr()
    assert said.out == f"{name}: {NOT_YET}"
    assert said.err == ""
    assert piece is not names[name]
    assert lesson.learners(piece) is names[name]
    assert names == before, "the notebook's names"
    assert not check(piece).passed, "the learner's is judged, not what stands in for it"


@pytest.mark.parametrize("name", exercises())
def test_a_right_answer_is_kept_without_a_word(written, capsys, name):
    names = written(exercises()[name].solution)
    assert yours_or_ours(names[name]) is names[name]
    assert capsys.readouterr().out == ""


def test_a_stand_in_does_what_the_lesson_does(written, capsys):
    names = written("def relu_forward(x):\n    return x, x\n\n\n" + NET.format(name="TwoLayerNet"))
    relu, net = yours_or_ours(names["relu_forward"]), yours_or_ours(names["TwoLayerNet"])
    assert relu(np.array([-1.0, 2.0]))[0].tolist() == [0, 2]
    assert net(5, 4, 3).forward(np.ones((2, 5)))[0].shape == (2, 3)
    assert yours_or_ours(relu) is not relu
    assert capsys.readouterr().out.count("relu_forward: ") == 2, "said anew when the cell runs again"


def test_what_check_has_said_counts_until_something_else_is_meant(written, capsys):
    names = written("def half(x):\n    return x / 2\n\n\ndef relu_forward(x):\n    return half(x), x\n")
    asked = []

    def judge(exercise):
        asked.append(exercise)
        return check(exercise)

    relu = names["relu_forward"]
    check(relu)
    pieces.chosen(relu, judge)
    assert asked == []
    names["half"] = lambda x: np.maximum(x, 0)
    assert pieces.chosen(relu, judge) is relu
    assert asked == [relu]
    capsys.readouterr()
    fresh = written("def relu_forward(x):\n    return x, x\n")["relu_forward"]
    pieces.chosen(fresh, judge)
    assert asked == [relu, fresh], "run now, because no check was run"


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ({"passed": True, "convention": "images stand in columns here"}, r"right in another layout (images stand in columns here), which what follows does not know"),
        ({"passed": False, "state": LATE}, "yours ran out of time (the check above says more)"),
        ({"passed": False, "state": "not done"}, "still blank"),
    ],
)  # fmt: skip
def test_the_line_says_why(written, capsys, verdict, words):
    relu = written("def relu_forward(x):\n    return x * (x > 0), x\n")["relu_forward"]
    piece = pieces.chosen(relu, lambda exercise: Verdict(exercise.__name__, **verdict))
    assert lesson.learners(piece) is relu
    assert piece is not relu
    assert capsys.readouterr().out == f"relu_forward: {words}; the lesson's stands in below\n"


def test_what_never_ends_is_interrupted_and_replaced(written, capsys):
    relu = written("def relu_forward(x):\n    n = 0\n    while True:\n        n += 1\n    return n\n")[
        "relu_forward"
    ]
    piece = yours_or_ours(relu)
    assert "yours ran out of time (the check above says more)" in capsys.readouterr().out
    assert piece(np.array([-1.0, 2.0]))[0].tolist() == [0, 2]


def test_what_is_no_exercise_is_given_back(capsys):
    for thing in (3, None, np.zeros, lambda x: x):
        assert yours_or_ours(thing) is thing
    assert capsys.readouterr().out == ""


def test_a_right_half_of_a_layer_gives_way_where_the_other_half_is_ours(written, capsys):
    """What is in a cache, its maker decides: ours cannot go on from theirs, nor theirs from ours."""
    wrong = "def relu_backward(dout, cache):\n    return dout * ~cache['mask']\n"
    names = written(OWN_CACHE["relu_forward"] + wrong)
    for name in ("relu_forward", "relu_backward"):
        names[name] = yours_or_ours(names[name])
    said = capsys.readouterr().out
    assert f"relu_backward: {NOT_YET}" in said
    assert (
        "relu_forward: right, but the lesson's relu_backward needs another cache; the lesson's stands in"
        in said
    )
    out, cache = names["relu_forward"](np.array([-1.0, 2.0]))
    assert names["relu_backward"](out, cache).tolist() == [0, 2]

    names = written("def relu_forward(x):\n    return x, {'mask': x > 0}\n" + OWN_CACHE["relu_backward"])
    names["relu_forward"] = yours_or_ours(names["relu_forward"])
    assert check(names["relu_backward"]).passed, "with the cache that the learner's forward makes"
    names["relu_backward"] = yours_or_ours(names["relu_backward"])
    said = capsys.readouterr().out
    assert (
        "relu_backward: right, but the lesson's relu_forward has another cache; the lesson's stands in"
        in said
    )
    out, cache = names["relu_forward"](np.array([-1.0, 2.0]))
    assert names["relu_backward"](out, cache).tolist() == [0, 2]


SCRIPT = """
import numpy as np

from handgrad.workbook import check, yours_or_ours
from handgrad.workbook.pictures import bars, equation, show, tiles

array = np.array


def agreement(templates, images):
    return 0 * images + 1


np, array, show, sum, list = 3, None, "shown", 0, [1]
agreement = yours_or_ours(agreement)
print(array([sum(list((1, 2)))]), np.pi > 3, callable(show))
"""


def test_names_of_the_first_cell_get_their_meaning_back(tmp_path):
    (tmp_path / "1_templates.py").write_text(SCRIPT)
    done = subprocess.run([sys.executable, "1_templates.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert set(lines[0].removesuffix(" have the meaning of the first cell again").split(", ")) == {
        "np", "array", "show", "sum", "list",
    }  # fmt: skip
    assert lines[1].startswith("agreement: yours is not right yet")
    assert lines[2] == "[3] True True"


def test_a_chapter_that_imports_pytorch_on_its_way_keeps_its_arrays(tmp_path):
    text = SCRIPT.replace('np, array, show, sum, list = 3, None, "shown", 0, [1]', "import torch")
    (tmp_path / "9_beyond.py").write_text(
        text.replace("agreement", "softmax_cross_entropy") + "print(array is np.array)\n"
    )
    done = subprocess.run([sys.executable, "9_beyond.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "meaning" not in done.stdout
    assert done.stdout.splitlines()[-1] == "True"


# --- the learner's own pieces of other chapters --------------------------------------------------------------


def chapter_with(number, **texts):
    """A blank chapter in which some exercises are written."""
    blank = copies.chapter(number, script=True)
    for name, text in texts.items():
        asked = exercises()[name].blank
        start = asked.index(f"def {name}" if f"def {name}" in asked else f"class {name}")
        assert asked[start:].strip() in blank
        blank = blank.replace(asked[start:].strip(), text.strip())
    return blank


def solved(name):
    text = exercises()[name].solution
    return text[text.index(f"def {name}" if f"def {name}" in text else f"class {name}") :]


def borrowed(*names):
    return {name: getattr(lesson, name) for name in names}


def test_the_right_ones_are_taken_and_each_other_has_its_reason(tmp_path):
    marker = tmp_path / "the chapter ran"
    runs = f"\nopen({str(marker)!r}, 'w').close()\n"
    (tmp_path / "2_layers.py").write_text(chapter_with(2, affine_forward=solved("affine_forward")) + runs)
    (tmp_path / "3_nonlinearities.py").write_text(
        chapter_with(3, relu_forward="def relu_forward(x):\n    return abs(x), x\n") + runs
    )
    (tmp_path / "5_backward.py").write_text(copies.chapter(5))
    text = copies.chapter(5, solved=True)
    (tmp_path / "5_backward.ipynb").write_text(copies.notebook(text, 5), "utf-8")
    names = borrowed(*LAYERS, "l2_loss") | {"array": np.array}
    found = own_pieces.put(names, tmp_path)
    assert {name for name, piece in found.items() if piece.thing} == {
        "affine_forward", "affine_backward", "relu_backward", "sigmoid_backward",
    }  # fmt: skip
    assert found["relu_forward"].remark == "wrong"
    assert found["sigmoid_forward"].remark == "blank"
    assert found["l2_loss"].remark == ""
    assert names["affine_forward"].__module__ == "2_layers"
    assert names["l2_loss"] is lesson.l2_loss
    assert not marker.exists(), "only the definitions were run"
    yours, ours = own_pieces.said(found).split("\n")
    assert yours.startswith("yours: affine_forward, ")
    assert set(ours.removeprefix("the lesson's: ").split("; ")) == {
        "relu_forward (wrong)", "sigmoid_forward (blank)", "l2_loss",
    }  # fmt: skip


def test_a_layer_is_taken_as_far_as_its_two_halves_have_one_cache(tmp_path):
    """Chapter 5 was written with the lesson's forward, chapter 2 with a cache of the learner's own."""
    (tmp_path / "2_layers.py").write_text(chapter_with(2, affine_forward=OWN_CACHE["affine_forward"]))
    (tmp_path / "5_backward.py").write_text(chapter_with(5, affine_backward=solved("affine_backward")))
    names = borrowed("affine_forward", "affine_backward")
    found = own_pieces.put(names, tmp_path)
    assert found["affine_forward"].remark == "the rest of the affine layer needs another cache"
    assert names["affine_backward"].__module__ == "5_backward"
    assert names["affine_forward"] is lesson.affine_forward


def test_what_hangs_or_cannot_be_read_is_passed_over(tmp_path):
    (tmp_path / "2_layers.py").write_text(
        "def affine_forward(x, W, b):\n    while True:\n        x = x + 1\n"
    )
    (tmp_path / "3_nonlinearities.ipynb").write_text('{"cells": 3}')
    names = borrowed("affine_forward", "relu_forward")
    found = own_pieces.put(names, tmp_path)
    assert found["affine_forward"] == (None, "ran out of time")
    assert found["relu_forward"] == (None, "")
    assert names == borrowed("affine_forward", "relu_forward")


def test_a_network_brings_its_layers_with_it(tmp_path):
    (tmp_path / "2_layers.py").write_text(chapter_with(2, affine_forward=solved("affine_forward")))
    (tmp_path / "6_network.py").write_text(copies.chapter(6, solved=True))
    names = borrowed("TwoLayerNet")
    found = own_pieces.put(names, tmp_path)
    assert names["TwoLayerNet"].__module__ == "6_network"
    assert "sigmoid_forward" in found["TwoLayerNet"].remark
    assert "affine_forward" not in found["TwoLayerNet"].remark
    used = sys.modules["inspect"].unwrap(names["TwoLayerNet"].forward).__globals__
    assert used["affine_forward"].__module__ == "2_layers"
    assert used["sigmoid_forward"] is lesson.sigmoid_forward
    model = names["TwoLayerNet"](5, 4, 3)
    out, cache = model.forward(np.ones((2, 5)))
    model.backward(out, cache)
    assert set(model.grads) == set(lesson.KEYS)


OPENING = """
from handgrad.workbook import use_your_own
from handgrad.workbook.lesson import affine_forward, l2_loss

use_your_own(globals())
"""


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (False, "the lesson's pieces are used: the chapters with yours are not in this folder\n"),
        (True, "yours: affine_forward\nthe lesson's: l2_loss\n"),
    ],
)
def test_a_chapter_as_a_script_looks_beside_itself(tmp_path, there, said):
    """From another working directory; and alone, as in Colab."""
    folder = tmp_path / "course"
    folder.mkdir()
    (folder / "6_network.py").write_text(OPENING)
    if there:
        (folder / "2_layers.py").write_text(chapter_with(2, affine_forward=solved("affine_forward")))
    done = subprocess.run(
        [sys.executable, os.path.join("course", "6_network.py")], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, said), done.stderr
