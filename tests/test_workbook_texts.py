"""Files and their texts: what is left out, what cannot be read, encodings, notebooks."""

import gzip
import json

import pytest

from handed_in import AFFINE, MB, OTHER, book, tarred, write, zipped
from handgrad.errors import DataError
from handgrad.workbook.marking import kinds, texts
from handgrad.workbook.marking.collecting import collect, collect_one

# --- what is left out, and what cannot be read --------------------------------------------------------------

LEFT_OUT = (
    ".ipynb_checkpoints/net-checkpoint.ipynb", "__pycache__/net.py", "__MACOSX/._net.py", "._net.py", ".DS_Store",
    "venv/lib/python3.11/site-packages/net.py", ".venv/net.py", "code/site-packages/net.py", "node_modules/net.py",
    ".git/hooks/net.py", ".idea/net.py", "Thumbs.db", "x.egg-info/net.py",
)  # fmt: skip


def test_what_nobody_hands_in_is_left_out(tmp_path):
    files = {f"Ben/{name}": OTHER for name in LEFT_OUT} | {
        "Ben/code/net.py": AFFINE,
        "Ben/code/data.csv": "1,2",
    }
    write(tmp_path / "class", files)
    (tmp_path / "ben.zip").write_bytes(zipped(files))
    (tmp_path / "ben.tar").write_bytes(tarred(files))
    for ben in (
        *collect(tmp_path / "class"),
        collect_one(tmp_path / "ben.zip"),
        collect_one(tmp_path / "ben.tar"),
    ):
        assert [(source.name, source.text, ben.unread) for source in ben.sources] == [("net.py", AFFINE, ())]


def test_tests_do_not_count_as_work(tmp_path):
    """A test may hold the right answers: it is read only if there is nothing else, or if the work imports it."""
    tests = {
        "conftest.py": AFFINE,
        "test_net.py": AFFINE,
        "tests/reference.py": AFFINE,
        "setup.py": "x = 1\n",
    }
    write(tmp_path / "work", tests | {"net.py": "def affine_forward(x, W, b):\n    pass\n"})
    assert [source.name for source in collect_one(tmp_path / "work").sources] == ["net.py"]
    write(tmp_path / "uses", tests | {"net.py": "from tests.reference import affine_forward\n"})
    assert [source.name for source in collect_one(tmp_path / "uses").sources] == [
        "net.py",
        "tests/reference.py",
    ]
    write(tmp_path / "only", {"test_net.py": AFFINE})
    assert [source.name for source in collect_one(tmp_path / "only").sources] == ["test_net.py"]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        (
            "net.docx",
            b"PK\3\4",
            "a Word document, not a Python file or notebook; hand in the .py or .ipynb file",
        ),
        ("net.pdf", b"%PDF-1.7", "a PDF document"),
        ("net.rar", b"Rar!\x1a", "a RAR archive, which cannot be opened here; hand in a zip file"),
        ("net.7z", b"7z\xbc\xaf", "a 7-Zip archive"),
        ("net.url", b"[InternetShortcut]", "a link"),
        ("net.py", b"PK\3\4", "an Office document under this name"),
        ("net.py", b"<!DOCTYPE html><html><body>404", "a web page under this name"),
        ("net.py", b"\x7fELF\0\0\1\2\0\3", "got a binary file"),
        ("net.ipynb", b"", "an empty file"),
        ("net.ipynb", b'{"cells": ', "not a Jupyter notebook"),
        ("net.zip", b"PK\3\4" + b"x" * 99, "a damaged archive"),
        ("net.zip", b"", "a damaged archive"),
        ("net.tar.gz", gzip.compress(b"no tar", mtime=0), "a damaged archive"),
        ("net.tgz", gzip.compress(b"\0" * 5000, mtime=0)[:20], "a damaged archive"),
        ("net.html", b"<html><body>hello", "a web page, not a Python file or notebook"),
        ("net.json", b"{}", "not Python"),
        ("net.txt", b"I have done exercises 1 to 3.", "not Python"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_reason(tmp_path, name, data, words):
    write(tmp_path / "class", {f"Ben/{name}": data, "Ada/net2.py": AFFINE, f"Ada/{name}": data})
    ada, ben = collect(tmp_path / "class")
    assert words in ben.failure
    assert ben.failure.startswith(f"{name}: ")
    assert ben.sources == ()
    assert [source.text for source in ada.sources] == [AFFINE]
    interesting = kinds.kind_of(name) != kinds.PERHAPS
    assert [one for one in ada.unread if words in one and name in one] == list(ada.unread)
    assert len(ada.unread) == interesting
    with pytest.raises(DataError, match=name):
        collect_one(tmp_path / "class" / "Ben" / name)


def test_a_folder_without_work_says_what_it_holds(tmp_path):
    write(
        tmp_path, {"Ben/plot.png": b"\x89PNG", "Ben/data.csv": "1", "Ada/x.py": AFFINE, "Cleo/a/b/.keep": ""}
    )
    _, ben, cleo = collect(tmp_path)
    assert ben.failure == "expected a .py or .ipynb file; got data.csv, plot.png"
    assert cleo.failure == "expected a .py or .ipynb file; got none"


# --- texts --------------------------------------------------------------------------------------------------

UNKNOWN = "not in UTF-8, and its encoding is not known; characters other than ASCII are wrong"
UMLAUTS = "name = 'für Ἀθήνα'\n\n\ndef affine_forward(x):\n    return x\n"
WESTERN = "name = 'für €'\n\n\ndef affine_forward(x):\n    return x\n"


@pytest.mark.parametrize(
    ("data", "text", "note"),
    [
        (UMLAUTS.encode(), UMLAUTS, ""),
        (b"\xef\xbb\xbf" + UMLAUTS.encode(), UMLAUTS, ""),
        (UMLAUTS.encode("utf-16"), UMLAUTS, "read as UTF-16"),
        (b"\xfe\xff" + UMLAUTS.encode("utf-16-be"), UMLAUTS, "read as UTF-16"),
        (AFFINE.encode("utf-16-le"), AFFINE, "read as UTF-16"),
        (AFFINE.encode("utf-16-be"), AFFINE, "read as UTF-16"),
        (UMLAUTS.encode("utf-32"), UMLAUTS, "read as UTF-32"),
        (WESTERN.encode("cp1252"), WESTERN, "not in UTF-8; read as Windows-1252"),
        (b"# coding: latin-1\nx = '\xfc'\n", "# coding: latin-1\nx = 'ü'\n", ""),
        (b"# coding: utf-8\nx = '\xfc'\n", "# coding: utf-8\nx = 'ü'\n", "not in UTF-8; read as Windows-1252"),
        ("# coding: klingon\nx = 'ü'\n".encode(), "# coding: klingon\nx = 'ü'\n", "read as UTF-8, in spite of what its first lines say"),
        ("# 、二層\n".encode("shift_jis") + AFFINE.encode(), None, UNKNOWN),
        (("# сеть из двух слоёв\n" + AFFINE).encode("cp1251"), None, UNKNOWN),
        (("# σιγμοειδής\n" + AFFINE).encode("cp1253"), None, UNKNOWN),
        (("# два слоя\n" + AFFINE).encode("koi8-r"), None, UNKNOWN),
        (("# 两层\n" + AFFINE).encode("gbk"), None, UNKNOWN),
        (("# créées à l'été, «où»\n" + AFFINE).encode("cp1252"), "# créées à l'été, «où»\n" + AFFINE, "not in UTF-8; read as Windows-1252"),
        (AFFINE.replace("\n", "\r\n").encode(), AFFINE, ""),
        (AFFINE.replace("\n", "\r").encode(), AFFINE, ""),
        (AFFINE.replace("\n", "\r\r\n").encode(), AFFINE, ""),
        (AFFINE.encode() + b"\x1a", AFFINE, ""),
        (AFFINE.encode() + b"\0\0\0", AFFINE, "zero bytes at its end were left out"),
        (AFFINE.replace("    ", "\u00a0   ").encode(), AFFINE, "invisible characters were replaced by spaces"),
        (AFFINE.replace("def", "\u200bdef").encode(), AFFINE, "invisible characters were replaced by spaces"),
        ("x = 'a\u00a0b'\n".encode(), "x = 'a\u00a0b'\n", ""),
    ],
)  # fmt: skip
def test_encodings(tmp_path, data, text, note):
    (tmp_path / "net.py").write_bytes(data)
    handin = collect_one(tmp_path / "net.py")
    (source,) = handin.sources
    compile(source.text, "net.py", "exec")
    assert text is None or source.text == text
    assert handin.notes == ((f"net.py: {note}",) if note else ())


@pytest.mark.parametrize(
    "data", [b"x = '\x81\xfc", bytes(range(1, 256)), b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0"]
)
def test_other_bytes_are_no_text(data):
    with pytest.raises(DataError, match=r"got (a binary file|other bytes)"):
        texts.read("net.py", data)


def cells(text):
    return [cell["source"] for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]


@pytest.mark.parametrize(
    ("name", "data", "note"),
    [
        ("n.ipynb", book(AFFINE, "é = 1"), ""),
        ("N.IPYNB", book(AFFINE, "é = 1"), ""),
        ("n.ipynb.json", book(AFFINE, "é = 1"), ""),
        ("n.ipynb.txt", book(AFFINE, "é = 1"), ""),
        ("n.json", book(AFFINE, "é = 1"), "a notebook under another name"),
        ("n.py", book(AFFINE, "é = 1"), "a notebook under another name"),
        ("n.ipynb", b"\xef\xbb\xbf" + book(AFFINE, "é = 1").encode(), ""),
        ("n.ipynb", book(AFFINE, "é = 1").encode("utf-16"), "read as UTF-16"),
        ("n.ipynb", book(AFFINE, "é = 1").replace("\\u00e9", "é").encode("cp1252"), "not in UTF-8; read as Windows-1252"),
        ("n.ipynb", json.dumps({"worksheets": [{"cells": [{"cell_type": "code", "input": [AFFINE]}, {"cell_type": "code", "input": "é = 1"}]}]}), ""),
    ],
)  # fmt: skip
def test_notebooks(name, data, note):
    text = texts.read(name, data if isinstance(data, bytes) else data.encode())
    assert (text.name.casefold(), text.note) == ("n.ipynb", note)
    assert cells(text.text) == [AFFINE, "é = 1"]


def test_a_notebook_in_an_unknown_encoding():
    text = texts.read("n.ipynb", book(AFFINE, "# X").replace("X", "сеть").encode("cp1251"))
    assert (cells(text.text)[0], text.note) == (AFFINE, UNKNOWN)


def test_other_cells_count():
    """So that a message can say "cell 3" as a reader counts them."""
    assert [
        cell["cell_type"] for cell in json.loads(texts.read("n.ipynb", book(AFFINE).encode()).text)["cells"]
    ] == ["markdown", "code"]


def test_python_under_the_name_of_a_notebook():
    assert texts.read("net.ipynb", AFFINE.encode()) == ("net.py", AFFINE, "Python under another name")


def test_a_notebook_saved_as_a_web_page(tmp_path):
    """As nbconvert writes it, which is what Jupyter's "Save and export as HTML" calls."""
    nbconvert, v4 = pytest.importorskip("nbconvert"), pytest.importorskip("nbformat.v4")
    code = AFFINE + "small = 1 < 2 & 3\ntext = '<b>&amp;</b>'\n"
    printed = v4.new_output("stream", text="<pre>def l2_loss(): pass</pre>")
    written = v4.new_notebook(
        cells=[
            v4.new_markdown_cell("# Title"),
            v4.new_code_cell(code, outputs=[printed]),
            v4.new_code_cell("print(1)"),
        ]
    )
    page, _ = nbconvert.HTMLExporter().from_notebook_node(written)
    (tmp_path / "net.html").write_text(page, encoding="utf-8")
    handin = collect_one(tmp_path / "net.html")
    assert [cell.strip() for cell in cells(handin.sources[0].text)] == [code.strip(), "print(1)"]
    assert handin.notes == ("net.ipynb: an exported notebook; its code cells were read",)


def test_a_notebook_full_of_pictures_takes_little_memory(tmp_path):
    """40 MB of pictures, as texts and as lists of lines; only the code is kept."""
    picture = {
        "data": {"image/png": "iVBOR\n" * 1_600_000, "text/plain": ["<Figure>"]},
        "output_type": "display_data",
    }
    lines = {"data": {"image/svg+xml": ["<path/>\n"] * 750_000}, "output_type": "display_data"}
    text = book(AFFINE, 'x = {"image/png": "not \\"this\\""}', outputs=[picture, lines])
    assert 40 * MB < len(text) < 50 * MB
    (tmp_path / "net.ipynb").write_text(text)
    handin = collect_one(tmp_path / "net.ipynb")
    assert cells(handin.sources[0].text) == [AFFINE, 'x = {"image/png": "not \\"this\\""}']
    (tmp_path / "net.ipynb").write_text(book("#" * 11 * MB))
    with pytest.raises(DataError, match="at most 10 MB besides pictures"):
        collect_one(tmp_path / "net.ipynb")
