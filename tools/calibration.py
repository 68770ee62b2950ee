"""Which confidence to trust: maps from outputs to confidence, compared; every figure of docs/doubt.md.

    python tools/calibration.py              # trains networks, one thread each, and prints the tables
    python tools/calibration.py FILE...      # the same for networks of MNIST that held back 5,000

Maps are compared on the images held back alone, by cross-validation: five parts, fitted on four, measured
on the fifth, three times over. The test images report. Networks are kept in --folder.
"""

import argparse
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from handgrad import calibration, digits, model_file, runs
from handgrad.arrays import NDArray
from handgrad.engines import engine
from handgrad.insight import reliability
from handgrad.insight.evaluation import evaluate
from handgrad.model import Model
from handgrad.recipes import RECIPES

Pair = tuple[NDArray, NDArray]
Map = Callable[[NDArray], NDArray]  # outputs (N, C) -> confidence (N,)
QUICK = RECIPES["quick"]
KINDS = {  # name -> recipe, seeds, set
    "quick": (QUICK, range(5), "mnist"),
    "lesson": (RECIPES["lesson"], range(3), "mnist"),
    "1,024 units": (
        replace(QUICK, hidden=1024, epochs=25, optimizer="momentum", learning_rate=0.1, batch_size=64),
        range(2),
        "mnist",
    ),
    "cross-entropy": (replace(QUICK, loss="cross_entropy", learning_rate=0.2, epochs=10), range(3), "mnist"),
    "5,000 images": (QUICK, range(3), "few"),
    "even or odd": (QUICK, range(3), "parity"),
    "100 classes": (QUICK, range(2), "pairs"),
}


def data_of(name: str) -> tuple[Pair, Pair]:
    """Training and test images: MNIST, its first 5,000, even or odd, or two half-size digits side by side."""
    (images, labels), test = digits.load_mnist()
    if name == "few":
        return (images[:5000], labels[:5000]), test
    if name == "parity":
        return (images, labels % 2), (test[0], test[1] % 2)
    if name == "pairs":
        rng = np.random.default_rng(0)
        return _pairs(images, labels, rng), _pairs(*test, rng)
    return (images, labels), test


def _pairs(images: NDArray, labels: NDArray, rng: np.random.Generator) -> Pair:
    small = images.reshape(len(images), 14, 2, 14, 2).mean((2, 4)).astype(np.uint8)
    left, right = rng.integers(0, len(images), (2, len(images)))
    return np.concatenate([small[left], small[right]], axis=2), 10 * labels[left] + labels[right]


def _logits(scores: NDArray) -> NDArray:
    y = np.clip(np.sort(scores.astype(float), axis=1)[:, ::-1], calibration.LEAST, calibration.MOST)
    logits: NDArray = np.log(y) - np.log1p(-y)
    return logits


def _log_loss(p: NDArray, right: NDArray) -> float:
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return float(-np.log(np.where(right, p, 1 - p)).mean())


def temperature(none: float) -> Callable[[NDArray, NDArray], Map]:
    """o_top^(1/T) / (none + sum of o^(1/T)), T by a search."""

    def confidence(scores: NDArray, T: float) -> NDArray:
        logits = _logits(scores) / T
        return 1 / (np.exp(logits - logits[:, :1]).sum(axis=1) + none * np.exp(-logits[:, 0]))

    def fit(scores: NDArray, right: NDArray) -> Map:
        best = min(np.geomspace(0.3, 6, 91).tolist(), key=lambda T: _log_loss(confidence(scores, T), right))
        return lambda fresh: confidence(fresh, best)

    return fit


def platt(outputs: int) -> Callable[[NDArray, NDArray], Map]:
    """Logistic regression on the log odds of the first outputs (Platt), with a little ridge."""

    def features(scores: NDArray) -> NDArray:
        return np.column_stack([np.ones(len(scores)), _logits(scores)[:, :outputs]])

    def fit(scores: NDArray, right: NDArray) -> Map:
        x, w = features(scores), np.zeros(outputs + 1)
        ridge = np.diag([0.0] + [1.0] * outputs)
        for _ in range(100):  # damped, for mistakes are few
            p = 1 / (1 + np.exp(-x @ w))
            step = np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + ridge, x.T @ (p - right) + ridge @ w)
            w -= step * min(1, 0.5 / np.abs(step).max())
        return lambda fresh: 1 / (1 + np.exp(-features(fresh) @ w))

    return fit


def isotonic(scores: NDArray, right: NDArray) -> Map:
    """The rising steps nearest to right and wrong over the top output (pool adjacent violators)."""
    order = np.argsort(scores.max(axis=1), kind="stable")
    blocks: list[list[float]] = []
    for value in right[order].astype(float):
        blocks.append([value, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] >= blocks[-1][0] / blocks[-1][1]:
            total, count = blocks.pop()
            blocks[-1] = [blocks[-1][0] + total, blocks[-1][1] + count]
    steps = np.repeat([(total + 0.5) / (n + 1) for total, n in blocks], [int(n) for _, n in blocks])
    steps, place = np.maximum.accumulate(steps), scores.max(axis=1)[order]
    return lambda fresh: np.interp(fresh.max(axis=1), place, steps)


def ours(scores: NDArray, right: NDArray) -> Map:
    """What handgrad.calibration does."""
    T = round(calibration._temperature(calibration._sorted_logits(scores), right), 4)
    return calibration.Calibration(T, 1.0, 0.999, 0.0, len(right), int((~right).sum())).confidence


MAPS: dict[str, Callable[[NDArray, NDArray], Map]] = {
    "raw": lambda scores, right: lambda fresh: fresh.max(axis=1).astype(float),
    "normalised": lambda scores, right: lambda fresh: fresh.max(axis=1) / fresh.sum(axis=1, dtype=float),
    "Platt, top output": platt(1),
    "Platt, top and runner-up": platt(2),
    "isotonic, top output": isotonic,
    "temperature": temperature(0.0),
    "temperature, none 1": temperature(1.0),
    "temperature, none 0.1": temperature(0.1),
    "the same, T about 4/3": ours,
}


def crossed(fit: Callable[[NDArray, NDArray], Map], scores: NDArray, right: NDArray) -> NDArray:
    """Log loss, Brier score, expected calibration error and area of a map, cross-validated."""
    found = []
    for repeat in range(3):
        order, p = np.random.default_rng(repeat).permutation(len(right)), np.zeros(len(right))
        for part in range(5):
            held, rest = order[part::5], np.setdiff1d(order, order[part::5])
            p[held] = fit(scores[rest], right[rest])(scores[held])
        told = reliability.measures(p, right)
        keys = ("brier_score", "expected_calibration_error", "risk_coverage_area")
        found.append([_log_loss(p, right), *(told[key] for key in keys)])
    return np.mean(found, axis=0)


def believed(model: Model, held_back: Pair) -> list[float]:
    """The share of images of no digit that get a confidence above 0.98: by none 0, then by none 0.1.

    A thousand digits with paper and ink exchanged, and a thousand fields of even noise.
    """
    scores, rng = model.scores(held_back[0]), np.random.default_rng(0)
    right = scores.argmax(axis=1) == held_back[1]
    strangers = (255 - held_back[0][:1000], rng.integers(0, 256, (1000, *model.image_shape), np.uint8))
    maps = (temperature(0.0)(scores, right), ours(scores, right))
    return [float((one(model.scores(images)) > 0.98).mean()) for images in strangers for one in maps]


def networks(files: list[str], folder: Path) -> dict[str, list[tuple[Model, Pair, Pair]]]:
    """By kind, the networks with the images they held back and test images; trained where none are."""
    train, test = digits.load_mnist()
    if files:
        held_back = (train[0][-5000:], train[1][-5000:])
        return {path: [(model_file.load(path), held_back, test)] for path in files}
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, list[tuple[Model, Pair, Pair]]] = {}
    for kind, (recipe, seeds, name) in KINDS.items():
        train, test = data_of(name)
        data = runs.split(*train, min(5000, len(train[0]) // 10), test)
        for seed in seeds:
            path = folder / f"{kind.replace(' ', '-')}-{seed}.safetensors"
            if not path.exists():
                for _ in runs.run(data, recipe, seed, path, engine=engine(threads=1)):
                    pass
            assert data.validation is not None
            found.setdefault(kind, []).append((model_file.load(path), data.validation, test))
    return found


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--folder", type=Path, default=Path("calibration-networks"))
    arguments = parser.parse_args()
    found = networks(arguments.files, arguments.folder)
    print("log loss x 100 / expected calibration error in %, cross-validated on the images held back\n")
    print(f"| map | {' | '.join(found)} |\n|---|{'---|' * len(found)}")
    held = {kind: [(m.scores(v[0]), v[1]) for m, v, _ in group] for kind, group in found.items()}
    for name, fit in MAPS.items():
        cells = []
        for group in held.values():
            log_loss, _, error, _ = 100 * np.mean(
                [crossed(fit, s, s.argmax(1) == t) for s, t in group], axis=0
            )
            cells.append(f"{log_loss:.2f} / {error:.2f}")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    print("\nimages of no digit that are believed: inverted digits by none 0, by none 0.1; noise the same\n")
    print("| network | inverted, 0 | inverted, 0.1 | noise, 0 | noise, 0.1 |\n|---|---|---|---|---|")
    for kind, group in found.items():
        shares = np.mean([believed(model, held_back) for model, held_back, _ in group], axis=0)
        print(f"| {kind} | {' | '.join(f'{share:.1%}' for share in shares)} |", flush=True)
    print("\non the test images: raw, normalised, calibrated; then the answers that are not doubtful\n")
    print("| network | T | expected error | equal width | maximum | Brier score | area | answered | right |")
    print("|---|---|---|---|---|---|---|---|---|")
    for kind, group in found.items():
        for (model, _, test), (scores, labels) in zip(group, held[kind], strict=True):
            model = replace(model, calibration=calibration.fit(scores, labels))
            result = evaluate(model, *test)
            told = [result.measures(name) or {} for name in ("raw", "normalised", "calibrated")]
            cells = [f"{kind}, {result.accuracy:.2%}"]
            cells.append(f"{model.calibration.temperature:.2f}" if model.calibration else "-")
            for key in ("expected_calibration_error", "expected_calibration_error_equal_width"):
                cells.append(", ".join(f"{100 * one.get(key, math.nan):.2f}" for one in told) + " %")
            cells.append(
                ", ".join(f"{100 * one.get('maximum_calibration_error', math.nan):.1f}" for one in told)
                + " %"
            )
            for key in ("brier_score", "risk_coverage_area"):
                cells.append(", ".join(f"{one.get(key, math.nan):.5f}" for one in told))
            point = result.undoubted or reliability.Point(math.nan, math.nan, math.nan)
            print(f"| {' | '.join(cells)} | {point.coverage:.2%} | {point.accuracy:.2%} |", flush=True)


if __name__ == "__main__":
    main()
