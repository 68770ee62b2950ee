"""Model files: exact both ways, refused when damaged, never torn, never executed."""

import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from faults.savers import SAVER
from faults.spoiling import spoilt
from handgrad import model_file, network
from handgrad.calibration import Calibration
from handgrad.errors import DataError, ModelFileError
from handgrad.model import Model
from handgrad.model_file import RunState
from handgrad.network import Params
from handgrad.recipes import CHOICES, Recipe


def random_model(rng, D=784, H=12, C=10, **facts):
    params = network.init_params(D, H, C, rng, facts.pop("bias", True), np.float32)
    return Model(params, **facts)


CALIBRATION = Calibration(1.25, 0.9875, 0.999, 0.9, 5000, 70)
RECORD = {"epoch": 1, "loss": 0.5, "train_accuracy": 0.9, "validation_accuracy": None}


@pytest.fixture
def saved(tmp_path, rng):
    path = tmp_path / "model.safetensors"
    model_file.save(
        path,
        random_model(rng, recipe_name="lesson", recipe=Recipe(hidden=12), seed=3, accuracy={"test": 0.97}),
    )
    return path


def test_a_thousand_random_models_come_back_bit_for_bit(tmp_path, rng):
    path = tmp_path / "m"
    for i in range(1000):
        D, H, C = (int(rng.integers(low, high)) for low, high in ((1, 40), (1, 20), (2, 12)))
        facts = {
            "activation": str(rng.choice(CHOICES["activation"])),
            "loss": str(rng.choice(CHOICES["loss"])),
        }
        facts |= {"seed": i, "data_checksum": "ab" * 32, "accuracy": {"test": float(rng.random())}}
        facts["history"] = [{**RECORD, "loss": float(rng.random())}]
        model = random_model(rng, D, H, C, bias=bool(i % 2), **facts)
        if i % 3 == 0:
            model = replace(model, classes=tuple(f"class {c}" for c in range(C)))
        if i % 5 == 0:
            model = replace(model, calibration=replace(CALIBRATION, threshold=float(rng.random())))
        model_file.save(path, model)
        back = model_file.load(path)
        for name, p, q in zip(Params._fields, model.params, back.params, strict=True):
            assert (p is None and q is None) or p.tobytes() == q.tobytes(), name
        for fact in (
            "activation",
            "loss",
            "classes",
            "image_shape",
            "seed",
            "data_checksum",
            "accuracy",
            "history",
            "calibration",
            "storage",
        ):
            assert getattr(back, fact) == getattr(model, fact), fact


def test_others_can_read_it_with_safetensors_alone(saved):
    tensors = load_file(saved)
    assert {name: (t.shape, t.dtype) for name, t in tensors.items()} == {
        "W1": ((12, 784), np.float32),
        "b1": ((12,), np.float32),
        "W2": ((10, 12), np.float32),
        "b2": ((10,), np.float32),
    }
    header = json.loads(saved.read_bytes()[8 : 8 + int.from_bytes(saved.read_bytes()[:8], "little")])
    facts = {key: json.loads(text) for key, text in header["__metadata__"].items()}
    assert facts["format_version"] == 1
    assert facts["activation"] == "relu"
    assert facts["classes"] == list(range(10))
    assert facts["pixel_scaling"] == {"divide_by": 255.0}
    assert facts["recipe"]["name"] == "lesson"
    assert facts["recipe"]["hidden"] == 12


def test_equal_models_give_equal_bytes(tmp_path, rng):
    """Also across processes, where the library's own order of metadata differs."""
    program = (
        "import sys, numpy as np; from handgrad import model_file, network; from handgrad.model import Model\n"
        "p = network.init_params(9, 4, 3, np.random.default_rng(0), dtype=np.float32)\n"
        "model_file.save(sys.argv[1], Model(p, seed=1))"
    )
    for name in "abc":
        subprocess.run([sys.executable, "-c", program, tmp_path / name], check=True)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == (tmp_path / "c").read_bytes()


def test_half_the_room_is_the_nearest_float16_and_widens_to_float32(tmp_path, rng):
    """What is stored is each number's nearest float16; saved again, the file has the same bytes."""
    for bias in (True, False):
        model = random_model(rng, bias=bias, storage="float16", calibration=CALIBRATION)
        model.params.W1[0, :2] = 1e-9, -65504  # too small for a float16, and the largest there is
        model_file.save(tmp_path / "half", model)
        model_file.save(tmp_path / "whole", replace(model, storage="float32"))
        back = model_file.load(tmp_path / "half")
        for name, p, q in zip(Params._fields, model.params, back.params, strict=True):
            if p is None:
                assert q is None
            else:
                assert q.dtype == np.float32, name
                np.testing.assert_array_equal(q, p.astype(np.float16).astype(np.float32), name)
        assert (back.storage, back.calibration) == ("float16", CALIBRATION)
        model_file.save(tmp_path / "again", back)
        assert (tmp_path / "again").read_bytes() == (tmp_path / "half").read_bytes()
        sizes = [(tmp_path / name).stat().st_size for name in ("half", "whole")]
        assert sizes[1] - sizes[0] > 2 * 784 * 12
        header = header_of((tmp_path / "half").read_bytes())
        assert json.loads(header["__metadata__"]["storage"]) == "float16"
        assert {header[name]["dtype"] for name in Params._fields} == {"F16"}
        assert "storage" not in header_of((tmp_path / "whole").read_bytes())["__metadata__"]


def test_what_float16_cannot_hold_is_not_saved(tmp_path, saved, rng):
    before = saved.read_bytes()
    model = random_model(rng, storage="float16")
    model.params.b2[3] = -65520  # rounds to minus infinity
    with pytest.raises(
        ModelFileError,
        match=r"expected b2 within \+-65504 to be stored as float16; got 65520; store it as float32",
    ):
        model_file.save(saved, model)
    assert saved.read_bytes() == before
    with pytest.raises(ValueError, match="storage to be one of float32, float16; got 'int8'"):
        random_model(rng, storage="int8")
    with pytest.raises(ValueError, match="a Calibration or None; got dict"):
        random_model(rng, calibration=CALIBRATION.to_dict())


def test_files_of_before_have_no_calibration(saved):
    assert not {"calibration", "storage"} & set(header_of(saved.read_bytes())["__metadata__"])
    model = model_file.load(saved)
    assert (model.calibration, model.storage) == (None, "float32")


def test_a_model_answers_as_the_network_does(mnist, rng):
    images = mnist[1][0][:50]
    for loss in CHOICES["loss"]:
        model = random_model(rng, loss=loss)
        cache = network.forward(model.params, (images.reshape(50, -1) / np.float32(255)).astype(np.float32))
        scores = model.scores(images)
        if loss == "cross_entropy":
            np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)
        else:
            np.testing.assert_allclose(scores, cache.y, rtol=1e-5)
        np.testing.assert_array_equal(model.predict(images), cache.z.argmax(axis=1))
        np.testing.assert_array_equal(model.predict(images.reshape(50, -1)), model.predict(images))
        np.testing.assert_array_equal(model.predict(images / 255), model.predict(images))
        np.testing.assert_array_equal(model.predict(images[0]), model.predict(images[:1]))
    letters = replace(model, classes=tuple("abcdefghij"))
    assert set(letters.predict(images).tolist()) <= set("abcdefghij")
    with pytest.raises(DataError, match="784 pixels, as the network has; got 5 x 5"):
        model.predict(np.zeros((2, 5, 5), np.uint8))


def header_of(data):
    return json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])


def with_header(data, change):
    header = header_of(data)
    change(header)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data[8 + int.from_bytes(data[:8], "little") :]


def fact(key, value):
    return lambda data: with_header(data, lambda h: h["__metadata__"].__setitem__(key, json.dumps(value)))


def tensors(change):
    """The same file with other tensors."""

    def crafted(data, path):
        arrays = load_file(path)
        change(arrays)
        save_file(arrays, path, metadata=header_of(data)["__metadata__"])

    return crafted


def first_epoch(**change):
    """The same file with a history of one epoch, changed."""
    return fact("history", [{**RECORD, **change}])


def text_twice(before, more):
    """The same file with more text behind some of its header's."""

    def crafted(data):
        header = data[8 : 8 + int.from_bytes(data[:8], "little")]
        assert header.count(before) == 1
        longer = header.replace(before, before + more)
        return len(longer).to_bytes(8, "little") + longer + data[8 + len(header) :]

    return crafted


CLASSES = list("abcdefghij")
CRAFTED = {
    "empty": (lambda data: b"", "safetensors file"),
    "text": (lambda data: b"hello, this is not a model at all", "safetensors file"),
    "a pickle": (lambda data: pickle.dumps({"W1": [1]}), "safetensors file"),
    "cut in the header": (lambda data: data[:50], "safetensors file"),
    "cut in the data": (lambda data: data[:-1], "safetensors file"),
    "bytes behind the end": (lambda data: data + b"\0", "safetensors file"),
    "a huge header": (lambda data: (1 << 60).to_bytes(8, "little") + data[8:], "header is damaged"),
    "header beyond ours": (lambda data: (1 << 23).to_bytes(8, "little") + b" " * (1 << 23), "header is damaged"),
    "no metadata": (lambda data: with_header(data, lambda h: h.pop("__metadata__")), "not a handgrad model"),
    "metadata that is not JSON": (lambda data: with_header(data, lambda h: h["__metadata__"].__setitem__("bias", "{")), "damaged"),
    "a newer format": (fact("format_version", 2), "format version 2 is newer than 1; update handgrad"),
    "format version 0": (fact("format_version", 0), "metadata has no format version"),
    "format version as text": (fact("format_version", "1"), "metadata has no format version"),
    "an unknown activation": (fact("activation", "swish"), "its recipe says"),
    "activation as a list": (fact("activation", ["relu"]), "its recipe says"),
    "an unknown loss": (fact("loss", "hinge"), "its recipe says"),
    "bias as a number": (fact("bias", 1), "bias to be bool"),
    "too few classes": (fact("classes", [0, 1]), "expected 10 different classes"),
    "a class twice": (fact("classes", [0, 1, 2, 3, 4, 5, 6, 7, 8, 8]), "expected 10 different classes"),
    "classes as lists": (fact("classes", [[0]] * 10), "classes to be integers or strings"),
    "another image shape": (fact("image_shape", [27, 28]), "W1 has 784 columns but images are 27 x 28"),
    "image shape with a zero": (fact("image_shape", [0, 784]), "image_shape positive"),
    "image shape that overflows": (fact("image_shape", [2**62, 2**62]), "784 columns but images are"),
    "another scaling": (fact("pixel_scaling", {"divide_by": 1}), "expected pixel_scaling divide_by 255"),
    "no scaling": (fact("pixel_scaling", None), "expected pixel_scaling"),
    "a recipe that is none": (fact("recipe", {"name": "x", "hidden": 3}), "expected a recipe with exactly"),
    "a recipe with nonsense": (fact("recipe", {**Recipe().to_dict(), "name": "x", "hidden": -1}), "hidden to be a whole number"),
    "a recipe as a list": (fact("recipe", [1]), "recipe to be dict"),
    "a recipe's name as a list": (fact("recipe", {**Recipe(hidden=12).to_dict(), "name": []}), "name to be str"),
    "a recipe of another network": (fact("recipe", {**Recipe(hidden=13).to_dict(), "name": "x"}), "its recipe says"),
    "an unknown activation without a recipe": (lambda data: fact("activation", "swish")(fact("recipe", None)(data)), "activation to be one of relu"),
    "an unknown loss without a recipe": (lambda data: fact("loss", "hinge")(fact("recipe", None)(data)), "loss to be l2 or cross_entropy"),
    "W1 flat without a recipe": (lambda data: with_header(fact("recipe", None)(data), lambda h: h["W1"].update(shape=[9408])), r"expected W1 \(H, D\)"),
    "a negative seed": (fact("seed", -1), "seed to be 0 or more"),
    "seed as text": (fact("seed", "x"), "seed to be int"),
    "checksum as a number": (fact("data_checksum", 3), "data_checksum to be str"),
    "accuracy beyond 1": (fact("accuracy", {"test": 1.5}), "accuracy to be shares from 0 to 1"),
    "accuracy as text": (fact("accuracy", {"test": "x"}), "accuracy to be shares from 0 to 1"),
    "history of numbers": (fact("history", [1, 2]), "each record of history to have"),
    "the state of a run as a list": (fact("run", []), "the state of the run is damaged"),
    "history as text": (fact("history", "x"), "history to be list"),
    "accuracy as a list": (fact("accuracy", []), "accuracy to be dict"),
    "a calibration as a list": (fact("calibration", [1]), "a calibration with exactly temperature, threshold"),
    "a calibration of nothing": (fact("calibration", None), "a calibration with exactly"),
    "a calibration that lacks something": (fact("calibration", {"temperature": 1.0}), "a calibration with exactly"),
    "a calibration with more": (fact("calibration", CALIBRATION.to_dict() | {"bins": 15}), "a calibration with exactly"),
    "a calibration that freezes": (fact("calibration", CALIBRATION.to_dict() | {"temperature": 0.0}), "the calibration's temperature to be a number from 0.05 to 20; got 0.0"),
    "a temperature that is none": (fact("calibration", CALIBRATION.to_dict() | {"temperature": float("nan")}), "temperature to be a number from 0.05 to 20; got nan"),
    "a temperature as text": (fact("calibration", CALIBRATION.to_dict() | {"temperature": "1"}), "temperature to be a number"),
    "a threshold beyond 1": (fact("calibration", CALIBRATION.to_dict() | {"threshold": 1.1}), "threshold to be a number from 0 to 1; got 1.1"),
    "a threshold as true": (fact("calibration", CALIBRATION.to_dict() | {"threshold": True}), "threshold to be a number"),
    "more mistakes than images": (fact("calibration", CALIBRATION.to_dict() | {"mistakes": 5001}), "at most 5000 mistakes"),
    "half an image": (fact("calibration", CALIBRATION.to_dict() | {"images": 0.5}), "images and mistakes to be whole numbers"),
    "a calibration by hearsay": (fact("calibration", CALIBRATION.to_dict() | {"source": "hearsay"}), "source to be validation or given"),
    "storage that is not there": (fact("storage", "float16"), "expected W1 as float16; got float32"),
    "storage unheard of": (fact("storage", "int8"), "storage as one of float32, float16; got 'int8'"),
    "storage as a number": (fact("storage", 16), "storage to be str"),
    "storage not said": (tensors(lambda t: t.update({name: p.astype(np.float16) for name, p in t.items()})), "expected W1 as float32; got float16"),
    "storage of one tensor": (tensors(lambda t: t.update(W2=t["W2"].astype(np.float16))), "expected W2 as float32; got float16"),
    "biases off but not zero": (tensors(lambda t: t["b1"].fill(1)), ""),
    "a tensor missing": (tensors(lambda t: t.pop("b2")), "expected the tensors W1, b1, W2, b2; got W1, W2, b1"),
    "a tensor more": (tensors(lambda t: t.update(W3=np.zeros(3, np.float32))), "got W1, W2, W3, b1, b2"),
    "a run's tensor without a run": (tensors(lambda t: t.update({"run.W1": np.zeros(3, np.float32)})), "expected the tensors"),
    "float64": (tensors(lambda t: t.update(W1=t["W1"].astype(np.float64))), "expected float16 or float32 tensors; got F64"),
    "integers": (tensors(lambda t: t.update(b1=np.zeros(12, np.int32))), "float32 tensors; got I32"),
    "H that disagrees": (tensors(lambda t: t.update(W2=t["W2"][:, :11].copy())), "W2 has 11 columns but W1 has 12 rows"),
    "a bias too long": (tensors(lambda t: t.update(b1=np.zeros(13, np.float32))), r"b1 of shape \(12,\); got \(13,\)"),
    "W1 flat": (tensors(lambda t: t.update(W1=t["W1"].ravel())), "its recipe says"),
    "a loss that is none": (first_epoch(loss=float("nan")), "expected loss of a record of history as a number; got nan"),
    "a loss without end": (first_epoch(loss=float("inf")), "loss of a record of history as a number; got inf"),
    "a loss as text": (first_epoch(loss="x"), "loss of a record of history as a number; got 'x'"),
    "a loss beyond floats": (first_epoch(loss=10**400), "loss of a record of history as a number; got 1000"),
    "no loss": (first_epoch(loss=None), "loss of a record of history as a number; got None"),
    "an epoch as a list": (first_epoch(epoch=[1]), r"epoch of a record of history as a number; got \[1\]"),
    "an epoch as a table": (first_epoch(epoch={}), "epoch of a record of history as a number; got {}"),
    "epoch 0": (first_epoch(epoch=0), "epoch of a record of history as a number; got 0"),
    "an accuracy of an epoch beyond 1": (first_epoch(validation_accuracy=2.0), "validation_accuracy of a record"),
    "an accuracy of an epoch as text": (first_epoch(train_accuracy="x"), "train_accuracy of a record"),
    "an accuracy of an epoch as true": (first_epoch(train_accuracy=True), "train_accuracy of a record"),
    "what an epoch remembers as a list": (first_epoch(memory=[1]), r"memory of a record of history as a number; got \[1\]"),
    "a class that a terminal obeys": (fact("classes", ["\x1b]0;owned\x07", *CLASSES[1:]]), r"each class as a text of at most 100 characters, without control characters; got '\\x1b\]0;"),
    "a class of half a character": (fact("classes", ["\ud800", *CLASSES[1:]]), r"each class .* got '\\ud800'"),
    "a class of two lines": (fact("classes", ["a\nall right: 100 %", *CLASSES[1:]]), "each class as a text"),
    "a class that turns what follows": (fact("classes", ["\u202eabc", *CLASSES[1:]]), "each class as a text"),
    "a class of megabytes": (fact("classes", ["x" * 3_900_000, *CLASSES[1:]]), "each class as a text of at most 100"),
    "a class beyond 64 bits": (fact("classes", [10**4000, *range(1, 10)]), "expected classes within 64 bits"),
    "a recipe's name that a terminal obeys": (fact("recipe", {**Recipe(hidden=12).to_dict(), "name": "\x1b[2J"}), "expected recipe_name as a text"),
    "a version that a terminal obeys": (fact("handgrad_version", "\x1b[2J"), "expected handgrad_version as a text"),
    "a checksum of a megabyte": (fact("data_checksum", "x" * 1_000_000), "expected data_checksum as a text"),
    "an accuracy of two lines": (fact("accuracy", {"a\nb": 0.5}), "expected each name of an accuracy as a text"),
    "a fact that nobody knows, of a megabyte": (fact("more", ["x" * 1_000_000]), "each text of the metadata as a text of at most 500"),
    "the random state as infinity": (fact("run", {"rng_state": [1e999]}), "expected finite numbers in the metadata; got inf"),
    "a seed beyond all seeds": (fact("seed", 10**4000), "expected whole numbers below 10"),
    "a hundred thousand sides": (fact("image_shape", [1] * 100_000 + [784]), "images of at most 8 sides; got 100001"),
    "a scaling of a megabyte": (fact("pixel_scaling", "x" * 1_000_000), "expected pixel_scaling divide_by 255; got xxx"),
    "a key twice in the header": (text_twice(b'"shape":[12,784]', b',"shape":[12,784]'), "the key 'shape' stands twice"),
    "a key twice in the metadata": (text_twice(rb'"accuracy":"{', rb'\"test\": 0.5, '), "the key 'test' stands twice"),
    "no pixels": (tensors(lambda t: t.update(W1=np.zeros((12, 0), np.float32))), "expected W1"),
    "NaN": (tensors(lambda t: t["W1"].__setitem__((3, 5), np.nan)), "W1 holds values that are not finite"),
    "infinity": (tensors(lambda t: t["b2"].__setitem__(3, np.inf)), "b2 holds values that are not finite"),
}  # fmt: skip


@pytest.mark.parametrize("what", CRAFTED)
def test_a_bad_file_is_one_line_that_names_it(what, saved):
    craft, message = CRAFTED[what]
    data = saved.read_bytes()
    if what == "biases off but not zero":
        tensors(lambda t: t["b1"].fill(1))(data, saved)
        saved.write_bytes(fact("bias", False)(saved.read_bytes()))
        message = "biases are off, but b1 or b2 is not zero"
    elif craft.__code__.co_argcount == 2:
        craft(data, saved)
    else:
        saved.write_bytes(craft(data))
    with pytest.raises(ModelFileError, match=message) as caught:
        model_file.load(saved)
    assert str(saved) in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) <= 600


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(ModelFileError, match="no such model file"):
            model_file.load(path)


@pytest.mark.parametrize("storage", ["float32", "float16"])
def test_mutants_raise_nothing_but_model_file_errors(storage, tmp_path, rng, figure):
    path = tmp_path / "m"
    facts = {"recipe": Recipe(hidden=3), "history": [RECORD], "calibration": CALIBRATION, "storage": storage}
    model_file.save(path, random_model(rng, 6, 3, 2, recipe_name="x", **facts))
    whole, refused = path.read_bytes(), 0
    header = 8 + int.from_bytes(whole[:8], "little")
    for _ in range(2_000):  # tools/stress throws 20,000
        path.write_bytes(spoilt(whole, rng, header))
        try:
            model_file.load(path)
        except ModelFileError:
            refused += 1
    assert refused > 1500
    figure(f"2,000 mutated model files, {storage}", f"{refused} refused, no other exception")


def test_mutated_calibrations_raise_nothing_but_model_file_errors(saved, rng):
    """Digits, signs and words of the calibration's own text, where its values are."""
    model_file.save(saved, replace(model_file.load(saved), calibration=CALIBRATION))
    whole = saved.read_bytes()
    text, loaded = json.dumps(CALIBRATION.to_dict()), 0
    for _ in range(3000):
        mutant = list(text)
        for _ in range(rng.integers(1, 4)):
            at = int(rng.integers(0, len(mutant)))
            mutant[at : at + int(rng.integers(0, 2))] = str(rng.choice(list('0123456789.-+eE"{}[]:, ntNI')))
        saved.write_bytes(
            with_header(whole, lambda h, mutant=mutant: h["__metadata__"].update(calibration="".join(mutant)))
        )
        try:
            back = model_file.load(saved)
        except ModelFileError:
            pass
        else:
            p, loaded = back.confidence(np.full((1, 10), 0.3, np.float32)), loaded + 1
            assert 0 < p[0] < 1
    assert 50 < loaded < 2000


def test_nothing_that_is_not_finite_or_contradicts_itself_is_saved(saved, rng):
    before = saved.read_bytes()
    model = random_model(rng)
    model.params.W1[0, 0] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        model_file.save(saved, model)
    with pytest.raises(ValueError, match="both must be the number of hidden units"):
        Model(model.params._replace(W2=np.zeros((10, 5))))
    assert saved.read_bytes() == before


def test_the_state_of_a_run_travels_with_the_model(tmp_path, rng):
    path, model = tmp_path / "m", random_model(rng)
    state = RunState(
        {"W1": rng.normal(size=(12, 784)).astype(np.float32)}, {"epoch": 2, "rng_state": {"state": 2**127}}
    )
    model_file.save(path, model, state)
    back, run = model_file.load_run(path)
    np.testing.assert_array_equal(run.tensors["W1"], state.tensors["W1"])
    assert run.facts == state.facts
    np.testing.assert_array_equal(back.params.W1, model.params.W1)
    model_file.save(path, model)
    assert model_file.load_run(path)[1] is None


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_one_line(tmp_path, rng):
    tmp_path.chmod(0o500)
    with pytest.raises(ModelFileError, match="cannot be written: Permission denied"):
        model_file.save(tmp_path / "m", random_model(rng))


def test_a_full_disk_leaves_the_old_file(saved, rng, monkeypatch):
    before = saved.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ModelFileError, match="cannot be written: No space left on device"):
        model_file.save(saved, random_model(rng))
    assert saved.read_bytes() == before
    assert [entry.name for entry in saved.parent.iterdir()] == [saved.name]


def test_a_missing_folder_is_one_line(tmp_path, rng):
    with pytest.raises(ModelFileError, match="cannot be written: No such file or directory"):
        model_file.save(tmp_path / "none" / "m", random_model(rng))


KILLER = """
import random, sys
from faults.savers import killed_while_saving
from handgrad import model_file
random.seed(0)
for _ in range(500):
    killed_while_saving(sys.argv[1], random.uniform(0, 0.012))
    print(model_file.load(sys.argv[1]).seed)
"""


def test_killed_while_saving_the_file_is_always_whole(tmp_path, rng, figure):
    """SIGKILL at 500 random moments of a process that saves without pause; after each the file loads."""
    path = tmp_path / "m"
    model_file.save(path, random_model(rng, H=64, seed=1))
    killer = [sys.executable, "-c", KILLER, path]
    here = os.environ | {"PYTHONPATH": os.path.dirname(__file__)}
    seeds = subprocess.run(killer, check=True, capture_output=True, text=True, env=here).stdout.split()
    assert len(seeds) == 500
    assert set(seeds) == {"1", "2"}
    figure("files whole after SIGKILL while saving", "500 of 500")


def test_readers_never_see_a_torn_file(tmp_path, rng):
    """Four processes read while one saves: a thousand loads in all, each of a whole model."""
    path = tmp_path / "m"
    model_file.save(path, random_model(rng, H=64, seed=1))
    saver = subprocess.Popen([sys.executable, "-c", SAVER + "save_for_ever(sys.argv[1])", path])
    reader = "import sys; from handgrad import model_file\nfor _ in range(250): assert model_file.load(sys.argv[1]).hidden == 64"
    readers = [subprocess.Popen([sys.executable, "-c", reader, path]) for _ in range(4)]
    assert [process.wait() for process in readers] == [0] * 4
    assert saver.poll() is None  # it was still saving when the last reader was done
    saver.kill()
    saver.wait()
