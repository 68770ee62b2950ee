"""How good recipe best is, and the network in the box: every figure of docs/best.md comes from here.

    python tools/best.py seeds 0 1 2 3 4   # each on 55,000 images for the validation, then on all
    python tools/best.py ablation          # one ingredient left out at a time, on 55,000 images
    python tools/best.py mixture           # what the network in the box learnt besides MNIST, in the same way
    python tools/best.py table             # the tables of best.json, to which the rows of --folder are added
    python tools/best.py box               # makes the network in the box, and writes it into the package
    python tools/best.py box --quick       # the same steps in a minute, on little, into --folder: a rehearsal
    python tools/best.py distortions       # how long it takes to distort 60,000 images

Networks and what they reach are kept in --folder, and not trained again. A run takes one thread (sums of
more are rounded otherwise), so start as many of these at once, for different seeds, as there are cores.
"""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import measured
import numpy as np
from measured import HELD_BACK
from mixed import Mixture, trained_on
from no_digits import nothings
from other_hands import HANDS, TEST, learnt, measured_on, sets_of

from handgrad import calibration, digits, model_file, pretrained, runs
from handgrad.engines import engine
from handgrad.errors import HandgradError
from handgrad.model import Model
from handgrad.recipes import RECIPES, Distortion, Recipe
from handgrad.training import Epoch

NETWORKS = Path("best-networks")
BEST = RECIPES["best"]
# ingredients are left out of a smaller network, trained for a shorter time
SMALL = replace(BEST, hidden=1024, epochs=60)


def _without(**parts: float) -> Recipe:
    """SMALL with some parts of its distortion at another value."""
    return replace(SMALL, distortion=replace(SMALL.distortion or Distortion(), **parts))


# the network in the box goes on from one of recipe best; the one that calibrates it is not given as long
BOX = replace(BEST, learning_rate=2.0, epochs=100)
CALIBRATES = replace(BEST, epochs=60), replace(BEST, learning_rate=2.0, epochs=60)
BRIEF = replace(BEST, hidden=512, epochs=12)


class Plan(NamedTuple):
    """How the network in the box is made."""

    begins: Recipe  # from random numbers, on MNIST alone
    goes_on: Recipe  # on the mixture
    calibrates: tuple[Recipe, Recipe]  # the network that calibrates it, from random numbers and on
    mixture: Mixture = Mixture()
    images: int = 60_000  # of MNIST's training images,
    held_back: int = HELD_BACK  # and of these, from the network that calibrates
    hands: int = HANDS  # digits of each kind of hand that it is measured on


def _short(recipe: Recipe) -> Recipe:
    return replace(recipe, hidden=64, epochs=2)


FULL = Plan(BEST, BOX, CALIBRATES)
LITTLE = Mixture(drawn=300, nothings=100, sets=1), 4000, 500, 200
QUICK = Plan(_short(BEST), _short(BOX), (_short(CALIBRATES[0]), _short(CALIBRATES[1])), *LITTLE)
ONES = ("one_serif", "one_upstroke", "one_foot", "with_upstroke")
SEVENS = ("seven_crossed", "with_bar")
NINES = ("nine_hooked", "nine_curled")
WANTED = 0.9995  # of the answers without doubt: with 0.999 it is 99.6 % of digits of 8 x 8 pixels
FEW = Mixture(sets=2)
SHARES = {
    "MNIST alone": Mixture(0, 0, 1),
    "6,000 drawn digits": FEW._replace(drawn=6_000, nothings=0),
    "15,000 drawn digits": FEW._replace(nothings=0),
    "30,000 drawn digits": FEW._replace(drawn=30_000, nothings=0),
    "15,000, and 6,000 of no digit": FEW,
    "without the 1 with upstroke or foot": FEW._replace(left_out=ONES),
    "without the 7 with bar": FEW._replace(left_out=SEVENS),
    "without the 9 with hook or curl": FEW._replace(left_out=NINES),
    "without these three": FEW._replace(left_out=(*ONES, *SEVENS, *NINES)),
}
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


def trained(
    name: str, recipe: Recipe, seed: int, validation: int, folder: Path, images: int = FULL.images
) -> None:
    """Train a network into the folder, with a row of what it reaches, unless both are there already.

    images: of MNIST's training images, the last ones.
    """
    path = folder / f"{name}.safetensors"
    if (folder / f"{name}.json").exists():
        return
    (pixels, labels), test = digits.load_mnist()
    data = runs.split(pixels[-images:], labels[-images:], validation, test)
    where, began = engine(threads=1, hidden=recipe.hidden), time.perf_counter()
    for progress in runs.run(data, recipe, seed, path, "best", engine=where):
        print(f"{name}: epoch {progress.epoch.epoch} of {recipe.epochs}", end="\r", file=sys.stderr)
    row: dict[str, Any] = {"name": name, "seed": seed, "images": len(data.images)}
    row |= {"seconds": round(time.perf_counter() - began, 1), "test": progress.model.accuracy["test"]}
    if data.validation is not None:
        target = np.eye(10)[data.validation[1]]
        loss = ((progress.model.scores(data.validation[0]) - target) ** 2).sum(axis=1).mean()
        row |= {"validation": progress.model.accuracy["validation"], "validation_loss": round(float(loss), 5)}
    measured.keep(folder, row)


def table(folder: Path | None) -> None:
    """Print the tables of what is kept, after the rows of a folder are added to it.

    folder: None for best-networks; if that is missing, nothing is added.
    """
    if folder is None and not NETWORKS.exists():
        print(f"{NETWORKS}: is not here; these are the tables of {measured.KEPT.name}", file=sys.stderr)
        found = measured.kept()
    else:
        found = measured.gathered(folder or NETWORKS)
    ablation = {name: found[f"small-{name}"] for name in ABLATION if f"small-{name}" in found}
    shares = {name: found[f"mixture-{name}"] for name in SHARES if f"mixture-{name}" in found}
    tables = measured.seeds_table(found), measured.ablation_table(ablation), measured.mixture_table(shares)
    print("\n\n".join(filter(None, tables)))


def mixed(
    name: str, recipe: Recipe, seed: int, held_back: int, folder: Path, plan: Plan, start: Model | None = None
) -> Model:
    """The network of that name in the folder; if it is not there, it is trained on MNIST and the mixture."""
    path = folder / f"{name}.safetensors"
    images, labels = (each[-plan.images :] for each in digits.load_mnist()[0])
    if not path.exists():
        kept, history = len(images) - held_back, [] if start is None else list(start.history)
        done = history[-1]["epoch"] if history else 0

        def note(epoch: Epoch) -> None:
            print(f"{name}: epoch {epoch.epoch} of {recipe.epochs}", end="\r", file=sys.stderr)
            record = {"epoch": done + epoch.epoch, "loss": epoch.loss}
            history.append({**record, "train_accuracy": None, "validation_accuracy": None})

        keeps, real = replace(BEST, hidden=recipe.hidden), (images[:kept], labels[:kept])
        params = trained_on(plan.mixture, real, recipe, seed, start.params if start else None, note)
        facts = {"seed": seed, "data_checksum": digits.checksum(images, labels), "history": history}
        model_file.save(path, Model(params, recipe_name="best", recipe=keeps, image_shape=(28, 28), **facts))
    return model_file.load(path)


def box(folder: Path, seed: int, plan: Plan, out: Path) -> None:
    """The network in the box, narrowed to 16 bits, into a file: recipe best, then MNIST and the mixture.

    It goes on from recipe best in 16 bits, as that was shipped once. Its calibration is that of a network
    that did not see the validation images, on these and on other hands.
    """
    trained(f"all-{seed}", plan.begins, seed, 0, folder, plan.images)
    begun = folder / f"narrowed-{seed}.safetensors"
    model_file.save(begun, replace(model_file.load(folder / f"all-{seed}.safetensors"), storage="float16"))
    model = mixed(f"box-{seed}", plan.goes_on, seed, 0, folder, plan, model_file.load(begun))
    part = mixed(f"begins-{seed}", plan.calibrates[0], seed, plan.held_back, folder, plan)
    part = mixed(f"calibrates-{seed}", plan.calibrates[1], seed, plan.held_back, folder, plan, part)
    train, (test_images, test_labels) = digits.load_mnist()
    held_back = (train[0][-plan.held_back :], train[1][-plan.held_back :])
    found = sets_of(held_back, hands=plan.hands)
    images, labels = (np.concatenate(arrays) for arrays in zip(*found.values(), strict=True))
    fitted = calibration.fit(part.scores(images), labels, WANTED, source="given")
    history = [record for record in model.history if record["epoch"] % 10 == 0]  # 30 kB less
    model = replace(model, storage="float16", calibration=fitted, history=history)
    model_file.save(out, model)
    narrowed = model_file.load(out)
    reached = float((narrowed.predict(test_images) == test_labels).mean())
    model_file.save(out, replace(narrowed, accuracy={"test": reached}))
    print(f"{out.name}: {out.stat().st_size:,} bytes, {reached:.2%}; {fitted}")
    sets = {TEST: (test_images, test_labels)} | sets_of(held_back, seed=2, hands=plan.hands)  # drawn anew
    print()
    measured_on({name: pair for name, pair in sets.items() if not learnt(name)}, narrowed)
    print("\nThe network that calibrates it, on the images held back:\n")
    measured_on(
        {name: pair for name, pair in sets.items() if learnt(name)}, replace(part, calibration=fitted)
    )


def mixture(folder: Path) -> None:
    """What each part of the mixture is worth, on a small network and a short run: rows into the folder."""
    train, test = digits.load_mnist()
    real = train[0][:-HELD_BACK], train[1][:-HELD_BACK]
    held_back = train[0][-HELD_BACK:], train[1][-HELD_BACK:]
    sets, empty = {**sets_of(held_back), TEST: test}, nothings(2000, 99, held_back[0])
    for name, added in SHARES.items():
        if (folder / f"mixture-{name}.json").exists():
            continue
        began = time.perf_counter()
        model = Model(trained_on(added, real, BRIEF, 0), image_shape=(28, 28))
        right = {of: float((model.predict(images) == labels).mean()) for of, (images, labels) in sets.items()}
        right["no digit: all outputs below 0.3"] = float((model.scores(empty).max(axis=1) < 0.3).mean())
        row = {"name": f"mixture-{name}", "seed": 0, "images": len(real[0])}
        measured.keep(folder, {**row, "seconds": round(time.perf_counter() - began, 1), "right": right})
        print(name, *(f"{share:.1%}" for share in right.values()), sep="  ", flush=True)


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
    parser.add_argument("what", choices=("seeds", "ablation", "table", "box", "mixture", "distortions"))
    parser.add_argument("seeds", nargs="*", type=int, help="default: 0 1 2 3 4; for the box: 0")
    parser.add_argument("--folder", type=Path, help=f"default: {NETWORKS}, or quick-networks")
    parser.add_argument(
        "--quick", action="store_true", help="box: little of everything, not into the package"
    )
    chosen = parser.parse_args()
    if chosen.what == "table":
        try:
            table(chosen.folder)
        except HandgradError as refusal:
            sys.exit(f"best.py: {refusal}")
        return
    if chosen.what == "distortions":
        distortions()
        return
    folder = chosen.folder or (Path("quick-networks") if chosen.quick else NETWORKS)
    folder.mkdir(parents=True, exist_ok=True)
    if chosen.what == "seeds":
        for seed in chosen.seeds or range(5):
            trained(f"part-{seed}", BEST, seed, HELD_BACK, folder)
            trained(f"all-{seed}", BEST, seed, 0, folder)
    elif chosen.what == "ablation":
        for name, recipe in ABLATION.items():
            trained(f"small-{name}", recipe, 0, HELD_BACK, folder)
    elif chosen.what == "mixture":
        mixture(folder)
    else:
        out = folder / pretrained.PATH.name if chosen.quick else pretrained.PATH
        box(folder, [*chosen.seeds, 0][0], QUICK if chosen.quick else FULL, out)


if __name__ == "__main__":
    main()
