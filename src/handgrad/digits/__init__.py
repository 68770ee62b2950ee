"""Digits: the IDX format, the embedded MNIST, and other sets that can be fetched. Knows no network."""

from handgrad.digits.fetch import fetch_set, load_set
from handgrad.digits.idx import parse_idx, read_idx, write_idx
from handgrad.digits.mnist import load_mnist, verify_mnist
from handgrad.digits.pairs import checksum, load_pair

__all__ = [
    "checksum",
    "fetch_set",
    "load_mnist",
    "load_pair",
    "load_set",
    "parse_idx",
    "read_idx",
    "verify_mnist",
    "write_idx",
]
