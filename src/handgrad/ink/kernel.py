"""The compiled part of the fast engine: an epoch over images kept as lists of their ink.

Everything that is compiled stands in this one file, because Numba's cache looks at no other. The
vectors of 16 numbers are LLVM's own: a processor with AVX-512 holds one in a register, others in two
or four. Offsets are unsigned, or Numba would ask of each whether it counts from the end.

How an epoch goes, for each thread, which owns some blocks of 16 hidden units and their rows of W1:

    forward of batch 0
    each batch:   wait until all threads have added their share of the scores z
                  z -> y, loss, grad_z                              (every thread, for itself)
                  each block:  grad_h, grad_a; update W2, b1, W1    (W1: only the pixels with ink)
                               forward of the next batch            (while the block is in the cache)

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

LANES = 16  # hidden units a block: with 784 pixels a block of W1 fits the first-level cache
UNROLL = 4  # ink pixels at a time; lists are padded to a multiple
PATIENCE = 2000  # looks at the counter before a waiting thread offers its core to others
TINY = 1e-35  # memory below this counts as zero: numbers that are not normal are slow

SGD, MOMENTUM, NESTEROV, ADAM = range(4)
RELU, LEAKY_RELU, TANH, SIGMOID, NONE = range(5)
L2, CROSS_ENTROPY = range(2)


# --- vectors of 16 ---------------------------------------------------------------------------------


class _Vector(types.Type):
    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        super().__init__(name=f"Vector{LANES}({dtype})")


def _llvm(dtype: Any) -> ir.VectorType:
    return ir.VectorType(ir.FloatType() if dtype == types.float32 else ir.DoubleType(), LANES)


@register_model(_Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, vector: Any) -> None:
        super().__init__(manager, vector, _llvm(vector.dtype))


def _pointer(context: Any, builder: Any, kind: Any, array: Any, i: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [i]), _llvm(kind.dtype).as_pointer())


def _spread(builder: Any, scalar: Any) -> Any:
    empty = ir.Constant(ir.VectorType(scalar.type, LANES), ir.Undefined)
    first = builder.insert_element(empty, scalar, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(first, empty, zeros)


def _call(builder: Any, name: str, dtype: Any, arguments: list[Any]) -> Any:
    kind = arguments[0].type
    suffix = "f32" if dtype == types.float32 else "f64"
    function = ir.FunctionType(kind, [kind] * len(arguments))
    named = cgutils.get_or_insert_function(builder.module, function, f"llvm.{name}.v{LANES}{suffix}")
    return builder.call(named, arguments)


@intrinsic
def load(typing: Any, array: Any, i: Any) -> Any:
    """The 16 numbers from array[i] on."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.args[0]
        return builder.load(_pointer(context, builder, kind, *args), align=kind.dtype.bitwidth // 8)

    return _Vector(array.dtype)(array, types.uintp), code


@intrinsic
def store(typing: Any, array: Any, i: Any, v: Any) -> Any:
    """array[i : i + 16] = v."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.args[0]
        builder.store(args[2], _pointer(context, builder, kind, *args[:2]), align=kind.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.none(array, types.uintp, v), code


@intrinsic
def spread(typing: Any, s: Any) -> Any:
    """A vector of 16 times s."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _spread(builder, args[0])

    return _Vector(s)(s), code


@intrinsic
def scaled_sum(typing: Any, s: Any, v: Any, total: Any) -> Any:
    """s v + total, for a number s."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _call(builder, "fmuladd", total.dtype, [_spread(builder, args[0]), *args[1:]])

    return total(s, v, total), code


@intrinsic
def scaled(typing: Any, s: Any, v: Any) -> Any:
    """s v, for a number s."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fmul(_spread(builder, args[0]), args[1])

    return v(s, v), code


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
        return _call(builder, "sqrt", v.dtype, [args[0]])

    return v(v), code


@intrinsic
def where_positive(typing: Any, test: Any, a: Any, b: Any) -> Any:
    """a where test > 0 or is not a number, else b."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        zero = ir.Constant(args[0].type, [0.0] * LANES)
        return builder.select(builder.fcmp_unordered(">", args[0], zero), args[1], args[2])

    return a(test, a, a), code


@intrinsic
def without_tiny(typing: Any, v: Any) -> Any:
    """v, with 0 for what is nearer to 0 than TINY."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        size = _call(builder, "fabs", v.dtype, [args[0]])
        bound = ir.Constant(args[0].type, [TINY] * LANES)
        zero = ir.Constant(args[0].type, [0.0] * LANES)
        return builder.select(builder.fcmp_ordered("<", size, bound), zero, args[0])

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
ONE, TWO, THREE, FOUR, WIDTH = (np.uintp(n) for n in (1, 2, 3, UNROLL, LANES))


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiled on first use, without the interpreter's lock; cached on disk where there is a place."""
    try:
        return njit(nogil=True, cache=True, error_model="numpy")(function)
    except RuntimeError:  # Numba found no folder that can be written
        return njit(nogil=True, error_model="numpy")(function)


@compiled
def list_ink(images, place, shades, first, pixel, value):
    """The ink of each image (N, D) uint8: image r has pixels first[r] to first[r + 1].

    place maps a pixel to its row in a block of W1, shades a grey level to its x. Lists are padded with
    ink of value 0 in row 0.
    """
    e = uintp(0)
    for r in range(images.shape[0]):
        first[r] = e
        for p in range(images.shape[1]):
            grey = images[r, p]
            pixel[e] = place[p]  # written over by the next unless there is ink
            value[e] = shades[grey]
            e += uintp(grey != 0)
        while e % FOUR != 0:
            pixel[e], value[e] = 0, shades[0]
            e += ONE
    first[images.shape[0]] = e


@compiled
def move(p, m, v, at, stride, grads, count, rule, scale):
    """One step of the rule for count vectors of parameters, at p[at], p[at + stride] and so on, along
    minus their gradients, which stand one behind the other in grads and are set to 0 afterwards.

    m and v are what the rule remembers; scale: the numbers of SCALES for this batch.
    """
    zero = spread(scale[NIL])
    rate, beta, rest = spread(scale[RATE]), spread(scale[BETA]), spread(scale[BETA_REST])
    if rule == SGD:
        for k in range(count):
            i = at + k * stride
            store(p, i, minus(load(p, i), times(rate, load(grads, k * WIDTH))))
    elif rule == ADAM:
        beta2, rest2, epsilon = spread(scale[BETA2]), spread(scale[BETA2_REST]), spread(scale[EPSILON])
        unbias, unbias2 = spread(scale[UNBIAS]), spread(scale[UNBIAS2])
        for k in range(count):
            i, g = at + k * stride, load(grads, k * WIDTH)
            mean = without_tiny(plus(times(beta, load(m, i)), times(rest, g)))
            square = without_tiny(plus(times(beta2, load(v, i)), times(times(rest2, g), g)))
            store(m, i, mean)
            store(v, i, square)
            below = plus(root(times(unbias2, square)), epsilon)
            store(p, i, minus(load(p, i), over(times(rate, times(unbias, mean)), below)))
    else:
        for k in range(count):
            i, g = at + k * stride, load(grads, k * WIDTH)
            speed = without_tiny(plus(times(beta, load(m, i)), g))
            store(m, i, speed)
            along = plus(g, times(beta, speed)) if rule == NESTEROV else speed
            store(p, i, minus(load(p, i), times(rate, along)))
    for k in range(count):
        store(grads, k * WIDTH, zero)


@compiled
def forward_block(
    b, start, n, size, W1, b1, V2, rows, first, pixel, value, order, h, z, activation, H, Cp, fresh, scale
):
    """a = x W1^T + b1 and h for one block; its share of z = h W2^T is added to z, or begins it (fresh)."""
    zero = spread(scale[NIL])
    base, units, bias = b * rows * WIDTH, b * WIDTH, load(b1, b * WIDTH)
    for i in range(n):
        r = uintp(order[start + i])
        e, end = uintp(first[r]), uintp(first[r + ONE])
        s0, s1, s2, s3 = bias, zero, zero, zero
        while e < end:
            s0 = scaled_sum(value[e], load(W1, base + uintp(pixel[e]) * WIDTH), s0)
            s1 = scaled_sum(value[e + ONE], load(W1, base + uintp(pixel[e + ONE]) * WIDTH), s1)
            s2 = scaled_sum(value[e + TWO], load(W1, base + uintp(pixel[e + TWO]) * WIDTH), s2)
            s3 = scaled_sum(value[e + THREE], load(W1, base + uintp(pixel[e + THREE]) * WIDTH), s3)
            e += FOUR
        a, at = plus(plus(s0, s1), plus(s2, s3)), (b * size + i) * WIDTH
        if activation == RELU:
            a = where_positive(a, a, zero)
        elif activation == LEAKY_RELU:
            a = where_positive(a, a, scaled(scale[LEAK], a))
        store(h, at, a)
        if activation == TANH:
            for j in range(WIDTH):
                h[at + j] = math.tanh(h[at + j])
        elif activation == SIGMOID:
            for j in range(WIDTH):  # units that only fill the last block stay 0
                small = math.exp(-abs(h[at + j]))
                y = (scale[UNIT] if h[at + j] >= 0 else small) / (scale[UNIT] + small)
                h[at + j] = y if units + j < H else scale[NIL]
        for group in range(uintp(0), Cp, WIDTH):
            s0, s1 = zero if fresh else load(z, i * Cp + group), zero
            for j in range(uintp(0), WIDTH, TWO):
                s0 = scaled_sum(h[at + j], load(V2, (units + j) * Cp + group), s0)
                s1 = scaled_sum(h[at + j + ONE], load(V2, (units + j + ONE) * Cp + group), s1)
            store(z, i * Cp + group, plus(s0, s1))


@compiled
def outputs(n, start, shares, b2, labels, order, grad_z, C, Cp, loss, scale):
    """The threads' shares of z and b2 -> grad_z (n, Cp), and the loss summed over the batch's images."""
    total = 0.0
    for i in range(n):
        at = i * Cp
        for group in range(uintp(0), Cp, WIDTH):
            z = load(b2, group)
            for t in range(shares.shape[0]):
                z = plus(z, load(shares[t], at + group))
            store(grad_z, at + group, z)
        label = uintp(labels[uintp(order[start + i])])
        if loss == L2:
            for c in range(C):
                z_c = grad_z[at + c]
                small = math.exp(-abs(z_c))
                y = (scale[UNIT] if z_c >= 0 else small) / (scale[UNIT] + small)
                error = y - (scale[UNIT] if c == label else scale[NIL])
                total += error * error
                grad_z[at + c] = scale[TWO_PER_IMAGE] * error * y * (scale[UNIT] - y)
        else:
            top, sum_of = grad_z[at], 0.0
            for c in range(C):
                top = max(top, grad_z[at + c])
            for c in range(C):
                sum_of += math.exp(grad_z[at + c] - top)
            total += math.log(sum_of) - (grad_z[at + label] - top)
            for c in range(C):
                y = math.exp(grad_z[at + c] - top) / sum_of
                grad_z[at + c] = scale[PER_IMAGE] * (y - (1.0 if c == label else 0.0))
        for c in range(C, Cp):
            grad_z[at + c] = 0
    return total


@compiled
def backward_block(
    b, start, n, size, W1, b1, W2, V2, memory, rows, first, pixel, value, order, h, grad_z, grad_a, grad_W1,
    grad_W2, activation, C, Cp, Hp, bias, rule, scale,
):  # fmt: skip
    """grad_h and grad_a of one block, and a step for its part of W2, b1 and W1."""
    zero, one = spread(scale[NIL]), spread(scale[UNIT])
    base, units, grad_b1 = b * rows * WIDTH, b * WIDTH, spread(scale[NIL])
    for i in range(n):
        g = zero
        for c in range(C):
            g = scaled_sum(grad_z[i * Cp + c], load(W2, c * Hp + units), g)
        features = load(h, (b * size + i) * WIDTH)
        if activation == RELU:
            g = where_positive(features, g, zero)
        elif activation == LEAKY_RELU:
            g = where_positive(features, g, scaled(scale[LEAK], g))
        elif activation == TANH:
            g = times(g, minus(one, times(features, features)))
        elif activation == SIGMOID:
            g = times(times(g, features), minus(one, features))
        store(grad_a, i * WIDTH, g)
        grad_b1 = plus(grad_b1, g)
    for c in range(C):
        g = zero
        for i in range(n):
            g = scaled_sum(grad_z[i * Cp + c], load(h, (b * size + i) * WIDTH), g)
        store(grad_W2, c * WIDTH, g)
    move(W2, memory[4], memory[5], units, Hp, grad_W2, C, rule, scale)
    for c in range(C):
        for j in range(WIDTH):
            V2[(units + j) * Cp + c] = W2[c * Hp + units + j]
    if bias:
        store(grad_W2, uintp(0), grad_b1)
        move(b1, memory[2], memory[3], units, WIDTH, grad_W2, ONE, rule, scale)
    target, origin, factor = (W1, base, -scale[RATE]) if rule == SGD else (grad_W1, uintp(0), scale[UNIT])
    for i in range(n):
        g = scaled(factor, load(grad_a, i * WIDTH))
        r = uintp(order[start + i])
        e, end = uintp(first[r]), uintp(first[r + ONE])
        while e < end:
            at = origin + uintp(pixel[e]) * WIDTH
            store(target, at, scaled_sum(value[e], g, load(target, at)))
            e += ONE
    if rule != SGD:
        move(W1, memory[0], memory[1], base, WIDTH, grad_W1, rows, rule, scale)


@compiled
def run(
    thread, threads, W1, b1, W2, V2, b2, memory, memory_b2, rows, first, pixel, value, labels, order, h,
    shares, scratch, counter, size, H, C, activation, bias, loss, rule, scales,
):  # fmt: skip
    """One thread's part of an epoch -> the loss summed over all images, and the batch (from 1) whose loss
    was not finite, or 0. All threads find the same two numbers."""
    Hp, Cp = uintp(b1.shape[0]), uintp(b2.shape[1])
    blocks, N, own_b2 = Hp // WIDTH, uintp(order.shape[0]), b2[thread]
    low, high = blocks * thread // threads, blocks * (thread + ONE) // threads
    grad_z, grad_a, grad_W1, grad_W2 = scratch[0], scratch[1], scratch[2], scratch[3]
    total, start, n = 0.0, uintp(0), min(size, N)
    for b in range(low, high):
        forward_block(
            b, start, n, size, W1, b1, V2, rows, first, pixel, value, order, h, shares[0, thread],
            activation, H, Cp, b == low, scales[0],
        )  # fmt: skip
    for batch in range(scales.shape[0]):
        arrive(counter)
        waited = 0
        while arrived(counter) < threads * (batch + 1):
            waited += 1
            if waited > PATIENCE:
                let_others_run()
        scale, z, next_z = scales[batch], shares[batch % 2], shares[(batch + 1) % 2, thread]
        batch_loss = outputs(n, start, z, own_b2, labels, order, grad_z, C, Cp, loss, scale)
        if not math.isfinite(batch_loss):
            return total, batch + 1
        total += batch_loss
        if bias:
            for group in range(uintp(0), Cp, WIDTH):
                g = spread(scale[NIL])
                for i in range(n):
                    g = plus(g, load(grad_z, i * Cp + group))
                store(grad_W2, group, g)
            move(
                own_b2,
                memory_b2[0][thread],
                memory_b2[1][thread],
                uintp(0),
                WIDTH,
                grad_W2,
                Cp // WIDTH,
                rule,
                scale,
            )
        after = start + n
        n_after = min(size, N - after)
        for b in range(low, high):
            backward_block(
                b, start, n, size, W1, b1, W2, V2, memory, rows, first, pixel, value, order, h, grad_z,
                grad_a, grad_W1, grad_W2, activation, C, Cp, Hp, bias, rule, scale,
            )  # fmt: skip
            if n_after > 0:
                forward_block(
                    b, after, n_after, size, W1, b1, V2, rows, first, pixel, value, order, h, next_z,
                    activation, H, Cp, b == low, scale,
                )  # fmt: skip
        start, n = after, n_after
    return total, 0
