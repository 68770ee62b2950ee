"""Determinism and concurrency: the same bytes from the same seed, resumed anywhere; writers and readers of one file."""

import contextlib
import hashlib
import os
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
from throwing import part

from faults.savers import SAVER
from handgrad import digits, model_file, runs
from handgrad.engines import engine
from handgrad.recipes import CHOICES, Distortion, Recipe
from test_model_file import random_model

POINTS = 50  # epochs after which a run is resumed, on each number of threads
BASE = Recipe(hidden=32, optimizer="adam", learning_rate=0.01, schedule="cosine", warmup=0.2, batch_size=50)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def few(images=600):
    """Images of MNIST, split, and some to measure the finished network by."""
    (train, labels), (test, test_labels) = digits.load_mnist()
    return runs.split(train[:images], labels[:images], 100, (test[:100], test_labels[:100]))


@part("determinism", "resume points", 2 * POINTS, 10, seconds=30)
def resumed(folder):
    """A copy of the file after each of 50 epochs, on one thread and on two: resumed, it ends in the same bytes."""
    data, wholes = few(), {}
    recipe = replace(BASE, epochs=POINTS + 1, distortion=Distortion(), averaging=0.8)
    for threads in (1, 2):
        whole = folder / f"whole-{threads}"
        for progress in runs.run(data, recipe, 5, whole, engine=engine("ink", threads=threads)):
            (folder / f"{threads}-{progress.epoch.epoch}").write_bytes(whole.read_bytes())
        wholes[threads] = digest(whole)

    def one(i, rng):
        threads, epoch = 1 + i % 2, 1 + (i // 2) * 17 % POINTS
        path = folder / "resumed"
        path.write_bytes((folder / f"{threads}-{epoch}").read_bytes())
        for _ in runs.resume(path, data, engine("ink", threads=threads)):
            pass
        assert digest(path) == wholes[threads], f"other bytes: resumed after epoch {epoch}, {threads} threads"

    yield one


@part("determinism", "runs twice", 60, 6, seconds=30)
def twice(folder):
    """Random recipes, trained twice by new processes on one thread or two: the same bytes."""
    (images, labels), _ = digits.load_mnist()
    files = ["--images", folder / "images", "--labels", folder / "labels"]
    for name, array in (("images", images[:500]), ("labels", labels[:500])):
        digits.write_idx(folder / name, array)

    def one(i, rng):
        words = [
            "train",
            *files,
            "--epochs",
            2,
            "--hidden",
            int(rng.integers(1, 80)),
            "--seed",
            i,
            "--threads",
            1 + i % 2,
        ]
        words += [
            "--engine",
            str(rng.choice(["ink", "numpy"])),
            "--batch-size",
            int(rng.integers(1, 60)),
            "--quiet",
        ]
        for key in ("activation", "loss", "optimizer", "schedule"):
            words += [f"--{key}", str(rng.choice(CHOICES[key]))]
        words += ["--learning-rate", f"{rng.uniform(1e-4, 0.02):.5f}"]
        for name in "ab":
            done = handgrad(*words, "--out", folder / name)
            assert done.returncode == 0, done.stderr
        assert digest(folder / "a") == digest(folder / "b"), f"other bytes: {words}"

    yield one


def handgrad(*words, patience=300, **more):
    """The command line in a process of its own -> its exit code, stdout and stderr."""
    command = [sys.executable, "-m", "handgrad", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=patience, **more)


READERS, EACH = 8, 50
READER = """
import sys
from handgrad import model_file
for _ in range(int(sys.argv[2])):
    model = model_file.load(sys.argv[1])
    assert model.hidden == 64 and model.seed in (1, 2)
"""


@part("concurrency", "reloads beside a writer", 20, 1, seconds=60, each=READERS * EACH, cores=2)
def reloads(folder):
    """Eight processes load the file while another replaces it without pause: 1,000 times each in all."""
    path = folder / "m"
    model_file.save(path, random_model(np.random.default_rng(0), H=64, seed=1))
    saver = subprocess.Popen([sys.executable, "-c", SAVER + "save_for_ever(sys.argv[1])", path])

    def one(i, rng):
        command = [sys.executable, "-c", READER, path, str(EACH)]
        readers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(READERS)]
        said = [reader.communicate()[1] for reader in readers]
        assert not any(said), next(filter(None, said))
        assert saver.poll() is None, "the writer has ended"

    try:
        yield one
    finally:
        saver.kill()
        saver.wait()


@part("concurrency", "two trainers, one output", 30, 2, seconds=60, cores=2)
def two_trainers(folder):
    """They end as winner and loser or both go on: the file is whole at any moment, and is one of the two at the end."""
    (images, labels), _ = digits.load_mnist()
    files = ["--images", folder / "images", "--labels", folder / "labels"]
    for name, array in (("images", images[:400]), ("labels", labels[:400])):
        digits.write_idx(folder / name, array)

    def one(i, rng):
        out = folder / f"m-{i}"
        words = [
            "train",
            *files,
            "--epochs",
            8,
            "--hidden",
            64,
            "--threads",
            1,
            "--validation",
            50,
            "--out",
            out,
        ]
        both = []
        for seed in (1, 2):
            command = [sys.executable, "-m", "handgrad", *map(str, [*words, "--seed", seed])]
            both.append(
                subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
            )
            time.sleep(float(rng.uniform(0, 0.5)))
        loads = 0
        while any(process.poll() is None for process in both):
            with contextlib.suppress(FileNotFoundError):
                os.stat(out)
                model_file.load(out)  # a torn file is an error
                loads += 1
            time.sleep(0.01)
        said = [process.stderr.read() for process in both]
        codes = [process.returncode for process in both]
        assert set(codes) <= {0, 1}, f"exit codes {codes}: {said}"
        assert 0 in codes, f"nobody won: {said}"
        assert not any("Traceback" in text for text in said), said
        assert model_file.load(out).seed in (1, 2)
        assert not list(folder.glob(".*.tmp")), "parts of files are left behind"

    yield one
