"""The proofs bite: each planted mistake makes them fail, and with none planted they pass."""

import pytest

import planted
import proofs

# the loss itself is changed too, consistently: its slope is then right, and only the others can tell
CONSISTENT = {"1/N missing from loss and gradient", "mean over the digits instead of their sum"}


@pytest.mark.parametrize("mistake", planted.MISTAKES)
def test_a_planted_mistake_is_caught(mistake):
    caught = set(planted.caught_by(mistake))
    expected = {"by_nested_loops", "by_autograd"} | (
        set() if mistake in CONSISTENT else {"by_finite_differences"}
    )
    assert caught >= expected


def test_without_a_mistake_every_proof_passes():
    case = proofs.make_case(5, 7, 4, 4, "relu", "l2", True, 2)
    assert all(prove(case) < bound for prove, bound in planted.BOUNDS.items())
