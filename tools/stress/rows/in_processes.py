"""Process models: every way to run engines beside one another, and users without a home or an entry in passwd."""

import os
import subprocess
import sys

from throwing import part, spread

import processes
import test_processes

CASES = [(way, used, name) for way in processes.WAYS for used in (False, True) for name in processes.things()]


@part("processes", "ways and engines", lambda: len(CASES), 12, seconds=60, cores=2)
def ways(folder):
    """fork, spawn, forkserver, joblib, eight threads, pickle: a thing used before or not answers as it does here."""
    expected = {name: processes.ask(thing) for name, thing in processes.things().items()}

    def one(i, rng):
        way, used, name = CASES[spread(i, len(CASES))]
        thing = processes.things()[name]
        if used:
            processes.ask(thing)
        answers = processes.WAYS[way](thing)
        equal = all(processes.equal(some, expected[name], name != "model") for some in answers)
        assert equal, f"{way}, {name}, {'used before' if used else 'unused'}: other answers"

    yield one


HOMELESS = [(become, words, code) for become in (test_processes.NOBODY, test_processes.NO_ENTRY) for words, code in (
    (["warmup", "--quiet"], 0), (["train"], 1), (["data", "list"], 1), (["evaluate", "--quiet"], 0),
    (["explain", "--row", "0"], 0), (["export", "--c", "{out}"], 0), (["workbook", "hint"], 0),
    (["train", "--quiet", "--hidden", "4", "--epochs", "1", "--out", "{out}"], 0), (["data", "verify"], 1),
)]  # fmt: skip


@part("processes", "no home, no entry in passwd", lambda: len(HOMELESS), 4, seconds=60)
def homeless(folder):
    """Commands that need a home say so in one line; the others work."""

    def one(i, rng):
        become, words, code = HOMELESS[spread(i, len(HOMELESS))]
        if become == test_processes.NOBODY and os.getuid() != 0:
            return  # only root becomes another user
        program = [sys.executable, "-c", become + test_processes.COMMAND, *words]
        program = [word.replace("{out}", str(folder / f"out-{i}")) for word in program]
        done = subprocess.run(
            program, capture_output=True, text=True, timeout=300, cwd=folder, env={"TMPDIR": str(folder)}
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == code, f"{words}: exit code {done.returncode}: {done.stderr}"
        if code:
            assert done.stderr.count("\n") == 1, done.stderr
            assert "you have no home folder" in done.stderr, done.stderr
        assert not (folder / "~").exists(), "a folder called ~"

    yield one
