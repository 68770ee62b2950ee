"""The scale of a network's initial weights: how large the numbers are that W1 and W2 begin with.

The network that is looked at is so large that the spread of a right one is off by more than TOLERANCE less
than once in 10^12 networks, whatever the seed: 13500 normal numbers estimate theirs to 0.6 % (one sigma).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from handgrad.arrays import NDArray
from handgrad.workbook.checks.mistakes import MISTAKES

TOLERANCE = 0.07
CLOSE = 0.03  # a law is recognised within this share
SIZES = (350, 225, 60)  # D, H, C: the usual laws of both layers are far from the right ones and each other
CONSTANTS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
RIGHT = {"W1": "2/in", "W2": "2/(in + out)"}


def judge(made: Callable[..., dict[str, NDArray]], remarks: list[str]) -> str:
    """What is wrong with the scale, or ""; made: the parameters of a new network of the sizes D, H, C."""
    drawn, said = made(*SIZES), list[str]()
    for key, law in RIGHT.items():
        weights = drawn[key]
        out, in_ = weights.shape
        expected = float(np.sqrt(_variances(in_, out)[law]))
        spread = float(np.sqrt((weights**2).mean()))
        if abs(weights.mean()) > 0.1 * expected:
            remarks.append(f"the numbers that {key} begins with are not about 0 on average")
        if abs(spread / expected - 1) > TOLERANCE:
            known = next(
                (f"; this is {words}" for words, size in _laws(in_, out, law) if _alike(spread, size)), ""
            )
            ours = f"expected a variance of {law}, which is a size of {expected:.3g}"
            said.append(f"{key} ({out}, {in_}) begins with numbers of size {spread:.3g}; {ours}{known}")
    return "\n".join([f"{MISTAKES[81].sentence}", *said]) if said else ""


def _variances(in_: int, out: int) -> dict[str, float]:
    return {
        "2/in": 2 / in_, "2/(in + out)": 2 / (in_ + out), "1/in": 1 / in_, "1/(in + out)": 1 / (in_ + out),
        "2/out": 2 / out, "1/out": 1 / out,
        "1/(3 in)": 1 / (3 * in_),
    }  # fmt: skip


def _laws(in_: int, out: int, right: str) -> Iterator[tuple[str, float]]:
    """The usual laws, each in words, and the size of the numbers that it gives."""
    variances = _variances(in_, out)
    names = {
        "2/in": ", He's law",
        "2/(in + out)": ", Xavier's law",
        "1/(3 in)": ", PyTorch's own for nn.Linear",
    }
    yield f"the variance {right} in the place of the standard deviation, its root", variances[right]
    for law, variance in variances.items():
        yield f"a variance of {law}{names.get(law, '')}", variance**0.5
    for constant in CONSTANTS:
        yield f"{constant:g} times standard normal numbers", constant
    yield "uniform numbers from 0 to 1", 3**-0.5
    yield "uniform numbers from -0.5 to 0.5", 12**-0.5
    for law, variance in variances.items():
        if law != right:
            yield f"{law} in the place of the standard deviation, a root", variance
    yield f"uniform numbers up to the standard deviation, the root of {right}", (variances[right] / 3) ** 0.5


def _alike(spread: float, size: float) -> bool:
    return abs(spread / size - 1) < CLOSE
