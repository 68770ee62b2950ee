"""The compiled part of the fast engine: images as lists of their ink, an epoch over them, their scores.

Everything that is compiled stands in this one file, because Numba's cache looks at no other. Vectors are
LLVM's own, of 64 or 32 numbers for hidden units and of 16 for scores: a processor with AVX-512 holds 16 in
a register, others 8 or 4. Offsets are unsigned, or Numba would ask of each whether it counts from the end.

The hidden units stand in blocks as wide as a vector, the pixels in bands; a tile of W1 is a block by a
band, a row a pixel, and fits the first-level cache. How an epoch goes, for each thread, which owns some
blocks:

    forward of batch 0
    each batch:   wait until all threads have added their share of the scores z
                  z -> y, loss, grad_z                              (every thread, for itself)
                  each block:  grad_h, grad_a; update W2 and b1
                               each tile:  update W1 (only the pixels with ink);
                                           its part of a for the next batch, while it is in the cache
                               a -> h -> share of z                 (of the next batch)

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
UNROLL = 2  # ink pixels at a time; lists are padded to a multiple
TOGETHER = 4  # images whose scores are summed at a time; their number in h is padded to a multiple
AT_ONCE = 64  # images read at a time
WORD = 8  # pixels looked at in one go for ink
TILE = 48 * 1024  # bytes of a tile of W1
PATIENCE = 2000  # looks at the counter before a waiting thread offers its core to others
TINY = 1e-35  # memory below this counts as zero: numbers that are not normal are slow

SGD, MOMENTUM, NESTEROV, ADAM = range(4)
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


def _address(context: Any, builder: Any, kind: Any, array: Any, i: Any) -> Any:
    return builder.gep(context.make_array(kind)(context, builder, array).data, [i])


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


def _maker(lanes: int) -> Callable[..., Any]:
    @intrinsic
    def vector(typing: Any, s: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return _spread(builder, args[0], lanes)

        return _Vector(s, lanes)(s), code

    return vector


wide, narrow, scores = map(_maker, (WIDE, NARROW, SCORES))  # a vector of so many times a number


@intrinsic
def load(typing: Any, array: Any, i: Any, like: Any) -> Any:
    """As many numbers as like has, from array[i] on."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _address(context, builder, signature.args[0], *args[:2])
        return builder.load(
            builder.bitcast(address, args[2].type.as_pointer()), align=array.dtype.bitwidth // 8
        )

    return like(array, types.uintp, like), code


@intrinsic
def store(typing: Any, array: Any, i: Any, v: Any) -> Any:
    """array[i : i + width of v] = v."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = _address(context, builder, signature.args[0], *args[:2])
        place = builder.bitcast(address, args[2].type.as_pointer())
        builder.store(args[2], place, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.none(array, types.uintp, v), code


@intrinsic
def fetch(typing: Any, array: Any, i: Any) -> Any:
    """Have the cache line of array[i] brought nearer: it will be read soon."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = builder.bitcast(_address(context, builder, signature.args[0], *args), cgutils.voidptr_t)
        number = ir.IntType(32)
        function = ir.FunctionType(ir.VoidType(), [address.type, number, number, number])
        prefetch = cgutils.get_or_insert_function(builder.module, function, "llvm.prefetch.p0i8")
        reading, second_level, data = (ir.Constant(number, n) for n in (0, 2, 1))
        builder.call(prefetch, [address, reading, second_level, data])
        return context.get_dummy_value()

    return types.none(array, types.uintp), code


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


# --- threads that wait for each other ----------------------------------------------------------------


@intrinsic
def arrive(typing: Any, counter: Any) -> Any:
    """counter[0] += 1, seen by all threads."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        builder.atomic_rmw("add", data, ir.Constant(ir.IntType(64), 1), "seq_cst")
        return context.get_dummy_value()

    return types.none(counter), code


@intrinsic
def arrived(typing: Any, counter: Any) -> Any:
    """counter[0], as the other threads have left it."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return builder.load_atomic(data, "seq_cst", 8)

    return types.int64(counter), code


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
ONE, TWO, THREE, GROUP, LINE = (np.uintp(n) for n in (1, 2, 3, SCORES, 32))


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiled on first use, without the interpreter's lock; cached on disk where there is a place."""
    try:
        return njit(nogil=True, cache=True, error_model="numpy")(function)
    except RuntimeError:  # Numba found no folder that can be written
        return njit(nogil=True, error_model="numpy")(function)


@compiled
def list_ink(images, words, edges, starts, place, shades, first, pixel, value):
    """The ink of each image (N, D) uint8, band after band: that of image r in band k has pixels
    first[r bands + k] to first[r bands + k + 1].

    words: the same images, eight pixels a number; edges: the words at which bands begin; starts: the rows
    of W1 at which they begin. place maps a pixel to its row, shades a grey level to its x. Lists are padded
    with ink of value 0 in the band's first row.
    """
    e, bands, N = uintp(0), uintp(edges.shape[0] - 1), uintp(images.shape[0])
    for r in range(N):
        for band in range(bands):
            first[r * bands + band] = e
            for w in range(edges[band], edges[band + ONE]):
                if words[r, w]:
                    for p in range(w * uintp(WORD), (w + ONE) * uintp(WORD)):
                        grey = images[r, p]
                        pixel[e] = place[p]  # written over by the next unless there is ink
                        value[e] = shades[grey]
                        e += uintp(grey != 0)
            while e % UNROLL != 0:
                pixel[e], value[e] = starts[band], shades[0]
                e += ONE
    first[N * bands] = e


@compiled
def fetch_ink(start, n, bands, first, pixel, value, order):
    """Have the lists of some images brought nearer."""
    for i in range(start, start + n):
        r = uintp(order[i]) * bands
        for e in range(first[r], first[r + bands], LINE):
            fetch(pixel, e)
            fetch(value, e)
            fetch(value, e + GROUP)


@compiled
def move(zero, p, m, v, at, stride, grads, count, rule, scale):
    """One step of the rule for count vectors of parameters, at p[at], p[at + stride] and so on, along
    minus their gradients, which stand one behind the other in grads and are set to 0 afterwards.

    m and v are what the rule remembers; scale: the numbers of SCALES for this batch.
    """
    rate, beta, rest = spread(scale[RATE], zero), spread(scale[BETA], zero), spread(scale[BETA_REST], zero)
    beta2, rest2 = spread(scale[BETA2], zero), spread(scale[BETA2_REST], zero)
    unbias, unbias2 = spread(scale[UNBIAS], zero), spread(scale[UNBIAS2], zero)
    for k in range(count):
        i, g = at + k * stride, load(grads, k * width(zero), zero)
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


@compiled
def forward_tile(begin, fresh, base, start, n, W1, band, bands, first, pixel, value, order, h, at):
    """a = x W1^T + b1 for one block, as far as one band goes: begun with b1 (fresh) or added to h[at ...]."""
    for i in range(n):
        r = uintp(order[start + i]) * bands + band
        e, end = uintp(first[r]), uintp(first[r + ONE])
        place = at + i * width(begin)
        s0, s1 = begin if fresh else load(h, place, begin), minus(begin, begin)
        while e < end:
            s0 = scaled_sum(value[e], load(W1, base + uintp(pixel[e]) * width(begin), begin), s0)
            s1 = scaled_sum(value[e + ONE], load(W1, base + uintp(pixel[e + ONE]) * width(begin), begin), s1)
            e += TWO
        store(h, place, plus(s0, s1))


@compiled
def features(zero, units, n, h, at, V2, z, activation, H, Cp, fresh, scale):
    """h of one block from its a, in place; its share of z = h W2^T is added to z, or begins it (fresh)."""
    one = spread(scale[UNIT], zero)
    for i in range(n):
        place = at + i * width(zero)
        a = load(h, place, zero)
        if activation == RELU:
            a = where_positive(a, a, zero)
        elif activation == LEAKY_RELU:
            a = where_positive(a, a, scaled(scale[LEAK], a))
        elif activation == TANH:
            small = exp_minus(plus(a, a))
            size = over(minus(one, small), plus(one, small))
            a = where_positive(a, size, minus(zero, size))
        elif activation == SIGMOID:
            a = sigmoid(a, one)
        store(h, place, a)
    if activation == SIGMOID:  # units that only fill the last block stay 0
        for i in range(n):
            for j in range(H, units + width(zero)):
                h[at + i * width(zero) + j - units] = scale[NIL]
    nil = scores(scale[NIL])
    for i in range(uintp(0), n, uintp(TOGETHER)):
        p0 = at + i * width(zero)
        p1, p2, p3 = p0 + width(zero), p0 + TWO * width(zero), p0 + THREE * width(zero)
        for group in range(uintp(0), Cp, GROUP):
            q0 = i * Cp + group
            q1, q2, q3 = q0 + Cp, q0 + TWO * Cp, q0 + THREE * Cp
            s0, s1, s2, s3 = nil, nil, nil, nil
            if not fresh:
                s0, s1, s2, s3 = load(z, q0, nil), load(z, q1, nil), load(z, q2, nil), load(z, q3, nil)
            for j in range(uintp(0), width(zero)):
                v = load(V2, (units + j) * Cp + group, nil)
                s0 = scaled_sum(h[p0 + j], v, s0)
                s1 = scaled_sum(h[p1 + j], v, s1)
                s2 = scaled_sum(h[p2 + j], v, s2)
                s3 = scaled_sum(h[p3 + j], v, s3)
            store(z, q0, s0)
            store(z, q1, s1)
            store(z, q2, s2)
            store(z, q3, s3)


@compiled
def sigmoid(z, one):
    """1 / (1 + e^-z) of each."""
    small = exp_minus(z)
    return over(where_positive(z, one, small), plus(one, small))


@compiled
def outputs(n, start, shares, rest, b2, b2_at, labels, order, grad_z, targets, C, Cp, loss, scale):
    """The threads' shares of z and b2 -> grad_z (n, Cp), and the loss summed over the batch's images.

    shares: one z behind the other, rest numbers apart; targets: one-hot rows (C, Cp), and a row of ones.
    """
    one, total = scores(scale[UNIT]), 0.0
    for i in range(n):
        at, label = i * Cp, uintp(labels[uintp(order[start + i])])
        for group in range(uintp(0), Cp, GROUP):
            z = load(b2, b2_at + group, one)
            for share in range(at + group, uintp(shares.shape[0]), rest):
                z = plus(z, load(shares, share, one))
            if loss == L2:
                y = sigmoid(z, one)
                error = minus(y, load(targets, label * Cp + group, one))
                error = times(error, load(targets, C * Cp + group, one))
                total += sum_of(times(error, error))
                z = times(times(scaled(scale[TWO_PER_IMAGE], error), y), minus(one, y))
            store(grad_z, at + group, z)
        if loss == CROSS_ENTROPY:
            top, z_label, below = grad_z[at], grad_z[at + label], 0.0
            for c in range(C):
                top = max(top, grad_z[at + c])
            for group in range(uintp(0), Cp, GROUP):
                live = load(targets, C * Cp + group, one)
                lower = times(live, minus(load(grad_z, at + group, one), spread(top, one)))
                y = times(live, exp_minus(lower))
                below += sum_of(y)
                store(grad_z, at + group, y)
            total += math.log(below) - (z_label - top)
            for group in range(uintp(0), Cp, GROUP):
                y = scaled(scale[UNIT] / below, load(grad_z, at + group, one))
                y = minus(y, load(targets, label * Cp + group, one))
                store(grad_z, at + group, scaled(scale[PER_IMAGE], y))
    return total


@compiled
def backward_block(
    zero, units, n, W2, V2, m, v, h, at, grad_z, grad_a, grads, activation, C, Cp, Hp, bias, rule, scale
):
    """grad_h and grad_a of one block, and a step for its part of W2 and b1."""
    one, grad_b1 = spread(scale[UNIT], zero), zero
    for i in range(n):
        g = zero
        for c in range(C):
            g = scaled_sum(grad_z[i * Cp + c], load(W2, c * Hp + units, zero), g)
        features = load(h, at + i * width(zero), zero)
        if activation == RELU:
            g = where_positive(features, g, zero)
        elif activation == LEAKY_RELU:
            g = where_positive(features, g, scaled(scale[LEAK], g))
        elif activation == TANH:
            g = times(g, minus(one, times(features, features)))
        elif activation == SIGMOID:
            g = times(times(g, features), minus(one, features))
        store(grad_a, i * width(zero), g)
        grad_b1 = plus(grad_b1, g)
    for c in range(uintp(0), C, TWO):
        g0, g1 = zero, zero
        for i in range(n):
            features = load(h, at + i * width(zero), zero)
            g0 = scaled_sum(grad_z[i * Cp + c], features, g0)
            g1 = scaled_sum(grad_z[i * Cp + c + ONE], features, g1)
        store(grads, c * width(zero), g0)
        store(grads, (c + ONE) * width(zero), g1)
    store(grads, C * width(zero), grad_b1)
    move(zero, W2, m, v, units, Hp, grads, C + uintp(bias), rule, scale)
    for c in range(C):
        for j in range(units, units + width(zero)):
            V2[j * Cp + c] = W2[c * Hp + j]


@compiled
def backward_tile(zero, factor, origin, start, n, target, band, bands, first, pixel, value, order, grad_a):
    """factor grad_W1 = factor grad_a^T x, added to the tile in target, whose row 0 is at origin."""
    for i in range(n):
        g = scaled(factor, load(grad_a, i * width(zero), zero))
        r = uintp(order[start + i]) * bands + band
        e, end = uintp(first[r]), uintp(first[r + ONE])
        while e < end:
            at = origin + uintp(pixel[e]) * width(zero)
            store(target, at, scaled_sum(value[e], g, load(target, at, zero)))
            at = origin + uintp(pixel[e + ONE]) * width(zero)
            store(target, at, scaled_sum(value[e + ONE], g, load(target, at, zero)))
            e += TWO


@compiled
def run(
    zero, thread, threads, W1, W2, V2, b2, memory, starts, first, pixel, value, labels, order, targets, h,
    shares, scratch, counter, size, H, C, Hp, Cp, activation, bias, loss, rule, scales,
):  # fmt: skip
    """One thread's part of an epoch -> the loss summed over all images, and the batch (from 1) whose loss
    was not finite, or 0. All threads find the same two numbers.

    b1 is the last row of W2 (C + 1, Hp); each thread has a b2 of its own.
    """
    blocks, N, bands = Hp // width(zero), uintp(order.shape[0]), uintp(starts.shape[0] - 1)
    room, of_b2 = h.shape[0] // Hp, b2.shape[0] // threads
    z_size, rows, b2_at = room * Cp, uintp(starts[bands]), thread * of_b2
    low, high = blocks * thread // threads, blocks * (thread + ONE) // threads
    grad_z, grad_a, grad_W1, grads = scratch
    total, start, n, after, n_after = 0.0, uintp(0), uintp(0), uintp(0), min(size, N)
    for batch in range(uintp(0), uintp(scales.shape[0]) + ONE):
        scale = scales[max(batch, ONE) - ONE]
        if batch > 0:
            arrive(counter)
            waited = 0
            while arrived(counter) < threads * batch:
                waited += 1
                if waited > PATIENCE:
                    let_others_run()
            z = shares[(batch - ONE) % TWO]
            batch_loss = outputs(
                n, start, z, z_size, b2, b2_at, labels, order, grad_z, targets, C, Cp, loss, scale
            )
            if not math.isfinite(batch_loss):
                return total, batch
            total += batch_loss
            if bias:
                for group in range(uintp(0), Cp, GROUP):
                    g = scores(scale[NIL])
                    for i in range(n):
                        g = plus(g, load(grad_z, i * Cp + group, g))
                    store(grads, group, g)
                count = of_b2 // width(zero)
                move(zero, b2, memory[4], memory[5], b2_at, width(zero), grads, count, rule, scale)
            fetched = min(after + n_after, N)
            fetch_ink(fetched, min(size, N - fetched), bands, first, pixel, value, order)
        z_mine = shares[batch % TWO, thread * z_size : (thread + ONE) * z_size]
        for b in range(low, high):
            units, base, at = b * width(zero), b * rows * width(zero), b * room * width(zero)
            if n > 0:
                backward_block(
                    zero, units, n, W2, V2, memory[2], memory[3], h, at, grad_z, grad_a, grads, activation,
                    C, Cp, Hp, bias, rule, scale,
                )  # fmt: skip
            for band in range(bands):
                tile, count = uintp(starts[band]) * width(zero), uintp(starts[band + ONE] - starts[band])
                if n > 0 and rule == SGD:
                    backward_tile(
                        zero, -scale[RATE], base, start, n, W1, band, bands, first, pixel, value, order,
                        grad_a,
                    )  # fmt: skip
                elif n > 0:
                    backward_tile(
                        zero, scale[UNIT], uintp(0) - tile, start, n, grad_W1, band, bands, first, pixel,
                        value, order, grad_a,
                    )  # fmt: skip
                    move(
                        zero, W1, memory[0], memory[1], base + tile, width(zero), grad_W1, count, rule, scale
                    )
                forward_tile(
                    load(W2, C * Hp + units, zero), band == 0, base, after, n_after, W1, band, bands, first,
                    pixel, value, order, h, at,
                )  # fmt: skip
            features(zero, units, n_after, h, at, V2, z_mine, activation, H, Cp, b == low, scale)
        start, n = after, n_after
        after = start + n
        n_after = min(size, N - after)
    return total, uintp(0)


@compiled
def read(
    zero, W1, W2, V2, b2, starts, first, pixel, value, order, h, out, size, H, C, Hp, Cp, activation, scale
):
    """The scores z of the images named in order, into out: a row of Cp each, and room for some more rows."""
    bands, N, room = uintp(starts.shape[0] - 1), uintp(order.shape[0]), h.shape[0] // Hp
    for start in range(uintp(0), N, size):
        n, z = min(size, N - start), out[start * Cp :]
        if start + n < N:
            fetch_ink(start + n, min(size, N - start - n), bands, first, pixel, value, order)
        for b in range(uintp(0), Hp // width(zero)):
            units, at = b * width(zero), b * room * width(zero)
            for band in range(bands):
                forward_tile(
                    load(W2, C * Hp + units, zero), band == 0, units * uintp(starts[bands]), start, n, W1,
                    band, bands, first, pixel, value, order, h, at,
                )  # fmt: skip
            features(zero, units, n, h, at, V2, z, activation, H, Cp, b == 0, scale)
        for i in range(n):
            for group in range(uintp(0), Cp, GROUP):
                total = load(z, i * Cp + group, scores(scale[NIL]))
                store(z, i * Cp + group, plus(total, load(b2, group, total)))


@compiled
def run_wide(nil, *rest):
    """run, in blocks of 64 hidden units."""
    return run(wide(nil), *rest)


@compiled
def run_narrow(nil, *rest):
    """run, in blocks of 32 hidden units."""
    return run(narrow(nil), *rest)


@compiled
def read_wide(nil, *rest):
    """read, in blocks of 64 hidden units."""
    read(wide(nil), *rest)


@compiled
def read_narrow(nil, *rest):
    """read, in blocks of 32 hidden units."""
    read(narrow(nil), *rest)
