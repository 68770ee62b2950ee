"""Weights of images, and sparse rows, in every engine: a weighted mean over each batch."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from handgrad import losses, network, training
from handgrad.engines import dense
from handgrad.engines.ink import InkEngine, plain
from handgrad.engines.sparse import Sparse
from handgrad.errors import DataError
from handgrad.recipes import CHOICES, Recipe

from alike import images_like_digits

LOSSES = CHOICES["loss"]


def case(rng, loss="l2", optimizer="sgd", activation="relu"):
    N, D, H, C = (int(rng.integers(*ends)) for ends in ((2, 60), (1, 200), (1, 70), (2, 20)))
    recipe = Recipe(
        hidden=H, loss=loss, optimizer=optimizer, activation=activation, batch_size=int(rng.integers(1, 30))
    )
    images, labels = images_like_digits(rng, N, D), rng.integers(0, C, N)
    batches = -(-N // recipe.batch_size)
    params = network.init_params(D, H, C, rng)
    return params, images, labels, rng.permutation(N), recipe, np.full(batches, 0.05), rng.uniform(0.1, 3, N)


def sparse(x):
    lists = csr_matrix(x)
    return Sparse(lists.indptr, lists.indices, lists.data, x.shape[1])


def assert_alike(one, other, bound=1e-11):
    assert one[2] == pytest.approx(other[2], rel=1e-10)
    for name, p, q in zip(one[0]._fields, one[0], other[0], strict=True):
        np.testing.assert_allclose(p, q, atol=bound, err_msg=name)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_weighted_loss_is_the_mean_of_the_rows_losses(loss, rng):
    """Row by row, which is the slowest obvious way; and its gradient is the slope."""
    measure, _ = losses.LOSSES[loss]
    outputs, labels, weights = rng.random((7, 4)), rng.integers(0, 4, 7), rng.uniform(0, 3, 7)
    L, grad = measure(outputs, labels, weights)
    each = [float(measure(outputs[i : i + 1], labels[i : i + 1])[0]) for i in range(7)]
    assert float(L) == pytest.approx(np.average(each, weights=weights))
    for i, j in ((0, 0), (3, 2), (6, 3)):
        step = np.zeros_like(outputs)
        step[i, j] = 1e-6
        slope = (
            measure(outputs + step, labels, weights)[0] - measure(outputs - step, labels, weights)[0]
        ) / 2e-6
        assert grad[i, j] == pytest.approx(float(slope), abs=1e-8)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_weight_is_a_number_of_rows(loss, rng):
    """In one batch: 2 is the row twice, and 0 the row absent."""
    params, images, labels, _, recipe, _, _ = case(rng, loss)
    counts = rng.integers(0, 4, len(labels))
    counts[0] = 2
    repeated = np.repeat(np.arange(len(labels)), counts)
    recipe = Recipe(hidden=recipe.hidden, loss=loss, batch_size=10_000)
    rates = np.full(1, 0.05)
    expected = training.run_epoch(params, images, labels, repeated, recipe, rates)
    rows = np.arange(len(labels))
    for run_epoch in (training.run_epoch, dense.run_epoch, InkEngine(1).run_epoch):
        found = run_epoch(params, images, labels, rows, recipe, rates, weights=counts.astype(float))
        assert_alike(expected, found)


@pytest.mark.parametrize("seed", range(12))
def test_engines_weigh_alike_and_take_sparse_rows(seed):
    rng = np.random.default_rng(seed)
    activations = CHOICES["activation"]
    params, images, labels, order, recipe, rates, weights = case(
        rng, LOSSES[seed % 2], CHOICES["optimizer"][seed % 4], activations[seed % len(activations)]
    )
    x = rng.normal(size=images.shape) * (images > 0)
    for some in (images, x):
        for w in (None, weights):
            expected = training.run_epoch(params, some, labels, order, recipe, rates, weights=w)
            engines = [dense.run_epoch, InkEngine(1).run_epoch, InkEngine(2).run_epoch]
            given = [some] if some is images else [sparse(some)]
            for run_epoch in engines:
                assert_alike(expected, run_epoch(params, given[0], labels, order, recipe, rates, weights=w))
            assert_alike(expected, dense.run_epoch(params, some, labels, order, recipe, rates, weights=w))


def test_the_interpreted_kernel_lists_numbers_too(rng):
    params, images, labels, order, recipe, rates, weights = case(np.random.default_rng(3))
    x, order = sparse(images * 0.01), order[:5]
    rates = rates[: -(-len(order) // recipe.batch_size)]
    expected = dense.run_epoch(params, x, labels, order, recipe, rates, weights=weights)
    with plain.interpreted():
        found = InkEngine(1).run_epoch(params, x, labels, order, recipe, rates, weights=weights)
    assert_alike(expected, found)


def test_sparse_rows_are_those_of_scipy(rng):
    x = rng.normal(size=(9, 13)) * (rng.random((9, 13)) < 0.3)
    x[[0, 4, 8]] = 0
    rows = sparse(x)
    assert len(rows) == 9
    np.testing.assert_array_equal(rows.dense(np.arange(9)[::-1]), x[::-1])
    np.testing.assert_array_equal(rows.dense(np.array([3, 3])), x[[3, 3]])


@pytest.mark.parametrize(
    "lists",
    [
        ([0, 2], [1, 1], [1.0, 2.0]),  # a column twice
        ([0, 2], [2, 1], [1.0, 2.0]),  # columns that fall
        ([0, 2], [0, 3], [1.0, 2.0]),  # beyond the last column
        ([0, 1], [0, 1], [1.0, 2.0]),  # a number that no row has
        ([0, 3], [0, 1], [1.0, 2.0]),
        ([0, 2, 1], [0, 1], [1.0, 2.0]),
        ([0, 2], [0, 1], [1.0, np.nan]),
        ([0, 2], [0, 1], [1, 2]),
    ],
)
def test_lists_that_the_kernel_must_not_see_are_refused(lists):
    with pytest.raises(DataError, match="expected"):
        Sparse(*map(np.array, lists), 3)


@pytest.mark.parametrize("run_epoch", [dense.run_epoch, InkEngine(1).run_epoch])
def test_weights_that_cannot_be_are_refused(run_epoch, rng):
    params, images, labels, order, recipe, rates, weights = case(rng)
    wrong = weights.copy()
    wrong[0] = -1
    for bad in (wrong, weights * np.nan, weights[1:], list(weights), np.zeros(len(weights))):
        with pytest.raises(DataError, match="weight"):
            run_epoch(params, images, labels, order, recipe, rates, weights=bad)
