"""What people hand in: files, folders, archives, and the names that learning platforms give to them."""

import json
import os
import socket
from pathlib import Path

import pytest

from handed_in import AFFINE, OTHER, RELU, book, contents, posix, write, zipped
from handgrad.cli import main
from handgrad.errors import DataError
from handgrad.workbook.marking.collecting import collect, collect_one, places
from handgrad.workbook.marking.grade import grade
from test_workbook_platforms import PLATFORMS

# --- folders ------------------------------------------------------------------------------------------------


@posix
def test_links_to_other_peoples_files(tmp_path):
    """A link to a file of the same hand-in is a file; any other has to be handed in itself."""
    write(tmp_path / "secret", {"key.py": "KEY = 1\n"})
    folder = write(tmp_path / "class", {"anna.py": AFFINE, "Ben/net.py": RELU, "Cleo/net.py": OTHER})
    (folder / "link.py").symlink_to("anna.py")
    (folder / "Dora").symlink_to(folder / "Cleo")
    for name, target in {
        "own.py": "net.py", "annas.py": "../anna.py", "cleos.py": "../Cleo/net.py", "key.py": "../../secret/key.py", "nothing.py": "x.py",
        "loop": ".", "up": "..",
    }.items():  # fmt: skip
        (folder / "Ben" / name).symlink_to(target)
    found = {one.student: one for one in collect(folder)}
    assert (
        found["link"].failure
        == "a link to another file of the class (anna.py); the file itself has to be handed in"
    )
    assert "leads elsewhere" in found["Dora"].failure
    assert [(s.name, s.text) for s in found["Ben"].sources] == [("net.py", RELU), ("own.py", RELU)]
    refused = ["annas.py", "cleos.py", "key.py", "loop", "nothing.py", "up"]
    assert [line.split(": ")[0] for line in found["Ben"].unread] == refused
    assert [source.text for source in found["anna"].sources + found["Cleo"].sources] == [AFFINE, OTHER]


@posix
@pytest.mark.timeout(60)
def test_nothing_is_waited_for(tmp_path):
    folder = write(tmp_path / "class", {"Ben/net.py": AFFINE})
    os.mkfifo(folder / "Ben" / "pipe.py")
    os.mkfifo(folder / "ada.ipynb")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(folder / "Ben")  # the path of a socket is short
        try:
            server.bind("socket.py")
        finally:
            os.chdir(here)
        ada, ben = collect(folder)
    assert [source.name for source in ben.sources] == ["net.py"]
    assert sorted(ben.unread) == [
        f"{name}.py: a pipe, socket or device; it was not opened" for name in ("pipe", "socket")
    ]
    assert ada.failure == "a pipe, socket or device; it was not opened"


@posix
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_named(tmp_path):
    folder = write(tmp_path / "class", {"Ben/net.py": AFFINE, "ada.py": AFFINE, "cleo.py": AFFINE})
    (folder / "Ben").chmod(0)
    (folder / "ada.py").chmod(0)
    try:
        assert [one.failure for one in collect(folder)][:2] == ["Permission denied", "Permission denied"]
    finally:
        (folder / "Ben").chmod(0o755)


def test_folders_without_end(tmp_path):
    deep = tmp_path / "class" / "Ben"
    (tmp_path / "class").mkdir()
    here = Path.cwd()
    try:
        os.chdir(tmp_path / "class")
        for name in ("Ben", *["d"] * 300):
            Path(name).mkdir()
            os.chdir(name)
        Path("net.py").write_text(AFFINE)
    finally:
        os.chdir(here)
    write(deep, {"d/d/relu.py": RELU})
    (ben,) = collect(tmp_path / "class")
    assert [source.name for source in ben.sources] == ["relu.py"]
    assert any("folders within each other" in line for line in ben.unread)


NAMES = (
    "a\nb",
    "tab\there",
    "\x1b[31mred",
    "\u202egpj",
    "🙂",
    "李明",
    "=1+1",
    "x" * 240,
    "con",
    "50%",
    'a;b,c"d',
    " ",
    "e\u0301",
)


@posix
def test_absurd_names_are_printable(tmp_path):
    write(
        tmp_path / "class",
        {f"{name}.py": AFFINE for name in NAMES}
        | {f"{name}/net\x07.py": AFFINE for name in NAMES if name != " "},
    )
    (tmp_path / "class" / os.fsdecode(b"\xff\xfe.py")).write_text(AFFINE)
    (tmp_path / "class.zip").write_bytes(zipped({f"{name}.py": AFFINE for name in NAMES}))
    for found in (collect(tmp_path / "class"), collect(tmp_path / "class.zip")):
        assert len({one.student for one in found}) >= len(NAMES) - 1
        for one in found:
            for text in (one.student, one.file, *(source.name for source in one.sources)):
                assert text.isprintable() or "🙂" in text
                assert "\u202e" not in text
                text.encode()
    assert "é" in {one.student for one in collect(tmp_path / "class")}


# --- the commands -------------------------------------------------------------------------------------------


@pytest.fixture
def run(capsys):
    def run(*words):
        code = main(["workbook", *map(str, words)])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return run


def test_check_of_folders_and_archives(run, tmp_path):
    write(tmp_path / "mine", {"layers.py": AFFINE, "act.py": RELU, "notes.docx": b"PK\3\4"})
    (tmp_path / "mine.zip").write_bytes(
        zipped({"mine/layers.py": AFFINE, "mine/act.py": RELU.encode("utf-16")})
    )
    for path in (tmp_path / "mine", tmp_path / "mine.zip"):
        code, out, err = run("check", path, "affine_forward", "relu_forward", "--json")
        assert [e["passed"] for e in json.loads(out)["exercises"]] == [True, True]
        assert code == 0
        assert ("notes.docx: a Word document" in err) == (path.suffix == "")
        assert ("act.py: read as UTF-16" in err) == (path.suffix == ".zip")


def test_check_of_a_class_points_to_grade(run, tmp_path):
    files, _ = PLATFORMS["Moodle, a folder each"]
    (tmp_path / "class.zip").write_bytes(zipped(files))
    code, out, err = run("check", tmp_path / "class.zip")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "holds what 2 students handed in" in err
    assert "handgrad workbook grade" in err


def test_check_reads_the_modules_beside_a_file(run, tmp_path):
    """What it imports, from modules and packages, and what those import; nothing else of the folder."""
    write(
        tmp_path,
        {
            "net.py": "from layers import affine_forward\nimport pack.relu\n", "layers.py": "import deep\n" + AFFINE, "deep.py": "x = 1\n",
            "pack/__init__.py": "", "pack/relu.py": RELU, "unused.py": "raise SystemExit\n",
            "week.ipynb": book("%matplotlib inline\nimport numpy as np\nfrom layers import *"),
        },
    )  # fmt: skip
    expected = ["net.py", "deep.py", "layers.py", "pack/__init__.py", "pack/relu.py"]
    handin = collect_one(tmp_path / "net.py")
    assert handin.sources[0].name == "net.py"
    assert sorted(source.name for source in handin.sources) == sorted(expected)
    assert collect_one(tmp_path / "week.ipynb").sources[0].name == "week.ipynb"
    assert len(collect_one(tmp_path / "week.ipynb").sources) == 3
    assert collect_one(tmp_path / "deep.py").sources[0].text == "x = 1\n"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"mine/net.docx": b"PK\3\4"}, "net.docx: a Word document"),
        ({"mine/.keep": ""}, "expected a .py or .ipynb file; got none"),
        ({"mine/data.csv": "1"}, "got data.csv"),
    ],
)
def test_check_of_what_holds_no_work_is_one_line(run, tmp_path, files, words):
    write(tmp_path, files)
    code, out, err = run("check", tmp_path / "mine")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert words in err


def test_a_class_that_is_none(tmp_path):
    (tmp_path / "class.zip").write_bytes(b"PK\3\4 broken")
    (tmp_path / "net.py").write_text(AFFINE)
    (tmp_path / "empty").mkdir()
    for name, words in {
        "class.zip": "a damaged archive",
        "net.py": "expected a folder or a zip file",
        "empty": "got none",
    }.items():
        with pytest.raises(DataError, match=words):
            collect(tmp_path / name)
    with pytest.raises(OSError, match="No such file"):
        collect(tmp_path / "nowhere.zip")


def test_a_platforms_zip_is_marked(tmp_path):
    """From the zip to the marks, and nothing of it is written to disk."""
    from test_workbook_grade import RIGHT

    inner = zipped({"hw/layers.py": AFFINE, "hw/act.py": RELU})
    (tmp_path / "class.zip").write_bytes(
        zipped(
            {
                "Ben Müller_12_assignsubmission_file_/hw.zip": inner,
                "Ada_13_assignsubmission_file_/net.py": RIGHT.encode("utf-16"),
            }
        )
    )
    before = contents(tmp_path)
    ada, ben = grade(tmp_path / "class.zip").results
    assert (ada.student, ada.passed, ada.failure) == ("Ada", 10, None)
    assert (ben.student, ben.failure) == ("Ben Müller", None)
    assert contents(tmp_path) == before


def test_no_learners_code_has_to_read_these(tmp_path):
    write(
        tmp_path,
        {"anna.py": AFFINE, "Ben/net.py": AFFINE, ".venv/lib/x.py": "", "x.zip": zipped({"a.py": ""})},
    )
    assert sorted(Path(path).name for path in places(tmp_path)) == ["Ben", "anna.py", "x.zip"]
    assert places(tmp_path / "x.zip") == [str(tmp_path / "x.zip")]
