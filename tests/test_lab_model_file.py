"""Model files both ways: the page reads what Python wrote, Python reads what the page wrote, byte for byte."""

import struct
from base64 import b64decode, b64encode
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file

from handgrad import fit, model_file
from handgrad.lab import contents
from handgrad.model_file import RunState
from handgrad.network import Params
from handgrad.recipes import CHOICES, RECIPES, Distortion, Recipe
from test_model_file import CALIBRATION, CRAFTED, RECORD, fact, random_model, tensors, with_header

from lab_node import ask

# for each file: what the page reads in it and the file that it writes of that, or the message of its refusal
READ = """
async (files) => files.map((file) => {
  try {
    const network = load(new Uint8Array(Buffer.from(file, "base64")), "my file");
    const { W1, b1, W2, b2, ...sizes } = network.params;
    const tensors = [W1, b1, W2, b2].map((p) => p && Buffer.from(p.slice().buffer).toString("base64"));
    const { params: _, ...facts } = network;
    return { sizes, tensors, facts, saved: Buffer.from(save(network)).toString("base64") };
  } catch (error) {
    return { refused: error.message, kind: error.constructor.name };
  }
})
"""


def read(*files):
    return ask({"safetensors.js": "load, save"}, READ, [b64encode(file).decode() for file in files])


def expect_same(told, path, again):
    """The page has read what Python reads, and Python finds the same network in the page's file."""
    model = model_file.load(path)
    expected = {"H": model.hidden, "D": model.pixels, "C": len(model.classes)}
    assert told["sizes"] == expected
    for text, p in zip(told["tensors"], model.params, strict=True):
        assert text is None if p is None else b64decode(text) == p.tobytes()
    facts = told["facts"]
    assert facts["name"] == "my file"
    for name in ("activation", "loss", "bias"):
        assert facts[name] == getattr(model, name)
    assert tuple(facts["classes"]) == model.classes
    assert tuple(facts["image_shape"]) == model.image_shape
    assert facts["calibration"] == (None if model.calibration is None else model.calibration.to_dict())
    again.write_bytes(b64decode(told["saved"]))
    back = model_file.load(again)
    held_back = {} if model.calibration is None else {"held_back": model.held_back}
    model_file.save(path, replace(model, storage="float32", **held_back))
    for name, p, q in zip(Params._fields, model.params, back.params, strict=True):
        assert (p is None and q is None) or p.tobytes() == q.tobytes(), name
    for name in ("recipe", "recipe_name", "seed", "accuracy", "history", "data_checksum", "continued"):
        assert getattr(back, name) == getattr(model, name), name
    model_file.save(again.with_suffix(".python"), back)
    assert again.with_suffix(".python").read_bytes() == again.read_bytes()
    assert again.read_bytes() == path.read_bytes()


def test_sixty_random_models_go_through_the_page_byte_for_byte(tmp_path, rng):
    paths = []
    for i in range(60):
        D, H, C = (int(rng.integers(low, high)) for low, high in ((1, 40), (1, 20), (2, 12)))
        chosen = {name: str(rng.choice(CHOICES[name])) for name in ("activation", "loss")}
        bias = bool(i % 2)
        share = float(rng.choice([0.0, 1.0, rng.random(), 1e-5]))
        facts = {**chosen, "bias": bias, "accuracy": {"test": share, "validation": 1.0, "of Größe": 0.5}}
        records = [{**RECORD, "loss": float(rng.choice([2.0, 1e-7, 3.25e16, rng.random()]))}]
        facts |= {"seed": int(rng.integers(0, 2**62)) << int(rng.integers(0, 60)), "history": records}
        facts["data_checksum"] = None if i % 4 else "ab" * 32
        if i % 3 == 0:
            rates = {"learning_rate": int(rng.integers(1, 4)), "warmup": float(rng.random())}
            recipe = Recipe(**chosen, hidden=H, bias=bias, epochs=5, **rates, distortion=Distortion(shift=2))
            facts |= {"recipe": recipe, "recipe_name": 'naïve "one"', "continued": (2,)}
        if i % 5 == 0:
            facts |= {"calibration": replace(CALIBRATION, threshold=1.0, temperature=2.0)}
        if i % 7 == 0:
            facts["classes"] = tuple(["ä", "語", "\U0001f600", "$x$", *range(12)][:C])
        model = random_model(rng, D, H, C, storage="float16" if i % 4 == 0 else "float32", **facts)
        state = RunState({"W1": rng.normal(size=(H, D)).astype(np.float32)}, {"epoch": 2, "rng": 2**127})
        paths.append(tmp_path / f"{i}")
        model_file.save(paths[-1], model, state if i % 6 == 0 else None)
    for path, told in zip(paths, read(*(path.read_bytes() for path in paths)), strict=True):
        assert "refused" not in told, told
        expect_same(told, path, tmp_path / "again")


def test_the_networks_in_the_package_are_read_and_written(tmp_path):
    """In float16: every one of the 65,536 numbers of 16 bits that is finite, and both networks."""
    for name in ("best", "whole"):
        path = tmp_path / name
        path.write_bytes((contents.PACKAGE / "pretrained" / f"{name}.safetensors").read_bytes())
        (told,) = read(path.read_bytes())
        expect_same(told, path, tmp_path / "again")
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)].reshape(-1, 64)
    model = random_model(np.random.default_rng(0), 64, len(halves), 10, storage="float16")
    model.params.W1[:] = halves
    path = tmp_path / "halves"
    model_file.save(path, model)
    (told,) = read(path.read_bytes())
    assert b64decode(told["tensors"][0]) == halves.astype(np.float32).tobytes()
    assert b64decode(told["tensors"][0]) == load_file(path)["W1"].astype(np.float32).tobytes()


def test_a_run_half_way_and_one_that_is_done_are_read_and_written(tmp_path, mnist):
    (images, labels), _ = mnist
    recipe = replace(RECIPES["lesson"], hidden=8, epochs=2, optimizer="adam", learning_rate=0.01)
    path = tmp_path / "run"
    files = []

    def keep(_progress):
        files.append(path.read_bytes())

    fit(images[:600], labels[:600], recipe, out=path, on_epoch=keep)
    assert model_file.load_run(path)[1] is None
    path.write_bytes(files[0])
    assert model_file.load_run(path)[1] is not None
    for file in files:
        path.write_bytes(file)
        (told,) = read(file)
        expect_same(told, path, tmp_path / "again")


def test_a_network_made_in_the_page_is_read_and_saved_again_by_python(tmp_path):
    """With and without biases, with a recipe, from 64-bit numbers; whole numbers among the reals keep their point."""
    made = """
    async (choices) => choices.map(({ bias, Numbers }) => {
      const kind = { Float32Array, Float64Array }[Numbers];
      const numbers = (n) => kind.from({ length: n }, (_, i) => Math.sin(i + 1));
      const recipe = { name: null, hidden: 6, activation: "tanh", bias, init: "random", output_bias: "zero",
        loss: "cross_entropy", optimizer: "sgd", learning_rate: 1, schedule: "constant", warmup: 0, batch_size: 16,
        epochs: 2, distortion: null, averaging: 0 };
      const record = { epoch: 1, loss: 1, train_accuracy: 1, validation_accuracy: null };
      const params = { W1: numbers(24), b1: bias ? numbers(6) : null, W2: numbers(18),
        b2: bias ? numbers(3) : null, H: 6, D: 4, C: 3 };
      return Buffer.from(save({ params, activation: "tanh", loss: "cross_entropy", bias, classes: [0, "one", 2],
        image_shape: [2, 2], calibration: null, name: "mine",
        metadata: { recipe, seed: 7, history: [record], accuracy: { test: 1, validation: new Real(0) } },
      })).toString("base64");
    })
    """
    choices = [
        {"bias": bias, "Numbers": kind} for bias in (True, False) for kind in ("Float32Array", "Float64Array")
    ]
    for text, choice in zip(ask({"safetensors.js": "Real, save"}, made, choices), choices, strict=True):
        (tmp_path / "page").write_bytes(b64decode(text))
        model = model_file.load(tmp_path / "page")
        W1 = np.sin(np.arange(1, 25)).astype(np.float32).reshape(6, 4)
        np.testing.assert_array_equal(model.params.W1, W1)
        assert model.bias == choice["bias"]
        assert model.accuracy == {"test": 1.0, "validation": 0.0}
        assert (model.classes, model.seed, model.recipe.epochs) == ((0, "one", 2), 7, 2)
        model_file.save(tmp_path / "python", model)
        assert (tmp_path / "python").read_bytes() == (tmp_path / "page").read_bytes()


def test_what_was_changed_in_the_page_is_written_anew(tmp_path, rng):
    """Other parameters and another accuracy; what stayed, a seed of 100 bits among it, is as it was."""
    path = tmp_path / "m"
    model_file.save(path, random_model(rng, seed=2**99 + 1, accuracy={"test": 1.0}, history=[RECORD]))
    change = """
    async (file) => {
      const network = load(new Uint8Array(Buffer.from(file, "base64")));
      network.params.W1.fill(0.5);
      network.metadata.accuracy = { validation: 0.25 };
      return Buffer.from(save(network)).toString("base64");
    }
    """
    text = ask({"safetensors.js": "load, save"}, change, b64encode(path.read_bytes()).decode())
    before = model_file.load(path)
    path.write_bytes(b64decode(text))
    after = model_file.load(path)
    assert (after.params.W1 == 0.5).all()
    assert (after.seed, after.accuracy, after.history) == (2**99 + 1, {"validation": 0.25}, before.history)
    np.testing.assert_array_equal(after.params.W2, before.params.W2)


def test_parameters_that_are_not_finite_or_too_few_are_not_saved(rng):
    refuse = """
    async (values) => values.map((value) => {
      const params = { W1: Float64Array.from({ length: 4 }, () => value), b1: null, W2: new Float64Array(2), b2: null,
        H: 2, D: value === 7 ? 3 : 2, C: 1 };
      try { save({ params, activation: "relu", loss: "l2", bias: false, classes: [0], image_shape: [2],
        calibration: null, metadata: {}, name: "" }); return "saved"; } catch (error) { return error.message; }
    })
    """
    big, few, fine = ask({"safetensors.js": "save"}, refuse, [1e39, 7, 1])  # 1e39 is infinite in 32 bits
    assert big == "W1 holds infinity or NaN: such a network cannot be saved"
    assert few == "expected W1 with 6 numbers; got 4"
    assert fine == "saved"


# what concerns only who continues a run, with Python
ONLY_PYTHON = {
    *("the state of a run as a list", "the random state as infinity", "a key twice in the header"),
    *(
        "a key twice in the metadata",
        "a fact that nobody knows, of a megabyte",
        "what an epoch remembers as a list",
    ),
}


def test_files_that_python_refuses_the_page_refuses_in_one_line(tmp_path, rng):
    """Every bad file of Python's own tests: cut, too long, huge headers, wrong shapes and types, NaN, nonsense."""
    facts = {"recipe_name": "lesson", "recipe": Recipe(hidden=12), "seed": 3, "accuracy": {"test": 0.97}}
    path, bad = tmp_path / "m", {}
    for what, (craft, _) in CRAFTED.items():
        path.unlink(missing_ok=True)
        model_file.save(path, random_model(rng, **facts))
        data = path.read_bytes()
        if what == "biases off but not zero":
            tensors(lambda t: t["b1"].fill(1))(data, path)
            path.write_bytes(fact("bias", False)(path.read_bytes()))
        elif craft.__code__.co_argcount == 2:
            craft(data, path)
        else:
            path.write_bytes(craft(data))
        with pytest.raises(model_file.ModelFileError):
            model_file.load(path)
        bad[what] = path.read_bytes()
    told = dict(zip(bad, read(*bad.values()), strict=True))
    accepted = {what for what, each in told.items() if "refused" not in each}
    assert accepted <= ONLY_PYTHON, accepted
    for what, each in told.items():
        if "refused" in each:
            message = each["refused"]
            assert each["kind"] == "Error", (what, message)
            assert message.startswith("my file: "), what
            assert "\n" not in message, what
            assert 20 < len(message) < 250, message


@pytest.mark.parametrize("storage", ["float32", "float16"])
def test_five_thousand_mutants_are_refused_or_read_as_python_reads_them(storage, tmp_path, rng, figure):
    path = tmp_path / "m"
    facts = {"recipe": Recipe(hidden=3), "history": [RECORD], "calibration": CALIBRATION, "storage": storage}
    model_file.save(path, random_model(rng, 6, 3, 2, recipe_name="x", **facts))
    whole, mutants = path.read_bytes(), []
    header = 8 + int.from_bytes(whole[:8], "little")
    for _ in range(5000):
        mutant = bytearray(whole)
        for _ in range(rng.integers(1, 3)):
            at = int(rng.integers(0, header if rng.random() < 0.8 else len(whole)))
            match rng.choice(3, p=[0.8, 0.1, 0.1]):
                case 0:
                    mutant[at : at + 1] = rng.choice(list(b'0123456789.-e[]{},:"\0 W1b2')).tobytes()[:1]
                case 1:
                    del mutant[at : at + int(rng.integers(1, 9))]
                case _:
                    mutant[at:at] = rng.bytes(int(rng.integers(1, 9)))
        mutants.append(bytes(mutant))
    refused, read_by_both, page_alone = 0, 0, []
    for mutant, told in zip(mutants, read(*mutants), strict=True):
        path.write_bytes(mutant)
        try:
            model = model_file.load(path)
        except model_file.ModelFileError as error:
            model, why = None, str(error)
        if "refused" in told:
            assert told["kind"] == "Error", told
            assert told["refused"].startswith("my file: ")
            assert "\n" not in told["refused"]
            refused += 1
        elif model is None:
            page_alone.append(why)
        else:
            read_by_both += 1
            for text, p in zip(told["tensors"], model.params, strict=True):
                assert text is None if p is None else b64decode(text) == p.tobytes()
            assert told["facts"]["classes"] == list(model.classes)
            assert told["facts"]["calibration"] == (model.calibration and model.calibration.to_dict())
    figure(
        f"5,000 mutated model files in the page, {storage}",
        f"{refused} refused, {read_by_both} read as Python does, {len(page_alone)} read by the page alone",
    )
    assert refused > 3000
    assert read_by_both > 100
    assert page_alone == []


def test_tensors_that_share_bytes_are_refused_as_in_python(tmp_path, rng):
    path = tmp_path / "m"
    model_file.save(path, random_model(rng))
    path.write_bytes(with_header(path.read_bytes(), lambda h: h["b1"].update(data_offsets=[0, 48])))
    with pytest.raises(model_file.ModelFileError, match="not a safetensors file"):
        model_file.load(path)
    (told,) = read(path.read_bytes())
    assert told["refused"].endswith("(its tensors do not stand one behind the other)")


@pytest.mark.parametrize(
    ("once", "twice"),
    [
        ('"W1":', '"b1":'),  # of tensors
        ('"bias":"true"', '"bias":"true","bi\\u0061s":"true"'),  # of the metadata, in two spellings
        ('{\\"divide_by\\": 255.0}', '{\\"divide_by\\": 1.0, \\"divide_by\\": 255.0}'),  # within a fact
    ],
)
def test_a_key_that_stands_twice_is_refused_in_the_same_words(once, twice, tmp_path, rng):
    path = tmp_path / "m"
    model_file.save(path, random_model(rng))
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = data[8 : 8 + length].decode()
    assert header.count(once) == 1
    header = header.replace(once, twice).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + data[8 + length :])
    with pytest.raises(model_file.ModelFileError) as refused:
        model_file.load(path)
    (told,) = read(path.read_bytes())
    assert "stands twice)" in told["refused"]
    assert told["refused"].split(": ", 1)[1] == str(refused.value).split(": ", 1)[1]
