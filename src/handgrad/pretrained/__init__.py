"""The network in the box: recipe best, then digits drawn in other hands; shipped with the package.

How it was made, and what it reaches: docs/best.md. `python tools/best.py box` makes it again.
"""

from functools import cache
from pathlib import Path

from handgrad.model import Model
from handgrad.model_file import load as load_file

PATH = Path(__file__).with_name("best.safetensors")
WHOLE = Path(__file__).with_name("whole.safetensors")


@cache
def load() -> Model:
    """The network in the box. It is shared by all who ask: do not write into its weights."""
    return load_file(PATH)


@cache
def load_whole() -> Model:
    """The network that tells whole digits from parts of them and from several: 0 to 9, and "parts"."""
    return load_file(WHOLE)
