"""The compiled part of the fast engine: an epoch over lists of ink, or the scores of images.

Everything that is compiled stands in this one file, because Numba's cache looks at no other. Vectors are
LLVM's own, of 64 or 32 numbers for hidden units and of 16 for scores: a processor with AVX-512 holds 16 in
a register, others 8 or 4. Arrays are addresses, and offsets are unsigned: nothing is checked here, so
engine.py checks what it hands over.

The hidden units stand in blocks as wide as a vector, the pixels in bands; a tile of W1 is a block by a
band, a row a pixel, and fits the first-level cache. Images go through it by twos: a pixel that is not 0 in
one or both has its row loaded once. How an epoch goes, for each thread, which owns some blocks:

    each batch:   list the ink of its images
                  wait until all threads have added their share of the scores z of the batch before
                  z -> y, loss, grad_z of the batch before          (every thread, for itself)
                  each block:  grad_h, grad_a; update W2 and b1
                               each tile:  update W1 (only the pixels with ink);
                                           its part of a for this batch, while it is in the cache
                               a -> h -> share of z                 (of this batch)

Every image of a batch goes forward before any row of W1 moves, so the numbers are those of the
reference, but for the order of sums.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, uintp
from numba.core import cgutils, types
from numba.extending import intrinsic, models, register_model

WIDE, NARROW, SCORES = 64, 32, 16  # numbers in a vector: of hidden units, one or the other; of scores
EMIT = np.uintp(4)  # entries of a list written at a time
TOGETHER = 4  # images whose scores are summed at a time; their number in h is padded to a multiple
PIECE = 64  # pixels looked at in one go for ink
GREYS = 256
TILE = 49 * 1024  # bytes of a tile of W1: a quarter of MNIST's pixels
PATIENCE = 2000  # looks at the counter before a waiting thread offers its core to others
TINY = 1e-35  # memory below this counts as zero: numbers that are not normal are slow

SGD, MOMENTUM, NESTEROV, ADAM, READ = range(5)
RELU, LEAKY_RELU, TANH, SIGMOID, NONE = range(5)
L2, CROSS_ENTROPY = range(2)


# --- vectors ---------------------------------------------------------------------------------------


class _Vector(types.Type):
    def __init__(self, dtype: Any, lanes: int) -> None:
        self.dtype, self.lanes = dtype, lanes
        super().__init__(name=f"Vector{lanes}({dtype})")


def _llvm(vector: _Vector) -> ir.VectorType:
    return ir.VectorType(ir.FloatType() if vector.dtype == types.float32 else ir.DoubleType(), vector.lanes)


@register_model(_Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, vector: Any) -> None:
        super().__init__(manager, vector, _llvm(vector))


def _all(kind: ir.VectorType, number: float) -> Any:
    return ir.Constant(kind, [number] * kind.count)


def _spread(builder: Any, scalar: Any, lanes: int) -> Any:
    empty = ir.Constant(ir.VectorType(scalar.type, lanes), ir.Undefined)
    first = builder.insert_element(empty, scalar, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, empty, _all(ir.VectorType(ir.IntType(32), lanes), 0))


def _call(builder: Any, name: str, *arguments: Any) -> Any:
    kind = arguments[0].type
    suffix = f"v{kind.count}f{32 if kind.element == ir.FloatType() else 64}"
    function = ir.FunctionType(kind, [kind] * len(arguments))
    named = cgutils.get_or_insert_function(builder.module, function, f"llvm.{name}.{suffix}")
    return builder.call(named, arguments)


@intrinsic(prefer_literal=True)
def vector(typing: Any, s: Any, lanes: Any) -> Any:
    """A vector of so many (a constant) times s."""
    count = lanes.literal_value

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _spread(builder, args[0], count)

    return _Vector(s, count)(s, lanes), code


@intrinsic
def pointer(typing: Any, like: Any, address: Any) -> Any:
    """Numbers of the type of like, from an address on. They are read and written without any check."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[1], context.get_value_type(signature.return_type))

    return types.CPointer(like)(like, types.uintp), code


@intrinsic
def onward(typing: Any, p: Any, i: Any) -> Any:
    """The numbers from p[i] on."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return p(p, types.uintp), code


@intrinsic
def load(typing: Any, p: Any, i: Any, like: Any) -> Any:
    """As many numbers as like has, from p[i] on."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = builder.bitcast(builder.gep(args[0], [args[1]]), args[2].type.as_pointer())
        return builder.load(place, align=p.dtype.bitwidth // 8)

    return like(p, types.uintp, like) if p.dtype == like.dtype else None, code


@intrinsic
def store(typing: Any, p: Any, i: Any, v: Any) -> Any:
    """p[i : i + width of v] = v."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = builder.bitcast(builder.gep(args[0], [args[1]]), args[2].type.as_pointer())
        builder.store(args[2], place, align=p.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.none(p, types.uintp, v) if p.dtype == v.dtype else None, code


@intrinsic
def fetch(typing: Any, p: Any, i: Any) -> Any:
    """Have the cache line of p[i] brought nearer: it will be read soon."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = builder.bitcast(builder.gep(args[0], [args[1]]), cgutils.voidptr_t)
        number = ir.IntType(32)
        function = ir.FunctionType(ir.VoidType(), [address.type, number, number, number])
        prefetch = cgutils.get_or_insert_function(builder.module, function, "llvm.prefetch.p0i8")
        reading, second_level, data = (ir.Constant(number, n) for n in (0, 2, 1))
        builder.call(prefetch, [address, reading, second_level, data])
        return context.get_dummy_value()

    return types.none(p, types.uintp), code


@intrinsic
def spread(typing: Any, s: Any, like: Any) -> Any:
    """A vector as wide as like, of times s."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _spread(builder, args[0], like.lanes)

    return like(s, like), code


@intrinsic
def width(typing: Any, v: Any) -> Any:
    """How many numbers v has."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.get_constant(types.uintp, v.lanes)

    return types.uintp(v), code


@intrinsic
def sum_of(typing: Any, v: Any) -> Any:
    """The sum of the numbers of v."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = [ir.Constant(ir.IntType(32), lane) for lane in range(v.lanes)]
        parts = [builder.extract_element(args[0], lane) for lane in place]
        while len(parts) > 1:
            parts = [builder.fadd(a, b) for a, b in zip(parts[::2], parts[1::2], strict=True)]
        return parts[0]

    return v.dtype(v), code


@intrinsic
def scaled_sum(typing: Any, s: Any, v: Any, total: Any) -> Any:
    """s v + total, for a number s."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _call(builder, "fmuladd", _spread(builder, args[0], total.lanes), *args[1:])

    return total(total.dtype, v, total), code


@intrinsic
def scaled(typing: Any, s: Any, v: Any) -> Any:
    """s v, for a number s."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fmul(_spread(builder, args[0], v.lanes), args[1])

    return v(v.dtype, v), code


def _binary(operation: str) -> Callable[..., Any]:
    @intrinsic
    def function(typing: Any, a: Any, b: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return getattr(builder, operation)(*args)

        return a(a, b), code

    return function


plus, minus, times, over = map(_binary, ("fadd", "fsub", "fmul", "fdiv"))


@intrinsic
def root(typing: Any, v: Any) -> Any:
    """The square root of each."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _call(builder, "sqrt", args[0])

    return v(v), code


@intrinsic
def where_positive(typing: Any, test: Any, a: Any, b: Any) -> Any:
    """a where test > 0 or is not a number, else b."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        positive = builder.fcmp_unordered(">", args[0], _all(args[0].type, 0.0))
        return builder.select(positive, args[1], args[2])

    return a(test, a, a), code


@intrinsic
def without_tiny(typing: Any, v: Any) -> Any:
    """v, with 0 for what is nearer to 0 than TINY."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        tiny = builder.fcmp_ordered("<", _call(builder, "fabs", args[0]), _all(args[0].type, TINY))
        return builder.select(tiny, _all(args[0].type, 0.0), args[0])

    return v(v), code


@intrinsic
def exp_minus(typing: Any, v: Any) -> Any:
    """e^-|v| of each, to the last digit or two: 2^k (1 + r + r^2/2! + ...) with |r| <= log(2) / 2.

    Where e^-|v| would be no normal number, the least of them.
    """
    number, whole, mantissa, bias, least, terms = (
        (ir.FloatType(), ir.IntType(32), 23, 127, -87.0, 8)
        if v.dtype == types.float32
        else (ir.DoubleType(), ir.IntType(64), 52, 1023, -708.0, 14)
    )

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind, bits = ir.VectorType(number, v.lanes), ir.VectorType(whole, v.lanes)
        x = builder.fneg(_call(builder, "fabs", args[0]))
        x = builder.select(builder.fcmp_ordered("<", x, _all(kind, least)), _all(kind, least), x)
        # added to this number, k stands in the last bits of the sum
        shift = _all(kind, 1.5 * 2.0**mantissa)
        shifted = builder.fadd(builder.fmul(x, _all(kind, 1 / math.log(2))), shift)
        k = builder.fsub(shifted, shift)
        high, low = 0.693115234375, 3.1946184945309417e-05  # of log(2): k high is exact
        r = _call(builder, "fma", k, _all(kind, -high), x)
        r = _call(builder, "fma", k, _all(kind, -low), r)
        power = _all(kind, 1 / math.factorial(terms - 1))
        for n in reversed(range(terms - 1)):
            power = _call(builder, "fma", power, r, _all(kind, 1 / math.factorial(n)))
        exponent = builder.add(builder.bitcast(shifted, bits), _all(bits, bias))
        return builder.fmul(power, builder.bitcast(builder.shl(exponent, _all(bits, mantissa)), kind))

    return v(v), code


# --- ink -----------------------------------------------------------------------------------------------


@intrinsic
def inked(typing: Any, images: Any, a: Any, b: Any) -> Any:
    """Which of the 64 pixels from images[a] on, or of those from images[b] on, are not 0: a bit each."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        bytes_ = ir.VectorType(ir.IntType(8), PIECE)
        both = [builder.bitcast(builder.gep(args[0], [i]), bytes_.as_pointer()) for i in args[1:]]
        both = [builder.load(place, align=1) for place in both]
        found = builder.icmp_unsigned("!=", builder.or_(*both), _all(bytes_, 0))
        return builder.bitcast(found, ir.IntType(PIECE))

    return types.uint64(images, types.uintp, types.uintp), code


@intrinsic
def bits_in(typing: Any, bits: Any) -> Any:
    """How many bits are set."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.uintp(types.uint64), code


@intrinsic
def lowest(typing: Any, bits: Any) -> Any:
    """The place of the lowest bit that is set, 0 to 63; 0 if none is."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))
        return builder.and_(place, ir.Constant(place.type, PIECE - 1))

    return types.uintp(types.uint64), code


@intrinsic
def lesser(typing: Any, a: Any, b: Any) -> Any:
    """The lesser of two numbers that are not negative."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(builder.icmp_unsigned("<", *args), *args)

    return types.uintp(types.uintp, types.uintp), code


# --- threads that wait for each other ----------------------------------------------------------------


@intrinsic
def arrive(typing: Any, counter: Any) -> Any:
    """counter[0] += 1, seen by all threads."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.atomic_rmw("add", args[0], ir.Constant(ir.IntType(64), 1), "seq_cst")
        return context.get_dummy_value()

    return types.none(counter), code


@intrinsic
def arrived(typing: Any, counter: Any) -> Any:
    """counter[0], as the other threads have left it."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(args[0], "seq_cst", 8)

    return types.uintp(counter), code


@intrinsic
def let_others_run(typing: Any) -> Any:
    """POSIX sched_yield: where there are more threads than cores, waiting must not hold one."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function = ir.FunctionType(ir.IntType(32), [])
        builder.call(cgutils.get_or_insert_function(builder.module, function, "sched_yield"), [])
        return context.get_dummy_value()

    return types.none(), code


# --- the epoch -----------------------------------------------------------------------------------------

# the numbers of a batch, in the parameters' type: where each stands in a row of scales
SCALES = 13
(RATE, BETA, BETA_REST, BETA2, BETA2_REST, EPSILON, UNBIAS, UNBIAS2, PER_IMAGE, TWO_PER_IMAGE, NIL, UNIT, LEAK
) = range(SCALES)  # fmt: skip
ZERO, ONE, TWO, THREE, FOUR, GROUP = (np.uintp(n) for n in (0, 1, 2, 3, 4, SCORES))
BYTE, SHORT, PAPER = np.uint8(0), np.uint16(0), np.uintp(GREYS)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiled on first use, without the interpreter's lock; cached on disk where there is a place."""
    try:
        return njit(nogil=True, cache=True, error_model="numpy")(function)
    except RuntimeError:  # Numba found no folder that can be written
        return njit(nogil=True, error_model="numpy")(function)


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """A part of a compiled function: compiled where it is called, not for itself."""
    return njit(inline="always", error_model="numpy")(function)


@inlined
def list_ink(n, at, size, N, D, images, order, where, place, shades, lists):
    """The ink of the n images from order[at] on, by twos: pair p are order[at + 2p] and the next.

    List number band pairs + p has an entry for each pixel of the band that is not 0 in one or the other:
    where its row of W1 begins in the tile (pixel), and the pixel's x in the one and in the other image
    (ink); count says how many entries. The second image of the last pair may be missing: it is paper.

    size: how far on the images are that will be listed next, and are fetched here. where: bands, pieces,
    piece and mask of Bands; place, shades: where a pixel's row is, a grey level's x.
    """
    bands, pieces, piece, mask = where
    pixel, ink, count, pairs, room = lists
    for p in range((n + ONE) // TWO):
        i = at + TWO * p
        j = lesser(i + ONE, at + n - ONE)
        a, b = order[i] * D, order[j] * D
        paper = PAPER if i == j else ZERO
        for k in range(lesser(i + size, N), lesser(i + size + TWO, N)):
            image = order[k] * D
            for q in range(image, image + D, PIECE):
                fetch(images, q)
            fetch(images, image + D - ONE)
        for band in range(bands):
            number = band * pairs + p
            e = number * room
            for k in range(pieces[band], pieces[band + ONE]):
                q = piece[k]
                left = inked(images, a + q, b + q) & mask[k]
                end = e + bits_in(left)
                while e < end:
                    # written over by the next where there are less
                    for later in range(e, e + EMIT):
                        o = q + lowest(left)
                        left &= left - ONE
                        pixel[later] = place[o]
                        ink[TWO * later] = shades[uintp(images[a + o])]
                        ink[TWO * later + ONE] = shades[uintp(images[b + o]) + paper]
                    e += EMIT
                e = end
            count[number] = e - number * room


@compiled
def move(zero, p, m, v, stride, grads, many, rule, scale):
    """One step of the rule for many vectors of parameters, at p[0], p[stride] and so on, along minus
    their gradients, which stand one behind the other in grads and are set to 0 afterwards.

    m and v are what the rule remembers, laid out as p; scale: the numbers of SCALES for this batch.
    """
    rate, beta, rest = spread(scale[RATE], zero), spread(scale[BETA], zero), spread(scale[BETA_REST], zero)
    beta2, rest2 = spread(scale[BETA2], zero), spread(scale[BETA2_REST], zero)
    unbias, unbias2 = spread(scale[UNBIAS], zero), spread(scale[UNBIAS2], zero)
    for k in range(many):
        i, g = k * stride, load(grads, k * width(zero), zero)
        if rule == SGD:
            step = g
        elif rule == ADAM:
            mean = without_tiny(plus(times(beta, load(m, i, zero)), times(rest, g)))
            square = without_tiny(plus(times(beta2, load(v, i, zero)), times(times(rest2, g), g)))
            store(m, i, mean)
            store(v, i, square)
            below = plus(root(times(unbias2, square)), spread(scale[EPSILON], zero))
            step = over(times(unbias, mean), below)
        else:
            speed = without_tiny(plus(times(beta, load(m, i, zero)), g))
            store(m, i, speed)
            step = plus(g, times(beta, speed)) if rule == NESTEROV else speed
        store(p, i, minus(load(p, i, zero), times(rate, step)))
        store(grads, k * width(zero), zero)


@inlined
def forward_tile(begin, fresh, n, tile, band, lists, h):
    """a = x W1^T + b1 for one block, as far as one band goes: begun with b1 (fresh) or added to h."""
    pixel, ink, count, pairs, room = lists
    for p in range((n + ONE) // TWO):
        e = (band * pairs + p) * room
        end = e + count[band * pairs + p]
        at = TWO * p * width(begin)
        s0, s1 = begin, begin
        if not fresh:
            s0, s1 = load(h, at, begin), load(h, at + width(begin), begin)
        while e < end:
            row = load(tile, uintp(pixel[e]), begin)
            s0 = scaled_sum(ink[TWO * e], row, s0)
            s1 = scaled_sum(ink[TWO * e + ONE], row, s1)
            e += ONE
        store(h, at, s0)
        store(h, at + width(begin), s1)


@inlined
def features(zero, small, n, units, h, V2, z, activation, H, Cp, fresh, scale):
    """h of one block from its a, in place; its share of z = h W2^T is added to z, or begins it (fresh)."""
    one = spread(scale[UNIT], zero)
    for i in range(n):
        place = i * width(zero)
        a = load(h, place, zero)
        if activation == RELU:
            a = where_positive(a, a, zero)
        elif activation == LEAKY_RELU:
            a = where_positive(a, a, scaled(scale[LEAK], a))
        elif activation == TANH:
            shrunk = exp_minus(plus(a, a))
            size = over(minus(one, shrunk), plus(one, shrunk))
            a = where_positive(a, size, minus(zero, size))
        elif activation == SIGMOID:
            a = sigmoid(a, one)
        store(h, place, a)
    if activation == SIGMOID:  # units that only fill the last block stay 0
        for i in range(n):
            for j in range(H, units + width(zero)):
                h[i * width(zero) + j - units] = scale[NIL]
    for i in range(ZERO, n, uintp(TOGETHER)):
        p0 = i * width(zero)
        p1, p2, p3 = p0 + width(zero), p0 + TWO * width(zero), p0 + THREE * width(zero)
        for group in range(ZERO, Cp, GROUP):
            q0 = i * Cp + group
            q1, q2, q3 = q0 + Cp, q0 + TWO * Cp, q0 + THREE * Cp
            s0, s1, s2, s3 = small, small, small, small
            if not fresh:
                s0, s1 = load(z, q0, small), load(z, q1, small)
                s2, s3 = load(z, q2, small), load(z, q3, small)
            for j in range(ZERO, width(zero)):
                v = load(V2, (units + j) * Cp + group, small)
                s0 = scaled_sum(h[p0 + j], v, s0)
                s1 = scaled_sum(h[p1 + j], v, s1)
                s2 = scaled_sum(h[p2 + j], v, s2)
                s3 = scaled_sum(h[p3 + j], v, s3)
            store(z, q0, s0)
            store(z, q1, s1)
            store(z, q2, s2)
            store(z, q3, s3)


@inlined
def sigmoid(z, one):
    """1 / (1 + e^-z) of each."""
    small = exp_minus(z)
    return over(where_positive(z, one, small), plus(one, small))


@inlined
def outputs(small, n, at, shares, rest, b2, labels, order, grad_z, targets, C, Cp, loss, scale):
    """The threads' shares of z and b2 -> grad_z (n, Cp), and the loss summed over the batch's images.

    shares: as many z as rest says (number of threads, numbers between); targets: one-hot rows (C, Cp), and a
    row of ones.
    """
    one, total = spread(scale[UNIT], small), 0.0
    threads, apart = rest
    for i in range(n):
        row, label = i * Cp, labels[order[at + i]]
        for group in range(ZERO, Cp, GROUP):
            z = load(b2, group, one)
            for share in range(threads):
                z = plus(z, load(shares, share * apart + row + group, one))
            if loss == L2:
                y = sigmoid(z, one)
                error = minus(y, load(targets, label * Cp + group, one))
                error = times(error, load(targets, C * Cp + group, one))
                total += sum_of(times(error, error))
                z = times(times(scaled(scale[TWO_PER_IMAGE], error), y), minus(one, y))
            store(grad_z, row + group, z)
        if loss == CROSS_ENTROPY:
            top, z_label, below = grad_z[row], grad_z[row + label], 0.0
            for c in range(C):
                if grad_z[row + c] > top:
                    top = grad_z[row + c]
            for group in range(ZERO, Cp, GROUP):
                live = load(targets, C * Cp + group, one)
                lower = times(live, minus(load(grad_z, row + group, one), spread(top, one)))
                y = times(live, exp_minus(lower))
                below += sum_of(y)
                store(grad_z, row + group, y)
            total += math.log(below) - (z_label - top)
            for group in range(ZERO, Cp, GROUP):
                y = scaled(scale[UNIT] / below, load(grad_z, row + group, one))
                y = minus(y, load(targets, label * Cp + group, one))
                store(grad_z, row + group, scaled(scale[PER_IMAGE], y))
    return total


@inlined
def backward_block(
    zero, n, units, W2, V2, m, v, h, grad_z, grad_a, grads, activation, C, Cp, Hp, bias, rule, scale
):
    """grad_h and grad_a of one block (for SGD times minus the rate), and a step for its part of W2 and b1."""
    one, grad_b1 = spread(scale[UNIT], zero), zero
    for i in range(n):
        g = zero
        for c in range(C):
            g = scaled_sum(grad_z[i * Cp + c], load(W2, c * Hp + units, zero), g)
        features = load(h, i * width(zero), zero)
        if activation == RELU:
            g = where_positive(features, g, zero)
        elif activation == LEAKY_RELU:
            g = where_positive(features, g, scaled(scale[LEAK], g))
        elif activation == TANH:
            g = times(g, minus(one, times(features, features)))
        elif activation == SIGMOID:
            g = times(times(g, features), minus(one, features))
        grad_b1 = plus(grad_b1, g)
        if rule == SGD:
            g = scaled(-scale[RATE], g)
        store(grad_a, i * width(zero), g)
    for c in range(ZERO, C, TWO):
        g0, g1 = zero, zero
        for i in range(n):
            features = load(h, i * width(zero), zero)
            g0 = scaled_sum(grad_z[i * Cp + c], features, g0)
            g1 = scaled_sum(grad_z[i * Cp + c + ONE], features, g1)
        store(grads, c * width(zero), g0)
        store(grads, (c + ONE) * width(zero), g1)
    store(grads, C * width(zero), grad_b1)
    move(zero, onward(W2, units), onward(m, units), onward(v, units), Hp, grads, C + uintp(bias), rule, scale)
    for c in range(C):
        for j in range(units, units + width(zero)):
            V2[j * Cp + c] = W2[c * Hp + j]


@inlined
def backward_tile(zero, n, target, band, lists, grad_a):
    """grad_a^T x, as far as one band goes, added to the tile target."""
    pixel, ink, count, pairs, room = lists
    for p in range((n + ONE) // TWO):
        e = (band * pairs + p) * room
        end = e + count[band * pairs + p]
        g0, g1 = load(grad_a, TWO * p * width(zero), zero), load(grad_a, (TWO * p + ONE) * width(zero), zero)
        while e < end:
            at = uintp(pixel[e])
            row = scaled_sum(ink[TWO * e], g0, load(target, at, zero))
            store(target, at, scaled_sum(ink[TWO * e + ONE], g1, row))
            e += ONE


def entry(lanes: int) -> Callable[..., Any]:
    """run, in blocks of so many hidden units."""

    @compiled
    def run(nil, data, sizes, modes, thread, threads, weights, memory, where, lists, own, shared):
        """One thread's part of an epoch -> the loss summed over all images, and the batch (from 1) whose
        loss was not finite, or 0. All threads find the same two numbers.

        With the rule READ nothing is learnt: the scores z go to out, a row of Cp an image.

        nil: 0 in the parameters' type. All else is addresses and numbers, and nothing is checked:
        data      images, labels, order, place, shades, targets, scales, out
        sizes     N, D, of a batch, H, C, Hp, Cp, batches
        modes     activation, bias, loss, rule
        weights   W1, W2, V2, b2; b1 is the last row of W2 (C + 1, Hp), V2 is W2 turned (Hp, Cp)
        memory    the two of W1, of W2 and of b2
        where     starts, pieces, piece, mask of Bands, and the number of bands
        lists     pixel, ink, count, for two batches; how many pairs a batch has, and how much room a list
        own       grad_z, grad_a, grad_W1, grads: this thread's, as b2 and the lists are
        shared    h, shares of z, the counter of arrivals (and beside it: whether to give up)
        """
        zero, small = vector(nil, lanes), vector(nil, SCORES)
        W1, W2 = pointer(nil, weights[0]), pointer(nil, weights[1])
        V2, b2 = pointer(nil, weights[2]), pointer(nil, weights[3])
        images, labels = pointer(BYTE, data[0]), pointer(ZERO, data[1])
        order, place = pointer(ZERO, data[2]), pointer(SHORT, data[3])
        shades, targets = pointer(nil, data[4]), pointer(nil, data[5])
        scales, out = pointer(nil, data[6]), pointer(nil, data[7])
        starts, bands = pointer(ZERO, where[0]), uintp(where[4])
        pieces, piece = pointer(ZERO, where[1]), pointer(ZERO, where[2])
        places = bands, pieces, piece, pointer(ZERO, where[3])
        pixel, ink, count = pointer(SHORT, lists[0]), pointer(nil, lists[1]), pointer(ZERO, lists[2])
        pairs, room = uintp(lists[3]), uintp(lists[4])
        grad_z, grad_a = pointer(nil, own[0]), pointer(nil, own[1])
        grad_W1, grads = pointer(nil, own[2]), pointer(nil, own[3])
        h, shares, counter = pointer(nil, shared[0]), pointer(nil, shared[1]), pointer(ZERO, shared[2])
        N, D, size, H, C, Hp, Cp, batches = sizes
        activation, bias, loss, rule = modes
        blocks, rows, images_room = Hp // width(zero), starts[bands], (TWO * pairs + THREE) // FOUR * FOUR
        z_room, of_lists = images_room * Cp, bands * pairs
        low, high = blocks * thread // threads, blocks * (thread + ONE) // threads
        total, start, n, after, n_after = 0.0, ZERO, ZERO, ZERO, lesser(size, N)
        old = pixel, ink, count, pairs, room
        for batch in range(batches + ONE):
            scale = onward(scales, batch * SCALES)
            half = batch % TWO * of_lists
            new = onward(pixel, half * room), onward(ink, TWO * half * room), onward(count, half), pairs, room
            arrive(counter)
            list_ink(n_after, after, size, N, D, images, order, places, place, shades, new)
            if batch > 0:
                waited = 0
                while arrived(counter) < threads * (batch + ONE):
                    waited += 1
                    if waited > PATIENCE:
                        let_others_run()
                        if arrived(onward(counter, ONE)) > 0:  # somebody will never come
                            return total, ZERO
                z = onward(shares, (batch - ONE) % TWO * threads * z_room)
                if rule == READ:
                    for i in range(n):
                        for group in range(ZERO, Cp, GROUP):
                            answer = plus(load(z, i * Cp + group, small), load(b2, group, small))
                            store(out, (start + i) * Cp + group, answer)
                else:
                    batch_loss = outputs(
                        small, n, start, z, (threads, z_room), b2, labels, order, grad_z, targets, C, Cp,
                        loss, scale,
                    )  # fmt: skip
                    if not math.isfinite(batch_loss):
                        return total, batch
                    total += batch_loss
                    if bias:
                        for group in range(ZERO, Cp, GROUP):
                            g = small
                            for i in range(n):
                                g = plus(g, load(grad_z, i * Cp + group, g))
                            store(grads, group, g)
                        many = (Cp + width(zero) - ONE) // width(zero)
                        m, v = pointer(nil, memory[4]), pointer(nil, memory[5])
                        move(zero, b2, m, v, width(zero), grads, many, rule, scale)
            z_mine = onward(shares, (batch % TWO * threads + thread) * z_room)
            for b in range(low, high):
                units, block, h_block = b * width(zero), b * rows * width(zero), b * images_room * width(zero)
                if n > 0 and rule != READ:
                    backward_block(
                        zero, n, units, W2, V2, pointer(nil, memory[2]), pointer(nil, memory[3]),
                        onward(h, h_block), grad_z, grad_a, grads, activation, C, Cp, Hp, bias, rule, scale,
                    )  # fmt: skip
                for band in range(bands):
                    tile = block + starts[band] * width(zero)
                    if n > 0 and rule != READ:
                        target = onward(W1, tile) if rule == SGD else grad_W1
                        backward_tile(zero, n, target, band, old, grad_a)
                        if rule != SGD:
                            m, v = pointer(nil, memory[0]), pointer(nil, memory[1])
                            move(
                                zero, onward(W1, tile), onward(m, tile), onward(v, tile), width(zero),
                                grad_W1, starts[band + ONE] - starts[band], rule, scale,
                            )  # fmt: skip
                    b1 = load(W2, C * Hp + units, zero)
                    forward_tile(b1, band == 0, n_after, onward(W1, tile), band, new, onward(h, h_block))
                features(
                    zero, small, n_after, units, onward(h, h_block), V2, z_mine, activation, H, Cp, b == low,
                    scale,
                )  # fmt: skip
            start, n, old = after, n_after, new
            after = start + n
            n_after = lesser(size, N - after)
        return total, ZERO

    return run


run_wide, run_narrow = entry(WIDE), entry(NARROW)


@compiled
def finish(nil, address, vectors, squash):
    """Whether all z are finite, of so many vectors of scores from an address on; squash: z -> y = sigmoid(z)
    in place."""
    z, nothing = pointer(nil, address), vector(nil, SCORES)
    one = exp_minus(nothing)
    for i in range(vectors):
        score = load(z, i * GROUP, one)
        nothing = plus(nothing, minus(score, score))  # 0, or no number
        if squash:
            store(z, i * GROUP, sigmoid(score, one))
    return sum_of(nothing) == 0
