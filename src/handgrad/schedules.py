"""How the learning rate moves over a run: pure functions of the step."""

import numpy as np

SCHEDULES = {  # t runs from 0 (at the peak) towards 1 (the end of the run)
    "constant": lambda t: np.ones_like(t),
    "linear": lambda t: 1 - t,
    "cosine": lambda t: (1 + np.cos(np.pi * t)) / 2,
}


def learning_rates(schedule: str, peak: float, steps: int, warmup: float = 0.0) -> np.ndarray:
    """The learning rate of every step, (steps,): a straight rise to the peak, then the schedule.

    warmup is the share of the steps that the rise takes, 0 to 1. With "cosine" and a warm-up this is
    the one-cycle policy (Smith and Topin 2018).
    """
    rise = round(warmup * steps)
    up = np.arange(1, rise + 1) / max(rise, 1)
    down = SCHEDULES[schedule](np.arange(steps - rise) / max(steps - rise, 1))
    return peak * np.concatenate([up, down])
