"""Right answers in another layout than the lesson's: said in one sentence, and everything else judged in it."""

from situations import Situation, right
from situations.write import named

PLAIN = right("plain")
BODY = named(PLAIN)


def so(name, text, convention, **more):
    return Situation(f"convention: {name}", {"net.py": text}, convention=convention, **more)


SITUATIONS = [
    so("images are columns, W x + b", right("columns"), "column"),
    so("W is (in, out) throughout, as CS231n has it", right("in_out"), "(in, out)"),
    so("the loss takes one-hot labels", right("one_hot"), "one-hot"),
    so("layers as classes, no functions", right("layer_objects"), "class"),
    so("leaky ReLU of slope 0.02", right("leaky"), "leaky"),
    so(
        "images are columns, one wrong function",
        right("columns").replace("dZ * A * (1 - A)", "dZ * A"),
        "column",
        marks={"sigmoid_backward": ("wrong", 15, 14, 13)},
    ),
    so(
        "W is (in, out), 1/N missing in the loss",
        right("in_out").replace("2.0 * diff / num", "2.0 * diff"),
        "(in, out)",
        marks={"l2_loss": 1},
    ),
    so(
        "W is (in, out), bias gradient averaged",
        right("in_out").replace("db = np.sum(dout, axis=0)", "db = np.mean(dout, axis=0)"),
        "(in, out)",
        marks={"affine_backward": 7},
    ),
    so(
        "leaky ReLU, the mask of zero missing",
        right("leaky").replace("np.where(cache > 0, dout, SLOPE * dout)", "dout"),
        "",
        marks={"relu_backward": ("wrong", 19)},
    ),
    Situation(
        "convention: cache is made by forward in any form, backward reads it as an object's attributes",
        {"net.py": right("in_order")},
    ),
]
