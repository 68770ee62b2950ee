"""What the kernel can do beyond Python's own operators: each operation writes LLVM instructions.

An operation gets the builder, then its arguments: LLVM values, or what is known when compiling (numbers of
Python, kinds, widths). Vectors are LLVM's own, of as many numbers as the kernel likes: a processor with
AVX-512 holds 16 floats in a register, others 8 or 4, and LLVM cuts them up.
"""

import math
from collections.abc import Callable
from typing import Any

from llvmlite import ir

from handgrad.engines.ink.task import PIECE

BYTE, SHORT, WORD, FLAG = (ir.IntType(bits) for bits in (8, 16, 64, 1))
FLOAT, DOUBLE = ir.FloatType(), ir.DoubleType()
TINY = 1e-35  # memory below this counts as zero: numbers that are not normal are slow

Value = Any  # of LLVM, or a number of Python


def operation(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark what the kernel may call."""
    function.is_operation = True  # type: ignore[attr-defined]  # a mark
    return function


def constant(kind: ir.Type, number: float) -> ir.Constant:
    """The number, or a vector of it."""
    many = isinstance(kind, ir.VectorType)
    return ir.Constant(kind, [number] * kind.count if many else number)


def as_kind(builder: ir.IRBuilder, value: Value, kind: ir.Type) -> ir.Value:
    """A value as another kind of number; a number as a vector of it."""
    if isinstance(value, bool | int | float):
        return constant(kind, value)
    if value.type == kind:
        return value
    if isinstance(kind, ir.VectorType):
        one = builder.insert_element(
            ir.Constant(kind, ir.Undefined), as_kind(builder, value, kind.element), ir.Constant(WORD, 0)
        )
        return builder.shuffle_vector(one, one, constant(ir.VectorType(ir.IntType(32), kind.count), 0))
    if isinstance(value.type, ir.IntType) and isinstance(kind, ir.IntType):
        return (builder.zext if value.type.width < kind.width else builder.trunc)(value, kind)
    if isinstance(value.type, ir.IntType):
        return builder.uitofp(value, kind)
    if isinstance(kind, ir.IntType):
        raise TypeError("expected a whole number; got one with a fraction")
    return (builder.fpext if kind == DOUBLE else builder.fptrunc)(value, kind)


def call(builder: ir.IRBuilder, name: str, kind: ir.Type, *arguments: ir.Value) -> ir.Value:
    """Call a function from outside, or an instruction that LLVM knows by a function's name."""
    module, of = builder.module, ir.FunctionType(kind, [argument.type for argument in arguments])
    function = module.globals.get(name) or ir.Function(module, of, name)
    return builder.call(function, arguments)


def _each(builder: ir.IRBuilder, name: str, *vectors: ir.Value) -> ir.Value:
    kind = vectors[0].type
    bits = 64 if kind.element == DOUBLE else 32
    return call(builder, f"llvm.{name}.v{kind.count}f{bits}", kind, *vectors)


# --- vectors -------------------------------------------------------------------------------------------


@operation
def zeros(builder: ir.IRBuilder, number: ir.Type, lanes: int) -> ir.Constant:
    """A vector of so many zeros."""
    return constant(ir.VectorType(number, lanes), 0.0)


@operation
def width(builder: ir.IRBuilder, v: ir.Value) -> int:
    """How many numbers v has."""
    return int(v.type.count)


@operation
def spread(builder: ir.IRBuilder, s: Value, like: ir.Value) -> ir.Value:
    """A vector as wide as like, of times s."""
    return as_kind(builder, s, like.type)


def _place(builder: ir.IRBuilder, p: ir.Value, i: Value, kind: ir.Type) -> ir.Value:
    return builder.bitcast(builder.gep(p, [as_kind(builder, i, WORD)]), kind.as_pointer())


@operation
def load(builder: ir.IRBuilder, p: ir.Value, i: Value, like: ir.Value) -> ir.Value:
    """As many numbers as like has, from p[i] on."""
    return builder.load(_place(builder, p, i, like.type), align=_bytes(like.type.element))


@operation
def store(builder: ir.IRBuilder, p: ir.Value, i: Value, v: ir.Value) -> None:
    """p[i : i + width of v] = v."""
    builder.store(v, _place(builder, p, i, v.type), align=_bytes(v.type.element))


def _bytes(number: ir.Type) -> int:
    return 8 if number == DOUBLE else 4


@operation
def scaled_sum(builder: ir.IRBuilder, s: Value, v: ir.Value, total: ir.Value) -> ir.Value:
    """s v + total, for a number s, in one instruction where there is one."""
    return _each(builder, "fmuladd", as_kind(builder, s, v.type), v, total)


@operation
def sum_of(builder: ir.IRBuilder, v: ir.Value) -> ir.Value:
    """The sum of the numbers of v."""
    parts = [builder.extract_element(v, ir.Constant(WORD, lane)) for lane in range(v.type.count)]
    while len(parts) > 1:
        parts = [builder.fadd(a, b) for a, b in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


@operation
def root(builder: ir.IRBuilder, v: ir.Value) -> ir.Value:
    """The square root of each."""
    return _each(builder, "sqrt", v)


@operation
def where_positive(builder: ir.IRBuilder, test: ir.Value, a: ir.Value, b: ir.Value) -> ir.Value:
    """a where test > 0 or is not a number, else b."""
    return builder.select(builder.fcmp_unordered(">", test, constant(test.type, 0.0)), a, b)


@operation
def without_tiny(builder: ir.IRBuilder, v: ir.Value) -> ir.Value:
    """v, with 0 for what is nearer to 0 than TINY."""
    tiny = builder.fcmp_ordered("<", _each(builder, "fabs", v), constant(v.type, TINY))
    return builder.select(tiny, constant(v.type, 0.0), v)


@operation
def exp_minus(builder: ir.IRBuilder, v: ir.Value) -> ir.Value:
    """e^-|v| of each, to the last digit or two: 2^k (1 + r + r^2/2! + ...) with |r| <= log(2) / 2.

    Where e^-|v| would be no normal number, the least of them.
    """
    double = v.type.element == DOUBLE
    mantissa, bias, least, terms = (52, 1023, -708.0, 14) if double else (23, 127, -87.0, 8)
    kind, bits = v.type, ir.VectorType(ir.IntType(64 if double else 32), v.type.count)
    x = builder.fneg(_each(builder, "fabs", v))
    x = builder.select(builder.fcmp_ordered("<", x, constant(kind, least)), constant(kind, least), x)
    # added to this number, k stands in the last bits of the sum
    shift = constant(kind, 1.5 * 2.0**mantissa)
    shifted = builder.fadd(builder.fmul(x, constant(kind, 1 / math.log(2))), shift)
    k = builder.fsub(shifted, shift)
    high, low = 0.693115234375, 3.1946184945309417e-05  # of log(2): k high is exact
    r = _each(builder, "fma", k, constant(kind, -high), x)
    r = _each(builder, "fma", k, constant(kind, -low), r)
    power = constant(kind, 1 / math.factorial(terms - 1))
    for n in reversed(range(terms - 1)):
        power = _each(builder, "fma", power, r, constant(kind, 1 / math.factorial(n)))
    exponent = builder.add(builder.bitcast(shifted, bits), constant(bits, bias))
    return builder.fmul(power, builder.bitcast(builder.shl(exponent, constant(bits, mantissa)), kind))


# --- numbers ---------------------------------------------------------------------------------------------


@operation
def lesser(builder: ir.IRBuilder, a: Value, b: Value) -> ir.Value:
    """The lesser of two whole numbers."""
    a, b = as_kind(builder, a, WORD), as_kind(builder, b, WORD)
    return builder.select(builder.icmp_unsigned("<", a, b), a, b)


@operation
def log(builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    """The natural logarithm."""
    return call(builder, "log", DOUBLE, as_kind(builder, x, DOUBLE))


@operation
def is_finite(builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    """Whether x is neither infinite nor no number."""
    return builder.fcmp_ordered("==", builder.fsub(x, x), constant(x.type, 0.0))


# --- ink -----------------------------------------------------------------------------------------------


@operation
def inked(builder: ir.IRBuilder, images: ir.Value, a: ir.Value, b: ir.Value) -> ir.Value:
    """Which of the 64 pixels from images[a] on, or of those from images[b] on, are not 0: a bit each."""
    bytes_ = ir.VectorType(BYTE, PIECE)
    both = [builder.load(_place(builder, images, i, bytes_), align=1) for i in (a, b)]
    found = builder.icmp_unsigned("!=", builder.or_(*both), constant(bytes_, 0))
    return builder.bitcast(found, ir.IntType(PIECE))


@operation
def bits_in(builder: ir.IRBuilder, bits: ir.Value) -> ir.Value:
    """How many bits are set."""
    return builder.ctpop(bits)


@operation
def lowest(builder: ir.IRBuilder, bits: ir.Value) -> ir.Value:
    """The place of the lowest bit that is set, 0 to 63; 0 if none is."""
    place = builder.cttz(bits, ir.Constant(FLAG, 0))
    return builder.and_(place, ir.Constant(WORD, PIECE - 1))


@operation
def fetch(builder: ir.IRBuilder, p: ir.Value, i: Value) -> None:
    """Have the cache line of p[i] brought nearer: it will be read soon."""
    address = _place(builder, p, i, BYTE)
    reading, second_level, data = (ir.Constant(ir.IntType(32), n) for n in (0, 2, 1))
    call(builder, "llvm.prefetch.p0i8", ir.VoidType(), address, reading, second_level, data)


# --- threads that wait for each other --------------------------------------------------------------------


@operation
def arrive(builder: ir.IRBuilder, counter: ir.Value) -> None:
    """counter[0] += 1, seen by all threads."""
    builder.atomic_rmw("add", counter, ir.Constant(WORD, 1), "seq_cst")


@operation
def arrived(builder: ir.IRBuilder, counter: ir.Value) -> ir.Value:
    """counter[0], as the other threads have left it."""
    return builder.load_atomic(counter, "seq_cst", 8)


@operation
def let_others_run(builder: ir.IRBuilder) -> None:
    """POSIX sched_yield: where there are more threads than cores, waiting must not hold one."""
    call(builder, "sched_yield", ir.IntType(32))
