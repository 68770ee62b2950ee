"""Data files and model files: spoilt copies, crafted files, and models that come back bit for bit."""

import contextlib
import gzip
import os
import pickle
import shutil
import struct
import warnings
from dataclasses import replace

import numpy as np
from throwing import part, spread

import test_digits
import test_model_file
from faults.spoiling import spoilt, spoilt_text
from handgrad import digits, model_file
from handgrad.errors import DataError, HandgradError, ModelFileError
from handgrad.network import Params
from handgrad.recipes import CHOICES, Recipe
from test_model_file import CALIBRATION, CRAFTED, RECORD, random_model

from data_formats import FORMATS, write


def refused(error, path):
    """A refusal is one line that names the file."""
    said = str(error)
    assert str(path) in said, f"the file is not named: {said:.200}"
    assert said.isprintable(), f"more than one line, or signs that steer a terminal: {said!r:.200}"
    assert len(said) < 1000, f"a line of {len(said)} characters"


def read_idx(path, data):
    """Read a file that may hold anything."""
    path.write_bytes(data)
    try:
        array = digits.read_idx(path)
    except DataError as error:
        refused(error, path)
    else:
        assert array.nbytes < 64 << 20


@part("data", "IDX, mutants", 10_000, 500, seconds=1, megabytes=64, grown=True)
def idx_mutants(folder):
    """Small files of three types, and 50 images of MNIST, raw and compressed."""
    images = digits.load_mnist()[0][0][:50]
    digits.write_idx(folder / "images", images)
    body = (folder / "images").read_bytes()
    wholes = [test_digits.WHOLE, body, struct.pack(">4BI", 0, 0, 0x0D, 1, 5) + bytes(20)]
    wholes += [gzip.compress(whole) for whole in wholes]
    read_idx(folder / "warm", wholes[-1])
    yield lambda i, rng: read_idx(folder / "mutant", spoilt(wholes[i % 6], rng, 16 if i % 2 else None))


CUT = [
    whole[:n] for whole in (test_digits.WHOLE, gzip.compress(test_digits.WHOLE)) for n in range(len(whole))
]


@part(
    "data", "IDX, crafted", lambda: len(CUT) + len(test_digits.BAD), 40, seconds=1, megabytes=64, grown=True
)
def idx_crafted(folder):
    """Cut off behind every byte; bombs, sizes that overflow, other magic numbers, web pages."""
    crafted = [data for data, _ in test_digits.BAD.values()]
    read_idx(folder / "warm", gzip.compress(test_digits.WHOLE))

    def one(i, rng):
        path = folder / "train-images.gz"
        path.write_bytes([*crafted, *CUT][spread(i, len(crafted) + len(CUT))])
        try:
            digits.read_idx(path)
        except DataError as error:
            return refused(error, path)
        raise AssertionError("it was read")

    yield one


@part("data", "other formats, mutants", 3_000, 60, seconds=1, megabytes=64, grown=True)
def formats(folder):
    """Tables, archives, arrays, Parquet, MATLAB and folders of pictures, each spoilt in one file."""
    (images, labels), _ = digits.load_mnist()
    some = images[:12, 10:18, 10:18], labels[:12]
    wholes = []
    for name in FORMATS:
        own = folder / str(len(wholes))
        own.mkdir()
        path = write(name, own, some, some)
        wholes.append((own / path.relative_to(own).parts[0], path.relative_to(own)))
        with contextlib.suppress(HandgradError):  # so that its library is there before memory is measured
            digits.load(path)

    def one(i, rng):
        top, path = wholes[i % len(wholes)]
        copy = folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        (shutil.copytree if top.is_dir() else shutil.copy)(top, copy / top.name)
        files = sorted(path for path in copy.rglob("*") if path.is_file())
        chosen = files[rng.integers(len(files))]
        chosen.write_bytes(spoilt_text(chosen.read_bytes(), rng))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                warnings.simplefilter("ignore", UserWarning)  # of a picture that is left out
                (images, labels), _ = digits.load(copy / path)
        except HandgradError as error:
            return refused(error, copy)
        assert len(images) == len(labels) > 0

    yield one


def read_model(path):
    """Load a file that may hold anything; what is loaded answers."""
    try:
        model = model_file.load(path)
    except ModelFileError as error:
        return refused(error, path)
    if np.prod(model.image_shape) * model.hidden < 1e6:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # weights of any size
            model.scores(np.zeros((1, *model.image_shape), np.uint8))


@part("models", "mutants", 20_000, 500, seconds=1, megabytes=64, grown=True)
def model_mutants(folder):
    """Of small models in both storages, with a recipe, a history and a calibration."""
    wholes, rng = [], np.random.default_rng(0)
    for storage in ("float32", "float16"):
        facts = {"recipe": Recipe(hidden=3), "history": [RECORD], "calibration": CALIBRATION}
        model = random_model(rng, 6, 3, 2, recipe_name="x", storage=storage, **facts)
        model_file.save(folder / storage, model)
        wholes.append((folder / storage).read_bytes())
    read_model(folder / "float16")

    def one(i, rng):
        whole = wholes[i % 2]
        (folder / "m").write_bytes(spoilt(whole, rng, 8 + int.from_bytes(whole[:8], "little")))
        read_model(folder / "m")

    yield one


class Touching:
    """Unpickled, it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@part("models", "crafted", lambda: len(CRAFTED) + 1, 20, seconds=1, megabytes=64, grown=True)
def model_crafted(folder):
    """The table of the tests, and a pickle that would make a folder if anybody unpickled it."""
    path, rng = folder / "model.safetensors", np.random.default_rng(0)
    facts = {"recipe_name": "lesson", "recipe": Recipe(hidden=12), "seed": 3, "accuracy": {"test": 0.97}}
    model_file.save(path, random_model(rng, **facts))
    whole = path.read_bytes()
    model_file.load(path)

    def one(i, rng):
        i = spread(i, len(CRAFTED) + 1)
        if i == len(CRAFTED):
            path.write_bytes(pickle.dumps(Touching(folder / "touched")))
        else:
            path.write_bytes(whole)
            craft = list(CRAFTED.values())[i][0]
            made = craft(whole, path) if craft.__code__.co_argcount == 2 else craft(whole)
            if made is not None:
                path.write_bytes(made)
            if list(CRAFTED)[i] == "biases off but not zero":
                path.write_bytes(test_model_file.fact("bias", False)(path.read_bytes()))
        try:
            model_file.load(path)
        except ModelFileError as error:
            assert not (folder / "touched").exists()
            return refused(error, path)
        raise AssertionError(f"it was loaded: {[*CRAFTED, 'a pickle'][i]}")

    yield one


@part("models", "random models, there and back", 1_000, 50, seconds=1, megabytes=64, grown=True)
def round_trips(folder):
    """Sizes, choices, classes, calibration and storage at random: every bit and every fact comes back."""

    def one(i, rng):
        D, H, C = (int(rng.integers(low, high)) for low, high in ((1, 1000), (1, 200), (2, 40)))
        facts = {key: str(rng.choice(CHOICES[key])) for key in ("activation", "loss")}
        facts |= {"seed": i, "data_checksum": "ab" * 32, "accuracy": {"test": float(rng.random())}}
        model = random_model(rng, D, H, C, bias=bool(i % 2), history=[RECORD], **facts)
        if i % 3 == 0:
            model = replace(model, classes=tuple(f"class {c}" for c in range(C)))
        if i % 5 == 0:
            model = replace(model, calibration=replace(CALIBRATION, threshold=float(rng.random())))
        model_file.save(folder / "m", model)
        back = model_file.load(folder / "m")
        for name, p, q in zip(Params._fields, model.params, back.params, strict=True):
            assert (p is None and q is None) or p.tobytes() == q.tobytes(), name
        for fact in (*facts, "classes", "image_shape", "history", "calibration", "storage"):
            assert getattr(back, fact) == getattr(model, fact), fact

    yield one
