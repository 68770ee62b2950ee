"""The exercises: complete, sound, and refused where they are not; hints; the lesson's pieces."""

import dataclasses
import importlib.util
import json

import numpy as np
import pytest

from handgrad import templates
from handgrad.cli import main
from handgrad.workbook import check, lesson
from handgrad.workbook.book.exercise import ExerciseError, Planted, exercises, expect_sound, hint, parse
from handgrad.workbook.checks import run
from handgrad.workbook.checks.mistakes import MISTAKES
from handgrad.workbook.desk.desk import Desk
from handgrad.workbook.desk.submission import NAMES, Source

WHOLE = """
name = "double"
chapter = 1
statement = "Write double."
hints = ["It is too small.", "Look at the factor.", "return 2 * x"]
blank = '''
def double(x):
    return None
'''
solution = '''
def double(x):
    twice = 2 * x
    return twice
'''

[[planted]]
number = 4
replace = "2 * x"
with = "1 * x"
"""


def test_there_is_an_exercise_for_everything_that_is_checked():
    assert set(exercises()) == set(NAMES)
    chapters = [exercise.chapter for exercise in exercises().values()]
    assert chapters == sorted(chapters)
    assert set(chapters) == set(range(1, 10))


@pytest.mark.parametrize("name", NAMES)
def test_an_exercise_is_sound(name):
    exercise = exercises()[name]
    assert len(exercise.planted) >= 3
    assert {planted.number for planted in exercise.planted} <= set(MISTAKES)
    expect_sound(exercise)


def changed(**fields):
    return dataclasses.replace(exercises()["relu_backward"], **fields)


@pytest.mark.parametrize(
    ("exercise", "says"),
    [
        (changed(blank=exercises()["relu_backward"].solution), "expected the blank to be refused"),
        (changed(solution="def relu_backward(dout, cache):\n    return dout + 1\n"), "expected the solution to pass"),
        (changed(planted=(Planted(19, "(x > 0)", "(0 < x)"),)), "mistake 19 to be named .* got it passes"),
        (changed(planted=(Planted(19, "x > 0", "dout > 0"),)), "mistake 19 to be named .* got 18"),
    ],
)  # fmt: skip
def test_an_exercise_that_is_not_sound_is_refused(exercise, says):
    with pytest.raises(ExerciseError, match=says):
        expect_sound(exercise)


def test_a_whole_exercise_is_read():
    exercise = parse(WHOLE, "double.toml")
    assert exercise.hints == ("It is too small.", "Look at the factor.", "return 2 * x")
    assert exercise.with_mistake(exercise.planted[0]) == exercise.solution.replace("2 * x", "1 * x")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("chapter = 1", "", "expected chapter; missing or empty"),
        ("chapter = 1", "chapter = '1'", "expected chapter as int; got str"),
        ("chapter = 1", "chapter = 1\ncolour = 'red'", "got colour too"),
        ("chapter = 1", "chapter 1", "expected TOML"),
        ('"Write double."', '""', "expected statement; missing or empty"),
        ('"It is too small.", ', "", "expected exactly three hints .* got 2"),
        ('"It is too small."', '" "', "expected exactly three hints"),
        ('"It is too small."', '"Write twice = 2 * x"', "expected hint 1 to leave the answer open"),
        ('"Look at the factor."', '"twice = 2 * x"', "expected hint 2 to leave the answer open"),
        ('"Write double."', '"twice = 2 * x"', "expected statement to leave the answer open"),
        ("def double(x):\n    return None", "def treble(x):\n    return None", r"expected blank to define double; got treble\(x\)"),
        ("def double(x):\n    return None", "def double(y):\n    return None", r"expected solution to define double\(y\); got double\(x\)"),
        ("    return None", "    return (", "expected blank to be Python: line 2"),
        ("    return twice", "    return twice)", "expected the solution with mistake 4 to be Python: line 3"),
        ('replace = "2 * x"', 'replace = "3 * x"', "expected '3 [*] x' exactly once in the solution; got it 0 times"),
        ('replace = "2 * x"', 'replace = "twice"', "exactly once in the solution; got it 2 times"),
        ("number = 4", "", "expected a planted mistake with a number, replace and with"),
        ("number = 4", "number = 'four'", "expected a planted mistake with a number"),
        ('[[planted]]\nnumber = 4\nreplace = "2 * x"\nwith = "1 * x"', "", "expected planted; missing or empty"),
    ],
)  # fmt: skip
def test_an_incomplete_exercise_is_refused_and_named(old, new, says):
    assert old in WHOLE
    with pytest.raises(ExerciseError, match=rf"^double\.toml: .*{says}"):
        parse(WHOLE.replace(old, new), "double.toml")


def test_solutions_for_pytorch_define_what_the_blank_does():
    with_torch = WHOLE.replace(
        "[[planted]]", "solution_torch = '''\ndef double(tensor):\n    return tensor\n'''\n[[planted]]"
    )
    with pytest.raises(ExerciseError, match=r"expected solution_torch to define double\(x\)"):
        parse(with_torch, "double.toml")


def test_hints():
    given = hint("affine_backward", 2)
    assert str(given).startswith("affine_backward, hint 2 of 3 (where to look)\n\n")
    assert given._repr_markdown_().startswith("**affine_backward**, hint 2 of 3")
    assert given.text in given._repr_markdown_()
    assert hint(lesson.affine_backward, 2) == given
    assert hint("affine_backward") == hint("affine_backward", 1)
    with pytest.raises(ExerciseError, match=r"got 'zebra'; the exercises are mean_images, "):
        hint("zebra")
    with pytest.raises(ExerciseError, match="expected level 1, 2 or 3; got 4"):
        hint("affine_backward", 4)


def test_the_last_hint_holds_the_line_and_the_others_do_not():
    """A whole solution passes its check, so what it says in the end must be of use."""
    for exercise in exercises().values():
        assert "`" in exercise.hints[2]
        assert exercise.hints[0] != exercise.hints[1]


def test_hints_on_the_command_line(capsys):
    assert main(["workbook", "hint"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "chapter 1  mean_images"
    assert len(lines) == len(NAMES)
    assert main(["workbook", "hint", "relu_backward", "3"]) == 0
    assert "dx = dout * (x > 0)" in capsys.readouterr().out
    assert main(["workbook", "hint", "relu_backward", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document == {"name": "relu_backward", "level": 1, "text": exercises()["relu_backward"].hints[0]}
    assert main(["workbook", "hint", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["exercises"][-1] == {"name": "better_recipe", "chapter": 9}
    assert main(["workbook", "hint", "relu"]) == 1
    assert "; did you mean 'relu_forward' or 'relu_backward'?" in capsys.readouterr().err
    assert main(["workbook", "hint", "relu_backward", "4"]) == 2


@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("name", NAMES)
def test_the_lessons_pieces_are_right(name, library, capsys):
    wrapped = f"def {name}(*arguments):\n    return lesson.{name}(*arguments)\n"
    if name == "TwoLayerNet":
        wrapped = """
class TwoLayerNet(lesson.TwoLayerNet):
    def forward(self, x):
        return super().forward(x)

    def backward(self, dout, cache):
        return super().backward(dout, cache)
"""
    text = f"import {library}\nfrom handgrad.workbook import lesson\n{wrapped}"
    verdict = run(Desk(), [Source("lesson.py", text)], only=[name])[0]
    assert verdict.passed, str(verdict)


def test_the_lessons_templates_are_the_references(mnist):
    images, labels = mnist[0][0][:3000], mnist[0][1][:3000]
    means = lesson.mean_images(images / 255, labels)
    assert np.abs(means - templates.mean_images(images, labels)).max() < 1e-12
    fitted = lesson.normalize_templates(means)
    assert np.abs(fitted - templates.fit(images, labels)).max() < 1e-10
    agreed = lesson.agreement(fitted, images[:50] / 255)
    assert np.abs(agreed - templates.agreement(fitted, images[:50])).max() < 1e-9
    assert np.array_equal(
        lesson.mean_images(images, labels), lesson.mean_images(images.astype(float), labels)
    )


def test_the_lessons_network_takes_the_kind_of_array_that_comes():
    torch = pytest.importorskip("torch")
    lesson.seed(3)
    net = lesson.TwoLayerNet(5, 4, 3)
    of_numpy, _ = net.forward(np.ones((2, 5)))
    of_torch, cache = net.forward(torch.ones(2, 5))
    assert np.abs(of_numpy - of_torch.numpy()).max() < 1e-6
    net.backward(torch.ones(2, 3), cache)
    assert {key: (tuple(g.shape), g.dtype) for key, g in net.grads.items()} == {
        "W1": ((4, 5), torch.float32), "b1": ((4,), torch.float32), "W2": ((3, 4), torch.float32), "b2": ((3,), torch.float32),
    }  # fmt: skip
    lesson.seed(3)
    assert (
        np.array_equal(lesson.TwoLayerNet(5, 4, 3).params["W1"], np.asarray(net.params["W1"], np.float64))
        is False
    )
    again = lesson.TwoLayerNet(5, 4, 3)
    lesson.seed(3)
    assert not np.array_equal(again.params["W1"], lesson.TwoLayerNet(5, 4, 3).params["W1"])


def test_mnist_for_the_chapters():
    (x, labels), (test_x, test_labels) = lesson.mnist(np.array)
    assert (x.shape, x.dtype, test_x.shape) == ((60000, 784), np.float32, (10000, 784))
    assert (labels.dtype, labels[:3].tolist(), len(test_labels)) == (np.int64, [5, 0, 4], 10000)
    assert (x.min(), x.max()) == (0, 1)


LEARNERS = """
import numpy as np

def relu_forward(x):
    \"\"\"Nothing yet.\"\"\"
    out = None  # yours
    cache = None
    return out, cache

def sigmoid_forward(x):
    return 1 / (1 + np.exp(x)), x

class TwoLayerNet:
    def __init__(self, inp_dim, hidden_dim, out_dim):
        self.params = {"W1": None}

    def forward(self, x):
        return None, None

    def backward(self, dout, cache):
        \"\"\"Nothing yet.\"\"\"
"""


@pytest.fixture
def learners(tmp_path):
    """A module that a learner has begun."""
    (tmp_path / "learners.py").write_text(LEARNERS)
    spec = importlib.util.spec_from_file_location("learners", tmp_path / "learners.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_while_it_is_blank_the_lessons_piece_stands_in(learners):
    relu = lesson.yours_or_ours(learners.relu_forward)
    assert relu(np.array([-1.0, 2.0]))[0].tolist() == [0, 2]
    assert lesson.yours_or_ours(relu)(np.array([3.0]))[0].tolist() == [3]
    net = lesson.yours_or_ours(learners.TwoLayerNet)
    assert net(5, 4, 3).params["W1"].shape == (4, 5)
    assert net(5, 4, 3).forward(np.ones((2, 5)))[0].shape == (2, 3)


def test_what_is_written_is_kept_right_or_wrong(learners):
    assert lesson.yours_or_ours(learners.sigmoid_forward) is learners.sigmoid_forward
    unreadable = eval("lambda x: None")
    assert lesson.yours_or_ours(unreadable) is unreadable


def test_a_piece_that_stands_in_does_not_pass_for_the_learners(learners, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "learners", learners)
    for blank in (learners.relu_forward, learners.TwoLayerNet):
        for thing in (blank, lesson.yours_or_ours(blank)):
            assert lesson.still_blank(thing)
            verdict = check(thing)
            assert not verdict.passed
            assert not verdict.done


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("afine_forward", "affine_forward"), ("twolayernet", "TwoLayerNet"), ("L2_LOSS", "l2_loss")],
)
@pytest.mark.parametrize(
    ("command", "exit_code"), [("check net.py {}", 2), ("hint {}", 1), ("grade . --exercises {}", 1)]
)
def test_a_mistyped_name_is_answered_by_the_nearest(
    run, tmp_path, monkeypatch, command, exit_code, typed, meant
):
    monkeypatch.chdir(tmp_path)
    code, out, err = run("workbook", *command.format(typed).split())
    assert (code, out) == (exit_code, "")
    assert f"expected the name of an exercise; got {typed!r}; did you mean {meant!r}?" in err
    assert "mean_images" not in err
