"""Processes that train together, of which one is killed in the middle of an epoch; for tests/ranks.py to run."""

import os
import signal
import threading
import time

import ranks


def trained(rank, victim, epoch, delay, files, folder):
    """Train by the command line; the victim is killed `delay` seconds after that epoch is done.

    -> the exit code, stdout, the last line of stderr, seconds since the kill, and what the process has written.
    """
    own = folder / str(rank)
    own.mkdir()
    if rank == victim:
        _killed_within(epoch, delay, folder / "killed")
    words = [
        "train",
        "--hidden",
        8,
        "--epochs",
        400,
        "--batch-size",
        16,
        "--validation",
        20,
        "--engine",
        "numpy",
    ]
    code, out, err = ranks.command(*words, *files, "--out", own / "m")
    waited = time.monotonic() - float((folder / "killed").read_text())
    return code, out, (err.splitlines() or [""])[-1], waited, sorted(path.name for path in own.iterdir())


def _killed_within(epoch, delay, note):
    from handgrad.runs import loop

    average = loop._average

    def kill():
        note.write_text(str(time.monotonic()))  # one clock for all processes of the machine
        os.kill(os.getpid(), signal.SIGKILL)

    def killing(averaged, done, recipe):
        if done.epoch == epoch:
            threading.Timer(delay, kill).start()
        return average(averaged, done, recipe)

    loop._average = killing
