"""What a student gets back: a page and Markdown, under names that every system can hold."""

import os
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from handgrad.files import BEGINNING
from handgrad.workbook.checks.heat_maps import heat_maps
from handgrad.workbook.checks.verdict import NOT_DONE, NOT_RUN, Entry, Verdict
from handgrad.workbook.marking import feedback
from handgrad.workbook.marking.class_table import Result
from handgrad.workbook.marking.feedback import Feedback
from handgrad.workbook.marking.file_names import MOST_BYTES, file_names
from handgrad.workbook.marking.handin import HandIn
from handgrad.workbook.marking.scheme import Scheme

RIGHT, YOURS = np.array([[0.5, -1.5], [0.0, 2.0]]), np.array([[0.5, 1.5], [np.nan, np.inf]])
NASTY = "A<b>&\"'`*_[x](y)\n# \x1b[31m\u2028</script><script>alert(1)</script>"


def result(**more):
    verdicts = (
        Verdict("affine_forward", True, remarks=("slow loops",)),
        Verdict("relu_forward", True),
        Verdict("affine_backward", False, "db: averaged; it should be summed", mistake=7,
                entry=Entry((1,), 0.4, 1.2, "db", "-1.3 + 2.5"), pictures=(("dW", RIGHT, YOURS),)),
        Verdict("l2_loss", False, "not done yet: l2_loss is blank", state=NOT_DONE),
        Verdict("train_model", False, "needs pandas, which is not installed here", state=NOT_RUN),
    )  # fmt: skip
    return Result(
        **{"student": "Anna", "file": "Anna", "verdicts": verdicts, "failure": None, "seconds": 1.0} | more
    )


class Page(HTMLParser):
    """The tags and the words of a page; what is open and never closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.open, self.links = [], "", [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href", "onclick", "onerror")]
        if tag not in ("meta", "img", "br", "link", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data


def test_the_page_says_what_is_right_what_is_not_and_where_to_read_on():
    points = Scheme({"affine_forward": 1, "affine_backward": 3})
    page = Page(
        feedback.page(result(scheme=points, attempt=2, late=True, read=("net.py",), notes=("x.docx: no",)))
    )
    assert page.open == []
    for words in (
        "Anna", "2 of 5 exercises right, attempt 2, handed in late", "1 of 4 points", "bias gradient averaged",
        "wrong, mistake 7 of the catalogue, 0 of 3 points", "db[1]: got 0.4, expected 1.2 = -1.3 + 2.5",
        "could not be run here", "needs pandas", "not done", "slow loops", "dW, right", "dW, yours", "difference",
        "Read on in chapter 5, or ask for a hint: handgrad workbook hint affine_backward",
        "net.py", "x.docx: no", "4 in all: affine_forward 1, affine_backward 3",
    ):  # fmt: skip
        assert words in page.words, words
    assert "hint relu_forward" not in page.words  # it is right


def test_the_markdown_says_the_same():
    text = feedback.markdown(result(read=("net.py",)))
    for words in (
        "# Feedback for Anna\n", "**40 of 100 points**", "## `affine_backward`: wrong, mistake 7 of the catalogue",
        "    db[1]: got 0.4, expected 1.2", "dW, right\n 0.5  -1.5\n   0     2", "`handgrad workbook hint l2_loss`",
        "- `affine_forward`\n  - slow loops\n- `relu_forward`\n", "- net.py",
    ):  # fmt: skip
        assert words in text, words


def test_nothing_that_a_student_wrote_is_more_than_words():
    verdict = Verdict("l2_loss", False, NASTY, remarks=(NASTY,), entry=Entry((0,), 1.0, 2.0, "y", NASTY))
    one = result(student=NASTY, verdicts=(verdict,), read=(NASTY,), notes=(NASTY,), failure=None)
    page = Page(feedback.page(one))
    assert page.open == []
    assert not {"script", "b"} & set(page.tags)
    assert "\x1b" not in page.words
    assert "alert(1)" in page.words
    text = feedback.markdown(one)
    assert text.replace("\n", "").isprintable()
    code = re.sub(r"^    .*$", "", text, flags=re.MULTILINE)  # the entry's line is code
    assert "<" not in code.removeprefix(feedback.COMMENT.decode())
    assert "](y)" not in code.replace("\\](", "")
    assert not re.search(r"^# \\x1b", text, re.MULTILINE)


def test_a_page_stands_alone():
    text = feedback.page(result())
    assert Page(text).links == []
    for words in ("http:", "https:", "@import", "url("):
        assert words not in text
    for words in ("prefers-color-scheme: dark", "@media print", 'name="viewport"'):
        assert words in text
    assert feedback.GENERATOR in text.encode()[:BEGINNING]


def test_flags_and_others_are_not_told():
    one = result(flags=("like Ben (10 of 10 functions are the same)",))
    assert "Ben" not in feedback.page(one) + feedback.markdown(one)


def test_what_could_not_be_marked_says_why():
    one = result(verdicts=(), failure="expected a .py or .ipynb file; got net.docx")
    for text in (Page(feedback.page(one)).words, feedback.markdown(one)):
        assert "expected a .py or .ipynb file; got net.docx" in text
        assert "0 of 100 points" in text


# --- heat maps -----------------------------------------------------------------------------------------------------


def test_a_heat_map_has_the_numbers_and_one_scale():
    page = Page(heat_maps((("dW", RIGHT, YOURS),)))
    assert page.open == []
    assert page.tags.count("td") == 12
    for number in ("0.5", "\N{MINUS SIGN}1.5", "nan", "inf", "3"):
        assert number in page.words
    text = heat_maps((("x", np.array([1.0, -1.0, 0.0]), np.array([2.0, -2.0, 0.0])),))
    shades = re.findall(r"background:rgb\((\d+,\d+,\d+)\)", text)
    assert shades[0] == shades[3] == shades[6]  # as large as the largest right number, or larger
    assert shades[1] == shades[4] == shades[7] != shades[0]
    assert shades[2] == shades[5] == shades[8] == "247,247,247"


def test_larger_arrays_are_pictures_and_other_shapes_are_told():
    wide = np.linspace(-1, 1, 300).reshape(10, 30)
    page = Page(heat_maps((("dW", wide, wide.T),)))
    assert page.tags.count("img") == 2
    assert "(30, 10) is not (10, 30)" in page.words
    assert all(link.startswith("data:image/png;base64,") for link in page.links)
    huge = np.zeros((100, 100))
    for pictures in ((("y", huge, wide),), (("y", wide, huge),), (("y", np.zeros((2, 2, 2)), wide),), ()):
        assert heat_maps(pictures) == ""
    assert "empty" in heat_maps((("y", wide, np.zeros((0, 3))),))
    assert heat_maps((("<b>", RIGHT, RIGHT),)).count("&lt;b&gt;") == 2


# --- names of files ------------------------------------------------------------------------------------------------


def test_names_are_safe_everywhere():
    people = [
        "Anna Berg", "anna berg", "CON", "nul.txt", "a/b\\c:d*e?f\"g<h>i|j", "..", ".hidden", "trailing. ", "", " ",
        "\N{LATIN SMALL LETTER U WITH DIAERESIS}" * 300, "x" * 300, "x" * 299, "line\nfeed", "\x1b[31m", "\udcff",
        "Zoe\u0308", "Zo\u00eb", "\u202egpj.exe", "\uff21nna Berg", "com\u00b9", "lpt1 .x", "\U0001f600" * 100,
    ]  # fmt: skip
    names = file_names([(person, "", 1) for person in people])
    keys = {name.casefold() for name in names}
    assert len(keys) == len(people)
    for name in names:
        assert 0 < len(f"{name}.html".encode()) <= MOST_BYTES + 20
        assert name.isprintable()
        assert not set(name) & set('<>:"/\\|?*')
        assert name[0] not in ". "
        assert name[-1] not in ". "
        assert not re.match(r"(con|prn|aux|nul|com\d|lpt\d)\s*(\.|$)", name, re.IGNORECASE)
    assert names[0] == "Anna Berg"
    assert names[1] == "anna berg (2)"


def test_ids_and_attempts_tell_namesakes_apart():
    names = file_names(
        [("Anna", "17", 1), ("Anna", "18", 1), ("Anna", "18", 2), ("Ben", "19", 1), ("Ben", "19", 2)]
    )
    assert names == ["Anna 17", "Anna 18", "Anna 18, attempt 2", "Ben", "Ben, attempt 2"]


# --- files ---------------------------------------------------------------------------------------------------------


def test_two_files_for_each_hand_in_and_none_is_written_in_vain(tmp_path):
    given = [HandIn("Anna", "Anna.py"), HandIn("Ben", "Ben.py")]
    pages = Feedback(tmp_path / "out", given)
    for n, one in enumerate(given):
        pages.write(n, result(student=one.student))
    assert sorted(os.listdir(tmp_path / "out")) == ["Anna.html", "Anna.md", "Ben.html", "Ben.md"]
    before = {path: path.stat().st_ino for path in (tmp_path / "out").iterdir()}
    pages = Feedback(tmp_path / "out", given)
    pages.write(0, result(student="Anna"))
    pages.write(1, result(student="Ben", failure="no"))
    after = {path: path.stat().st_ino for path in (tmp_path / "out").iterdir()}
    assert {path.stem for path in before if before[path] != after[path]} == {"Ben"}


@pytest.mark.parametrize("name", ["Anna.html", "Anna.md"])
def test_a_file_of_others_stays(tmp_path, name, run):
    """Asked before anything is marked."""
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "Anna.py").write_text("while True: pass\ndef l2_loss(y, t):\n    return (\n")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text("Dear Ann,")
    code, out, err = run("workbook", "grade", tmp_path / "class", "--feedback", tmp_path / "out")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert f"{name}: exists and is not " in err
    assert (tmp_path / "out" / name).read_text() == "Dear Ann,"
    assert os.listdir(tmp_path / "out") == [name]
    pages = Feedback(tmp_path / "new", [HandIn("Anna", "Anna.py")])
    (tmp_path / "new" / name).write_text("Dear Ann,")  # it appears while the marking goes on
    pages.write(0, result())
    (told,) = pages.failures  # which is said at the end
    assert f"{name}: exists and is not " in told
    assert (tmp_path / "new" / name).read_text() == "Dear Ann,"


def test_feedback_stands_outside_of_the_submissions(tmp_path, run):
    (tmp_path / "Anna.py").write_text("x = 1\n")
    for place in (tmp_path, tmp_path / "feedback"):
        code, out, err = run("workbook", "grade", tmp_path, "--feedback", place)
        assert (code, out) == (1, "")
        assert "lies among the submissions; choose a folder outside" in err
    assert os.listdir(tmp_path) == ["Anna.py"]


def test_the_command_writes_it_and_again_what_was_marked_before(tmp_path, run, monkeypatch):
    monkeypatch.setattr("handgrad.workbook.marking.records.folder", lambda: tmp_path / "kept")
    (tmp_path / "class").mkdir()
    text = "import numpy as np\ndef affine_forward(x, W, b):\n    return x @ W.T - b, x\n"
    (tmp_path / "class" / "Anna.py").write_text(text)
    texts = []
    for place in ("one", "two"):
        code, out, _ = run("workbook", "grade", tmp_path / "class", "--feedback", tmp_path / place)
        assert code == 0
        assert "Anna" in out
        texts.append((tmp_path / place / "Anna.html").read_text())
    assert texts[0] == texts[1]
    assert "difference" in texts[1]  # the heat maps were kept
