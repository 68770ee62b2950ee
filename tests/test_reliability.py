"""The catalogue (docs/reliability.md) names what is there; its program finds faults; cells that no other test covers."""

import ast
import functools
import json
import os
import pickle
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from handgrad import digits, model_file, pretrained
from handgrad.errors import ModelFileError
from handgrad.photos import read

import house

PAGE = house.ROOT / "docs" / "reliability.md"
STRESS = house.ROOT / "tools" / "stress"
ROW = re.compile(r"^\| (.*?) \| (.*?) \| (.*?) \| (.*?) \| ?(.*?) ?\|$", re.M)
AREAS = {
    "data files", "download", "model files", "pictures", "numerics", "backends", "determinism", "interruption",
    "concurrency", "distributed", "the page's server", "process models", "other people's files", "terminals",
    "the cache of machine code", "learners' code", "installation",
}  # fmt: skip


@functools.cache
def functions_of(name):
    """The test functions of a file in this folder."""
    path = house.ROOT / "tests" / name
    return (
        {node.name for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)}
        if path.exists()
        else set()
    )


def named(text):
    """What the table names: rows with an area, tests and rows of the stress program."""
    return [(area, re.findall(r"`(test_\w+\.py)::(\w+)`", tests), re.findall(r"`([^`]+)`", rows))
            for area, _, _, tests, rows in ROW.findall(text)[1:]]  # fmt: skip


def faults(text, parts):
    """What the table names that is not there, and what it does not name."""
    table, seen = named(text), set()
    for area, tests, rows in table:
        if not tests:
            yield f"{area}: no test"
        yield from (f"{area}: no {file}::{name}" for file, name in tests if name not in functions_of(file))
        yield from (f"{area}: no row {row}" for row in rows if row not in parts)
        seen |= set(rows)
    yield from (f"{part} is not in the table" for part in sorted(parts - seen))
    yield from (f"{area} is not in the table" for area in sorted(AREAS - {area for area, _, _ in table}))


def stress(*words, **more):
    return subprocess.run(
        [sys.executable, STRESS, *words], capture_output=True, text=True, timeout=250, **more
    )


@pytest.fixture(scope="module")
def parts():
    """The parts of the program, as its modules enter them."""
    text = "".join(path.read_text("utf-8") for path in (STRESS / "rows").glob("*.py"))
    found = {f"{row}: {what}" for row, what in re.findall(r'^@part\(\s*"(\w+)",\s*"(.*?)"', text, re.M)}
    return found | {f"backends: {what}" for what in re.findall(r'^agreeing\("(.*?)"', text, re.M)}


def test_the_table_names_what_is_there(parts):
    assert len(parts) > 30
    assert list(faults(PAGE.read_text("utf-8"), parts)) == []


def test_what_is_not_there_is_noticed(parts):
    text = PAGE.read_text("utf-8")
    for old, new, fault in (
        (
            "::test_two_at_once`",
            "::test_three_at_once`",
            "download, interrupted: no test_fetch.py::test_three_at_once",
        ),
        ("`models: crafted`", "`models: drawn`", "models: crafted is not in the table"),
        ("| terminals |", "| screens |", "terminals is not in the table"),
        ("`test_gradients.py::test_gradients_are_right_on_random_shapes`", "", "gradients: no test"),
    ):
        assert text.count(old) == 1
        assert fault in list(faults(text.replace(old, new), parts))


PLANTED = """
import os, time
import numpy as np
import throwing
from throwing import part

throwing.HANG = 1

@part("planted", "faults", 9, 9, seconds=0.1, megabytes=40, grown=True)
def planted(folder):
    def one(i, rng):
        if i == 1:
            raise ValueError(f"drawn {rng.integers(1000)}")
        if i == 2:
            os._exit(7)
        if i == 3:
            os.abort()
        if i == 4:
            np.ones(20_000_000)
        if i == 5:
            time.sleep(600)
        if i == 6:
            raise SystemExit(0)
        if i == 7:
            time.sleep(1.2)
    yield one
"""


def with_row(tmp_path, code):
    """The program with one row of its own -> its folder."""
    program = tmp_path / "program"
    (program / "rows").mkdir(parents=True)
    for name in ("__main__.py", "throwing.py"):
        (program / name).write_text((STRESS / name).read_text("utf-8"))
    (program / "rows" / "__init__.py").write_text(
        f'ROWS = {{"planted": ""}}\ndef enter(row):\n    exec({code!r}, {{}})\n'
    )
    return program


def test_each_kind_of_fault_is_found_and_the_rest_is_thrown_all_the_same(tmp_path):
    """By the program itself, with a row of its own: an exception, ends, a hang, too much memory, too much time."""
    program = with_row(tmp_path, PLANTED)
    done = subprocess.run(
        [sys.executable, program, "--seed", "3"], capture_output=True, text=True, timeout=250
    )
    assert done.returncode == 1, done.stderr
    assert "| planted: faults | 9 | 9 | 2 |" in done.stdout
    told = re.findall(
        r"did not survive: planted: faults, item (\d): (.*)\n    again: (.*)\n", done.stdout + "\n"
    )
    assert [(item, again) for item, _, again in told] == [
        (str(i), f'python tools/stress "planted: faults" --only {i} --seed 3') for i in (1, 2, 3, 4, 5)
    ]
    expected = (
        r"ValueError: drawn \d+ \(",
        "exit code 7",
        "SIGABRT",
        r"took 1\d\d MB; promised are 40 MB",
        "hangs",
    )
    for (_, fault, _), pattern in zip(told, expected, strict=True):
        assert re.search(pattern, fault), fault
    assert "did not survive: planted: faults: 2 more" in done.stdout
    again = [
        subprocess.run(
            [sys.executable, program, "planted: faults", "--only", "1", "--seed", "3"],
            capture_output=True,
            text=True,
        )
        for _ in range(2)
    ]
    assert {one.returncode for one in again} == {1}
    assert all("Traceback" in one.stderr and told[0][1][:20] in one.stderr for one in again)


LEAVING = """
import os, subprocess, sys, time
import throwing
from throwing import part

throwing.HANG = 1
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)", "LEFT"]

@part("planted", "left", 3, 3, seconds=0.1)
def planted(folder):
    def one(i, rng):
        with open("CACHES", "a") as caches:
            print(os.environ["XDG_CACHE_HOME"], os.path.isdir(os.environ["XDG_CACHE_HOME"]), file=caches)
        subprocess.Popen(SLEEP, start_new_session=True)
        subprocess.Popen(SLEEP, start_new_session=True, env={}, cwd=folder)
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(600)
            os._exit(0)
        os.wait()
        if i == 0:
            os._exit(7)
        if i == 1:
            time.sleep(600)
    yield one
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="they are found in /proc")
def test_nothing_is_left_of_a_run_and_its_processes_share_a_cache(tmp_path):
    """Processes in sessions of their own, left by one that ends, one that hangs and one that is done."""
    (tmp_path / "tmp").mkdir()
    code = LEAVING.replace("LEFT", str(tmp_path / "left")).replace("CACHES", str(tmp_path / "caches"))
    done = subprocess.run(
        [sys.executable, with_row(tmp_path, code)],
        capture_output=True,
        text=True,
        timeout=250,
        env=os.environ | {"TMPDIR": str(tmp_path / "tmp")},
    )
    assert "| planted: left | 3 | 3 | 1 |" in done.stdout, done.stderr
    first, *others = (tmp_path / "caches").read_text().splitlines()
    assert others == [first, first]
    assert first.startswith(str(tmp_path / "tmp"))
    assert first.endswith(" True")
    assert list((tmp_path / "tmp").iterdir()) == []
    assert [pid for pid in os.listdir("/proc") if pid.isdigit() and left(pid, str(tmp_path))] == []


def left(pid, mark):
    """Whether a process with this mark among its arguments still lives."""
    try:
        return mark.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def test_a_row_is_thrown_and_survives():
    done = stress("interruption: kills while saving", "--counts", "quick", "--seed", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| interruption: kills while saving | 30 | 30 | 30 | " in done.stdout
    assert stress("sailing").returncode == 1


# Cells of the catalogue that no other test covers.


class Touching:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_nothing_is_unpickled(tmp_path):
    """A pickle that makes a folder when it is loaded, under the names of files that are read."""
    for name in ("m.safetensors", "m.pt", "m.pkl"):
        (tmp_path / name).write_bytes(pickle.dumps(Touching(tmp_path / "touched")))
        with pytest.raises(ModelFileError, match="safetensors file"):
            model_file.load(tmp_path / name)
    assert not (tmp_path / "touched").exists()


def test_two_trainers_of_one_file_leave_a_whole_one(mnist, tmp_path):
    """Both write after every epoch: whoever reads meanwhile, and at the end, finds a whole model."""
    for name, array in zip(("images", "labels"), mnist[0], strict=True):
        digits.write_idx(tmp_path / name, array[:300])
    words = [
        "train",
        "--images",
        "images",
        "--labels",
        "labels",
        "--epochs",
        "8",
        "--hidden",
        "32",
        "--engine",
        "numpy",
        "--out",
        "m",
    ]
    both = [
        subprocess.Popen([sys.executable, "-m", "handgrad", *words, "--seed", seed, "--json"], cwd=tmp_path,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for seed in "12"
    ]  # fmt: skip
    loads = 0
    while any(process.poll() is None for process in both):
        if (tmp_path / "m").exists():
            model_file.load(tmp_path / "m")
            loads += 1
        time.sleep(0.01)
    said = [process.communicate() for process in both]
    assert loads > 0
    assert {process.returncode for process in both} <= {0, 1}, said
    assert model_file.load(tmp_path / "m").seed in {json.loads(out)["seed"] for out, _ in said if out}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["images", "labels", "m"]


@pytest.mark.parametrize("narrow", [1, 3, 4])
def test_a_strip_of_few_pixels_is_read_without_a_word(narrow, rng):
    """Speckled, upright and on its side: so narrow that no stroke and paper beside it have room at its border."""
    strip = rng.integers(0, 256, (2000, narrow), np.uint8)
    for picture in (strip, strip.T):
        read(pretrained.load(), picture)  # a warning is an error in these tests
