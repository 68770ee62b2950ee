"""python tests/photo_suite [--model FILE] [--count 40] [--seed 1] [--keep DIR] [KIND or GROUP ...]: the table."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from handgrad import digits, model_file
from handgrad.cli.shared import existing_model
from photo_suite.judge import digits_right, judged, strings_right
from photo_suite.kinds import groups, samples


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
    print("of the digits: right, marked doubtful; of the pictures: read wholly, doubtful, wrong without a")
    print("doubt, with something left out, and doubtful only for that although all is right")
    print(
        f"{'kind':<16} {'digits':>7} {'marked':>7} {'wholly':>7} {'doubt':>7} {'surely':>7} {'left':>7} {'only':>7}"
    )
    print(f"{'':<16} {'right':>7} {'':>7} {'right':>7} {'':>7} {'wrong':>7} {'out':>7} {'that':>7}")
    for group, kinds in groups().items():
        everything = []
        for kind in kinds:
            if chosen.kinds and not {kind.__name__, group} & {*chosen.kinds}:
                continue
            made = samples(kind, chosen.count, chosen.seed, train)
            verdicts = judged(model, made)
            everything += verdicts
            show(kind.__name__, verdicts)
            if chosen.keep:
                keep(chosen.keep, kind.__name__, made, verdicts)
        if everything:
            show(f"all {group}", everything)


def keep(folder, kind, made, verdicts):
    """Write the pictures that were read wrong; their names say what was expected and what came."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, (sample, verdict) in enumerate(zip(made, verdicts, strict=True)):
        if not verdict.right:
            expected, got = (_in_name(text) for text in (verdict.expected, verdict.got))
            ending = "png" if sample.data.startswith(b"\x89PNG") else "jpg"
            sure = "SURE-" if verdict.surely_wrong else ""
            (folder / f"{kind}-{i}-{expected}-as-{sure}{got}.{ending}").write_bytes(sample.data)


def _in_name(text):
    """A text as part of the name of a file."""
    return "".join(c if c.isalnum() or c in "+-.,=" else "_" for c in text)[:60] or "nothing"


def show(name, verdicts):
    """One line of the table."""
    marked = sum(v.doubtful for v in verdicts) / max(1, sum(v.digits for v in verdicts))
    only = [v.right and v.left_out and not v.doubtful for v in verdicts]
    shares = [share(verdicts, what) for what in ("in_doubt", "surely_wrong", "left_out")]
    columns = (
        digits_right(verdicts),
        marked,
        strings_right(verdicts),
        *shares,
        sum(map(bool, only)) / len(only),
    )
    print(f"{name:<16} " + " ".join(f"{column:>7.1%}" for column in columns), flush=True)


def share(verdicts, what):
    """The share of the verdicts of which something holds."""
    return sum(bool(getattr(v, what)) for v in verdicts) / len(verdicts)


main()
