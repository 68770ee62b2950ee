"""A person's own data in the page: IDX pairs and tables as Python reads and writes them, and files that are neither."""

import csv
import gzip
import io
import struct
from base64 import b64decode, b64encode

import numpy as np
import pytest

from handgrad.digits.idx import TYPES, idx_bytes, read_idx
from handgrad.digits.pairs import load_pair
from handgrad.errors import DataError

from lab_node import ask

# for each drop of files: the data, or the message of the refusal
READ = """
async (drops) => Promise.all(drops.map(async (drop) => {
  try {
    const files = drop.map(([name, text]) => ({ name, bytes: new Uint8Array(Buffer.from(text, "base64")) }));
    const { images, labels, ...facts } = await dataOf(files);
    return { ...facts, images: Buffer.from(images).toString("base64"), labels: [...labels],
      kind: images.constructor.name };
  } catch (error) {
    return { refused: error.message, of: error.constructor.name };
  }
}))
"""


def read(*drops):
    """Each drop is a dictionary of files by name."""
    encoded = [[(name, b64encode(data).decode()) for name, data in drop.items()] for drop in drops]
    return ask({"idx.js": "dataOf"}, READ, encoded)


def expect(told, images, labels):
    """images (N, height, width)"""
    assert "refused" not in told, told
    N, height, width = images.shape
    sizes = {"N": N, "D": height * width, "height": height, "width": width, "C": int(labels.max()) + 1}
    assert {name: told[name] for name in sizes} == sizes
    assert told["kind"] == "Uint8Array"
    assert b64decode(told["images"]) == images.tobytes()
    assert told["labels"] == labels.tolist()


def table(images, labels, names=None, place=0, sign=",", end="\n", quote=csv.QUOTE_MINIMAL):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=sign, lineterminator=end, quoting=quote)
    if names is not None:
        writer.writerow(names)
    for image, label in zip(images.reshape(len(images), -1).tolist(), labels.tolist(), strict=True):
        writer.writerow([*image[:place], label, *image[place:]])
    return text.getvalue().encode()


def test_pairs_are_read_as_python_reads_them(tmp_path, rng):
    """Raw and packed, in any order, under any names, of every type of label and of many sizes; rows of pixels too."""
    drops, expected = [], []
    for i in range(40):
        N, height, width = (int(rng.integers(1, 9)) for _ in range(3))
        images = rng.integers(0, 256, (N, height, width)).astype(np.uint8)
        labels = rng.integers(0, 128, N)
        if i % 4 == 0:
            images = images.reshape(N, -1)
        dtype = np.dtype(list(TYPES.values())[i % 4]).newbyteorder("=")  # the whole numbers
        stored = labels.astype(dtype)
        if i % 5 == 0:  # as in QMNIST
            stored = np.concatenate([labels[:, None], rng.integers(0, 9, (N, 7))], axis=1).astype(np.int32)
        files = [idx_bytes(array, "x") for array in (images, stored)]
        for name, data in zip(("images", "labels"), files, strict=True):
            (tmp_path / name).write_bytes(data)
        expected.append(load_pair(tmp_path / "images", tmp_path / "labels"))
        packed = [gzip.compress(data) if rng.random() < 0.5 else data for data in files]
        drop = [("a.gz", packed[0]), ("b", packed[1])]
        drops.append(dict(drop if i % 2 else drop[::-1]))
    for told, (images, labels) in zip(read(*drops), expected, strict=True):
        expect(told, images, labels)


def test_tables_are_read_with_the_label_wherever_it_stands(rng):
    """First, last or named; with commas, semicolons and tabs; with quotes, blank lines, a mark of Windows; packed."""
    images = rng.integers(0, 256, (12, 4, 4)).astype(np.uint8)
    images[:, 0, 0] = 0  # a corner without ink: of two columns that may be the label it is not
    labels = rng.integers(0, 10, 12)
    pixels = [f"pixel{p}" for p in range(16)]
    middle = [*pixels[:5], "Class", *pixels[5:]]
    plain = table(images, labels)
    files = [
        plain,
        table(images, labels, place=16),
        table(images, labels, ["label", *pixels]),
        table(images, labels, [*pixels, "y"], place=16),
        table(images, labels, middle, place=5, sign=";", end="\r\n"),
        table(images, labels, middle, place=5, sign="\t"),
        table(images, labels, ["label", *pixels], quote=csv.QUOTE_ALL),
        table(images, labels, [f"column {p}" for p in range(17)]),
        b"\xef\xbb\xbf" + table(images, labels, ["label", *pixels]),
        b"\n \n" + plain.replace(b"\n", b"\n\n") + b"  \n",
        plain.replace(b",", b", ").rstrip(b"\n"),
        plain.replace(b"\n", b".0\n"),
        gzip.compress(plain),
    ]
    for told in read(*({"my images.txt": data} for data in files)):
        expect(told, images, labels)
    rows = rng.integers(0, 256, (3, 1, 7)).astype(np.uint8)  # seven pixels are no square: a strip
    (told,) = read({"x": table(rows, labels[:3])})
    expect(told, rows, labels[:3])


def test_mnist_as_a_table_is_read_whole(mnist, tmp_path):
    """10,000 rows as they are often passed on, label first with names."""
    images, labels = mnist[1]
    names = ["label", *(f"{row}x{column}" for row in range(1, 29) for column in range(1, 29))]
    path = tmp_path / "mnist_test.csv"
    path.write_bytes(table(images, labels, names))
    read_all = """
    async (path) => {
      const { images, labels, N, D, C } = await dataOf([{ name: "mnist", bytes: new Uint8Array(readFileSync(path)) }]);
      const mnist = await loadTest();
      const same = (one, other) => one.length === other.length && one.every((each, i) => each === other[i]);
      return [N, D, C, same(images, mnist.images), same(labels, mnist.labels)];
    }
    """
    told = ask({"idx.js": "dataOf", "digits.js": "loadTest"}, read_all, str(path))
    assert told == [10_000, 784, 10, True, True]


def test_a_file_of_the_page_s_own_reader_is_what_python_wrote(tmp_path, rng):
    """parseIdx itself, of every rank and every type of whole numbers, against read_idx."""
    parse = """
    async (files) => files.map((text) => {
      const { shape, values } = parseIdx({ name: "x", bytes: new Uint8Array(Buffer.from(text, "base64")) });
      return { shape, values: [...values] };
    })
    """
    arrays = []
    for rank in range(1, 5):
        for name in list(TYPES.values())[:4]:
            dtype = np.dtype(name).newbyteorder("=")
            limits, shape = np.iinfo(dtype), tuple(int(side) for side in rng.integers(1, 5, rank))
            arrays.append(rng.integers(limits.min, limits.max, shape, endpoint=True).astype(dtype))
    files = [idx_bytes(array, "x") for array in arrays]
    for told, array, file in zip(
        ask({"idx.js": "parseIdx"}, parse, [b64encode(file).decode() for file in files]),
        arrays,
        files,
        strict=True,
    ):
        (tmp_path / "x").write_bytes(file)
        np.testing.assert_array_equal(read_idx(tmp_path / "x"), array)
        assert told["shape"] == list(array.shape)
        assert told["values"] == array.ravel().tolist()


IMAGES = idx_bytes(np.arange(5 * 12, dtype=np.uint8).reshape(5, 4, 3), "x")
LABELS = idx_bytes(np.arange(5, dtype=np.uint8), "x")
HOSTILE = {
    "nothing": ({"x": b""}, "x: expected a table with an image in each row; it is empty"),
    "blank lines": ({"x": b"\n \r\n\n"}, "it is empty"),
    "a picture": ({"x.png": b"\x89PNG\r\n\x1a\n" + bytes(40)}, "separated by commas|this is neither"),
    "zeros": ({"x": bytes(100)}, "this is neither"),
    "a web page": ({"x": b"<!DOCTYPE html>\n<html>not found</html>"}, "expected a label and pixels in each row"),
    "names alone": ({"x": b"label,a,b\n"}, "expected an image in each row below the names; no row follows"),
    "a row too short": ({"x": b"1,2,3\n4,5\n"}, "x, line 2: expected 3 numbers, as in the first line; got 2"),
    "a row too long": ({"x": b"label,a,b\n\n1,2,3\n4,5,6,7\n"}, "x, line 4: expected 3 numbers, .* got 4"),
    "a pixel too dark": ({"x": b"1,2,256\n"}, 'x, line 1: expected a whole number from 0 to 255; got "256"'),
    "a pixel below 0": ({"x": b"1,-2,2\n"}, 'got "-2"'),
    "a pixel of 100 digits": ({"x": b"1,2," + b"9" * 100 + b"\n"}, 'got "9{20}"'),
    "half a pixel": ({"x": b"1,2.5,2\n"}, 'got "2.5"'),
    "a missing pixel": ({"x": b"1,,2\n"}, 'got ""'),
    "a pixel not a number": ({"x": b"1,2,3\n1,nan,2\n"}, 'line 2: .* got "nan"'),
    "a label as a word": ({"x": b"label,a\n3,1\nthree,1\n"}, 'line 3: .* got "three"'),
    "one column": ({"x": b"1\n2\n"}, "expected a label and pixels"),
    "images alone": ({"x": IMAGES}, "expected a CSV file, or two IDX files, of images and of their labels; got x"),
    "images twice": ({"x": IMAGES, "y": IMAGES}, "or two IDX files, .* got x, y"),
    "labels twice": ({"x": LABELS, "y": LABELS}, "or two IDX files"),
    "a table and images": ({"x": b"1,2\n", "y": IMAGES}, "or two IDX files"),
    "three files": ({"x": IMAGES, "y": LABELS, "z": LABELS}, "got x, y, z"),
    "no files": ({}, "expected a CSV file"),
    "too few labels": ({"x": IMAGES, "y": idx_bytes(np.zeros(4, np.uint8), "x")}, "y: expected one label for each of 5 images; got 4"),
    "labels below 0": ({"x": IMAGES, "y": idx_bytes(np.full(5, -1, np.int8), "x")}, "labels from 0 to 255; got -1"),
    "labels beyond 255": ({"x": IMAGES, "y": idx_bytes(np.full(5, 256, np.int32), "x")}, "labels from 0 to 255; got 256"),
    "labels that are reals": ({"x": IMAGES, "y": idx_bytes(np.zeros(5), "x")}, "y: expected whole numbers; the file holds reals"),
    "images of 16 bits": ({"x": idx_bytes(np.zeros((5, 2, 2), np.int16), "x"), "y": LABELS}, r"expected images as bytes \(N, height, width\); got other numbers \(5, 2, 2\)"),
    "images with colours": ({"x": idx_bytes(np.zeros((5, 2, 2, 3), np.uint8), "x"), "y": LABELS}, r"got bytes \(5, 2, 2, 3\)"),
    "no images": ({"x": idx_bytes(np.zeros((0, 2, 2), np.uint8), "x"), "y": idx_bytes(np.zeros(0, np.uint8), "x")}, "at least one image; got 0"),
    "images without pixels": ({"x": idx_bytes(np.zeros((5, 0, 2), np.uint8), "x"), "y": LABELS}, "at least one image"),
    "cut in the header": ({"x": IMAGES[:9], "y": LABELS}, "x: the IDX header is cut off"),
    "cut in the pixels": ({"x": IMAGES[:-1], "y": LABELS}, r"x: expected 76 bytes for shape \(5, 4, 3\); got 75"),
    "bytes behind the end": ({"x": IMAGES, "y": LABELS + b"\0"}, "y: expected 13 bytes for shape .* got 14"),
    "sizes beyond everything": ({"x": struct.pack(">2xBB3I", 8, 3, *[2**32 - 1] * 3), "y": LABELS}, r"x: expected 7.92\d+e\+28 bytes for shape .*; got 16"),
    "a type that is none": ({"x": b"\0\0\x0a\3" + IMAGES[4:], "y": LABELS}, "or two IDX files"),
    "gzip cut off": ({"x": gzip.compress(IMAGES)[:-9], "y": LABELS}, "x: the gzip data is damaged or cut off"),
    "gzip spoilt": ({"x": gzip.compress(IMAGES)[:-5] + b"12345", "y": LABELS}, "x: the gzip data is damaged"),
    "gzip of gzip": ({"x": gzip.compress(gzip.compress(IMAGES))}, "damaged|neither|separated by commas"),
}  # fmt: skip


def test_what_is_no_data_is_refused_in_one_line():
    for told, (what, (_, message)) in zip(
        read(*(drop for drop, _ in HOSTILE.values())), HOSTILE.items(), strict=True
    ):
        assert "refused" in told, what
        assert told["of"] == "Error", (what, told)
        with pytest.raises(DataError, match=message):
            raise DataError(told["refused"])
        assert "\n" not in told["refused"], what
        assert len(told["refused"]) < 200, what


def test_a_bomb_is_refused_before_it_fills_the_memory():
    """576 MB of zeros in 600 kB, in one member of gzip and in nine."""
    one = io.BytesIO()
    with gzip.GzipFile(fileobj=one, mode="wb", mtime=0) as file:
        for _ in range(9):
            file.write(bytes(64 << 20))
    nine = 9 * gzip.compress(bytes(64 << 20), mtime=0)
    told = read({"bomb": one.getvalue()}, {"bomb": nine}, {"x": gzip.compress(bytes(64 << 20))})
    message = "bomb: it unpacks to more than 512 MB; unpack it first"
    assert [each["refused"] for each in told[:2]] == [message] * 2
    assert "this is neither" in told[2]["refused"]
