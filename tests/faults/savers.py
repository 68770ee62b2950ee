"""A process that saves a model file without pause, to be killed or read beside."""

import os
import signal
import time

SAVER = """
import sys, numpy as np
from handgrad import model_file, network
from handgrad.model import Model
models = [Model(network.init_params(784, 64, 10, np.random.default_rng(s), dtype=np.float32), seed=s) for s in (1, 2)]
def save_for_ever(path):
    while True:
        for model in models:
            model_file.save(path, model)
"""
_saver = {}


def killed_while_saving(path, seconds):
    """Fork a child that saves two models without pause, seeds 1 and 2; end it by SIGKILL `seconds` after it has begun."""
    if not _saver:
        exec(SAVER, _saver)
    begun, begins = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(begins, b".")
            _saver["save_for_ever"](path)
        finally:
            os._exit(1)
    os.close(begins)
    os.read(begun, 1)
    os.close(begun)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert ended == -signal.SIGKILL, f"the child ended by itself: {ended}"
