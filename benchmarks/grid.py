"""A grid search over 20 settings: TwoLayerClassifier beside scikit-learn's MLPClassifier.

    python benchmarks/grid.py [--rows 5000] [--epochs 10] [--folds 3] [--seed 0] [--n-jobs 1]

The same data (the first rows of MNIST's training images, floats from 0 to 1), grid, folds, batches and
number of epochs for both: relu, cross-entropy, Nesterov's momentum at a constant learning rate, no weight
decay, float32. A third row has TwoLayerClassifier as it comes (L2 loss, plain steps at a falling rate), with
rates that suit it. BLAS and the engine work on one thread. It prints for each: seconds of the clock and of
the processor, how many times faster than MLPClassifier, the accuracy of the best setting by cross-validation,
that of the refitted network on MNIST's test images, and the setting.
"""

import argparse
import time
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier

from handgrad import digits
from handgrad.estimator import TwoLayerClassifier
from handgrad.threads import one_blas_thread

HIDDEN = (32, 64, 128, 256)
RATES = (0.003, 0.01, 0.03, 0.1, 0.2)
OWN_RATES = (0.3, 0.5, 1.0, 1.5, 2.0)  # of the L2 loss with plain steps
BATCH = 32


def searches(epochs, seed):
    """What is searched, by name: an estimator, and its grid."""
    mlp = MLPClassifier(
        solver="sgd",
        batch_size=BATCH,
        max_iter=epochs,
        n_iter_no_change=epochs,
        tol=0,
        alpha=0,
        random_state=seed,
    )
    same = TwoLayerClassifier(
        loss="cross_entropy", optimizer="nesterov", schedule="constant", warmup=0.0, batch_size=BATCH,
        max_iter=epochs, random_state=seed,
    )  # fmt: skip
    own = TwoLayerClassifier(batch_size=BATCH, max_iter=epochs, random_state=seed)
    return {
        "MLPClassifier": (mlp, {"hidden_layer_sizes": [(H,) for H in HIDDEN], "learning_rate_init": RATES}),
        "TwoLayerClassifier": (same, {"hidden": HIDDEN, "learning_rate": RATES}),
        "TwoLayerClassifier, as it comes": (own, {"hidden": HIDDEN, "learning_rate": OWN_RATES}),
    }


def main():
    """Search with each in turn, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, default in (("rows", 5000), ("epochs", 10), ("folds", 3), ("seed", 0), ("n-jobs", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    chosen = parser.parse_args()
    (images, labels), (test_images, test_labels) = digits.load_mnist()
    X, X_test = (some.reshape(len(some), -1).astype(np.float32) / 255 for some in (images, test_images))
    X, y = X[: chosen.rows], labels[: chosen.rows]
    warnings.simplefilter("ignore", ConvergenceWarning)  # the number of epochs is the same for all
    TwoLayerClassifier(max_iter=1).fit(X[:100], y[:100])  # the first compiles the engine
    slowest = None
    settings = len(HIDDEN) * len(RATES)
    print(f"{settings} settings, {chosen.folds} folds, {chosen.rows:,} rows, {chosen.epochs} epochs")
    for name, (estimator, grid) in searches(chosen.epochs, chosen.seed).items():
        search = GridSearchCV(estimator, grid, cv=chosen.folds, n_jobs=chosen.n_jobs)
        began, began_cpu = time.perf_counter(), time.process_time()
        with one_blas_thread():
            search.fit(X, y)
        took, cpu = time.perf_counter() - began, time.process_time() - began_cpu
        slowest = slowest or (took, cpu)
        times = f"{slowest[0] / took:5.1f} x" + (f" ({slowest[1] / cpu:.1f} x)" if chosen.n_jobs == 1 else "")
        best = ", ".join(f"{key} {value}" for key, value in search.best_params_.items())
        print(
            f"{name:32} {took:7.1f} s {cpu:7.1f} s cpu  {times:16} {100 * search.best_score_:.2f} %  "
            f"test {100 * search.score(X_test, test_labels):.2f} %  {best}",
            flush=True,
        )


if __name__ == "__main__":
    main()
