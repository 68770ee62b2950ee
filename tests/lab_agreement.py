"""The lab's kernel against the NumPy reference: the loss of every step, for every configuration.

    python tests/lab_agreement.py [STEPS]        # 1,000 if not given: two minutes

Both begin with the same parameters and take the same batches of MNIST; from then on each goes its own way, in
float32. The kernel runs in Node: its numbers are the same in every browser (test_lab_browsers.py).
"""

import itertools
import sys
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from handgrad import digits, training
from handgrad.network import init_params, map_params
from handgrad.recipes import RECIPES

from lab_node import ask

BOUND = 1e-5  # of the difference between two losses
# Calm rates: where a step overshoots, two runs part after any rounding, those of NumPy in float32 and float64 too
RATES = {"sgd": 0.1, "momentum": 0.01, "nesterov": 0.01, "adam": 0.001}
ACTIVATIONS = ("relu", "leaky_relu", "tanh", "sigmoid", "none")
LOSSES = ("l2", "cross_entropy")
MODULES = {"ink.js": "Kernel, InkNetwork", "assets.js": "asset", "digits.js": "loadTrain"}
IN_THE_PAGE = """async (runs) => {
  const module = await WebAssembly.compile(await asset("kernel.wasm"));
  const train = await loadTrain();
  return runs.map(({ params, order, rates, how }) => {
    const kernel = new Kernel(module);
    const data = kernel.hold(train);
    const network = new InkNetwork(kernel, params, how);
    return rates.map((rate, step) => {
      const rows = Uint32Array.from(order.slice(step * how.batch_size, (step + 1) * how.batch_size));
      return network.train(data, rows, Float64Array.of(rate), step).total / rows.length;
    });
  });
}"""


class Run(NamedTuple):
    """What both sides are given."""

    name: str
    recipe: object
    params: object
    order: np.ndarray
    rates: np.ndarray


def run_of(name, recipe, steps):
    """A run of so many steps, from a fixed seed."""
    rng = np.random.default_rng(0)
    params = init_params(784, recipe.hidden, 10, rng, recipe.bias)
    order = rng.permutation(60_000)[: steps * recipe.batch_size]
    rates = recipe.learning_rates(range(steps), recipe.epochs * (60_000 // recipe.batch_size))
    return Run(name, recipe, map_params(np.float32, params), order, rates)


def configurations(steps, biases=(True, False)):
    """A run of each activation, loss, rule and bias, and those of the recipes that have names."""
    for activation, loss, rule, bias in itertools.product(ACTIVATIONS, LOSSES, RATES, biases):
        name = f"{activation}, {loss}, {rule}, {'bias' if bias else 'no bias'}"
        changes = {"activation": activation, "loss": loss, "optimizer": rule, "bias": bias}
        recipe = replace(RECIPES["lesson"], learning_rate=RATES[rule], **changes)
        yield run_of(name, recipe, steps)
    for name in ("lesson", "quick"):
        yield run_of(f"recipe {name}", RECIPES[name], steps)


def in_the_page(runs):
    """The loss of each step of each run, (runs, steps)."""
    given = []
    for run in runs:
        arrays = {name: p if p is None else p.ravel().tolist() for name, p in run.params._asdict().items()}
        H, D = run.params.W1.shape
        how = {
            choice: getattr(run.recipe, choice)
            for choice in ("activation", "loss", "optimizer", "batch_size")
        }
        given.append({
            "params": {**arrays, "H": H, "D": D, "C": 10}, "how": how,
            "order": run.order.tolist(), "rates": run.rates.tolist(),
        })  # fmt: skip
    return np.array(ask(MODULES, IN_THE_PAGE, given))


def by_the_reference(run, images, labels, dtype=np.float32):
    """The loss of each step, by the lesson's own code on NumPy."""
    params, memory, losses, size = map_params(dtype, run.params), None, [], run.recipe.batch_size
    for step, rate in enumerate(run.rates):
        rows = run.order[step * size : (step + 1) * size]
        rate = np.array([rate])
        params, memory, loss = training.run_epoch(
            params, images, labels, rows, run.recipe, rate, memory, step
        )
        losses.append(loss)
    return np.array(losses)


def main(steps):
    """Print the largest difference of each run; fail where one is beyond the bound."""
    images, labels = digits.load_mnist()[0]
    worst = 0.0
    print(f"{'largest difference of a loss over ' + str(steps) + ' steps':48}  page  NumPy float64")
    for run in configurations(steps):
        (page,), reference = in_the_page([run]), by_the_reference(run, images, labels)
        precise = by_the_reference(run, images, labels, np.float64)
        apart, own = abs(page - reference).max(), abs(precise - reference).max()
        print(f"{run.name:46}  {apart:.1e}  {own:.1e}", flush=True)
        worst = max(worst, apart)
    print(f"{'the largest of all':46}  {worst:.1e}")
    return 0 if worst <= BOUND else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
