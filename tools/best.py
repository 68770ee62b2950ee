"""How good recipe best is, and the network in the box: every figure of docs/best.md comes from here.

    python tools/best.py seeds 0 1 2 3 4   # each on 55,000 images for the validation, then on all
    python tools/best.py ablation          # one ingredient left out at a time, on 55,000 images
    python tools/best.py table             # what has been measured, as tables; also into best.json
    python tools/best.py box               # writes the network in the box into the package
    python tools/best.py distortions       # how long it takes to distort 60,000 images

Networks and what they reach are kept in --folder, and not trained again. A run takes one thread (sums of
more are rounded otherwise), so start as many of these at once, for different seeds, as there are cores.
"""

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from handgrad import calibration, digits, model_file, pretrained, runs
from handgrad.engines import engine
from handgrad.files import Kind, write_atomically
from handgrad.recipes import RECIPES, Distortion, Recipe

RESULTS = Path(__file__).with_name("best.json")
ROWS = Kind(
    "rows of measurements (JSON)",
    lambda file: b"".join(file.read(64).split()).startswith((b'{"name":', b'[{"name":', b"[]")),
)
HELD_BACK = 5000
BEST = RECIPES["best"]
# ingredients are left out of a smaller network, trained for a shorter time
SMALL = replace(BEST, hidden=1024, epochs=60)


def _without(**parts: float) -> Recipe:
    """SMALL with some parts of its distortion at another value."""
    return replace(SMALL, distortion=replace(SMALL.distortion or Distortion(), **parts))


ABLATION = {
    "all of it": SMALL,
    "no distortion": replace(SMALL, distortion=None),
    "no elastic fields": _without(elastic=0.0),
    "no rotation": _without(rotation=0.0),
    "no scale": _without(scale=0.0),
    "no shear": _without(shear=0.0),
    "no shift": _without(shift=0.0),
    "with stroke thickness 0.5": _without(thickness=0.5),
    "with averaging 0.9": replace(SMALL, averaging=0.9),
    "constant learning rate": replace(SMALL, schedule="constant"),
    "constant learning rate, averaging 0.9": replace(SMALL, schedule="constant", averaging=0.9),
    "output bias 0": replace(SMALL, output_bias="zero"),
    "Nesterov's momentum": replace(SMALL, optimizer="nesterov", learning_rate=SMALL.learning_rate / 10),
    "Adam, one cycle": replace(SMALL, optimizer="adam", learning_rate=1e-3, schedule="cosine", warmup=0.2),
    "256 hidden units": replace(SMALL, hidden=256),
    "2048 hidden units": replace(SMALL, hidden=2048),
    "20 epochs": replace(SMALL, epochs=20),
}


def trained(name: str, recipe: Recipe, seed: int, validation: int, folder: Path) -> None:
    """Train a network into the folder, with a row of what it reaches, unless both are there already."""
    path, row_path = folder / f"{name}.safetensors", folder / f"{name}.json"
    if row_path.exists():
        return
    train, test = digits.load_mnist()
    data = runs.split(*train, validation, test)
    where, began = engine(threads=1, hidden=recipe.hidden), time.perf_counter()
    for progress in runs.run(data, recipe, seed, path, "best", engine=where):
        print(f"{name}: epoch {progress.epoch.epoch} of {recipe.epochs}", end="\r", file=sys.stderr)
    row: dict[str, Any] = {"name": name, "seed": seed, "images": len(data.images)}
    row |= {"seconds": round(time.perf_counter() - began, 1), "test": progress.model.accuracy["test"]}
    if data.validation is not None:
        target = np.eye(10)[data.validation[1]]
        loss = ((progress.model.scores(data.validation[0]) - target) ** 2).sum(axis=1).mean()
        row |= {"validation": progress.model.accuracy["validation"], "validation_loss": round(float(loss), 5)}
    write_atomically(row_path, json.dumps(row).encode(), ROWS)


def rows(folder: Path) -> dict[str, dict[str, Any]]:
    """What the networks in the folder reach, by name."""
    found = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    return {row["name"]: row for row in found}


def table(folder: Path) -> None:
    """Print the tables, and keep their rows."""
    found = rows(folder)
    write_atomically(RESULTS, (json.dumps(list(found.values()), indent=1) + "\n").encode(), ROWS)
    print(
        "| seed | validation (55,000 images) | test (all 60,000) | seconds, one thread |\n|---|---|---|---|"
    )
    seeds = sorted(row["seed"] for name, row in found.items() if name.startswith("all-"))
    for seed in seeds:
        part, whole = found[f"part-{seed}"], found[f"all-{seed}"]
        accuracies = f"{part['validation']:.2%} | {whole['test']:.2%}"
        print(f"| {seed} | {accuracies} | {part['seconds']:.0f}, {whole['seconds']:.0f} |")
    on_test = [found[f"all-{seed}"]["test"] for seed in seeds]
    if seeds:
        on_validation = np.mean([found[f"part-{seed}"]["validation"] for seed in seeds])
        print(f"| mean | {on_validation:.2%} | {np.mean(on_test):.3%} (spread {np.std(on_test):.3%}) | |")
    print("\n| ingredient | mistakes in 5,000 validation images | their loss | seconds |\n|---|---|---|---|")
    for name in ABLATION:
        if (row := found.get(f"small-{name}")) is not None:
            mistakes = round(HELD_BACK * (1 - row["validation"]))
            print(f"| {name} | {mistakes} | {row['validation_loss']:.4f} | {row['seconds']:.0f} |")


def box(folder: Path, seed: int) -> None:
    """The network of this seed that learnt from all images, narrowed to 16 bits, into the package.

    Its calibration is that of the networks of the same recipe that did not see the validation images.
    """
    images, labels = (array[-HELD_BACK:] for array in digits.load_mnist()[0])
    parts = [folder / f"{name}.safetensors" for name in rows(folder) if name.startswith("part-")]
    scores = np.concatenate([model_file.load(path).scores(images) for path in parts])
    model = model_file.load(folder / f"all-{seed}.safetensors")
    fitted = calibration.fit(scores, np.tile(labels, len(parts)), source="given")
    model = replace(model, storage="float16", calibration=fitted, history=model.history[9::10])  # 30 kB less
    model_file.save(pretrained.PATH, model)
    narrowed, test = model_file.load(pretrained.PATH), digits.load_mnist()[1]
    reached = float((narrowed.predict(test[0]) == test[1]).mean())
    model_file.save(pretrained.PATH, replace(narrowed, accuracy={"test": reached}))
    size = pretrained.PATH.stat().st_size
    print(f"{pretrained.PATH.name}: {size:,} bytes, {reached:.2%} (in 32 bits {model.accuracy['test']:.2%})")
    print(narrowed.calibration)


def distortions() -> None:
    """Print how long it takes to distort MNIST's training images, on one thread and on two."""
    images = digits.load_mnist()[0][0]
    for threads in (1, 2):
        seconds = []
        for _ in range(6):  # the first also loads the library and makes the fields
            began = time.perf_counter()
            runs.augment(images, np.random.default_rng(0), threads=threads)
            seconds.append(time.perf_counter() - began)
        print(f"{len(images):,} images, threads: {threads}, median of five: {np.median(seconds[1:]):.3f} s")


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=("seeds", "ablation", "table", "box", "distortions"))
    parser.add_argument("seeds", nargs="*", type=int, help="default: 0 1 2 3 4; for the box: 0")
    parser.add_argument("--folder", type=Path, default=Path("best-networks"))
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    if chosen.what == "seeds":
        for seed in chosen.seeds or range(5):
            trained(f"part-{seed}", BEST, seed, HELD_BACK, chosen.folder)
            trained(f"all-{seed}", BEST, seed, 0, chosen.folder)
    elif chosen.what == "ablation":
        for name, recipe in ABLATION.items():
            trained(f"small-{name}", recipe, 0, HELD_BACK, chosen.folder)
    elif chosen.what == "table":
        table(chosen.folder)
    elif chosen.what == "distortions":
        distortions()
    else:
        box(chosen.folder, *chosen.seeds or [0])


if __name__ == "__main__":
    main()
