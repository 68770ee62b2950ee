"""The fast engine against the reference, by name, for every configuration; and what it does when it cannot."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import strategies as st

from handgrad import network, training
from handgrad.engines import compiled, engine
from handgrad.engines.ink import InkEngine, Scorer, layout, machine
from handgrad.errors import DataError, DivergedError, HandgradError
from handgrad.model import Model
from handgrad.recipes import CHOICES, Recipe

from alike import images_like_digits, worst_difference

ENGINES = {threads: InkEngine(threads) for threads in (1, 2, 4)}


def test_equal_to_the_reference_in_float64_for_every_configuration(figure):
    def engine(draw):
        return draw(st.sampled_from(list(ENGINES.values()))).run_epoch

    worst = worst_difference(engine, 300)
    figure("fast engine against reference in float64, two epochs, 300 configurations", f"{worst:.1e}")


@pytest.mark.parametrize("threads", ENGINES)
@pytest.mark.parametrize(("optimizer", "rate"), [("sgd", 0.1), ("nesterov", 0.02), ("adam", 0.001)])
def test_500_steps_in_float32_on_mnist_stay_close(threads, optimizer, rate, mnist, figure):
    """Within 2e-3 for every parameter: sums in another order round otherwise, and training spreads that."""
    (images, labels), _ = mnist
    recipe = Recipe(hidden=64, optimizer=optimizer, learning_rate=rate, batch_size=16)
    params = network.init_params(784, 64, 10, np.random.default_rng(0), dtype=np.float32)
    order, rates = np.random.default_rng(1).permutation(8000), np.full(500, rate)
    p, _, loss = training.run_epoch(params, images[:8000], labels[:8000], order, recipe, rates)
    q, _, loss_q = ENGINES[threads].run_epoch(params, images[:8000], labels[:8000], order, recipe, rates)
    assert loss == pytest.approx(loss_q, abs=1e-5)
    worst = max(float(np.abs(a - b).max()) for a, b in zip(p, q, strict=True))
    assert worst < 2e-3
    figure(f"fast engine, {threads} threads, 500 steps of {optimizer} in float32", f"{worst:.1e}")


def test_what_does_not_fit_is_refused_before_the_kernel_sees_it(rng):
    """It reads and writes memory without looking."""
    images, labels = images_like_digits(rng, 6, 90), rng.integers(0, 3, 6)
    params, recipe = network.init_params(90, 4, 3, rng), Recipe(hidden=4, batch_size=6)
    wrong = {
        DataError: [
            (images, labels + 3, np.arange(6)),
            (images, -labels - 1, np.arange(6)),
            (images, labels[:5], np.arange(6)),
            (images[:, :89], labels, np.arange(6)),
            (np.tile(images, 2), labels, np.arange(6)),
        ],
        IndexError: [(images, labels, np.array([0, 6])), (images, labels, np.array([-1, 0]))],
    }
    for error, cases in wrong.items():
        for some, named, order in cases:
            with pytest.raises(error, match="expected"):
                InkEngine(1).run_epoch(params, some, named, order, recipe, np.full(1, 0.1))
    with pytest.raises(DataError, match="expected images of 90 pixels"):
        InkEngine(1).accuracy(params, images[:, :80], labels)


@pytest.mark.parametrize("activation", CHOICES["activation"])
@pytest.mark.parametrize(("N", "D", "hidden", "C"), [(1, 1, 1, 2), (150, 90, 33, 10), (70, 784, 200, 17)])
def test_scores_are_those_of_the_reference(activation, N, D, hidden, C, rng):
    images, params = images_like_digits(rng, N, D), network.init_params(D, hidden, C, rng)
    x = images / 255
    expected = network.forward(params, x, activation).z
    for threads in ENGINES:
        scorer = Scorer(params, activation, threads)
        for _ in range(2):
            np.testing.assert_allclose(scorer.checked_z(images), expected, atol=1e-12)


def test_a_compiled_model_answers_as_the_model_does(mnist, rng):
    _, (images, _) = mnist
    params = network.init_params(784, 60, 10, np.random.default_rng(0), dtype=np.float32)
    for loss in CHOICES["loss"]:
        model = Model(params, "tanh", loss, classes=tuple("abcdefghij"))
        for threads in (1, 2, None):
            fast = compiled(model, threads)
            assert fast.scorer is not None
            assert model.scorer is None
            for some in (
                images[:500],
                images[:70].reshape(70, 784),
                images[0],
                images[1].ravel(),
                images[:1],
            ):
                np.testing.assert_allclose(fast.scores(some), model.scores(some), atol=1e-6)
                assert fast.predict(some).tolist() == model.predict(some).tolist()
            np.testing.assert_array_equal(fast.scores(images[::-3]), fast.scores(images[::-3].copy()))
            grey = images[:20] / np.float32(255)
            np.testing.assert_array_equal(fast.scores(grey), model.scores(grey))
            for wrong in (images[0].reshape(784, 1), images[:, :27], images[:0]):
                with pytest.raises(DataError):
                    fast.predict(wrong)
    huge = compiled(Model(network.map_params(lambda p: p * np.float32(1e20), params)), 1)
    for ask in (huge.predict, huge.scores):
        with pytest.raises(DataError, match="not finite"):
            ask(images[:100])
    assert replace(fast, activation="relu").scorer is None  # it would answer with the old one


def test_a_compiled_model_is_asked_by_many_threads_at_once(mnist):
    _, (images, _) = mnist
    fast = compiled(Model(network.init_params(784, 60, 10, np.random.default_rng(0), dtype=np.float32)))
    parts = [images[i : i + 40 + i % 90] for i in range(0, 3000, 30)]
    expected = [fast.predict(part) for part in parts]
    with ThreadPoolExecutor(8) as pool:
        for wanted, found in zip(expected, pool.map(fast.predict, parts), strict=True):
            np.testing.assert_array_equal(wanted, found)


def test_accuracy_is_that_of_the_reference(mnist):
    _, (images, labels) = mnist
    params = network.init_params(784, 100, 10, np.random.default_rng(0), dtype=np.float32)
    expected = training.accuracy(params, images, labels)
    assert {fast.accuracy(params, images, labels) for fast in ENGINES.values()} == {expected}
    dense = images[:50].reshape(50, -1) / np.float32(255)
    assert ENGINES[1].accuracy(params, dense, labels[:50]) == training.accuracy(params, dense, labels[:50])


@pytest.mark.parametrize("threads", ENGINES)
def test_the_same_numbers_twice_to_the_bit(threads, mnist):
    (images, labels), _ = mnist
    recipe = Recipe(hidden=100, optimizer="adam", batch_size=32)
    params = network.init_params(784, 100, 10, np.random.default_rng(0), dtype=np.float32)
    order, rates = np.random.default_rng(1).permutation(6400), np.full(200, 0.001)
    first, second = (
        InkEngine(threads).run_epoch(params, images, labels, order, recipe, rates) for _ in range(2)
    )
    for a, b in zip(first[0], second[0], strict=True):
        assert a.tobytes() == b.tobytes()
    assert first[2] == second[2]


def test_arguments_are_left_alone_and_new_images_are_noticed(rng):
    images, labels = images_like_digits(rng, 40, 30), rng.integers(0, 3, 40)
    params = network.init_params(30, 20, 3, rng)
    kept = network.map_params(np.copy, params)
    fast, recipe, rates = InkEngine(2), Recipe(hidden=20, batch_size=10), np.full(4, 0.1)
    for some in (images, images[::-1].copy(), images):
        ours = fast.run_epoch(params, some, labels, np.arange(40), recipe, rates)
        theirs = training.run_epoch(params, some, labels, np.arange(40), recipe, rates)
        np.testing.assert_allclose(ours[0].W1, theirs[0].W1, atol=1e-12)
    images[:, ::7] = 255  # in the same array, as with distortions
    ours = fast.run_epoch(params, images, labels, np.arange(40), recipe, rates)
    theirs = training.run_epoch(params, images, labels, np.arange(40), recipe, rates)
    np.testing.assert_allclose(ours[0].W1, theirs[0].W1, atol=1e-12)
    for p, before in zip(params, kept, strict=True):
        np.testing.assert_array_equal(p, before)


@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
def test_pixels_without_ink_go_on_moving_while_the_optimizer_remembers(optimizer, rng):
    """Other images in the second epoch, as with distortions: what the first left in motion rolls on."""
    params, labels = network.init_params(30, 20, 3, rng), rng.integers(0, 3, 40)
    first, second = images_like_digits(rng, 40, 30), images_like_digits(rng, 40, 30)
    first[:, 20:], second[:, :10] = 0, 0
    recipe, rates, results = Recipe(hidden=20, batch_size=10, optimizer=optimizer), np.full(4, 0.01), []
    for run_epoch in (training.run_epoch, InkEngine(2).run_epoch):
        p, memory, _ = run_epoch(params, first, labels, np.arange(40), recipe, rates)
        p, memory, _ = run_epoch(p, second, labels, np.arange(40), recipe, rates, memory, 4)
        results.append((p, memory))
    (p, memory), (q, memory_q) = results
    np.testing.assert_allclose(p.W1, q.W1, atol=1e-12)
    for a, b in zip(memory.W1, memory_q.W1, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


@pytest.mark.parametrize("threads", ENGINES)
def test_divergence_is_named_as_by_the_reference(threads, mnist):
    (images, labels), _ = mnist
    recipe = Recipe(hidden=32, batch_size=100)
    params = network.init_params(784, 32, 10, np.random.default_rng(0), dtype=np.float32)
    rates = np.array([0.1, 0.1, 1e38, 0.1, 0.1])  # the features overflow in the batch after
    found = []
    for run_epoch in (training.run_epoch, ENGINES[threads].run_epoch):
        with pytest.raises(DivergedError) as caught:
            run_epoch(params, images, labels, np.arange(500), recipe, rates, None, 10)
        found.append((caught.value.epoch, caught.value.batch))
    assert found[0] == found[1] == (3, 4)


def test_dense_images_are_left_to_the_dense_engine_with_a_warning(rng):
    images, labels = rng.random((20, 9)), rng.integers(0, 3, 20)
    params, recipe = network.init_params(9, 4, 3, rng), Recipe(hidden=4, batch_size=5)
    with pytest.warns(UserWarning, match="the images are not uint8; the numpy engine takes over"):
        ours = InkEngine(1).run_epoch(params, images, labels, np.arange(20), recipe, np.full(4, 0.1))
    theirs = training.run_epoch(params, images, labels, np.arange(20), recipe, np.full(4, 0.1))
    np.testing.assert_allclose(ours[0].W1, theirs[0].W1, atol=1e-12)


class InterruptedPool:
    """A pool that sends a task off, and is hit by Ctrl-C before the caller begins its own part."""

    def __init__(self, pool):
        self.pool, self.sent = pool, []

    def submit(self, *task):
        self.sent.append(self.pool.submit(*task))
        if len(self.sent) == 1:
            return self.sent[0]
        raise KeyboardInterrupt

    def shutdown(self, **how):
        self.pool.shutdown(**how)


def test_after_ctrl_c_no_thread_waits_for_one_that_never_began(mnist):
    images, labels = mnist[0][0][:640], mnist[0][1][:640]
    params = network.init_params(784, 192, 10, np.random.default_rng(0), dtype=np.float32)
    fast, recipe, rates = InkEngine(3), Recipe(hidden=192, batch_size=64), np.full(10, 0.1)
    fast._together._pool = pool = InterruptedPool(ThreadPoolExecutor(2))
    with pytest.raises(KeyboardInterrupt):
        fast.run_epoch(params, images, labels, np.arange(640), recipe, rates)
    assert [helper.done() for helper in pool.sent] == [True, True]  # they work on the same arrays
    assert np.isfinite(fast.run_epoch(params, images, labels, np.arange(640), recipe, rates)[2])


def test_very_large_batches_are_left_to_the_dense_engine_with_a_warning(mnist):
    (images, labels), _ = mnist
    params = network.init_params(784, 8, 10, np.random.default_rng(0), dtype=np.float32)
    recipe, rates, order = Recipe(hidden=8, batch_size=60_000), np.full(1, 0.1), np.arange(8193)
    with pytest.warns(UserWarning, match="a batch has more than 8,192 images; the numpy engine takes over"):
        ours = InkEngine(1).run_epoch(params, images, labels, order, recipe, rates)
    theirs = InkEngine(1).run_epoch(params, images, labels, order[:8192], recipe, rates)  # no warning
    assert ours[2] == pytest.approx(theirs[2], abs=1e-3)


@pytest.mark.parametrize(("hidden", "threads"), [(192, 1), (192, 2), (64, 2)])
def test_nothing_is_left_to_compile_in_the_first_epoch(hidden, threads):
    """engine() has had the code ready for that network: training, and measuring its accuracy."""
    code = f"""
import sys
import numpy as np
from handgrad import network, recipes
from handgrad.engines import compiled, engine
from handgrad.model import Model
from handgrad.engines.ink import machine
fast = engine("ink", threads={threads}, hidden={hidden})
ready = machine._code.cache_info().misses
params = network.init_params(784, {hidden}, 10, np.random.default_rng(0), dtype=np.float32)
images, labels, rates = np.ones((9, 28, 28), np.uint8), np.arange(9), np.ones(1)
for choices in ({{}}, {{"optimizer": "adam", "loss": "cross_entropy", "activation": "tanh"}}):
    recipe = recipes.Recipe(hidden={hidden}, batch_size=16, **choices)
    fast.run_epoch(params, images, labels, np.arange(9), recipe, rates)
fast.accuracy(params, images, labels)
print(ready, machine._code.cache_info().misses)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "1"]


@pytest.fixture
def kept(monkeypatch, tmp_path):
    """A function that has the kernel's code fetched as by a new process -> what is kept, how often compiled."""
    monkeypatch.setattr(machine, "user_folder", lambda kind: tmp_path / kind)
    times, compile_ = [], machine._compiled

    def counted(*args):
        times.append(args)
        return compile_(*args)

    monkeypatch.setattr(machine, "_compiled", counted)

    def fetch(lanes=16):
        code = cache(machine._code.__wrapped__)
        monkeypatch.setattr(layout, "code", lambda lanes, dtype: code(lanes, dtype.itemsize))
        params = network.init_params(30, 20, 3, np.random.default_rng(0))
        images = images_like_digits(np.random.default_rng(1), 40, 30)
        expected = network.forward(params, images / 255).z
        np.testing.assert_allclose(Scorer(params, lanes=lanes).z(images), expected, atol=1e-12)
        folder = tmp_path / "cache"
        return sorted(folder.iterdir()) if folder.is_dir() else [], len(times)

    return fetch


def test_the_code_is_compiled_once_and_kept(kept):
    (file,), times = kept()
    assert times == 1
    assert kept() == ([file], 1)
    files, times = kept(lanes=32)
    assert (len(files), times) == (2, 2)
    assert kept(lanes=32) == (files, 2)


@pytest.mark.parametrize("damage", ["empty", "torn", "one bit", "foreign"])
def test_a_damaged_file_is_compiled_anew(damage, kept):
    (file,), _ = kept()
    whole = file.read_bytes()
    bit = bytes([whole[5000] ^ 1])
    wrong = {
        "empty": b"",
        "torn": whole[:-100],
        "one bit": whole[:5000] + bit + whole[5001:],
        "foreign": b"\x7fELF" * 99,
    }
    file.write_bytes(wrong[damage])
    assert kept() == ([file], 2)
    assert file.read_bytes() == whole
    assert kept() == ([file], 2)


@pytest.mark.parametrize("change", ["processor", "version", "text"])
def test_code_for_something_else_is_not_taken(change, kept, monkeypatch, tmp_path):
    kept()
    if change == "processor":
        name, features = machine.processor()
        monkeypatch.setattr(
            machine, "processor", lambda: (name, features.replace("+sse4a", "-sse4a") + ",+64bit")
        )
    elif change == "version":
        monkeypatch.setattr(machine.llvmlite, "__version__", "0.0")
    else:
        other = tmp_path / "other.py"
        other.write_text("another kernel")
        monkeypatch.setattr(machine, "MADE_FROM", (*machine.MADE_FROM, str(other)))
    files, times = kept()
    assert (len(files), times) == (2, 2)


def test_where_nothing_can_be_kept_it_is_compiled_each_time(kept, tmp_path):
    (tmp_path / "cache").write_text("a file stands where the folder would be made")
    assert kept() == ([], 1)
    assert kept() == ([], 2)


def test_without_llvmlite_the_numpy_engine_takes_over_and_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    for name in [name for name in sys.modules if name.startswith("handgrad.engines.ink")]:
        monkeypatch.delitem(sys.modules, name)
    said = []
    assert engine(say=said.append).name == "numpy"
    assert said == [
        "the ink engine is not available (llvmlite is not installed); the numpy engine takes over"
    ]
    with pytest.raises(HandgradError, match="not available: llvmlite is not installed; use --engine numpy"):
        engine("ink")


FAILURES = {
    "processor": (
        "processor",
        RuntimeError("Unknown processor 'zen9'"),
        "RuntimeError: Unknown processor 'zen9'",
    ),
    "compiler": (
        "_compiled",
        AttributeError("no attribute 'as_pointer'"),
        "AttributeError: no attribute 'as_pointer'",
    ),
    "linker": ("linked", OSError("cannot allocate\nmemory"), "OSError: cannot allocate memory"),
    "says nothing": ("_compiled", NotImplementedError(), "NotImplementedError"),
}


@pytest.mark.parametrize("fault", FAILURES)
def test_whatever_goes_wrong_when_compiling_the_numpy_engine_takes_over_and_says_so(
    fault, monkeypatch, tmp_path
):
    part, error, why = FAILURES[fault]

    def fails(*arguments):
        raise error

    monkeypatch.setattr(machine, part, fails)
    monkeypatch.setattr(machine, "user_folder", lambda kind: tmp_path / kind)
    monkeypatch.setattr(machine, "_code", machine._code.__wrapped__)
    said = []
    assert engine(say=said.append, hidden=24).name == "numpy"
    assert said == [f"the ink engine is not available ({why}); the numpy engine takes over"]
    with pytest.raises(HandgradError) as caught:
        engine("ink")
    assert str(caught.value) == f"the ink engine is not available: {why}; use --engine numpy"
    with pytest.raises(HandgradError, match="use the model as it is"):
        compiled(Model(network.init_params(9, 4, 3, np.random.default_rng(0))))


def test_ctrl_c_is_no_reason_for_another_engine(monkeypatch):
    """Python may hide it behind another error; see errors.came_of_ctrl_c."""
    hidden = RuntimeError("Error calling __set_name__")
    hidden.__cause__ = KeyboardInterrupt()

    def fails(*arguments):
        raise hidden

    monkeypatch.setattr(machine, "_code", fails)
    with pytest.raises(RuntimeError, match="__set_name__"):
        engine()


@pytest.mark.parametrize("place", ["empty", "not to be written"])
def test_it_runs_with_an_empty_cache_and_with_none(place, tmp_path):
    """A first use, and a folder that nothing can be written to (a file stands where it would be made)."""
    folder = tmp_path / "cache"
    if place != "empty":
        folder.write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "handgrad", "warmup"],
        env=os.environ | {"XDG_CACHE_HOME": str(folder)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ink, ")
    assert "Traceback" not in done.stderr
    assert (place == "empty") == (folder / "handgrad").is_dir()


def test_it_is_what_train_uses(mnist):
    assert engine().name.startswith("ink")
    recipe = replace(Recipe(), hidden=20, epochs=2)
    rng = np.random.default_rng(0)
    params = network.init_params(784, 20, 10, rng, dtype=np.float32)
    images, labels = mnist[0][0][:2000], mnist[0][1][:2000]
    *_, last = training.train(params, images, labels, rng, recipe, run_epoch=engine().run_epoch)
    assert training.accuracy(last.params, images, labels) > 0.5


@pytest.mark.parametrize("takes_long", [True, False])
def test_the_user_is_told_that_the_kernel_is_being_compiled_where_it_takes_long(takes_long, monkeypatch):
    said, told = [], threading.Event()

    def say(line):
        said.append(line)
        told.set()

    monkeypatch.setattr("handgrad.engines.PATIENCE", 0 if takes_long else 1e6)
    monkeypatch.setattr("handgrad.engines.ink.warm_up", lambda *_: told.wait(60) if takes_long else None)
    engine("ink", say=say)
    assert said == ["compiling the fast engine for this machine, once"] * takes_long
