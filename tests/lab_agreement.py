"""The lab's kernel against the NumPy reference, over many steps of training, for every configuration.

    python tests/lab_agreement.py [STEPS [RUN]]    # 1,000 of every run: some minutes, 600 MB of temporary files

Step by step: each step of the page begins with the parameters and the optimizer's memory that the reference has
then; its loss, and the parameters after it, are held against the reference's. The loss must agree in every step,
and the parameters in every step but those in which a hidden unit stands at its kink: a = 0, but for rounding. Such
a unit may be on in one of the two and off in the other.

On their own: both only begin alike. From a step with such a unit on they train two networks. NumPy in float32 and in float64 part in
the same way, at other places. It is printed, with the step at which they parted, and nothing depends on it.

The kernel runs in Node; in every browser its numbers are the same, to the last bit (test_lab_same_bits.py).
"""

import itertools
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from handgrad import digits, training
from handgrad.engines.dense import SLOTS
from handgrad.network import init_params, map_params
from handgrad.recipes import RECIPES

from lab_node import ask

BOUND = 1e-5  # of a difference
KINK = 1e-6  # |a| that rounding may carry across 0
RATES = {"sgd": 0.1, "momentum": 0.01, "nesterov": 0.01, "adam": 0.001}
ACTIVATIONS = ("relu", "leaky_relu", "tanh", "sigmoid", "none")
LOSSES = ("l2", "cross_entropy")
MODULES = {"ink.js": "InkNetwork", "kernel.js": "Kernel", "assets.js": "asset", "digits.js": "loadTrain"}
TRAINED = """
  const rows = Uint32Array.from(order.slice(step * how.batch_size, (step + 1) * how.batch_size));
  const loss = network.train(data, rows, Float64Array.of(rate), step).total / rows.length;
"""
STEP_BY_STEP = f"""async (runs) => {{
  const {{ openSync, readSync }} = await import("node:fs");
  const module = await WebAssembly.compile(await asset("kernel.wasm"));
  const train = await loadTrain();
  const apart = (p, q) => (p ? p.reduce((most, each, i) => Math.max(most, Math.abs(each - q[i])), 0) : 0);
  return runs.map(({{ path, H, bias, slots, order, rates, how }}) => {{
    const sizes = {{ W1: H * train.D, b1: bias ? H : 0, W2: train.C * H, b2: bias ? train.C : 0 }};
    const count = Object.values(sizes).reduce((sum, n) => sum + n);
    const state = new Float32Array(count * (1 + slots));
    const file = openSync(path);
    const part = (slot) => {{ // the parameters, or a memory shaped like them
      let at = slot * count;
      const arrays = Object.entries(sizes).map(([name, n]) => [name, n ? state.subarray(at, (at += n)) : null]);
      return {{ ...Object.fromEntries(arrays), H, D: train.D, C: train.C }};
    }};
    const read = (step) => readSync(file, state, 0, state.byteLength, step * state.byteLength);
    read(0);
    const kernel = new Kernel(module);
    const data = kernel.hold(train);
    const network = new InkNetwork(kernel, part(0), how);
    const places = [network.at, network.m, network.v];
    return rates.map((rate, step) => {{
      for (let slot = slots; slot >= 0; slot--) {{
        network.at = places[slot];
        network.set(part(slot));
      }}
      {TRAINED}
      read(step + 1);
      const [after, wanted] = [network.params(), part(0)];
      return [loss, Math.max(...Object.keys(sizes).map((name) => apart(after[name], wanted[name])))];
    }});
  }});
}}"""
ON_ITS_OWN = f"""async (runs) => {{
  const module = await WebAssembly.compile(await asset("kernel.wasm"));
  const train = await loadTrain();
  return runs.map(({{ params, order, rates, how }}) => {{
    const kernel = new Kernel(module);
    const data = kernel.hold(train);
    const network = new InkNetwork(kernel, params, how);
    return rates.map((rate, step) => {{
      {TRAINED}
      return loss;
    }});
  }});
}}"""


class Run(NamedTuple):
    """What both sides are given."""

    name: str
    recipe: object
    params: object
    order: np.ndarray
    rates: np.ndarray

    def told(self):
        """What Node is told of it."""
        choices = ("activation", "loss", "optimizer", "batch_size")
        how = {choice: getattr(self.recipe, choice) for choice in choices}
        return {"order": self.order.tolist(), "rates": self.rates.tolist(), "how": how}


def configurations(steps, hidden=64, biases=(True, False)):
    """A run of each activation, loss, rule and bias, and those of the recipes that have names."""
    for activation, loss, rule, bias in itertools.product(ACTIVATIONS, LOSSES, RATES, biases):
        name = f"{activation}, {loss}, {rule}, {'bias' if bias else 'no bias'}"
        changes = {"activation": activation, "loss": loss, "optimizer": rule, "bias": bias, "hidden": hidden}
        yield _run(name, replace(RECIPES["lesson"], learning_rate=RATES[rule], **changes), steps)
    for name in ("lesson", "quick"):
        yield _run(f"recipe {name}", RECIPES[name], steps)


def _run(name, recipe, steps):
    rng = np.random.default_rng(0)
    params = map_params(np.float32, init_params(784, recipe.hidden, 10, rng, recipe.bias))
    order = rng.permutation(60_000)[: steps * recipe.batch_size]
    rates = recipe.learning_rates(range(steps), recipe.epochs * (60_000 // recipe.batch_size))
    return Run(name, recipe, params, order, rates)


def reference(run, images, labels, dtype=np.float32, file=None):
    """The loss of each step, by the lesson's own code; the states between the steps are written to the file."""
    params, memory, losses, size = map_params(dtype, run.params), None, [], run.recipe.batch_size
    for step, rate in enumerate(run.rates):
        if file:
            _write(file, params, memory, SLOTS[run.recipe.optimizer])
        batch = run.order[step * size : (step + 1) * size], run.recipe, np.array([rate])
        params, memory, loss = training.run_epoch(params, images, labels, *batch, memory, step)
        losses.append(loss)
    if file:
        _write(file, params, memory, SLOTS[run.recipe.optimizer])
    return np.array(losses)


def _write(file, params, memory, slots):
    states = [params]
    for slot in range(slots):
        empty = map_params(np.zeros_like, params)
        states.append(empty if memory is None else map_params(lambda _, m, k=slot: m[k], params, memory))
    for state in states:
        for array in state:
            if array is not None:
                array.astype(np.float32).tofile(file)


def step_by_step(runs, images, labels):
    """For each run: the largest difference of a loss; of a parameter after a step; and the latter without the
    steps in which a unit stands at its kink.
    """
    told, losses, calm = [], [], []
    with TemporaryDirectory() as folder:
        for run in runs:
            path = Path(folder) / f"{len(told)}.bin"
            with path.open("wb") as file:
                losses.append(reference(run, images, labels, file=file))
            facts = {"H": run.recipe.hidden, "bias": run.recipe.bias, "slots": SLOTS[run.recipe.optimizer]}
            told.append({"path": str(path), **facts, **run.told()})
        found = np.array(ask(MODULES, STEP_BY_STEP, told))  # (runs, steps, 2)
        for run, facts, params in zip(runs, told, found[:, :, 1], strict=True):
            kinks = [
                step for step in np.flatnonzero(params > BOUND) if _least(run, facts, step, images) < KINK
            ]
            calm.append(np.delete(params, kinks).max())
    return abs(found[:, :, 0] - losses).max(axis=1), found[:, :, 1].max(axis=1), np.array(calm)


def _least(run, facts, step, images):
    """The least |a| of a unit in a step, in float64 from the reference's state."""
    H, D = run.params.W1.shape
    state = sum(p.size for p in run.params if p is not None) * (1 + facts["slots"])
    parts = np.fromfile(facts["path"], np.float32, state, offset=int(step) * state * 4).astype(np.float64)
    W1, rest = parts[: H * D].reshape(H, D), parts[H * D :]
    rows = run.order[step * run.recipe.batch_size : (step + 1) * run.recipe.batch_size]
    a = images[rows].reshape(len(rows), -1) / 255 @ W1.T + (rest[:H] if facts["bias"] else 0)
    return abs(a).min()


def on_its_own(run):
    """The loss of each step."""
    arrays = {name: p if p is None else p.ravel().tolist() for name, p in run.params._asdict().items()}
    H, D = run.params.W1.shape
    (losses,) = ask(MODULES, ON_ITS_OWN, [{"params": {**arrays, "H": H, "D": D, "C": 10}, **run.told()}])
    return np.array(losses)


def main(steps, only=""):
    """Print the largest differences of each run; fail where a step is beyond the bound."""
    data, worst = digits.load_mnist()[0], 0.0
    print(f"largest differences over {steps} steps | step by step:  | on their own:")
    print(f"{'':35} | loss    params | loss    parted | NumPy in float64  parted")
    for run in (run for run in configurations(steps) if only in run.name):
        (loss,), (params,), (calm,) = step_by_step([run], *data)
        worst = max(worst, loss, calm)
        ours, base = on_its_own(run), reference(run, *data)
        own, precise = (_parting(losses, base) for losses in (ours, reference(run, *data, np.float64)))
        print(f"{run.name:35} | {loss:.1e} {params:.1e} | {own} | {precise}", flush=True)
    print(f"step by step, the largest of all but those at a kink: {worst:.1e}")
    return 0 if worst <= BOUND else 1


def _parting(losses, base):
    """The largest difference, and the first step that is beyond the bound."""
    apart = abs(losses - base)
    beyond = np.flatnonzero(apart > BOUND)
    return f"{apart.max():.1e} {beyond[0] if len(beyond) else '-':>6}"


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000, *sys.argv[2:]))
