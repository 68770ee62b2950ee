"""The proof of the gradients, in float64, for every non-linearity, both losses, biases on and off."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from handgrad import layers, losses
from handgrad.layers import ACTIVATIONS
from handgrad.network import Params, backward, forward, init_params, loss_and_gradients
from handgrad.optimizers import update

import proofs
import specification

LOSSES = ("l2", "cross_entropy")
WORST = {}


@st.composite
def cases(draw):
    N, D, H, C = (draw(st.integers(low, high)) for low, high in ((1, 6), (1, 7), (1, 6), (2, 6)))
    activation, loss = draw(st.sampled_from(sorted(ACTIVATIONS))), draw(st.sampled_from(LOSSES))
    return proofs.make_case(N, D, H, C, activation, loss, draw(st.booleans()), draw(st.integers(0, 2**32)))


@pytest.mark.parametrize(
    ("prove", "examples", "bound"),
    [
        (proofs.by_finite_differences, 500, 1e-6),
        (proofs.by_nested_loops, 100, 1e-12),
        (proofs.by_autograd, 500, 1e-12),
    ],
)
def test_gradients_are_right_on_random_shapes(prove, examples, bound, figure):
    worst = 0.0

    @settings(max_examples=examples, deadline=None, derandomize=True, database=None)
    @given(cases())
    def check(case):
        nonlocal worst
        error = prove(case)
        worst = max(worst, error)
        assert error < bound

    check()
    figure(
        f"worst relative error {prove.__name__.replace('_', ' ')}, {examples} random shapes", f"{worst:.1e}"
    )


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_gradients_are_right_for_every_activation_and_loss(activation, loss):
    case = proofs.make_case(5, 7, 6, 4, activation, loss, True, 1)
    assert proofs.by_finite_differences(case) < 1e-6
    assert proofs.by_nested_loops(case) < 1e-12
    assert proofs.by_autograd(case) < 1e-12


def test_affine_is_the_nested_loops(rng):
    x, W, b, grad_a = (rng.normal(size=shape) for shape in ((3, 5), (4, 5), (4,), (3, 4)))
    np.testing.assert_allclose(
        layers.affine_forward(x, W, b), specification.affine_forward(x, W, b), rtol=1e-13
    )
    np.testing.assert_allclose(
        layers.affine_forward(x, W), specification.affine_forward(x, W, None), rtol=1e-13
    )
    expected = specification.affine_backward(grad_a, x, W)
    for got, want in zip(layers.affine_backward(grad_a, x, W), expected, strict=True):
        assert got.shape == want.shape
        np.testing.assert_allclose(got, want, rtol=1e-13)
    grad_x, grad_W, grad_b = layers.affine_backward(grad_a, x, None)
    assert grad_x is None
    np.testing.assert_array_equal(grad_W, layers.affine_backward(grad_a, x, W)[1])
    np.testing.assert_array_equal(grad_b, layers.affine_backward(grad_a, x, W)[2])


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "tanh", "sigmoid"])
def test_activations_are_the_scalar_formulas_at_zero_and_far_out(name, rng):
    a = np.concatenate([rng.normal(0, 3, 20), [0.0, -0.0, 1e-300, -1e-300, 40.0, -40.0]]).reshape(2, 13)
    grad = rng.normal(size=a.shape)
    h = getattr(layers, f"{name}_forward")(a)
    np.testing.assert_allclose(h, specification.each(specification.FORWARD[name], a), rtol=1e-13, atol=1e-300)
    read = {"a": a, "h": h}[ACTIVATIONS[name][2]]
    got = getattr(layers, f"{name}_backward")(grad, read)
    slopes = specification.each(specification.SLOPE[name], a)
    np.testing.assert_allclose(got, grad * slopes, rtol=1e-12, atol=1e-15)


def test_relu_slope_at_exactly_zero_is_zero():
    grad = layers.relu_backward(np.array([[1.0, -2.0, 3.0, 4.0]]), np.array([[0.0, -0.0, -1.0, 1e-12]]))
    np.testing.assert_array_equal(grad, [[0, 0, 0, 4]])


def test_sigmoid_does_not_overflow_and_keeps_small_values():
    z = np.array([[-1e4, -745.0, -30.0, 0.0, 30.0, 1e4]])
    y = layers.sigmoid_forward(z)  # warnings are errors: an overflow would raise
    assert np.isfinite(y).all()
    assert y[0, 3] == 0.5
    np.testing.assert_allclose(y[0, 2], np.exp(-30), rtol=1e-12)
    np.testing.assert_array_equal(layers.sigmoid_forward(z.astype(np.float32)).dtype, np.float32)


def test_losses_have_the_values_one_can_work_out_by_hand():
    labels = np.array([0, 3, 9, 9])
    assert losses.l2_loss(np.full((4, 10), 0.5), labels)[0] == pytest.approx(2.5)
    assert losses.l2_loss(np.full((4, 10), 0.1), labels)[0] == pytest.approx(0.9)
    assert losses.cross_entropy_loss(np.zeros((4, 10)), labels)[0] == pytest.approx(np.log(10))
    target = losses.one_hot(labels, 10)
    assert target.sum() == 4
    assert target[1, 3] == 1
    assert losses.l2_loss(target, labels)[0] == 0
    huge = 1e4 * (2 * target - 1)
    assert losses.cross_entropy_loss(huge, labels)[0] == 0  # no overflow on the way
    assert losses.cross_entropy_loss(-huge, labels)[0] == pytest.approx(2e4 + np.log(9))


def test_a_batch_of_copies_has_the_loss_and_gradients_of_one():
    """The loss is an average over images: doubling the batch changes nothing."""
    case = proofs.make_case(3, 5, 4, 6, "relu", "l2", True, 3)
    once = proofs.ours(case)
    twice = loss_and_gradients(
        case.params, np.concatenate([case.x] * 2), np.concatenate([case.labels] * 2), "relu", "l2"
    )
    np.testing.assert_allclose(once[0], twice[0], rtol=1e-14)
    for a, b in zip(once[1], twice[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-16)


def test_backward_changes_none_of_its_arguments_and_remembers_nothing():
    case = proofs.make_case(3, 5, 4, 6, "relu", "l2", True, 4)
    cache = forward(case.params, case.x)
    _, grad_y = losses.l2_loss(cache.y, case.labels)
    before = [array.copy() for array in (*case.params, *cache, grad_y)]
    first, second = backward(case.params, cache, grad_y), backward(case.params, cache, grad_y)
    for array, kept in zip((*case.params, *cache, grad_y), before, strict=True):
        np.testing.assert_array_equal(array, kept)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


TORCH_OPTIMIZERS = {
    "sgd": lambda p, rate: torch.optim.SGD(p, rate),
    "momentum": lambda p, rate: torch.optim.SGD(p, rate, momentum=0.9),
    "nesterov": lambda p, rate: torch.optim.SGD(p, rate, momentum=0.9, nesterov=True),
    "adam": lambda p, rate: torch.optim.Adam(p, rate),
}


@pytest.mark.parametrize(("dtype", "bound"), [(np.float64, 1e-11), (np.float32, 5e-5)])
@pytest.mark.parametrize("optimizer", sorted(TORCH_OPTIMIZERS))
def test_100_training_steps_end_where_pytorch_ends(optimizer, dtype, bound, mnist, figure):
    (images, labels), _ = mnist
    images, labels = images[:2000].reshape(2000, -1) / 255, labels[:2000].astype(np.int64)
    params = init_params(784, 30, 10, np.random.default_rng(0), dtype=dtype)
    leaves = [torch.tensor(p, requires_grad=True) for p in params]
    rate = {"sgd": 0.1, "adam": 0.01}.get(optimizer, 0.01)  # momentum 0.9 makes ten times of it
    theirs, memory = TORCH_OPTIMIZERS[optimizer](leaves, rate), None
    for step in range(100):
        rows = slice(20 * step, 20 * step + 20)
        x = images[rows].astype(dtype)
        _, grads = loss_and_gradients(params, x, labels[rows])
        params, memory = update(optimizer, params, grads, memory, rate, step)
        theirs.zero_grad()
        torch_loss = proofs.torch_loss(leaves, torch.tensor(x), torch.tensor(labels[rows]), "relu", "l2")
        torch_loss.backward()
        theirs.step()
    worst = 0.0
    for name, p, leaf in zip(params._fields, params, leaves, strict=True):
        difference = np.abs(p - leaf.detach().numpy()).max()
        assert difference < bound, name
        worst = max(worst, float(difference))
    kind = np.dtype(dtype).name
    figure(f"largest difference to PyTorch after 100 steps of {optimizer} in {kind}", f"{worst:.1e}")


def test_wrong_shapes_are_said_in_one_line():
    x, W1, W2 = np.zeros((3, 5)), np.zeros((4, 5)), np.zeros((2, 4))
    agree = r"expected x \(N, D\), W \(H, D\) and b \(H,\) that agree; got shapes "
    with pytest.raises(ValueError, match=agree + r"\[\(3, 5\), \(2, 4\), None\]"):
        layers.affine_forward(x, W2)
    with pytest.raises(ValueError, match=agree + r"\[\(3, 5\), \(4, 5\), \(5,\)\]"):
        layers.affine_forward(x, W1, np.zeros(5))
    with pytest.raises(
        ValueError, match="W2 has 4 columns but W1 has 3 rows; both must be the number of hidden"
    ):
        forward(Params(W1[:3], None, W2, None), x)
    with pytest.raises(ValueError, match="integer labels of shape"):
        losses.l2_loss(np.zeros((3, 2)), np.zeros((3, 2)))
    with pytest.raises(ValueError, match="one N of at least 1"):
        losses.l2_loss(np.zeros((3, 2)), np.zeros(1, int))
