"""Data-parallel training, with real processes: equal to one process, one writes, and none is left behind."""

import json
import sys

import numpy as np
import pytest

from handgrad import digits, model_file, network, training
from handgrad.engines import engine
from handgrad.errors import DivergedError, HandgradError
from handgrad.network import map_params
from handgrad.recipes import Recipe

import ranks as processes
from alike import images_like_digits

TOGETHER = {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
EPOCHS, N, SIZE = 4, 201, 8  # 104 steps; the last batch of an epoch has one image, so some ranks have none
CASES = [  # engine, optimizer, activation, loss
    ("ink", "sgd", "relu", "l2"),
    ("ink", "adam", "leaky_relu", "cross_entropy"),
    ("ink", "nesterov", "sigmoid", "l2"),
    ("numpy", "momentum", "tanh", "cross_entropy"),
    ("numpy", "adam", "none", "l2"),
    ("torch", "momentum", "relu", "cross_entropy"),
]
WEIGHED = ("numpy", "adam")  # whose images count 0 to 3 times


def trained(name, optimizer, activation, loss, make=None):
    """Parameters, loss and accuracy after 104 steps in float64, by the reference or by an engine that is made."""
    rng = np.random.default_rng(3)
    images, labels = images_like_digits(rng, N, 70), rng.integers(0, 7, N)
    bias = optimizer != "momentum"
    params = network.init_params(70, 20, 7, rng, bias)
    recipe = Recipe(
        hidden=20, batch_size=SIZE, optimizer=optimizer, activation=activation, loss=loss, bias=bias
    )
    memory, batches = None, -(-N // SIZE)
    run_epoch, accuracy = (training.run_epoch, training.accuracy)
    if make is not None:
        run_epoch, accuracy = make.run_epoch, make.accuracy
        images, labels = (processes.put(array, name) for array in (images, labels))
        params = map_params(lambda p: processes.put(p, name), params)
    weights = rng.integers(0, 4, N).astype(float) if (name, optimizer) == WEIGHED else None
    for epoch in range(EPOCHS):
        order, rates = rng.permutation(N), np.full(batches, 0.02)
        params, memory, mean = run_epoch(
            params, images, labels, order, recipe, rates, memory, epoch * batches, weights
        )
    return [
        *map(np.asarray, (p for p in params if p is not None)),
        mean,
        accuracy(params, images, labels, activation),
    ]


def work(rank, folder):
    """What each process does: train, disagree, diverge, and be too many."""
    from handgrad.engines.ranks import joined

    found = {}
    with joined() as ranks:
        for case in CASES:
            found[case] = trained(*case, make=ranks.engine(engine(case[0], threads=1)))
        together = ranks.engine(engine("numpy"))
        found["agree"] = ranks.agree({"seed": 1, "recipe": Recipe().to_dict()})
        for name, fact in (("seed", rank), ("classes", (0, 1) if rank < ranks.size - 1 else (0, 2))):
            found[name] = said(lambda fact=fact, name=name: ranks.agree({"data": 1, name: fact}))
        images, labels = np.full((9, 4), 255, np.uint8), np.zeros(9, int)
        params = network.init_params(4, 2, 2, np.random.default_rng(0), dtype=np.float32)
        found["too many"] = said(
            lambda: together.run_epoch(
                params,
                images,
                labels,
                np.arange(9),
                Recipe(hidden=2, batch_size=ranks.size - 1 or 1),
                np.ones(9),
            )
        )
        rates = np.array([0.1, np.inf, 0.1])
        found["diverged"] = said(
            lambda: together.run_epoch(
                params, images, labels, np.arange(9), Recipe(hidden=2, batch_size=3), rates
            )
        )
    return found


def said(call):
    try:
        call()
    except (HandgradError, DivergedError) as error:
        return str(error)
    return None


@pytest.fixture(scope="module")
def references():
    return {case: trained(*case) for case in CASES}


@pytest.mark.parametrize("size", [1, 2, 3])
def test_equal_to_one_process_over_100_steps_in_float64(size, references, tmp_path, figure):
    each, worst = processes.run(size, work, tmp_path), 0.0
    for case in CASES:
        for mine in each:
            for ours, first in zip(mine[case], each[0][case], strict=True):
                np.testing.assert_array_equal(ours, first)
        for ours, theirs in zip(each[0][case], references[case], strict=True):
            worst = max(worst, float(np.abs(ours - theirs).max()))
            assert worst < 1e-10, case
    figure(f"{size} ranks against one process in float64, 104 steps, {len(CASES)} cases", f"{worst:.1e}")
    assert all("in epoch 1, batch 3" in mine["diverged"] for mine in each)
    assert all(mine["agree"] is None for mine in each)
    if size > 1:
        last = size - 1
        assert {mine["seed"] for mine in each} == {
            "expected the same seed in all processes; got: rank 0 has 0 and rank 1 has 1"
        }
        assert {mine["classes"] for mine in each} == {
            f"expected the same classes in all processes; got: rank 0 has (0, 1) and rank {last} has (0, 2)"
        }
        few = f"expected at most as many ranks as images in a batch, {last}; got {size} ranks"
        assert all(mine["too many"].startswith(few) for mine in each)


def commands(rank, files, folder):
    """Each process by the command line: a run, other images in the last one, and a kill in the third epoch."""
    words = [
        "train",
        "--hidden",
        8,
        "--epochs",
        5,
        "--batch-size",
        16,
        "--validation",
        20,
        "--engine",
        "numpy",
    ]
    own = folder / str(rank)
    own.mkdir()
    done = processes.command(*words, *files, "--json", "--out", own / "model.safetensors")
    processes.meet(1)
    others = [*files[:3], folder / "other-labels"] if rank else files
    disagreed = processes.command(*words, *others, "--out", own / "never.safetensors")
    processes.meet(2)
    if rank == 1:
        processes.killed_after(3)
    lost = processes.command(*words, *files, "--out", own / "lost.safetensors")
    return done, disagreed, lost, sorted(path.name for path in own.iterdir())


def resumed(rank, files, path):
    return processes.command("train", "--resume", path, *files, "--engine", "numpy", "--json")


@pytest.fixture
def files(mnist, tmp_path):
    (images, labels), _ = mnist
    for name, array in {
        "images": images[:200],
        "labels": labels[:200],
        "other-labels": labels[200:400],
    }.items():
        digits.write_idx(tmp_path / name, array.astype(np.uint8))
    return ["--images", tmp_path / "images", "--labels", tmp_path / "labels"]


def test_one_writes_and_speaks_and_none_outlives_another_and_any_number_goes_on(files, tmp_path, run):
    alone = tmp_path / "alone.safetensors"
    words = ["--hidden", 8, "--epochs", 5, "--batch-size", 16, "--validation", 20, "--engine", "numpy"]
    assert run("train", *words, *files, "--out", alone)[0] == 0
    first, second = processes.run(2, commands, files, tmp_path)
    assert second is None, "rank 1 was killed"
    (code, out, err), disagreed, lost, written = first
    assert code == 0
    assert json.loads(out)["model"] == str(tmp_path / "0" / "model.safetensors")
    assert "engine numpy, 2 ranks" in err
    assert written == ["lost.safetensors", "model.safetensors"]
    assert list((tmp_path / "1").iterdir()) == []
    whole, ours = model_file.load(alone), model_file.load(tmp_path / "0" / "model.safetensors")
    assert whole.history[-1]["loss"] == pytest.approx(ours.history[-1]["loss"], abs=1e-5)
    for p, q in zip(whole.params, ours.params, strict=True):
        np.testing.assert_allclose(p, q, atol=1e-5)
    assert disagreed[0] == lost[0] == 1
    assert lost[1] == ""
    assert "another process has ended, or cannot be reached" in lost[2].splitlines()[-1]
    again = processes.run(3, resumed, files, tmp_path / "0" / "lost.safetensors")
    assert [code for code, _, _ in again] == [0, 0, 0]
    assert [out != "" for _, out, _ in again] == [True, False, False]
    ours = model_file.load(tmp_path / "0" / "lost.safetensors")
    assert len(ours.history) == 5
    for p, q in zip(whole.params, ours.params, strict=True):
        np.testing.assert_allclose(p, q, atol=1e-5)


@pytest.mark.parametrize(
    ("variables", "words", "code", "line"),
    [
        ({"WORLD_SIZE": "two"}, (), 1, "expected WORLD_SIZE as a whole number, as torchrun sets it; got 'two'"),
        ({}, ("--device", "mps"), 2, "several processes train on --device cpu or cuda, one GPU each; got mps"),
        ({}, ("--device", "cuda"), 1, "this PyTorch has no nccl, which joins gradients on GPUs: use --device cpu"),
        ({"MASTER_PORT": "99999"}, (), 1, "rank 1 did not find the others at 127.0.0.1:99999: "),
        ({"torch": None}, (), 1, "several processes need PyTorch: pip install 'handgrad[torch]'"),
    ],
)  # fmt: skip
def test_a_set_up_that_cannot_work_is_one_line(variables, words, code, line, run, monkeypatch, tmp_path):
    if "torch" in variables:
        monkeypatch.setitem(sys.modules, "torch", None)
    for name, value in (TOGETHER | variables).items():
        if value is not None:
            monkeypatch.setenv(name, value)
    ended, out, err = run("train", "--out", tmp_path / "model.safetensors", *words)
    assert (ended, out) == (code, "")
    assert err.startswith(f"handgrad: error: {line}")
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
