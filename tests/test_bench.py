"""The measurement: everybody trains the same, nobody is timed who does not."""

import json

import numpy as np
import pytest

from handgrad.bench import measure, peers
from handgrad.cli import main


@pytest.mark.parametrize("name", peers.PEERS)
def test_every_peer_trains_the_same_epoch(name, mnist):
    """Its loss is the reference's, also with a last batch that is smaller: 1,000 images in batches of 64."""
    images, labels = mnist[0][0][:1000], mnist[0][1][:1000]
    task = peers.problem(images, labels, 24, 64, 1)
    epoch = peers.PEERS[name](task)
    first, second = epoch(), epoch()
    assert first == pytest.approx(peers.numpy(task)(), abs=1e-5)
    assert first == second  # an epoch always starts from the same weights


def test_a_peer_that_ends_elsewhere_is_reported_and_not_timed(mnist, monkeypatch):
    monkeypatch.setitem(peers.PEERS, "torch", lambda task: lambda: 0.5)
    monkeypatch.setattr(measure, "find_spec", lambda name: None if name == "jax" else name)
    monkeypatch.setattr(measure, "PAUSE", 0)
    images, labels = mnist[0][0][:1000], mnist[0][1][:1000]
    row = measure._row(images, labels, 16, 64, 1, ["ink", "numpy", "torch", "jax"], 2)
    assert set(row["peers"]) == {"ink", "numpy", peers.FLOOR}
    assert row["left_out"]["torch"].startswith("ends with loss 0.500000, not ")
    assert row["left_out"]["jax"] == "not installed"
    assert row["peers"]["ink"]["ratio"] == 1
    for told in row["peers"].values():
        assert told["fastest"] <= told["seconds"] <= told["slowest"]


def test_the_command_prints_one_document_or_a_table(capsys):
    words = ["bench", "--peers", "ink,numpy", "--grid", "16,256", "--threads", "1,2", "--rounds", "1"]
    assert main([*words, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [(row["hidden"], row["batch_size"], row["threads"]) for row in rows] == [
        (16, 256, 1),
        (16, 256, 2),
    ]
    losses = [row["peers"]["ink"]["loss"] for row in rows]
    np.testing.assert_allclose(losses, losses[0], atol=1e-5)
    assert main([*words[:-4], "--threads", "1", "--rounds", "1", "--quiet"]) == 0
    out, err = capsys.readouterr()
    assert "16 hidden units, batches of 256, threads 1" in out
    assert "dense products" in out
    assert err == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--peers", "ink,matlab"], "expected --peers among ink, numpy, torch, jax; got matlab"),
        (["--grid", "64"], "expected --grid as pairs such as '128,64 512,64'; got '64'"),
        (["--grid", "64,x"], "expected --grid to hold whole numbers of at least 1; got 'x'"),
        (["--threads", "0"], "expected --threads to hold whole numbers of at least 1; got '0'"),
    ],
)
def test_wrong_usage_is_one_line(words, message, capsys):
    assert main(["bench", *words]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
