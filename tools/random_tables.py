"""Writes the widths of NumPy's ziggurat, src/handgrad/lab/web/random_tables.js, from NumPy's own library.

    python tools/random_tables.py

The 256 widths lie in numpy/random/lib/libnpyrandom.a, and the last of them, R / 2^52, says where. (Computed
anew from the definition, most would differ in their last bits, and so would the numbers drawn.)
"""

import struct
from pathlib import Path

import numpy as np

FILE = Path(__file__).parent.parent / "src/handgrad/lab/web/random_tables.js"
R, BOXES = 3.6541528853610087963519472518, 256
TEXT = """\
// Written by tools/random_tables.py: do not edit.

/** The widths of the boxes of NumPy's ziggurat for normal numbers, over 2^52. */
export const W = Float64Array.of(
{rows},
);
"""


def widths() -> tuple[float, ...]:
    """W, the bytes that NumPy draws by."""
    library = (Path(np.random.__file__).parent / "lib/libnpyrandom.a").read_bytes()
    end = library.index(struct.pack("<d", R / 2**52)) + 8
    return struct.unpack(f"<{BOXES}d", library[end - 8 * BOXES : end])


def text() -> str:
    """The module."""
    return TEXT.format(rows=",\n".join(f"  {w!r}" for w in widths()))


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
