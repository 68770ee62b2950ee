"""How long handgrad predict takes for a thousand small pictures, and for a page of 12 megapixels.

    python benchmarks/pictures.py [--count N] [--keep FOLDER]

The small pictures are made by a program, each time the same:

- half are crops of 100 pixels of photographed sheets, as JPEG (single digits of tests/photo_suite);
- a quarter are MNIST's training images as they are, as PNG;
- a quarter are 28 x 28 drawings whose digit is anywhere and of any size, as paint programs save them, as PNG.

Each folder is one call in a process of its own, and so are all of them together. Of a call it prints the
processor time of all threads and the time that passed (on a busy machine the second says little), from
nothing to the last answer, and the most memory that it took. --keep keeps the pictures and the answers.
"""

import argparse
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from handgrad import digits
from handgrad.arrays import NDArray
from photo_suite import kinds
from photo_suite.sheets import row, sheet

SIDE = 100  # of a crop
SEED = 171128
CROPS = (
    *(kinds.ballpoint, kinds.felt_pen, kinds.pencil, kinds.ruled, kinds.shaded, kinds.chalk),
    *(kinds.coloured, kinds.tilted, kinds.real_digit),
)
MEGAPIXELS = 12
WARM = """
import sys, time
from handgrad import pretrained
from handgrad.photos import read_page
model = pretrained.load()
read_page(model, sys.argv[1])
began = time.process_time()
page = read_page(model, sys.argv[1])
print(len(page.digits), "digits, warm:", round(time.process_time() - began, 2), "s of processor time")
"""


class Cost(NamedTuple):
    """What a process took."""

    processor: float  # seconds, of all its threads
    passed: float  # seconds
    memory: float  # megabytes, at most


def cost(command: list[str], output: Path) -> Cost:
    """What a process takes; its output goes into a file. SystemExit if it fails."""
    began = perf_counter()
    pid = os.fork()
    if pid == 0:
        file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, 1)
        os.execv(command[0], command)
    _, status, used = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}: ended with {os.waitstatus_to_exitcode(status)}")
    memory = used.ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)
    return Cost(used.ru_utime + used.ru_stime, perf_counter() - began, memory)


def small_pictures(folder: Path, count: int) -> None:
    """Write the small pictures into three folders."""
    train = digits.load_mnist()[0]
    for name in ("crops", "mnist", "drawings"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for i in range(count // 2):
        kind = CROPS[i % len(CROPS)]
        maker = kinds.Maker(np.random.default_rng([SEED, i]), train)
        crop = _decoded(kind(maker).data)
        share = SIDE / max(crop.shape[:2])
        size = round(crop.shape[1] * share), round(crop.shape[0] * share)
        crop = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(folder / f"crops/{i}.jpg"), crop, [cv2.IMWRITE_JPEG_QUALITY, 85])
    rng = np.random.default_rng(SEED)
    chosen = rng.choice(len(train[0]), count // 4 * 2, replace=False)
    for i, row_number in enumerate(chosen):
        image = train[0][row_number]
        if i % 2:
            image = _moved(image, rng)
        Image.fromarray(image).save(folder / ("drawings" if i % 2 else "mnist") / f"{i // 2}.png")


def _decoded(data: bytes) -> NDArray:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    return np.asarray(pixels)


def _moved(image: NDArray, rng: np.random.Generator) -> NDArray:
    """The image as a drawing: its digit of another size and elsewhere, dark on light."""
    share = rng.uniform(0.6, 1.1)
    x, y = rng.uniform(-4, 4, 2) + 14 * (1 - share)
    moved = cv2.warpAffine(image, np.array([[share, 0, x], [0, share, y]]), (28, 28), flags=cv2.INTER_AREA)
    return 255 - np.asarray(moved)


def large_page(path: Path) -> None:
    """Write a photograph of 12 megapixels: seven lines of eight digits on a sheet."""
    train = digits.load_mnist()[0]
    maker = kinds.Maker(np.random.default_rng(SEED), train)
    lines = [row(maker.inks(maker.digits(8, 8), "ballpoint", 160), maker.rng) for _ in range(7)]
    width = max(line.shape[1] for line in lines)
    ink = np.concatenate([np.pad(line, ((30, 60), (0, width - line.shape[1]))) for line in lines])
    page = cv2.resize(sheet(ink, maker.rng, pen="ballpoint", colour="blue"), (4000, 3000))
    noisy = page + maker.rng.normal(0, 3, page.shape)
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(path, quality=90)


def main() -> None:
    """Print a line for each folder, for all of them, and for the page."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--count", type=int, default=1000)
    options.add_argument("--keep", type=Path)
    chosen = options.parse_args()
    with TemporaryDirectory() as temporary:
        folder = chosen.keep or Path(temporary)
        if not (folder / "crops").exists():
            small_pictures(folder, chosen.count)
        if not (folder / "page.jpg").exists():
            large_page(folder / "page.jpg")
        predict = [sys.executable, "-m", "handgrad", "predict", "--json", "--quiet"]
        print(f"{'pictures':<26}{'processor':>10}{'passed':>9}{'memory':>9}")
        for names in (["crops"], ["mnist"], ["drawings"], ["crops", "mnist", "drawings"], ["page.jpg"]):
            places = [str(folder / name) for name in names]
            number = sum(len(list(Path(each).iterdir())) if os.path.isdir(each) else 1 for each in places)
            seconds = cost([*predict, *places], folder / f"{'-'.join(names)}.json")
            title = f"{number} {', '.join(names)}"
            print(f"{title:<26}{seconds.processor:>8.1f} s{seconds.passed:>7.1f} s{seconds.memory:>6.0f} MB")
        cost([sys.executable, "-c", WARM, str(folder / "page.jpg")], folder / "warm.txt")
        print("page.jpg:", (folder / "warm.txt").read_text().strip())


if __name__ == "__main__":
    main()
