"""What handgrad sweep says and writes: its lines, its document, the command for the best, its progress."""

import io
import json
import shlex
import sys
from dataclasses import replace

import click
import pytest

from handgrad.cli import sweep as command
from handgrad.cli.swept import command_of, document, printed
from handgrad.errors import HandgradError
from handgrad.recipes import RECIPES, Distortion
from handgrad.runs import sweeps
from handgrad.runs.sweeps import Plan, Setting, Step
from test_sweeps_parts import SMALL, diverged, result, sweep_of

PLAN = Plan(SMALL, {"hidden": (4, 5), "bias": (True, False)}, seeds=(0, 1))


def setting(hidden, *reached, test=None, **more):
    """A setting whose seeds reached these."""
    recipe = replace(SMALL, hidden=hidden, **more)
    return Setting(recipe, tuple(result(i, one, test, recipe) for i, one in enumerate(reached)))


BROKEN = Setting(SMALL, (diverged(),))


def test_settings_are_printed_with_their_spread():
    settings = [setting(16, 0.91, 0.93, test=0.5), setting(5, 0.8, bias=False), BROKEN]
    assert [line.split("  ") for line in map(str.strip, printed(settings, PLAN, "t.csv"))] == [
        line.split("  ")
        for line in (
            "rank  hidden  bias  seeds  validation (decides)  test (only reports)",
            "1      16   yes      2       92.00 +- 1.41 %      50.00 +- 0.00 %",
            "2       5    no      1               80.00 %                    -",
            "-       4   yes      1              diverged                    -",
        )
    ]


@pytest.mark.parametrize(
    ("many", "last"), [(20, 20), (21, "... and 1 more in t.csv"), (1040, "... and 1,020 more in t.csv")]
)
def test_twenty_settings_are_printed(many, last):
    lines = list(printed([setting(4, 0.9)] * many, PLAN, "t.csv"))
    assert len(lines) == 1 + 20 + (many > 20)
    assert lines[20].split()[0] == "20"
    assert lines[-1] == last or lines[-1].split()[0] == str(last)


def test_a_document_holds_what_was_reached():
    found = document(setting(5, 0.5, 0.75, test=0.25), PLAN)
    assert found == {
        "choices": {"hidden": "5", "bias": "yes"}, "seeds": [0, 1], "diverged": False,
        "trials": [result(i, recipe=replace(SMALL, hidden=5)).name for i in (0, 1)],
        "validation_accuracy": 0.625, "test_accuracy": 0.25,
    }  # fmt: skip
    found = document(BROKEN, PLAN)
    assert (found["diverged"], found["validation_accuracy"], found["test_accuracy"]) == (True, None, None)


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("quick", {}, ""),
        ("lesson", {}, ""),
        (
            "quick",
            {"learning_rate": 0.1 + 0.2, "batch_size": 7},
            "--batch-size 7 --learning-rate 0.30000000000000004",
        ),
        (
            "quick",
            {"bias": not RECIPES["quick"].bias, "loss": "cross_entropy"},
            "--no-bias --loss cross_entropy",
        ),
        ("quick", {"distortion": Distortion()}, "--distort"),
        ("best", {"distortion": None}, "--no-distort"),
    ],
)
def test_the_command_for_a_recipe_names_what_differs(name, changes, words):
    recipe = replace(RECIPES[name], **changes)
    found = command_of(name, recipe)
    assert found[:4] == ["handgrad", "train", "--recipe", name]
    assert sorted(found[4:]) == sorted(shlex.split(words))


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("1", (0,)),
        ("3", (0, 1, 2)),
        ("10-12", (10, 11, 12)),
        ("0-0", (0,)),
        ("1000000", tuple(range(1_000_000))),
    ],
)
def test_seeds_are_counted_or_named(text, seeds):
    assert command._seeds(text) == seeds


@pytest.mark.parametrize("text", ["0", "5-4", "1000001", "1-", "-1", "\u0663", "1-2-3", ""])
def test_seeds_that_are_none_are_refused(text):
    with pytest.raises(ValueError, match="expected --seeds to be"):
        command._seeds(text)


def test_a_part_is_read_of_its_text():
    assert command._shard("2/5") == sweeps.Shard(2, 5)
    for text in ("\u0661/2", "1/2/3", "/", "0/3"):
        with pytest.raises(click.UsageError):
            command._shard(text)


OPTIONS = {"name": "lesson", "grid": (), "drawn": (), "draws": None, "draw_seed": None, "seeds": "2"}


def test_the_options_are_a_plan():
    plan = command._plan(OPTIONS)
    assert (plan.recipe, plan.seeds, plan.draws, plan.draw_seed) == (RECIPES["lesson"], (0, 1), 10, 0)
    plan = command._plan(OPTIONS | {"drawn": ("warmup=0:1",), "draws": 3, "draw_seed": 4})
    assert (plan.draws, plan.draw_seed, plan.varied) == (3, 4, ("warmup",))
    with pytest.raises(click.UsageError, match="go with --random"):
        command._plan(OPTIONS | {"draw_seed": 4})
    with pytest.raises(click.UsageError, match="each choice in one --random; got warmup in several"):
        command._plan(OPTIONS | {"drawn": ("warmup=0:1", "warmup=0:0.5")})
    with pytest.raises(click.UsageError, match="expected hidden to be"):
        command._plan(OPTIONS | {"grid": ("hidden=0",)})


def test_a_line_is_said_for_each_tenth(capsys, monkeypatch):
    with command._progress(25, False) as show:
        for i in range(1, 26):
            show(Step(i, 25, None))
    said = [line.split()[0] for line in capsys.readouterr().err.splitlines()]
    assert said == ["3", "5", "8", "10", "13", "15", "18", "20", "23", "25"]
    with command._progress(3, True) as show:
        show(Step(3, 3, None))
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys, "stderr", None)
    with command._progress(3, False) as show:
        show(Step(3, 3, None))


def test_the_bar_stands_where_the_sweep_does(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with command._progress(4, False) as show:
        for done in (2, 3, 4):
            show(Step(done, 4, None))
    assert "4/4" in terminal.getvalue()


def concluded(folder, results, capsys, as_json=False, **more):
    """What the command concludes of these results."""
    plan = Plan(SMALL, seeds=tuple(range(4)))
    files = sweeps.Folder(folder, plan.trials, "sum", 100)
    for one in results:
        files.keep(one)
    command._conclude(files, plan, "lesson", as_json, **{"parquet": False, "plot": False} | more)
    return capsys.readouterr().out


def test_the_conclusion_counts_what_is_done_and_what_diverged(tmp_path, capsys):
    out = concluded(tmp_path, [result(0, test=0.5), diverged(1), result(2)], capsys)
    assert "networks              3 of 4 done, 1 of which diverged\n" in out
    assert f"written               {tmp_path / 'table.csv'}\n" in out
    assert "train the best" not in out  # a run of its setting diverged
    assert json.loads(concluded(tmp_path, [], capsys, as_json=True))["best"] is None


def test_the_best_is_the_first_and_its_command_names_the_recipe(tmp_path, capsys):
    (tmp_path / "none").mkdir()
    out = concluded(tmp_path / "none", [], capsys, plot=True)
    assert "networks              0 of 4 done\n" in out
    assert "sweep.png" not in out
    assert [path.name for path in (tmp_path / "none").iterdir()] == ["table.csv"]
    out = concluded(tmp_path, [result(0)], capsys)
    assert "networks              1 of 4 done\n" in out
    assert f"train the best with   {shlex.join(command_of('lesson', SMALL))}\n" in out


def test_the_best_is_that_of_the_highest_validation_accuracy(tmp_path, capsys):
    plan = Plan(SMALL, {"hidden": (4, 5, 6)})
    files = sweeps.Folder(tmp_path, plan.trials, "sum", 100)
    for trial, reached in zip(plan.trials, (0.7, 0.9, 0.8), strict=True):
        files.keep(result(0, reached, recipe=trial.recipe))
    command._conclude(files, plan, "lesson", True, False, False)
    best = json.loads(capsys.readouterr().out)["best"]
    assert best == shlex.join(command_of("lesson", replace(SMALL, hidden=5)))


def test_a_table_that_another_process_adds_to_is_written_again(tmp_path, capsys, monkeypatch):
    plan = Plan(SMALL, seeds=(0, 1))
    files = sweeps.Folder(tmp_path, plan.trials, "sum", 100)
    files.keep(result(0))
    written = []

    def write(path, data, kind):
        assert kind is sweeps.CSV
        written.append(data.count(b"\n") - 1)
        if len(written) == 1:
            files.keep(result(1))

    monkeypatch.setattr(command, "write_atomically", write)
    command._written(files, False, False, plan)
    assert written == [1, 2]


def test_places_are_looked_at_before_any_work(tmp_path):
    for name, wanted in (
        ("table.csv", {}),
        ("table.parquet", {"parquet": True}),
        ("sweep.png", {"plot": True}),
    ):
        (tmp_path / name).write_bytes(sweeps.csv_table([])[name == "table.csv" :])
        places = {"parquet": False, "plot": False, "dask": None} | wanted
        with pytest.raises(HandgradError, match=f"{name}: exists and is not"):
            command._expect_places(tmp_path, **places)
        (tmp_path / name).unlink()
        command._expect_places(tmp_path, **places)


def test_the_command_hands_its_options_on(run, mnist, tmp_path, monkeypatch):
    words = [*sweep_of(mnist, 60, tmp_path), "--seeds", 3]
    calls = []

    def swept(plan, data, out, shard, *more):
        calls.append((data.held_back, shard, *more))
        return iter(())

    monkeypatch.setattr(command.sweeps, "sweep", swept)
    code, _, err = run(*words, "--shard", "2/2", "--validation", 7, "--engine", "numpy", "--jobs", 3)
    assert (code, calls) == (0, [(7, sweeps.Shard(2, 2), "numpy", 3, None)])
    assert "3 networks, of which part 2/2 has 1; done before: 0\n" in err
    totals = []
    progress = command._progress
    monkeypatch.setattr(
        command, "_progress", lambda total, quiet: totals.append(total) or progress(total, quiet)
    )
    assert "3 networks; done before: 0\n" in run(*words)[2]
    names = []
    monkeypatch.setattr(command, "_conclude", lambda files, plan, name, *more: names.append(name))
    run(*words, "--recipe", "lesson", "--quiet")
    assert names == ["lesson"]
    totals.clear()
    run(*words, "--shard", "1/2")
    assert totals == [2]
    monkeypatch.setattr(command.sweeps, "expect_dask", lambda: None)
    calls.clear()
    run(*words, "--dask", "tcp://x:1")
    assert calls[0][2:] == ("auto", None, "tcp://x:1")


@pytest.mark.parametrize(
    "words",
    [
        ["--data", "kmnist", "--images", "i", "--labels", "l"],
        ["--invert", "--prepare", "--data", "kmnist"],
    ],
)
def test_sources_that_exclude_each_other_are_refused(run, words, tmp_path):
    code, out, err = run("sweep", "--out", tmp_path / "s", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
