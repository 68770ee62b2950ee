"""The bugs of the zoo: each is one wrong formula, with its number in the catalogue and where it shows."""

from dataclasses import dataclass

import numpy as np

from handgrad import network, optimizers
from handgrad.layers import ACTIVATIONS, sigmoid_backward
from handgrad.network import map_params
from handgrad.workbook.zoo import wrong
from handgrad.workbook.zoo.formulas import Formulas


@dataclass(frozen=True)
class Bug:
    """A planted mistake, as data."""

    name: str
    number: int | None  # that of the catalogue of mistakes, where it is in it
    changes: str  # what is computed instead
    learns: bool  # it still learns to read most of the test images (seed 0)
    family: str  # its topic: a question offers bugs of the same topic
    shows: str | None  # the curve that gives it away, a field of Point; None where no curve does
    why: str  # what that curve does, and why
    formulas: Formulas
    hidden: int | None = None  # the only number of hidden units for which its shapes fit

    @property
    def only_at_start(self) -> bool:
        """Whether it is a mistake of the initialisation, which cannot be switched on later."""
        return self.formulas.init is not network.init_params

    @property
    def title(self) -> str:
        """Number and name in columns; a bug that the catalogue does not number has a dash."""
        return f"{self.number or '-':>2}  {self.name}"

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {"number": self.number, "name": self.name, "changes": self.changes}

    def __str__(self) -> str:
        return f"{self.title:<36}  {self.changes}"


BUGS = (
    Bug("one-over-N-missing", 1, "grad_y = 2 (y - target): 1/N is missing", False, "size", "grad_W2",
        "every gradient is N times as large from the first batch on, though L is computed as before",
        wrong.in_loss(lambda L, grad_y, y: (L, len(y) * grad_y))),
    Bug("mean-over-N-C", 2, "loss and gradient are averaged over all N C numbers", True, "size", "loss",
        "the loss is a tenth at once although no answer has changed; so is every gradient",
        wrong.in_loss(lambda L, grad_y, y: (L / y.shape[1], grad_y / y.shape[1]))),
    Bug("one-over-N-twice", 3, "grad_W and grad_b are divided by N once more", True, "size", "grad_W2",
        "all four gradients are an N-th at once, while the loss is the same",
        wrong.in_affine(lambda grad_a, W, g: (g[0], g[1] / len(grad_a), g[2] / len(grad_a)))),
    Bug("factor-2-missing", 4, "grad_y = 1/N (y - target)", True, "size", "grad_W2",
        "all four gradients are half at once, and so are the steps",
        wrong.in_loss(lambda L, grad_y, y: (L, grad_y / 2))),
    Bug("y-and-target-swapped", 5, "grad_y = 2/N (target - y)", False, "sign", "loss",
        "the loss rises, for every step is uphill",
        wrong.in_loss(lambda L, grad_y, y: (L, -grad_y))),
    Bug("update-adds", 6, "p <- p + learning rate * gradient", False, "sign", "loss",
        "the loss rises, for every step is uphill",
        Formulas(update=lambda optimizer, params, grads, memory, rate, step:
                 optimizers.update(optimizer, params, grads, memory, -rate, step))),
    Bug("bias-gradient-averaged", 7, "grad_b is the mean over the batch, not the sum", True, "bias",
        "grad_b2", "the gradients of the biases alone are an N-th; the weights learn as they did",
        wrong.in_affine(lambda grad_a, W, g: (g[0], g[1], g[2] / len(grad_a)))),
    Bug("bias-gradient-over-everything", 9, "grad_b is one sum over images and units", True, "bias",
        "grad_b1", "the gradients of the biases alone grow: each bias is moved by the sum over all units",
        wrong.in_affine(lambda grad_a, W, g: (g[0], g[1], np.full_like(g[2], g[2].sum())))),
    Bug("gradient-of-W2-transposed", 11, "grad_W2 is transposed, which fits where H = C", True, "layer",
        "loss", "the loss rises: each vote is moved by the gradient of another",
        wrong.in_affine(lambda grad_a, W, g: (g[0], g[1] if W is None else g[1].T, g[2])), hidden=10),
    Bug("W2-transposed-on-the-way-back", 12, "grad_h = grad_z W2^T, which fits where H = C", True, "layer",
        None, "hardly a curve shows it: W1 is moved wrongly, and W2, moved rightly, makes the best of it",
        wrong.in_affine(lambda grad_a, W, g: (None if W is None else grad_a @ W.T, *g[1:])), hidden=10),
    Bug("sigmoid-derivative-from-input", 13, "grad_z = grad_y * z (1 - z)", False, "sigmoid", "largest_z",
        "the factor z (1 - z) has no bound, and the wrong sign for most z: scores run away",
        wrong.in_sigmoid(lambda grad_y, z: grad_y * z * (1 - z), "z")),
    Bug("sigmoid-twice", 14, "the derivative is that of sigmoid(y): 0.197 to 0.25", True, "sigmoid",
        "grad_W2", "the derivative no longer goes to 0 where an output is sure: gradients are larger",
        wrong.in_sigmoid(wrong.sigmoid_twice)),
    Bug("sigmoid-derivative-missing", 15, "grad_z = grad_y", True, "sigmoid", "grad_W2",
        "gradients are larger, those of an image by 1 / (y (1 - y)), which is 4 or more",
        wrong.in_sigmoid(lambda grad_y, y: grad_y)),
    Bug("cross-entropy-shortcut", 16, "grad_z = 1/N (y - target), with the L2 loss", True, "sigmoid",
        "grad_W2", "gradients are larger: they are those of another loss, and a good one",
        wrong.in_sigmoid(lambda grad_y, y: grad_y / 2)),
    Bug("relu-upstream-ignored", 17, "grad_a = 1 where a > 0, whatever grad_h is", False, "relu",
        "dead", "W1 and b1 are pushed down whatever the error is, until no unit ever fires again",
        wrong.in_relu(lambda grad_h, a: np.where(a > 0, np.ones_like(a), 0))),
    Bug("sigmoid-upstream-ignored", 17, "grad_z = y (1 - y), whatever grad_y is", False, "sigmoid",
        "loss", "every score is pushed down whatever the label is, until all outputs are 0 and the loss is 1",
        wrong.in_sigmoid(lambda grad_y, y: y * (1 - y))),
    Bug("relu-mask-from-upstream", 18, "grad_a = grad_h where grad_h > 0", False, "relu", "dead",
        "the hidden units are only ever pushed down, until no one fires again",
        wrong.in_relu(lambda grad_h, a: np.where(grad_h > 0, grad_h, 0))),
    Bug("relu-mask-missing", 19, "grad_a = grad_h everywhere", True, "relu", "grad_W1",
        "grad_W1 and grad_b1 alone are larger: silent units are moved as well",
        wrong.in_relu(lambda grad_h, a: grad_h)),
    Bug("relu-mask-at-zero", 20, "grad_a = grad_h where a >= 0", True, "relu", None,
        "no curve shows it: an a of exactly 0 hardly ever happens",
        wrong.in_relu(lambda grad_h, a: np.where(a >= 0, grad_h, 0))),
    Bug("W2-updated-early", 22, "W2 is moved before grad_h = grad_z W2 is computed", True, "layer", None,
        "no curve shows it: grad_h is off by a step of W2 (at a rate of 0.5 that is too much)",
        Formulas(gradients=wrong.W2_early)),
    Bug("gradients-accumulate", 23, "gradients are set to 0 once an epoch, not for each batch", False, "size",
        "largest_z", "gradients pile up from batch to batch, and so do the scores, until nothing moves",
        Formulas(collect=wrong.accumulate)),
    Bug("W1-gradient-missing", 24, "grad_W1 is never filled in and stays 0", True, "layer", "grad_W1",
        "grad_W1 is 0: the first layer keeps the templates that it has",
        Formulas(gradients=wrong.no_W1)),
    Bug("one-image-only", 25, "grad_W and grad_b are of the first image of a batch", True, "size", "grad_W2",
        "all four gradients are a few times smaller: one image of N is left in the sum",
        Formulas(affine_backward=wrong.first_image_only)),
    Bug("labels-as-numbers", 26, "y - label in place of y - one_hot(label)", False, "target", "loss",
        "the loss is in the hundreds: no output reaches a 7, all go to 1",
        wrong.in_target(lambda y, labels: labels[:, None].astype(y.dtype))),
    Bug("several-ones-a-row", 27, "target[:, labels] = 1: each row has the ones of the whole batch", True,
        "target", "loss", "the loss jumps: four targets in five are 1, and only that of the label always is",
        wrong.in_target(wrong.several_ones)),
    Bug("zero-start", 30, "all weights start at 0", False, "start", "grad_W1",
        "grad_W1 and grad_W2 are 0 for ever: only b2 learns",
        Formulas(init=wrong.all_zero)),
    Bug("pixels-not-divided", 31, "x = pixel, from 0 to 255", False, "data", "largest_z",
        "scores are hundreds of times as large, and all outputs sit at 0 and 1",
        Formulas(scale=lambda images, dtype: images.reshape(len(images), -1).astype(dtype))),
    Bug("shuffled-apart", 33, "images and labels are shuffled separately", False, "data", "loss",
        "the loss goes to 0.9, that of the answer 0.1 for every digit; what was learnt fades slowly",
        Formulas(rows=wrong.apart)),
    Bug("biases-never-moved", 34, "b1 and b2 are left out of the update", True, "bias", None,
        "hardly a curve shows it: the gradients are computed, but not subtracted",
        wrong.in_update(lambda params, moved, grads, rate: moved._replace(b1=params.b1, b2=params.b2))),
    Bug("biases-overwritten", 34, "b <- -learning rate * grad_b: b itself is forgotten", True, "bias", None,
        "hardly a curve shows it: the biases stay near 0 and flicker",
        wrong.in_update(lambda params, moved, grads, rate:
                        moved._replace(b1=-rate * grads.b1, b2=-rate * grads.b2))),
    Bug("biases-omitted", 36, "a = x W1^T and z = h W2^T, without biases", True, "bias", None,
        "hardly a curve shows it: the weights do without",
        Formulas(affine_forward=lambda x, W, b: x @ W.T)),
    Bug("biases-subtracted", 36, "a = x W1^T - b1 and z = h W2^T - b2", True, "bias", None,
        "hardly a curve shows it: the weights outweigh what the biases do wrong",
        Formulas(affine_forward=lambda x, W, b: x @ W.T - b)),
    Bug("relu-mask-turned-round", 44, "grad_a = grad_h where a <= 0", True, "relu", "grad_W1",
        "grad_W1 and grad_b1 are those of silent units, which are moved until they speak",
        wrong.in_relu(lambda grad_h, a: np.where(a <= 0, grad_h, 0))),
    Bug("relu-values-as-mask", 45, "grad_a = grad_h * max(a, 0)", True, "relu", "grad_W1",
        "grad_W1 and grad_b1 grow first: the more a unit speaks, the more it is moved",
        wrong.in_relu(lambda grad_h, a: grad_h * np.maximum(a, 0))),
    Bug("sigmoid-derivative-half", 47, "grad_z = grad_y * (1 - y): y is missing", True, "sigmoid", "grad_W2",
        "gradients are larger: an output near 0 is pushed down as if it were not there yet",
        wrong.in_sigmoid(lambda grad_y, y: grad_y * (1 - y))),
    Bug("absolute-values", 50, "L = 1/N sum |y - target|, and its gradient", False, "target", "loss",
        "the loss is another one, larger for small errors; outputs are driven to 0 and 1",
        wrong.in_loss(wrong.absolute_values)),
    Bug("label-column-only", 51, "only the output of the right class counts", False, "target", "loss",
        "the loss falls to 0 and the accuracy does not rise: no output is ever pushed down",
        wrong.in_loss(wrong.label_column_only)),
    Bug("relu-missing", 57, "h = a: two layers that amount to one", True, "relu", "loss",
        "the loss rises to the best that one layer can do",
        Formulas(relu=ACTIVATIONS["none"])),
    Bug("softmax-for-sigmoid", 58, "y = softmax(z), with the sigmoid's derivative", True, "sigmoid",
        "saturated", "outputs that sum to 1 push each other to 0: more of them are flat",
        Formulas(sigmoid=(wrong.softmax, sigmoid_backward, "y"))),
    Bug("gradient-of-W2-from-a", 59, "grad_W2 = grad_z^T a in place of grad_z^T h", True, "layer", None,
        "hardly a curve shows it: grad_W2 alone is somewhat larger, for silent units are counted in",
        Formulas(gradients=wrong.W2_from_a)),
    Bug("no-update", 60, "the parameters are not moved", False, "size", "loss",
        "the loss no longer falls, and the gradients are as large as they were",
        wrong.in_update(lambda params, moved, grads, rate: params)),
    Bug("learning-rate-not-used", 61, "p <- p - gradient", True, "size", "loss",
        "the loss jumps and comes back: steps are ten times as long, which goes well with some luck",
        wrong.in_update(lambda params, moved, grads, rate: map_params(np.subtract, params, grads))),
    Bug("stale-gradient", 65, "each update uses the gradient of the batch before", True, "layer", None,
        "no curve shows it: from batch to batch the network changes little",
        Formulas(collect=wrong.stale)),
    Bug("sorted-by-class", None, "no shuffling: all zeros first, all nines last", False, "data",
        "validation_accuracy", "accuracy falls as each class makes the network forget the others",
        Formulas(rows=wrong.by_class)),
)  # fmt: skip
