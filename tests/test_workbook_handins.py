"""What people hand in: files, folders, archives, and the names that learning platforms give to them."""

import bz2
import gzip
import io
import json
import lzma
import os
import socket
import stat
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from handgrad.cli import main
from handgrad.errors import DataError
from handgrad.workbook.marking import kinds, names, texts
from handgrad.workbook.marking.archives import Budget, TooMuchError, members
from handgrad.workbook.marking.collecting import collect, collect_one, places
from handgrad.workbook.marking.grade import grade

AFFINE = "import numpy as np\n\n\ndef affine_forward(x, W, b):\n    return x @ W.T + b, (x, W)\n"
RELU = "import numpy as np\n\n\ndef relu_forward(x):\n    return np.maximum(x, 0), x\n"
OTHER = AFFINE + "# another attempt\n"
MB = 1_000_000
posix = pytest.mark.skipif(os.name != "posix", reason="links, pipes and file modes of Unix")


def book(*cells, **more):
    """A notebook of these code cells, with a title before them."""
    title = {"cell_type": "markdown", "source": ["# Title\n"], "metadata": {}}
    code = [
        {"cell_type": "code", "source": cell.splitlines(keepends=True), "outputs": [], "metadata": {}, **more}
        for cell in cells
    ]
    return json.dumps({"cells": [title, *code], "nbformat": 4, "nbformat_minor": 5, "metadata": {}})


def write(folder, files):
    """Files in a folder, by their paths."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def zipped(files):
    """A zip archive of files, as bytes."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return archive.getvalue()


def tarred(files, pack=bytes):
    """A tar archive of files, as bytes, packed by gzip.compress and the like."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as file:
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            file.addfile(member, io.BytesIO(data))
    return pack(archive.getvalue())


def told(handins):
    """student, id, attempt, late and the names of the files of each."""
    return [
        (one.student, one.id, one.attempt, one.late, sorted(source.name for source in one.sources))
        for one in handins
    ]


def contents(folder):
    return {path.relative_to(folder): path.is_file() and path.stat().st_size for path in folder.rglob("*")}


# --- learning platforms --------------------------------------------------------------------------------------

BEN = "Ben Müller"
NOTE = (
    "Name: Ben Müller (ab123)\nAssignment: HW1\nDate Submitted: 2024-05-01\nSubmission Field:\nsee net.py\n"
)
METADATA = """---
submission_100:
  :submitters:
  - :name: Ben Müller
    :sid: '31'
    :email: ben@example.org
  :created_at: 2024-05-01 10:00:00.1 Z
  :score: 3.0
  :results:
    tests:
    - name: not a student
submission_101:
  :submitters:
  - :name: Ada Abe
    :sid: '32'
  - :name: Cleo Costa
    :sid: '33'
  :created_at: 2024-05-01 10:00:00.1 Z
"""
REPOSITORY = {"README.md": "# hw", "conftest.py": "x = 1\n", "setup.py": "x = 1\n", ".git/config": "[core]"}
PLATFORMS = {
    "Moodle, a folder each": (
        {
            "Ben Müller_12345_assignsubmission_file_/net.py": AFFINE,
            "Ben Müller_12345_assignsubmission_onlinetext_/onlinetext.html": "<p>see net.py</p>",
            "Ada Abe_77_assignsubmission_file_/solution/layers.py": AFFINE,
            "Ada Abe_77_assignsubmission_file_/solution/loss.ipynb": book(RELU),
        },
        [("Ada Abe", "77", 1, False, ["layers.py", "loss.ipynb"]), (BEN, "12345", 1, False, ["net.py"])],
    ),
    "Moodle, with a zip in each folder": (
        {
            "Ben Müller_12345_assignsubmission_file_/hw.zip": zipped({"hw/net.py": AFFINE, "__MACOSX/hw/._net.py": b"\0\5"}),
            "Ada Abe_77_assignsubmission_file_/hw.tar.gz": tarred({"net.py": AFFINE, "b/relu.py": RELU}, gzip.compress),
        },
        [("Ada Abe", "77", 1, False, ["b/relu.py", "net.py"]), (BEN, "12345", 1, False, ["net.py"])],
    ),
    "Moodle, without folders": (
        {
            "Ben Müller_12345_assignsubmission_file_net.py": AFFINE,
            "Ben Müller_12345_assignsubmission_file_relu.py": RELU,
            "Ben Müller_12345_assignsubmission_onlinetext_onlinetext.html": "<p>",
            "Ada_Abe_77_assignsubmission_file_my_net.zip": zipped({"net.py": AFFINE}),
        },
        [("Ada_Abe", "77", 1, False, ["net.py"]), (BEN, "12345", 1, False, ["net.py", "relu.py"])],
    ),
    "Canvas": (
        {
            "mullerben_12345_678901_net-1.py": AFFINE,
            "abeada_LATE_77_678902_net.py": AFFINE,
            "abeada_LATE_77_678903_relu.py": RELU,
            "costacleo_78_678904_net.py": AFFINE,
            "costacleo_78_678905_net-1.py": OTHER,
            "dorad_79_678906_hw.zip": zipped({"a/net.py": AFFINE}),
        },
        [
            ("abeada", "77", 1, True, ["net.py", "relu.py"]), ("costacleo", "78", 1, False, ["net.py"]),
            ("costacleo", "78", 2, False, ["net.py"]), ("dorad", "79", 1, False, ["net.py"]),
            ("mullerben", "12345", 1, False, ["net.py"]),
        ],
    ),
    "Blackboard": (
        {
            "HW1_ab123_attempt_2024-05-01-10-00-00.txt": NOTE,
            "HW1_ab123_attempt_2024-05-01-10-00-00_net.py": AFFINE,
            "HW1_ab123_attempt_2024-05-02-09-00-00.txt": NOTE,
            "HW1_ab123_attempt_2024-05-02-09-00-00_net.py": OTHER,
            "HW1_cd456_attempt_2024-05-02-09-00-00_a_b.ipynb": book(AFFINE),
        },
        [
            (BEN, "ab123", 1, False, ["net.py"]), (BEN, "ab123", 2, False, ["net.py"]),
            ("cd456", "cd456", 1, False, ["a_b.ipynb"]),
        ],
    ),
    "Google Classroom, the student first": (
        {"Ben Müller - net.py": AFFINE, "Ada Abe - net.py": RELU, "Cleo - Copy of net.ipynb": book(AFFINE)},
        [
            ("Ada Abe", "", 1, False, ["net.py"]), (BEN, "", 1, False, ["net.py"]),
            ("Cleo", "", 1, False, ["Copy of net.ipynb"]),
        ],
    ),
    "Google Classroom, the student last": (
        {"two layers - Ben Müller.ipynb": book(AFFINE), "two layers - Ada Abe.ipynb": book(RELU)},
        [("Ada Abe", "", 1, False, ["two layers.ipynb"]), (BEN, "", 1, False, ["two layers.ipynb"])],
    ),
    "GitHub Classroom": (
        {
            **{f"two-layers-ben/{name}": text for name, text in REPOSITORY.items()},
            "two-layers-ben/net.py": AFFINE,
            "two-layers-ben/tests/test_net.py": "from net import affine_forward\n",
            **{f"two-layers-ada-abe/{name}": text for name, text in REPOSITORY.items()},
            "two-layers-ada-abe/src/net.py": AFFINE,
        },
        [("ada-abe", "", 1, False, ["net.py"]), ("ben", "", 1, False, ["net.py"])],
    ),
    "GitHub, downloaded as zips": (
        {
            "hw1-ben-main.zip": zipped({f"hw1-ben-main/{n}": t for n, t in ({"net.py": AFFINE} | REPOSITORY).items()}),
            "hw1-ada-master.zip": zipped({"hw1-ada-master/net.py": AFFINE, "hw1-ada-master/README.md": "#"}),
        },
        [("ada", "", 1, False, ["net.py"]), ("ben", "", 1, False, ["net.py"])],
    ),
    "Gradescope": (
        {
            "assignment_9_export/submission_metadata.yml": METADATA,
            "assignment_9_export/submission_100/net.py": AFFINE,
            "assignment_9_export/submission_101/net.py": AFFINE,
        },
        [("Ada Abe and Cleo Costa", "101", 1, False, ["net.py"]), (BEN, "100", 1, False, ["net.py"])],
    ),
    "ILIAS": (
        {
            "Übung 1/Abgaben/Müller_Ben_bmueller_12345/net.py": AFFINE,
            "Übung 1/Abgaben/Abe_Ada_aabe_12346/hw.zip": zipped({"net.py": AFFINE}),
        },
        [("Ada Abe", "12346", 1, False, ["net.py"]), (BEN, "12345", 1, False, ["net.py"])],
    ),
    "Brightspace": (
        {
            "4711-99 - Ben Müller - May 1, 2024 130 PM/net.py": AFFINE,
            "4711-99 - Ben Müller - May 1, 2024 1130 AM/net.py": OTHER,
            "4712-99 - Ada Abe - Apr 30, 2024 800 AM/net.py": AFFINE,
        },
        [
            ("Ada Abe", "4712", 1, False, ["net.py"]), (BEN, "4711", 1, False, ["net.py"]),
            (BEN, "4711", 2, False, ["net.py"]),
        ],
    ),
    "CodeGrade": (
        {"471100 - Ben Müller/net.py": AFFINE, "471101 - Ada Abe (Ada)/net.py": AFFINE},
        [("Ada Abe (Ada)", "471101", 1, False, ["net.py"]), (BEN, "471100", 1, False, ["net.py"])],
    ),
    "Microsoft Teams": (
        {
            "Ben Müller/HW 1/Version 1/net.py": AFFINE,
            "Ben Müller/HW 1/Version 2/net.py": OTHER,
            "Ada Abe/HW 1/Version 1/net.py": AFFINE,
        },
        [
            ("Ada Abe", "", 1, False, ["net.py"]), (BEN, "", 1, False, ["net.py"]), (BEN, "", 2, False, ["net.py"]),
        ],
    ),
    "the downloads of two groups": (
        {
            "group 1.zip": zipped({"Ben Müller_12_assignsubmission_file_/net.py": AFFINE}),
            "group 2.zip": zipped({"x/Ada Abe_13_assignsubmission_file_/net.py": AFFINE}),
            "group 3/Cleo_14_assignsubmission_file_/net.py": AFFINE,
        },
        [
            ("Ada Abe", "13", 1, False, ["net.py"]), (BEN, "12", 1, False, ["net.py"]),
            ("Cleo", "14", 1, False, ["net.py"]),
        ],
    ),
    "Sakai": (
        {"HW 1/Müller, Ben(bm12)/Submission attachment(s)/net.py": AFFINE, "HW 1/Müller, Ben(bm12)/timestamp.txt": "2024",
         "HW 1/Abe, Ada(aa7)/Submission attachment(s)/net.py": AFFINE},
        [("Ada Abe", "aa7", 1, False, ["net.py"]), (BEN, "bm12", 1, False, ["net.py"])],
    ),
    "loose files": (
        {
            "anna.py": AFFINE, "anna.ipynb": book(RELU), "ben.py": AFFINE, "ben (1).py": OTHER,
            "Copy of cleo.ipynb": book(AFFINE), "dora - Kopie.py": AFFINE, "student-1.py": AFFINE, "student-2.py": AFFINE,
            "FINN.PY": AFFINE, "gina.py.txt": AFFINE, "hugo.txt": AFFINE, "README.md": "x", "marks.csv": "a,b",
        },
        [
            ("anna", "", 1, False, ["anna.ipynb", "anna.py"]), ("ben", "", 1, False, ["ben.py"]),
            ("ben", "", 2, False, ["ben.py"]), ("cleo", "", 1, False, ["cleo.ipynb"]), ("dora", "", 1, False, ["dora.py"]),
            ("FINN", "", 1, False, ["FINN.py"]), ("gina", "", 1, False, ["gina.py"]), ("hugo", "", 1, False, ["hugo.py"]),
            ("student-1", "", 1, False, ["student-1.py"]), ("student-2", "", 1, False, ["student-2.py"]),
        ],
    ),
    "attempts in folders": (
        {"Ben/attempt 1/net.py": AFFINE, "Ben/attempt 2/net.py": OTHER, "Ada/Versuch 1/net.py": AFFINE, "Ada/net.py": RELU},
        [
            ("Ada", "", 1, False, ["Versuch 1/net.py", "net.py"]), ("Ben", "", 1, False, ["net.py"]),
            ("Ben", "", 2, False, ["net.py"]),
        ],
    ),
    "a folder that was zipped and stands beside its zip": (
        {"Ben/net.py": AFFINE, "Ben.zip": zipped({"net.py": AFFINE}), "Ada/net.py": AFFINE, "Ada.zip": zipped({"net.py": OTHER})},
        [("Ada", "", 1, False, ["net.py"]), ("Ada", "", 2, False, ["net.py"]), ("Ben", "", 1, False, ["net.py"])],
    ),
    "a zip and what was in it, in one folder": (
        {"Ben/hw.zip": zipped({"hw/net.py": AFFINE, "hw/relu.py": RELU}), "Ben/hw/net.py": AFFINE, "Ada/net.py": AFFINE},
        [("Ada", "", 1, False, ["net.py"]), ("Ben", "", 1, False, ["hw.zip/hw/relu.py", "hw/net.py"])],
    ),
    "the class's folder in a folder of the same name": (
        {"class/anna.py": AFFINE, "class/ben.docx": b"PK\3\4"},
        [("anna", "", 1, False, ["anna.py"]), ("ben", "", 1, False, [])],
    ),
    "the class's folder in folders of other names": (
        {"submissions/hw2/Anna/net.py": AFFINE, "submissions/hw2/Ben/net.py": AFFINE},
        [("Anna", "", 1, False, ["net.py"]), ("Ben", "", 1, False, ["net.py"])],
    ),
    "one student's project": (
        {"Ben/src/net.py": AFFINE, "Ben/src/relu.py": RELU, "Ben/tests/test_net.py": AFFINE, "Ben/README.md": "#"},
        [("Ben", "", 1, False, ["net.py", "relu.py"])],
    ),
    "two students of one name": (
        {"Ben_12_assignsubmission_file_/net.py": AFFINE, "Ben_13_assignsubmission_file_/net.py": AFFINE},
        [("Ben (12)", "12", 1, False, ["net.py"]), ("Ben (13)", "13", 1, False, ["net.py"])],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PLATFORMS)
def test_what_platforms_deliver(name, tmp_path):
    """The same from the folder, from the platform's own zip, and from a tar of it."""
    files, expected = PLATFORMS[name]
    assert told(collect(write(tmp_path / "class", files))) == expected
    for archive, data in {"class.zip": zipped(files), "class.tar.gz": tarred(files, gzip.compress)}.items():
        (tmp_path / archive).write_bytes(data)
        assert told(collect(tmp_path / archive)) == expected, archive
    assert not any(one.failure for one in collect(tmp_path / "class") if one.sources)


def test_a_text_typed_into_moodle_is_no_file(tmp_path):
    write(
        tmp_path,
        {
            "Cleo_3_assignsubmission_onlinetext_/onlinetext.html": "<p>hi</p>",
            "Ben_4_assignsubmission_file_/n.py": AFFINE,
        },
    )
    cleo = collect(tmp_path)[1]
    assert (cleo.student, cleo.sources) == ("Cleo", ())
    assert "typed into the platform" in cleo.failure


def test_attempts_of_the_same_name_are_told_apart_by_time(tmp_path):
    """No right work is lost: the older is the first attempt, the newer the second."""
    write(tmp_path, {"Ada/net.py": AFFINE, "Ada.zip": zipped({"net.py": OTHER}), "Ben.py": RELU})
    os.utime(tmp_path / "Ada" / "net.py", (2_000_000_000, 2_000_000_000))
    first, second, _ = collect(tmp_path)
    assert [first.sources[0].text, second.sources[0].text] == [OTHER, AFFINE]
    assert [first.file, second.file] == ["Ada.zip/net.py", "Ada/net.py"]


def test_files_stand_newest_first(tmp_path):
    ada = ("old.py", "new.py", "net (1).py", "net.py")
    write(tmp_path, {f"Ada/{name}": AFFINE for name in ada} | {"Ben.py": AFFINE})
    for name, seconds in {"old.py": 1000, "new.py": 3000, "net (1).py": 2000, "net.py": 2000}.items():
        os.utime(tmp_path / "Ada" / name, (seconds, seconds))
    ada, _ = collect(tmp_path)
    assert [(s.name, s.changed) for s in ada.sources] == [
        ("new.py", 3000), ("net (1).py", 2000), ("net.py", 2000), ("old.py", 1000)
    ]  # fmt: skip


def test_dates_of_archives_are_read(tmp_path):
    info = zipfile.ZipInfo("net.py", (2024, 5, 1, 10, 0, 2))
    with zipfile.ZipFile(tmp_path / "ada.zip", "w") as file:
        file.writestr(info, AFFINE)
        file.writestr(zipfile.ZipInfo("undated.py", (1980, 0, 0, 0, 0, 0)), RELU)
    dated, undated = collect(tmp_path)[0].sources
    assert (dated.name, undated.name, undated.changed) == ("net.py", "undated.py", 0.0)
    assert 1_714_500_000 < dated.changed < 1_714_650_000  # the archive's own time zone is not known


def test_attempts_stand_in_the_order_of_their_times(tmp_path):
    """Brightspace's hours, of which 12 comes first; Blackboard's dates."""
    days = (
        "Dec 31, 2023 1159 PM",
        "May 1, 2024 1230 AM",
        "May 1, 2024 130 AM",
        "May 1, 2024 1230 PM",
        "May 1, 2024 130 PM",
        "May 11, 2024 100 AM",
    )
    times = ("2023-12-31-23-59-00", "2024-05-01-00-30-00", "2024-05-01-13-30-00", "2024-05-11-01-00-00")
    made = {f"4711-99 - Ben - {day}/net.py": f"n = {i}\n" for i, day in enumerate(days)}
    made |= {f"HW_ada_attempt_{time}_net.py": f"n = {i}\n" for i, time in enumerate(times)}
    write(tmp_path, dict(sorted(made.items(), reverse=True)))
    found = [(one.student, one.attempt, one.sources[0].text) for one in collect(tmp_path)]
    assert found == [
        *(("ada", i, f"n = {i - 1}\n") for i in range(1, 5)),
        *(("Ben", i, f"n = {i - 1}\n") for i in range(1, 7)),
    ]


@pytest.mark.parametrize(
    ("stem", "others", "expected"),
    [
        ("net (1)", (), ("net (1)", 0)), ("net (1)", {"net"}, ("net", 1)), ("net(2)", {"net"}, ("net", 2)),
        ("net-1", {"net"}, ("net", 1)), ("student-1", {"student-2"}, ("student-1", 0)), ("net_v2", {"net"}, ("net", 2)),
        ("Copy of net", (), ("net", 1)), ("Kopie von net", (), ("net", 1)), ("net - Kopie", (), ("net", 1)),
        ("net - Copy (3)", (), ("net", 3)), ("net copy", (), ("net", 1)), ("xerocopy", (), ("xerocopy", 0)),
    ],
)  # fmt: skip
def test_names_of_copies(stem, others, expected):
    assert names.copy_of(stem, set(others)) == expected


# --- what is left out, and what cannot be read -----------------------------------------------------------------

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
        ("net.tar.gz", gzip.compress(b"no tar"), "a damaged archive"),
        ("net.tgz", gzip.compress(b"\0" * 5000)[:20], "a damaged archive"),
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


# --- texts -----------------------------------------------------------------------------------------------------

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
        ("# 、二層\n".encode("shift_jis") + AFFINE.encode(), None, "not in UTF-8; read byte by byte"),
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


# --- archives ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("ben.zip", zipped({"net.py": AFFINE})),
        ("BEN.ZIP", zipped({"net.py": AFFINE})),
        ("ben.tar", tarred({"net.py": AFFINE})),
        ("ben.tar.gz", tarred({"net.py": AFFINE}, gzip.compress)),
        ("ben.tgz", tarred({"net.py": AFFINE}, gzip.compress)),
        ("ben.tar.bz2", tarred({"net.py": AFFINE}, bz2.compress)),
        ("ben.tar.xz", tarred({"net.py": AFFINE}, lzma.compress)),
        ("ben.zip", zipped({"a.zip": zipped({"b.tar.gz": tarred({"c/d/net.py": AFFINE}, gzip.compress)})})),
        ("ben.zip", zipped({"deep/er/and/deeper/net.py": AFFINE, "deep/report.pdf": b"%PDF"})),
    ],
)
def test_archives(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    before = contents(tmp_path)
    handin = collect_one(tmp_path / name)
    assert [(source.name, source.text) for source in handin.sources] == [("net.py", AFFINE)]
    assert (handin.student, handin.file) == (Path(name).name.split(".")[0], name)
    assert [(one.student, one.sources) for one in collect(tmp_path)] == [(handin.student, handin.sources)]
    assert contents(tmp_path) == before


def test_names_in_archives_of_other_systems(tmp_path):
    """UTF-8 that is not declared (macOS), code page 437 (Windows), backslashes, letters in two pieces."""
    data = zipped({"xxxxxxx.py": AFFINE}).replace(b"xxxxxxx.py", "Müllxx.py".encode())
    (tmp_path / "mac.zip").write_bytes(data)
    (tmp_path / "windows.zip").write_bytes(
        zipped({"xxxxxx.py": AFFINE}).replace(b"xxxxxx.py", b"M\x81ller.py")
    )
    (tmp_path / "slash.zip").write_bytes(zipped({"Übung\\teil 1\\net.py": AFFINE, "Übung\\a.py": RELU}))
    (tmp_path / "pieces.zip").write_bytes(zipped({"Mu\u0308ller.py": AFFINE}))
    found = {one.student: sorted(source.name for source in one.sources) for one in collect(tmp_path)}
    assert found == {
        "mac": ["Müllxx.py"], "windows": ["Müller.py"], "slash": ["a.py", "teil 1/net.py"], "pieces": ["Müller.py"]
    }  # fmt: skip


def test_a_locked_file_does_not_hide_the_others(tmp_path):
    data = bytearray(zipped({"locked.py": AFFINE, "open.py": RELU}))
    data[6] |= 1  # as an archiver marks a member with a password
    data[data.find(b"PK\1\2") + 8] |= 1
    (tmp_path / "ben.zip").write_bytes(bytes(data))
    handin = collect_one(tmp_path / "ben.zip")
    assert [source.name for source in handin.sources] == ["open.py"]
    assert handin.unread == ("locked.py: protected with a password; hand it in without one",)
    (tmp_path / "ben.zip").write_bytes(bytes(data).replace(b"locked.py", b"locked.md"))
    assert collect_one(tmp_path / "ben.zip").unread == ()


def test_a_damaged_file_does_not_hide_the_others(tmp_path):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.py", AFFINE)
        file.writestr("b.py", RELU)
    (tmp_path / "ben.zip").write_bytes(archive.getvalue().replace(b"x @ W.T", b"x * W.T"))
    handin = collect_one(tmp_path / "ben.zip")
    assert [source.name for source in handin.sources] == ["b.py"]
    assert handin.unread == (
        "a.py: a damaged archive; hand in a zip file that opens, or the files themselves",
    )


def test_an_archive_never_leads_out_of_its_folder(tmp_path):
    """Names that would escape are only names: nothing is written, whatever they say."""
    escaping = {
        "../../evil.py": AFFINE,
        "/etc/evil2.py": AFFINE,
        "C:\\Windows\\evil3.py": AFFINE,
        "a/./../b/evil4.py": AFFINE,
    }
    inner = tmp_path / "x" / "y"
    write(inner, {"ben.zip": zipped(escaping), "ada.tar": tarred(escaping)})
    before = contents(tmp_path)
    for one in collect(inner):
        assert sorted(Path(source.name).name for source in one.sources) == [
            "evil.py",
            "evil2.py",
            "evil3.py",
            "evil4.py",
        ]
        assert not any(source.name.startswith("/") or ".." in source.name for source in one.sources)
    assert contents(tmp_path) == before


def test_links_in_archives_are_not_followed(tmp_path):
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as file:
        for name, kind in (("a.py", tarfile.SYMTYPE), ("b.py", tarfile.LNKTYPE), ("c.py", tarfile.FIFOTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            file.addfile(member)
        member = tarfile.TarInfo("net.py")
        member.size = len(AFFINE)
        file.addfile(member, io.BytesIO(AFFINE.encode()))
    (tmp_path / "ben.tar").write_bytes(archive.getvalue())
    link = zipfile.ZipInfo("a.py")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "ada.zip", "w") as file:
        file.writestr(link, "/etc/passwd")
        file.writestr("net.py", AFFINE)
    ada, ben = collect(tmp_path)
    for one in (ada, ben):
        assert [source.name for source in one.sources] == ["net.py"]
    assert ada.unread == ("a.py: a link; the file itself has to be handed in",)
    assert [line.split(": ")[1][:6] for line in ben.unread] == ["a link", "a link", "a devi"]


def peak(work):
    """What it returns, and the most memory that it took, in megabytes."""
    tracemalloc.start()
    try:
        return work(), tracemalloc.get_traced_memory()[1] / MB
    finally:
        tracemalloc.stop()


def bomb(levels):
    """A zip in a zip in a zip; ten of each, so that one side of the tree alone has 10 ** levels files."""
    data = zipped({f"{i}.py": b"#" * 900_000 for i in range(10)})
    for _ in range(levels):
        data = zipped({f"{i}.zip": data for i in range(10)})
    return data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (lambda: bomb(3), "more code than one person writes"),
        (lambda: zipped({f"{i}.py": b"" for i in range(10_010)}), "more than 10,000 files"),
        (lambda: zipped({"huge.py": b"#" * 80_000_000}), "expected at most 4 MB"),
        (lambda: zipped({"huge.ipynb": b"#" * 80_000_000}), "expected at most 50 MB"),
        (lambda: zipped({f"{i}.ipynb": b" " * 45_000_000 for i in range(7)}), "more than 300 MB unpacked"),
    ],
    ids=["zips in zips", "many files", "a huge file", "a huge notebook", "huge notebooks"],
)  # fmt: skip
def test_bombs_in_zips(tmp_path, data, words):
    write(tmp_path, {"ben.zip": data(), "ada.py": AFFINE})
    ada, ben = collect(tmp_path)
    assert words in " ".join([ben.failure or "", *ben.unread])
    assert [source.text for source in ada.sources] == [AFFINE]


def test_huge_files_take_no_memory(tmp_path):
    """Only what may be read is unpacked, and not more of it than may be read."""
    write(
        tmp_path,
        {
            "ben.zip": zipped(
                {"a.ipynb": b"#" * 80_000_000, "b.py": b"#" * 80_000_000, "c.bin": b"#" * 80_000_000}
            )
        },
    )
    (ben,), megabytes = peak(lambda: collect(tmp_path))
    assert ben.failure
    assert megabytes < 5


def test_an_environment_in_an_archive_does_not_count(tmp_path):
    """People pack their environment with their work; it is left out, however large."""
    files = {f"hw/venv/lib/site-packages/{i}.py": "" for i in range(10_010)} | {"hw/net.py": AFFINE}
    (tmp_path / "ben.zip").write_bytes(zipped(files))
    handin = collect_one(tmp_path / "ben.zip")
    assert ([source.name for source in handin.sources], handin.unread) == (["net.py"], ())


def test_a_zip_that_holds_itself_ends(tmp_path):
    data = zipped({"net.py": AFFINE})
    for level in range(12):
        data = zipped({"again.zip": data, f"level{level}.py": RELU})
    (tmp_path / "ben.zip").write_bytes(data)
    handin = collect_one(tmp_path / "ben.zip")
    assert len(handin.sources) == 6
    assert any("archives within each other" in line for line in handin.unread)


def test_sizes_that_lie(tmp_path):
    """A member that says it is small and is large, and one that says it is large and is small."""
    data = zipped({"net.py": b"#" * 3_000_000})
    real = (3_000_000).to_bytes(4, "little")
    (tmp_path / "small.zip").write_bytes(data.replace(real, (100).to_bytes(4, "little")))
    (tmp_path / "large.zip").write_bytes(
        zipped({"net.py": AFFINE}).replace(len(AFFINE).to_bytes(4, "little"), b"\xff\xff\xff\x7f")
    )
    found, megabytes = peak(lambda: collect(tmp_path))
    assert all(one.failure for one in found)
    assert megabytes < 10


def test_bombs_in_tars(tmp_path):
    """Much that nobody wants, a header that takes the memory, and endless zeros."""
    header = tarfile.TarInfo("facts")
    facts = b"".join(b"%d k%07d=%s\n" % (100, i, b"x" * 87) for i in range(250_000))
    header.type, header.size = tarfile.XGLTYPE, len(facts)
    headers = header.tobuf() + facts + b"\0" * (-len(facts) % 512) + tarred({"net.py": AFFINE})
    write(
        tmp_path,
        {
            "headers.tar.gz": gzip.compress(headers, 1),
            "zeros.tgz": gzip.compress(b"\0" * 400 * MB, 1),
            "data.tgz": tarred({"data.bin": b"\0" * 320 * MB, "net.py": AFFINE}, lambda data: gzip.compress(data, 1)),
        },
    )  # fmt: skip
    found, megabytes = peak(lambda: {one.student: one for one in collect(tmp_path)})
    assert "more than 300 MB" in found["data"].failure
    assert "damaged" in found["headers"].failure
    assert found["zeros"].failure
    assert megabytes < 60


def test_a_long_directory_is_not_read():
    """The directory of a zip is as long as its end says: it is asked before memory is taken."""
    end = b"PK\5\6" + b"\0" * 8 + (60 * MB).to_bytes(4, "little") + b"\0" * 6
    with pytest.raises(TooMuchError, match="more than 100 files"):
        list(members(io.BytesIO(b"\0" * 60 * MB + end), "x.zip", Budget(headers=100)))


# --- folders -----------------------------------------------------------------------------------------------------


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


# --- the commands ----------------------------------------------------------------------------------------------------


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
