"""Interruption: SIGKILL while saving and training, Ctrl-C once and twice, other signals, a disk that is full."""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import time

import numpy as np
from throwing import part

from faults.savers import killed_while_saving
from handgrad import digits, model_file
from handgrad.errors import HandgradError
from test_model_file import random_model

from .runs import digest, handgrad


@part("interruption", "kills while saving", 500, 30, seconds=5)
def saving(folder):
    """SIGKILL at a random moment of a process that saves without pause: the file loads, as one of two models."""
    path = folder / "m"
    model_file.save(path, random_model(np.random.default_rng(0), H=64, seed=1))

    def one(i, rng):
        killed_while_saving(path, float(rng.uniform(0, 0.03)))
        assert model_file.load(path).seed in (1, 2)

    yield one


def small_set(folder):
    """A pair of IDX files -> the options that name it."""
    (images, labels), _ = digits.load_mnist()
    for name, array in (("images", images[:3000]), ("labels", labels[:3000])):
        digits.write_idx(folder / name, array)
    return ["--images", folder / "images", "--labels", folder / "labels"]


def trainer(*words):
    """A `handgrad train` of its own, and whatever it has said when its first epoch is done."""
    command = [sys.executable, "-m", "handgrad", "train", *map(str, words)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    said = []
    for line in process.stderr:
        said.append(line)
        if line.strip()[:1].isdigit():
            break
    return process, said


OPTIONS = ["--hidden", 64, "--epochs", 30, "--threads", 1, "--validation", 500]


@part("interruption", "kills while training", 20, 2, seconds=60)
def training(folder):
    """SIGKILL at a random moment after the first epoch; resumed, the run ends in the bytes of one never killed."""
    files, whole = small_set(folder), folder / "whole"
    assert handgrad("train", *files, *OPTIONS, "--out", whole).returncode == 0

    def one(i, rng):
        out = folder / "killed"
        out.unlink(missing_ok=True)
        process, _ = trainer(*files, *OPTIONS, "--out", out)
        time.sleep(float(rng.uniform(0, 0.2)))
        process.kill()
        process.communicate()
        model_file.load(out)
        done = handgrad("train", "--resume", out, *files, "--threads", 1)
        assert done.returncode == 0, done.stderr
        assert digest(out) == digest(whole), "other bytes than those of a run that was never killed"

    yield one


@part("interruption", "signals while training", 60, 4, seconds=60)
def signals(folder):
    """Ctrl-C once and twice, SIGTERM, SIGHUP at a random moment: the file loads, exit code 130, no traceback, nothing beside it."""
    files = small_set(folder)

    def one(i, rng):
        out = folder / f"own-{i}" / "m"
        out.parent.mkdir()
        process, said = trainer(*files, *OPTIONS, "--out", out)
        number = (signal.SIGINT, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)[i % 4]
        time.sleep(float(rng.uniform(0, 0.2)))
        process.send_signal(number)
        if i % 4 == 1:
            time.sleep(float(rng.uniform(0, 0.05)))
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)
        try:
            _, rest = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"it goes on 60 s after {number.name}") from None
        text = "".join(said) + rest
        assert "Traceback" not in text, text
        model_file.load(out)
        codes = {0, 130} if number == signal.SIGINT else {0, -number, 128 + number, 130}
        codes |= {-signal.SIGINT} if i % 4 == 1 else set()
        assert process.returncode in codes, f"exit code {process.returncode} after {number.name}: {text}"
        beside = sorted(path.name for path in out.parent.iterdir())
        assert beside == ["m"], f"left behind after {number.name}: {beside}"

    yield one


@part("interruption", "full disks", 300, 30, seconds=5)
def full(folder):
    """A limit on the size of files at a random size: the old file stays, and nothing half-made beside it."""
    path, rng = folder / "m", np.random.default_rng(0)
    old, new = (random_model(rng, H=20, seed=seed) for seed in (1, 2))
    model_file.save(path, new)
    size = path.stat().st_size
    images = digits.load_mnist()[0][0][:100]
    places = {
        "m": (lambda: model_file.save(path, new), lambda: model_file.save(path, old), size),
        "idx": (lambda: digits.write_idx(folder / "idx", images), lambda: digits.write_idx(folder / "idx", images[:9]), images.nbytes),
        "idx.gz": (lambda: digits.write_idx(folder / "idx.gz", images), lambda: digits.write_idx(folder / "idx.gz", images[:9]), 8000),
    }  # fmt: skip

    def one(i, rng):
        name = list(places)[i % len(places)]
        write, before, most = places[name]
        before()
        kept = (folder / name).read_bytes()
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(rng.integers(0, most)), hard))
        try:
            write()
        except HandgradError as error:
            assert "cannot be written" in str(error), str(error)
            assert "\n" not in str(error)
        else:
            raise AssertionError("it was written beyond the limit")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert (folder / name).read_bytes() == kept, "the old file is not what it was"
        assert not [entry for entry in os.listdir(folder) if entry.endswith(".tmp")], "a part is left behind"

    yield one
