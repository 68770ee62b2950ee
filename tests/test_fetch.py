"""Fetching sets from a server on this machine that misbehaves in every way: right files, or one clear line."""

import bz2
import gc
import gzip
import io
import itertools
import json
import os
import re
import resource
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from faults.servers import DRIBBLES, FAULTS, fetching, idx, published, serving
from handgrad import digits
from handgrad.cli import main
from handgrad.digits import conversions, deadline, download, fetch, sets
from handgrad.digits.pairs import Pairs
from handgrad.digits.places import Archive
from handgrad.errors import DataError, HandgradError

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])
NAMES = tuple(file.name for file in sets.KMNIST.files)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(download, "TIMEOUT", 0.4)
    with serving() as running:
        yield running


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "handgrad" / "data"


@pytest.fixture
def small(server, rng, monkeypatch, cache):
    """A set of the shape of KMNIST's, with few images, in KMNIST's place; small(*faults) sets its mirrors."""
    labels = np.arange(60) % 3
    images = np.where(labels[:, None, None] == np.arange(4)[None, :, None] // 1.4 // 1, 200, 20)
    images = np.broadcast_to(images, (60, 4, 4)) + rng.integers(0, 40, (60, 4, 4))
    bodies = [idx(images), idx(labels), idx(images[:30]), idx(labels[:30])]
    server.files = {name: gzip.compress(body) for name, body in zip(NAMES, bodies, strict=True)}
    files = tuple(published(name, body) for name, body in server.files.items())

    def mirrors(*faults, **changes):
        at = tuple(f"{server.at}/{fault}/" for fault in faults)
        monkeypatch.setitem(sets.SETS, "kmnist", replace(sets.KMNIST, files=files, mirrors=at, **changes))

    mirrors("good")
    return mirrors


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("phase", DRIBBLES)
def test_whatever_a_server_dribbles_it_is_given_up(phase, small, cache, monkeypatch):
    """By a clock that goes on 10 seconds whenever it is looked at: the minute is over after six looks."""
    looks = itertools.count(0, 10)
    monkeypatch.setattr(deadline, "time", SimpleNamespace(monotonic=lambda: next(looks)))
    small(phase.replace(" ", "%20"))
    with pytest.raises(HandgradError, match=r"too slow: \d+ bytes in 60 s") as raised:
        digits.fetch_set("kmnist")
    assert ("too slow: 0 bytes" in str(raised.value)) == (phase != "trailer")
    assert contents(cache) == {}


def test_bytes_of_the_file_put_the_deadline_off_and_nothing_else(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(deadline, "time", SimpleNamespace(monotonic=lambda: now[0]))
    until = deadline.Deadline(20, 60, 1000)
    assert until.wait() == 20
    now[0] = 50
    assert until.wait() == 10
    until.arrived(59_999)
    assert until.wait() == 10
    until.arrived(1)  # 60,000 in a minute: another minute begins
    assert until.wait() == 20
    now[0] = 110
    with pytest.raises(deadline.TooSlowError, match="too slow: 0 bytes in 60 s"):
        until.wait()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_and_the_next_mirror_has_the_file(fault, small, server, cache, monkeypatch):
    if fault == "trickle":
        monkeypatch.setattr(download, "PATIENCE", 2)
    said = re.compile(FAULTS[fault] if "\\" in FAULTS[fault] else re.escape(FAULTS[fault]))
    small(fault)
    with pytest.raises(HandgradError, match=said) as raised:
        digits.fetch_set("kmnist")
    for part in (*NAMES, f"{server.at}/{fault}/", "data fetch kmnist --from FOLDER"):
        assert part in str(raised.value)
    assert contents(cache) == {}  # nothing bad, nothing half-made
    notes = []
    small(fault, "good")
    result = digits.fetch_set("kmnist", note=notes.append)
    assert contents(cache) == server.files
    assert result.fetched == NAMES
    assert [line for line in notes if said.search(line)], notes


def test_redirections_and_falsely_labelled_files_are_taken(small, server, cache):
    for fault in ("redirect", "encoded"):
        small(fault)
        digits.fetch_set("kmnist")
        assert contents(cache) == server.files
        shutil.rmtree(cache)


def test_the_mirror_that_had_the_last_file_is_asked_first(small, server):
    small("503", "good")
    digits.fetch_set("kmnist")
    assert sum("/503/" in path for path in server.asked) == 1


def test_what_is_there_is_not_fetched_again_and_what_is_damaged_is(small, server, cache):
    digits.fetch_set("kmnist")
    server.asked.clear()
    assert digits.fetch_set("kmnist").fetched == ()
    assert server.asked == []
    damaged = cache / "kmnist" / NAMES[1]
    damaged.write_bytes(damaged.read_bytes()[:-1])
    small("wrong")
    with pytest.raises(HandgradError, match=f"get {NAMES[1]} from"):
        digits.fetch_set("kmnist")
    small("good")
    assert digits.fetch_set("kmnist").fetched == (NAMES[1],)
    assert contents(cache) == server.files


def test_offline_is_one_line_that_says_what_to_do(small, run, cache, monkeypatch):
    small()
    unheard = "http://127.0.0.1:9/"
    monkeypatch.setitem(sets.SETS, "kmnist", replace(sets.SETS["kmnist"], mirrors=(unheard,)))
    code, out, err = run("data", "fetch", "kmnist", "--quiet")
    assert code == 1
    assert out == ""
    assert err.count("\n") == 1
    assert f"127.0.0.1:9: Connection refused); get {', '.join(NAMES)} from {unheard}" in err
    assert err.rstrip().endswith(
        "handgrad data fetch kmnist --from FOLDER (the folder that you put them into)"
    )


def test_files_got_by_other_means_are_taken_from_a_folder(small, server, run, cache, tmp_path):
    small("503")
    code, _, err = run("data", "fetch", "kmnist", "--from", tmp_path)
    assert code == 1
    assert f"{tmp_path / NAMES[0]}: no such file" in err
    for name, body in server.files.items():
        (tmp_path / name).write_bytes(body)
    (tmp_path / NAMES[2]).write_bytes(b"\x1f\x8b something else")
    code, _, err = run("data", "fetch", "kmnist", "--from", tmp_path)
    assert code == 1
    assert f"{tmp_path / NAMES[2]}: cut off after" in err
    assert set(contents(cache)) == {*NAMES[:2]}
    (tmp_path / NAMES[2]).write_bytes(server.files[NAMES[2]])
    assert run("data", "fetch", "kmnist", "--from", tmp_path)[0] == 0
    assert contents(cache) == server.files
    assert server.asked == []


def test_an_address_may_be_named_instead_of_the_mirrors(small, server, run, cache):
    small("503")
    assert run("data", "fetch", "kmnist", "--from", f"{server.at}/good")[0] == 0
    assert contents(cache) == server.files
    for place in ("ftp://example.org/", ""):
        code, _, err = run("data", "fetch", "kmnist", "--from", place)
        assert code == 2
        assert f"an address with http:// or https://; got {place!r}" in err
    assert run("data", "fetch", "mnist")[0] == 2


def test_a_fetched_set_is_trained_on_by_the_line_that_is_printed(small, run, cache, tmp_path):
    code, out, err = run("data", "fetch", "kmnist")
    assert code == 0
    assert "CC BY-SA 4.0" in out
    assert "created by NIJL and others" in out
    assert "\r" not in err  # no progress bar where there is no terminal
    command = shlex.split(out.splitlines()[-1])
    assert command[:2] == ["handgrad", "train"]
    more = ["--engine", "numpy", "--epochs", "40", "--hidden", "8", "--out", tmp_path / "m", "--json"]
    code, out, _ = run(*command[1:], *more)
    assert code == 0
    assert json.loads(out)["test_accuracy"] > 0.9


def test_a_set_is_named_instead_of_its_files(small, run, cache, tmp_path):
    more = ["--engine", "numpy", "--epochs", "40", "--hidden", "8", "--out", tmp_path / "m", "--json"]
    code, _, err = run("train", "--data", "kmnist", *more)
    assert (code, "kmnist is not in the cache; get it with: handgrad data fetch kmnist" in err) == (1, True)
    assert run("data", "fetch", "kmnist")[0] == 0
    code, out, _ = run("train", "--data", "kmnist", *more)
    assert code == 0
    assert json.loads(out)["test_accuracy"] > 0.9
    code, out, _ = run("evaluate", tmp_path / "m", "--data", "kmnist", "--json")
    assert code == 0
    assert json.loads(out)["images"] == 30
    for command in (("train",), ("evaluate", tmp_path / "m")):
        code, _, err = run(*command, "--data", "kmnist", "--images", "x", "--labels", "y")
        assert (code, "--data names images and labels already" in err) == (2, True)
    code, _, err = run("train", "--data", "cifar")
    assert code == 1
    assert "cifar: no such file or folder, and not the name of a data set (mnist, " in err


def test_one_json_document(small, run, cache, server):
    small("good", options=("--learning-rate", "0.5"))
    code, out, err = run("data", "fetch", "kmnist", "--json", "--quiet")
    assert code == 0
    assert err == ""
    result = json.loads(out)
    assert result["name"] == "kmnist"
    assert result["fetched"] == list(NAMES)
    assert result["where"] == str(cache / "kmnist")
    assert result["bytes"] == sum(map(len, server.files.values()))
    assert shlex.split(result["train"])[-3:] == [str(cache / "kmnist" / NAMES[3]), "--learning-rate", "0.5"]
    (train, train_labels), (test, _) = digits.load_set("kmnist")
    assert (train.shape, train_labels.shape, test.shape) == ((60, 4, 4), (60,), (30, 4, 4))


def test_list_and_verify_know_what_is_here(small, run, cache):
    assert "not fetched" in next(line for line in run("data", "list")[1].splitlines() if "kmnist" in line)
    with pytest.raises(DataError, match="not in the cache; get it with: handgrad data fetch kmnist"):
        digits.load_set("kmnist")
    run("data", "fetch", "kmnist")
    assert ", here" in next(line for line in run("data", "list")[1].splitlines() if "kmnist" in line)
    rows = {row["name"]: row for row in json.loads(run("data", "list", "--json")[1])["data"]}
    assert rows["kmnist"]["where"] == str(cache / "kmnist")
    assert rows["qmnist"]["where"] is None
    code, out, _ = run("data", "verify")
    assert code == 0
    assert out.count("good  ") == 4 + 4
    (cache / "kmnist" / NAMES[0]).write_bytes(b"")
    code, out, err = run("data", "verify")
    assert code == 1
    assert out.count("BAD ") == 1
    assert f"{NAMES[0]}: not what was published; fetch the set again" in err


def test_a_bar_on_a_terminal_alone(small, monkeypatch, cache):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    for words, shown in (([], True), (["--quiet"], False)):
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        assert main(["data", "fetch", "kmnist", *words]) == 0
        assert (terminal.getvalue().count("100%\x1b[?25h\n") == 4) is shown  # each ends its line
        shutil.rmtree(cache)


def test_a_cache_that_cannot_be_made_is_one_line(small, run, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    code, _, err = run("data", "fetch", "kmnist", "-q")
    assert code == 1
    assert err.count("\n") == 1
    assert (
        "cannot be written: Not a directory; make room, or name another cache folder (XDG_CACHE_HOME)" in err
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_cache_serves_what_it_holds(small, run, cache):
    digits.fetch_set("kmnist")
    (cache / "kmnist").chmod(0o500)
    assert run("data", "fetch", "kmnist")[0] == 0
    (cache / "kmnist").chmod(0o700)
    (cache / "kmnist" / NAMES[3]).unlink()
    (cache / "kmnist").chmod(0o500)
    code, _, err = run("data", "fetch", "kmnist")
    (cache / "kmnist").chmod(0o700)
    assert code == 1
    assert "cannot be written: Permission denied" in err


def test_a_disk_that_is_too_small_is_seen_before(small, cache, monkeypatch, server):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(9, 9, 9))
    with pytest.raises(HandgradError, match=r"expected 0.0 MB free; got 0.0 MB; make room"):
        digits.fetch_set("kmnist")
    assert server.asked == []


def test_a_disk_that_fills_up_leaves_nothing_half_made(small, server, cache):
    """A limit on the size of files stands for the full disk: the write fails half-way in both cases."""
    small("good", "good")
    limit = len(server.files[NAMES[0]]) // 2
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(HandgradError, match="cannot be written: File too large; make room"):
            digits.fetch_set("kmnist")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert contents(cache) == {}
    assert len(server.asked) == 1  # another mirror would not help


def wait_for_a_part(cache):
    until = time.monotonic() + 30
    while not (parts := list(cache.rglob(".*.tmp"))):
        assert time.monotonic() < until
        time.sleep(0.01)
    return parts


def test_interrupted_it_leaves_nothing_half_made(small, server, cache):
    one = fetching(server, "hold")
    wait_for_a_part(cache)
    one.send_signal(signal.SIGINT)
    _, err = one.communicate(timeout=30)
    assert (one.returncode, err) == (130, "handgrad: error: interrupted\n")
    assert contents(cache) == {}


def test_killed_it_leaves_what_the_next_one_removes(small, server, cache, monkeypatch):
    one = fetching(server, "hold")
    parts = wait_for_a_part(cache)
    one.kill()
    one.communicate(timeout=30)
    digits.fetch_set("kmnist")
    assert parts[0].exists()  # it could be another process's
    (cache / "kmnist" / NAMES[0]).unlink()
    monkeypatch.setattr(fetch, "ABANDONED", -1)
    digits.fetch_set("kmnist")
    assert contents(cache) == server.files


def test_two_at_once(small, server, cache):
    both = [fetching(server, "good") for _ in range(2)]
    for one in both:
        _, err = one.communicate(timeout=30)
        assert (one.returncode, err) == (0, "")
    assert contents(cache) == server.files


@pytest.fixture
def emnist(server, cache, monkeypatch, rng):
    """An archive like EMNIST's, with the splits letters and digits; the upright images and the labels."""
    upright = rng.integers(0, 256, (52, 28, 28), np.uint8)
    labels = {"letters": np.arange(52) % 26 + 1, "digits": np.arange(52) % 10}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for split, of_split in labels.items():
            for part in ("train", "test"):
                stem = f"gzip/emnist-{split}-{part}"
                archive.writestr(
                    f"{stem}-images-idx3-ubyte.gz", gzip.compress(idx(upright.transpose(0, 2, 1)))
                )
                archive.writestr(f"{stem}-labels-idx1-ubyte.gz", gzip.compress(idx(of_split)))
    body = buffer.getvalue()
    server.files = {"gzip.zip": body}
    for split in (*labels, "balanced"):
        name = f"emnist-{split}"
        one = replace(sets.SETS[name], files=(published("gzip.zip", body),), mirrors=(f"{server.at}/good/",))
        monkeypatch.setitem(sets.SETS, name, one)
    return upright, labels


def test_emnist_is_put_upright_and_its_letters_begin_at_0(emnist, server, cache, monkeypatch):
    monkeypatch.setattr(conversions, "IMAGES", 50)  # so that there is a rest
    upright, labels = emnist
    digits.fetch_set("emnist-letters")
    for images, of_split in digits.load_set("emnist-letters"):
        np.testing.assert_array_equal(images, upright)
        np.testing.assert_array_equal(of_split, labels["letters"] - 1)
    digits.fetch_set("emnist-digits")
    np.testing.assert_array_equal(digits.load_set("emnist-digits")[1][1], labels["digits"])
    assert len(server.asked) == 1  # one archive for all splits


def test_what_was_made_is_made_again_where_it_is_damaged(emnist, server, cache, run):
    digits.fetch_set("emnist-digits")
    made = digits.fetch.pairs_of(sets.SETS["emnist-digits"])
    before = made.test_images.read_bytes()
    assert (
        subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=made.test_images.parent).returncode
        == 0
    )
    assert run("data", "verify")[1].count("good  ") == 4 + 1 + 4
    made.test_images.write_bytes(before[:-1])
    assert run("data", "verify")[0] == 1
    digits.fetch_set("emnist-digits")
    assert made.test_images.read_bytes() == before
    (made.test_images.parent / fetch.SUMS).write_bytes(b"\xff\0 nonsense")
    digits.fetch_set("emnist-digits")
    assert run("data", "verify")[0] == 0
    (cache / "emnist" / "gzip.zip").unlink()  # needed no more
    assert digits.fetch_set("emnist-digits").fetched == ()
    assert len(server.asked) == 1


def test_an_archive_without_the_split_is_one_line(emnist, run):
    code, _, err = run("data", "fetch", "emnist-balanced", "-q")
    assert code == 1
    assert "the archive does not contain emnist-balanced-train-images-idx3-ubyte.gz" in err


def test_usps_becomes_grey_digits(server, cache, monkeypatch):
    first = "8 " + " ".join(f"{i + 1}:{value}" for i, value in enumerate([-1, 1, 0.5, *[-1.0] * 253]))
    second = "10 1:-1 256:1"  # a pixel that is left out is 0
    server.files = {
        "usps.bz2": bz2.compress(f"{first}\n{second}\n".encode()),
        "usps.t.bz2": bz2.compress(b"1 1:1 \n"),
    }
    files = tuple(published(name, body, size=False) for name, body in server.files.items())
    one = replace(sets.USPS, files=files, mirrors=(f"{server.at}/endless/", f"{server.at}/good/"))
    monkeypatch.setitem(sets.SETS, "usps", one)
    monkeypatch.setattr(sets, "LARGEST_UNKNOWN", 10_000)
    digits.fetch_set("usps")
    (images, labels), (test_images, test_labels) = digits.load_set("usps")
    assert images.shape == (2, 16, 16)
    np.testing.assert_array_equal(images[0].ravel()[:4], [0, 255, 191, 0])
    np.testing.assert_array_equal(images[1].ravel()[[0, 1, 254, 255]], [0, 128, 128, 255])
    np.testing.assert_array_equal(labels, [7, 9])
    np.testing.assert_array_equal(test_labels, [0])
    assert len(test_images) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "11 1:0\n",
        "1 1:2\n",
        "1 257:0\n",
        "1 0:x\n",
        "one\n",
        "1 1:nan\n",
        "1 2\n",
        "nan 1:0\n",
        "1 inf:0\n",
        "1.5 1:0\n",
    ],
)
def test_text_that_is_not_usps_is_one_error(text, tmp_path):
    path = tmp_path / "usps.bz2"
    path.write_bytes(bz2.compress(text.encode()))
    with pytest.raises(DataError, match=r"usps.bz2: .*expected"):
        conversions._read_libsvm(path)


def patched(archive, local, central, value):
    """A zip archive with two bytes of each header changed."""
    archive = bytearray(archive)
    for signature, at in ((b"PK\3\4", local), (b"PK\1\2", central)):
        where = archive.find(signature)
        while where >= 0:
            struct.pack_into("<H", archive, where + at, value)
            where = archive.find(signature, where + 4)
    return bytes(archive)


def zipped(images=None, labels=None, how=zipfile.ZIP_STORED):
    """An archive like EMNIST's, with other bytes in the place of the first images or labels."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        for part in ("train", "test"):
            for what, data, other in (
                ("images-idx3", idx(np.zeros((3, 28, 28))), images),
                ("labels-idx1", idx(np.arange(3)), labels),
            ):
                data = gzip.compress(data) if other is None or part == "test" else other
                archive.writestr(f"gzip/emnist-digits-{part}-{what}-ubyte.gz", data)
    return buffer.getvalue()


def promised(*shape, data=b""):
    return gzip.compress(b"\0\0\x08\x03" + struct.pack(">III", *shape) + data)


SPOILT = {
    "no archive": (b"Dear Ann,", "archive is damaged"),
    "cut off": (zipped()[:-9], "archive is damaged"),
    "encrypted": (patched(zipped(), 6, 8, 1), "is encrypted"),
    "strong encryption": (patched(zipped(), 6, 8, 65), "is damaged"),
    "a method of compression that zipfile lacks": (patched(zipped(), 8, 10, 97), "is damaged"),
    "of a later version of zip": (patched(zipped(), 4, 6, 99), "archive is damaged"),
    "bytes that are no bz2": (patched(zipped(), 8, 10, zipfile.ZIP_BZIP2), "Invalid data stream"),
    "bytes that are no lzma": (patched(zipped(), 8, 10, zipfile.ZIP_LZMA), "is damaged"),
    "no gzip": (zipped(b"Dear Ann,"), "expected images in the IDX format"),
    "no images": (zipped(gzip.compress(b"")), "expected images in the IDX format"),
    "fewer images": (zipped(promised(3, 28, 28, data=bytes(1568))), "expected 3 images; the file ends after 2"),
    "more images": (zipped(promised(1, 28, 28, data=bytes(785))), "expected 1 images; more follow"),
    "more than there is memory": (zipped(promised(4096, 2**16, 2**16)), "expected images of 28 x 28 pixels"),
    "more than a number holds": (zipped(promised(1, 2**32 - 1, 2**32 - 1)), "expected images of 28 x 28"),
    "labels that are images": (zipped(labels=gzip.compress(idx(np.zeros((3, 2))))), "expected 3 labels"),
    "labels without end": (zipped(labels=gzip.compress(bytes(2**27))), "expands more than 100-fold"),
}  # fmt: skip


@pytest.mark.parametrize("how", SPOILT)
def test_what_is_not_emnist_is_one_error(how, tmp_path):
    data, told = SPOILT[how]
    (tmp_path / "gzip.zip").write_bytes(data)
    pairs = Pairs(*(tmp_path / name for name in fetch.MADE))
    with pytest.raises(DataError, match=told) as raised:
        conversions.convert_emnist(tmp_path / "gzip.zip", "digits", pairs)
    assert str(raised.value).startswith(f"{tmp_path}/gzip.zip")
    assert "\n" not in str(raised.value)
    assert not list(tmp_path.glob(".*"))


def test_an_archive_that_is_dropped_is_closed_whatever_the_collector_takes_first(tmp_path, monkeypatch):
    """In a ring of references it may take the open file before the archive, and warns of it."""
    (tmp_path / "gzip.zip").write_bytes(zipped())
    opened, real = [], zipfile.ZipFile
    monkeypatch.setattr(zipfile, "ZipFile", lambda path: opened.append(real(path)) or opened[-1])
    ring = [Archive(tmp_path / "gzip.zip")]
    ring.append(ring)
    del ring
    gc.collect()
    assert opened[0].fp is None  # closed


@pytest.mark.parametrize("name", sets.SETS)
def test_every_declared_set_is_whole(name):
    chosen = sets.SETS[name]
    assert chosen.name == name
    assert len(chosen.files) == {"idx": 4, "emnist": 1, "usps": 2}[chosen.kind]
    assert len(chosen.mirrors) >= 3
    for mirror in chosen.mirrors:
        assert re.fullmatch(r"https?://[a-z0-9.-]+/.*/|https?://[a-z0-9.-]+/", mirror)
    for file in chosen.files:
        assert re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert file.size is None or file.size > 1000
    assert chosen.licence
    assert chosen.attribution
    with pytest.raises(ValueError, match=r"expected one of fashion-mnist, .*; got 'nothing'"):
        digits.fetch_set("nothing")
