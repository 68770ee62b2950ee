"""One sweep of 200 networks, five ways, one table: at a stretch, killed twice, in shards, on clusters.

    python benchmarks/sweep_table.py

Every way is the command, on MNIST, in a folder of its own. The two shards run beside each other in one
folder; the cluster is Dask's local one, two worker processes. Of a second cluster first one worker process is
killed, then the other, and a third joins when both are dead. The tables and all files of the networks must
be equal, byte for byte, and what was there before a kill must not have been written again.
"""

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SWEEP = ["--grid", "hidden=16,24", "--random", "learning_rate=0.1:30:log", "--draws", "5"]
SWEEP += ["--grid", "epochs=1", "--seeds", "20", "--quiet"]
NETWORKS, KILLS = 200, (60, 130)


def started(folder, *more):
    """The command, running."""
    command = [sys.executable, "-m", "handgrad", "sweep", *SWEEP, "--out", folder, *more]
    return subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)


def finished(*processes):
    """Wait for commands, which must succeed."""
    for process in processes:
        assert process.wait() == 0


def files(folder):
    """The networks that are done: name -> bytes."""
    return {path.name: path.read_bytes() for path in folder.glob("*.trial.json")}


def inodes(folder):
    """The networks that are done: name -> inode, which changes when a file is written again."""
    return {path.name: path.stat().st_ino for path in folder.glob("*.trial.json")}


def killed(folder):
    """The sweep, killed when so many networks are done, then finished -> how many were done at each kill."""
    counts = []
    for enough in KILLS:
        process = started(folder)
        while len(inodes(folder)) < enough:
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        before = inodes(folder)
        counts.append(len(before))
    finished(started(folder))
    after = inodes(folder)
    assert {name: after[name] for name in before} == before, "a network was trained again"
    return counts


def worker(address):
    """A worker process, which nobody starts again."""
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-nanny", "--nthreads", "1"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def workers_killed(folder, address):
    """The sweep on two workers, each killed when so many networks are done, and a third that finishes it."""
    from distributed import Client

    counts, workers = [], [worker(address), worker(address)]
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2)
    process = started(folder, "--dask", address)
    for enough, each in zip(KILLS, workers, strict=True):
        while len(inodes(folder)) < enough:
            assert process.poll() is None
            time.sleep(0.02)
        each.kill()
        each.wait()
        counts.append(len(inodes(folder)))
    third = worker(address)
    finished(process)
    third.terminate()
    third.wait()
    return counts


def main():
    """Every way, and the comparison."""
    from distributed import LocalCluster

    with tempfile.TemporaryDirectory() as place:
        folders = {name: Path(place) / name for name in ("stretch", "killed", "shards", "dask", "workers")}
        for folder in folders.values():
            folder.mkdir()
        finished(started(folders["stretch"]))
        counts = killed(folders["killed"])
        print(f"killed (SIGKILL) at {' and '.join(map(str, counts))} of {NETWORKS} networks, then finished")
        finished(*(started(folders["shards"], "--shard", f"{i}/2", "--jobs", 1) for i in (1, 2)))
        with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
            finished(started(folders["dask"], "--dask", cluster.scheduler_address))
        with LocalCluster(n_workers=0, dashboard_address=None) as cluster:
            counts = workers_killed(folders["workers"], cluster.scheduler_address)
        print(
            f"a Dask worker killed (SIGKILL) at {counts[0]}, the last at {counts[1]} networks, then a third"
        )
        tables = {name: (folder / "table.csv").read_bytes() for name, folder in folders.items()}
        for name, folder in folders.items():
            assert len(files(folder)) == NETWORKS
            same = files(folder) == files(folders["stretch"]) and tables[name] == tables["stretch"]
            told = "equal, byte for byte" if same else "DIFFERENT"
            print(f"{name:<8} {len(files(folder))} files, table of {len(tables[name]):,} bytes: {told}")
            assert same


if __name__ == "__main__":
    main()
