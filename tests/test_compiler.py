"""The kernel's language: compiled and run as Python it does the same, and errors name a line.

And the machine code: no typed pointers, and no function that the system does not have.
"""

import re
from ctypes import Structure, addressof, c_double, c_uint64

import numpy as np
import pytest

from handgrad.engines.ink import kernel, machine
from handgrad.engines.ink.compiler import apart, compiled
from handgrad.engines.ink.layout import address
from handgrad.engines.ink.operations import (
    arrive,
    arrived,
    bits_in,
    exp_minus,
    fetch,
    inked,
    is_finite,
    lesser,
    let_others_run,
    load,
    log,
    lowest,
    root,
    scaled_sum,
    spread,
    store,
    sum_of,
    where_positive,
    width,
    without_tiny,
    zeros,
)
from handgrad.engines.ink.plain import PlainTask
from handgrad.engines.ink.symbols import undefined
from handgrad.engines.ink.task import Task as KernelTask
from handgrad.engines.ink.values import DOUBLE, FLOAT
from handgrad.errors import HandgradError

from platforms import SYSTEMS, object_file, undefined_by_lief

KINDS = {"n": "size", "words": "word", "bytes": "byte", "numbers": "number", "sum": "real", "found": "size"}
THREE = 3


class Task(Structure):
    _fields_ = [(name, c_double if kind == "real" else c_uint64) for name, kind in KINDS.items()]


@pytest.fixture(params=["compiled", "as Python"])
def run(request):
    """run(function, ...) -> the task afterwards, with arrays of n whole numbers, bytes and numbers."""

    def run(function, dtype=np.float64, *known, n=10, numbers=None):
        numbers = np.linspace(-1, 2, n) if numbers is None else numbers
        arrays = (
            np.arange(n, dtype=np.uint64),
            np.arange(n, dtype=np.uint8) + 200,
            np.array(numbers, dtype),
        )
        task = Task(n, *map(address, arrays))
        if request.param == "compiled":
            number = FLOAT if dtype == np.float32 else DOUBLE
            machine.linked(machine.assembled(compiled(function, KINDS, number, *known)))(addressof(task))
        else:
            shapes = {"words": (n,), "bytes": (n,), "numbers": (len(numbers),)}
            with np.errstate(all="ignore"):
                function(PlainTask(task, KINDS, shapes, dtype), dtype, *known)
        return task, *arrays

    return run


def whole(task, number):
    """Everything that whole numbers can do."""
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
        task.bytes[i] = (task.bytes[i] + 50) % 256
    task.found = steps * 100 + total


def test_whole_numbers(run):
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
    assert bytes_.tolist() == [(i + 250) % 256 for i in range(10)]


def fractions(task, number):
    """Reals, beside whole numbers."""
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
def test_reals(run, dtype):
    task, _, _, numbers = run(fractions, dtype)
    before = np.linspace(-1, 2, 10).astype(dtype)
    assert task.sum == pytest.approx(sum(-x / 4 + i * x for i, x in enumerate(before.tolist())), rel=1e-6)
    assert numbers[0] == before.max()
    assert numbers[1] == before.min()
    assert task.found == 1


def vectors(task, number, lanes):
    """Vectors of `lanes` numbers, and what is known at compile time."""
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


def test_vectors(run):
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
    """Inlined where it is called."""
    twice = 2 * n
    return twice, lesser(twice, 9)


def calls(task, number):
    a, (b, c) = 1, doubled(task.n)
    later = task.words[4:]
    later = later[1:]
    fill(zeros(number, 2), task.words, 3, b)
    fill(zeros(number, 2), later, 2, c + a)
    task.found = bits_in(b) * 100 + lowest(b)
    if task.n > 5:
        return
    task.found = 0


def test_calls(run):
    task, words, _, _ = run(calls)
    assert words.tolist() == [20, 21, 22, 3, 4, 10, 11, 7, 8, 9]
    assert task.found == 202  # 20 is 10100
    assert str(compiled(calls, KINDS, DOUBLE)).count('define internal void @"fill') == 1


NUMBERS = [
    0.0,
    -0.0,
    1e-36,
    -1e-30,
    0.5,
    -2.0,
    80.0,
    -90.0,
    700.0,
    1e30,
    -1e30,
    np.inf,
    -np.inf,
    np.nan,
    3.0,
    1.0,
]


def lane_by_lane(task, number):
    """The operations on each lane: their results are written one after the other."""
    zero, out = zeros(number, 16), task.numbers[16:]
    v = load(task.numbers, 0, zero)
    store(out, 0, root(v))
    store(out, 16, where_positive(v, spread(2.0, v), v))
    store(out, 32, without_tiny(v))
    store(out, 48, exp_minus(v))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_operations_on_lanes(run, dtype):
    """Also of numbers that are not normal, not finite, or not numbers."""
    *_, numbers = run(lane_by_lane, dtype, numbers=NUMBERS + [0.0] * 64)
    v, (roots, positive, tiny, exps) = numbers[:16].astype(np.float64), numbers[16:].reshape(4, 16)
    least = -87.0 if dtype == np.float32 else -708.0
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(roots, np.sqrt(v), rtol=1e-6)
        np.testing.assert_array_equal(positive, [2 if x > 0 or np.isnan(x) else x for x in numbers[:16]])
        np.testing.assert_array_equal(tiny, [0 if abs(x) < 1e-35 else x for x in numbers[:16]])
        digits = 4e-7 if dtype == np.float32 else 1e-15
        np.testing.assert_allclose(exps, np.exp(np.maximum(-np.abs(v), least)), rtol=digits)


def single_numbers(task, number):
    """The operations on one number, and on bytes."""
    task.sum = log(task.numbers[0])
    task.words[3] = lowest(task.words[0])  # of 0
    bits = inked(task.bytes, 0, 64)
    task.words[0] = bits
    task.words[1] = bits_in(bits)
    task.words[2] = lowest(bits)
    task.words[4] = lesser(task.n, 7)
    counter = task.words[5:]
    arrive(counter)
    fetch(task.bytes, 3)
    let_others_run()
    task.words[6] = arrived(counter) + arrived(counter[1:])
    task.found = 0
    for i in range(4):
        if is_finite(task.numbers[i]):
            task.found += i


def test_operations_on_single_numbers(run):
    def told(task, number):
        for i in range(128):
            task.bytes[i] = 0
        task.bytes[5], task.bytes[64 + 63], task.bytes[64 + 5] = 7, 1, 9
        single_numbers(task, number)

    task, words, *_ = run(told, n=128, numbers=[0.3, np.inf, np.nan, -7.0])
    assert task.sum == pytest.approx(np.log(0.3), rel=1e-15)
    assert words[:7].tolist() == [1 << 63 | 1 << 5, 2, 5, 0, 7, 6, 6 + 6]
    assert task.found == 0 + 3


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


def in_place(task, number):
    v = zeros(number, 4)
    v += 1.0


def retyped(task, number):
    p = task.words[0:]
    p = task.bytes[0:]  # noqa: F841


@pytest.mark.parametrize(
    ("function", "line", "error", "said"),
    [
        (unknown_word, 1, NotImplementedError, "the compiler does not know List: .1, 2."),
        (argument, 1, TypeError, "task is an argument, and cannot be assigned"),
        (mixed, 1, TypeError, "there is no Div for i64"),
        (early, 2, NotImplementedError, "the compiler does not know Return: return n"),
        (in_place, 2, TypeError, "a vector is never changed in place: write v = v . w, not v .= 1.0"),
        (retyped, 2, TypeError, "a pointer to i64 cannot become a pointer to i8"),
    ],
)
def test_what_it_does_not_know_is_an_error_that_names_the_line(function, line, error, said):
    with pytest.raises(error, match=said) as caught:
        compiled(function, KINDS, DOUBLE)
    (note,) = caught.value.__notes__
    line += (half if function is early else function).__code__.co_firstlineno
    assert f"test_compiler.py:{line}, in " in note


@pytest.mark.parametrize("number", [FLOAT, DOUBLE])
@pytest.mark.parametrize("lanes", [32, 64])
def test_pointers_are_opaque_and_never_made_of_numbers(lanes, number):
    """llvmlite will drop typed pointers (i64*), and LLVM 22 warns of inttoptr."""
    text = str(compiled(kernel.run, KernelTask.kinds, number, lanes))
    assert "load ptr, ptr " in text
    assert text.count("inttoptr") == text.count("ptrtoint") == 0
    assert not re.search(r"\w\*", text)
    assert set(re.findall(r"llvm\.prefetch\.\w+", text)) == {"llvm.prefetch.p0"}


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_object_for_each_system_takes_only_what_that_system_has(system):
    triple, processor, _, allowed = SYSTEMS[system]
    binary = object_file(triple, processor)
    found = undefined(binary)
    assert found == undefined_by_lief(binary)
    assert found <= allowed
    assert ("SwitchToThread" if "Windows" in system else "sched_yield") in found


def waiting(task, number):
    let_others_run()


def test_a_function_that_the_system_lacks_is_an_error_before_anything_runs():
    """As sched_yield on Windows: LLVM's linker would put address 0 in its place."""
    module = str(compiled(waiting, KINDS, DOUBLE)).replace("sched_yield", "no_such_function")
    with pytest.raises(HandgradError, match="that this system does not have: no_such_function; use --engine"):
        machine.linked(machine.assembled(module))


def test_what_is_no_object_file_is_refused():
    with pytest.raises(
        ValueError, match="expected an ELF or a 64-bit Mach-O object file; got one that begins"
    ):
        undefined(b"MZ\x90\0" * 20)
