"""The kernel run as Python against the kernel compiled: the same epochs and scores, whatever is chosen."""

from contextlib import nullcontext

import numpy as np
import pytest

from handgrad import network
from handgrad.engines.ink import InkEngine, Scorer, engine, plain
from handgrad.engines.ink.task import NARROW, WIDE, Pointer
from handgrad.errors import DivergedError
from handgrad.recipes import CHOICES, Recipe

from alike import images_like_digits

# two or three bands of pixels, of more than one piece each; two or three blocks of units, the last padded; two
# groups of scores; batches of three images, the last of one
D, H, C, N, SIZE = 210, 70, 17, 7, 3
FORMS = {"compiled": nullcontext, "as Python": plain.interpreted}


def epochs(monkeypatch, recipe, form, lanes, threads, dtype=np.float64, rate=0.01):
    """Two epochs -> parameters, memory, losses."""
    monkeypatch.setattr(engine, "split", lambda H, threads: (lanes, threads))
    rng = np.random.default_rng(1)
    images, labels = images_like_digits(rng, N, D), rng.integers(0, C, N)
    params, memory = network.init_params(D, H, C, rng, recipe.bias, dtype), None
    fast, losses = InkEngine(threads), []
    for epoch in range(2):
        order, rates = rng.permutation(N), rate * rng.uniform(0.5, 1, 3)
        with FORMS[form]():
            params, memory, loss = fast.run_epoch(
                params, images, labels, order, recipe, rates, memory, 3 * epoch
            )
        losses.append(loss)
    return params, memory, losses


def compare(monkeypatch, recipe, lanes, threads, dtype=np.float64, atol=1e-13):
    """The largest difference between a parameter of the compiled kernel and of the kernel as Python."""
    (p, memory, losses), (q, memory_q, losses_q) = (
        epochs(monkeypatch, recipe, form, lanes, threads, dtype) for form in FORMS
    )
    np.testing.assert_allclose(losses, losses_q, rtol=10 * atol)
    for name, a, b in zip(p._fields, p, q, strict=True):
        if a is not None:
            np.testing.assert_allclose(a, b, rtol=0, atol=atol, err_msg=f"{name} {lanes=} {threads=}")
            for slot, slot_q in zip(getattr(memory, name), getattr(memory_q, name), strict=True):
                np.testing.assert_allclose(slot, slot_q, rtol=0, atol=atol, err_msg=f"memory of {name}")
    return max(float(np.abs(a - b).max()) for a, b in zip(p, q, strict=True) if a is not None)


@pytest.mark.parametrize("activation", CHOICES["activation"])
@pytest.mark.parametrize("loss", CHOICES["loss"])
@pytest.mark.parametrize("optimizer", CHOICES["optimizer"])
def test_an_epoch_as_python_is_that_of_the_compiled_kernel(optimizer, loss, activation, monkeypatch):
    """For both widths of a block, in one thread and in two that wait for each other."""
    recipe = Recipe(hidden=H, batch_size=SIZE, optimizer=optimizer, loss=loss, activation=activation)
    compare(monkeypatch, recipe, NARROW, threads=2)
    compare(monkeypatch, recipe, WIDE, threads=1)


@pytest.mark.parametrize(("lanes", "threads"), [(NARROW, 1), (WIDE, 2), (NARROW, 3)])
def test_on_other_numbers_of_threads(lanes, threads, monkeypatch):
    compare(monkeypatch, Recipe(hidden=H, batch_size=SIZE, optimizer="adam"), lanes, threads)


@pytest.mark.parametrize("lanes", [NARROW, WIDE])
def test_without_biases_and_in_single_precision(lanes, monkeypatch):
    recipe = Recipe(hidden=H, batch_size=SIZE, optimizer="adam", bias=False)
    compare(monkeypatch, recipe, lanes, 2)
    recipe = Recipe(hidden=H, batch_size=SIZE, optimizer="nesterov", loss="cross_entropy", activation="tanh")
    assert compare(monkeypatch, recipe, lanes, 1, np.float32, atol=1e-6) > 0  # they round differently


@pytest.mark.parametrize("activation", CHOICES["activation"])
@pytest.mark.parametrize("lanes", [NARROW, WIDE])
def test_scores_as_python_are_those_of_the_compiled_kernel(lanes, activation, rng):
    images, params = images_like_digits(rng, N, D), network.init_params(D, H, C, rng)
    found = []
    for form in FORMS.values():
        with form():
            scorer = Scorer(params, activation, lanes=lanes)
        found.append((scorer.z(images), scorer.outputs(images)))
    np.testing.assert_allclose(found[0], found[1], rtol=0, atol=1e-13)


@pytest.mark.parametrize("threads", [1, 2])
def test_divergence_is_found_in_the_same_batch(threads, monkeypatch):
    found, recipe = [], Recipe(hidden=H, batch_size=SIZE, loss="cross_entropy")
    for form in FORMS:
        with pytest.raises(DivergedError) as caught:
            epochs(monkeypatch, recipe, form, NARROW, threads, rate=1e300)
        found.append((caught.value.epoch, caught.value.batch))
    assert found[0] == found[1]


NEEDED = [
    "W1", "W2", "V2", "b2", "count", "counter", "grad_W1", "grad_a", "grad_z", "grads", "h", "images", "ink",
    "labels", "m_W1", "m_W2", "m_b2", "mask", "order", "piece", "pieces", "pixel", "place", "scales", "shades",
    "shares", "starts", "targets", "v_W1", "v_W2", "v_b2",
]  # fmt: skip


@pytest.mark.parametrize("name", NEEDED)
def test_an_index_beyond_the_end_of_an_array_is_an_error(name, monkeypatch):
    """Which the compiled kernel does not notice: told that an array has no room, the Python form refuses."""
    shapes = plain.shapes
    monkeypatch.setattr(plain, "shapes", lambda *args: shapes(*args) | {name: (0,)})
    recipe = Recipe(hidden=H, batch_size=SIZE, optimizer="adam")
    with pytest.raises(IndexError, match="expected items within 0 to -1; got "):
        epochs(monkeypatch, recipe, "as Python", NARROW, 1)


def test_a_pointer_is_an_address_with_an_end():
    array = np.arange(6.0).reshape(2, 3)
    pointer = Pointer(array)[2:]
    assert [pointer[0], pointer[3]] == [2, 5]
    pointer[1] = 7
    assert array[1, 0] == 7
    assert pointer[9:] is not None  # it may point beyond the end, as long as nothing is read there
    assert repr(pointer) == "<pointer to item 2 of 6, float64>"
    for wrong in (
        lambda: pointer[4],
        lambda: pointer[-1],
        lambda: pointer.items(3, 2),
        lambda: pointer[9:][0],
    ):
        with pytest.raises(IndexError, match="expected items within 0 to 5; got "):
            wrong()
