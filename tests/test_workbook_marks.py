"""Points by a scheme, the table of marks as CSV, and marking only what has changed."""

import csv
import io
import json
import os
import signal
import stat
import subprocess
import sys
from datetime import datetime

import numpy as np
import pytest

from handgrad.errors import DataError
from handgrad.workbook.checks.verdict import LATE, NOT_DONE, NOT_RUN, UNREADABLE, Entry, Verdict
from handgrad.workbook.desk.remote import Limits
from handgrad.workbook.desk.submission import Source
from handgrad.workbook.desk.walls import Level, best
from handgrad.workbook.marking import grade, marks, records, scheme
from handgrad.workbook.marking.class_table import Result, Results, what_is_wrong
from handgrad.workbook.marking.handin import HandIn
from handgrad.workbook.marking.records import Records
from handgrad.workbook.marking.scheme import SHARE, Scheme
from handgrad.workbook.marking.stopping import Stop

HEAD = "import numpy as np\n\n\n"
FORWARD = HEAD + "def affine_forward(x, W, b):\n    return x @ W.T + b, (x, W)\n"
MINUS = FORWARD.replace("+ b", "- b")  # mistake 36
RELU = "\n\ndef relu_forward(x):\n    return np.maximum(x, 0), x\n"


def result(*verdicts, student="Anna", **more):
    return Result(student, f"{student}.py", tuple(verdicts), more.pop("failure", None), 1.0, **more)


RIGHT, WRONG = Verdict("affine_forward", True), Verdict("relu_forward", False, "no", mistake=19)


# --- points ------------------------------------------------------------------------------------------------------


def test_points_are_a_share_unless_a_scheme_says_more():
    verdicts = (RIGHT, WRONG, Verdict("l2_loss", True))
    assert result(*verdicts).points == 67
    points = Scheme({"affine_forward": 1, "relu_forward": 2, "l2_loss": 0.5})
    assert (result(*verdicts, scheme=points).points, points.full) == (1.5, 3.5)
    late = Scheme({"affine_forward": 1, "l2_loss": 2}, loses=20)
    assert result(*verdicts, scheme=late).points == 3
    assert result(*verdicts, scheme=late, late=True).points == 2.4
    assert result(scheme=points, failure="no").points == result(failure="no").points == 0


def test_options_and_a_file_say_the_same(tmp_path):
    words = scheme.of_words(["relu_forward=2,affine_forward", "l2_loss=0.5"])
    path = tmp_path / "scheme.toml"
    path.write_text("[points]\nrelu_forward = 2\nl2_loss = 0.5\naffine_forward = 1\n")
    assert scheme.read(path) == words
    assert words.exercises == ("affine_forward", "relu_forward", "l2_loss")  # by chapter
    assert str(words) == "affine_forward 1, relu_forward 2, l2_loss 0.5"


def test_a_deadline_with_and_without_the_time(tmp_path):
    path = tmp_path / "scheme.toml"
    path.write_text("[points]\nrelu_forward = 2\n[late]\ndeadline = 2026-11-30\nloses = 10\n")
    read = scheme.read(path)
    assert (read.deadline, read.loses) == (datetime(2026, 11, 30, 23, 59, 59), 10)
    at = read.deadline.timestamp()
    assert [read.is_late([0, t]) for t in (at - 1, at + 1)] == [False, True]
    assert not read.is_late([0.0])  # the time is not known
    path.write_text("[points]\nrelu_forward = 2\n[late]\ndeadline = 2026-11-30T12:00:00+01:00\n")
    assert scheme.read(path).deadline.timestamp() == 1796036400


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[points]\naffine_foward = 1\n", "got 'affine_foward'; did you mean 'affine_forward'?"),
        ("[points]\nzebra = 1\n", "got 'zebra'; the exercises are mean_images, "),
        ("[points]\nl2_loss = -1\n", "expected 0 points or more for l2_loss; got -1"),
        ("[points]\nl2_loss = true\n", "expected a number of points for l2_loss; got True"),
        ("[points]\nl2_loss = nan\n", "expected a number of points for l2_loss; got nan"),
        ("[points]\nl2_loss = '2'\n", "expected a number of points for l2_loss; got '2'"),
        ("[points]\nl2_loss = 0\n", "expected points for at least one exercise; all have 0"),
        ("[late]\nloses = 1\n", "expected a table [points] with the exercises that count; got none"),
        ("points = 3\n", "expected a table [points]; got 3"),
        ("l2_loss = 3\n", "expected tables points and late; got 'l2_loss'"),
        ("[points]\nl2_loss = 1\n[late]\nloses = 101\n", "expected 0 to 100 percent"),
        ("[points]\nl2_loss = 1\n[late]\ndeadline = 'soon'\n", "expected a date and time as the deadline"),
        (
            "[points]\nl2_loss = 1\n[late]\npenalty = 1\n",
            "expected keys in [late] deadline and loses; got 'penalty'",
        ),
        ("[points\n", "cannot be read as TOML: "),
        ("#" * 200_000, "expected at most 100 kB"),
        ("x = " + "[" * 5000, "cannot be read as TOML"),
    ],
)
def test_a_scheme_that_makes_no_sense_is_one_line(run, tmp_path, text, said):
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "Anna.py").write_text(FORWARD)
    (tmp_path / "scheme.toml").write_text(text)
    code, out, err = run("workbook", "grade", tmp_path / "class", "--scheme", tmp_path / "scheme.toml")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert said in err
    assert "scheme.toml: " in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("affine_foward", "did you mean 'affine_forward'?"), ("l2_loss=x", "for l2_loss; got 'x'"), ("", "got ''"),
        ("l2_loss=", "for l2_loss; got ''"), ("l2_loss,l2_loss=2", "got 'l2_loss' two times"),
        ("l2_loss=inf", "expected a number of points for l2_loss; got inf"),
    ],
)  # fmt: skip
def test_options_that_make_no_sense(words, said):
    with pytest.raises(DataError) as error:
        scheme.of_words([words])
    assert said in str(error.value)


def test_only_the_exercises_that_count_are_asked_for(run, tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "Anna.py").write_text(FORWARD + RELU)
    (folder / "Ben.py").write_text(MINUS + RELU)
    words = ("workbook", "grade", folder, "--exercises", "relu_forward=3", "--exercises", "affine_forward")
    code, out, err = run(*words, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert [(one["points"], one["full_points"], one["of"]) for one in told["submissions"]] == [
        (4, 4, 2),
        (3, 4, 2),
    ]
    assert told["points"] == "affine_forward 1, relu_forward 3"
    code, out, _ = run(*words, "--out", tmp_path / "m.csv")
    assert "points, of 4: affine_forward 1, relu_forward 3" in out
    rows = list(csv.DictReader(io.StringIO((tmp_path / "m.csv").read_text("utf-8-sig"))))
    assert [(row["points"], row["full_points"]) for row in rows] == [("4", "4"), ("3", "4")]
    assert rows[0]["points_from"] == "affine_forward 1, relu_forward 3"
    assert run(*words, "--scheme", tmp_path / "m.csv")[0] == 2


# --- states ------------------------------------------------------------------------------------------------------


def test_each_state_has_its_word_in_every_output():
    states = {"relu_forward": NOT_DONE, "l2_loss": UNREADABLE, "TwoLayerNet": NOT_RUN, "train_model": LATE}
    verdicts = [RIGHT, *(Verdict(name, False, f"why {name}", state=state) for name, state in states.items())]
    one = result(*verdicts)
    assert one.marked == "in part"
    assert [e["state"] for e in one.to_dict()["exercises"]] == ["right", *states.values()]
    (row,) = csv.DictReader(io.StringIO(marks.table(Results((one,))).decode("utf-8-sig")))
    assert {name: row[name] for name in states} == states
    said = what_is_wrong(verdicts)
    for name, state in states.items():
        assert f"{state}: {name}" in said
    nothing = [Verdict(name, False, "net.py: cannot be read", state=UNREADABLE) for name in states]
    assert result(*nothing).marked == "no"
    assert what_is_wrong(nothing) == "could not be read: net.py: cannot be read"
    assert what_is_wrong(nothing[:1]) == "could not be read: net.py: cannot be read"


def test_the_last_line_says_who_could_not_be_marked():
    unread = Verdict("relu_forward", False, "line 3", state=UNREADABLE)
    results = Results(
        (result(RIGHT), result(RIGHT, unread, student="Ben"), result(unread, student="Cleo", attempt=2),
         result(failure="no file", student="Dora"))
    )  # fmt: skip
    assert results.unmarked() == (
        "2 of 4 submissions could not be marked: Cleo (attempt 2), Dora; "
        "1 of 4 submissions could be marked only in part: Ben"
    )
    assert Results((result(RIGHT),)).unmarked() == ""
    assert results.to_dict()["counts"] == {"submissions": 4, "not_marked": 2, "in_part": 1}


# --- the table of marks --------------------------------------------------------------------------------------------


def test_the_columns_of_old_stand_where_they_stood():
    table = marks.table(Results((result(RIGHT, WRONG, id="4711", attempt=2, late=True, notes=("a", "b")),)))
    assert table.startswith(
        b"\xef\xbb\xbfstudent,file,passed,of,points,seconds,failure,affine_forward,relu_forward,"
    )
    (row,) = csv.DictReader(io.StringIO(table.decode("utf-8-sig")))
    assert (row["affine_forward"], row["relu_forward"]) == ("passed", "mistake 19")
    assert (row["id"], row["attempt"], row["late"], row["notes"]) == ("4711", "2", "late", "a; b")


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", " =", "\uff1d"])
def test_no_cell_begins_as_a_formula(begin):
    name = f"{begin}1+1"
    one = result(RIGHT, student=name, failure=name, notes=(name,), flags=(name,), id=name)
    (row,) = csv.DictReader(io.StringIO(marks.table(Results((one,))).decode("utf-8-sig")))
    for column in ("student", "file", "failure", "notes", "flags", "id"):
        assert row[column].startswith("'"), column
        assert row[column].isprintable()


def test_a_line_feed_in_a_name_makes_no_line():
    table = marks.table(Results((result(RIGHT, student='a\nb"c,\x1b[31m'),))).decode("utf-8-sig")
    assert table.count("\n") == 2
    assert next(csv.DictReader(io.StringIO(table)))["student"] == r'a\x0ab"c,\x1b[31m'


@pytest.mark.parametrize("command", ["grade", "check", "check --local", "grade --json"])
def test_names_that_the_output_cannot_show_end_nothing(tmp_path, command):
    """As on Windows, where a redirected output knows the letters of one code page."""
    name = "\u0141ukasz \u2713"
    folder = tmp_path / "class"
    folder.mkdir()
    text = f"print({name!r})\ndef affine_forward(x, W, b):\n    raise ValueError({name!r})\n"
    (folder / f"{name}.py").write_text(text, "utf-8")
    verb, *more = command.split()
    words = [folder] if verb == "grade" else [folder / f"{name}.py", "affine_forward"]
    done = subprocess.run(
        [sys.executable, "-m", "handgrad", "workbook", verb, *words, *more],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "cp1252", "XDG_CACHE_HOME": str(tmp_path)},
    )
    assert done.returncode == (0 if verb == "grade" else 1)
    assert rb"\u0141ukasz \u2713" in done.stdout
    assert b"Traceback" not in done.stderr


# --- marking again -------------------------------------------------------------------------------------------------


@pytest.fixture
def marked(tmp_path, monkeypatch):
    """marked(*files, **more): grade them with records in tmp_path/kept -> results, how many ran."""
    ran = []
    real = grade.verdicts
    monkeypatch.setattr(grade, "verdicts", lambda *given: ran.append(1) or real(*given))

    def marked(files, **more):
        folder = tmp_path / "class"
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        for name, text in files.items():
            (folder / name).write_text(text)
            os.utime(folder / name, (1e9, 1e9))
        ran.clear()
        given = grade.collect(folder)
        more = {"limits": Limits(), "records": tmp_path / "kept"} | more
        return grade.mark(given, folder, **more).results, len(ran)

    return marked


def test_only_what_has_changed_is_marked_anew(marked):
    files = {"Anna.py": FORWARD, "Ben.py": MINUS}
    first, ran = marked(files)
    assert (ran, [one.marked_before for one in first]) == (2, [False, False])
    again, ran = marked(files)
    assert (ran, [one.marked_before for one in again]) == (0, [True, True])
    assert [one.verdicts for one in again] == [one.verdicts for one in first]
    again, ran = marked(files | {"Ben.py": FORWARD + RELU})
    assert (ran, [one.passed for one in again]) == (1, [1, 2])
    assert marked(files, fresh=True)[1] == 2
    assert marked(files, records=None)[1] == 2


def test_what_the_marks_depend_on_is_in_the_key(marked, monkeypatch):
    files = {"Anna.py": FORWARD}
    assert marked(files)[1] == 1
    assert marked({"Ben.py": FORWARD})[1] == 1  # its messages name the file
    assert marked(files, limits=Limits(total=30))[1] == 1
    assert marked(files, level=Level(lacks="this test wants none"))[1] == (1 if best().walls else 0)
    assert marked(files, scheme=Scheme({"affine_forward": 1}))[1] == 1
    assert marked(files)[1] == 0
    monkeypatch.setattr(records, "made_with", lambda: "other code, another Python, other packages")
    assert marked(files)[1] == 1


def test_a_signal_keeps_what_is_marked_and_marking_goes_on_from_there(marked, tmp_path):
    sleeping = FORWARD.replace("return", "import time; time.sleep(1000); return")
    files = {"Anna.py": FORWARD, "Ben.py": sleeping, "Cleo.py": MINUS}
    stop = Stop()

    def seen(number, result):
        stop.hear(signal.SIGTERM)

    results, _ = marked(files, stop=stop, seen=seen, workers=2, limits=Limits(call=60))
    done = [one.student for one in results if one.marked == "yes"]
    assert done in (["Anna"], ["Anna", "Cleo"])  # Ben's process is ended, with or without Cleo's
    assert {one.failure for one in results} == {None, "not marked yet: the marking was stopped"}
    assert str(stop) == "stopped by SIGTERM"
    again, _ = marked(files | {"Ben.py": FORWARD + RELU}, limits=Limits(call=60))
    assert again[0].marked_before
    assert [one.passed for one in again] == [1, 2, 0]


def test_what_a_stop_ended_is_not_kept_as_wrong(marked, tmp_path):
    sleeping = FORWARD.replace("return", "import time; time.sleep(1000); return")
    stop, limits, files = Stop(), Limits(call=60), {"Anna.py": FORWARD, "Ben.py": sleeping}
    marked(files, stop=stop, seen=lambda *_: stop.hear(signal.SIGTERM), workers=2, limits=limits)
    kept = Records(tmp_path / "kept", limits, level=best().name)
    anna, ben = (one.sources for one in grade.collect(tmp_path / "class"))
    assert kept.find(anna)[0].passed
    assert kept.find(ben) is None


@pytest.mark.parametrize("killed", [True, False])
def test_where_a_checker_was_killed_is_marked_last(marked, tmp_path, monkeypatch, killed):
    """Else a submission that kills the checker would do so before the others are marked, each time."""
    files = {"Anna.py": FORWARD, "Ben.py": MINUS, "Cleo.py": FORWARD + RELU}
    kept = Records(tmp_path / "kept", Limits(), level=best().name)
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "Anna.py").write_text(FORWARD)
    os.utime(tmp_path / "class" / "Anna.py", (1e9, 1e9))
    (anna,) = grade.collect(tmp_path / "class")
    kept.begin(anna.sources)
    if not killed:
        kept.end(anna.sources)
    order, real = [], grade.verdicts
    monkeypatch.setattr(grade, "verdicts", lambda *given: order.append(given[1][0].name) or real(*given))
    marked(files, workers=1)
    assert order == (["Ben.py", "Cleo.py", "Anna.py"] if killed else ["Anna.py", "Ben.py", "Cleo.py"])
    assert not kept.was_begun(anna.sources)


def test_a_signal_before_the_first_mark_is_heard(marked):
    stop = Stop()
    stop.hear(signal.SIGTERM)
    results, _ = marked({"Anna.py": FORWARD}, stop=stop)
    assert results[0].failure == "not marked yet: the marking was stopped"


def test_the_table_grows_while_marks_come(tmp_path, monkeypatch):
    given = [HandIn("Anna", "Anna.py"), HandIn("Ben", "Ben.py", id="7")]
    path = tmp_path / "marks.csv"
    table = marks.Growing(str(path), given, SHARE)
    assert not path.exists()  # nothing is known yet, and older marks are not overwritten with that

    def failures():
        return [row["failure"] for row in csv.DictReader(path.read_text("utf-8-sig").splitlines())]

    table.add(1, result(RIGHT, student="Ben"))
    assert failures() == ["not marked yet", ""]
    monkeypatch.setattr(marks, "EVERY", 1e9)
    table.add(0, result(RIGHT))
    assert failures() == ["not marked yet", ""]  # too soon after the last writing
    monkeypatch.setattr(marks, "EVERY", 0.0)
    table.add(0, result(RIGHT))
    assert failures() == ["", ""]
    path.write_text("somebody else's")
    table.add(0, result(RIGHT))  # the last writing says so, not this one
    assert path.read_text() == "somebody else's"


def test_the_code_and_the_packages_are_in_the_key(tmp_path, monkeypatch):
    made = records.made_with.__wrapped__
    before = made()
    assert made() == before
    (tmp_path / "numpy-99.dist-info").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "path", [*sys.path, str(tmp_path)])
        assert made() != before
    with monkeypatch.context() as patch:
        (tmp_path / "handgrad").mkdir()
        (tmp_path / "handgrad" / "__init__.py").write_text("")
        patch.setattr(records.handgrad, "__file__", str(tmp_path / "handgrad" / "__init__.py"))
        one = made()
        (tmp_path / "handgrad" / "__init__.py").write_text("# changed")
        assert before != one != made()


def test_a_record_holds_no_name_and_nothing_to_run(marked, tmp_path):
    marked(
        {
            "Magdalena.py": "def (:\n",
            "Theodor.ipynb": json.dumps({"cells": [{"cell_type": "code", "source": MINUS}]}),
        }
    )
    kept = list((tmp_path / "kept").iterdir())
    assert len(kept) == 4  # verdicts, and what else is read of the text
    for path in kept:
        text = path.read_text()
        assert "Magdalena" not in text + path.name
        assert "Theodor" not in text + path.name
        json.loads(text[records.CHECKSUM :])
        assert stat.S_ISREG(path.lstat().st_mode)
    again, ran = marked({"Magdalena.py": "def (:\n"})
    assert ran == 0
    assert "Magdalena.py" in again[0].verdicts[0].message


@pytest.mark.parametrize(
    "harm", ["cut", "other bytes", "foreign", "a folder", "a pipe", "a link", "unreadable JSON"]
)
def test_a_record_that_is_not_ours_is_ignored(marked, tmp_path, harm):
    files = {"Anna.py": MINUS}
    first, _ = marked(files)
    for path in (tmp_path / "kept").iterdir():
        text = path.read_text()
        path.unlink()
        if harm == "cut":
            path.write_text(text[:-10])
        elif harm == "other bytes":
            path.write_text(text.replace("false", "true"))
        elif harm == "foreign":
            other = text[records.CHECKSUM :].replace(path.stem, "0" * 32)
            path.write_text(records._hash(other) + other)
        elif harm == "unreadable JSON":
            other = text[records.CHECKSUM :].replace("36", '"x"').replace("null", "{}")
            path.write_text(records._hash(other) + other)
        elif harm == "a folder":
            path.mkdir()
        elif harm == "a pipe":
            os.mkfifo(path)
        else:
            (tmp_path / "elsewhere").write_text(text)
            path.symlink_to(tmp_path / "elsewhere")
    again, ran = marked(files)
    assert ran == 1
    assert [one.verdicts for one in again] == [one.verdicts for one in first]


def test_what_could_not_be_run_here_is_marked_anew_when_it_can(tmp_path, monkeypatch):
    """A module that was missing has come, be it a package or a file."""
    sources = [Source("net.py", f"import a_module_of_mine\n{FORWARD}")]
    kept = Records(tmp_path / "kept", Limits())
    verdicts = [
        Verdict("relu_forward", False, "needs it", state=NOT_RUN),
        Verdict("l2_loss", False, "5 s", state=LATE),
    ]
    kept.keep(sources, verdicts)
    assert kept.find(sources) == verdicts
    (tmp_path / "a_module_of_mine.py").write_text("raise SystemExit")
    monkeypatch.syspath_prepend(tmp_path)
    records._is_here.cache_clear()
    assert kept.find(sources) is None
    records._is_here.cache_clear()


def test_a_verdict_comes_back_whole(tmp_path):
    want, got = np.array([[0.5, -1.5]]), np.array([[np.nan, np.inf]])
    entry = Entry((0, 1), None, -1.5, "dx", "1 - 2.5 of net.py")
    verdict = Verdict(
        "affine_backward", False, "net.py, line 3: no", mistake=7, entry=entry, remarks=("slow", "net is so"),
        pictures=(("dx", want, got), ("dW", np.zeros((90, 90)), np.zeros((90, 90)))),
    )  # fmt: skip
    sources = [Source("net.py", FORWARD, 3.0)]
    kept = Records(tmp_path, Limits())
    kept.keep(sources, [verdict])
    (back,) = kept.find([Source("net.py", FORWARD, 9.0)])  # touched, and still the only file
    assert back == verdict
    assert (back.entry, back.remarks) == (entry, verdict.remarks)
    ((of, right, yours),) = back.pictures  # the other one is too large to be drawn
    assert of == "dx"
    assert np.array_equal(right, want)
    assert np.array_equal(yours, got, equal_nan=True)


def test_a_cache_that_cannot_be_written_stops_nothing(marked, tmp_path):
    (tmp_path / "kept").write_text("in the way")
    for _ in range(2):
        results, ran = marked({"Anna.py": FORWARD})
        assert (ran, results[0].passed) == (1, 1)


def test_the_command_keeps_marks_in_the_cache_and_nothing_at_home(tmp_path):
    for name in ("home", "cache", "class"):
        (tmp_path / name).mkdir()
    (tmp_path / "class" / "Magdalena.py").write_text(FORWARD)
    environment = {**os.environ, "HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    said = []
    for more in ((), (), ("--fresh",)):
        command = [sys.executable, "-m", "handgrad", "workbook", "grade", tmp_path / "class", "--json", *more]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
        said.append((json.loads(done.stdout)["submissions"][0]["marked_before"], done.stderr))
    assert [before for before, _ in said] == [False, True, False]
    assert "1 of 1 " in said[1][1]
    assert list((tmp_path / "home").iterdir()) == []
    folders = {
        path.parent.relative_to(tmp_path / "cache").as_posix()
        for path in (tmp_path / "cache").rglob("*.json")
    }
    assert folders == {"handgrad/marked"}


def test_a_learners_code_cannot_read_what_is_kept(marked, tmp_path):
    """Nor the hand-ins of others: what it finds there would stand in its message."""
    marked({"Anna.py": FORWARD})
    (kept, *_) = (tmp_path / "kept").iterdir()
    text = f"def affine_forward(x, W, b):\n    raise ValueError(open({str(kept)!r}).read())\n"
    results, _ = marked({"Ben.py": text})
    assert "reading what belongs to others is not allowed" in results[0].verdicts[0].message


def test_memory_stays_flat(tmp_path, marked):
    """A result keeps no pictures, once it was seen; the next hand-in's desk is made when it is marked."""
    seen = []
    files = {f"s{n}.py": f"{MINUS}# {n}\n" for n in range(4)}
    results, _ = marked(files, seen=lambda n, one: seen.append((n, one)), workers=2)
    assert sorted(n for n, _ in seen) == [0, 1, 2, 3]
    assert all(one.verdicts[0].pictures for _, one in seen)
    assert not any(verdict.pictures for one in results for verdict in one.verdicts)


def test_the_scheme_of_nothing_is_a_share():
    assert str(SHARE) == "share of the exercises that are right, of 100"
