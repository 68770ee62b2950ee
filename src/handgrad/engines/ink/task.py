"""What the kernel is told: a record for each thread, and the numbers that both sides of the record know."""

from ctypes import Structure, c_double, c_uint64
from typing import Any, ClassVar

from handgrad.arrays import NDArray

WIDE, NARROW, SCORES = 64, 32, 16  # lanes of a vector: of hidden units (one or the other), and of scores
EMIT = 4  # entries of a list that are written at a time
TOGETHER = 4  # images whose scores are summed at a time; the rows of h are padded to a multiple
PIECE = 64  # pixels that are searched for ink at a time
GREYS = 256
TILE = 49 * 1024  # bytes of a tile of W1: a quarter of MNIST's pixels

SGD, MOMENTUM, NESTEROV, ADAM, READ = range(5)
RELU, LEAKY_RELU, TANH, SIGMOID, NONE = range(5)
L2, CROSS_ENTROPY = range(2)

# columns of `scales`, which has a row of numbers for each batch
SCALES = 5
RATE, UNBIAS, UNBIAS2, PER_IMAGE, TWO_PER_IMAGE = range(SCALES)


class Pointer:
    """An array from some item on, as C sees it: p[i], p[i] = x, and p[i:], which is another pointer.

    The kernel run as Python has these where the compiled kernel has addresses. p[i:] may start beyond the
    end, as an address may; reading or writing there is an IndexError.
    """

    def __init__(self, array: NDArray, start: int = 0) -> None:
        self._array, self._start = array.reshape(-1), start

    def items(self, i: int, n: int) -> NDArray:
        """A view of the n items from p[i] on."""
        low = self._start + i
        if i < 0 or low + n > len(self._array):
            raise IndexError(f"expected items within 0 to {len(self._array) - 1}; got {low} to {low + n - 1}")
        return self._array[low : low + n]

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return Pointer(self._array, self._start + i.start)
        return self.items(i, 1)[0].item()

    def __setitem__(self, i: int, value: float) -> None:
        self.items(i, 1)[0] = value

    def __repr__(self) -> str:
        return f"<pointer to item {self._start} of {len(self._array)}, {self._array.dtype}>"


class Task(Structure):
    """The fields of a task, in order, and the kind of each.

    A field is a number ("size", a whole number; "real"), or the address of an array of bytes, of whole
    numbers of 16 bits ("short") or 64 bits ("word"), or of numbers of the parameters' type ("number").
    plain.shapes has the shape of each array. The kernel checks nothing.
    """

    kinds: ClassVar[dict[str, str]] = {
        # the images, the order of their rows, and the scales of each batch
        "images": "byte", "labels": "word", "order": "word", "scales": "number",
        # weights of the images, if weighted is 1; rows of any numbers in the place of `images`, if sparse
        # is 1: those of row i that are not 0 are number first[i] to first[i + 1] of column and value
        "weights": "number", "weighted": "size",
        "first": "word", "column": "word", "value": "number", "sparse": "size",
        "N": "size", "batches": "size", "size": "size",  # size: images in a batch
        "activation": "size", "bias": "size", "loss": "size", "rule": "size",
        # the network's sizes; Hp and Cp: H and C padded; D: pixels of an image
        "D": "size", "H": "size", "C": "size", "Hp": "size", "Cp": "size",
        "thread": "size", "threads": "size",
        # the parameters and the optimizer's two memories of each;
        # b1 is the last row of W2 (C + 1, Hp), and V2 is W2 transposed (Hp, Cp)
        "W1": "number", "W2": "number", "V2": "number", "b2": "number",
        "m_W1": "number", "v_W1": "number", "m_W2": "number", "v_W2": "number",
        "m_b2": "number", "v_b2": "number",
        # tables: where a pixel's row begins, the x of a grey level, one-hot rows (C, Cp) and a row of ones
        "place": "short", "shades": "number", "targets": "number",
        # the bands of pixels (layout.Bands)
        "bands": "size", "starts": "word", "pieces": "word", "piece": "word", "mask": "word",
        # lists of ink for two batches; pairs: of images in a batch; room: entries that a list has room for
        "pixel": "short", "ink": "number", "count": "word", "pairs": "size", "room": "size",
        # scratch memory of this thread (b2, its memories and the lists are its own too)
        "grad_z": "number", "grad_a": "number", "grad_W1": "number", "grads": "number",
        # shared by all threads: h, each thread's share of z, and two counters: arrivals, and
        # whether a thread has failed
        "h": "number", "shares": "number", "counter": "word",
        # with the rule READ nothing is learnt: the scores are written to out (N, Cp), as sigmoid(z) if
        # squash is 1, and finite becomes 1 if all of them are finite
        "out": "number", "squash": "size", "finite": "size",
        # results, the same in all threads: the loss summed over all images; the number (from 1) of the
        # batch whose loss was not finite, or 0
        "total": "real", "diverged": "size",
    }  # fmt: skip
    _fields_: ClassVar[Any] = [
        (name, c_double if kind == "real" else c_uint64) for name, kind in kinds.items()
    ]
