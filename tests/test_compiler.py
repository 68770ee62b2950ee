"""The compiler of the fast engine's kernel: the same results as Python's own, and errors that name a line."""

from ctypes import Structure, addressof, c_double, c_uint64

import numpy as np
import pytest

from handgrad.engines.ink import machine
from handgrad.engines.ink.compiler import apart, compiled
from handgrad.engines.ink.layout import address
from handgrad.engines.ink.operations import (
    DOUBLE,
    FLOAT,
    bits_in,
    is_finite,
    lesser,
    load,
    lowest,
    scaled_sum,
    store,
    sum_of,
    where_positive,
    width,
    zeros,
)

KINDS = {"n": "size", "words": "word", "bytes": "byte", "numbers": "number", "sum": "real", "found": "size"}
THREE = 3


class Task(Structure):
    _fields_ = [(name, c_double if kind == "real" else c_uint64) for name, kind in KINDS.items()]


def run(function, dtype=np.float64, *known, n=10):
    """The task after the compiled function, with arrays of n whole numbers, bytes and numbers."""
    arrays = (
        np.arange(n, dtype=np.uint64),
        np.arange(n, dtype=np.uint8) + 250,
        np.linspace(-1, 2, n).astype(dtype),
    )
    task = Task(n, *map(address, arrays))
    number = FLOAT if dtype == np.float32 else DOUBLE
    machine.linked(machine.assembled(compiled(function, KINDS, number, *known)))(addressof(task))
    return task, *arrays


def whole(task, number):
    """All that whole numbers can do."""
    total, steps = 0, 0
    for i in range(2, task.n, 3):
        total += task.words[i] * 7 // 2 % 5 + (i & THREE)
        steps += 1
    while total > 0 and steps < 20:
        total -= 1
        steps = steps + 2 if total % 2 == 0 else steps + 1
    if not (steps == 20 or steps == 21):
        steps = 0
    for i in range(task.n):
        task.words[i] = i * i
        task.bytes[i] = task.bytes[i] + 1
    task.found = steps * 100 + total


def test_whole_numbers():
    task, words, bytes_, _ = run(whole)
    total, steps = 0, 0
    for i in range(2, 10, 3):
        total += i * 7 // 2 % 5 + (i & 3)
        steps += 1
    while total > 0 and steps < 20:
        total -= 1
        steps += 2 if total % 2 == 0 else 1
    assert task.found == (steps * 100 if steps in (20, 21) else 0) + total
    assert words.tolist() == [i * i for i in range(10)]
    assert bytes_.tolist() == [(i + 250 + 1) % 256 for i in range(10)]


def fractions(task, number):
    """Numbers with a fraction, beside whole ones."""
    total, low, high = 0.0, task.numbers[0], task.numbers[0]
    for i in range(task.n):
        x = task.numbers[i]
        total += -x / 4 + i * x
        if x < low:
            low = x
        elif x >= high:
            high = x
    low, high = high, low
    task.numbers[0], task.numbers[1] = low, high
    task.sum, task.found = total, is_finite(total)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_with_a_fraction(dtype):
    task, _, _, numbers = run(fractions, dtype)
    before = np.linspace(-1, 2, 10).astype(dtype)
    assert task.sum == pytest.approx(sum(-x / 4 + i * x for i, x in enumerate(before.tolist())), rel=1e-6)
    assert numbers[0] == before.max()
    assert numbers[1] == before.min()
    assert task.found == 1


def vectors(task, number, lanes):
    """Vectors of so many numbers, and what is known when compiling."""
    zero = zeros(number, lanes)
    total, rest = zero, task.numbers[lanes:]
    for i in range(0, task.n - lanes + 1, width(zero)):
        v = load(task.numbers, i, zero)
        total = scaled_sum(2.0, where_positive(v, v, zero), total)
    store(rest, 0, total * 0.5 - 1.0)
    task.sum = sum_of(total)
    if lanes == 4:
        task.found = lanes
    else:
        nonsense(task)  # noqa: F821  never compiled: it is known that lanes is 4


def test_vectors():
    task, _, _, numbers = run(vectors, np.float32, 4, n=16)
    v = np.linspace(-1, 2, 16).astype(np.float32).reshape(4, 4)
    total = 2 * np.maximum(v, 0).sum(axis=0)
    np.testing.assert_allclose(numbers[4:8], total * 0.5 - 1, rtol=1e-6)
    assert task.sum == pytest.approx(total.sum(), rel=1e-6)
    assert task.found == 4


@apart
def fill(zero, words, many, number):
    """Called twice, compiled once."""
    for i in range(many):
        words[i] = number + i


def doubled(n):
    """Its text is put where it is called."""
    twice = 2 * n
    return twice, lesser(twice, 9)


def calls(task, number):
    a, (b, c) = 1, doubled(task.n)
    fill(zeros(number, 2), task.words, 3, b)
    fill(zeros(number, 2), task.words[5:], 2, c + a)
    task.found = bits_in(b) * 100 + lowest(b)
    if task.n > 5:
        return
    task.found = 0


def test_calls():
    task, words, _, _ = run(calls)
    assert words.tolist() == [20, 21, 22, 3, 4, 10, 11, 7, 8, 9]
    assert task.found == 202  # 20 is 10100
    assert str(compiled(calls, KINDS, DOUBLE)).count('define internal void @"fill') == 1


def unknown_word(task, number):
    task.found = [1, 2]


def argument(task, number):
    task = 1  # noqa: F841  what must be refused


def mixed(task, number):
    task.found = task.n / 2


def early(task, number):
    task.found = half(task.n)


def half(n):
    if n > 3:
        return n
    return 3


@pytest.mark.parametrize(
    ("function", "error", "said"),
    [
        (unknown_word, NotImplementedError, "the compiler does not know List: .1, 2."),
        (argument, TypeError, "task is an argument, and cannot be assigned"),
        (mixed, TypeError, "Div does not go with i64"),
        (early, NotImplementedError, "the compiler does not know Return: return n"),
    ],
)
def test_what_it_does_not_know_is_an_error_that_names_the_line(function, error, said):
    with pytest.raises(error, match=said) as caught:
        compiled(function, KINDS, DOUBLE)
    (note,) = caught.value.__notes__
    line = (half if function is early else function).__code__.co_firstlineno + (2 if function is early else 1)
    assert f"test_compiler.py:{line}, in " in note
