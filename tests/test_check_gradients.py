"""check_gradients: right functions pass, wrong ones are named with the entry, and kinks deceive nobody."""

import re
import subprocess
import sys
from functools import partial

import jax
import numpy as np
import pytest
import torch

import handgrad
from handgrad import check_gradients, layers, losses
from handgrad.arrays import array_namespace
from handgrad.network import init_params, loss_and_gradients

jax.config.update("jax_enable_x64", True)


def huber(y, labels, bend=0.3, scale=1.0):
    """Quadratic near 0, linear beyond: smooth, with a jump in the second derivative."""
    error = y - losses.one_hot(labels, y.shape[1], y.dtype)
    xp, N = array_namespace(y), y.shape[0]
    near = xp.abs(error) < bend
    L = xp.sum(xp.where(near, error * error / 2, bend * (xp.abs(error) - bend / 2))) / N
    return L, scale * xp.where(near, error, bend * xp.sign(error)) / N


def hinge(z, labels):
    """Has a kink in every entry, where 1 - s z = 0."""
    s = 2 * losses.one_hot(labels, z.shape[1], z.dtype) - 1
    xp, N = array_namespace(z), z.shape[0]
    return xp.sum(xp.maximum(1 - s * z, 0.0)) / N, xp.where(s * z < 1, -s, 0.0) / N


def swish(a):
    return a * layers.sigmoid_forward(a)


def swish_backward(grad_h, a):
    y = layers.sigmoid_forward(a)
    return grad_h * (y + a * y * (1 - y))


SWISH = (swish, swish_backward, "a")


@pytest.mark.parametrize("loss", [None, "l2", "cross_entropy", huber, (hinge, "z"), partial(huber, bend=0.1)])
@pytest.mark.parametrize("activation", [None, *layers.ACTIVATIONS, SWISH])
def test_right_functions_pass(loss, activation):
    check = check_gradients(loss, activation)
    assert check
    assert check.passed
    assert check.worst.error < 1e-8
    assert len(check.compared) == 4 + (loss is not None) + (activation is not None)
    assert str(check).startswith(
        f"{len(check.compared)} gradients are right; the largest difference is in grad_"
    )


def one_entry_wrong(y, labels):
    L, grad = losses.l2_loss(y, labels)
    grad = grad.copy()
    grad[2, 1] *= 1 + 1e-4
    return L, grad


WRONG = {
    "a factor": ({"loss": partial(huber, scale=2.0)}, "grad_y"),
    "one entry by 1e-4": ({"loss": one_entry_wrong}, r"grad_y\[2, 1\] of one_entry_wrong: got "),
    "sign": ({"loss": (lambda z, labels: (hinge(z, labels)[0], -hinge(z, labels)[1]), "z")}, "grad_z"),
    "reads h, not a": ({"activation": (swish, swish_backward, "h")}, r"grad_a\[\d, \d\] of swish: got "),
    "upstream ignored": ({"activation": (swish, lambda g, a: swish_backward(np.ones_like(g), a))}, "grad_a"),
    "a mask at the wrong place": ({"activation": (layers.relu_forward, lambda g, a: g * (a > 0.5))}, "grad_a"),
    "shape of the gradient": ({"loss": lambda y, labels: (losses.l2_loss(y, labels)[0], y[:1])}, r"expected shape \(4, 3\), got \(1, 3\)"),
    "not a number": ({"loss": lambda y, labels: (losses.l2_loss(y, labels)[0], y * np.nan)}, "got nan"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(WRONG))
def test_wrong_functions_are_named(name):
    given, message = WRONG[name]
    check = check_gradients(**given)
    assert not check
    assert str(check).startswith("1 of 1 gradients are wrong: ")
    assert re.search(message, str(check)), str(check)


def test_got_and_expected_are_the_numbers_of_the_entry():
    check = check_gradients(one_entry_wrong)
    first = check.compared[0]
    assert (first.name, first.of, first.index) == ("grad_y", "one_entry_wrong", (2, 1))
    assert first.got / first.expected == pytest.approx(1 + 1e-4, rel=1e-6)


def test_entries_across_a_kink_are_left_out_and_counted():
    params = init_params(5, 4, 3, np.random.default_rng(1))
    x = np.random.default_rng(2).normal(size=(3, 5))
    params.b1[1] = -(x[2] @ params.W1[1]) + 2e-6  # a of image 2 and unit 1 is 2e-6: a step of 1e-5 crosses 0
    check = check_gradients(params=params, x=x, labels=np.array([0, 1, 2]))
    assert check.passed
    left_out = {each.name: each.left_out for each in check.compared}
    assert left_out["grad_b1"] == 1
    assert 1 <= left_out["grad_W1"] <= 5
    assert left_out["grad_W2"] == left_out["grad_b2"] == 0
    assert f"{sum(left_out.values())} entries within reach of a kink are left out" in str(check)


def test_a_wrong_gradient_is_not_taken_for_a_kink():
    check = check_gradients(activation=(layers.relu_forward, lambda g, a: g))
    assert not check
    assert check.compared[0].left_out == 0


def test_where_most_entries_lie_at_kinks_nothing_passes():
    check = check_gradients(activation=(lambda a: abs(a - np.round(a, 6)), lambda g, a: g * 0))
    assert not check


def test_a_network_at_given_parameters_and_images(mnist):
    (images, labels), _ = mnist
    params = init_params(784, 16, 10, np.random.default_rng(3), dtype=np.float32)
    check = check_gradients("cross_entropy", SWISH, params, images[:5], labels[:5], most=30)
    assert check
    assert [each.entries for each in check.compared] == [30, 16, 30, 10]
    assert {each.of for each in check.compared} == {"the network"}
    no_bias = check_gradients(params=params._replace(b1=None, b2=None), most=10)
    assert [each.name for each in no_bias.compared] == ["grad_W1", "grad_W2"]


def test_one_wrong_entry_of_a_network_is_found(monkeypatch):
    right = layers.affine_backward

    def wrong(grad_a, x, W):
        grad_x, grad_W, grad_b = right(grad_a, x, W)
        grad_W[1, 2] += 1e-4
        return grad_x, grad_W, grad_b

    monkeypatch.setattr(layers, "affine_backward", wrong)
    assert "grad_W1[1, 2] of the network: got " in str(check_gradients())


@pytest.mark.parametrize("put", [torch.asarray, jax.numpy.asarray])
def test_functions_get_arrays_of_the_namespace_of_x(put):
    kinds = set()

    def seen(y, labels):
        kinds.update({type(y), type(labels)})
        return huber(y, labels)

    x = put(np.random.default_rng(0).normal(size=(4, 5)))
    assert check_gradients(seen, SWISH, x=x, labels=put(np.array([0, 1, 2, 2])))
    assert kinds == {type(x)}


def test_arrays_of_half_the_precision_are_refused():
    program = "import jax, handgrad; handgrad.check_gradients(x=jax.numpy.zeros((2, 3)))"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True)
    assert done.stderr.splitlines()[-1].endswith("float64; for JAX set jax_enable_x64")


@pytest.mark.parametrize(
    "loss", [lambda y, labels: 1.0, lambda y, labels: (y, y), lambda y, labels: (1.0, y, y)]
)
def test_a_loss_that_returns_something_else_is_refused(loss):
    with pytest.raises(ValueError, match="expected <lambda> to return a number and its gradient; got"):
        check_gradients(loss)


def test_nothing_that_is_given_is_changed():
    params = init_params(5, 4, 3, np.random.default_rng(1))
    x, labels = np.random.default_rng(2).normal(size=(3, 5)), np.array([0, 1, 2])
    kept = [array.copy() for array in (*params, x, labels)]
    check_gradients(params=params, x=x, labels=labels)
    for array, before in zip((*params, x, labels), kept, strict=True):
        np.testing.assert_array_equal(array, before)
    assert np.isfinite(loss_and_gradients(params, x, labels)[0])


def test_it_is_there_after_a_light_import():
    program = (
        "import sys, handgrad; before = set(sys.modules); assert 'numpy' not in before; "
        "assert handgrad.check_gradients(); "
        "assert not set(sys.modules) & {'torch', 'jax', 'llvmlite', 'matplotlib', 'scipy', 'PIL', 'cv2'}"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    with pytest.raises(AttributeError, match="module 'handgrad' has no attribute 'check_gradient'"):
        handgrad.check_gradient  # noqa: B018
