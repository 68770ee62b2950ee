"""A sweep of 200 networks: how many a minute on two cores, beside scikit-learn's MLPClassifier.

    pip install . --group bench
    python benchmarks/sweep.py [--seeds N] [--theirs N]

The networks: 64 and 128 hidden units, five learning rates, twenty seeds; softmax cross-entropy, plain SGD,
batches of 32, three epochs of 55,000 images of MNIST. handgrad sweep trains them all on two threads, in a
process of its own, from its start to the table. scikit-learn trains some of the same settings, one after the
other in one process with one BLAS thread, as each of two workers of a GridSearchCV would; from these the time
of all is worked out, as if two workers were exactly twice as fast as one.

Processor time counts, so that other work on the machine matters little; wall time is printed, too.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

LIMITS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
HIDDEN, RATES, BATCH, EPOCHS, CORES = (64, 128), (0.05, 0.1, 0.2, 0.4, 0.8), 32, 3, 2


def ours(seeds, folder):
    """handgrad sweep -> networks, processor seconds, wall seconds, and its settings."""
    grid = {
        "hidden": HIDDEN, "learning_rate": RATES, "loss": ["cross_entropy"], "schedule": ["constant"],
        "warmup": [0], "output_bias": ["zero"], "batch_size": [BATCH], "epochs": [EPOCHS],
    }  # fmt: skip
    pairs = [f"{name}={','.join(map(str, values))}" for name, values in grid.items()]
    words = [word for pair in pairs for word in ("--grid", pair)]
    command = [sys.executable, "-m", "handgrad", "sweep", *words, "--seeds", str(seeds), "--jobs", str(CORES)]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [*command, "--out", folder, "--json"], check=True, stdout=subprocess.PIPE, text=True
    )
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    document = json.loads(done.stdout)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return document["done"], processor, wall, document["settings"]


def theirs(count):
    """scikit-learn, in this process -> a record for each of some networks. Training and scoring are timed."""
    import numpy as np
    from sklearn.neural_network import MLPClassifier

    from handgrad import digits, runs
    from handgrad.arrays import as_input

    train, test = digits.load_mnist()
    data = runs.split(*train, 5000, test)
    x, held, asked = (as_input(part, np.float32) for part in (data.images, data.validation[0], test[0]))
    settings = [(hidden, rate) for hidden in HIDDEN for rate in RATES]
    for hidden, rate in settings[:: max(1, len(settings) // count)][:count]:
        network = MLPClassifier(
            (hidden,), solver="sgd", alpha=0, batch_size=BATCH, learning_rate_init=rate, momentum=0,
            nesterovs_momentum=False, max_iter=EPOCHS, random_state=0, tol=0, n_iter_no_change=EPOCHS + 1,
        )  # fmt: skip
        began, processor = time.perf_counter(), time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # three epochs do not converge
            network.fit(x, data.labels)
        validation, reported = network.score(held, data.validation[1]), network.score(asked, test[1])
        yield {
            "hidden": hidden, "learning_rate": rate, "validation": validation, "test": reported,
            "processor": time.process_time() - processor, "wall": time.perf_counter() - began,
        }  # fmt: skip


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=20, help="of each of the ten settings of ours")
    parser.add_argument("--theirs", type=int, default=4, help="networks that scikit-learn trains")
    parser.add_argument("--only-theirs", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.only_theirs:
        print(json.dumps(list(theirs(chosen.theirs))))
        return
    with tempfile.TemporaryDirectory() as folder:
        networks, processor, wall, settings = ours(chosen.seeds, str(Path(folder) / "sweep"))
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0
    command = [sys.executable, __file__, "--only-theirs", "--theirs", str(chosen.theirs)]
    limited = os.environ | dict.fromkeys(LIMITS, "1")
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=limited)
    records = json.loads(done.stdout)
    each = sum(record["processor"] for record in records) / len(records)
    waited = sum(record["wall"] for record in records) / len(records)
    print(f"load {load:.1f}; networks a minute on {CORES} cores, by processor time (by wall time)")
    print(
        f"handgrad sweep  {networks:>4} networks  {processor:6.1f} s ({wall:6.1f} s)  "
        f"{60 * CORES * networks / processor:7.1f} a minute ({60 * networks / wall:.1f})"
    )
    print(
        f"scikit-learn    {len(records):>4} networks  {each * len(records):6.1f} s "
        f"({waited * len(records):6.1f} s)  "
        f"{60 * CORES / each:7.1f} a minute ({60 * CORES / waited:.1f})"
    )
    print(f"handgrad is {each * networks / processor:.0f} times as fast, by processor time")
    by_choice = {(one["choices"]["hidden"], one["choices"]["learning_rate"]): one for one in settings}
    print("hidden  learning rate   validation: handgrad, scikit-learn   test (only reports)")
    for record in records:
        mine = by_choice[str(record["hidden"]), f"{record['learning_rate']:.6g}"]
        print(
            f"{record['hidden']:>6}  {record['learning_rate']:>13}   {mine['validation_accuracy']:20.2%}  "
            f"{record['validation']:12.2%}   {mine['test_accuracy']:.2%}, {record['test']:.2%}"
        )


if __name__ == "__main__":
    main()
