"""digits.load and --data: every format read exactly, trained and evaluated; what is odd is said in one line."""

import gzip
import io
import json
import os
import pickle
import shutil
import struct
import sys
import warnings
import zipfile

import numpy as np
import pytest
from PIL import Image

import handgrad
from faults.spoiling import spoilt_text
from handgrad import digits, model_file, pretrained
from handgrad.errors import DataError, HandgradError, MissingExtraError

from data_formats import FORMATS, LETTERS, classes, listed, write

IN_ORDER = {"folders of classes", "folders train and test", "pictures with labels in front", "zip of folders"}
WITH_LETTERS = {name for name in FORMATS if "letters" in name} | {"npz, RGB"}
WITH_TEST = {
    "idx", "idx gz", "idx with dots", "idx of emnist", "idx, each file twice", "idx, one file named", "csv of emnist", "two csv", "npz of keras", "npy",
    "mat of svhn", "folders train and test", "parquet of hugging face",
}  # fmt: skip


@pytest.fixture(scope="module")
def some(mnist):
    return [
        (images[:count], labels[:count]) for (images, labels), count in zip(mnist, (400, 100), strict=True)
    ]


@pytest.fixture(scope="module")
def written(some, tmp_path_factory):
    """Each format: the path to load."""
    folder = tmp_path_factory.mktemp("formats")
    return {name: write(name, folder, *some) for name in FORMATS}


def by_label(part):
    """In the order of the labels, as pictures in folders come."""
    order = np.argsort(part[1].astype(str), kind="stable")
    return part[0][order], part[1][order]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_read_exactly(name, written, some):
    lines = []
    train, test = digits.load(written[name], lines.append)
    assert (test is not None) == (name in WITH_TEST)
    for part, expected in zip((train, test), some, strict=True):
        if part is None:
            continue
        images, labels = by_label(expected) if name in IN_ORDER else expected
        assert part.images.dtype == np.uint8
        np.testing.assert_array_equal(part.images, images)
        np.testing.assert_array_equal(part.labels, LETTERS[labels] if name in WITH_LETTERS else labels)
    assert all(line.startswith(f"{written[name]}: ") for line in lines)
    counts = (
        "400 training and 100 test images 28 x 28, 10 classes" if test else "400 images 28 x 28, 10 classes"
    )
    assert counts in lines[0]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_trained_and_evaluated_from_the_command_line(name, written, run, tmp_path):
    more = ("--hidden", "32", "--epochs", "8", "--engine", "numpy", "--out", tmp_path / "m", "--json")
    code, out, err = run("train", "--data", written[name], *more)
    assert (code, json.loads(out)["model"]) == (0, str(tmp_path / "m")), err
    assert f"{written[name]}: " in err
    assert model_file.load(tmp_path / "m").classes == (
        tuple(LETTERS) if name in WITH_LETTERS else tuple(range(10))
    )
    code, out, err = run("evaluate", tmp_path / "m", "--data", written[name], "--json")
    result = json.loads(out)
    assert (code, result["images"]) == (0, 100 if name in WITH_TEST else 400), err
    assert result["accuracy"] > 0.6
    assert ("the network learnt from these images" in err) == (name not in WITH_TEST)


def test_letters_are_calibrated_and_explained(written, run, tmp_path):
    data, model = written["csv, letters"], tmp_path / "m"
    assert run("train", "--data", data, "--out", model, "--epochs", "3", "--validation", "200")[0] == 0
    code, out, err = run("calibrate", model, "--data", data)
    assert code == 0, err
    assert "in 200 images" in out
    assert "the 200 that were held back are taken" in err
    code, out, err = run("explain", "--model", model, "--data", data, "--row", "2", "--json")
    assert code == 0, err
    assert (json.loads(out)["label"], json.loads(out)["file"]) == ("E", str(data))
    code, _, err = run("explain", "--model", model, "--data", data, "--row", "400")
    assert (code, "expected 0 to 399, the rows of" in err) == (2, True)
    code, _, err = run("evaluate", "--data", data)
    assert (code, "expected labels among 0, 1, 2, 3, 4, 5, 6, 7, 8, 9; got A, B" in err) == (1, True)


def test_the_test_part_calibrates(written, run, tmp_path):
    data, model = written["npz of keras"], tmp_path / "m"
    assert run("train", "--data", data, "--out", model, "--epochs", "2")[0] == 0
    code, out, _ = run("calibrate", model, "--data", data)
    assert (code, "in 100 images" in out) == (0, True)


@pytest.mark.parametrize(
    "command", [("train",), ("evaluate",), ("calibrate", "m"), ("explain", "--row", "1")]
)
def test_data_stands_alone(command, run):
    code, _, err = run(*command, "--data", "mnist", "--images", "x", "--labels", "y")
    assert (code, "leave out the files" in err) == (2, True)


def test_a_run_on_files_is_resumed(written, run, tmp_path, monkeypatch):
    from handgrad.cli import running

    shown, data, path = running._line, written["csv, letters"], tmp_path / "m"
    more = ("--data", data, "--engine", "numpy", "--hidden", "16", "--epochs", "3")
    assert run("train", *more, "--out", tmp_path / "whole")[0] == 0

    def interrupted(progress, *rest):
        if progress.epoch.epoch == 1:
            raise KeyboardInterrupt
        return shown(progress, *rest)

    monkeypatch.setattr(running, "_line", interrupted)
    code, _, err = run("train", *more, "--out", path)
    assert (code, f"--data {data}" in err) == (130, True)
    monkeypatch.setattr(running, "_line", shown)
    assert run("train", "--resume", path, "--data", data, "--engine", "numpy")[0] == 0
    assert path.read_bytes() == (tmp_path / "whole").read_bytes()


def test_names_of_sets_stay(mnist):
    train, test = digits.load("mnist")
    np.testing.assert_array_equal(train.images, mnist[0][0])
    np.testing.assert_array_equal(test.labels, mnist[1][1])
    with pytest.raises(
        DataError, match="kmnist is not in the cache; get it with: handgrad data fetch kmnist"
    ):
        digits.load("kmnist")


KINDS = {  # labels as an array has them -> labels as they come
    "whole floats": (np.array([3.0, 1, 3]), [3, 1, 3]),
    "a column": (np.array([[3], [1], [3]]), [3, 1, 3]),
    "one-hot": (np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]]), [2, 0, 1]),
    "truth values": (np.array([True, False, True]), [1, 0, 1]),
    "texts that are numbers": (np.array(["3", "1", "03"]), [3, 1, 3]),
    "texts with a point": (np.array(["3.0", "1", "2"]), [3, 1, 2]),
    "bytes": (np.array([b"x", b"y", b"x"]), ["x", "y", "x"]),
    "texts and numbers": (np.array(["3", "a", "3"]), ["3", "a", "3"]),
    "large": (np.array([300, 7, 300]), [300, 7, 300]),
    "below zero": (np.array([-1, 1, -1]), [-1, 1, -1]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_labels_of_any_kind(kind, tmp_path):
    given, expected = KINDS[kind]
    np.savez(tmp_path / "data.npz", images=np.full((3, 4, 4), 9, np.uint8), labels=given)
    (images, labels), _ = digits.load(tmp_path / "data.npz")
    assert labels.tolist() == expected
    assert handgrad.fit(images, labels, hidden=4, epochs=1, validation=0).predict(
        images
    ).dtype.kind == labels.dtype.kind.replace("u", "i")


PIXELS = {  # images as an array has them -> one image as it comes
    "truth values": (np.array([[[True, False]]] * 2), [[255, 0]]),
    "floats to 1": (np.array([[[1.0, 0.5]]] * 2), [[255, 128]]),
    "floats to 255": (np.array([[[255.0, 0.4]]] * 2), [[255, 0]]),
    "int64": (np.array([[[255, 7]]] * 2), [[255, 7]]),
    "RGB": (np.array([[[[255, 0, 0], [0, 255, 0], [0, 0, 255]]]] * 2), [[76, 150, 29]]),
    "channels first": (np.array([[[[255, 0]], [[255, 0]], [[255, 0]]]] * 2), [[255, 0]]),
    "one channel": (np.array([[[[255], [7]]]] * 2), [[255, 7]]),
    "big-endian": (np.array([[[255, 7]]] * 2, ">i2"), [[255, 7]]),
}


@pytest.mark.parametrize("kind", PIXELS)
def test_pixels_of_any_kind(kind, tmp_path):
    given, expected = PIXELS[kind]
    np.savez(tmp_path / "data.npz", images=given, labels=[0, 1])
    (images, _), _ = digits.load(tmp_path / "data.npz")
    assert images.dtype == np.uint8
    assert images[0].tolist() == images[1].tolist() == expected


def test_what_is_left_out_is_said(some, tmp_path):
    folder = classes(tmp_path / "own", *some)
    (folder / "3" / "broken.png").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("by Ann")
    lines = []
    train, _ = digits.load(folder, lines.append)
    assert len(train.labels) == 400
    assert lines[0] == f"{folder}: pictures in a folder for each class: 400 images 28 x 28, 10 classes"
    assert f"{folder}: left out: other files: 1 (notes.txt)" in lines
    assert any(
        line.startswith(f"{folder}: left out: pictures that cannot be read: 1 ({folder}/3/broken.png: ")
        for line in lines
    )
    with pytest.warns(UserWarning, match="left out") as caught:
        digits.load(folder)
    assert [line.filename for line in caught] == [__file__] * 2


def test_lines_of_a_list_without_their_picture_are_said(some, tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    listed(folder, *some)
    (folder / "images" / "00007.png").unlink()
    (folder / "images" / "unknown.png").write_bytes((folder / "images" / "00008.png").read_bytes())
    lines = []
    train, _ = digits.load(folder, lines.append)
    np.testing.assert_array_equal(train.labels, np.delete(some[0][1], 7))
    assert (
        f"{folder}: left out: lines of {folder}/labels.csv whose picture is not there: 1 (00007.png)" in lines
    )
    assert f"{folder}: left out: pictures that no list names: 1 (images/unknown.png)" in lines


def test_pictures_of_any_size_come_one_by_one(tmp_path):
    folder = tmp_path / "own"
    for label, size in ((0, (28, 28)), (1, (30, 20))):
        (folder / str(label)).mkdir(parents=True)
        Image.new("RGB", size, (255, 0, 0)).save(folder / str(label) / "a.png")
    with pytest.raises(
        DataError, match="expected images of one size; got 28 x 28, 30 x 20; --prepare finds the digit"
    ):
        digits.load(folder)
    (pictures, labels), _ = digits.load(folder, any_size=True)
    assert [pictures[i].shape for i in range(len(pictures))] == [(28, 28), (20, 30)]
    assert (pictures[0].dtype, pictures[0].max(), labels.tolist()) == (np.uint8, 76, [0, 1])
    assert handgrad.photos.read_picture(pictures.source(1)).size == (30, 20)


def test_without_their_library_the_extra_is_named(written, monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy", None)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(
        MissingExtraError, match=r"data.mat: .mat files need SciPy: pip install 'handgrad\[mat\]'"
    ):
        digits.load(written["mat"])
    with pytest.raises(MissingExtraError, match=r"letters.parquet: .* pip install 'handgrad\[parquet\]'"):
        digits.load(written["parquet, one file, letters"])


def save(**arrays):
    return lambda path: np.savez(path, **arrays)


def text(*lines):
    return lambda path: path.write_text("".join(f"{line}\n" for line in lines))


def claims_much(path):
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000, 28, 28), }\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(100))


def zip_bomb(path):
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (100000, 28, 28), }\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "images.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(78_400_000)
        )


def gzip_bomb(path):
    line = b"0," * 784 + b"1\n"
    path.write_bytes(gzip.compress(line * (70_000_000 // len(line)), 1))


def pictures_at_two_depths(path):
    for name in ("0/a.png", "1/b.png", "1/more/c.png"):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8)).save(path / name)


def pictures_that_tell_nothing(path):
    path.mkdir()
    for name in ("1_2.png", "3_4.png", "2_2.png"):
        Image.new("L", (8, 8)).save(path / name)


def pictures_with_numbers(path):
    path.mkdir()
    for i in range(1, 6):
        Image.new("L", (8, 8)).save(path / f"IMG_{i}.png")


def only_a_program(path):
    path.mkdir()
    (path / "run.sh").write_text("ls")


def two_formats(path):
    path.mkdir()
    np.savez(path / "a.npz", images=np.zeros((2, 4, 4)), labels=[0, 1])
    (path / "b.csv").write_text("label,p\n1,2\n")


A, B = np.zeros((3, 2, 2), np.uint8), [1, 2, 3]
REFUSED = {  # name -> what is written under it, and what is said
    "objects.npz": (save(x_train=np.array([{}, 1], object), y_train=B), "got Python objects, which are never loaded"),
    "names.npz": (save(foo=A, bar=B, baz=1), "expected arrays such as x_train and y_train, .*; got bar"),
    "more.npz": (save(images=A, labels=[1, 2, 3, 4]), "expected one label for each image; got 4 labels"),
    "signs.npz": (save(X=A - 1.0, y=B), "expected pixels 0..255, or 0..1 as floats; got -1 to -1"),
    "nan.npz": (save(X=A * np.nan, y=B), "got NaN; replace what is not a number"),
    "nan, later.npz": (save(x_train=A * 1.0, y_train=B, x_test=A * np.nan, y_test=B), "got NaN"),
    "above.npz": (save(X=A + np.int32(256), y=B), "got 256 to 256"),
    "half.npz": (save(X=A, y=np.array([1, 1.5, 2])), r"expected whole numbers or names as labels; got 1.5 \(row 1\)"),
    "sizes.npz": (save(x_train=A, y_train=B, x_test=A[:, 1:], y_test=B), "images of one size; got 2 x 2 and 1 x 2"),
    "flat.npz": (save(X=A[:, 0, 0], y=B), r"expected images, \(N, height, width\); got shape \(3,\)"),
    "five.npz": (save(X=A[..., None, None], y=B), "expected grey images"),
    "words.npz": (save(X=A.astype(str), y=B), "expected images as an array of numbers"),
    "twice.npz": (save(X=A, images=A, y=B), "expected one array of images and one of labels"),
    "x_train.npy": (claims_much, "expected 784,000,000,000 bytes for shape .*; got 100"),
    "bomb.npz": (zip_bomb, "expands more than 100-fold"),
    "bomb.csv.gz": (gzip_bomb, "expands more than 100-fold"),
    "pickle.pkl": (lambda path: path.write_bytes(pickle.dumps([1])), "is a pickle, which can run code and is never loaded"),
    "new.mat": (lambda path: path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(600)), "version 7.3 .HDF5., which is not read"),
    "data.h5": (lambda path: path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(99)), "is an HDF5 file, which is not read"),
    "page.csv": (text("<!DOCTYPE html>"), "got a web page .HTML."),
    "empty.csv": (text(), "expected rows of numbers; got an empty file"),
    "header.csv": (text("label,a,b,c,d"), "got a header alone"),
    "short.csv": (text("label,a,b", "1,2,3", "1,2"), "line 3: expected 3 columns; got 2"),
    "gap.csv": (text("label,a,b", "1,2,3", "1,,3"), "line 3, column 2: expected a number; got ''"),
    "unlabelled.csv": (text(",a,b,label", "0,2,3,", "1,5,6,7"), "expected a short name as the label of row 0"),
    "pixels.csv": (text("a,b,c,d", "1,2,3,9"), "expected a label in each row; got pixels alone"),
    "both.csv": (text("3,0,5,6,3", "4,0,0,7,4", "5,0,0,7,5"), "add a header line that names the column 'label'"),
    "people.csv": (text("person,city,x", "Ann,Ulm,1", "Bob,Rom,2"), "expected numbers and one column of labels; got words in columns 1, 2"),
    "latin.csv": (lambda path: path.write_bytes("label,a\né,1\n".encode("latin-1")), "expected text in UTF-8"),
    "long.csv": (lambda path: path.write_bytes(b"0," * (1 << 23)), "expected lines of less than 16,777,216 characters"),
    "a model": (lambda path: model_file.save(path, pretrained.load()), "expected IDX, CSV, .* got a model file"),
    "binary": (lambda path: path.write_bytes(bytes(range(200))), "expected IDX, CSV, .* got a file that begins 00 01"),
    "one.png": (lambda path: Image.new("L", (9, 9)).save(path), "is one picture; 'handgrad predict' reads it"),
    "depths": (pictures_at_two_depths, "all at one depth; got 0/a.png and 1/more/c.png"),
    "names": (pictures_that_tell_nothing, "the names tell none .1_2.png, .*; put them into a folder for each class"),
    "numbers": (pictures_with_numbers, "the names tell none .IMG_1.png, "),
    "program": (only_a_program, "got a folder with run.sh"),
    "nothing": (lambda path: path.mkdir(), "got no files"),
    "two": (two_formats, "expected data of one format; got a.npz, b.csv; name one of them"),
    "pipe": (os.mkfifo, "this is a pipe or a device"),
    "absent": (lambda path: None, "no such file or folder, and not the name of a data set .mnist, "),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_one_line(name, tmp_path):
    make, said = REFUSED[name]
    make(tmp_path / name)
    with pytest.raises(DataError, match=said) as caught:
        digits.load(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / name))


HEADERS = {  # tables of two images (2, 2) -> how they are described
    "pandas": (",label,a,b,c,d\n0,7,1,2,3,0\n1,8,5,6,7,0\n", "CSV with a header, label in column 'label'"),
    "numbers": ("0,1,2,3,4\n7,1,2,3,0\n8,5,6,7,0\n", "CSV with a header, label first"),
    "crlf": (
        "\ufefflabel,a,b,c,d\r\n7,1,2,3,0\r\n8,5,6,7,0\r\n",
        "CSV with a header, label in column 'label'",
    ),
    "spaces": ("7 1 2 3 0\n8 5 6 7 0\n", "table without a header, label first"),
    "quotes": (
        '"class","a","b","c","d"\n"7","1","2","3","0"\n"8","5","6","7","0"\n',
        "CSV with a header, label in column 'class'",
    ),
    "last": ("a,b,c,d,y\n1,2,3,0,7\n\n5,6,7,0,8\n", "CSV with a header, label in column 'y'"),
    "in the middle": ("a,b,digit,c,d\n1,2,7,3,0\n5,6,8,7,0\n", "CSV with a header, label in column 'digit'"),
    "whole floats": (
        "label,a,b,c,d\n7.0,1.0,2.0,3.0,0.0\n8.0,5e0,6.,7.0,0\n",
        "CSV with a header, label in column 'label'",
    ),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("name", HEADERS)
def test_tables_as_programs_write_them(name, encoding, tmp_path):
    content, how = HEADERS[name]
    (tmp_path / "data.csv").write_bytes(
        content.removeprefix("\ufeff" * (encoding == "utf-16")).encode(encoding)
    )
    lines = []
    (images, labels), _ = digits.load(tmp_path / "data.csv", lines.append)
    assert labels.tolist() == [7, 8]
    assert images.reshape(2, 4).tolist() == [[1, 2, 3, 0], [5, 6, 7, 0]]
    assert lines[0] == f"{tmp_path / 'data.csv'}: {how}: 2 images 2 x 2, 2 classes"


def test_a_link_to_the_folder_above_is_no_loop(some, tmp_path):
    folder = classes(tmp_path / "own", *some)
    (folder / "3" / "again").symlink_to(folder)
    assert len(digits.load(folder).train.labels) == 400


MUTANTS = 25  # of each format


@pytest.mark.parametrize("name", FORMATS)
def test_no_mutant_raises_a_foreign_error(name, mnist, tmp_path, figure):
    part = mnist[0][0][:12, 10:18, 10:18], mnist[0][1][:12]
    rng = np.random.default_rng(list(name.encode()))
    whole = write(name, tmp_path, part, part)
    top = tmp_path / whole.relative_to(tmp_path).parts[0]
    refused = 0
    for _ in range(MUTANTS):
        copy = tmp_path / "copy"
        shutil.copytree(top, copy)
        files = sorted(path for path in copy.rglob("*") if path.is_file())
        chosen = files[rng.integers(len(files))]
        chosen.write_bytes(spoilt_text(chosen.read_bytes(), rng))
        said = None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # of a picture that is left out
                (images, labels), _ = digits.load(copy / whole.relative_to(top))
            assert len(images) == len(labels) > 0
            assert images.dtype == np.uint8
        except HandgradError as error:
            said = str(error)
        if said is not None:
            refused += 1
            assert str(copy) in said
            assert "\n" not in said
        shutil.rmtree(copy)
    figure(f"mutants of {name}", f"{refused} of {MUTANTS} refused")


def test_a_file_without_a_name_in_an_archive_is_left_out(tmp_path):
    """Its name begins with a zero, at which zipfile ends it."""
    picture = io.BytesIO()
    Image.new("L", (8, 8)).save(picture, "png")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for name in ("3/a.png", "4/b.png", "\0/c.png"):
            member = zipfile.ZipInfo()
            member.filename = name
            archive.writestr(member, picture.getvalue())
    (images, labels), _ = digits.load(tmp_path / "set.zip")
    assert (images.shape, labels.tolist()) == ((2, 8, 8), [3, 4])
