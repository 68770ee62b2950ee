"""How well the second network does, on MNIST's training digits that it did not learn from.

    python tools/touching.py                 # the one in the box
    python tools/touching.py FILE...         # others, each in its place
    python tools/touching.py --count 64 --seed 1   # so many pictures of each kind; another seed draws others

Two tables. Marks: the share taken for one digit of whole digits, of left and right halves (not of a 1), and
of two digits that touch. Strings: the photo suite's kinds of touching digits (tests/photo_suite/touching.py),
read by the network in the box with this second one: wholly right, wrong without a doubt, in doubt.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from measured import HELD_BACK
from parts import PARTS, all_of

from handgrad import digits, model_file, pretrained
from handgrad.arrays import NDArray
from handgrad.model import Model

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from photo_suite.judge import judged
from photo_suite.kinds import groups, samples

MARKS = 500  # digits that the first table is made of


def marks(images: NDArray) -> dict[str, NDArray]:
    """Whole digits, their halves, and pairs whose strokes overlap by a pixel: images (N, 28, 28) of each."""
    found: dict[str, list[NDArray]] = {"digits": [], "left halves": [], "right halves": [], "pairs": []}
    for image, other in zip(images[:MARKS], images[::-1][:MARKS], strict=True):
        one, two = (each[:, each.any(axis=0)] / 255 for each in (image, other))
        found["digits"].append(_large(one))
        middle = int(np.flatnonzero(image.any(axis=0)).mean()) - int(image.any(axis=0).argmax())
        if one.shape[1] > 13:  # not of a 1: its half looks like a 1
            found["left halves"].append(_large(one[:, :middle]))
            found["right halves"].append(_large(one[:, middle:]))
        pair = np.pad(one, ((0, 0), (0, two.shape[1] - 1)))
        pair[:, one.shape[1] - 1 :] = np.maximum(pair[:, one.shape[1] - 1 :], two)
        found["pairs"].append(_large(pair))
    return {kind: np.stack(some) for kind, some in found.items()}


def _large(ink: NDArray) -> NDArray:
    """The image that reading makes of ink, which is enlarged, with paper around it."""
    return all_of(np.pad(np.kron(ink, np.ones((3, 3))), 3).astype(np.float32))


def show(path: Path, some: dict[str, NDArray], strings: dict[str, list]) -> None:
    """Print what is read with the second network of that file."""
    second, reader = model_file.load(path), pretrained.load()
    pretrained.load_whole = lambda: second  # type: ignore[assignment]  # reading asks for it there
    shares = (f"{kind} {_taken(second, images):.1f} %" for kind, images in some.items())
    print(f"{path.name}: taken for one digit: {', '.join(shares)}\n")
    print("| kind | wholly right | wrong without a doubt | in doubt | pictures |\n|---|---|---|---|---|")
    every = []
    for kind, pictures in strings.items():
        verdicts = judged(reader, pictures)
        every += verdicts
        _line(kind, verdicts)
    _line("**all**", every)
    print(flush=True)


def _taken(second: Model, images: NDArray) -> float:
    return 100 * float((second.scores(images)[:, PARTS] < 0.5).mean())


def _line(kind: str, verdicts: list) -> None:
    right, wrong = (sum(getattr(each, what) for each in verdicts) for what in ("right", "surely_wrong"))
    doubt = sum(each.in_doubt for each in verdicts)
    print(f"| {kind} | {right} | {wrong} | {doubt} | {len(verdicts)} |", flush=True)


def main() -> None:
    """Measure the second network in the box, or files."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("files", nargs="*", type=Path, default=[pretrained.WHOLE])
    options.add_argument("--count", type=int, default=64, help="default: 64")
    options.add_argument("--seed", type=int, default=1, help="default: 1")
    chosen = options.parse_args()
    train, _ = digits.load_mnist()
    some = marks(train[0][-HELD_BACK:])
    strings = {k.__name__: samples(k, chosen.count, chosen.seed, train) for k in groups()["touching"]}
    for path in chosen.files:
        show(path, some, strings)


if __name__ == "__main__":
    main()
