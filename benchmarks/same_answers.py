"""Whether the pictures are still read as they were, to the last bit: for changes that may only save time.

    python benchmarks/same_answers.py FILE [--suite N] [FOLDER ...]

The first call writes FILE, with a line for each picture; later calls compare with it, print the pictures
that are read otherwise, and exit with 1 if there are any. The pictures are those in the folders (python
benchmarks/pictures.py --keep makes some) and N of each kind of tests/photo_suite. Compared are the digits
with all their outputs, boxes, doubts and images, the signs, the fields, what is left out, and the errors.
"""

import argparse
import sys
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from handgrad import digits, pretrained
from handgrad.errors import ImageError
from handgrad.photos import read_page
from handgrad.photos.folders import listing
from handgrad.threads import one_blas_thread
from photo_suite.kinds import groups, samples

SEED = 171129


def answer(model, picture, asked):
    """All that is read on a picture, in few characters."""
    try:
        page = read_page(model, picture, **asked)
    except ImageError as error:
        return f"error {str(error).rpartition(': ')[2]}"
    images = b"".join(digit.image.tobytes() for digit in page.digits)
    everything = sha256(repr(page).encode() + images).hexdigest()[:16]
    return f"{everything} {page.text!r} left out {len(page.left_out)}"


def pictures(folders, count):
    """The name of each picture, the picture, and what read_page is told about it."""
    for folder in folders:
        for path in listing(folder).pictures:
            yield str(path.relative_to(folder.parent)), path, {}
    train = digits.load_mnist()[0] if count else None
    for kinds in groups().values():
        for kind in kinds:
            for i, sample in enumerate(samples(kind, count, SEED, train)):
                yield f"{kind.__name__} {i}", sample.data, sample.options


def main():
    """Write the file, or compare with it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("file", type=Path)
    options.add_argument("folders", type=Path, nargs="*")
    options.add_argument("--suite", type=int, default=0)
    chosen = options.parse_intermixed_args()
    model = pretrained.load()
    with one_blas_thread():
        found = {
            name: answer(model, picture, asked)
            for name, picture, asked in pictures(chosen.folders, chosen.suite)
        }
    if not chosen.file.exists():
        chosen.file.write_text("".join(f"{name}\t{text}\n" for name, text in found.items()), "utf-8")
        print(f"{len(found)} answers are in {chosen.file}")
        return 0
    before = dict(line.split("\t", 1) for line in chosen.file.read_text("utf-8").splitlines())
    other = [name for name in before.keys() | found.keys() if before.get(name) != found.get(name)]
    for name in sorted(other):
        print(f"{name}: {before.get(name)} -> {found.get(name)}")
    print(f"{len(found)} pictures, {len(other)} read otherwise than before")
    return 1 if other else 0


if __name__ == "__main__":
    sys.exit(main())
