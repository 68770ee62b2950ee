"""Docs that cannot lie: every block of code and every command in README and docs runs, or at least is understood.

A page is read from its top: its blocks run in order, in one folder, as a reader would do it. What the fence says:

    python                 runs in the page's one namespace; where the first line is # name.py, it is put into that file
    python LIBRARY         runs in a process of its own where the library is installed, and must succeed
    sh                     runs in the shell, and must succeed; what makes an environment is only looked up
    console                a command and what it prints: it runs, and must print this, but for the figures
    sh long, sh network    takes minutes, or a network: only its commands and options are looked up
    powershell             the same as the line for the shell that installs
    text                   is no code
"""

import os
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click
import numpy as np
import pytest
from PIL import Image

from handgrad import digits
from handgrad.cli import cli as commands
from handgrad.workbook.book.exercise import exercises
from handgrad.workbook.checks.mistakes import MISTAKES

import house
import own_hands

PAGES = [house.ROOT / "README.md", *sorted((house.ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\S*)(?: (\w+))?\n(.*?)^```$", re.M | re.S)
LIBRARIES = {"hydra", "mlflow", "optuna", "ray", "tensorboard", "wandb"}  # that watch a run, or start many
KINDS = {
    "python": {None, *LIBRARIES},
    "sh": {None, "long", "network"},
    "console": {None, "network"},
    "powershell": {None},
    "text": {None},
}
INSTALLS = ("python3 -m venv", "./check")  # the check itself does this
PLACEHOLDERS = {
    "NAME": "kmnist",
    "COMMAND": "train",
    "N": "3",
}  # others are taken as they stand, for names of files


def blocks(page):
    return [(language, how, text) for language, how, text in BLOCK.findall(page.read_text("utf-8"))]


@pytest.fixture
def folder(tmp_path, monkeypatch, mnist):
    """What a reader has at hand: photographs, sheets, files of images, a class's submissions."""
    (images, labels), (test_images, test_labels) = mnist
    Image.fromarray(255 - np.kron(np.pad(images[7], 8), np.ones((8, 8), np.uint8))).save(
        tmp_path / "photo.jpg"
    )
    line = np.hstack([np.pad(image, 6) for image in images[[1, 3, 5, 7]]])
    Image.fromarray(255 - np.kron(line, np.ones((4, 4), np.uint8))).save(tmp_path / "page.jpg")
    form = np.hstack([np.pad(image, 6) for image in (*images[[1, 3, 5]], 0 * images[0], images[7])])
    form[0], form[-1], form[:, ::40], form[:, -1] = 200, 200, 200, 200
    form = np.kron(np.pad(form, 20), np.ones((3, 3), np.uint8))
    Image.fromarray(255 - form).save(tmp_path / "form.jpg", quality=95)
    sheets = {"sheet.jpg": ["0123456789"] * 5, "test-sheet.jpg": ["3141592653", "2718281828", "1414213562"]}
    for seed, (name, lines) in enumerate(sheets.items()):
        photo = own_hands.sheet(own_hands.hand(11), lines, np.random.default_rng(seed))
        Image.fromarray(photo).save(tmp_path / name, quality=90)
    for name, array in {
        "images-idx3-ubyte": images[:3000], "labels-idx1-ubyte": labels[:3000].astype(np.uint8),
        "test-images-idx3-ubyte": test_images[:500], "test-labels-idx1-ubyte": test_labels[:500].astype(np.uint8),
    }.items():  # fmt: skip
        digits.write_idx(tmp_path / name, array)
    (tmp_path / "scans").mkdir()
    Image.fromarray(255 - np.pad(images[5], 8)).save(tmp_path / "scans" / "1.tif")
    (tmp_path / "submissions").mkdir()
    (tmp_path / "submissions" / "anna.py").write_text("def relu_forward(x):\n    return x * (x > 0), x\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    return tmp_path


def understood(line):
    """Look a command up: that it exists, and takes these arguments and options."""
    line = line.replace("$SLURM_ARRAY_TASK_ID", "1")
    words = [PLACEHOLDERS.get(word, word) for word in shlex.split(line, comments=True)]
    if words[0] in ("torchrun", "srun"):  # they start what follows
        words = words[words.index("handgrad") :]
    if words[0] != "handgrad":
        elsewhere = dict.fromkeys(
            ("pip", "cd", ".", "python3", "onnx2tf", "hf", "curl", "uvicorn", "torchrun")
        )  # other people's programs
        named = {"./check": "check", **elsewhere}.get(words[0], words[1:2] and words[1])
        assert named is None or (house.ROOT / named).exists(), f"{line}: {named} is not in the repository"
        return
    command, path = commands, []
    words = words[1:]
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        path.append(words.pop(0))
        command = command.get_command(click.Context(command), path[-1])
        assert command is not None, f"{line}: no such command"
    if isinstance(command, click.Group) or "--help" in words:
        return
    try:
        command.make_context(" ".join(path), list(words))
    except click.UsageError as error:
        if "--resume" not in words and not isinstance(error, click.MissingParameter):
            raise AssertionError(f"{line}: {error.format_message()}") from None


def lines_of(script):
    return [
        line for line in script.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#")
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_block_says_what_it_is(page):
    text = page.read_text("utf-8")
    assert text.count("\n```") == 2 * len(blocks(page))
    for language, how, _ in blocks(page):
        assert (how or None) in KINDS[language], (language, how)
    outside = BLOCK.sub("", text)
    assert not re.search(r"^\n    \S", outside, re.M), "a block by indentation does not say what it is"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_runs_from_its_top(page, folder, figure):
    names, missing = {"__name__": "__main__"}, []
    for language, how, text in blocks(page):
        if how in LIBRARIES:
            if find_spec(how) is None:
                missing.append(how)
                continue
            (folder / "block.py").write_text(text)
            done = subprocess.run([sys.executable, "block.py"], cwd=folder, capture_output=True, text=True)
            assert done.returncode == 0, f"{text}\n{done.stderr}"
        elif language == "python" and (file := re.match(r"# (\w+\.py)\n", text)):
            (folder / file[1]).write_text(text, "utf-8")
        elif language == "python":
            exec(compile(text, f"{page.name}", "exec"), names)
        elif language == "sh" and not how and not text.startswith(INSTALLS):
            forgiven(text)
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", text], cwd=folder, capture_output=True, text=True
            )
            assert done.returncode == 0, f"{text}\n{done.stderr}"
        elif language == "console" and not how:
            said(text, folder)
        elif language in ("sh", "console"):
            for line in lines_of(text):
                if language == "sh" or line.startswith("$ "):
                    understood(line.removeprefix("$ "))
    if missing:
        figure(f"blocks of {page.name} that were not run, their library is missing", ", ".join(missing))


def forgiven(script):
    """Look up the commands whose failure the block forgives: `||` would forgive wrong usage as well."""
    for line in lines_of(script):
        if line.startswith("handgrad ") and "||" in line:
            understood(line.partition("||")[0])


def said(transcript, folder):
    """Run the command of a transcript: each of its lines must be printed, in order, but for the figures."""
    command, *shown = transcript.splitlines()
    done = subprocess.run(
        ["bash", "-c", command.removeprefix("$ ") + " 2>&1"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
    printed = iter(plain(done.stdout).splitlines())
    for line in shown:
        pattern = ".*".join(map(re.escape, plain(line).split("...")))
        assert any(re.fullmatch(pattern, other) for other in printed), f"not printed: {line}\n{done.stdout}"


def plain(text):
    """Figures as #, one space for many, one thread or several alike."""
    return re.sub(
        r"#+", "#", re.sub(r" +", " ", re.sub(r"[\d,.]*\d", "#", text.replace("threads", "thread")))
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_within_the_text_are_understood(page):
    text = BLOCK.sub("", page.read_text("utf-8"))
    for command in re.findall(r"`((?:handgrad|python|pytest|\./check)(?: [^`\n]*)?)`", text):
        understood(re.sub(r"[\[\]]|\.\.\.", "", command))


def test_windows_installs_by_the_same_steps():
    """The line for PowerShell is the line for the shell, in its spelling."""
    page = blocks(PAGES[0])
    (windows,) = (text for language, _, text in page if language == "powershell")
    spelt = (
        windows.replace("; ", " && ")
        .replace(".venv\\Scripts\\", ".venv/bin/")
        .replace("python -m", "python3 -m")
    )
    assert ("sh", "", spelt) in page


@pytest.mark.parametrize(
    "line",
    [
        "handgrad trane",
        "handgrad train --hiden 3",
        "handgrad train --optimizer adamw",
        "python tools/nothing.py",
    ],
)
def test_a_command_that_is_not_there_is_noticed(line):
    with pytest.raises(AssertionError):
        understood(line)


def test_wrong_usage_is_not_forgiven_with_a_failure():
    forgiven("handgrad workbook check . relu_forward || echo wrong\n")
    with pytest.raises(AssertionError, match="--exercise"):
        forgiven("handgrad workbook check . --exercise relu_forward || echo wrong\n")


def test_a_transcript_that_was_not_printed_is_noticed(tmp_path):
    said("$ echo 12 images; echo 3.5 %\n9 images\n1.2 %\n", tmp_path)
    with pytest.raises(AssertionError):
        said("$ echo 12 images\n12 pictures\n", tmp_path)


def test_the_numbers_of_exercises_and_mistakes_are_true():
    for page in (*PAGES, *sorted((house.ROOT / "site").glob("*.md"))):
        text = page.read_text("utf-8")
        said = re.findall(r"\b(\d+) exercises", text)
        assert set(said) <= {str(len(exercises()))}, page
        said = [
            a or b
            for a, b in re.findall(
                r"\[(\d+)(?: mistakes)?\]\(\S*mistakes\.md|which\* of (\d+) mistakes", text
            )
        ]
        assert set(said) <= {str(len(MISTAKES))}, page
