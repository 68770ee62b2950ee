"""The log of a run: a JSON line for each epoch, none missing and none twice, however the run was interrupted."""

import json
import os
import resource

import pytest

from handgrad import runs
from handgrad.errors import HandgradError
from handgrad.files import KEPT, append
from handgrad.recipes import Recipe
from handgrad.runs.log import Log

RECIPE = Recipe(hidden=16, batch_size=50, epochs=4, learning_rate=0.5)


@pytest.fixture(scope="module")
def data(mnist):
    return runs.split(mnist[0][0][:300], mnist[0][1][:300], 50)


def lines(path):
    content = path.read_text()
    assert content.endswith("\n")
    return [json.loads(line) for line in content.splitlines()]


def test_every_epoch_is_a_line_as_soon_as_it_is_done(data, tmp_path):
    log, run = Log(tmp_path / "log"), runs.start(data, RECIPE)
    for progress in run:
        log(progress)
        assert lines(tmp_path / "log") == run.history
    assert len(run.history) == 4
    for progress in runs.start(data, RECIPE, seed=1):  # a new run begins the file anew
        Log(tmp_path / "log")(progress)
        assert lines(tmp_path / "log")[-1] == progress.record
    assert [record["epoch"] for record in lines(tmp_path / "log")] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("damage", "seconds_known"),
    [
        (lambda content: content, {1, 2, 3, 4}),
        (lambda content: content[:-9], {1, 3, 4}),  # the last line was cut short
        (
            lambda content: content.splitlines(keepends=True)[0],
            {1, 3, 4},
        ),  # killed before the line was written
        (
            lambda content: content + content.replace('"epoch": ', '"epoch": 9'),
            {1, 2, 3, 4},
        ),  # of another run
        (lambda content: "", {3, 4}),
    ],
    ids=["whole", "cut", "missing", "more", "empty"],
)
def test_a_run_that_is_resumed_goes_on_in_the_file(data, tmp_path, damage, seconds_known):
    path = tmp_path / "log"
    first = Log(path)
    for progress in runs.start(data, RECIPE, out=tmp_path / "model"):
        first(progress)
        if progress.epoch.epoch == 2:
            break
    path.write_text(damage(path.read_text()))
    resumed, second = runs.resume(tmp_path / "model", data), Log(path)
    for progress in resumed:
        second(progress)
    found = lines(path)
    assert [record | {"seconds": None} for record in found] == [
        record | {"seconds": None} for record in resumed.history
    ]
    assert {record["epoch"] for record in found if record["seconds"] is not None} == seconds_known


def test_the_command_writes_it_and_names_it_to_go_on_with(run, mnist, monkeypatch, tmp_path):
    from handgrad import digits

    digits.write_idx(tmp_path / "i", mnist[0][0][:300])
    digits.write_idx(tmp_path / "l", mnist[0][1][:300])
    words = ["train", "--images", tmp_path / "i", "--labels", tmp_path / "l", "--out", tmp_path / "m", "-q"]
    words += ["--hidden", 16, "--log", tmp_path / "log"]
    code, out, _ = run(*words, "--epochs", 2, "--json")
    assert (code, lines(tmp_path / "log")) == (0, json.loads(out)["epochs"])
    real = Log.__call__

    def interrupted(log, progress):
        real(log, progress)
        raise KeyboardInterrupt

    monkeypatch.setattr(Log, "__call__", interrupted)
    code, _, err = run(*words, "--epochs", 3)
    assert code == 130
    assert err.rstrip().endswith(f"--log {tmp_path / 'log'}")


def test_a_full_disk_leaves_no_half_line(tmp_path):
    """A limit on the size of files stands for the full disk."""
    append(tmp_path / "x", b"one\n", KEPT)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (6, hard))
    try:
        with pytest.raises(HandgradError, match="x: cannot be written: "):
            append(tmp_path / "x", b"two and three\n", KEPT)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / "x").read_bytes() == b"one\n"
    assert os.listdir(tmp_path) == ["x"]
