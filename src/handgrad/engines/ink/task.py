"""What the kernel is told, and the numbers that both sides know: one record for each thread, filled once."""

from ctypes import Structure, c_double, c_uint64
from typing import Any, ClassVar

WIDE, NARROW, SCORES = 64, 32, 16  # numbers in a vector: of hidden units, one or the other; of scores
EMIT = 4  # entries of a list written at a time
TOGETHER = 4  # images whose scores are summed at a time; their number in h is padded to a multiple
PIECE = 64  # pixels looked at in one go for ink
GREYS = 256
TILE = 49 * 1024  # bytes of a tile of W1: a quarter of MNIST's pixels

SGD, MOMENTUM, NESTEROV, ADAM, READ = range(5)
RELU, LEAKY_RELU, TANH, SIGMOID, NONE = range(5)
L2, CROSS_ENTROPY = range(2)

# the numbers of a batch, in the parameters' type: where each stands in a row of scales
SCALES = 5
RATE, UNBIAS, UNBIAS2, PER_IMAGE, TWO_PER_IMAGE = range(SCALES)


class Task(Structure):
    """The fields of a task, in order, and what each is: a size, a real number, or the address of bytes, of
    whole numbers of 16 or 64 bits, or of numbers of the parameters' type. Nothing of it is checked.
    """

    kinds: ClassVar[dict[str, str]] = {
        # the images, in the order in which they come, and the numbers of each batch
        "images": "byte", "labels": "word", "order": "word", "scales": "number",
        "N": "size", "batches": "size", "size": "size",  # of a batch
        "activation": "size", "bias": "size", "loss": "size", "rule": "size",
        # of the network; Hp, Cp: padded; D: pixels of an image
        "D": "size", "H": "size", "C": "size", "Hp": "size", "Cp": "size",
        "thread": "size", "threads": "size",
        # b1 is the last row of W2 (C + 1, Hp), V2 is W2 turned (Hp, Cp); and the two memories of each
        "W1": "number", "W2": "number", "V2": "number", "b2": "number",
        "m_W1": "number", "v_W1": "number", "m_W2": "number", "v_W2": "number",
        "m_b2": "number", "v_b2": "number",
        # tables: where the row of a pixel is, the x of a grey level, one-hot rows (C, Cp) and one of ones
        "place": "short", "shades": "number", "targets": "number",
        # of Bands
        "bands": "size", "starts": "word", "pieces": "word", "piece": "word", "mask": "word",
        # lists of ink for two batches; how many pairs a batch has, and how much room a list
        "pixel": "short", "ink": "number", "count": "word", "pairs": "size", "room": "size",
        # this thread's room to work in, as b2 and the lists are
        "grad_z": "number", "grad_a": "number", "grad_W1": "number", "grads": "number",
        # of all threads: h, their shares of z, the arrivals and, beside them, whether to give up
        "h": "number", "shares": "number", "counter": "word",
        # with the rule READ nothing is learnt: the scores go to out, a row of Cp an image, as sigmoid(z) if
        # squash, and finite says whether all are
        "out": "number", "squash": "size", "finite": "size",
        # the loss summed over all images; the batch (from 1) whose loss was not finite, or 0. All threads
        # find the same
        "total": "real", "diverged": "size",
    }  # fmt: skip
    _fields_: ClassVar[Any] = [
        (name, c_double if kind == "real" else c_uint64) for name, kind in kinds.items()
    ]
