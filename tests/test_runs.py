"""Runs: the same seed gives the same bytes, resumed anywhere or not; the best is kept; nothing is lost."""

import hashlib
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from handgrad import model_file, runs, training
from handgrad.calibration import Calibration
from handgrad.engines import engine
from handgrad.errors import DataError, DivergedError, HandgradError, ModelFileError
from handgrad.recipes import RECIPES, Distortion, Recipe

RECIPE = Recipe(hidden=16, optimizer="adam", learning_rate=0.01, schedule="cosine", warmup=0.2, epochs=6)


@pytest.fixture(scope="module")
def data(mnist):
    (images, labels), (test_images, test_labels) = mnist
    return runs.split(images[:600], labels[:600], 100, (test_images[:100], test_labels[:100]))


def test_the_checksum_sees_every_pixel_and_label(mnist):
    images, labels = mnist[0][0][:50].copy(), mnist[0][1][:50].copy()
    sums = {runs.checksum(images, labels)}
    images[49, 27, 27] ^= 1
    sums.add(runs.checksum(images, labels))
    labels[49] ^= 1
    sums.add(runs.checksum(images, labels))
    sums.add(runs.checksum(images.reshape(50, 784), labels))
    assert len(sums) == 4


@pytest.mark.parametrize(("name", "least"), [("lesson", 0.95), ("quick", 0.98)])
def test_the_recipes_reach_what_they_promise(name, least, mnist, figure):
    """On all of MNIST: the lesson's network more than 95 %, the quick one 98 %."""
    began = time.perf_counter()
    *_, last = runs.run(runs.split(*mnist[0], 5000, mnist[1]), RECIPES[name], engine=engine())
    assert last.model.accuracy["test"] > least
    figure(
        f"recipe {name} on the test set",
        f"{last.model.accuracy['test']:.2%} ({time.perf_counter() - began:.1f} s)",
    )


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_split_holds_back_the_last_rows(mnist):
    images, labels = mnist[0]
    data = runs.split(images, labels, 5000)
    assert len(data.images) == 55_000
    np.testing.assert_array_equal(data.validation[1], labels[55_000:])
    assert runs.split(images, labels, 0).validation is None
    with pytest.raises(DataError, match=r"fewer than the 60000 images \(--validation\); got 60000"):
        runs.split(images, labels, 60_000)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"optimizer": "sgd"},
        {"bias": False},
        {"init": "templates", "hidden": 24},
        {"distortion": Distortion(), "averaging": 0.8},
        {"averaging": 0.5, "optimizer": "sgd", "bias": False},
    ],
)
def test_the_same_seed_gives_the_same_bytes_resumed_after_any_epoch(change, data, tmp_path):
    """A copy of the file after each epoch is resumed, and ends in the bytes of the uninterrupted run."""
    recipe, whole = replace(RECIPE, **change), tmp_path / "whole"
    for progress in runs.run(data, recipe, 3, whole, "mine"):
        (tmp_path / f"after-{progress.epoch.epoch}").write_bytes(whole.read_bytes())
    list(runs.run(data, recipe, 3, tmp_path / "again", "mine"))
    assert digest(tmp_path / "again") == digest(whole)
    for epoch in range(1, recipe.epochs):
        path = tmp_path / f"after-{epoch}"
        rest = list(runs.resume(path, runs.split(*data.given, 7, data.test)))  # the file knows the split
        assert len(rest) == recipe.epochs - epoch
        assert digest(path) == digest(whole), f"resumed after epoch {epoch}"
    list(runs.run(data, recipe, 4, tmp_path / "other", "mine"))
    assert digest(tmp_path / "other") != digest(whole)


def test_fifty_resume_points_without_a_differing_byte(data, tmp_path, figure):
    recipe, whole, different = replace(RECIPE, epochs=51, batch_size=100), tmp_path / "whole", 0
    copies = []
    for progress in runs.run(data, recipe, 0, whole):
        copies.append((progress.epoch.epoch, whole.read_bytes()))
    for epoch, copy in copies[:-1]:
        path = tmp_path / f"after-{epoch}"
        path.write_bytes(copy)
        list(runs.resume(path, data))
        different += digest(path) != digest(whole)
    assert len(copies) - 1 == 50
    assert different == 0
    figure("resume points whose final file differs", f"{different} of 50")


def test_the_file_keeps_the_best_and_says_how_good_it_is(data, tmp_path):
    """A rate so high that accuracy goes up and down: the weights kept are those of the last good epoch."""
    recipe = replace(RECIPE, learning_rate=0.03, schedule="constant", warmup=0.0, epochs=12)
    epochs, model = [], None
    for progress in runs.run(data, recipe, 0, tmp_path / "m"):
        epochs.append(progress.epoch)
        model = progress.model
    reached = [record["validation_accuracy"] for record in model.history]
    least = max(reached) - (max(reached) * (1 - max(reached)) / len(data.validation[1])) ** 0.5
    best = max(i for i in range(12) if reached[i] >= least)
    assert reached[-1] < least  # else this test would show less
    assert reached[best] < max(reached)  # and so here
    np.testing.assert_array_equal(model.params.W1, epochs[best].params.W1)
    loaded = model_file.load(tmp_path / "m")
    assert loaded.accuracy["validation"] == reached[best]
    assert loaded.accuracy["test"] == (loaded.predict(data.test[0]) == data.test[1]).mean()
    assert loaded.data_checksum == data.checksum
    assert [record["loss"] for record in loaded.history] == [epoch.loss for epoch in epochs]
    assert loaded.recipe == recipe


def test_the_output_bias_prior_starts_each_output_at_one_over_c(data):
    """Seen before any step: the learning rate is 0."""
    for choice, start in (("zero", 0.5), ("prior", 0.1)):
        recipe = replace(RECIPE, output_bias=choice, learning_rate=0.0, epochs=1)
        *_, last = runs.run(data, recipe)
        blank = np.zeros((1, 28, 28), np.uint8)
        np.testing.assert_allclose(last.model.scores(blank), start, rtol=1e-6)


def test_the_quick_recipe_learns_small_sets_too(mnist):
    data = runs.split(mnist[0][0][:3000], mnist[0][1][:3000], 500, (mnist[1][0], mnist[1][1]))
    *_, last = runs.run(data, RECIPES["quick"])
    assert last.model.accuracy["test"] > 0.88


def test_without_validation_the_last_epoch_is_kept(mnist):
    data = runs.split(mnist[0][0][:300], mnist[0][1][:300], 0)
    *_, last = runs.run(data, replace(RECIPE, epochs=3))
    np.testing.assert_array_equal(last.model.params.W1, last.epoch.params.W1)
    assert last.model.accuracy == {}
    assert last.model.history[-1]["validation_accuracy"] is None


def test_the_model_is_the_running_average_of_the_epochs(data):
    """Each average written out: the plain mean while epochs are few, then 0.6 of it stays."""
    recipe, expected = replace(RECIPE, averaging=0.6, epochs=5), None
    unsplit = runs.split(*data.given, 0)
    for progress in runs.run(unsplit, recipe):
        W1, epoch = progress.epoch.params.W1, progress.epoch.epoch
        stays = {1: 0, 2: 1 / 2, 3: 0.6, 4: 0.6, 5: 0.6}[epoch]
        expected = W1 if expected is None else stays * expected + (1 - stays) * W1
        np.testing.assert_allclose(progress.model.params.W1, expected, atol=1e-6)
    assert abs(progress.model.params.W1 - progress.epoch.params.W1).max() > 1e-3


def test_an_averaged_network_is_measured_as_it_is_kept(data):
    *_, last = runs.run(data, replace(RECIPE, averaging=0.6))
    right = last.model.predict(data.validation[0]) == data.validation[1]
    assert right.mean() == last.model.accuracy["validation"]


def test_every_epoch_learns_from_images_distorted_anew(data):
    seen = []

    def watching(params, images, *rest):
        seen.append(images.copy())
        return where.run_epoch(params, images, *rest)

    where = engine()
    recipe = replace(RECIPE, epochs=3, distortion=Distortion(shift=1.0))
    list(runs.run(data, recipe, engine=where._replace(run_epoch=watching)))
    assert len(seen) == 3
    for i, images in enumerate(seen):
        for other in (data.images, *seen[:i]):
            assert (images != other).any(axis=(1, 2)).mean() > 0.99


@pytest.mark.parametrize("form", ["floats", "two channels"])
def test_images_that_cannot_be_distorted_are_refused(form, data):
    images = data.given[0] / 255 if form == "floats" else np.stack([data.given[0]] * 2, axis=-1)
    other = runs.split(images, data.given[1], 100)
    with pytest.raises(DataError, match=r"expected images to distort as uint8 \(N, height, width\); got "):
        next(runs.run(other, replace(RECIPE, distortion=Distortion())))


def test_a_run_that_diverges_keeps_the_last_finished_epoch(data, tmp_path):
    def failing(params, images, labels, order, recipe, rates, memory, first_step):
        if first_step > 0:
            raise DivergedError("the loss is not finite", 2, 5, 0.1)
        return where.run_epoch(params, images, labels, order, recipe, rates, memory, first_step)

    where = engine()
    with pytest.raises(DivergedError, match="in epoch 2, batch 5"):
        list(runs.run(data, RECIPE, 0, tmp_path / "m", engine=where._replace(run_epoch=failing)))
    model, state = model_file.load_run(tmp_path / "m")
    assert state.facts["epoch"] == 1
    assert len(model.history) == 1


@pytest.mark.parametrize("damage", ["epoch", "rng", "tensor", "nan", "data", "history"])
def test_a_damaged_run_is_refused(damage, data, tmp_path):
    run = runs.run(data, RECIPE, 0, tmp_path / "m")
    next(run)
    run.close()
    model, state = model_file.load_run(tmp_path / "m")
    error = ModelFileError
    if damage == "epoch":
        state.facts["epoch"] = 6
    elif damage == "rng":
        state.facts["rng_state"]["state"] = "x"
    elif damage == "tensor":
        del state.tensors["W1.1"]
    elif damage == "nan":
        state.tensors["b1.0"][:] = np.nan
    elif damage == "history":
        model.history.clear()
    else:
        model, error = replace(model, data_checksum="00"), DataError
    model_file.save(tmp_path / "m", model, state)
    with pytest.raises(error, match=r"start anew|their checksum differs"):
        runs.resume(tmp_path / "m", data)


def test_the_torch_engine_trains_the_same_network(data):
    *_, ours = runs.run(data, replace(RECIPE, epochs=2), 0, engine=engine("numpy"))
    *_, theirs = runs.run(data, replace(RECIPE, epochs=2), 0, engine=engine("torch"))
    for name, p, q in zip(ours.model.params._fields, ours.model.params, theirs.model.params, strict=True):
        np.testing.assert_allclose(p, q, atol=2e-3, err_msg=name)
    assert ours.epoch.loss == pytest.approx(theirs.epoch.loss, abs=1e-4)


def test_a_torch_run_resumes_to_the_same_bytes(data, tmp_path):
    whole, path, recipe = tmp_path / "whole", tmp_path / "part", replace(RECIPE, epochs=3)
    list(runs.run(data, recipe, 0, whole, engine=engine("torch")))
    run = runs.run(data, recipe, 0, path, engine=engine("torch"))
    next(run)
    run.close()
    list(runs.resume(path, data, "torch"))
    assert digest(path) == digest(whole)


@pytest.fixture
def finished(data, tmp_path):
    """finished(**changes): the file of a finished run of 4 epochs."""

    def finished(data=data, **changes):
        list(runs.run(data, replace(RECIPE, epochs=4, **changes), 3, tmp_path / "finished", "mine", engine()))
        return tmp_path / "finished"

    return finished


@pytest.mark.parametrize(
    "change",
    [{}, {"optimizer": "sgd", "bias": False}, {"averaging": 0.8, "distortion": Distortion(shift=1.0)}],
)
@pytest.mark.parametrize("validation", [0, 20, 100])
def test_a_finished_run_is_continued_to_the_same_bytes(change, validation, data, tmp_path, finished):
    """Twice; interrupted after each epoch and resumed; and once more, to more epochs still."""
    data = runs.split(*data.given, validation, data.test)
    path = finished(data, **change)
    before = model_file.load(path)
    ends = []
    for name in ("once", "again"):
        (tmp_path / name).write_bytes(path.read_bytes())
        begun = runs.resume(tmp_path / name, runs.split(*data.given, None, data.test), epochs=7)
        assert begun.data.held_back == validation
        for progress in begun:
            (tmp_path / f"after-{progress.epoch.epoch}").write_bytes((tmp_path / name).read_bytes())
        ends.append(digest(tmp_path / name))
    assert ends[0] == ends[1]
    assert begun.done == 7
    for epoch in (5, 6):
        list(runs.resume(tmp_path / f"after-{epoch}", data, epochs=None if epoch == 5 else 7))
        assert digest(tmp_path / f"after-{epoch}") == ends[0], f"resumed after epoch {epoch}"
    model = model_file.load(tmp_path / "once")
    assert model.history[:4] == before.history
    assert [record["epoch"] for record in model.history] == list(range(1, 8))
    assert [row["seconds"] is None for row in begun.history] == [True] * 4 + [False] * 3
    assert model.recipe == replace(before.recipe, epochs=7)
    assert (model.accuracy["test"], (model.calibration is None)) == (
        (model.predict(data.test[0]) == data.test[1]).mean(),
        validation < 50,
    )
    list(runs.resume(tmp_path / "once", data, epochs=8))
    assert model_file.load(tmp_path / "once").continued == (4, 7)


@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "adam"])
def test_continuing_is_what_the_documentation_says(optimizer, data, finished):
    """Written out: the stored weights, an empty memory, the rates of 6 epochs, orders by the seed and 4."""
    path = finished(optimizer=optimizer)
    params, recipe = model_file.load(path).params, replace(RECIPE, optimizer=optimizer, epochs=6)
    reference = engine("numpy")._replace(run_epoch=training.run_epoch)
    rng, memory = np.random.default_rng([3, 4]), None
    batches = -(-len(data.images) // recipe.batch_size)
    for i, progress in enumerate(runs.resume(path, data, reference, 6)):
        rates = recipe.learning_rates(range((4 + i) * batches, (5 + i) * batches), 6 * batches)
        order = rng.permutation(len(data.images))
        params, memory, loss = training.run_epoch(
            params, data.images, data.labels, order, recipe, rates, memory, i * batches
        )
        assert progress.epoch.loss == loss
        for p, q in zip(progress.epoch.params, params, strict=True):
            np.testing.assert_array_equal(p, q)
    assert i == 1


def test_while_a_continued_run_lasts_its_file_claims_nothing_of_before(data, finished):
    """Neither calibration nor test accuracy, which belong to the finished network; float32 again."""
    path = finished()
    model = model_file.load(path)
    model_file.save(path, replace(model, storage="float16"))
    assert set(model.accuracy) == {"validation", "test"}
    assert model.calibration is not None
    assert model.continued == ()
    next(iter(runs.resume(path, data, epochs=6)))
    model, state = model_file.load_run(path)
    assert state.facts["epoch"] == 5
    assert set(model.accuracy) == {"validation"}
    assert (model.calibration, model.storage, model.continued) == (None, "float32", (4,))


def test_a_continued_run_keeps_the_best_of_before(data, finished):
    path = finished()
    model = model_file.load(path)
    model.history[1]["validation_accuracy"] = 1.0  # which no later epoch reaches
    model_file.save(path, model)
    *_, last = runs.resume(path, data, epochs=6)
    assert last.model.history[-1]["validation_accuracy"] < 1
    np.testing.assert_array_equal(last.model.params.W1, model.params.W1)
    assert (last.epoch.params.W1 != model.params.W1).any()


def test_a_continued_run_that_diverges_names_the_epoch_and_leaves_the_file(data, finished):
    def failing(params, images, labels, order, recipe, rates, memory, first_step):
        if first_step:
            raise DivergedError("the loss is not finite", first_step // len(rates) + 1, 5, 0.1)
        return where.run_epoch(params, images, labels, order, recipe, rates, memory, first_step)

    where, path = engine(), finished()
    with pytest.raises(DivergedError, match="the loss is not finite in epoch 6, batch 5") as caught:
        list(runs.resume(path, data, where._replace(run_epoch=failing), 8))
    assert caught.value.epoch == 6
    assert len(model_file.load(path).history) == 5


def test_only_a_finished_run_is_continued(data, tmp_path, finished):
    path = finished()
    for epochs in (None, 1, 4):
        assert runs.resume(path, data, epochs=epochs).finished
        assert list(runs.resume(path, data, epochs=epochs)) == []
    with pytest.raises(ValueError, match="expected epochs to be a whole number"):
        runs.resume(path, data, epochs=0)
    begun = iter(runs.resume(path, data, epochs=7))
    next(begun)
    for epochs in (6, 8):
        with pytest.raises(HandgradError, match="expected to go on to 7 epochs, as the unfinished run began"):
            runs.resume(path, data, epochs=epochs)
    assert len(list(runs.resume(path, data, epochs=7))) == 2


def test_what_was_held_back_is_known_or_asked_for(data, finished):
    """From the calibration; without one, from the file; a file that lacks both is not continued."""
    few = runs.split(*data.given, 20)
    for held_back in (data, few):
        path = finished(held_back)
        model = model_file.load(path)
        assert model.held_back == held_back.held_back
        given = Calibration(1.0, 0.5, 0.9, 1.0, 60, 6, "given")
        model_file.save(path, replace(model, calibration=given))  # by images that were not held back
        assert model_file.load(path).held_back == held_back.held_back
    model_file.save(path, replace(model, held_back=None))
    assert runs.resume(path, few).finished
    with pytest.raises(ModelFileError, match="the run does not say how many images were held back"):
        runs.resume(path, few, epochs=6)
    model_file.save(path, replace(model, history=model.history[1:]))
    with pytest.raises(ModelFileError, match="the history has 3 epochs, but the recipe has 4; start anew"):
        runs.resume(path, few)
    history = [{**record, "validation_accuracy": None} for record in model.history]
    model_file.save(path, replace(model, history=history))
    with pytest.raises(ModelFileError, match="the history does not match 20 images held back"):
        runs.resume(path, few, epochs=6)


def test_a_run_that_was_left_goes_on_where_it_stood(data, tmp_path):
    """The same Run, entered again: the bytes of one that was never left."""
    whole = runs.start(data, RECIPE, 0, tmp_path / "whole", engine=engine())
    assert len(list(whole)) == 6
    assert list(whole) == []
    parts = runs.start(data, RECIPE, 0, tmp_path / "parts", engine=engine())
    for progress in parts:
        if progress.epoch.epoch == 2:
            break
    assert (parts.done, parts.finished) == (2, False)
    assert len(list(parts)) == 4
    assert digest(tmp_path / "parts") == digest(tmp_path / "whole")


def test_the_engines_limits_hold_in_an_epoch_and_never_for_the_caller(data):
    depth = seen = 0

    @contextmanager
    def limits():
        nonlocal depth
        depth += 1
        yield
        depth -= 1

    def watching(*arguments):
        nonlocal seen
        seen = max(seen, depth)
        return where.run_epoch(*arguments)

    where = engine()
    watched = where._replace(run_epoch=watching, limits=limits)
    for _ in runs.run(data, replace(RECIPE, epochs=2), engine=watched):
        assert depth == 0
    assert (seen, depth) == (1, 0)


def test_beside_the_fast_engine_numpys_blas_has_one_thread():
    def threads():
        return [lib["num_threads"] for lib in threadpool_info() if "numpy" in lib["filepath"]]

    before = threads()
    with engine("ink").limits():
        assert set(threads()) <= {1}
    assert threads() == before


def test_engines_that_are_not_there_are_named():
    assert engine("numpy").name == "numpy"
    assert engine(threads=2).name == "ink, 2 threads"
    with pytest.raises(
        HandgradError, match="the numpy engine runs on device cpu; got cuda; use --engine torch"
    ):
        engine("numpy", "cuda")
    with pytest.raises(HandgradError, match="expected a device that PyTorch has here; got 'abacus'"):
        engine("torch", "abacus")


def test_of_two_runs_with_one_file_the_later_writer_is_told(data, tmp_path):
    """Whoever writes first goes on to its end; the other one leaves its file alone."""
    path, alone = tmp_path / "m", tmp_path / "alone"
    list(runs.run(data, RECIPE, 1, alone))
    for epochs in (0, 1):  # both begin where there is no file, and the second where the first has written it
        first = iter(runs.start(data, RECIPE, 1, path))
        winner, loser = first, iter(runs.start(data, RECIPE, 2, path))
        if epochs:
            next(first)
            winner, loser = iter(runs.start(data, RECIPE, 1, path)), first
        next(winner)
        with pytest.raises(
            ModelFileError, match=f"m: another program .* ends after epoch {epochs}; "
        ) as told:
            next(loser)
        assert "\n" not in str(told.value)
        list(winner)
        assert digest(path) == digest(alone)
        path.unlink()


def test_a_file_that_was_moved_away_is_written_anew(data, tmp_path):
    run = iter(runs.start(data, RECIPE, 1, tmp_path / "m"))
    next(run)
    (tmp_path / "m").rename(tmp_path / "moved")
    list(run)
    list(runs.run(data, RECIPE, 1, tmp_path / "alone"))
    assert digest(tmp_path / "m") == digest(tmp_path / "alone")


def train(*options):
    command = [
        sys.executable,
        "-m",
        "handgrad",
        "train",
        "--hidden",
        "64",
        "--epochs",
        "30",
        "--threads",
        "2",
    ]
    return subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True)


@cache  # not a fixture of the module: it would run before the test's own folders are set
def digest_of_an_uninterrupted_run():
    with TemporaryDirectory() as folder, train("--out", f"{folder}/whole", "--quiet") as process:
        assert process.wait() == 0
        return digest(Path(folder, "whole"))


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT])
def test_killed_at_random_and_resumed_the_command_line_ends_in_the_same_bytes(stop, tmp_path, rng):
    """The whole program, on all of MNIST: killed three times in one run, resumed each time."""
    path = tmp_path / "killed"
    process, lives = train("--out", path), 0
    while True:
        done_in_this_life, said = 0, ""
        for line in process.stderr:
            said += line
            done_in_this_life += line.strip()[:1].isdigit()
            if done_in_this_life == 1 and lives < 3:
                time.sleep(float(rng.uniform(0, 0.1)))
                process.send_signal(stop)
        process.stderr.close()
        if (code := process.wait()) == 0:
            break
        assert code == (130 if stop == signal.SIGINT else -signal.SIGKILL)
        if stop == signal.SIGINT:
            assert "Traceback" not in said
            assert f"go on with: handgrad train --resume {path} --threads 2\n" in said
        lives += 1
        process = subprocess.Popen(
            [sys.executable, "-m", "handgrad", "train", "--resume", path, "--threads", "2"],
            stderr=subprocess.PIPE,
            text=True,
        )
    assert lives == 3
    assert digest(path) == digest_of_an_uninterrupted_run()
    before = digest(path)  # a finished file is left as it is
    assert (
        subprocess.run(
            [sys.executable, "-m", "handgrad", "train", "--resume", path], capture_output=True
        ).returncode
        == 0
    )
    assert digest(path) == before
