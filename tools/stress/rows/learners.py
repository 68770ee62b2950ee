"""Learners' code: hostile submissions between an honest one and a mistaken one, marked by the command of a teacher."""

import contextlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from throwing import part, spread

import test_workbook_grade as classes

from .runs import handgrad

LEVELS = ("walls", "limits")  # the best that the system offers, and what there is where it offers none


def hostile():
    """Each hostile submission at each level, in turn as a file and as a notebook: (name, text, level, form)."""
    for i, path in enumerate(classes.HOSTILE):
        for j, level in enumerate(LEVELS):
            yield path.stem, classes.whole(path.read_text()), level, ("file", "notebook")[(i + j) % 2]


def notebook(text):
    """A notebook with the text as its only cell."""
    return nbformat.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text)]))


def shared_memory():
    """What is in /dev/shm though no process has it open, and what the system lists of older kinds."""
    found = {str(path) for path in Path("/dev/shm").rglob("*")} if os.path.isdir("/dev/shm") else set()
    for maps in Path("/proc").glob("[0-9]*/maps") if found else ():
        with contextlib.suppress(OSError):
            found -= {line.split()[-1] for line in maps.read_text().splitlines() if "/dev/shm/" in line}
    found = {name for name in found if "joblib" not in name and "loky" not in name}  # of other programs
    for kind in ("shm", "sem", "msg"):
        path = Path("/proc/sysvipc") / kind
        if path.exists():
            found |= {f"{kind} {' '.join(line.split()[:2])}" for line in path.read_text().splitlines()[1:]}
    return found


def processes(folder):
    """Processes that have this folder for temporary files in their environment."""
    name, found = f"TMPDIR={folder}".encode(), set()
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if name in environment.read_bytes().split(b"\0"):
                found.add(
                    environment.with_name("cmdline")
                    .read_bytes()
                    .replace(b"\0", b" ")
                    .decode(errors="replace")
                )
        except OSError:
            continue
    return found


@part("learners", "hostile submissions", lambda: len(LEVELS) * len(classes.HOSTILE), 4, seconds=60)
def submissions(folder):
    """None passes; the honest one is right, the mistaken one is named; no process, file or shared memory is left."""
    kinds = list(hostile())

    def one(i, rng):
        name, text, level, form = kinds[spread(i, len(kinds))]
        place = Path(tempfile.mkdtemp(dir=folder))  # the hostile ones look for a folder called class
        group, own, home = place / "class", place / "tmp", place / "home"
        for path in (group, own, home):
            path.mkdir()
        if form == "file":
            (group / f"{name}.py").write_text(text)
        else:
            (group / f"{name}.ipynb").write_text(notebook(text))
        (group / "right.py").write_text(classes.RIGHT)
        (group / "mistaken.py").write_text(classes.MISTAKEN)
        before, shared, package = classes.contents(group), shared_memory(), classes.package()
        environment = os.environ | {"HOME": str(home), "TMPDIR": str(own)}
        if level == "limits":
            environment["PATH"] = str(Path(sys.executable).parent)  # where no bubblewrap is
        done = handgrad("workbook", "grade", group, "--json", "--fresh", "--quiet", "--seconds", 6, "--memory", 600,
                        "--workers", 1, patience=600, env=environment)  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode in (0, 1), f"the checker ended with {done.returncode}: {done.stderr}"
        document = json.loads(done.stdout)
        assert level == "walls" or document.get("level", level) == "limits", "the walls were not taken away"
        marks = {one["student"]: one for one in document["submissions"]}
        assert set(marks) == {name, "right", "mistaken"}
        right, wrong = marks["right"], marks["mistaken"]
        assert right["passed"] == right["of"], f"the honest one has {right['passed']} of {right['of']}"
        assert wrong["passed"] == wrong["of"] - 1, f"the mistaken one has {wrong['passed']} of {wrong['of']}"
        assert marks[name]["passed"] < max(1, marks[name]["of"]), "the hostile one has passed"
        assert not (left := processes(own)), f"processes are left: {left}"
        assert classes.contents(group) == before, "the hand-ins have changed"
        assert not list(own.iterdir()), f"files are left: {list(own.iterdir())}"
        assert not list(home.iterdir()), f"files are left at home: {list(home.iterdir())}"
        assert classes.package() == package, "the package has changed"
        until = time.monotonic() + 60  # other programs make and remove theirs meanwhile
        while (more := shared_memory() - shared) and time.monotonic() < until:
            time.sleep(1)
        assert not more, f"shared memory is left: {more}"

    yield one
