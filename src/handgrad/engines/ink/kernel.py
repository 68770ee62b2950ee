"""The compiled part of the fast engine: an epoch over lists of ink, or the scores of images.

This file is valid Python, restricted to what compiler.py can translate to LLVM; as Python (plain.py) it runs
slowly, under a debugger. Compiled, arrays are addresses, whole numbers are unsigned, and nothing is checked:
engine.py checks what it passes. A vector holds 64 or 32 hidden units (one block), or 16 scores.

The hidden units are divided into blocks, one vector wide, and the pixels into bands. A tile of W1 is one
block by one band, with a row for each pixel; it fits the first-level cache. Images are processed in pairs:
the row of a pixel that is not 0 in either image is loaded once for both. Each thread owns some of the blocks.
One epoch, in each thread:

    for each batch:
        list the ink of its images
        wait until every thread has added its share of the previous batch's scores z
        previous batch: z -> y, loss, grad_z (every thread computes them for itself)
        for each block:
            previous batch: grad_h, grad_a; update W2 and b1
            for each tile:
                previous batch: update W1 (only the pixels with ink)
                this batch: add to a, while the tile is in the cache
            this batch: a -> h -> share of z

All images of a batch go forward before any row of W1 changes, so the arithmetic is that of the reference,
except for the order in which sums are added up.
"""

from typing import Any

from handgrad.engines.ink.compiler import apart
from handgrad.engines.ink.operations import (
    Vector,
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
from handgrad.engines.ink.task import (
    ADAM,
    CROSS_ENTROPY,
    EMIT,
    GREYS,
    L2,
    LEAKY_RELU,
    NESTEROV,
    PER_IMAGE,
    PIECE,
    RATE,
    READ,
    RELU,
    SCALES,
    SCORES,
    SGD,
    SIGMOID,
    TANH,
    TOGETHER,
    TWO_PER_IMAGE,
    UNBIAS,
    UNBIAS2,
    Pointer,
)  # fmt: skip
from handgrad.layers import LEAK
from handgrad.optimizers import BETA, BETA2, EPSILON

PATIENCE = 2000  # times that a waiting thread looks at the counter before it offers its core to others

Where = tuple[int, Pointer, Pointer, Pointer]  # bands; pieces, piece and mask of layout.Bands
Lists = tuple[Pointer, Pointer, Pointer, int, int]  # pixel, ink, count; pairs and room of task.Task


def list_ink(
    n: int, at: int, size: int, N: int, D: int, images: Pointer, order: Pointer, where: Where,
    place: Pointer, shades: Pointer, lists: Lists,
) -> None:  # fmt: skip
    """List the ink of the n images order[at], order[at + 1], ..., in pairs of neighbours.

    The list of pair p and a band is number band * pairs + p. It has an entry for each pixel of the band that
    is not 0 in either image. `pixel` says where the pixel's row of W1 begins in the tile; `ink` has the
    pixel's x in both images; `count` has the number of entries. If n is odd, the last image is paired with a
    blank one.

    size: distance in `order` to the images that will be listed next; they are fetched here. place, shades:
    the begin of each pixel's row, and the x of each grey level.
    """
    bands, pieces, piece, mask = where
    pixel, ink, count, pairs, room = lists
    for p in range((n + 1) // 2):
        i = at + 2 * p
        j = lesser(i + 1, at + n - 1)
        a, b = order[i] * D, order[j] * D
        blank = GREYS if i == j else 0  # the second half of shades is 0
        for k in range(lesser(i + size, N), lesser(i + size + 2, N)):
            image = order[k] * D
            for q in range(image, image + D, PIECE):
                fetch(images, q)
            fetch(images, image + D - 1)
        for band in range(bands):
            number = band * pairs + p
            e = number * room
            for k in range(pieces[band], pieces[band + 1]):
                q = piece[k]
                left = inked(images, a + q, b + q) & mask[k]
                end = e + bits_in(left)
                while e < end:
                    # always EMIT entries; those beyond `end` are overwritten by the next piece
                    for later in range(e, e + EMIT):
                        o = q + lowest(left)
                        left &= left - 1
                        pixel[later] = place[o]
                        ink[2 * later] = shades[images[a + o]]
                        ink[2 * later + 1] = shades[images[b + o] + blank]
                    e += EMIT
                e = end
            count[number] = e - number * room


def list_numbers(
    n: int, at: int, order: Pointer, first: Pointer, column: Pointer, value: Pointer, bands: int,
    starts: Pointer, place: Pointer, lists: Lists,
) -> None:  # fmt: skip
    """As list_ink, for images whose numbers other than 0 are listed: those of image i are number first[i] to
    first[i + 1] of `value`, and stand in the columns `column`, which rise. Two images are merged.

    An item behind the last is read, and not used.
    """
    pixel, ink, count, pairs, room = lists
    for p in range((n + 1) // 2):
        i = at + 2 * p
        j = lesser(i + 1, at + n - 1)
        a, a_end = first[order[i]], first[order[i] + 1]
        b, b_end = first[order[j]], first[order[j] + 1]
        b = b_end if i == j else b
        for band in range(bands):
            number, end = band * pairs + p, starts[band + 1]
            e = number * room
            of_a = column[a] if a < a_end else end
            of_b = column[b] if b < b_end else end
            o = lesser(of_a, of_b)
            while o < end:
                pixel[e] = place[o]
                ink[2 * e] = value[a] if of_a == o else 0.0
                ink[2 * e + 1] = value[b] if of_b == o else 0.0
                a = a + 1 if of_a == o else a
                b = b + 1 if of_b == o else b
                of_a = column[a] if a < a_end else end
                of_b = column[b] if b < b_end else end
                o = lesser(of_a, of_b)
                e += 1
            count[number] = e - number * room


@apart
def move(
    zero: Vector, p: Pointer, m: Pointer, v: Pointer, stride: int, grads: Pointer, many: int, rule: int,
    scale: Pointer,
) -> None:  # fmt: skip
    """One step of the optimizer for `many` vectors of parameters, which begin at p[0], p[stride], ...

    Their gradients are consecutive in `grads`, and are set to 0 afterwards. m and v are the optimizer's
    memories, laid out as p. scale: this batch's row of scales.
    """
    for k in range(many):
        i, g = k * stride, load(grads, k * width(zero), zero)
        if rule == SGD:
            step = g
        elif rule == ADAM:
            mean = without_tiny(BETA * load(m, i, zero) + (1 - BETA) * g)
            square = without_tiny(BETA2 * load(v, i, zero) + (1 - BETA2) * g * g)
            store(m, i, mean)
            store(v, i, square)
            step = scale[UNBIAS] * mean / (root(scale[UNBIAS2] * square) + EPSILON)
        else:
            speed = without_tiny(BETA * load(m, i, zero) + g)
            store(m, i, speed)
            step = g + BETA * speed if rule == NESTEROV else speed
        store(p, i, load(p, i, zero) - scale[RATE] * step)
        store(grads, k * width(zero), zero)


def forward_tile(
    begin: Vector, fresh: bool, n: int, tile: Pointer, band: int, lists: Lists, h: Pointer
) -> None:
    """One band's part of a = x W1^T + b1, for one block. It is added to h or, if fresh, to b1 (begin)."""
    pixel, ink, count, pairs, room = lists
    for p in range((n + 1) // 2):
        e = (band * pairs + p) * room
        end = e + count[band * pairs + p]
        at = 2 * p * width(begin)
        s0, s1 = begin, begin
        if not fresh:
            s0, s1 = load(h, at, begin), load(h, at + width(begin), begin)
        while e < end:
            row = load(tile, pixel[e], begin)
            s0 = scaled_sum(ink[2 * e], row, s0)
            s1 = scaled_sum(ink[2 * e + 1], row, s1)
            e += 1
        store(h, at, s0)
        store(h, at + width(begin), s1)


def features(
    zero: Vector, small: Vector, n: int, units: int, h: Pointer, V2: Pointer, z: Pointer, activation: int,
    H: int, Cp: int, fresh: bool,
) -> None:  # fmt: skip
    """h of one block from its a, in place. Its share of h W2^T is added to z or, if fresh, replaces it.

    units: the number of the block's first unit.
    """
    for i in range(n):
        place = i * width(zero)
        a = load(h, place, zero)
        if activation == RELU:
            a = where_positive(a, a, zero)
        elif activation == LEAKY_RELU:
            a = where_positive(a, a, LEAK * a)
        elif activation == TANH:
            shrunk = exp_minus(a + a)
            size = (1.0 - shrunk) / (1.0 + shrunk)
            a = where_positive(a, size, zero - size)
        elif activation == SIGMOID:
            a = sigmoid(a)
        store(h, place, a)
    if activation == SIGMOID:  # the units that pad the last block stay 0
        for i in range(n):
            for j in range(H, units + width(zero)):
                h[i * width(zero) + j - units] = 0.0
    for i in range(0, n, TOGETHER):
        p0 = i * width(zero)
        p1, p2, p3 = p0 + width(zero), p0 + 2 * width(zero), p0 + 3 * width(zero)
        for group in range(0, Cp, SCORES):
            q0 = i * Cp + group
            q1, q2, q3 = q0 + Cp, q0 + 2 * Cp, q0 + 3 * Cp
            s0, s1, s2, s3 = small, small, small, small
            if not fresh:
                s0, s1 = load(z, q0, small), load(z, q1, small)
                s2, s3 = load(z, q2, small), load(z, q3, small)
            for j in range(0, width(zero)):
                v = load(V2, (units + j) * Cp + group, small)
                s0 = scaled_sum(h[p0 + j], v, s0)
                s1 = scaled_sum(h[p1 + j], v, s1)
                s2 = scaled_sum(h[p2 + j], v, s2)
                s3 = scaled_sum(h[p3 + j], v, s3)
            store(z, q0, s0)
            store(z, q1, s1)
            store(z, q2, s2)
            store(z, q3, s3)


def sigmoid(z: Vector) -> Vector:
    """1 / (1 + e^-z) of each lane."""
    small = exp_minus(z)
    return where_positive(z, spread(1.0, z), small) / (1.0 + small)


def outputs(
    small: Vector, n: int, at: int, shares: Pointer, of_shares: tuple[int, int], b2: Pointer, labels: Pointer,
    order: Pointer, grad_z: Pointer, targets: Pointer, C: int, Cp: int, loss: int, scale: Pointer,
    weighted: int, weights: Pointer,
) -> float:  # fmt: skip
    """grad_z (n, Cp) from the threads' shares of z and b2. Returns the loss summed over the images.

    of_shares: the number of shares, and the distance from one to the next. targets: one-hot rows (C, Cp),
    and a row of ones. weights: of the images, if weighted.
    """
    total, (threads, between) = 0.0, of_shares
    for i in range(n):
        row, label, weight = i * Cp, labels[order[at + i]], targets[C * Cp]  # 1
        if weighted > 0:
            weight = weights[order[at + i]]
        for group in range(0, Cp, SCORES):
            z = load(b2, group, small)
            for share in range(threads):
                z = z + load(shares, share * between + row + group, small)
            if loss == L2:
                y = sigmoid(z)
                error = y - load(targets, label * Cp + group, small)
                error = error * load(targets, C * Cp + group, small)
                total += weight * sum_of(error * error)
                z = weight * scale[TWO_PER_IMAGE] * error * y * (1.0 - y)
            store(grad_z, row + group, z)
        if loss == CROSS_ENTROPY:
            top, z_label, below = grad_z[row], grad_z[row + label], 0.0
            for c in range(C):
                if grad_z[row + c] > top:
                    top = grad_z[row + c]
            for group in range(0, Cp, SCORES):
                live = load(targets, C * Cp + group, small)
                y = live * exp_minus(live * (load(grad_z, row + group, small) - top))
                below += sum_of(y)
                store(grad_z, row + group, y)
            total += weight * (log(below) - (z_label - top))
            for group in range(0, Cp, SCORES):
                y = (1.0 / below) * load(grad_z, row + group, small)
                y = y - load(targets, label * Cp + group, small)
                store(grad_z, row + group, weight * scale[PER_IMAGE] * y)
    return total


@apart
def answer(
    small: Vector, n: int, z: Pointer, b2: Pointer, out: Pointer, doubts: Pointer, squash: int, Cp: int
) -> None:
    """Write the scores z + b2 of n images to out, as y = sigmoid(z) if squash.

    doubts: a vector that stays 0 as long as every score is finite, and has a NaN afterwards.
    """
    nothing = load(doubts, 0, small)
    for i in range(n):
        for group in range(0, Cp, SCORES):
            score = load(z, i * Cp + group, small) + load(b2, group, small)
            nothing = nothing + (score - score)  # 0, or NaN
            if squash:
                score = sigmoid(score)
            store(out, i * Cp + group, score)
    store(doubts, 0, nothing)


def backward_block(
    zero: Vector, n: int, units: int, W2: Pointer, V2: Pointer, m: Pointer, v: Pointer, h: Pointer,
    grad_z: Pointer, grad_a: Pointer, grads: Pointer, activation: int, C: int, Cp: int, Hp: int, bias: int,
    rule: int, scale: Pointer,
) -> None:  # fmt: skip
    """grad_h and grad_a of one block, and one step of the optimizer for its part of W2 and b1.

    For SGD, grad_a is multiplied by minus the learning rate, so that backward_tile can add it to W1 directly.
    """
    grad_b1 = zero
    for i in range(n):
        g = zero
        for c in range(C):
            g = scaled_sum(grad_z[i * Cp + c], load(W2, c * Hp + units, zero), g)
        features = load(h, i * width(zero), zero)
        if activation == RELU:
            g = where_positive(features, g, zero)
        elif activation == LEAKY_RELU:
            g = where_positive(features, g, LEAK * g)
        elif activation == TANH:
            g = g * (1.0 - features * features)
        elif activation == SIGMOID:
            g = g * features * (1.0 - features)
        grad_b1 = grad_b1 + g
        if rule == SGD:
            g = g * -scale[RATE]
        store(grad_a, i * width(zero), g)
    for c in range(0, C, 2):
        g0, g1 = zero, zero
        for i in range(n):
            features = load(h, i * width(zero), zero)
            g0 = scaled_sum(grad_z[i * Cp + c], features, g0)
            g1 = scaled_sum(grad_z[i * Cp + c + 1], features, g1)
        store(grads, c * width(zero), g0)
        store(grads, (c + 1) * width(zero), g1)
    store(grads, C * width(zero), grad_b1)
    move(zero, W2[units:], m[units:], v[units:], Hp, grads, C + bias, rule, scale)
    for c in range(C):
        for j in range(units, units + width(zero)):
            V2[j * Cp + c] = W2[c * Hp + j]


def backward_tile(zero: Vector, n: int, target: Pointer, band: int, lists: Lists, grad_a: Pointer) -> None:
    """Add one band's part of grad_a^T x to the tile `target`."""
    pixel, ink, count, pairs, room = lists
    for p in range((n + 1) // 2):
        e = (band * pairs + p) * room
        end = e + count[band * pairs + p]
        g0, g1 = load(grad_a, 2 * p * width(zero), zero), load(grad_a, (2 * p + 1) * width(zero), zero)
        while e < end:
            at = pixel[e]
            row = scaled_sum(ink[2 * e], g0, load(target, at, zero))
            store(target, at, scaled_sum(ink[2 * e + 1], g1, row))
            e += 1


def run(task: Any, number: Any, lanes: int) -> None:
    """One thread's part of an epoch, in blocks of `lanes` hidden units. Results are fields of the task."""
    zero, small = zeros(number, lanes), zeros(number, SCORES)
    W1, W2, V2, b2 = task.W1, task.W2, task.V2, task.b2
    images, labels, order, scales, targets = task.images, task.labels, task.order, task.scales, task.targets
    pixel, ink, count, pairs, room = task.pixel, task.ink, task.count, task.pairs, task.room
    where = task.bands, task.pieces, task.piece, task.mask
    grad_z, grad_a, grad_W1, grads = task.grad_z, task.grad_a, task.grad_W1, task.grads
    h, shares, counter = task.h, task.shares, task.counter
    N, D, size, H, C, Hp, Cp = task.N, task.D, task.size, task.H, task.C, task.Hp, task.Cp
    activation, bias, loss, rule = task.activation, task.bias, task.loss, task.rule
    thread, threads, bands, starts = task.thread, task.threads, task.bands, task.starts
    blocks, rows, images_room = Hp // width(zero), starts[bands], (2 * pairs + 3) // 4 * 4
    z_room, of_lists = images_room * Cp, bands * pairs
    low, high = blocks * thread // threads, blocks * (thread + 1) // threads
    total, start, n, after, n_after = 0.0, 0, 0, 0, lesser(size, N)
    old = pixel, ink, count, pairs, room
    task.total, task.diverged = 0.0, 0
    store(grads, 0, small)
    for batch in range(task.batches + 1):
        scale = scales[batch * SCALES :]
        half = batch % 2 * of_lists
        new = pixel[half * room :], ink[2 * half * room :], count[half:], pairs, room
        arrive(counter)
        if task.sparse > 0:
            list_numbers(
                n_after, after, order, task.first, task.column, task.value, bands, starts, task.place, new
            )
        else:
            list_ink(n_after, after, size, N, D, images, order, where, task.place, task.shades, new)
        if batch > 0:
            waited = 0
            while arrived(counter) < threads * (batch + 1):
                waited += 1
                if waited > PATIENCE:
                    let_others_run()
                    if arrived(counter[1:]) > 0:  # another thread has failed: stop waiting
                        return
            z = shares[(batch - 1) % 2 * threads * z_room :]
            if rule == READ:
                answer(small, n, z, b2, task.out[start * Cp :], grads, task.squash, Cp)
            else:
                of_shares = threads, z_room
                batch_loss = outputs(
                    small, n, start, z, of_shares, b2, labels, order, grad_z, targets, C, Cp, loss, scale,
                    task.weighted, task.weights,
                )  # fmt: skip
                if not is_finite(batch_loss):
                    task.diverged = batch
                    return
                total += batch_loss
                task.total = total
                if bias:
                    for group in range(0, Cp, SCORES):
                        g = small
                        for i in range(n):
                            g = g + load(grad_z, i * Cp + group, g)
                        store(grads, group, g)
                    many = (Cp + width(zero) - 1) // width(zero)
                    move(zero, b2, task.m_b2, task.v_b2, width(zero), grads, many, rule, scale)
        z_mine = shares[(batch % 2 * threads + thread) * z_room :]
        for b in range(low, high):
            units, h_block = b * width(zero), h[b * images_room * width(zero) :]
            if n > 0 and rule != READ:
                backward_block(
                    zero, n, units, W2, V2, task.m_W2, task.v_W2, h_block, grad_z, grad_a, grads, activation,
                    C, Cp, Hp, bias, rule, scale,
                )  # fmt: skip
            for band in range(bands):
                at = (b * rows + starts[band]) * width(zero)
                tile = W1[at:]
                if n > 0 and rule != READ:
                    if rule == SGD:
                        backward_tile(zero, n, tile, band, old, grad_a)
                    else:
                        backward_tile(zero, n, grad_W1, band, old, grad_a)
                        of_tile = starts[band + 1] - starts[band]
                        m, v = task.m_W1[at:], task.v_W1[at:]
                        move(zero, tile, m, v, width(zero), grad_W1, of_tile, rule, scale)
                b1 = load(W2, C * Hp + units, zero)
                forward_tile(b1, band == 0, n_after, tile, band, new, h_block)
            features(zero, small, n_after, units, h_block, V2, z_mine, activation, H, Cp, b == low)
        start, n, old = after, n_after, new
        after = start + n
        n_after = lesser(size, N - after)
    if rule == READ:
        task.finite = sum_of(load(grads, 0, small)) == 0.0
