"""The kernel in the page trains as the NumPy reference does. The whole comparison: python tests/lab_agreement.py."""

import itertools

import numpy as np

from lab_agreement import ACTIVATIONS, BOUND, LOSSES, RATES, by_the_reference, configurations, in_the_page

STEPS = 60


def test_every_step_has_the_loss_of_the_reference_in_every_configuration(mnist):
    runs = list(configurations(STEPS, biases=(True,)))
    assert len(runs) == len([*itertools.product(ACTIVATIONS, LOSSES, RATES)]) + 2
    for run, page in zip(runs, in_the_page(runs), strict=True):
        reference = by_the_reference(run, *mnist[0])
        np.testing.assert_allclose(page, reference, rtol=0, atol=BOUND, err_msg=run.name)
        assert reference[-10:].mean() < reference[:10].mean(), (
            f"{run.name} does not learn: a bound proves nothing"
        )


def test_it_is_so_without_biases(mnist):
    runs = [run for run in configurations(STEPS, biases=(False,)) if "relu, l2" in run.name]
    assert len(runs) == 2 * len(RATES)
    for run, page in zip(runs, in_the_page(runs), strict=True):
        np.testing.assert_allclose(
            page, by_the_reference(run, *mnist[0]), rtol=0, atol=BOUND, err_msg=run.name
        )
