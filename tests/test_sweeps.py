"""Sweeps: a plan is what it says; done = a file; killed, shared out or on a cluster, the table is the same."""

import csv
import io
import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from handgrad import digits, runs
from handgrad.errors import DataError, HandgradError
from handgrad.recipes import RECIPES, Distortion, Recipe
from handgrad.runs import sweeps
from handgrad.runs.sweeps import Between, OneOf, Plan, Shard, grid_choice, pools, random_choice, trials
from test_sweeps_parts import sweep_of

SMALL = Recipe(hidden=16, batch_size=50, epochs=2, learning_rate=0.5)
PLAN = Plan(SMALL, {"hidden": (16, 20)}, {"learning_rate": Between(0.1, 2, log=True)}, draws=2, seeds=(0, 1))


@pytest.fixture(scope="module")
def data():
    (images, labels), (test_images, test_labels) = digits.load_mnist()
    return runs.split(images[:600], labels[:600], 100, (test_images[:100], test_labels[:100]))


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    """The table of an uninterrupted sweep on one thread, and its files by name."""
    folder = tmp_path_factory.mktemp("whole")
    assert len(list(sweeps.sweep(PLAN, data, folder, jobs=1))) == 8
    return table(PLAN, data, folder), files(folder)


def table(plan, data, folder):
    return sweeps.csv_table(sweeps.rows(sweeps.ranked(sweeps.folder_of(plan, data, folder).results())))


def files(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.trial.json")}


# the plan


def test_a_plan_is_every_combination_with_every_draw_and_seed():
    plan = Plan(SMALL, {"hidden": (16, 20), "bias": (True, False)}, {"warmup": Between(0, 1)}, 3, (4, 7))
    assert len(plan.trials) == 2 * 2 * 3 * 2
    assert {(t.recipe.hidden, t.recipe.bias, t.seed) for t in plan.trials} == {
        (hidden, bias, seed) for hidden in (16, 20) for bias in (True, False) for seed in (4, 7)
    }
    assert all(t.recipe.epochs == SMALL.epochs for t in plan.trials)
    assert plan.varied == ("hidden", "bias", "warmup")


def test_a_plan_that_is_extended_keeps_its_trials():
    more = replace(PLAN, grid={"hidden": (16, 20, 24)}, draws=5, seeds=(0, 1, 2))
    assert set(PLAN.trials) < set(more.trials)


def test_shards_share_all_trials_out():
    parts = [Shard(i, 3).of_trials(PLAN.trials) for i in (1, 2, 3)]
    assert sorted(map(len, parts)) == [2, 3, 3]
    assert set().union(*parts) == set(PLAN.trials)


def test_draws_lie_in_their_range_and_reach_both_ends():
    rng = np.random.default_rng(0)
    logs = np.log10([Between(0.01, 100, log=True).draw(rng) for _ in range(2000)])
    assert logs.min() > -2
    assert logs.max() < 2
    np.testing.assert_allclose(np.quantile(logs, [0.25, 0.5, 0.75]), [-1, 0, 1], atol=0.15)
    evenly = [Between(2, 4, whole=True).draw(rng) for _ in range(3000)]
    np.testing.assert_allclose(np.bincount(evenly)[2:], 1000, rtol=0.12)
    assert {Between(1, 3, log=True, whole=True).draw(rng) for _ in range(200)} == {1, 2, 3}
    assert {OneOf(("l2", "cross_entropy")).draw(rng) for _ in range(50)} == {"l2", "cross_entropy"}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("hidden=64, 128", ("hidden", (64, 128))),
        ("learning-rate=0.5,1e-2", ("learning_rate", (0.5, 0.01))),
        ("bias=yes,no", ("bias", (True, False))),
        ("distort=no,yes", ("distortion", (None, Distortion()))),
        ("optimizer=sgd,adam", ("optimizer", ("sgd", "adam"))),
    ],
)
def test_a_choice_of_a_grid_is_read(text, read):
    assert grid_choice(text) == read


def test_a_range_is_read():
    assert random_choice("learning_rate=0.1:3:log") == ("learning_rate", Between(0.1, 3, log=True))
    assert random_choice("hidden=16:64") == ("hidden", Between(16, 64, whole=True))
    assert random_choice("loss=l2,cross_entropy") == ("loss", OneOf(("l2", "cross_entropy")))


# done = a file


def test_the_same_choices_have_the_same_name_and_others_another(data):
    name = trials.name_of(PLAN.trials[0], data.checksum, 100)
    assert name == trials.name_of(PLAN.trials[0], data.checksum, 100)
    others = {
        name,
        trials.name_of(PLAN.trials[0]._replace(seed=9), data.checksum, 100),
        trials.name_of(PLAN.trials[0]._replace(recipe=replace(SMALL, epochs=3)), data.checksum, 100),
        trials.name_of(PLAN.trials[0], "other", 100),
        trials.name_of(PLAN.trials[0], data.checksum, 99),
    }
    assert len(others) == 5


def test_a_trial_reaches_what_a_run_reaches(data, whole, tmp_path):
    """The accuracies are those of the network that the run keeps."""
    engine = sweeps.engine_for(data, "auto", 16)
    for trial in PLAN.trials[:2]:
        *_, last = runs.start(data, trial.recipe, trial.seed, engine=engine)
        result = trials.Result.from_bytes(whole[1][f"{trials.name_of(trial, data.checksum, 100)}.trial.json"])
        assert (result.validation_accuracy, result.test_accuracy) == (
            last.model.accuracy["validation"],
            last.model.accuracy["test"],
        )
        assert result.epochs == last.model.history


@pytest.mark.parametrize("jobs", [2, 5])
def test_threads_give_the_very_files_of_one_thread(data, whole, jobs, tmp_path):
    steps = list(sweeps.sweep(PLAN, data, tmp_path, jobs=jobs))
    assert [(step.done, step.of) for step in steps] == [(i, 8) for i in range(1, 9)]
    assert (table(PLAN, data, tmp_path), files(tmp_path)) == whole


KILLED = """
import os, pickle, signal, sys
from handgrad.runs import sweeps
plan, data = pickle.load(open(sys.argv[1], "rb"))
replace, left = os.replace, [3]
def killed(*names):  # the power goes before the fourth file has its name
    left[0] -= str(names[1]).endswith(".trial.json")
    if left[0] < 0: os.kill(os.getpid(), signal.SIGKILL)
    replace(*names)
os.replace = killed
list(sweeps.sweep(plan, data, sys.argv[2], jobs=2))
"""


def test_a_sweep_that_was_killed_loses_nothing_and_redoes_nothing(data, whole, tmp_path):
    (tmp_path / "told").write_bytes(pickle.dumps((PLAN, data)))
    folder = tmp_path / "sweep"
    killed = subprocess.run([sys.executable, "-c", KILLED, tmp_path / "told", folder], check=False)
    assert killed.returncode == -signal.SIGKILL
    kept = {path.name: path.stat().st_ino for path in folder.glob("*.trial.json")}
    assert len(kept) == 3
    steps = list(sweeps.sweep(PLAN, data, folder, jobs=2))
    assert [step.done for step in steps] == [4, 5, 6, 7, 8]
    assert all(step.result.name + ".trial.json" not in kept for step in steps)
    assert {name: (folder / name).stat().st_ino for name in kept} == kept
    assert (table(PLAN, data, folder), files(folder)) == whole


def test_shards_in_one_folder_give_one_table(data, whole, tmp_path):
    for number in (2, 1):
        assert len(list(sweeps.sweep(PLAN, data, tmp_path, Shard(number, 2), jobs=2))) == 4
        assert len(files(tmp_path)) == (4 if number == 2 else 8)
    assert (table(PLAN, data, tmp_path), files(tmp_path)) == whole


def test_what_another_process_has_done_meanwhile_is_not_computed_again(data, whole, tmp_path):
    """Two sweeps beside each other: the second finishes while the first stands after its first network."""
    first = sweeps.sweep(PLAN, data, tmp_path, jobs=1)
    computed = [next(first).result]
    computed += [step.result for step in sweeps.sweep(PLAN, data, tmp_path, jobs=1)]
    late = [step.result for step in first]
    assert len(late) == 7
    computed += [result for result in late if result is not None]
    assert len(computed) in (8, 9)  # the one that the first had begun by then may be done twice
    assert (table(PLAN, data, tmp_path), files(tmp_path)) == whole


@pytest.mark.enable_socket
@pytest.mark.filterwarnings("ignore")  # Dask's own
def test_a_dask_cluster_gives_the_very_files(data, whole, tmp_path, run):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
    ) as cluster:
        steps = list(sweeps.sweep(PLAN, data, tmp_path, dask=cluster.scheduler_address))
        assert [step.done for step in steps] == list(range(1, 9))
        assert list(sweeps.sweep(PLAN, data, tmp_path, dask=cluster.scheduler_address)) == []
        broken = replace(data, validation=(data.validation[0][:, :5], data.validation[1]))
        more = replace(PLAN, seeds=(7,))
        with pytest.raises(HandgradError):
            list(sweeps.sweep(more, broken, tmp_path / "broken", dask=cluster.scheduler_address))
    assert (table(PLAN, data, tmp_path), files(tmp_path)) == whole


@pytest.mark.enable_socket
@pytest.mark.filterwarnings("ignore")  # Dask's own
def test_a_sweep_outlives_the_only_worker_of_a_cluster(data, whole, tmp_path):
    """The images go with the worker, and the next gets them again; benchmarks/sweep_table.py kills processes."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        steps = sweeps.sweep(PLAN, data, tmp_path, dask=cluster.scheduler_address)
        seen = [next(steps)]
        while any(task.state != "memory" for task in list(cluster.scheduler.tasks.values())):
            time.sleep(0.01)  # until results wait there to be fetched, which go with it
        cluster.sync(cluster.workers[0].close)  # without a word to the scheduler of what it has
        cluster.scale(2)  # the one that is gone, and another
        seen += steps
    assert [step.done for step in seen] == list(range(1, 9))
    assert (table(PLAN, data, tmp_path), files(tmp_path)) == whole


@pytest.mark.enable_socket
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_is_not_there_is_one_line(data, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(pools, "ANSWER", 0.2)
    with pytest.raises(
        HandgradError, match=r"expected a Dask scheduler at tcp://127\.0\.0\.1:9; none answered"
    ):
        list(sweeps.sweep(PLAN, data, tmp_path, dask="tcp://127.0.0.1:9"))


def test_what_travels_to_a_cluster_comes_back_whole(data):
    trial, there = pickle.loads(pickle.dumps((PLAN.trials[0], data)))
    result = pools.on_worker(trial, there, "auto")
    assert result == pickle.loads(pickle.dumps(result))
    assert trials.Result.from_bytes(result.to_bytes()) == result


# validation decides; what diverged is a result, too


def test_a_run_that_diverges_is_a_result_and_comes_last(data, tmp_path):
    plan = Plan(SMALL, {"learning_rate": (1e30, 0.5)})
    list(sweeps.sweep(plan, data, tmp_path))
    best, worst = sweeps.ranked(sweeps.folder_of(plan, data, tmp_path).results())
    assert best.recipe.learning_rate == 0.5
    assert worst.validation is worst.test is None
    (result,) = worst.results
    assert result.ended == "diverged"
    assert "training diverged" in result.message
    assert [row["rank_by_validation"] for row in sweeps.rows([best, worst])] == [1, None]


def test_the_best_is_chosen_by_validation_whatever_the_test_images_say(whole):
    made = [trials.Result.from_bytes(content) for content in whole[1].values()][:1]
    a = replace(made[0], validation_accuracy=0.9, test_accuracy=0.1)
    b = replace(
        a,
        trial=a.trial._replace(recipe=replace(SMALL, hidden=31)),
        validation_accuracy=0.8,
        test_accuracy=1.0,
    )
    c = replace(b, trial=b.trial._replace(seed=5), validation_accuracy=0.98, test_accuracy=1.0)
    assert [setting.validation[0] for setting in sweeps.ranked([b, a, c])] == [0.9, pytest.approx(0.89)]
    assert [row["rank_by_validation"] for row in sweeps.rows(sweeps.ranked([b, a, c]))] == [1, 2, 2]


def test_images_must_be_held_back(data, tmp_path):
    with pytest.raises(DataError, match="expected images held back for validation, which decides in a sweep"):
        next(sweeps.sweep(PLAN, data.holding_back(0), tmp_path))


# errors, each one line


def test_another_sweeps_folder_is_refused(data, whole, tmp_path):
    name, content = next(iter(whole[1].items()))
    (tmp_path / name).write_bytes(content)
    with pytest.raises(
        HandgradError, match=f"holds 1 of another sweep's trials, such as {name}; choose another"
    ):
        list(sweeps.sweep(replace(PLAN, seeds=(8,)), data, tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("damage", ["cut", "figure", "empty", "other", "folder", "epochs"])
def test_a_damaged_trial_is_named(data, whole, damage, tmp_path):
    for name, content in whole[1].items():
        (tmp_path / name).write_bytes(content)
    path, others = tmp_path / sorted(whole[1])[0], sorted(whole[1])[1]
    content = path.read_bytes()
    facts = json.loads(content)
    if damage == "folder":
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes({
            "cut": content[: len(content) // 2],
            "figure": content.replace(b'"seed": ', b'"seed": 1'),
            "empty": b"",
            "other": whole[1][others],
            "epochs": json.dumps(facts | {"epochs": facts["epochs"][:1]}).encode() + b"\n",
        }[damage])  # fmt: skip
    with pytest.raises(HandgradError, match=path.name) as told:
        list(sweeps.folder_of(PLAN, data, tmp_path).results())
    assert "\n" not in str(told.value)


def test_a_full_disk_is_one_line_and_what_was_done_stays(data, whole, tmp_path):
    """A limit on the size of files stands for the full disk."""
    steps = sweeps.sweep(PLAN, data, tmp_path, jobs=1)
    next(steps)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(HandgradError, match="cannot be written: File too large"):
            list(steps)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(os.listdir(tmp_path)) == 1
    assert [step.done for step in sweeps.sweep(PLAN, data, tmp_path)] == list(range(2, 9))
    assert files(tmp_path) == whole[1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"grid": {"hidden": (16,)}, "random": {"hidden": Between(16, 20)}}, "in the grid or at random; got hidden"),
        ({"grid": {"depth": (2,)}}, "expected choices among hidden, "),
        ({"seeds": ()}, "expected seeds as whole numbers"),
        ({"seeds": tuple(range(2000)), "grid": {"hidden": tuple(range(1, 600))}}, "expected at most 1,000,000 networks"),
        ({"recipe": replace(SMALL, schedule=lambda t: 1 - t)}, "functions of your own"),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_is_one_line(changes, message):
    with pytest.raises(ValueError, match=message):
        replace(PLAN, **({"random": {}} | changes))


# the command


@pytest.fixture
def idx(mnist, tmp_path):
    (images, labels), _ = mnist
    digits.write_idx(tmp_path / "images", images[:400])
    digits.write_idx(tmp_path / "labels", labels[:400].astype(np.uint8))
    return "--images", tmp_path / "images", "--labels", tmp_path / "labels"


def test_the_command_trains_what_is_missing_and_writes_the_tables(run, idx, tmp_path):
    words = ["sweep", *idx, "--grid", "hidden=16,20", "--grid", "epochs=1", "--out", tmp_path / "s"]
    code, out, err = run(*words, "--shard", "2/2")
    assert (code, "1 of 2 done" in out) == (0, True)
    code, out, err = run(*words, "--seeds", 2, "--parquet", "--plot")
    assert code == 0
    assert "4 networks; done before: 1" in err
    head, first, *_ = out.splitlines()
    assert head.split("  ")[-2:] == ["validation (decides)", "test (only reports)"]
    assert first.split()[0] == "1"
    assert "4 of 4 done" in out
    assert (tmp_path / "s" / "sweep.png").read_bytes().startswith(b"\x89PNG")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "s" / "table.csv").read_text())))
    assert len(rows) == 4
    assert rows[0]["rank_by_validation"] == "1"
    parquet = pytest.importorskip("pyarrow.parquet").read_table(tmp_path / "s" / "table.parquet")
    assert parquet.column_names == list(rows[0])
    assert [str(row["hidden"]) for row in parquet.to_pylist()] == [row["hidden"] for row in rows]
    code, out, _ = run(*words, "--seeds", 2, "--json", "--quiet")
    document = json.loads(out)
    assert (code, document["networks"], document["done"], document["decides"]) == (0, 4, 4, "validation")
    code, out, _ = run(*document["best"].split()[1:], *idx, "--out", tmp_path / "m", "--quiet", "--json")
    assert json.loads(out)["epochs"][0]["validation_accuracy"] > 0.1


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("--grid hidden=ten", 2, "expected hidden as whole numbers; got 'ten'"),
        ("--grid hidden=0", 2, "expected hidden to be a whole number, 1 to 1,000,000,000; got 0"),
        ("--grid hidden=8,8", 2, "expected each value of hidden once; got '8,8'"),
        ("--grid depth=2", 2, "expected a choice among hidden, "),
        ("--grid hidden", 2, "expected CHOICE=VALUE,VALUE such as hidden=64,128; got 'hidden'"),
        ("--grid hidden=8 --grid hidden=9", 2, "expected each choice in one --grid; got hidden in several"),
        ("--grid loss=l1", 2, "expected loss among l2, cross_entropy; got 'l1'"),
        ("--random learning_rate=3:1", 2, "expected a range from low to high; got 3 to 1"),
        ("--random learning_rate=0:1:log", 2, "expected a range above 0 for log; got 0 to 1"),
        ("--random learning_rate=nan:1", 2, "expected a range from low to high; got nan to 1"),
        ("--random loss=1:2", 2, "(loss has no range: name its values)"),
        ("--draws 3", 2, "--draws and --draw-seed go with --random"),
        ("--seeds 0", 2, "expected --seeds to be 1 to 1,000,000 seeds; got '0'"),
        ("--seeds 9-3", 2, "expected --seeds to be 1 to 1,000,000 seeds; got '9-3'"),
        ("--seeds few", 2, "expected --seeds to be a number such as 5, or 10-19; got 'few'"),
        ("--shard 3/2", 2, "expected a shard from 1/2 to 2/2; got 3/2"),
        ("--shard half", 2, "expected --shard to be such as 1/4; got 'half'"),
        ("--jobs 2 --dask tcp://x:1", 2, "--dask uses all cores of its workers; leave out --jobs"),
        ("--validation 9", 1, "expected to hold back fewer than the 9 images"),
    ],
)
def test_wrong_choices_are_one_line(run, mnist, words, code, message, tmp_path):
    got, out, err = run(*sweep_of(mnist, 9, tmp_path), *words.split())
    assert (got, out, err.count("\n")) == (code, "", 1)
    assert message in err


@pytest.mark.parametrize(
    ("flag", "package", "extra"),
    [("--plot", "matplotlib", "plot"), ("--parquet", "pyarrow", "parquet"), ("--dask=x", "distributed", "sweep")],
)  # fmt: skip
def test_an_extra_that_is_missing_is_named_before_any_work(run, monkeypatch, flag, package, extra, tmp_path):
    from importlib import util

    found = util.find_spec
    for module in ("handgrad.cli.sweep", "handgrad.runs.sweeps.pools", "handgrad.runs.sweeps.table"):
        monkeypatch.setattr(f"{module}.find_spec", lambda name: None if name == package else found(name))
    code, out, err = run("sweep", flag, "--out", tmp_path / "s")
    assert (code, out) == (1, "")
    assert err.endswith(f"pip install 'handgrad[{extra}]'\n")
    assert not (tmp_path / "s").exists()


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(run, idx, monkeypatch, tmp_path):
    from handgrad.cli import sweep as command

    real = sweeps.sweep

    def interrupted(*arguments):
        steps = real(*arguments)
        yield next(steps)
        steps.close()
        raise KeyboardInterrupt

    monkeypatch.setattr(command.sweeps, "sweep", interrupted)
    code, out, err = run(
        "sweep", *idx, "--grid", "hidden=16,20", "--grid", "epochs=1", "--out", tmp_path / "s"
    )
    assert (code, out) == (130, "")
    assert err.endswith("interrupted; 1 of 2 networks are done; the same command goes on\n")
    assert len(list(Path(tmp_path / "s").glob("*.trial.json"))) == 1


def test_the_recipe_of_a_sweep_is_that_of_train():
    assert Plan().recipe == RECIPES["quick"]
