"""How the learning rate moves over a run: pure functions of the step."""

import numpy as np

from handgrad.errors import Choices

SCHEDULES = Choices({  # t runs from 0 (at the peak) towards 1 (the end of the run)
    "constant": lambda t: np.ones_like(t),
    "linear": lambda t: 1 - t,
    "cosine": lambda t: (1 + np.cos(np.pi * t)) / 2,
})  # fmt: skip


def learning_rates(schedule: str, peak: float, steps: range, total: int, warmup: float = 0.0) -> np.ndarray:
    """The learning rate of some of a run's steps (0 to total - 1): a straight rise to the peak, then the
    schedule.

    warmup is the share of all steps that the rise takes, 0 to 1. With "cosine" and a warm-up this is
    the one-cycle policy (Smith and Topin 2018).
    """
    step, rise = np.array(steps), round(warmup * total)
    down = SCHEDULES[schedule](np.maximum(step - rise, 0) / max(total - rise, 1))
    return peak * np.where(step < rise, (step + 1) / max(rise, 1), down)
