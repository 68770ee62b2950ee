"""How much work one picture may take: counted in steps, never by the clock.

Some pictures, by chance or by intent, would keep a program busy for minutes: a maze, a halftone, a page of
waves. Each part of reading whose work grows faster than the picture asks here first. A step is about what
one pixel takes in an operation on an array, measured as 2 to 4 nanoseconds of a core of 2024. So the same
picture ends in the same way on every machine.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

MOST = 600_000_000  # steps that a picture may take: near 2 seconds

TOO_INTRICATE = "expected digits on paper; got too intricate a picture: crop it"

_left: ContextVar[list[int] | None] = ContextVar("left", default=None)


@contextmanager
def budget(most: int | None = None) -> Iterator[None]:
    """Within this block, no more steps than these are taken. A block within a block shares its steps."""
    if _left.get() is not None:
        yield
        return
    token = _left.set([MOST if most is None else most])
    try:
        yield
    finally:
        _left.reset(token)


def spent(steps: float) -> bool:
    """Whether so many more steps may be taken; if so, they are counted. Outside a budget, always."""
    left = _left.get()
    if left is None:
        return True
    if left[0] < steps:
        return False
    left[0] -= int(steps)
    return True
