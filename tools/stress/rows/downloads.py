"""Downloads: a server that misbehaves in every way, kills, two at once, full disks, no network."""

import contextlib
import gzip
import os
import resource
import signal
import time
from dataclasses import replace
from urllib.parse import quote

import numpy as np
from throwing import part

import test_fetch
from faults.servers import DRIBBLES, FAULTS, fetching, idx, published, serving
from handgrad import digits
from handgrad.digits import download, sets
from handgrad.errors import HandgradError

NAMES = test_fetch.NAMES
KINDS = (*FAULTS, *DRIBBLES)
SECONDS = 3.0  # without bytes, and for a slow server: a busy machine needs less for a good one
WAYS = ("killed", "interrupted", "two at once", "offline", "full disk", "read-only cache", "damaged cache")


def contents(folder):
    """The files below a folder, and their bytes."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Rig:
    """A server with a small set in the place of KMNIST's, and a cache of its own for each item."""

    def __init__(self, server, folder):
        self.server, self.folder, self.original = server, folder, sets.SETS["kmnist"]

    def begin(self, i, rng):
        """New files of a random size, and an empty cache."""
        images = rng.integers(0, 256, (int(rng.integers(20, 400)), 4, 4), np.uint8)
        labels = np.arange(len(images)) % 3
        bodies = [gzip.compress(idx(array)) for array in (images, labels, images[:10], labels[:10])]
        self.server.files = dict(zip(NAMES, bodies, strict=True))
        self.server.release.clear()
        os.environ["XDG_CACHE_HOME"] = str(self.folder / f"cache-{i}")
        self.cache = self.folder / f"cache-{i}" / "handgrad" / "data"

    def mirrors(self, *faults):
        """Have the set's mirrors misbehave in these ways."""
        files = tuple(published(name, body) for name, body in self.server.files.items())
        at = tuple(f"{self.server.at}/{quote(fault)}/" for fault in faults)
        sets.SETS["kmnist"] = replace(self.original, files=files, mirrors=at)

    def clean(self):
        """Every file in the cache is one that was published."""
        for path in self.cache.rglob("*"):
            if path.is_file():
                assert path.read_bytes() == self.server.files.get(path.name), f"a poisoned cache: {path.name}"


def refused():
    """A fetch that must fail, in one line."""
    try:
        digits.fetch_set("kmnist")
    except HandgradError as error:
        assert str(error).isprintable(), f"more than one line: {error!r}"
        return
    raise AssertionError("it was fetched")


@part("download", "faults of servers", lambda: 8 * len(KINDS), len(KINDS), seconds=10)
def servers(folder):
    """Each fault alone (refused, with an empty cache) and before a good mirror (fetched), files of any size."""
    with serving() as server:
        download.TIMEOUT, download.PATIENCE = SECONDS, SECONDS
        rig = Rig(server, folder)

        def one(i, rng):
            fault = KINDS[i % len(KINDS)]
            rig.begin(i, rng)
            rig.mirrors(fault)
            if fault == "trailer":  # behind the whole file: in time it is fetched
                with contextlib.suppress(HandgradError):
                    digits.fetch_set("kmnist")
                rig.clean()
            else:
                refused()
                assert contents(rig.cache) == {}, f"{fault}: something is left in the cache"
            rig.mirrors(fault, "good")
            digits.fetch_set("kmnist")
            assert contents(rig.cache) == server.files, fault

        yield one


@part("download", "kills, two at once, disks", 8 * len(WAYS), len(WAYS), seconds=20)
def others(folder):
    """Killed and interrupted fetches, two at once, no network, a full disk, a cache that is read-only or damaged."""
    with serving() as server:
        download.TIMEOUT, download.PATIENCE = SECONDS, SECONDS
        rig = Rig(server, folder)

        def one(i, rng):
            way = WAYS[i % len(WAYS)]
            rig.begin(i, rng)
            rig.mirrors("good")
            WAY[way](rig, rng)
            if way != "read-only cache":
                rig.clean()
                rig.mirrors("good")
                digits.fetch_set("kmnist")
                assert contents(rig.cache).items() >= server.files.items()

        yield one


def ended(number):
    def one(rig, rng):
        process = fetching(rig.server, "hold")
        until = time.monotonic() + 60
        while process.poll() is None and not list(rig.cache.rglob(".*.tmp")) and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(float(rng.uniform(0, 0.05)))
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        rig.server.release.set()
        assert "Traceback" not in err, err
        if number == signal.SIGINT:
            assert process.returncode == 130, f"{process.returncode}: {err}"
        else:
            for path in rig.cache.rglob(".*.tmp"):  # as the next one removes, when they are old
                path.unlink()

    return one


def two_at_once(rig, rng):
    both = [fetching(rig.server, "good") for _ in range(2)]
    said = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said


def offline(rig, rng):
    files = sets.SETS["kmnist"].files
    sets.SETS["kmnist"] = replace(rig.original, files=files, mirrors=("http://127.0.0.1:9/",))
    refused()
    assert contents(rig.cache) == {}


def full_disk(rig, rng):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(rng.integers(0, len(rig.server.files[NAMES[0]]))), hard))
    try:
        refused()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert contents(rig.cache) == {}


def read_only(rig, rng):
    """What it holds is served, also where nothing can be written; root may write anywhere."""
    digits.fetch_set("kmnist")
    (rig.cache / "kmnist").chmod(0o500)
    digits.fetch_set("kmnist")
    (rig.cache / "kmnist").chmod(0o700)
    rig.clean()


def damaged(rig, rng):
    digits.fetch_set("kmnist")
    path = rig.cache / "kmnist" / NAMES[int(rng.integers(4))]
    data = bytearray(path.read_bytes())
    data[int(rng.integers(len(data)))] ^= 1
    path.write_bytes(data)
    rig.mirrors("wrong")
    refused()
    rig.mirrors("good")
    digits.fetch_set("kmnist")


WAY = dict(zip(WAYS, (ended(signal.SIGKILL), ended(signal.SIGINT), two_at_once, offline, full_disk, read_only, damaged), strict=True))  # fmt: skip
