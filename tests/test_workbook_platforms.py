"""What learning platforms deliver: whose a file is, which attempt, and whether it is late."""

import gzip
import os
import zipfile

import pytest

from handed_in import AFFINE, OTHER, RELU, book, tarred, told, write, zipped
from handgrad.workbook.marking import names
from handgrad.workbook.marking.collecting import collect

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
