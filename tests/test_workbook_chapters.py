"""The chapters and a learner's copy of them: nothing overwritten, nothing given away, and everything runs."""

import ast
import importlib
import json
import os
import re
import runpy
import subprocess
import sys

import pytest

from handgrad.cli import main
from handgrad.errors import HandgradError, MissingExtraError
from handgrad.workbook import lesson
from handgrad.workbook.book import copies, needs
from handgrad.workbook.book.exercise import exercises
from handgrad.workbook.checks import run
from handgrad.workbook.desk.desk import Desk
from handgrad.workbook.desk.submission import Source

from learners import CLAIMS, NINE

ALONE = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}  # small products wait for nobody


def answers(exercise, solution):
    """The lines of a solution that its blank does not hold."""
    blank = {line.strip() for line in exercise.blank.split("\n")}
    lines = {line.split("  #")[0].strip() for line in solution.split("\n")}
    return {
        line for line in lines - blank if len(line) > 8 and not line.startswith("import") and line[-1] != "{"
    }


def code_cells(notebook):
    return ["".join(cell["source"]) for cell in json.loads(notebook)["cells"] if cell["cell_type"] == "code"]


def test_there_are_nine_chapters_and_each_exercise_stands_in_its_own():
    assert list(copies.chapters().values()) == NINE
    for number in copies.chapters():
        mine = [exercise.name for exercise in exercises().values() if exercise.chapter == number]
        text = copies.chapter(number)
        assert re.findall(r"^# ### Exercise `(\w+)`", text, re.MULTILINE) == mine
        assert re.findall(r"^check\((\w+)\)", text, re.MULTILINE) == mine
        assert re.findall(r'^# hint\("(\w+)", 1\)', text, re.MULTILINE) == mine
        assert "# exercise:" not in text
        for name in mine:
            assert body(exercises()[name].blank) in text
            assert exercises()[name].statement.strip().split("\n")[0] in text
            assert body(exercises()[name].solution) in copies.chapter(number, solved=True)


def body(text):
    """From the first definition on: what an exercise imports, a chapter may have already."""
    return text[re.search(r"^(def|class) ", text, re.MULTILINE).start() :].strip()


@pytest.mark.parametrize("torch", [False, True])
@pytest.mark.parametrize("solved", [False, True])
@pytest.mark.parametrize("number", range(1, 10))
def test_no_chapter_imports_anew_what_the_learner_has_written(number, solved, torch):
    """Behind its exercise a name is the learner's; no later cell takes it back from the lesson."""
    asked = [exercise.name for exercise in exercises().values() if exercise.chapter == number]
    defined, used = set(), False  # used: pieces of earlier chapters may be the learner's, too
    for node in ast.parse(copies.chapter(number, solved, torch)).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in asked:
            defined.add(node.name)
        for inner in ast.walk(node):
            if isinstance(inner, ast.Import | ast.ImportFrom):
                brought = {alias.asname or alias.name for alias in inner.names}
                assert not brought & defined, f"line {inner.lineno}"
                assert "yours_or_ours" not in brought or inner.module == "handgrad.workbook"  # the old one
                from_lesson = getattr(inner, "module", "") == copies.LESSON
                assert not (from_lesson and used and brought & set(exercises())), f"line {inner.lineno}"
        used = used or "use_your_own(globals())" in ast.unparse(node)


def test_a_copy_is_whole(tmp_path):
    written = copies.write(tmp_path / "new" / "copy")
    names = [path.name for path in written]
    assert sorted(names) == sorted(os.listdir(tmp_path / "new" / "copy"))
    assert set(names) == {f"{name}.{kind}" for name in NINE for kind in ("ipynb", "py")} | {
        "two_layer_net.py",
        "README.md",
    }
    for path in written:
        text = path.read_text("utf-8")
        assert text.endswith("\n")
        assert str(tmp_path) not in text
        if path.suffix == ".py":
            ast.parse(text)
    linked = {
        name
        for path in written
        for name in re.findall(r"\]\((\S+?\.(?:ipynb|py))\)", path.read_text("utf-8"))
    }
    assert linked <= set(names)
    assert len(linked) == 16  # each chapter leads to the next


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"form": "notebooks"}, {f"{name}.ipynb" for name in NINE} | {"README.md"}),
        ({"form": "python"}, {f"{name}.py" for name in NINE} | {"two_layer_net.py", "README.md"}),
        ({"form": "python", "chapters": [5, 2]}, {"5_backward.py", "2_layers.py", "README.md"}),
    ],
)
def test_a_copy_holds_what_was_asked_for(tmp_path, options, names):
    assert {path.name for path in copies.write(tmp_path, **options)} == names


@pytest.mark.parametrize("there", ["README.md", "4_loss.py", "two_layer_net.py"])
def test_nothing_is_overwritten(tmp_path, there):
    (tmp_path / there).write_text("a learner's work")
    with pytest.raises(HandgradError, match=rf"{there} is there already, and nothing is overwritten"):
        copies.write(tmp_path, "python")
    assert os.listdir(tmp_path) == [there]
    assert (tmp_path / there).read_text() == "a learner's work"


def test_nothing_is_overwritten_that_appears_while_it_writes(tmp_path, monkeypatch):
    (tmp_path / "4_loss.py").write_text("a learner's work")
    monkeypatch.setattr(copies.os.path, "lexists", lambda path: False)
    with pytest.raises(HandgradError, match="the workbook cannot be written: File exists"):
        copies.write(tmp_path, "python")
    assert (tmp_path / "4_loss.py").read_text() == "a learner's work"


def test_a_dangling_link_counts_as_something_that_is_there(tmp_path):
    (tmp_path / "README.md").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HandgradError, match=r"README\.md is there already"):
        copies.write(tmp_path, "python")


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(HandgradError, match="copy: cannot be written: Not a directory"):
        copies.write(tmp_path / "file" / "copy", "python")


def test_what_cannot_be_asked_for(tmp_path):
    with pytest.raises(HandgradError, match="expected a chapter from 1 to 9; got 10"):
        copies.write(tmp_path, chapters=[10])
    with pytest.raises(ValueError, match="expected one of both, notebooks, python; got 'pdf'"):
        copies.write(tmp_path, "pdf")
    assert not os.listdir(tmp_path)


def test_without_jupytext_there_are_still_the_python_files(tmp_path, monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(copies, "import_module", missing)
    with pytest.raises(
        MissingExtraError, match=r"notebooks need jupytext: pip install 'handgrad\[workbook\]'"
    ):
        copies.write(tmp_path)
    assert not os.listdir(tmp_path)
    assert len(copies.write(tmp_path, "python")) == 11


@pytest.mark.parametrize("torch", [False, True])
def test_no_solution_leaks_into_a_learners_copy(tmp_path, torch):
    files = {path: path.read_text("utf-8") for path in copies.write(tmp_path, torch=torch)}
    for path in list(files):
        if path.suffix == ".ipynb":
            files[path] = "\n".join("".join(cell["source"]) for cell in json.loads(files[path])["cells"])
    for exercise in exercises().values():
        for solution in filter(None, (exercise.solution, exercise.solution_torch)):
            assert answers(exercise, solution)
            for line in answers(exercise, solution):
                assert [path.name for path, text in files.items() if line in text] == [], line


@pytest.mark.parametrize("solved", [False, True])
@pytest.mark.parametrize("torch", [False, True])
def test_scripts_and_notebooks_say_the_same(tmp_path, solved, torch):
    copies.write(tmp_path, solved=solved, torch=torch)
    for name in NINE:
        script = (tmp_path / f"{name}.py").read_text("utf-8")
        cells = code_cells((tmp_path / f"{name}.ipynb").read_text("utf-8"))
        bare = re.sub(r"print\(((?:check|hint)\(.*?\))\)$", r"\1", script, flags=re.MULTILINE)
        parts = [part.split("\n", 1) for part in re.split(r"^# %%", bare, flags=re.MULTILINE)[1:]]
        assert [body.strip() for kind, body in parts if not kind.strip()] == [cell.strip() for cell in cells]


def test_notebooks_are_the_same_each_time_and_valid():
    nbformat = importlib.import_module("nbformat")
    text = copies.notebook(copies.chapter(2), 2)
    assert text == copies.notebook(copies.chapter(2), 2)
    book = nbformat.reads(text, as_version=4)
    nbformat.validate(book)
    assert book.metadata.kernelspec.name == "python3"
    assert {cell.cell_type for cell in book.cells} == {"markdown", "code"}
    assert not any(cell.get("outputs") for cell in book.cells)


@pytest.mark.parametrize("torch", [False, True])
def test_the_plain_file_is_the_courses_layout(torch, capsys):
    tree = ast.parse(copies.plain_file(torch=torch))
    defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    assert tuple(defined) == copies.LAYOUT
    imported = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert imported == ["import torch" if torch else "import numpy as np"]
    blank = run(Desk(), [Source("two_layer_net.py", copies.plain_file(torch=torch))])
    assert [(v.name, v.done, v.passed) for v in blank] == [(v.name, False, False) for v in blank]
    assert {v.name for v in blank} == set(copies.LAYOUT)
    solved = run(Desk(), [Source("two_layer_net.py", copies.plain_file(solved=True, torch=torch))])
    assert [str(v) for v in solved if not v.passed] == []
    assert {v.name for v in solved} == set(copies.LAYOUT)


TRAINED = """
    def forward(self, x):
        return x @ self.W.T, x
    def backward(self, dout, cache):
        self.dW = dout.T @ cache
    def reset(self):
        pass
"""


@pytest.mark.parametrize("torch", [False, True])
def test_the_plain_file_says_what_is_not_done_yet(tmp_path, torch):
    program = tmp_path / "two_layer_net.py"
    program.write_text(copies.plain_file(torch=torch), "utf-8")
    with pytest.raises(
        SystemExit, match=r"^not done yet: affine_forward, .*, TwoLayerNet\.forward, .*, train_model$"
    ):
        runpy.run_path(str(program), run_name="__main__")


@pytest.mark.parametrize(
    ("blank", "ends"),
    [
        (["relu_forward"], False),  # it may be written where it is used
        (["relu_forward", "train_model"], True),
        (["calculate_accuracy"], True),
        ([], False),
    ],
)
def test_what_can_train_is_not_stopped(tmp_path, capsys, blank, ends):
    done = [name for name in ("relu_forward", "calculate_accuracy", "train_model") if name not in blank]
    pieces = [
        "# -*- coding: latin-1 -*-\n# für\ndef helper(x):\n    pass\n",
        *(f"def {name}(x):\n    return None\n" for name in blank + done),  # the last of a name counts
        *(f"def {name}(x):\n    return x.clip(0) + x.step()\n" for name in done),
        f"class TwoLayerNet:{TRAINED}",
    ]
    (tmp_path / "net.py").write_bytes("\n".join(pieces).encode("latin-1"))
    if ends:
        with pytest.raises(SystemExit, match=f"^not done yet: {', '.join(blank)}$"):
            lesson.expect_done(str(tmp_path / "net.py"))
    else:
        lesson.expect_done(str(tmp_path / "net.py"))
        assert capsys.readouterr().err == (f"not done yet: {blank[0]}\n" if blank else "")


def test_a_copy_from_the_command_line(tmp_path, capsys):
    assert main(["workbook", "new", str(tmp_path / "a")]) == 0
    out = capsys.readouterr().out
    assert out.startswith("20 files in ")
    assert "jupyter lab" in out
    assert "handgrad workbook check" in out
    assert main(["workbook", "new", str(tmp_path / "a")]) == 1
    assert "nothing is overwritten" in capsys.readouterr().err
    assert main(["workbook", "new", str(tmp_path / "b"), "--python", "--solved", "--torch", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["folder"] == str(tmp_path / "b")
    assert len(document["files"]) == 11
    text = (tmp_path / "b" / "3_nonlinearities.py").read_text("utf-8")
    assert "torch.clamp(x, min=0)" in text
    assert "array = torch.tensor" in text
    assert main(["workbook", "new", str(tmp_path / "c"), "--notebooks"]) == 0
    assert len(os.listdir(tmp_path / "c")) == 10
    assert main(["workbook", "new"]) == 2


@pytest.fixture
def without(monkeypatch):
    """without(module, ...): these packages are not installed, and all others are."""
    return lambda *modules: monkeypatch.setattr(
        needs, "find_spec", lambda name: None if name in modules else "there"
    )


@pytest.mark.parametrize(
    ("options", "absent", "missing"),
    [
        ([], (), []),
        ([], ("jupyterlab", "notebook", "matplotlib"), ["jupyterlab", "matplotlib"]),
        ([], ("jupyterlab",), []),  # the notebooks open in what stands in for it
        (["--python"], ("jupyterlab", "notebook", "ipykernel"), []),
        (["--python"], ("matplotlib",), ["matplotlib"]),
        (["--notebooks"], ("ipykernel",), ["ipykernel"]),
        (["--python", "--torch"], ("torch",), ["torch"]),
        (["--python"], ("torch",), []),
    ],
)
def test_what_a_copy_needs_and_is_not_installed_is_said(tmp_path, run, without, options, absent, missing):
    without(*absent, *(["google.colab"] if "notebook" in absent else []))
    code, out, err = run("workbook", "new", tmp_path / "told", *options)
    assert (code, err) == (0, "")
    for name in missing:
        assert f"\n{name} is not installed here; it " in out
    assert ("pip install" in out) == bool(missing)
    assert f"\n    pip install {' '.join(missing)}\n" in out or not missing
    document = json.loads(run("workbook", "new", tmp_path / "as_json", *options, "--json")[1])
    assert document["missing"] == missing
    assert document["install"] == (f"pip install {' '.join(missing)}" if missing else None)


@pytest.mark.parametrize(
    ("form", "torch", "begins"),
    [
        ("both", False, '    pip install --find-links . "handgrad[workbook]" jupyterlab\n    jupyter lab\n'),
        (
            "both",
            True,
            '    pip install --find-links . "handgrad[workbook]" jupyterlab torch\n    jupyter lab\n',
        ),
        ("python", False, '    pip install --find-links . "handgrad[plot]"\n    python 1_templates.py\n'),
    ],
)
def test_the_readme_of_a_copy_names_what_it_needs(tmp_path, form, torch, begins):
    copies.write(tmp_path, form, torch=torch)
    text = (tmp_path / "README.md").read_text("utf-8")
    assert begins in text
    assert "not on PyPI" in text
    assert ("--torch" in text) is not torch


HIDDEN = """import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "matplotlib":
            raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")
sys.meta_path.insert(0, Hidden())
"""


@pytest.mark.parametrize("name", NINE)
def test_without_matplotlib_a_chapter_ends_in_one_line(tmp_path, name):
    copies.write(tmp_path / "copy", "python", chapters=[int(name[0])])
    (tmp_path / "sitecustomize.py").write_text(HIDDEN)
    done = subprocess.run(
        [sys.executable, f"{name}.py"], cwd=tmp_path / "copy", env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "the pictures need matplotlib: pip install matplotlib\n"


def test_without_matplotlib_a_program_gets_an_error_of_its_kind(monkeypatch):
    error = needs.without(ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib"))
    assert isinstance(error, MissingExtraError)
    assert error._render_traceback_() == [str(error)]
    other = ModuleNotFoundError("No module named 'nearby'", name="nearby")
    assert needs.without(other) is other


def played(folder, name):
    """What a chapter prints when it is run as a file."""
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning", f"{name}.py"], cwd=folder, env={**os.environ, **ALONE},
        capture_output=True, text=True, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Warning" not in done.stderr
    return done.stdout


@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", [2, 5, 6])
def test_a_chapter_works_with_pytorch(tmp_path, number):
    copies.write(tmp_path, "python", solved=True, chapters=[number], torch=True)
    out = played(tmp_path, NINE[number - 1])
    assert re.search(CLAIMS[number], out), out
    for exercise in exercises().values():
        assert (f"\n{exercise.name}: right\n" in out) == (exercise.chapter == number), out
    pictures = os.listdir(tmp_path / "pictures")
    assert len(pictures) == out.count("[pictures/") >= 5
    assert all((tmp_path / "pictures" / name).read_bytes().startswith(b"\x89PNG") for name in pictures)
