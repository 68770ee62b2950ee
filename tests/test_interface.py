"""The public names: every import that the docs promise and that notebooks were given."""

import re
import subprocess
import sys

import pytest

import handgrad

import house

PAGE = (house.ROOT / "docs" / "interface.md").read_text("utf-8")
CHAPTERS = sorted((house.SOURCE / "workbook" / "book" / "chapters").glob("*.py"))
AS_HANDED_OUT = (  # by the chapters of the first release: they stay in learners' folders
    "from handgrad import digits, network, plots, templates, training",
    "from handgrad.evaluation import evaluate",
    "from handgrad.explain import collapse",
    "from handgrad.photos import find_digit, read_grey",
    "from handgrad.reading import read",
)


def promised():
    return [line for block in re.findall(r"```python\n(.*?)```", PAGE, re.S) for line in block.splitlines()]


def test_the_page_promises_something():
    assert len(promised()) > 20


@pytest.mark.parametrize("statement", [*promised(), *AS_HANDED_OUT])
def test_a_promised_name_is_there(statement):
    exec(statement, {})


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_what_a_chapter_imports_is_there(chapter):
    lines = re.findall(
        r"^\s*(from handgrad[\w.]* import (?:\([^)]*\)|.*)|import handgrad.*)$", chapter.read_text(), re.M
    )
    for statement in lines:
        exec(statement, {})
    assert lines


@pytest.mark.parametrize(("old", "new"), handgrad.MOVED.items())
def test_a_moved_module_is_found_under_its_old_name(old, new):
    """Both names are one module, in whichever order they are imported."""
    parent, name = old.rsplit(".", 1)
    program = f"import {old}; from {parent} import {name}; import sys; assert sys.modules['{old}'] is sys.modules['{new}'] is {name}"
    subprocess.run([sys.executable, "-c", program], check=True)
    assert f"`{old}`" in PAGE or f"`.{name}`" in PAGE


def test_what_stands_below_a_moved_module_is_loaded_once():
    program = "import handgrad.ink.task as old, handgrad.engines.ink.task as new; assert old is new"
    subprocess.run([sys.executable, "-c", program], check=True)
