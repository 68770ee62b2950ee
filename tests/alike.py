"""Engines against the reference: the same epochs, drawn by hypothesis."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad import network, training
from handgrad.network import map_params
from handgrad.recipes import CHOICES, Recipe


def images_like_digits(rng, N, D):
    """uint8 images of which about a fifth of the pixels hold ink; some hold none, and some pixels never do."""
    images = rng.integers(0, 256, (N, D), np.uint8) * (rng.random((N, D)) < 0.2)
    images[:, :: max(2, D // 3)] = 0
    return images.astype(np.uint8)


@st.composite
def epochs(draw):
    """A recipe, and the sizes of the images, for any engine."""
    recipe = Recipe(
        hidden=draw(st.integers(1, 70)),
        batch_size=draw(st.integers(1, 40)),
        learning_rate=draw(st.floats(1e-4, 0.05)),
        bias=draw(st.booleans()),
        **{key: draw(st.sampled_from(CHOICES[key])) for key in ("activation", "loss", "optimizer")},
    )
    sizes = {"N": draw(st.integers(1, 90)), "D": draw(st.integers(1, 300)), "C": draw(st.integers(2, 40))}
    return recipe, sizes, draw(st.integers(0, 2**32))


def both(recipe, sizes, seed, dtype, engine):
    """Two epochs by the reference and by an engine's run_epoch -> their parameters, memories and losses."""
    rng = np.random.default_rng(seed)
    images, labels = images_like_digits(rng, sizes["N"], sizes["D"]), rng.integers(0, sizes["C"], sizes["N"])
    params = network.init_params(sizes["D"], recipe.hidden, sizes["C"], rng, recipe.bias, dtype)
    batches = -(-sizes["N"] // recipe.batch_size)
    results = []
    for run_epoch in (training.run_epoch, engine):
        p, memory, losses, shuffle = params, None, [], np.random.default_rng(seed)
        for epoch in range(2):
            rates = recipe.learning_rate * shuffle.uniform(0.5, 1, batches)
            order = shuffle.permutation(sizes["N"])
            p, memory, loss = run_epoch(p, images, labels, order, recipe, rates, memory, epoch * batches)
            losses.append(loss)
        results.append((p, memory, losses))
    return results


def worst_difference(engine, configurations):
    """The largest difference of a parameter between reference and engine, in float64; all are within 1e-10."""
    worst = 0.0

    @settings(max_examples=configurations, deadline=None, derandomize=True, database=None)
    @given(epochs(), st.data())
    def check(case, data):
        nonlocal worst
        (p, memory, losses), (q, memory_q, losses_q) = both(*case, np.float64, engine(data.draw))
        np.testing.assert_allclose(losses, losses_q, rtol=1e-10)
        for name, ours, theirs in zip(p._fields, p, q, strict=True):
            assert (ours is None) == (theirs is None), name
            if ours is not None:
                assert theirs.dtype == ours.dtype
                difference = float(np.abs(ours - theirs).max())
                worst = max(worst, difference)
                assert difference < 1e-10, name
                for a, b in zip(getattr(memory, name), getattr(memory_q, name), strict=True):
                    np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-12, err_msg=name)

    check()
    return worst


def curves(put, dtype, seed, steps):
    """Losses of a random configuration, in NumPy and where `put` puts the arrays -> both, and the recipe.

    `steps` epochs of one or three batches of 12-pixel images with 5 classes; the last batch is smaller.
    """
    rng = np.random.default_rng([7, seed])
    recipe = Recipe(
        hidden=int(rng.choice([1, 5])),
        learning_rate=float(rng.uniform(0.001, 0.02)),
        batch_size=int(rng.choice([3, 8])),
        bias=bool(rng.integers(2)),
        **{key: str(rng.choice(CHOICES[key])) for key in ("activation", "loss", "optimizer")},
    )
    sets = rng.integers(0, 256, (8, 3, 4), np.uint8), rng.integers(0, 5, 8)
    ours, theirs = (_curve(where, recipe, dtype, sets, seed, steps) for where in (np.asarray, put))
    return ours, theirs, recipe


def _curve(put, recipe, dtype, sets, seed, steps):
    rng = np.random.default_rng(seed)
    images, labels = sets
    params = map_params(put, network.init_params(images[0].size, recipe.hidden, 5, rng, recipe.bias, dtype))
    images, labels = put(images), put(labels)
    memory, losses, rates = None, [], np.full(-(-8 // recipe.batch_size), recipe.learning_rate)
    for step in range(steps):
        rows = rng.permutation(8)
        params, memory, loss = training.run_epoch(params, images, labels, rows, recipe, rates, memory, step)
        losses.append(loss)
    assert all(p is None or (type(p) is type(images) and "float" in str(p.dtype)) for p in params)
    assert all(p is None or str(np.dtype(dtype)) in str(p.dtype) for p in params)
    return np.array(losses)
