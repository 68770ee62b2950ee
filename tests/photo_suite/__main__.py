"""python tests/photo_suite [--model FILE] [--count 40] [--seed 1] [--keep DIR]: the table of all kinds."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from handgrad import digits, model_file
from handgrad.cli.shared import existing_model
from photo_suite.framed import FRAMED
from photo_suite.judge import digits_right, judged, strings_right
from photo_suite.kinds import SINGLE, STRINGS, samples


def main():
    """Print a line for each kind, and the means; keep the pictures that were read wrong where asked to."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--model")
    options.add_argument("--count", type=int, default=40)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--keep", type=Path)
    options.add_argument("kinds", nargs="*")
    chosen = options.parse_args()
    model = model_file.load(existing_model(chosen.model))
    train, _ = digits.load_mnist()
    print(f"{chosen.count} pictures of each kind, seed {chosen.seed}")
    print(f"{'kind':<14} {'digits right':>13} {'all right':>10} {'doubtful':>9}")
    for group, kinds in (("single", SINGLE), ("strings", STRINGS), ("forms", FRAMED)):
        everything = []
        for kind in kinds:
            if chosen.kinds and kind.__name__ not in chosen.kinds:
                continue
            made = samples(kind, chosen.count, chosen.seed, train)
            verdicts = judged(model, made)
            everything += verdicts
            show(kind.__name__, verdicts)
            for i, (sample, verdict) in enumerate(zip(made, verdicts, strict=True)):
                if chosen.keep and not verdict.right:
                    names = (verdict.expected, verdict.got or "nothing")
                    expected, got = (text.replace("\n", "_") for text in names)
                    ending = "png" if sample.data.startswith(b"\x89PNG") else "jpg"
                    chosen.keep.mkdir(parents=True, exist_ok=True)
                    (chosen.keep / f"{kind.__name__}-{i}-{expected}-as-{got}.{ending}").write_bytes(
                        sample.data
                    )
        if everything:
            show(f"all {group}", everything)


def show(name, verdicts):
    """One line of the table."""
    marked = sum(v.doubtful for v in verdicts) / max(1, sum(len(v.got.replace("\n", "")) for v in verdicts))
    print(
        f"{name:<14} {digits_right(verdicts):>12.1%} {strings_right(verdicts):>10.1%} {marked:>9.1%}",
        flush=True,
    )


main()
