"""The dense engine against the reference, for every configuration; and how many threads BLAS may take."""

import contextlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from handgrad import network, threads, training
from handgrad.engines import dense, engine
from handgrad.errors import DataError, DivergedError
from handgrad.recipes import Recipe
from handgrad.threads import one_blas_thread

from alike import images_like_digits, worst_difference


def test_equal_to_the_reference_in_float64_for_every_configuration(figure):
    worst = worst_difference(lambda draw: dense.run_epoch, 200)
    figure("dense engine against reference in float64, two epochs, 200 configurations", f"{worst:.1e}")


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "adam"])
def test_500_steps_in_float32_on_mnist_stay_close(optimizer, mnist, figure):
    images, labels = mnist[0][0][:8000], mnist[0][1][:8000]
    rate = 0.001 if optimizer == "adam" else 0.02
    recipe, rates = Recipe(hidden=64, optimizer=optimizer, batch_size=16), np.full(500, rate)
    params = network.init_params(784, 64, 10, np.random.default_rng(0), dtype=np.float32)
    order = np.random.default_rng(1).permutation(8000)
    for some in (images, images.reshape(8000, 784) / np.float32(255)):
        p, _, loss = training.run_epoch(params, some, labels, order, recipe, rates)
        q, _, loss_q = dense.run_epoch(params, some, labels, order, recipe, rates)
        assert loss == pytest.approx(loss_q, abs=1e-5)
        assert {array.dtype for array in q} == {np.dtype(np.float32)}
        worst = max(float(np.abs(a - b).max()) for a, b in zip(p, q, strict=True))
        assert worst < 2e-3
    figure(f"dense engine, 500 steps of {optimizer} in float32", f"{worst:.1e}")


def test_arguments_are_left_alone_and_what_does_not_fit_is_refused(rng):
    images, labels = images_like_digits(rng, 40, 30), rng.integers(0, 3, 40)
    params, recipe = network.init_params(30, 20, 3, rng), Recipe(hidden=20, batch_size=10, optimizer="adam")
    rates, order = np.full(4, 0.01), np.arange(40)
    p, memory, _ = dense.run_epoch(params, images, labels, order, recipe, rates)
    kept = network.map_params(np.copy, p), [array.copy() for array in memory.W1]
    dense.run_epoch(p, images, labels, order, recipe, rates, memory, 4)
    for now, before in zip((*p, *memory.W1), (*kept[0], *kept[1]), strict=True):
        np.testing.assert_array_equal(now, before)
    with pytest.raises(DataError, match="labels from 0 to 2"):
        dense.run_epoch(params, images, labels + 1, order, recipe, rates)
    with pytest.raises(IndexError):
        dense.run_epoch(params, images, labels, order + 1, recipe, rates)


def test_divergence_is_named_as_by_the_reference(mnist):
    (images, labels), _ = mnist
    params = network.init_params(784, 32, 10, np.random.default_rng(0), dtype=np.float32)
    rates, recipe = np.array([0.1, 0.1, 1e38, 0.1, 0.1]), Recipe(hidden=32, batch_size=100)
    found = []
    for run_epoch in (training.run_epoch, dense.run_epoch):
        with pytest.raises(DivergedError) as caught:
            run_epoch(params, images, labels, np.arange(500), recipe, rates, None, 10)
        found.append((caught.value.epoch, caught.value.batch))
    assert found[0] == found[1]


def blas_threads():
    """What NumPy's BLAS may use now."""
    (library,) = (
        found
        for found in ThreadpoolController().select(user_api="blas").info()
        if "numpy" in found["filepath"]
    )
    return library["num_threads"]


@pytest.fixture
def two():
    """BLAS may use two threads, whatever the machine has."""
    limiter = threadpool_limits(2, "blas")
    threads._release_control()  # so that other threads may set it too
    if blas_threads() != 2:
        pytest.skip("this NumPy's BLAS cannot be given two threads")
    yield
    limiter.restore_original_limits()
    threads._release_control()


def test_contexts_of_one_blas_thread_are_nested_and_the_last_one_out_restores(two):
    first, second = one_blas_thread(), one_blas_thread()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)  # not in the order of entering, as with several threads
    assert blas_threads() == 1
    second.__exit__(None, None, None)
    assert blas_threads() == 2
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        _ = 1 / 0
    assert blas_threads() == 2


def test_threads_may_leave_in_any_order(two):
    """The first one in leaves first, and lives on; whoever is the last restores the number."""
    contexts = [one_blas_thread() for _ in range(3)]
    with contextlib.ExitStack() as pools:
        workers = [pools.enter_context(ThreadPoolExecutor(1)) for _ in contexts]
        for worker, context in zip(workers, contexts, strict=True):
            worker.submit(context.__enter__).result()
            assert worker.submit(blas_threads).result() == 1
        for worker, context in zip(workers, contexts, strict=True):
            assert blas_threads() == 1
            worker.submit(context.__exit__, None, None, None).result()
        assert blas_threads() == 2
        with one_blas_thread():  # another thread than before
            assert blas_threads() == 1
        assert blas_threads() == 2


@pytest.mark.parametrize(("large", "expected"), [(dense.LARGE, 1), (1.0, 2)])
def test_small_products_are_left_to_one_thread(large, expected, two, rng, monkeypatch):
    images, labels = images_like_digits(rng, 40, 30), rng.integers(0, 3, 40)
    params, seen = network.init_params(30, 20, 3, rng), []

    def watched(function):
        def call(*arguments):
            seen.append(blas_threads())
            return function(*arguments)

        return call

    monkeypatch.setattr(dense, "LARGE", large)
    monkeypatch.setattr(dense, "_l2", watched(dense._l2))
    monkeypatch.setattr(training, "predict", watched(training.predict))
    recipe = Recipe(hidden=20, batch_size=20)
    dense.run_epoch(params, images, labels, np.arange(40), recipe, np.full(2, 0.01))
    engine("numpy").accuracy(params, images, labels)
    assert seen == [expected] * 3
    assert blas_threads() == 2


def test_a_run_with_the_fast_engine_leaves_blas_one_thread(two):
    for name, inside in (("ink", 1), ("numpy", 2), ("torch", 2)):  # numpy decides product by product
        with engine(name).limits():
            assert blas_threads() == inside
        assert blas_threads() == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_the_lock_of_the_limit_is_free_in_a_child(two):
    """Forked while a thread is inside: see tests/processes.py for the engines."""
    program = """
import os, threading
from handgrad.threads import _limit, one_blas_thread
inside, done = threading.Event(), threading.Event()
def stay():
    with _limit.lock:
        inside.set()
        done.wait(1)
threading.Thread(target=stay).start()
inside.wait()
child = os.fork()
if child == 0:
    with one_blas_thread():
        os._exit(7)
done.set()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "7\n", done.stderr


def test_a_child_gets_back_the_threads_that_another_thread_had_limited(two):
    """Forked while another thread is inside: in the child nobody will ever leave for it."""
    program = """
import os, threading
import numpy
from threadpoolctl import ThreadpoolController, threadpool_limits
from handgrad.threads import one_blas_thread
def count():
    found = ThreadpoolController().select(user_api="blas").info()
    return [library["num_threads"] for library in found if "numpy" in library["filepath"]][0]
threadpool_limits(2, "blas")
inside, done = threading.Event(), threading.Event()
def stay():
    inside.set()
    done.wait(60)
with one_blas_thread():  # by the main thread, as threadpoolctl wants it; the other thread enters beside it
    def enter():
        with one_blas_thread():
            stay()
    other = threading.Thread(target=enter)
    other.start()
    inside.wait(60)
child = os.fork()
if child == 0:
    before = count()
    with one_blas_thread():
        within = count()
    os._exit(100 * before + 10 * within + count())
done.set()
other.join()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "212\n", done.stderr
