"""The catalogue of mistakes: each has a number, a title, and what is said after it to the learner.

Numbers 1 to 36 come from the field guide that the checker was built from, and never change; the others were
found in learners' files. What is said tells what would be right, but never the line of code.
"""

from typing import NamedTuple


class Mistake(NamedTuple):
    """A mistake that the checker can name."""

    number: int
    name: str
    why: str  # reads well after the name and a colon

    @property
    def sentence(self) -> str:
        """The name, and why."""
        return f"{self.name}: {self.why}"


_ALL = (
    (1, "1/N missing", "the loss is the mean over the images, not the sum"),
    (2, "mean over N*C", "the squares should be summed over the classes and averaged over the images only"),
    (3, "1/N applied twice", "the gradient of the loss already contains the 1/N, so nothing after it divides by N again"),
    (4, "factor 2 missing", "the loss has no 1/2 in front, so the derivative of the square has a factor 2"),
    (5, "y and target swapped", "the difference is y - target, not target - y"),
    (6, "update adds", "a step of gradient descent subtracts the gradient; this one goes uphill"),
    (7, "bias gradient averaged", "it should be summed over the batch"),
    (8, "bias gradient not summed", "it still has one number for each image; it should be summed over the batch"),
    (9, "bias gradient summed over everything", "each unit has its own sum, over the batch only"),
    (10, "bias gradient keeps a dimension", "its shape is (1, out), but the bias has shape (out,)"),
    (11, "gradient of W transposed", "it must have the shape of W, (out, in)"),
    (12, "W transposed on the way back", "W is (out, in), so the upstream gradient times W, without a transpose, has the shape of x"),
    (13, "sigmoid derivative from the input", "x (1 - x) is made of the input x; the derivative is y (1 - y), from the output y"),
    (14, "sigmoid applied twice", "the cache already holds its output y, and the derivative is y (1 - y)"),
    (15, "sigmoid derivative missing", "the upstream gradient should be multiplied by y (1 - y)"),
    (16, "cross-entropy's shortcut", "with cross-entropy the sigmoid's derivative cancels; with the L2 loss it does not"),
    (17, "upstream gradient ignored", "a backward function multiplies the upstream gradient by its own derivative"),
    (18, "relu mask from the upstream gradient", "the mask should show where the input was positive"),
    (19, "relu mask missing", "no gradient passes where the input was negative"),
    (20, "relu mask at zero", "the mask should be x > 0, not x >= 0: at exactly 0 the derivative of relu is taken as 0 here"),
    (21, "input changed in place", "the caller still needs the values of the input array"),
    (22, "W2 updated too early", "all gradients must be computed with the weights of the forward pass, before any of them is updated"),
    (23, "gradients accumulate", "they add up from call to call, but every call to backward must start from zero"),
    (24, "backward empty or incomplete", "a gradient is missing; backward must compute the gradients of W1, b1, W2 and b2"),
    (25, "one sample only", "every image of the batch counts: the gradient is a sum over them"),
    (26, "labels subtracted as numbers", "labels are classes, so turn them into one-hot rows first"),
    (27, "several ones in a one-hot row", "each row should have a single 1, in the column of its label"),
    (28, "(N,) against (N, 1)", "broadcasting made the result (N, N), so every image is compared with every label"),
    (29, "argmax over the wrong axis", "the answer for an image is the position of the largest of its own outputs"),
    (30, "all-zero initialisation", "the weights all start with the same value: no gradient reaches the hidden units, or all hidden units stay equal"),
    (31, "pixels not divided by 255", "pixels that are 255 times too large saturate the network: divide by 255 exactly once"),
    (32, "naive exp", "exp overflows for large negative inputs, though the result is still right"),
    (33, "images and labels shuffled apart", "use the same order for both"),
    (34, "wrong update of a bias", "every parameter, biases included, changes by minus the learning rate times its own gradient"),
    (35, "gradient check in float32", "the difference of two nearly equal losses needs float64"),
    (36, "bias omitted or subtracted", "an affine layer is a = x W^T + b"),
    (37, "W not transposed on the way out", "W is (out, in), so the product is x W^T"),
    (38, "result transposed", "it should have one row for each image"),
    (39, "cache not returned", "forward must return two things: its output, and a cache for the backward pass"),
    (40, "gradients in another order", "they are returned in the wrong order"),
    (41, "summed over the wrong axis", "the sum should run over the images, and leave one number for each unit"),
    (42, "the mask instead of the values", "relu returns the positive values themselves"),
    (43, "another function", "it is not the one that was asked for"),
    (44, "mask turned round", "the gradient should pass where the input was positive"),
    (45, "times the values instead of the mask", "the derivative of relu is 1 or 0"),
    (46, "sign of the exponent", "the sigmoid is 1 / (1 + e^-x), and rises with x"),
    (47, "half of the sigmoid derivative", "a factor of y (1 - y) is missing or has the wrong sign"),
    (48, "bias in the wrong place", "it is added to the sum of products, once for each unit"),
    (49, "root of the loss", "the loss is the sum of squares itself, without a square root"),
    (50, "absolute values", "the loss is made of squares"),
    (51, "only the label's column", "the other outputs count too, with target 0"),
    (52, "cross-entropy", "the exercise asks for the L2 loss"),
    (53, "no single loss", "the loss must be one number: summed over the classes, averaged over the images"),
    (54, "count instead of share", "the accuracy is the share of right answers, from 0 to 1"),
    (55, "share of mistakes", "the accuracy is the share of right answers"),
    (56, "shape of a parameter", "expected W1 (hidden, in), b1 (hidden,), W2 (out, hidden), b2 (out,)"),
    (57, "non-linearity missing", "the network is affine, relu, affine, sigmoid"),
    (58, "softmax instead of sigmoid", "the exercise asks for a sigmoid, which works on each output alone"),
    (59, "gradient of W2 from a", "it needs h, the input of the second layer"),
    (60, "no update", "the parameters never change, but there must be an update for every mini-batch"),
    (61, "learning rate not used", "the step is not the given learning rate times the gradient"),
    (62, "not every image", "an epoch should use every image"),
    (63, "wrong number of epochs", "n_epochs is the number of passes over the data"),
    (64, "trained on validation data", "the validation images are only for measuring how well the network generalises"),
    (65, "stale gradient", "the update uses the gradient of the previous mini-batch; the order is forward, backward, update"),
    (66, "batch size not used", "the mini-batches do not have the given batch size"),
    (67, "division by h instead of 2h", "the difference is taken over a distance of 2h"),
    (68, "one-sided difference", "the error of the central difference is a thousand times smaller"),
    (69, "x not put back", "an entry that was changed must be restored"),
    (70, "sum instead of mean image", "divide by the number of images of the class"),
    (71, "mean over all images", "divide by the number of images of the class, not by that of all images"),
    (72, "mean not subtracted", "each template's own mean is subtracted from it"),
    (73, "not divided by the standard deviation", "each template is divided by its own"),
    (74, "statistics over the wrong axis", "each template has its own mean and standard deviation, over its pixels"),
    (75, "sign turned round", "the result has the opposite sign"),
    (76, "loss and gradient disagree", "the loss is right, but the gradient is not the gradient of this loss"),
    (77, "smallest instead of largest", "the answer is the class with the largest output"),
    (78, "backward changes the parameters", "it should only compute gradients, and leave the update to the training loop"),
    (79, "mistaken identity of layers", "the gradients of the two layers are swapped"),
    (80, "class means of the wrong class", "the rows are in the wrong order: row k should be the mean of the images with label k"),
    (81, "scale of the initial weights", "the variance of W1 is 2/in, that of W2 is 2/(in + out)"),
    (82, "another row of W2", "row c of W2 holds the votes for digit c"),
    (83, "the sum instead of its terms", "each hidden unit should keep its own contribution"),
    (84, "sign instead of size", "a strong vote against the digit counts as much as one for it, so sort by the size"),
    (85, "values instead of positions", "the exercise asks for the positions, the numbers of the units"),
    (86, "softmax over the wrong axis", "the shares should sum to 1 over the classes of each image, along its own row"),
    (87, "overflow in softmax", "subtract the largest score of each row before the exponential, which leaves the shares as they are"),
    (88, "share of the wrong class", "the loss is minus the logarithm of the share of the right class; the other classes have no term of their own"),
    (89, "softmax missing", "softmax turns the scores into shares first"),
    (90, "gradient of the L2 loss", "for softmax with cross-entropy it is the share minus the target, averaged over the images"),
    (91, "velocity not kept", "each step starts from zero again; the new velocity is keep times the old one, plus the gradient"),
    (92, "old velocity used", "the parameter moves by the velocity of the step before; compute the new velocity first"),
    (93, "keep in the wrong place", "keep multiplies the old velocity only; the new gradient is added whole"),
    (94, "learning rate twice", "it is applied to the gradient and to the velocity; it belongs in one place only"),
    (95, "keep not used", "the velocity should shrink by the given factor keep from step to step"),
    (96, "learning rate too large", "the same recipe with a smaller one reads more images"),
    (97, "learning rate too small", "the same recipe with a larger one reads more images"),
    (98, "target missed", "the recipe keeps to the budget, but reads fewer images than the target asks for"),
    (99, "over the budget", "it allows fewer hidden units, fewer epochs or larger batches"),
    (100, "votes or features alone", "a contribution is a product: the feature of the unit times its vote for the digit"),
    (101, "another order", "the units are the right ones, but the strongest comes first"),
    (102, "keepdims missing", "one number for each row has to be a column (N, 1) to work on the rows; as (N,) it is spread over the columns"),
    (103, "part of x handed to f", "f needs all of x, in its own shape, with one entry moved"),
    (104, "way back in another order", "it is the way out in reverse: sigmoid, affine, relu, affine"),
)  # fmt: skip

MISTAKES = {number: Mistake(number, name, sentence) for number, name, sentence in _ALL}


def titled(number: int | None, words: str) -> str:
    """Words about a mistake, with its title in front unless they hold it."""
    name = MISTAKES[number].name if number else ""
    return words if name in words else f"{name}: {words}"
