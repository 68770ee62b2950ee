"""Labelled images written in every format that digits.load reads, as people have them.

python tests/data_formats.py FOLDER    writes 2,000 + 500 of MNIST's digits, in each format
"""

import csv
import gzip
import io
import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import pyarrow
from PIL import Image
from pyarrow import parquet
from scipy.io import savemat

from handgrad import digits

PUBLISHED = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
LETTERS = np.array(list("ABCDEFGHIJ"))


def idx(folder, train, test, names=PUBLISHED):
    for name, array in zip(names, (*train, *test), strict=True):
        digits.write_idx(folder / name, array)
    return folder


def idx_gz(folder, train, test):
    return idx(folder, train, test, [f"{name}.gz" for name in PUBLISHED])


def idx_dots(folder, train, test):
    return idx(folder, train, test, [name.replace("-idx", ".idx") for name in PUBLISHED])


def idx_emnist(folder, train, test):
    """With rows and columns exchanged, as EMNIST is published."""
    names = [f"emnist-digits-{name}.gz" for name in PUBLISHED]
    train, test = ((images.transpose(0, 2, 1), labels) for images, labels in (train, test))
    return idx(folder, train, test, [name.replace("t10k", "test") for name in names])


def idx_twice(folder, train, test):
    """As an archive has it that many download: each file twice, under two names."""
    idx_dots(folder, train, test)
    for name in PUBLISHED:
        (folder / name).mkdir()
        (folder / name / name).write_bytes((folder / name.replace("-idx", ".idx")).read_bytes())
    return folder


def idx_file(folder, train, test):
    return idx(folder, train, test) / PUBLISHED[0]


def rows_of(part, header, first, pixel=str, label=str, labelled=True):
    images, labels = part
    pixels = [list(map(pixel, row)) for row in images.reshape(len(images), -1).tolist()]
    names = [f"pixel{i}" for i in range(len(pixels[0]))]
    rows = [names, *pixels] if header else pixels
    cells = [*["label"] * header, *map(label, labels.tolist())]
    if not labelled:
        return rows
    return [[cell, *row] if first else [*row, cell] for cell, row in zip(cells, rows, strict=True)]


def table(name, header=True, first=True, separator=",", **how):
    def write(folder, train, test):
        with open(folder / name, "w", newline="") as file:
            csv.writer(file, delimiter=separator).writerows(rows_of(train, header, first, **how))
        return folder / name

    return write


def csv_emnist(folder, train, test):
    train, test = ((images.transpose(0, 2, 1), labels) for images, labels in (train, test))
    table("emnist-digits-train.csv", header=False)(folder, train, test)
    table("emnist-digits-test.csv", header=False)(folder, test, test)
    return folder


def kaggle(folder, train, test):
    """train.csv with labels, test.csv without, and a sample of what one hands in."""
    table("train.csv")(folder, train, test)
    table("test.csv", labelled=False)(folder, test, test)
    (folder / "sample_submission.csv").write_text("ImageId,Label\n1,0\n2,0\n")
    return folder


def kaggle_zip(folder, train, test):
    kaggle(folder, train, test)
    with zipfile.ZipFile(folder / "digit-recognizer.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("train.csv", "test.csv", "sample_submission.csv"):
            archive.write(folder / name, name)
            (folder / name).unlink()
    return folder / "digit-recognizer.zip"


def two_tables(folder, train, test):
    table("mnist_train.csv")(folder, train, test)
    table("mnist_test.csv")(folder, test, test)
    return folder


def csv_gz(folder, train, test):
    path = table("train.csv")(folder, train, test)
    (folder / "train.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    return folder / "train.csv.gz"


def csv_zip(folder, train, test):
    path = table("train.csv")(folder, train, test)
    with zipfile.ZipFile(folder / "train.csv.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, "train.csv")
    path.unlink()
    return folder / "train.csv.zip"


def keras(folder, train, test):
    np.savez(folder / "mnist.npz", x_train=train[0], y_train=train[1], x_test=test[0], y_test=test[1])
    return folder / "mnist.npz"


def npz(name, images="images", labels="labels", as_images=np.asarray, as_labels=np.asarray):
    def write(folder, train, test):
        np.savez_compressed(folder / name, **{images: as_images(train[0]), labels: as_labels(train[1])})
        return folder / name

    return write


def npy(folder, train, test):
    for name, array in zip(("x_train", "y_train", "x_test", "y_test"), (*train, *test), strict=True):
        np.save(folder / f"{name}.npy", array)
    return folder


def npy_table(folder, train, test):
    np.save(folder / "table.npy", np.hstack([train[1][:, None], train[0].reshape(len(train[0]), -1)]))
    return folder / "table.npy"


def from_one(labels):
    """The digit 0 as 10, since MATLAB's arrays begin at 1."""
    return np.where(labels == 0, 10, labels)[:, None]


def mat(folder, train, test):
    rows = train[0].reshape(len(train[0]), -1) / 255
    savemat(folder / "data.mat", {"X": rows, "y": from_one(train[1])})
    return folder / "data.mat"


def mat_columns(folder, train, test):
    columns = train[0].reshape(len(train[0]), -1).T
    savemat(
        folder / "original.mat", {"data": columns, "label": train[1][None].astype(float)}, do_compression=True
    )
    return folder / "original.mat"


def svhn(folder, train, test):
    for name, (images, labels) in (("train", train), ("test", test)):
        colours = np.repeat(images[..., None], 3, axis=-1)
        arrays = {"X": np.moveaxis(colours, 0, -1), "y": from_one(labels)}
        savemat(folder / f"{name}_32x32.mat", arrays, do_compression=True)
    return folder


def png(image):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def pictures(folder, part, name="{label}/{i:05}.png"):
    for i, (image, label) in enumerate(zip(*part, strict=True)):
        path = folder / name.format(label=label, i=i)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(image))
    return folder


def classes(folder, train, test):
    return pictures(folder, train)


def parts(folder, train, test):
    pictures(folder / "train", train)
    pictures(folder / "test", test)
    return folder


def named(folder, train, test):
    return pictures(folder, train, "{label}_{i:05}.png")


def named_behind(folder, train, test):
    return pictures(folder, train, "image_{i:05}_{label}.png")


def listed(folder, train, test):
    pictures(folder / "images", train, "{i:05}.png")
    lines = [f"{i:05}.png,{label}\n" for i, label in enumerate(train[1])]
    (folder / "labels.csv").write_text("file,label\n" + "".join(lines))
    return folder


def list_alone(folder, train, test):
    return listed(folder, train, test) / "labels.csv"


def classes_zip(folder, train, test):
    pictures(folder / "digits", train)
    with zipfile.ZipFile(folder / "digits.zip", "w") as archive:
        for path in sorted((folder / "digits").rglob("*.png")):
            archive.write(path, path.relative_to(folder))
    return folder / "digits.zip"


def hugging_face(path, part, names="0123456789"):
    images, labels = part
    features = {"image": {"_type": "Image"}, "label": {"names": list(names), "_type": "ClassLabel"}}
    files = [{"bytes": png(image), "path": None} for image in images]
    kind = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    made = pyarrow.table({"image": pyarrow.array(files, kind), "label": pyarrow.array(labels.astype(int))})
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    parquet.write_table(made.replace_schema_metadata(metadata), path)


def hf(folder, train, test):
    hugging_face(folder / "mnist" / "train-00000-of-00001.parquet", train)
    hugging_face(folder / "mnist" / "test-00000-of-00001.parquet", test)
    return folder


def parquet_file(folder, train, test):
    hugging_face(folder / "letters.parquet", train, "ABCDEFGHIJ")
    return folder / "letters.parquet"


def parquet_pixels(folder, train, test):
    columns = {f"pixel{i}": column for i, column in enumerate(train[0].reshape(len(train[0]), -1).T)}
    parquet.write_table(pyarrow.table({"label": train[1].astype(int), **columns}), folder / "pixels.parquet")
    return folder / "pixels.parquet"


FORMATS = {  # name -> writes it: (folder, train, test) -> path
    "idx": idx,
    "idx gz": idx_gz,
    "idx with dots": idx_dots,
    "idx of emnist": idx_emnist,
    "idx, each file twice": idx_twice,
    "idx, one file named": idx_file,
    "csv, header, label first": table("digits.csv"),
    "csv, header, label last": table("digits.csv", first=False),
    "csv, label first": table("digits.csv", header=False),
    "csv, label last": table("digits.csv", header=False, first=False),
    "csv, semicolons": table("digits.csv", separator=";"),
    "csv, tabs": table("digits.tsv", header=False, separator="\t"),
    "csv, pixels 0..1": table("digits.csv", pixel=lambda value: f"{value / 255:.5f}"),
    "csv, letters": table("letters.csv", header=False, label=lambda label: LETTERS[label]),
    "csv of emnist": csv_emnist,
    "csv gz": csv_gz,
    "csv zip": csv_zip,
    "kaggle": kaggle,
    "kaggle zip": kaggle_zip,
    "two csv": two_tables,
    "npz of keras": keras,
    "npz, floats": npz("digits.npz", as_images=lambda x: x / 255, as_labels=lambda y: y.astype(float)),
    "npz, arr_0": npz("digits.npz", "arr_0", "arr_1", as_labels=lambda y: np.eye(10)[y]),
    "npz, RGB": npz("rgb.npz", "X", "y", lambda x: np.repeat(x[..., None], 3, axis=-1), lambda y: LETTERS[y]),
    "npz, data and target": npz("digits.npz", "data", "target", lambda x: x.reshape(len(x), -1)),
    "npy": npy,
    "npy, one table": npy_table,
    "mat": mat,
    "mat, images in columns": mat_columns,
    "mat of svhn": svhn,
    "folders of classes": classes,
    "folders train and test": parts,
    "pictures with labels in front": named,
    "pictures with labels behind": named_behind,
    "pictures and a list": listed,
    "a list of pictures": list_alone,
    "zip of folders": classes_zip,
    "parquet of hugging face": hf,
    "parquet, one file, letters": parquet_file,
    "parquet, columns of pixels": parquet_pixels,
}  # fmt: skip


def write(name, folder, train, test):
    """Write a format into a new folder below this one -> the path to load."""
    below = folder / name.replace(" ", "-").replace(",", "")
    below.mkdir(parents=True)
    return FORMATS[name](below, train, test)


if __name__ == "__main__":
    some = [
        (images[:count], labels[:count])
        for (images, labels), count in zip(digits.load_mnist(), (2000, 500), strict=True)
    ]
    for each in FORMATS:
        print(f"{each:<32}{write(each, Path(sys.argv[1]), *some)}")
