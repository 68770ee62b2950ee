"""Writes the lab's scale of colours for signed numbers, src/handgrad/lab/web/colours.js, from Matplotlib's.

    python tools/colours.py

Zero has the colour of paper. Light: RdBu reversed, as in the plots (insight.plots.SIGNED). Dark: berlin.
Both are apart for every kind of colour vision. Needs Matplotlib 3.10 or later.
"""

from pathlib import Path

from matplotlib import colormaps

from handgrad.insight.plots import SIGNED

FILE = Path(__file__).parent.parent / "src/handgrad/lab/web/colours.js"
TEXT = """\
// Written by tools/colours.py: do not edit.

/** 256 colours from -1 (blue) over 0 (paper) to 1 (red), each as six hexadecimal digits. */
export const SIGNED = Object.freeze({{
  light:
    "{light}",
  // berlin
  dark:
    "{dark}",
}});
"""


def table(name: str) -> str:
    """The 256 colours of a Matplotlib scale."""
    rows = colormaps[name](range(256), bytes=True)[:, :3]
    return "".join(f"{value:02x}" for row in rows for value in row)


def text() -> str:
    """The module."""
    return TEXT.format(light=table(SIGNED), dark=table("berlin"))


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
