"""Exports: each form answers as the model does, in the program that it is for."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import onnx as onnx_library
import onnxruntime
import pytest
import torch as pytorch
from huggingface_hub import ModelCard
from torch import nn

import handgrad
from handgrad import model_file, network
from handgrad.calibration import Calibration
from handgrad.errors import HandgradError, MissingExtraError, ModelFileError
from handgrad.exports import c, hub, onnx, torch
from handgrad.exports.int8 import quantised
from handgrad.layers import ACTIVATIONS, sigmoid_forward
from handgrad.losses import log_softmax
from handgrad.model import Model

FITTED = Calibration(1.4, 0.98, 0.999, 0.9, 5000, 50)
LABELS = ("b\N{LATIN SMALL LETTER U WITH DIAERESIS}", '"\\', "what??=", "*/", 7)  # of people's own data
LAYERS = {"relu": nn.ReLU(), "leaky_relu": nn.LeakyReLU(0.01), "tanh": nn.Tanh(), "sigmoid": nn.Sigmoid(), "none": nn.Identity()}  # fmt: skip
MAIN = """
#include <stdio.h>
#include "model.h"
int main(void)
{
    static uint8_t image[HANDGRAD_PIXELS];
    float scores[HANDGRAD_CLASSES];
    while (fread(image, 1, sizeof image, stdin) == sizeof image) {
        const int place = handgrad_predict(image);
        if (handgrad_scores(image, scores) != place) return 1;
        fwrite(&place, sizeof place, 1, stdout);
        fwrite(scores, sizeof scores, 1, stdout);
    }
    return puts(handgrad_class(LAST)) < 0;
}
"""


def a_model(activation="relu", loss="l2", shape=(28, 28), classes=(), bias=True, calibration=None):
    """A network of random parameters whose outputs go from 0 to 1."""
    rng, C = np.random.default_rng(len(activation)), len(classes) or 10
    params = network.init_params(int(np.prod(shape)), 20, C, rng, bias, np.float32)
    params = params._replace(W2=3 * params.W2)
    if bias:
        params = params._replace(b1=rng.normal(0, 0.3, 20), b2=rng.normal(0, 0.5, C))
    return Model(params, activation, loss, classes, shape, calibration=calibration)


MODELS = [
    *(a_model(activation, loss) for activation in ACTIVATIONS for loss in ("l2", "cross_entropy")),
    a_model("relu", "l2", (5, 3), LABELS, bias=False, calibration=FITTED),
    a_model("tanh", "cross_entropy", (7,), LABELS, calibration=FITTED),
]


def images_for(model, N=1000):
    images = np.random.default_rng(1).integers(0, 256, (N, *model.image_shape), np.uint8)
    images[:4] = np.array([0, 255, 0, 255]).reshape(4, *(1 for _ in model.image_shape))  # paper
    return images


@pytest.fixture(scope="module")
def trained(mnist):
    (images, labels), _ = mnist
    return handgrad.fit(images, labels, hidden=64, epochs=2)


# ONNX


def asked(data, images):
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return session.run(["scores", "confidence"], {"images": images})


def exact_confidence(model, images):
    """Of outputs in float64: in float32 those near 1 are rounded, and the confidence depends on 1 - y."""
    W1, b1, W2, b2 = (0 if p is None else p.astype(np.float64) for p in model.params)
    x = images.reshape(len(images), -1) / 255
    z = ACTIVATIONS[model.activation][0](x @ W1.T + b1) @ W2.T + b2
    y = np.exp(log_softmax(z)) if model.loss == "cross_entropy" else sigmoid_forward(z)
    return model.confidence(y)


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_onnxruntime_answers_as_the_model(model):
    data, images = onnx.as_bytes(model), images_for(model)
    for N in (0, 1, 1000):
        scores, confidence = asked(data, images[:N])
        assert (scores.shape, confidence.shape) == ((N, len(model.classes)), (N,))
        assert (scores.dtype, confidence.dtype) == (np.float32, np.float32)
        if N:
            np.testing.assert_allclose(scores, model.scores(images[:N]), rtol=0, atol=1e-5)
            np.testing.assert_allclose(confidence, exact_confidence(model, images[:N]), rtol=0, atol=1e-5)
    assert (confidence[:4] == 0).all(), "of a blank image"
    assert (confidence[4:] > 0).all()


def test_onnx_of_a_trained_network(trained, mnist, figure):
    _, (images, labels) = mnist
    assert trained.calibration is not None
    scores, confidence = asked(onnx.as_bytes(trained), images[:1000])
    ours = trained.scores(images[:1000])
    np.testing.assert_allclose(scores, ours, rtol=0, atol=1e-5)
    np.testing.assert_allclose(confidence, exact_confidence(trained, images[:1000]), rtol=0, atol=1e-5)
    np.testing.assert_allclose(confidence, trained.confidence(ours), rtol=0, atol=1e-4)
    assert ((confidence < trained.calibration.threshold) == trained.doubtful(ours)).all()
    figure("onnxruntime against us, outputs", f"{np.abs(scores - ours).max():.1e}")
    assert (scores.argmax(axis=1) == labels[:1000]).mean() > 0.9


def test_an_onnx_file_says_what_it_is():
    model = replace(MODELS[-1], accuracy={"test": 0.5})
    read = onnx_library.load_from_string(onnx.as_bytes(model))
    assert (read.ir_version, [(one.domain, one.version) for one in read.opset_import]) == (8, [("", 17)])
    facts = {entry.key: json.loads(entry.value) for entry in read.metadata_props}
    assert facts == {
        "classes": list(LABELS), "threshold": 0.98, "activation": "tanh", "loss": "cross_entropy",
        "accuracy": {"test": 0.5}, "handgrad_version": handgrad.__version__,
    }  # fmt: skip
    (images,) = read.graph.input
    assert images.type.tensor_type.elem_type == onnx_library.TensorProto.UINT8
    assert [side.dim_param or side.dim_value for side in images.type.tensor_type.shape.dim] == ["N", 7]
    assert onnx.as_bytes(model) == onnx.as_bytes(model)


# PyTorch


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_pytorch_takes_the_state_dict_and_it_comes_back(model, tmp_path):
    torch.save(tmp_path / "m.pt", model)
    D, H, C = model.pixels, model.hidden, len(model.classes)
    outputs = nn.Softmax(dim=1) if model.loss == "cross_entropy" else nn.Sigmoid()
    net = nn.Sequential(nn.Linear(D, H, model.bias), LAYERS[model.activation], nn.Linear(H, C, model.bias), outputs)  # fmt: skip
    state = pytorch.load(tmp_path / "m.pt", weights_only=True)
    assert list(state) == list(net.state_dict())
    net.load_state_dict(state, strict=True)
    images = images_for(model)
    with pytorch.inference_mode():
        theirs = net(pytorch.tensor(images).reshape(-1, D) / 255).numpy()
    np.testing.assert_allclose(theirs, model.scores(images), rtol=0, atol=1e-5)
    back = torch.load(tmp_path / "m.pt")
    for name in ("activation", "loss", "classes", "image_shape", "calibration", "accuracy", "bias"):
        assert getattr(back, name) == getattr(model, name), name
    assert (back.scores(images) == model.scores(images)).all()


def test_a_state_dict_of_others_becomes_a_model(tmp_path):
    class Theirs(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1, self.fc2 = nn.Linear(6, 4), nn.Linear(4, 3, bias=False)

    theirs = Theirs().double()
    pytorch.save(theirs.state_dict(), tmp_path / "theirs.pt")
    model = torch.load(tmp_path / "theirs.pt", "tanh", "cross_entropy", ("a", "b", "c"), (2, 3))
    x = np.random.default_rng(0).random((5, 6), np.float32)
    with pytorch.inference_mode():
        z = theirs.fc2(pytorch.tanh(theirs.fc1(pytorch.tensor(x).double())))
    np.testing.assert_allclose(model.scores(x), pytorch.softmax(z, dim=1).numpy(), atol=1e-6)
    assert model.classes == ("a", "b", "c")


def test_what_is_not_a_state_dict_of_two_layers_is_refused_in_one_line(tmp_path):
    path = tmp_path / "x.pt"
    torch.save(path, MODELS[0])
    whole, marked = path.read_bytes(), pytorch.load(path, weights_only=True)
    marked._metadata["handgrad"] = '{"activation": "relu"}'
    three = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2)).state_dict()
    written = [
        nn.Linear(2, 3),
        nn.Linear(2, 3).state_dict(),
        three,
        pytorch.zeros(3),
        {"0.weight": "x"},
        marked,
    ]
    for content in (b"", b"Dear Ann,", whole[:300], whole[:-300], *written):
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            pytorch.save(content, path)
        with pytest.raises(ModelFileError) as told:
            torch.load(path)
        assert str(told.value).startswith(f"{path}: ")
        assert "\n" not in str(told.value)
        if content in written[1:3]:
            assert "expected a weight and perhaps a bias of each of two linear layers; got " in str(
                told.value
            )
    with pytest.raises(ModelFileError, match="cannot be read: No such file"):
        torch.load(tmp_path / "none.pt")


# C


def compiled_answers(model, images, folder):
    """What the C program answers: places (N,), outputs (N, C), and the label of its last class."""
    c.save(folder / "model.h", model)
    (folder / "main.c").write_text(MAIN.replace("LAST", str(len(model.classes) - 1)))
    flags = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O1", "-ffp-contract=off"]
    subprocess.run(["gcc", *flags, "main.c", "-o", "answers", "-lm"], cwd=folder, check=True)
    out = subprocess.run([folder / "answers"], input=images.tobytes(), capture_output=True, check=True).stdout
    record = np.dtype([("place", np.int32), ("scores", np.float32, len(model.classes))])
    answers = np.frombuffer(out[: len(images) * record.itemsize], record)
    return answers["place"], answers["scores"], out[answers.nbytes :].decode().removesuffix("\n")


@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")
@pytest.mark.parametrize("model", [*MODELS[1:9:2], *MODELS[-2:]], ids=repr)
def test_the_c_program_answers_as_its_emulation(model, tmp_path):
    images = images_for(model)
    places, scores, last = compiled_answers(model, images, tmp_path)
    ours = quantised(model)
    np.testing.assert_allclose(scores, ours.scores(images), rtol=0, atol=2e-6)
    assert (places == ours.z(images).argmax(axis=1)).all()
    assert last == str(model.classes[-1])


@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")
def test_64_units_in_c_take_51_kb_and_read_as_well(trained, mnist, tmp_path, figure):
    _, (images, labels) = mnist
    places, scores, _ = compiled_answers(trained, images, tmp_path)
    small = quantised(trained)
    assert small.bytes == 784 * 64 + 64 * 10 + 4 * (64 + 64 + 10 + 10) == 51_408
    assert (places == small.scores(images).argmax(axis=1)).all()
    np.testing.assert_allclose(scores, small.scores(images), rtol=0, atol=1e-6)
    exact, quantised_too = (trained.predict(images) == labels).mean(), (places == labels).mean()
    assert abs(exact - quantised_too) < 0.005
    figure("accuracy of 64 units in C, and before", f"{quantised_too:.4f}, {exact:.4f}")


def test_a_row_of_zeros_and_the_largest_weights_keep_their_values():
    model = a_model()
    W1 = model.params.W1.copy()
    W1[0] = 0
    small = quantised(Model(model.params._replace(W1=W1)))
    assert not small.W1[0].any()
    assert (np.abs(small.W1[1:]).max(axis=1) == 127).all()
    np.testing.assert_allclose(small.W1 * small.scale1[:, None] * 255, W1, atol=np.abs(W1).max() / 250)


# A model hub


def test_the_card_is_valid_and_its_code_answers(trained, mnist, tmp_path, monkeypatch):
    _, (images, labels) = mnist
    known = hub.save(tmp_path / "my digits", trained, "apache-2.0")
    assert sorted(os.listdir(tmp_path / "my digits")) == ["README.md", "model.safetensors"]
    facts = ModelCard.load(tmp_path / "my digits" / "README.md").data
    (result,) = facts.eval_results
    assert (facts.license, facts.library_name, result.dataset_name) == ("apache-2.0", "handgrad", "MNIST")
    right = (trained.predict(images) == labels).mean()
    assert known.accuracy == result.metric_value == right
    text = (tmp_path / "my digits" / "README.md").read_text("utf-8")
    assert f"{100 * right:.2f} % on MNIST's test images (10,000 images)" in text
    ran(text, tmp_path / "my digits", trained, images[:100], monkeypatch)


def ran(text, folder, model, images, monkeypatch):
    """Both programs of a card give the model's outputs."""
    monkeypatch.chdir(folder)
    programs = re.findall(r"```python\n(.*?)```", text, re.S)
    assert len(programs) == 2
    for program in programs:
        names = {"images": images}
        exec(program, names)
        np.testing.assert_allclose(names["scores"], model.scores(images), atol=1e-5)


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_the_card_of_any_model_tells_what_is_known(model, tmp_path, monkeypatch):
    model = replace(model, accuracy={"validation": 0.75}, held_back=500, loss=model.loss)
    hub.save(tmp_path, model)
    card = ModelCard.load(tmp_path / "README.md")
    (result,) = card.data.eval_results
    assert (card.data.license, result.metric_value, result.dataset_type) == ("mit", 0.75, "custom")
    assert "75.00 % on the images that its run held back (500 images)" in card.text
    ran(card.content, tmp_path, model, images_for(model, 50)[4:], monkeypatch)
    hub.save(tmp_path, replace(model, accuracy={}))
    assert "not measured" in (tmp_path / "README.md").read_text("utf-8")


# All of them


def test_one_command_writes_every_form(run, trained, tmp_path):
    model_file.save(tmp_path / "m.safetensors", trained)
    forms = {"onnx": "m.onnx", "torch": "m.pt", "c": "m.h", "hub": "hub"}
    words = [word for form, name in forms.items() for word in (f"--{form}", tmp_path / name)]
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / ".gitattributes").write_text("theirs")
    code, out, _ = run("export", tmp_path / "m.safetensors", *words, "--json")
    assert code == 0
    told = {os.path.basename(one["path"]): one for one in json.loads(out)["written"]}
    assert set(told) == set(forms.values())
    assert told["m.h"]["constants"] == 51_408
    assert abs(told["m.h"]["accuracy"] - told["m.h"]["accuracy_before"]) < 0.005
    assert told["hub"]["accuracy"] == told["m.h"]["accuracy_before"]
    assert (tmp_path / "hub" / ".gitattributes").read_text() == "theirs"
    code, out, err = run(
        "export", tmp_path / "m.safetensors", *words, "--quiet"
    )  # its own files are replaced
    assert (code, err) == (0, "")
    assert re.search(r"m\.h: 1\d\d\.\d kB|m\.h: 0\.\d MB, 51\.4 kB of constants in the program, 9\d\.\d\d % of MNIST's", out)  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), 2, "expected at least one of --page, --site, --onnx, --torch, --c, --hub; got none"),
        (("--onnx", "x", "--c", "./x"), 2, "got the same place twice"),
        (("--hub", "x", "--license", "My Own"), 1, "expected an identifier of a license"),
        (("m.onnx", "--onnx", "m.onnx"), 1, "m.onnx: is the file to read"),
        (("none", "--onnx", "y"), 1, "none: no such model file"),
    ],
)
def test_wrong_usage_is_one_line(words, code, told, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.onnx").write_bytes(b"")
    got, out, err = run("export", *words)
    assert (got, out, err.count("\n")) == (code, "", 1)
    assert told in err


def test_a_missing_library_is_named(monkeypatch, tmp_path):
    for module, name in ((onnx, "onnx"), (torch, "torch")):
        monkeypatch.setattr(module, "find_spec", lambda name: None)
        with pytest.raises(MissingExtraError, match=rf"pip install 'handgrad\[{name}\]'"):
            module.save(tmp_path / "x", MODELS[0])


def test_an_activation_of_ones_own_has_no_form(tmp_path):
    own = replace(MODELS[0], activation=(np.cos, lambda grad_h, a: -np.sin(a) * grad_h, "a"))
    for module in (onnx, torch, c, hub):
        with pytest.raises(HandgradError, match="expected an activation that has a name"):
            module.save(tmp_path / module.__name__, own)
