"""Writes the widths of NumPy's ziggurat, as its draws show them: src/handgrad/lab/web/random_tables.js.

    python tools/random_tables.py

A normal number is x = size * W[box], where size and box are bits of one draw of 64 bits. With both known,
each W[box] is the double that gives every x to the last bit.
"""

from pathlib import Path

import numpy as np

FILE = Path(__file__).parent.parent / "src/handgrad/lab/web/random_tables.js"
BOXES, DRAWS = 256, 12
TEXT = """\
// Written by tools/random_tables.py: do not edit.

/** The widths of the boxes of NumPy's ziggurat for normal numbers, over 2^52. */
export const W = Float64Array.of(
{rows},
);
"""


def widths() -> list[float]:
    """W, from the first draw of a seed and the number that came of it."""
    found: list[list[tuple[int, float]]] = [[] for _ in range(BOXES)]
    seed = 0
    while min(map(len, found)) < DRAWS:
        bits, *after = map(int, np.random.PCG64(seed).random_raw(3))
        generator = np.random.Generator(np.random.PCG64(seed))
        x = abs(float(generator.standard_normal()))
        box, size = bits & 0xFF, bits >> 9 & (1 << 52) - 1
        # taken at once, or after one more draw that decided about the edge: not drawn anew
        if size and int(generator.bit_generator.random_raw()) in after[: 2 if box else 1]:
            found[box].append((size, x))
        seed += 1
    return [_width(pairs) for pairs in found]


def _width(pairs: list[tuple[int, float]]) -> float:
    """The only double that gives every x from its size."""
    size, x = max(pairs)
    near = x / size
    tried = [near + k * np.spacing(near) for k in range(-64, 65)]
    right = [float(w) for w in tried if all(size * w == x for size, x in pairs)]
    assert len(right) == 1, right
    return right[0]


def text() -> str:
    """The module."""
    return TEXT.format(rows=",\n".join(f"  {w!r}" for w in widths()))


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
