"""Data: the embedded MNIST, sets that can be fetched, and files and folders of one's own. Knows no network.

load(source) looks at a name or a path and returns its images and labels, whatever the format.
"""

from handgrad.digits.fetch import fetch_set, load_set
from handgrad.digits.idx import parse_idx, read_idx, write_idx
from handgrad.digits.labelled import Labelled, Loaded, Pictures
from handgrad.digits.looking import load
from handgrad.digits.mnist import load_mnist, verify_mnist
from handgrad.digits.pairs import checksum, load_pair

__all__ = [
    "Labelled",
    "Loaded",
    "Pictures",
    "checksum",
    "fetch_set",
    "load",
    "load_mnist",
    "load_pair",
    "load_set",
    "parse_idx",
    "read_idx",
    "verify_mnist",
    "write_idx",
]
