"""python tools/fuzz.py {idx,model,picture} [--seconds 300] [--keep DIR]: fuzz a reader of strangers' files.

Atheris (libFuzzer for Python) changes small valid files, keeps what reaches new lines, and goes on with it.
Whatever is read must end in a result or in the one error that the reader promises; any other exception, a
second in one file or 512 MB more memory ends the run, and the file is kept. `pip install atheris`, or the
dependency group "fuzz". With the same --seed, the same files come in the same order.
"""

import argparse
import io
import struct
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import atheris

# Atheris keeps each array that instrumented code compares, a gigabyte after 800 pictures: so Pillow alone.
with atheris.instrument_imports(
    include=["PIL"] if "picture" in sys.argv else ["handgrad", "PIL"], enable_loader_override=False
):
    from PIL import Image

    from handgrad import digits, model_file
    from handgrad.errors import DataError, ImageError, ModelFileError
    from handgrad.photos import find_marks, read_pictures

import numpy as np

from handgrad import network
from handgrad.model import Model

MOST_BYTES = 4096  # of a file
MEMORY = 1024  # MB that the whole process may take
SLOW = 10  # seconds in one file; what is instrumented is several times as slow


def idx_files():
    """A small file of each type, raw and compressed, as bytes."""
    with tempfile.TemporaryDirectory() as folder:
        for number, kind in enumerate(("u1", "i1", "i2", "i4", "f4", "f8")):
            for ending in ("", ".gz"):
                path = Path(folder) / f"{number}{ending}"
                digits.write_idx(path, np.arange(12).reshape(3, 2, 2).astype(kind))
                yield path.read_bytes()
    yield struct.pack(">2xBBI", 8, 1, 0)


def model_files():
    """A small model file, as bytes, and one of another activation."""
    with tempfile.TemporaryDirectory() as folder:
        for number, activation in enumerate(("sigmoid", "relu")):
            params = network.init_params(4, 3, 2, np.random.default_rng(number), dtype=np.float32)
            path = Path(folder) / f"{number}.safetensors"
            model_file.save(path, Model(params, activation=activation, image_shape=(2, 2)))
            yield path.read_bytes()


def picture_files():
    """A small picture in each format that Pillow writes, as bytes."""
    pixels = np.full((24, 20, 3), 250, np.uint8)
    pixels[4:20, 9:12] = 20
    for kind in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF"):
        for mode in ("RGB", "L", "P", "1"):
            file = io.BytesIO()
            try:
                Image.fromarray(pixels).convert(mode).save(file, kind)
            except (
                OSError,
                ValueError,
                KeyError,
            ):  # a mode that the format lacks, or a format of an older Pillow
                continue
            yield file.getvalue()


def read_idx(data):
    """Read an IDX file."""
    FILE.write_bytes(data)
    digits.read_idx(FILE)


def read_model(data):
    """Read a model file, and ask it."""
    FILE.write_bytes(data)
    model = model_file.load(FILE)
    with suppress(DataError):  # of weights so large that its outputs are not finite
        model.predict(np.zeros((1, *model.image_shape), np.uint8))


def read_picture(data):
    """Read the pictures in a file, and find the marks on them."""
    for picture in read_pictures(data):
        find_marks(picture)


TARGETS = {
    "idx": (idx_files, read_idx, DataError),
    "model": (model_files, read_model, ModelFileError),
    "picture": (picture_files, read_picture, ImageError),
}


def main():
    """Fuzz one reader for some time."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("target", choices=TARGETS)
    options.add_argument("--seconds", type=int, default=300)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument(
        "--keep", type=Path, default=Path("build/fuzz"), help="what was found, and what broke"
    )
    chosen = options.parse_args()
    seeds, read, promised = TARGETS[chosen.target]
    corpus, broken = chosen.keep / chosen.target, chosen.keep / f"{chosen.target}-broken"
    for folder in (corpus, broken):
        folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(seeds()):
        (corpus / f"seed-{number}").write_bytes(data)

    def once(data):
        try:
            read(data)
        except promised as error:
            if "\n" in str(error):
                raise RuntimeError("expected an error of one line; got more") from error

    of_fuzzer = {
        "max_total_time": chosen.seconds, "seed": chosen.seed, "max_len": MOST_BYTES, "timeout": SLOW,
        "rss_limit_mb": MEMORY, "artifact_prefix": f"{broken}/", "print_final_stats": 1, "reload": 0,
    }  # fmt: skip
    atheris.Setup(
        [sys.argv[0], *(f"-{name}={value}" for name, value in of_fuzzer.items()), str(corpus)], once
    )
    atheris.Fuzz()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        FILE = Path(place) / "mutant"
        main()
