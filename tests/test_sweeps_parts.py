"""The parts of a sweep on small inputs: what choices, plans, trials, tables and pools do at their edges."""

import hashlib
import io
import json
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from handgrad import digits, runs
from handgrad.errors import DivergedError, HandgradError
from handgrad.files import write_atomically
from handgrad.recipes import RECIPES, Distortion, Recipe
from handgrad.runs import sweeps
from handgrad.runs.sweeps import Between, Plan, Setting, Shard, Step, choices, folder, pools, table, trials
from handgrad.runs.sweeps.trials import Result

SMALL = Recipe(hidden=4, batch_size=50, epochs=2, learning_rate=0.5)
RECORDS = [{"epoch": i, "loss": 1.0 / i, "train_accuracy": 0.5, "validation_accuracy": 0.5} for i in (1, 2)]


@pytest.fixture(scope="module")
def data():
    (images, labels), _ = digits.load_mnist()
    return runs.split(images[:300], labels[:300], 100)


def result(seed=0, validation=0.9, test=None, recipe=SMALL, **more):
    """A result as a run ends with it."""
    facts = ("sum", 100, "ink", "finished", None, RECORDS, validation, test)
    return replace(Result(trials.Trial(recipe, seed), *facts), **more)


def sweep_of(mnist, count, folder):
    """The words of a sweep of this many images, which are written into the folder, beside its results."""
    (images, labels), _ = mnist
    digits.write_idx(folder / "i", images[:count])
    digits.write_idx(folder / "l", labels[:count].astype(np.uint8))
    return ["sweep", "--images", folder / "i", "--labels", folder / "l", "--out", folder / "s"]


def diverged(seed=0, **more):
    """A result of a run that diverged after its first epoch."""
    facts = {"ended": "diverged", "message": "training diverged", "epochs": RECORDS[:1]}
    return result(seed, None, **(facts | more))


# choices


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("averaging", "0.5", 0.5),
        ("warmup", "-1", -1.0),
        ("distortion", "no", None),
        ("distortion", "yes", Distortion()),
    ],
)
def test_a_value_is_read_of_its_text(name, text, value):
    assert choices.value(name, text) == value


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: choices.value("hidden", "\u0664"), "expected hidden as whole numbers"),
        (lambda: choices.value("bias", "maybe"), "expected bias as yes or no; got 'maybe'"),
        (lambda: sweeps.grid_choice("hidden="), "such as hidden=64,128; got 'hidden='"),
        (lambda: sweeps.random_choice("learning_rate=1:2:lin"), "expected CHOICE=LOW:HIGH, .*:lin'"),
        (lambda: sweeps.random_choice("learning_rate=1:2:log:log"), "expected CHOICE=LOW:HIGH, "),
        (lambda: Between(1, float("inf")), "expected a range from low to high; got 1 to inf"),
        (lambda: Shard(0, 3), "expected a shard from 1/3 to 3/3; got 0/3"),
        (lambda: Plan(seeds=(-1,)), "expected seeds as whole numbers of at least 0"),
        (lambda: Plan(seeds=(1.5,)), "expected seeds as whole numbers of at least 0"),
        (lambda: Plan(draws=0), "expected at least one draw"),
        (lambda: Plan(grid={"hidden": ()}), "a value for each choice of the grid"),
        (lambda: Plan(random={"warmup": Between(0, 1)}, draws=1_000_001), "at most 1,000,000 networks"),
    ],
)
def test_what_cannot_be_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_choice_is_named_as_people_write_it():
    assert sweeps.grid_choice(" batch-size =5") == ("batch_size", (5,))


def test_a_choice_is_shown_as_it_is_typed():
    values = (None, True, False, 0.1234567, 3, "l2", Distortion())
    assert list(map(choices.shown, values)) == ["no", "yes", "no", "0.123457", "3", "l2", "yes"]


class Edge:
    """A generator that draws the lowest or the highest number."""

    def __init__(self, share):
        self.share = share

    def uniform(self, low, high):
        return low + self.share * (high - low)


def test_the_ends_of_a_range_are_drawn_and_none_beyond():
    assert Between(2, 2).draw(Edge(0.7)) == 2
    for log in (False, True):
        whole = Between(3, 9, log, whole=True)
        assert [whole.draw(Edge(share)) for share in (0, 1)] == [3, 9]
    assert Between(1, 8, log=True, whole=True).draw(Edge(0)) == 1
    assert Between(0.01, 8, log=True).draw(Edge(0)) == 0.01
    assert Between(0, 4, whole=True).draw(Edge(1)) == 4
    assert Between(2, 4, whole=True).draw(Edge(1)) == 4
    assert Between(3, 5, whole=True).draw(Edge(0)) == 3
    assert Between(0, 1).draw(Edge(1 / 3)) == 0.333333


# the plan


def test_a_plan_is_in_the_order_of_draws_combinations_and_seeds():
    drawn = {"warmup": Between(0, 1)}
    plan = Plan(SMALL, {"hidden": (4, 5), "epochs": (2,)}, drawn, draws=2, seeds=(3, 1))
    warmups = [trial.recipe.warmup for trial in plan.trials]
    assert [(trial.recipe.hidden, trial.seed) for trial in plan.trials] == 2 * [
        (4, 3),
        (4, 1),
        (5, 3),
        (5, 1),
    ]
    assert warmups == 4 * [warmups[0]] + 4 * [warmups[4]]
    assert warmups[0] != warmups[4]
    assert plan.varied == ("hidden", "warmup")
    assert replace(plan, draw_seed=1).trials[0] != plan.trials[0]
    assert len(Plan(SMALL, {"hidden": (4, 5)}, {"epochs": sweeps.OneOf((7,))}, draws=9).trials) == 2


def test_the_most_networks_may_be_planned():
    assert Plan(seeds=tuple(range(sweeps.MOST_TRIALS)), draws=10).draws == 10


def test_parts_are_interleaved():
    assert [Shard(i, 2).of_trials((0, 1, 2, 3, 4)) for i in (1, 2)] == [(0, 2, 4), (1, 3)]


# trials


@pytest.mark.parametrize("whole", [result(), result(1, 1.0, 0.0), diverged()])
def test_a_result_comes_back_from_its_file(whole):
    assert Result.from_bytes(whole.to_bytes()) == whole


@pytest.mark.parametrize(
    "broken",
    [
        result(epochs=RECORDS[:1]),
        result(epochs=[RECORDS[0], RECORDS[1] | {"more": 1}]),
        result(epochs=[RECORDS[0], RECORDS[1] | {"loss": 1}]),
        result(epochs=[RECORDS[0], RECORDS[1] | {"validation_accuracy": 1}]),
        result(validation=None),
        result(validation=1.5),
        result(validation=1),
        result(test=-0.5),
        result(ended="ended"),
        diverged(epochs=RECORDS),
        diverged(validation_accuracy=0.5),
    ],
)
def test_a_file_whose_figures_contradict_themselves_is_none(broken):
    with pytest.raises(ValueError, match="expected a trial as handgrad wrote it"):
        Result.from_bytes(broken.to_bytes())


def test_a_file_that_is_written_otherwise_is_none():
    content = result().to_bytes()
    infinite = content.replace(b'"loss": 0.5', b'"loss": Infinity')
    renamed = content.replace(result().name.encode(), b"0" * 24)
    for other in (
        content[:-1],
        content.replace(b": ", b":"),
        infinite,
        renamed,
        b"[" * 100_000,
        b"{}",
        b"\xff",
    ):
        assert other != content
        with pytest.raises(ValueError, match="expected a trial as handgrad wrote it"):
            Result.from_bytes(other)
    with pytest.raises(ValueError, match="JSON"):
        result(validation=float("nan")).to_bytes()


def test_the_name_of_a_trial_stays():
    """Files of earlier sweeps are found by it, whatever the order of a recipe's fields."""
    facts = {"held_back": 100, "data_checksum": "sum", "seed": 0, "recipe": SMALL.to_dict()}
    text = json.dumps(facts, sort_keys=True).encode()
    assert result().name == hashlib.sha256(text).hexdigest()[:24]


def test_a_trial_ends_where_it_may_not_go_on_and_where_it_diverges(data, monkeypatch):
    engine = sweeps.engine_for(data, "numpy", 4)
    trial = trials.Trial(SMALL, 0)
    assert trials.compute(trial, data, engine, lambda: False) is None

    real = runs.start(data, SMALL, 0, engine=engine)
    next(iter(real))

    class Standing:
        model = real.model

        def __iter__(self):
            raise DivergedError("a weight", 2, 1, 0.5)

    monkeypatch.setattr(trials, "start", lambda *arguments, **more: Standing())
    ended = trials.compute(trial, data, engine)
    assert (ended.ended, ended.validation_accuracy, len(ended.epochs)) == ("diverged", None, 1)


def test_the_engine_of_a_sweep_has_one_thread_and_one_of_three_names(data, monkeypatch):
    asked = []
    monkeypatch.setattr(trials.engines, "engine", lambda name, **more: asked.append((name, more["threads"])))
    real = replace(data, images=data.images.astype(np.float32))
    for images, name in ((data, "auto"), (data, "numpy"), (real, "auto"), (real, "ink")):
        trials.engine_for(images, name, 4)
    assert asked == [("auto", 1), ("numpy", 1), ("numpy", 1), ("ink", 1)]
    with pytest.raises(
        HandgradError, match="expected an engine among auto, ink, numpy for a sweep; got 'torch'"
    ):
        trials.engine_for(data, "torch", 4)


# the folder


def test_a_trial_replaces_no_file_that_is_none(tmp_path):
    held = folder.Folder(tmp_path, [result().trial], "sum", 100)
    path = held.file(result().trial)
    for foreign in (b"notes", b'{"handgrad_trial": 2,}'):
        path.write_bytes(foreign)
        with pytest.raises(HandgradError, match="exists and is not a trial of a sweep"):
            held.keep(result())
        assert path.read_bytes() == foreign
    path.write_bytes(diverged().to_bytes())
    held.keep(result())
    assert list(held.results()) == list(held.results()) == [result()]


def test_a_folder_that_is_none_is_one_line(tmp_path):
    with pytest.raises(HandgradError, match="gone: cannot be read: No such file"):
        folder.Folder(tmp_path / "gone", [], "sum", 100).done()
    (tmp_path / "x.trial.json.bak").write_text("another's")
    assert folder.Folder(tmp_path, [], "sum", 100).done() == set()


# the table


def test_tables_are_recognised_by_what_only_they_hold(tmp_path):
    pytest.importorskip("pyarrow")
    rows = sweeps.rows(sweeps.ranked([result()]))
    parquet = sweeps.parquet_table(rows * 200)
    for kind, ours, others in (
        (sweeps.CSV, sweeps.csv_table(rows), (b"a,b\n1,2\n", sweeps.csv_table(rows)[1:])),
        (
            sweeps.PARQUET,
            parquet,
            (b"PAR1", parquet.replace(table.FOOTER, b"a table of other people's"), b"X" + parquet),
        ),
    ):
        assert kind.recognises(io.BytesIO(ours))
        for other in others:
            assert not kind.recognises(io.BytesIO(other))
        write_atomically(tmp_path / "t", ours, kind)
        write_atomically(tmp_path / "t", ours, kind)
        (tmp_path / "t").unlink()
    read = pytest.importorskip("pyarrow.parquet").read_table(io.BytesIO(parquet)).to_pylist()
    assert str([read[0][name] for name in ("bias", "hidden", "loss")]) == "[True, 4, 'l2']"


def test_a_setting_is_the_mean_of_its_seeds():
    three = Setting(SMALL, (result(0, 0.7, 0.1), result(1, 0.8, 0.2), result(2, 0.9, 0.6)))
    assert three.validation == pytest.approx((0.8, 0.1))
    assert three.test == pytest.approx((0.3, np.std([0.1, 0.2, 0.6], ddof=1)))
    assert Setting(SMALL, (result(0, 0.7), result(1, 0.9))).validation == pytest.approx((0.8, np.sqrt(0.02)))
    assert Setting(SMALL, (result(0, 0.7),)).validation == (0.7, 0.0)
    assert Setting(SMALL, (result(0, 0.7, 0.5), result(1, 0.9))).test is None
    partly = Setting(SMALL, (result(test=0.5), diverged(1, test_accuracy=0.5)))
    assert (partly.finished, partly.validation, partly.test) == (False, None, None)


def test_a_row_is_ranked_with_those_that_are_equally_good():
    reached = {4: 0.7, 5: 0.9, 6: 0.9, 7: 0.8}
    results = [result(0, share, 0.25, replace(SMALL, hidden=h)) for h, share in reached.items()]
    results.insert(0, diverged(recipe=replace(SMALL, hidden=8)))
    rows = sweeps.rows(sweeps.ranked(results))
    ranks = [(row["hidden"], row["rank_by_validation"]) for row in rows]
    assert ranks == [(5, 1), (6, 1), (7, 3), (4, 4), (8, None)]
    assert rows[0] == {
        "rank_by_validation": 1, "trial": results[2].name, **replace(SMALL, hidden=5).to_dict(),
        "distortion": "no", "seed": 0, "ended": "finished", "epochs_done": 2, "final_loss": 0.5,
        "train_accuracy": 0.5, "validation_accuracy": 0.9, "test_accuracy": 0.25, "engine": "ink",
    }  # fmt: skip
    assert (rows[4]["epochs_done"], rows[4]["final_loss"]) == (1, 1.0)


# where trials are computed


@pytest.fixture
def counted(monkeypatch):
    """Trials are numbers, and their results, too: those that were computed, and how many at the same time."""
    seen = {"computed": [], "engines": [], "most": 0, "now": 0}
    lock = threading.Lock()

    def compute(trial, data, engine, go_on):
        with lock:
            seen["now"] += 1
            seen["most"] = max(seen["most"], seen["now"])
        seen["gate"].wait(30)
        until = time.monotonic() + 20
        if trial == seen.get("last"):
            seen["begun"].set()
        while trial == seen.get("last") and go_on() and time.monotonic() < until:
            time.sleep(0.005)
        with lock:
            seen["now"] -= 1
            seen["went on"] = go_on()
            seen["computed"].append(trial)
        return trial if go_on() else None

    class Trial(int):
        recipe = SMALL

    monkeypatch.setattr(pools, "compute", compute)
    monkeypatch.setattr(pools, "engine_for", lambda data, name, hidden: seen["engines"].append(name))
    seen |= {"gate": threading.Event(), "trials": [Trial(i) for i in range(7)]}
    return seen


def test_as_many_trials_are_computed_at_the_same_time_as_there_are_jobs(counted):
    counted["gate"] = threading.Barrier(3, timeout=30)
    done = list(pools.on_threads(counted["trials"][:6], None, "numpy", 3, lambda trial: False))
    assert (sorted(done), counted["most"], set(counted["engines"])) == ([0, 1, 2, 3, 4, 5], 3, {"numpy"})


def test_what_is_done_by_others_is_asked_just_before_it_begins(counted):
    counted["gate"].set()
    done = list(pools.on_threads(counted["trials"], None, "ink", 1, lambda trial: trial % 2 == 1))
    assert done == [0, None, 2, None, 4, None, 6]
    assert counted["computed"] == [0, 2, 4, 6]


def test_where_the_caller_leaves_nothing_more_begins(counted):
    """Of the one that has begun nothing is kept, and it stops after its epoch."""
    counted["gate"].set()
    counted |= {"last": 1, "begun": threading.Event()}
    results = pools.on_threads(counted["trials"], None, "ink", 1, lambda trial: False)
    assert next(results) == 0
    assert counted["begun"].wait(30)
    results.close()
    assert (counted["computed"], counted["went on"]) == ([0, 1], False)


# the whole


@pytest.fixture
def asked(monkeypatch):
    """What a sweep asks of its pools; of each trial, None is said, as of those that others have done."""
    calls = []

    def pool(trials, data, engine, *more):
        assert more[-1].__func__ is folder.Folder.is_done
        calls.append((engine, *more[:1]))
        yield from [None] * len(trials)

    monkeypatch.setattr(sweeps, "on_threads", pool)
    monkeypatch.setattr(sweeps, "on_dask", pool)
    monkeypatch.setattr(sweeps, "available_cores", lambda: 5)
    return calls


def test_a_sweep_asks_for_what_it_was_told_and_counts_its_part(data, asked, tmp_path):
    plan = Plan(SMALL, seeds=tuple(range(7)))
    steps = list(sweeps.sweep(plan, data, tmp_path, Shard(2, 2), "numpy"))
    assert steps == [Step(i, 3, None) for i in (1, 2, 3)]
    list(sweeps.sweep(plan, data, tmp_path, engine="numpy"))
    list(sweeps.sweep(plan, data, tmp_path, jobs=2))
    list(sweeps.sweep(plan, data, tmp_path, engine="ink", dask="tcp://x:1"))
    assert asked == [("numpy", 3), ("numpy", 5), ("auto", 2), ("ink", "tcp://x:1")]


def test_two_sweeps_take_their_trials_in_other_orders(data, monkeypatch, tmp_path):
    class Reversed:
        def shuffle(self, values):
            values.reverse()

    monkeypatch.setattr(sweeps.random, "SystemRandom", Reversed)
    steps = sweeps.sweep(Plan(SMALL, seeds=(0, 1, 2)), data, tmp_path, engine="numpy", jobs=1)
    assert [step.result.trial.seed for step in steps] == [2, 1, 0]


def test_the_default_recipe_is_quick():
    assert Plan().trials == (trials.Trial(RECIPES["quick"], 0),)
