"""What the kernel can do beyond Python's own operators. Each operation has two bodies, one below the other.

    @operation                  the plain body, in NumPy: runs when kernel.py runs as Python
    @NAME.llvm                  writes the same as LLVM instructions: runs when kernel.py is compiled

The plain body is the specification; tests/test_kernel.py holds the compiled kernel to it. A vector is a
NumPy array in the one and an LLVM vector in the other, with as many lanes as the kernel asks for: LLVM
splits it into the registers that the processor has (16 floats with AVX-512, 8 or 4 elsewhere).
"""

import math
import threading
import time
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar

import numpy as np
from llvmlite import ir

from handgrad.arrays import NDArray
from handgrad.engines.ink.task import PIECE, Pointer
from handgrad.engines.ink.values import (
    BYTE,
    DOUBLE,
    FLAG,
    INT,
    NOTHING,
    WORD,
    Address,
    Value,
    call,
    constant,
    convert,
)

TINY = 1e-35  # the optimizer's memory below this is set to 0: arithmetic on denormal numbers is slow

Vector = NDArray  # floating-point, one-dimensional; only ever replaced, never changed in place
P = ParamSpec("P")
R = TypeVar("R")


class Operation(Generic[P, R]):
    """A function that the kernel may call: plain when Python calls it, LLVM when the compiler does."""

    def __init__(self, plain: Callable[P, R]) -> None:
        update_wrapper(self, plain)
        self._plain = plain

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the plain body."""
        return self._plain(*args, **kwargs)

    def llvm(self, write: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator for the body that writes LLVM: write(builder, *arguments) -> the result's value."""
        self.write = write
        return write


def operation(plain: Callable[P, R]) -> Operation[P, R]:
    """Decorator for the plain body."""
    return Operation(plain)


def for_a_page(builder: ir.IRBuilder) -> bool:
    """Whether the code is for WebAssembly: one thread, no C library, no fused product and sum."""
    return bool(builder.module.triple.startswith("wasm"))


def _each(builder: ir.IRBuilder, name: str, *vectors: ir.Value) -> ir.Value:
    """An LLVM intrinsic on every lane of the vectors."""
    to = vectors[0].type
    if name == "fma" and for_a_page(builder):
        name = "fmuladd"  # there a product and a sum, each rounded; fma would be a call for each lane
    return call(builder, f"llvm.{name}.v{to.count}f{64 if to.element == DOUBLE else 32}", to, *vectors)


# --- vectors -------------------------------------------------------------------------------------------


@operation
def zeros(number: Any, lanes: int) -> Vector:
    """A vector of zeros. number: the type of its numbers."""
    return np.zeros(lanes, number)


@zeros.llvm
def _(builder: ir.IRBuilder, number: ir.Type, lanes: int) -> ir.Constant:
    return constant(ir.VectorType(number, lanes), 0.0)


@operation
def width(v: Vector) -> int:
    """The number of lanes of v."""
    return len(v)


@width.llvm
def _(builder: ir.IRBuilder, v: ir.Value) -> int:
    return int(v.type.count)


@operation
def spread(s: float, like: Vector) -> Vector:
    """s broadcast to the width of `like`."""
    return np.full_like(like, s)


@spread.llvm
def _(builder: ir.IRBuilder, s: Value, like: ir.Value) -> ir.Value:
    return convert(builder, s, like.type)


@operation
def load(p: Pointer, i: int, like: Vector) -> Vector:
    """The vector stored at p[i], as wide as `like`."""
    return p.items(i, len(like)).copy()


@load.llvm
def _(builder: ir.IRBuilder, p: Address, i: Value, like: ir.Value) -> ir.Value:
    return builder.load(p.at(builder, i), align=_bytes(p.item), typ=like.type)


@operation
def store(p: Pointer, i: int, v: Vector) -> None:
    """p[i : i + width(v)] = v."""
    p.items(i, len(v))[:] = v


@store.llvm
def _(builder: ir.IRBuilder, p: Address, i: Value, v: ir.Value) -> None:
    builder.store(v, p.at(builder, i), align=_bytes(p.item))


def _bytes(number: ir.Type) -> int:
    return 8 if number == DOUBLE else 4


@operation
def scaled_sum(s: float, v: Vector, total: Vector) -> Vector:
    """s v + total, for a number s. Compiled: a single instruction, with one rounding, where there is one."""
    return s * v + total


@scaled_sum.llvm
def _(builder: ir.IRBuilder, s: Value, v: ir.Value, total: ir.Value) -> ir.Value:
    return _each(builder, "fmuladd", convert(builder, s, v.type), v, total)


@operation
def sum_of(v: Vector) -> float:
    """The sum of the lanes of v (a power of two), in pairs: neighbours first."""
    while len(v) > 1:
        v = v[::2] + v[1::2]
    return float(v[0])


@sum_of.llvm
def _(builder: ir.IRBuilder, v: ir.Value) -> ir.Value:
    parts = [builder.extract_element(v, ir.Constant(WORD, lane)) for lane in range(v.type.count)]
    while len(parts) > 1:
        parts = [builder.fadd(a, b) for a, b in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


@operation
def root(v: Vector) -> Vector:
    """The square root of each lane."""
    return np.sqrt(v)


@root.llvm
def _(builder: ir.IRBuilder, v: ir.Value) -> ir.Value:
    return _each(builder, "sqrt", v)


@operation
def where_positive(test: Vector, a: Vector, b: Vector) -> Vector:
    """Lane by lane: a where test > 0 or test is NaN, else b."""
    return np.where(~(test <= 0), a, b)


@where_positive.llvm
def _(builder: ir.IRBuilder, test: ir.Value, a: ir.Value, b: ir.Value) -> ir.Value:
    return builder.select(builder.fcmp_unordered(">", test, constant(test.type, 0.0)), a, b)


@operation
def without_tiny(v: Vector) -> Vector:
    """v, with 0 in place of numbers between -TINY and TINY."""
    return np.where(np.abs(v) < TINY, 0, v)


@without_tiny.llvm
def _(builder: ir.IRBuilder, v: ir.Value) -> ir.Value:
    tiny = builder.fcmp_ordered("<", _each(builder, "fabs", v), constant(v.type, TINY))
    return builder.select(tiny, constant(v.type, 0.0), v)


LEAST = {64: -708.0, 32: -87.0}  # exp of these is just above the smallest normal number


@operation
def exp_minus(v: Vector) -> Vector:
    """e^-|v| of each lane; |v| above 708 (float32: 87) counts as 708 (87), so that no result is denormal."""
    return np.exp(np.maximum(-np.abs(v), LEAST[8 * v.dtype.itemsize]))


@exp_minus.llvm
def _(builder: ir.IRBuilder, v: ir.Value) -> ir.Value:
    """2^k (1 + r + r^2/2! + ...) with |r| <= log(2) / 2, right to the last digit or two."""
    double = v.type.element == DOUBLE
    mantissa, bias, least, terms = (52, 1023, LEAST[64], 14) if double else (23, 127, LEAST[32], 8)
    to, bits = v.type, ir.VectorType(WORD if double else INT, v.type.count)
    x = builder.fneg(_each(builder, "fabs", v))
    x = builder.select(builder.fcmp_ordered("<", x, constant(to, least)), constant(to, least), x)
    # adding this number rounds to a whole number, k, and leaves k in the last bits of the sum
    shift = constant(to, 1.5 * 2.0**mantissa)
    shifted = builder.fadd(builder.fmul(x, constant(to, 1 / math.log(2))), shift)
    k = builder.fsub(shifted, shift)
    high, low = 0.693115234375, 3.1946184945309417e-05  # log(2) in two parts; k * high is exact
    r = _each(builder, "fma", k, constant(to, -high), x)
    r = _each(builder, "fma", k, constant(to, -low), r)
    power = constant(to, 1 / math.factorial(terms - 1))
    for n in reversed(range(terms - 1)):
        power = _each(builder, "fma", power, r, constant(to, 1 / math.factorial(n)))
    exponent = builder.add(builder.bitcast(shifted, bits), constant(bits, bias))
    return builder.fmul(power, builder.bitcast(builder.shl(exponent, constant(bits, mantissa)), to))


# --- single numbers --------------------------------------------------------------------------------------


@operation
def lesser(a: int, b: int) -> int:
    """The lesser of two whole numbers."""
    return min(a, b)


@lesser.llvm
def _(builder: ir.IRBuilder, a: Value, b: Value) -> ir.Value:
    a, b = convert(builder, a, WORD), convert(builder, b, WORD)
    return builder.select(builder.icmp_unsigned("<", a, b), a, b)


@operation
def log(x: float) -> float:
    """The natural logarithm; of 0, minus infinity."""
    return float(np.log(x))


@log.llvm
def _(builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    return call(builder, "log", DOUBLE, convert(builder, x, DOUBLE))


@operation
def is_finite(x: float) -> bool:
    """Whether x is neither infinite nor NaN."""
    return math.isfinite(x)


@is_finite.llvm
def _(builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    return builder.fcmp_ordered("==", builder.fsub(x, x), constant(x.type, 0.0))


# --- ink -----------------------------------------------------------------------------------------------


@operation
def inked(images: Pointer, a: int, b: int) -> int:
    """A set of 64 bits: bit i is 1 if pixel images[a + i] or images[b + i] is not 0."""
    either = images.items(a, PIECE) | images.items(b, PIECE)
    return int.from_bytes(np.packbits(either != 0, bitorder="little").tobytes(), "little")


@inked.llvm
def _(builder: ir.IRBuilder, images: Address, a: ir.Value, b: ir.Value) -> ir.Value:
    piece = ir.VectorType(BYTE, PIECE)
    both = [builder.load(images.at(builder, i), align=1, typ=piece) for i in (a, b)]
    is_inked = builder.icmp_unsigned("!=", builder.or_(*both), constant(piece, 0))
    return builder.bitcast(is_inked, ir.IntType(PIECE))


@operation
def bits_in(bits: int) -> int:
    """The number of bits that are 1."""
    return bits.bit_count()


@bits_in.llvm
def _(builder: ir.IRBuilder, bits: ir.Value) -> ir.Value:
    return builder.ctpop(bits)


@operation
def lowest(bits: int) -> int:
    """The position, 0 to 63, of the lowest bit that is 1; 0 if there is none."""
    return max(0, (bits & -bits).bit_length() - 1)


@lowest.llvm
def _(builder: ir.IRBuilder, bits: ir.Value) -> ir.Value:
    position = builder.cttz(bits, ir.Constant(FLAG, 0))  # 64 if there is none
    return builder.and_(position, ir.Constant(WORD, PIECE - 1))


@operation
def fetch(p: Pointer, i: int) -> None:
    """Ask for the cache line of p[i] ahead of its use. Plain: only check that p[i] is there."""
    p.items(i, 1)


@fetch.llvm
def _(builder: ir.IRBuilder, p: Address, i: Value) -> None:
    reading, second_level, data = (ir.Constant(INT, n) for n in (0, 2, 1))
    call(builder, "llvm.prefetch.p0", NOTHING, p.at(builder, i), reading, second_level, data)


# --- threads that wait for each other --------------------------------------------------------------------


@operation
def arrive(counter: Pointer) -> None:
    """counter[0] += 1, atomically."""
    with _arriving:
        counter[0] += 1


_arriving = threading.Lock()


@arrive.llvm
def _(builder: ir.IRBuilder, counter: Address) -> None:
    builder.atomic_rmw("add", counter.pointer, ir.Constant(WORD, 1), "seq_cst")


@operation
def arrived(counter: Pointer) -> int:
    """counter[0], as last written by any thread."""
    return int(counter[0])


@arrived.llvm
def _(builder: ir.IRBuilder, counter: Address) -> ir.Value:
    return builder.load_atomic(counter.pointer, "seq_cst", 8, typ=WORD)


@operation
def let_others_run() -> None:
    """Give this core to another thread: with more threads than cores, a waiting one must not hold it."""
    time.sleep(0)


@let_others_run.llvm
def _(builder: ir.IRBuilder) -> None:
    if for_a_page(builder):
        return
    windows = "windows" in builder.module.triple
    call(builder, "SwitchToThread" if windows else "sched_yield", INT)
