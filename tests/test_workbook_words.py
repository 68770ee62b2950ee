"""The words that everybody uses stand in the chapters; the lesson's table names what there is; the pictures are right."""

import re
from functools import cache

import click
import numpy as np
import pytest

from handgrad.cli import cli
from handgrad.workbook import pictures
from handgrad.workbook.book import copies
from handgrad.workbook.book.exercise import exercises

import house

WORDS = {  # a word (as it may be spelt), the chapters that explain it (in italics or bold) or use it
    "template": [1, 2, 5, 8],
    "feature": [1, 2, 3, 8],
    "inference": [1, 8],
    "affine linear layer": [2],
    "fully connected": [2],
    "bias": [2, 3, 6],
    "weights": [2, 6],
    "neuron": [2, 6, 8],
    "hidden unit": [2, 6, 8],
    "hidden dimension": [2, 6],
    "forward pass": [2, 5, 6, 7],
    "backward pass": [2, 5, 6, 7],
    "broadcasting": [2],
    "activation function": [3],
    "non-linearity": [2, 3],
    "rectified linear unit": [3],
    "logits": [3, 9],
    "saturation": [3],
    "saturated": [3, 5, 6, 7],
    "one-hot": [4],
    "L2 loss": [4, 8, 9],
    "mean squared error": [4],
    "cross-entropy": [4, 9],
    "gradient": [4, 5, 6, 7],
    "numerical gradient": [5, 6],
    "chain rule": [5],
    "computation graph": [5, 9],
    "backpropagation": [5],
    "upstream gradient": [5],
    "downstream gradient": [5],
    "vanishing gradient": [5],
    "He initialisation": [6],
    "Xavier": [6],
    "Glorot": [6],
    "gradient descent": [7, 9],
    "stochastic gradient descent": [7],
    "SGD": [7],
    "learning rate": [7],
    "mini-batch": [7],
    "epoch": [7],
    "overfitting": [7],
    "generalisation": [7],
    "regularisation": [7, 9],
    "weight decay": [7],
    "hyperparameters": [7],
    "softmax": [9],
    "momentum": [9],
    "AlphaFold Decoded": [1, 2, 4, 7, 9],
}
EXPLAINED = {  # where a word is introduced, it stands in italics or bold there
    "neuron": 2, "broadcasting": 2, "weights": 2, "activation function": 3, "logits": 3, "saturation": 3,
    "mean squared error": 4, "backpropagation": 5, "computation graph": 5, "upstream gradient": 5,
    "downstream gradient": 5, "vanishing gradient": 5, "Xavier": 6, "stochastic gradient descent": 7,
    "mini-batch": 7, "epoch": 7, "overfitting": 7, "generalisation": 7, "regularisation": 7, "weight decay": 7,
    "inference": 1, "hidden dimension": 2, "affine linear layer": 2, "learning rate": 7, "gradient": 4,
}  # fmt: skip
LESSON = house.ROOT / "docs" / "lesson.md"


@cache
def prose(number):
    """What a learner reads in a chapter: its text without code, on one line."""
    cells = re.split(r"^# %%", copies.chapter(number), flags=re.MULTILINE)
    texts = [cell.removeprefix(" [markdown]") for cell in cells if cell.startswith(" [markdown]")]
    lines = [line.removeprefix("#").strip() for text in texts for line in text.split("\n")]
    return re.sub(r"\s+", " ", " ".join(lines))


def missing(text, word):
    return not re.search(rf"(?<!\w){re.escape(word)}", text, re.IGNORECASE)


@pytest.mark.parametrize("word", WORDS)
def test_the_words_that_everybody_uses_stand_in_the_chapters(word):
    assert [number for number in WORDS[word] if missing(prose(number), word)] == []


@pytest.mark.parametrize("word", EXPLAINED)
def test_a_word_is_marked_where_it_is_introduced(word):
    first = min(WORDS[word])
    assert EXPLAINED[word] in WORDS[word]
    assert EXPLAINED[word] == first or word in ("gradient",)
    assert re.search(rf"\*{re.escape(word)}\w*", prose(EXPLAINED[word]), re.IGNORECASE)


@pytest.mark.parametrize("number", copies.chapters())
def test_the_course_is_named_where_a_chapter_first_speaks_of_it(number):
    text = prose(number)
    if first := re.search(r"\b(?:the|this) course\b", text, re.IGNORECASE):
        around = text[max(0, first.start() - 120) : first.end() + 60]
        assert "AlphaFold Decoded" in around, around


def test_a_word_that_is_not_there_is_noticed():
    assert missing("a way back", "backward pass")
    assert missing("subtemplate", "template")
    assert not missing("Overfitting", "overfitting")


# --- the table of the lesson ------------------------------------------------------------------------------


SECTIONS = [
    "Introduction", "Hierarchical features", "Non-linearities", "Loss function", "Gradient descent",
    "Calculating the derivatives", "Conclusion",
]  # fmt: skip


def rows():
    """The table of docs/lesson.md: the cells of each section."""
    lines = [line for line in LESSON.read_text("utf-8").splitlines() if line.startswith("| **")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_table_has_every_section_of_the_lesson_in_its_order():
    assert [re.match(r"\*\*(.+?)\*\*", row[0])[1] for row in rows()] == SECTIONS


def test_the_table_names_every_chapter_and_every_exercise_in_its_chapter():
    named = set()
    for _, chapters, names, *_ in rows():
        links = re.findall(r"\[(\d) [\w-]+\]\((\S+?)\)", chapters)
        assert links
        for number, link in links:
            file = (LESSON.parent / link).resolve()
            assert file.exists()
            assert file.stem == copies.chapters()[int(number)]
        numbers = {int(number) for number, _ in links}
        for name in re.findall(r"`(\w+)`", names):
            assert exercises()[name].chapter in numbers, name
            named.add(name)
    listed = {int(number) for row in rows() for number in re.findall(r"\[(\d) ", row[1])}
    assert listed == set(copies.chapters())
    assert named == set(exercises())


def test_the_table_names_commands_rooms_and_tours_that_exist():
    tours = (house.SOURCE / "lab" / "web" / "tours.js").read_text("utf-8")
    for *_, commands, lab in rows():
        lines = re.findall(r"`handgrad ([^`]+)`", commands)
        assert lines
        for line in lines:
            group, words = cli, line.split()
            while isinstance(group, click.Group):
                group = group.get_command(click.Context(group), words.pop(0))
                assert group is not None, line
        places = re.findall(r'"([^"]+)"', lab)
        assert all(f'title: "{title}"' in tours for title in places), places
        assert set(re.findall(r"room (\w+)", lab)) <= {"Draw", "Train", "Step"}
        assert places or "room " in lab


def test_the_readme_leads_to_the_table_and_names_the_course():
    text = (house.ROOT / "README.md").read_text("utf-8")
    assert "docs/lesson.md" in text
    assert "AlphaFold Decoded" in text
    assert f"nine chapters as notebooks and Python files, {len(exercises())} exercises" in text
    assert "AlphaFold Decoded" in (house.ROOT / "docs" / "workbook.md").read_text("utf-8")


# --- the pictures -----------------------------------------------------------------------------------------


def numbers(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_broadcasting_shows_what_numpy_does():
    column, flat = np.array([[1.0], [2.0]]), np.array([10.0, 20.0, 30.0])
    figure = pictures.broadcasting(("u", column), "+", ("v", flat), "w")
    cells = [text for text in numbers(figure) if re.fullmatch(r"[\d.]+", text)]
    expected = [1, 1, 1, 2, 2, 2, 10, 20, 30, 10, 20, 30, 11, 21, 31, 12, 22, 32]
    assert cells == [str(value) for value in expected]
    assert "u  2x1\nstretched to 2x3" in numbers(figure)
    assert "v  (3,)\nstretched to 2x3" in numbers(figure)
    assert "w  2x3" in numbers(figure)
    whole = pictures.broadcasting(("u", np.ones((2, 3))), "-", ("v", np.ones((2, 3))))
    assert not any("stretched" in text for text in numbers(whole))
    with pytest.raises(ValueError, match="shape mismatch"):
        pictures.broadcasting(("u", np.ones(2)), "+", ("v", np.ones(3)))


def test_a_graph_shows_values_and_gradients_and_an_arrow_each_way():
    nodes = {
        "x": pictures.Node("x", 2.0, 0.0, (0, 0)),
        "t": pictures.Node("t", -1.5, None, (0, 1)),
        "L": pictures.Node("×", -3.0, 1.0, (1, 0.5), ("x", "t")),
    }
    figure = pictures.graph(nodes)
    texts = [text for text in numbers(figure) if text]
    assert sorted(texts) == sorted(
        ["x", "t", "×", "x = 2", "dx = 0", "t = \N{MINUS SIGN}1.5", "L = \N{MINUS SIGN}3", "dL = 1"]
    )
    assert numbers(figure).count("") == 3  # arrows: there and back, and one only there


def test_histograms_have_one_scale_and_the_same_bins():
    few, many = np.array([0.0, 0.1]), np.linspace(-3, 3, 600)
    figure = pictures.histograms({"few": few, "many": many}, bins=6)
    left, right = figure.axes
    assert left.get_xlim() == right.get_xlim()
    assert left.get_ylim() == right.get_ylim()
    heights = [[patch.get_height() for patch in axes.patches] for axes in figure.axes]
    assert [pytest.approx(sum(row)) for row in heights] == [1, 1]
    assert heights[0][3] == pytest.approx(1)
    assert heights[1] == pytest.approx([1 / 6] * 6, abs=0.01)
    assert {patch.get_x() for patch in left.patches} == {patch.get_x() for patch in right.patches}


def test_a_landscape_shows_every_step_within_its_box():
    walk = np.array([[-1.0, 2.0], [0.0, 1.0], [0.5, 0.0]])
    figure = pictures.paths(lambda u, v: u * u + v * v, {"a": walk}, box=(-2, 3, -4, 5), x="p", y="q")
    axes = figure.axes[0]
    assert (axes.get_xlim(), axes.get_ylim()) == ((-2, 3), (-4, 5))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("p", "q")
    assert np.array_equal(axes.lines[0].get_xydata(), walk)
    assert np.array_equal(axes.lines[1].get_xydata(), walk[-1:])
    plain = pictures.paths(lambda u, v: u + v, {"a": walk})  # as in the notebooks that were handed out
    assert plain.axes[0].get_xlim() == (-1.2, 1.2)
