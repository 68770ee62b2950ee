"""Digits: the IDX format, the embedded MNIST, and other sets in the same format."""

from handgrad.digits.idx import parse_idx, read_idx, write_idx
from handgrad.digits.mnist import load_mnist, verify_mnist
from handgrad.digits.pairs import checksum, load_pair

__all__ = ["checksum", "load_mnist", "load_pair", "parse_idx", "read_idx", "verify_mnist", "write_idx"]
