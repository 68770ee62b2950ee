"""IDX files and the embedded MNIST: what is read is exact, what is damaged is refused in one line."""

import gzip
import io
import resource
import struct
import time
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from faults.spoiling import spoilt
from handgrad import digits
from handgrad.digits import mnist as embedded
from handgrad.digits import unzipped
from handgrad.digits.idx import idx_bytes
from handgrad.errors import DataError

TYPES = ("uint8", "int8", "int16", "int32", "float32", "float64")


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(TYPES).flatmap(
        lambda name: st_numpy.arrays(name, st_numpy.array_shapes(max_dims=4, min_side=0, max_side=5))
    ),
    st.sampled_from(("plain.idx", "packed.gz")),
)
def test_every_type_and_rank_comes_back_as_written(tmp_path_factory, array, name):
    path = tmp_path_factory.mktemp("idx") / name
    digits.write_idx(path, array)
    back = digits.read_idx(path)
    assert back.dtype == array.dtype
    assert back.dtype.isnative
    np.testing.assert_array_equal(back, array)


def test_the_bytes_are_those_of_the_format(tmp_path):
    path = tmp_path / "x"
    digits.write_idx(path, np.array([[1, -2, 3]], np.int16))
    assert path.read_bytes() == bytes.fromhex("00000b02 00000001 00000003 0001 fffe 0003")
    (tmp_path / "y").write_bytes(bytes.fromhex("00000801 00000002 07ff"))
    np.testing.assert_array_equal(digits.read_idx(tmp_path / "y"), [7, 255])


def test_types_that_idx_does_not_know_are_refused_and_nothing_is_written(tmp_path):
    for array in (np.zeros(3, complex), np.array(["a"]), np.float64(3)):
        with pytest.raises(DataError, match="IDX holds arrays of uint8"):
            digits.write_idx(tmp_path / "x", array)
    assert list(tmp_path.iterdir()) == []


HEADER = struct.pack(">4B3I", 0, 0, 8, 3, 2, 3, 4)
WHOLE = HEADER + bytes(range(24))
BAD = {
    "empty": (b"", "got only 0 bytes"),
    "a web page": (b"<!DOCTYPE html><html>", r"web page \(HTML\)"),
    "wrong magic": (b"\x01" + WHOLE[1:], "begins 00 00"),
    "little-endian magic": (struct.pack("<I", 0x803) + WHOLE[4:], "begins 00 00"),
    "unknown type": (b"\0\0\x0a\x03" + WHOLE[4:], "begins 00 00"),
    "rank 0": (b"\0\0\x08\x00", "begins 00 00"),
    "short": (WHOLE[:-1], "expected 40 bytes .*; got 39"),
    "long": (WHOLE + b"\0", "expected 40 bytes .*; got 41"),
    "sizes that overflow": (struct.pack(">4B3I", 0, 0, 8, 3, *[2**32 - 1] * 3) + bytes(24), "expected 792281"),
    "gzip cut off": (gzip.compress(WHOLE)[:-9], "gzip data is damaged or cut off"),
    "gzip with a wrong checksum": (gzip.compress(WHOLE)[:-8] + bytes(8), "gzip data is damaged"),
    "gzip, short": (gzip.compress(WHOLE[:-1]), "expected 40 bytes .*; got 39"),
    "gzip, long": (gzip.compress(WHOLE + b"\0"), "more follow"),
    "gzip that cannot hold what it promises": (gzip.compress(struct.pack(">4B3I", 0, 0, 8, 3, 60000, 28, 28)), "more than its"),
    "gzip bomb": (gzip.compress(struct.pack(">4B1I", 0, 0, 8, 1, 200 << 20) + bytes(200 << 20)), "expands more than 100-fold"),
    "web page as .gz": (gzip.compress(b"<html>403</html>"), r"web page \(HTML\)"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_is_one_line_that_names_it(what, tmp_path):
    data, message = BAD[what]
    path = tmp_path / "train-images.gz"
    path.write_bytes(data)
    with pytest.raises(DataError, match=message) as caught:
        digits.read_idx(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_truncation_is_refused(tmp_path):
    path = tmp_path / "x"
    for whole in (WHOLE, gzip.compress(WHOLE)):
        for length in range(len(whole)):
            path.write_bytes(whole[:length])
            with pytest.raises(DataError):
                digits.read_idx(path)


def test_a_missing_file_and_a_folder_are_data_errors(tmp_path):
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(DataError, match="cannot be read"):
            digits.read_idx(path)


def test_ten_thousand_mutants_raise_nothing_but_data_errors(tmp_path, rng, figure):
    """Flipped bytes, cuts and insertions in raw and compressed files; each fast and small."""
    path, slowest, refused = tmp_path / "mutant", 0.0, 0
    seeds = [WHOLE, gzip.compress(WHOLE), struct.pack(">4BI", 0, 0, 0x0D, 1, 5) + bytes(20)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for i in range(10_000):
        path.write_bytes(spoilt(seeds[i % 3], rng))
        began = time.process_time()
        try:
            digits.read_idx(path)
        except DataError:
            refused += 1
        slowest = max(slowest, time.process_time() - began)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert slowest < 1
    assert grown < 64
    assert refused > 5000
    figure("10,000 mutated IDX files", f"{refused} refused, slowest {slowest * 1e3:.0f} ms, +{grown:.0f} MB")


def test_pairs_must_belong_together(tmp_path):
    images, labels = tmp_path / "images", tmp_path / "labels"
    digits.write_idx(images, np.zeros((3, 8, 8), np.uint8))
    digits.write_idx(labels, np.array([0, 1, 2], np.uint8))
    got_images, got_labels = digits.load_pair(images, labels)
    assert got_images.shape == (3, 8, 8)
    assert got_labels.dtype == np.uint8
    with pytest.raises(DataError, match="are images and labels swapped"):
        digits.load_pair(labels, images)
    for wrong, message in (
        (np.array([0, 1], np.uint8), "got 2 labels and 3 images"),
        (np.array([0, 1, -1], np.int32), "labels from 0 to 255; got -1 to 1"),
        (np.array([0, 1, 256], np.int32), "got 0 to 256"),
        (np.array([0, 1, 2], np.float32), "expected labels as integers"),
        (np.zeros((3, 2), np.uint8), "expected labels as integers"),
    ):
        digits.write_idx(labels, wrong)
        with pytest.raises(DataError, match=message):
            digits.load_pair(images, labels)


def test_the_second_label_format_of_qmnist(tmp_path):
    images, labels = tmp_path / "images", tmp_path / "labels"
    digits.write_idx(images, np.zeros((2, 28, 28), np.uint8))
    digits.write_idx(labels, np.array([[7, 0, 1, 2, 3, 4, 5, 6], [3, 0, 1, 2, 3, 4, 5, 6]], np.int32))
    np.testing.assert_array_equal(digits.load_pair(images, labels)[1], [7, 3])


def test_mnist_is_mnist(mnist):
    (images, labels), (test_images, test_labels) = mnist
    assert images.shape == (60000, 28, 28)
    assert test_images.shape == (10000, 28, 28)
    assert images.dtype == labels.dtype == test_images.dtype == test_labels.dtype == np.uint8
    assert np.bincount(labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert images.mean() / 255 == pytest.approx(0.13066, abs=5e-6)
    assert images.std() / 255 == pytest.approx(0.30811, abs=5e-6)
    assert (images.reshape(60000, -1).max(axis=0) == 0).sum() == 67
    assert labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]


def test_the_embedded_files_are_those_that_were_published():
    assert [(file.name, got) for file, got in digits.verify_mnist()] == [
        (f.name, f.sha256) for f in embedded.FILES
    ]


def test_arrays_are_handed_out_fresh_and_writable():
    first, second = digits.load_mnist()[1][0], digits.load_mnist()[1][0]
    first[:] = 0
    assert second.any()


@pytest.mark.parametrize("damage", ["flipped", "cut", "missing"])
def test_a_damaged_package_is_noticed(damage, tmp_path, monkeypatch):
    source = embedded.files("handgrad.digits")
    (tmp_path / "mnist_files").mkdir()
    for file in embedded.FILES:
        data = bytearray((source / "mnist_files" / f"{file.name}.gz").read_bytes())
        if file is embedded.TEST_LABELS and damage == "flipped":
            data[4] ^= 1  # the time stamp of the gzip header: contents and CRC stay good
        if file is embedded.TEST_LABELS and damage == "cut":
            data = data[:-100]
        if file is not embedded.TEST_LABELS or damage != "missing":
            (tmp_path / "mnist_files" / f"{file.name}.gz").write_bytes(data)
    monkeypatch.setattr(embedded, "files", lambda package: tmp_path)
    with pytest.raises(
        DataError, match=r"t10k-labels-idx1-ubyte.gz is (damaged|missing); install handgrad again"
    ):
        digits.load_mnist()


@pytest.mark.parametrize("kind", ["i4", "f8"])
def test_zeros_that_unfold_from_a_small_file_take_memory_once_or_not_at_all(kind, tmp_path):
    """16 MB of zeros in 16 kB: the numbers are swapped where they stand, and no images are refused unread."""
    path, N = tmp_path / "zeros.gz", (16 << 20) // 784 // np.dtype(kind).itemsize
    digits.write_idx(path, np.zeros((N, 28, 28), kind))
    assert path.stat().st_size < 20_000
    tracemalloc.start()
    try:
        assert digits.read_idx(path).shape == (N, 28, 28)
        assert tracemalloc.get_traced_memory()[1] < 22 << 20
        tracemalloc.reset_peak()
        with pytest.raises(DataError, match=r"expected images as uint8 \(N, height, width\); got "):
            digits.load_pair(path, path)
        assert tracemalloc.get_traced_memory()[1] < 2 << 20
    finally:
        tracemalloc.stop()
    digits.write_idx(path, np.array([1, -2, 2**30], "i4"))
    assert digits.read_idx(path).tolist() == [1, -2, 2**30]


def member(name=b"", data=b"", comment=b""):
    """A gzip member with a name and a comment."""
    header = b"\x1f\x8b\x08" + bytes([8 * bool(name) + 16 * bool(comment)]) + bytes(6)
    packed = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    texts = b"".join(text + b"\0" for text in (name, comment) if text)
    end = struct.pack("<II", zlib.crc32(data), len(data))
    return header + texts + packed.compress(data) + packed.flush() + end


HONEST = {
    "a name and a comment": member(b"labels", WHOLE, b"of tests"),
    "several members, one of them empty": member(data=WHOLE[:9]) + member() + member(b"rest", WHOLE[9:]),
    "zeros behind the last member": gzip.compress(WHOLE) + bytes(512 << 10),
    "zeros between two members": gzip.compress(WHOLE[:9]) + bytes(100) + gzip.compress(WHOLE[9:]),
}
EMPTY_SHELLS = {
    "a name of 2 MB": member(b"n" * (2 << 20), WHOLE),
    "a comment of 2 MB": member(b"", WHOLE, b"c" * (2 << 20)),
    "2 MB of zeros": gzip.compress(WHOLE) + bytes(2 << 20),
    "2 MB of empty members": member() * 110_000 + gzip.compress(WHOLE),
}


@pytest.mark.parametrize("kind", HONEST)
def test_gzip_files_as_other_programs_write_them_are_read(kind, tmp_path):
    (tmp_path / "x.gz").write_bytes(HONEST[kind])
    assert digits.read_idx(tmp_path / "x.gz").tobytes() == WHOLE[len(HEADER) :]


@pytest.mark.parametrize("kind", EMPTY_SHELLS)
def test_what_is_no_data_is_not_read_without_end(kind, tmp_path):
    (tmp_path / "x.gz").write_bytes(EMPTY_SHELLS[kind])
    with pytest.raises(DataError, match="more than 1,048,576 bytes of it are no data"):
        digits.read_idx(tmp_path / "x.gz")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_file_of_wide_numbers_takes_no_more_memory_than_its_values(pack, tmp_path):
    values = np.arange(3 << 20, dtype=np.int32).reshape(3, -1)
    (tmp_path / "x").write_bytes(pack(idx_bytes(values, "x")))
    tracemalloc.start()
    read = digits.read_idx(tmp_path / "x")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(read, values)
    assert read.dtype.isnative
    assert read.flags.aligned
    assert peak < 1.3 * values.nbytes


def test_decompressed_bytes_can_be_read_again_from_any_place():
    data = bytes(range(256)) * 4000
    with unzipped.unzipped(io.BytesIO(gzip.compress(data[:9]) + gzip.compress(data[9:]))) as stream:
        assert stream.seek(0, io.SEEK_END) == len(data)
        assert stream.seek(700_001) == 700_001
        assert stream.read(5) == data[700_001:700_006]
        assert stream.seek(-6, io.SEEK_CUR) == 700_000
        assert stream.seek(0) == 0
        assert stream.read() == data
