"""The kernel in the page trains as the NumPy reference does. The whole comparison: python tests/lab_agreement.py."""

import numpy as np

from lab_agreement import (
    ACTIVATIONS,
    BOUND,
    LOSSES,
    RATES,
    configurations,
    on_its_own,
    reference,
    step_by_step,
)

STEPS = 40


def test_every_step_is_that_of_the_reference_in_every_configuration(mnist):
    runs = list(configurations(STEPS, hidden=24, biases=(True,)))
    runs += [run for run in configurations(STEPS, hidden=24, biases=(False,)) if "leaky_relu" in run.name]
    assert len(runs) == len(LOSSES) * len(RATES) * (len(ACTIVATIONS) + 1) + 2
    losses, params, _ = step_by_step(runs, *mnist[0])
    for run, loss, after in zip(runs, losses, params, strict=True):
        assert loss < BOUND, f"{run.name}: a loss differs by {loss:.1e}"
        assert after < BOUND, f"{run.name}: a parameter differs by {after:.1e} after a step"


def test_both_learn_the_same_from_the_same_start(mnist):
    (run,) = (run for run in configurations(300) if run.name == "recipe lesson")
    expected = reference(run, *mnist[0])
    np.testing.assert_allclose(on_its_own(run), expected, rtol=0, atol=1e-3)  # a unit at 0 may part them
    assert expected[-50:].mean() < 0.5 * expected[:50].mean()
