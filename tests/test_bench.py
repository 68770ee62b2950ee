"""The measurement: everybody trains the same, nobody is timed who does not."""

import json
import os
import shutil

import numpy as np
import pytest

from handgrad.bench import answers, measure, peers
from handgrad.cli import main

EXACT = [name for name in peers.PEERS if name not in ("sklearn", "torch-compile")]


@pytest.mark.parametrize("name", EXACT)
def test_every_peer_trains_the_same_epoch(name, mnist):
    """Its loss is the reference's, also with a last batch that is smaller: 1,000 images in batches of 64."""
    images, labels = mnist[0][0][:1000], mnist[0][1][:1000]
    task = peers.problem(images, labels, 24, 64, 1)
    epoch = peers.PEERS[name](task)
    first, second = epoch(), epoch()
    assert first == pytest.approx(peers.reference(task)(), abs=1e-5)
    assert first == second  # an epoch always starts from the same weights


@pytest.mark.filterwarnings("ignore")  # its own
def test_torch_compile_trains_the_same_epoch_where_there_is_a_compiler(mnist):
    if not any(map(shutil.which, ("g++", "clang++"))):
        pytest.skip("torch.compile needs a C++ compiler")
    task = peers.problem(mnist[0][0][:256], mnist[0][1][:256], 24, 64, 1)
    assert peers.torch_compile(task)() == pytest.approx(peers.reference(task)(), abs=1e-5)


@pytest.mark.parametrize("name", answers.PEERS)
def test_every_peer_gives_the_same_answers(name, mnist):
    for package in measure.NEEDS.get(name, []):
        pytest.importorskip(package)
    asked = answers.question(mnist[1][0], 24, 1)
    answer = answers.PEERS[name](asked)
    for n in (1, 64, 1000):
        np.testing.assert_allclose(answer(n), asked.model.scores(asked.images[:n]), atol=1e-6)


def test_a_peer_that_ends_elsewhere_or_cannot_start_is_reported_and_not_timed(monkeypatch):
    def broken(task):
        def epoch():
            raise RuntimeError("no compiler here\nand more")

        return epoch

    monkeypatch.setitem(peers.PEERS, "torch", lambda task: lambda: 0.5)
    monkeypatch.setitem(peers.PEERS, "torch-compile", broken)
    monkeypatch.setattr(measure, "find_spec", lambda name: None if name == "jax" else name)
    monkeypatch.setattr(measure, "PAUSE", 0)
    (row,) = measure._train(1, [(16, 512)], ["ink", "numpy", "torch", "torch-compile", "jax"], 2)
    assert set(row["peers"]) == {"ink", "numpy", peers.FLOOR}
    assert row["left_out"]["torch"].startswith("ends with loss 0.500000, not ")
    assert row["left_out"]["torch-compile"] == "RuntimeError: no compiler here"
    assert row["left_out"]["jax"] == "jax not installed"
    assert row["peers"]["ink"]["ratio"] == 1
    for told in row["peers"].values():
        assert told["fastest"] <= told["seconds"] <= told["slowest"]


def test_who_answers_otherwise_is_not_timed(monkeypatch):
    monkeypatch.setitem(answers.PEERS, "torch", lambda asked: lambda n: np.full((n, 10), 0.5))
    monkeypatch.setattr(measure, "PAUSE", 0)
    (row,) = measure._answer(1, [(16, 3)], ["ink", "numpy", "torch"], 1)
    assert set(row["peers"]) == {"ink", "numpy"}
    assert row["left_out"]["torch"].startswith("its outputs differ by ")


def test_the_command_prints_one_document_or_a_table_and_draws_a_picture(capsys, tmp_path):
    words = ["bench", "--peers", "ink,numpy", "--grid", "16,256", "--asked", "16,5", "--rounds", "1"]
    words += ["--what", "train,answer"]
    assert main([*words, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    for kind, size in (("train", 256), ("answer", 5)):
        rows = [(row["hidden"], row["batch_size"], row["threads"]) for row in document[kind]]
        assert rows == [(16, size, 1), (16, size, 2)]
    losses = [row["peers"]["ink"]["loss"] for row in document["train"]]
    np.testing.assert_allclose(losses, losses[0], atol=1e-5)
    picture = tmp_path / "bench.png"
    assert main([*words, "--threads", "1", "--quiet", "--picture", str(picture)]) == 0
    out, err = capsys.readouterr()
    assert "an epoch of 60,000 images, 16 hidden units, batches of 256, threads 1" in out
    assert "the outputs of 5 images at once, 16 hidden units, threads 1" in out
    assert "dense products" in out
    assert err == ""
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_whole_processes_end_in_a_good_network(capsys):
    """HANDGRAD_PEERS=handgrad,torch asks others too; on a busy machine PyTorch's threads take minutes."""
    asked = os.environ.get("HANDGRAD_PEERS", "handgrad")
    words = ["--peers", asked, "--rounds", "1", "--threads", "2", "--json"]
    assert main(["bench", "--what", "process", *words]) == 0
    table = json.loads(capsys.readouterr().out)["process"]["peers"]
    assert set(table) == set(asked.split(","))
    assert all(told["accuracy"] >= 0.975 for told in table.values())
    assert all(
        told["accuracy"] == pytest.approx(table["handgrad"]["accuracy"], abs=0.003) for told in table.values()
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--peers", "ink,matlab"],
            "expected --peers of train among ink, numpy, reference, torch, torch-compile, jax, scipy, sklearn; got matlab",
        ),
        (["--what", "lunch"], "expected --what among train, answer, process; got lunch"),
        (
            ["--picture", "bench.gif"],
            "expected --picture to be a file whose name ends in .png; got 'bench.gif'",
        ),
        (["--grid", "64"], "expected --grid to be pairs such as '128,64 512,64'; got '64'"),
        (["--grid", "64,x"], "expected --grid to be whole numbers of at least 1; got 'x'"),
        (["--threads", "0"], "expected --threads to be whole numbers of at least 1; got '0'"),
    ],
)
def test_wrong_usage_is_one_line(words, message, capsys):
    assert main(["bench", *words]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
