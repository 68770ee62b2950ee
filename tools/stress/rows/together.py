"""Distributed: a process killed in the middle of an epoch, ports that are taken."""

import os
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from throwing import part

from faults.lost_ranks import trained
from handgrad import digits, model_file

import ranks

EPOCH = re.compile(r" *\d+ +\d+\.\d+ ")  # the line of an epoch


@part("distributed", "kills", 20, 2, seconds=30, cores=2)
def kills(folder):
    """Two or three processes, one of them killed: the others end, the first to notice says why, the file is whole."""
    (images, labels), _ = digits.load_mnist()
    files = ["--images", folder / "images", "--labels", folder / "labels"]
    for name, array in (
        ("images", images[:221]),
        ("labels", labels[:221]),
    ):  # unequal shares, and a small last batch
        digits.write_idx(folder / name, array)

    def one(i, rng):
        size, own = 2 + i % 2, Path(tempfile.mkdtemp(dir=folder))
        victim, epoch = int(rng.integers(size)), int(rng.integers(1, 9))
        each = ranks.run(size, trained, victim, epoch, float(rng.uniform(0, 0.05)), files, own)
        assert each[victim] is None, "the victim lives"
        lines = [mine[2] for mine in each if mine is not None]
        assert any(line.startswith("handgrad: error: ") for line in lines), f"nobody says why: {lines}"
        for rank, mine in enumerate(each):
            if rank == victim:
                continue
            code, out, line, waited, written = mine
            assert code == 1, f"rank {rank} ended with {code}: {line}"
            assert out == "", out
            said = line.startswith("handgrad: error: ") or line == ""
            assert said or (rank == 0 and EPOCH.match(line)), line
            assert waited < 300, f"rank {rank} ended {waited:.0f} s after the kill; promised are 30"
            # the victim has done its epoch, so the first has written the one before, if there was one
            may = ([["m"]] if epoch > 1 else [["m"], []]) if rank == 0 else [[]]
            assert written in may, f"rank {rank} has written {written}"
        if (own / "0" / "m").exists():
            model_file.load(own / "0" / "m")

    yield one


@part("distributed", "taken ports", 6, 1, seconds=60)
def ports(folder):
    """Rank 0 at a port that another program holds: one line, nothing written."""

    def one(i, rng):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            together = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
            command = [
                sys.executable,
                "-m",
                "handgrad",
                "train",
                "--epochs",
                "1",
                "--out",
                str(folder / f"m-{i}"),
            ]
            done = subprocess.run(
                command, env=os.environ | together, capture_output=True, text=True, timeout=600
            )
        assert done.returncode == 1, f"exit code {done.returncode}: {done.stderr}"
        last = done.stderr.splitlines()[-1]
        assert last.startswith("handgrad: error: "), last
        assert "Traceback" not in done.stderr, done.stderr
        assert not list(folder.glob("m-*")), "a file is written"

    yield one
