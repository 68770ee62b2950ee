"""A process that saves a model file without pause, to be killed or read beside."""

SAVER = """
import sys, numpy as np
from handgrad import model_file, network
from handgrad.calibration import Calibration
from handgrad.model import Model
models = [Model(network.init_params(784, 64, 10, np.random.default_rng(s), dtype=np.float32), seed=s) for s in (1, 2)]
def save_for_ever():
    while True:
        for model in models:
            model_file.save(sys.argv[1], model)
"""
