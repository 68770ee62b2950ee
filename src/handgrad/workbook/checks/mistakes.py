"""The catalogue of mistakes: each has a number, a short name, and a sentence for the learner.

Numbers 1 to 36 come from the field guide that the checker was built from, and never change; the others were
found in learners' files. A sentence says what is wrong and what would be right, but never the line of code.
"""

from typing import NamedTuple


class Mistake(NamedTuple):
    """A mistake that the checker can name."""

    number: int
    name: str
    sentence: str


_ALL = (
    (1, "1/N missing", "the 1/N is missing: the loss is the mean over the images, not the sum"),
    (2, "mean over N*C", "the average runs over images and classes; the squares should be summed over the classes and averaged over the images only"),
    (3, "1/N applied twice", "the result is divided by N once too often: the gradient of the loss already contains the 1/N"),
    (4, "factor 2 missing", "the factor 2 is missing: the loss has no 1/2 in front, so the derivative of the square has a factor 2"),
    (5, "y and target swapped", "the sign is wrong: the difference is y - target, not target - y"),
    (6, "update adds", "the update goes uphill: a step of gradient descent subtracts the gradient"),
    (7, "bias gradient averaged", "the bias gradient is averaged over the batch; it should be summed"),
    (8, "bias gradient not summed", "the bias gradient is not summed over the batch: it still has one row for each image"),
    (9, "bias gradient summed over everything", "the bias gradient is summed over everything; each unit has its own sum, over the batch only"),
    (10, "bias gradient keeps a dimension", "the bias gradient has one dimension too many: its shape is (1, out), but the bias has shape (out,)"),
    (11, "gradient of W transposed", "the gradient of W is transposed: it must have the shape of W, (out, in)"),
    (12, "W transposed on the way back", "W is transposed in the backward pass; W is (out, in), so the upstream gradient times W, without a transpose, has the shape of x"),
    (13, "sigmoid derivative from the input", "the sigmoid's derivative is computed from its input, as x (1 - x); it is y (1 - y), from its output y"),
    (14, "sigmoid applied twice", "the sigmoid is applied twice: the cache already holds its output y, and the derivative is y (1 - y)"),
    (15, "sigmoid derivative missing", "the sigmoid's derivative y (1 - y) is missing"),
    (16, "cross-entropy's shortcut", "this is the shortcut for cross-entropy, where the sigmoid's derivative cancels; with the L2 loss it does not cancel"),
    (17, "upstream gradient ignored", "the upstream gradient is not used: a backward function multiplies it by its own derivative"),
    (18, "relu mask from the upstream gradient", "the mask of relu is taken from the upstream gradient; it should show where the input was positive"),
    (19, "relu mask missing", "the mask of relu is missing: no gradient passes where the input was negative"),
    (20, "relu mask at zero", "the mask should be x > 0, not x >= 0: at exactly 0 the derivative of relu is taken as 0 here"),
    (21, "input changed in place", "the input array is changed in place, but the caller still needs its values"),
    (22, "W2 updated too early", "W2 is updated before the backward pass has used it: all gradients must be computed with the weights of the forward pass"),
    (23, "gradients accumulate", "gradients add up from call to call: every call to backward must start from zero"),
    (24, "backward empty or incomplete", "a gradient is missing: backward must compute the gradients of W1, b1, W2 and b2"),
    (25, "one sample only", "only one image of the batch is used; the gradient is a sum over all images of the batch"),
    (26, "labels subtracted as numbers", "the labels are used as numbers; they are classes, so turn them into one-hot rows first"),
    (27, "several ones in a one-hot row", "the one-hot rows contain several ones: each row should have a single 1, in the column of its label"),
    (28, "(N,) against (N, 1)", "an array of shape (N,) was combined with an array of shape (N, 1), and broadcasting made it (N, N): every image is compared with every label"),
    (29, "argmax over the wrong axis", "argmax runs over the images; the answer for an image is the position of the largest output in its own row"),
    (30, "all-zero initialisation", "the weights all start with the same value: no gradient reaches the hidden units, or all hidden units stay equal"),
    (31, "pixels not divided by 255", "the pixels are 255 times too large, which saturates the network: divide by 255 exactly once"),
    (32, "naive exp", "exp overflows for large negative inputs, though the result is still right"),
    (33, "images and labels shuffled apart", "images and labels are shuffled differently: use the same order for both"),
    (34, "wrong update of a bias", "an update is wrong: every parameter, biases included, changes by minus the learning rate times its own gradient"),
    (35, "gradient check in float32", "the numbers are float32; the difference of two nearly equal losses needs float64"),
    (36, "bias omitted or subtracted", "the bias is not added: a = x W^T + b"),
    (37, "W not transposed on the way out", "W is not transposed in the forward pass: W is (out, in), so the product is x W^T"),
    (38, "result transposed", "the result is transposed: it should have one row for each image"),
    (39, "cache not returned", "forward must return two things: its output, and a cache for the backward pass"),
    (40, "gradients in another order", "the gradients are returned in the wrong order"),
    (41, "summed over the wrong axis", "the sum runs over the wrong axis; it should run over the images, and leave one number for each unit"),
    (42, "the mask instead of the values", "the result is the mask; relu returns the positive values themselves"),
    (43, "another function", "this is a different function from the one that was asked for"),
    (44, "mask turned round", "the mask is inverted: the gradient should pass where the input was positive"),
    (45, "times the values instead of the mask", "the gradient is multiplied by the values; the derivative of relu is 1 or 0"),
    (46, "sign of the exponent", "the sign of the exponent is wrong: the sigmoid is 1 / (1 + e^-x), and rises with x"),
    (47, "half of the sigmoid derivative", "a factor of y (1 - y) is missing or has the wrong sign"),
    (48, "bias in the wrong place", "the bias is added in the wrong place"),
    (49, "root of the loss", "the loss is the sum of squares itself, without a square root"),
    (50, "absolute values", "the loss is made of squares, not of absolute values"),
    (51, "only the label's column", "only the output of the right class counts here; the other outputs count too, with target 0"),
    (52, "cross-entropy", "this is the cross-entropy loss; the exercise asks for the L2 loss"),
    (53, "no single loss", "the loss must be a single number: summed over the classes, averaged over the images"),
    (54, "count instead of share", "this is the number of right answers; the accuracy is their share, from 0 to 1"),
    (55, "share of mistakes", "this is the share of wrong answers; the accuracy is the share of right answers"),
    (56, "shape of a parameter", "a parameter has the wrong shape: expected W1 (hidden, in), b1 (hidden,), W2 (out, hidden), b2 (out,)"),
    (57, "non-linearity missing", "a non-linearity is missing in the network: affine, relu, affine, sigmoid"),
    (58, "softmax instead of sigmoid", "the outputs go through a softmax; the exercise asks for a sigmoid, which works on each output alone"),
    (59, "gradient of W2 from a", "the gradient of W2 is computed from the wrong features: it needs h, the input of the second layer"),
    (60, "no update", "the parameters never change: there must be an update for every mini-batch"),
    (61, "learning rate not used", "the step is not the given learning rate times the gradient"),
    (62, "not every image", "an epoch does not use every image"),
    (63, "wrong number of epochs", "the number of epochs (passes over the data) is not n_epochs"),
    (64, "trained on validation data", "the network is trained on the validation images; they are only for measuring how well it generalises"),
    (65, "stale gradient", "the update uses the gradient of the previous mini-batch; the order is forward, backward, update"),
    (66, "batch size not used", "the mini-batches do not have the given batch size"),
    (67, "division by h instead of 2h", "the difference is taken over a distance of 2h, so divide it by 2h"),
    (68, "one-sided difference", "the difference is one-sided; the error of the central difference is a thousand times smaller"),
    (69, "x not put back", "x is not restored after an entry has been changed"),
    (70, "sum instead of mean image", "this is the sum of the images of a class; for the mean, divide by the number of images of that class"),
    (71, "mean over all images", "the sum is divided by the number of all images; divide by the number of images of the class"),
    (72, "mean not subtracted", "the template's own mean is not subtracted"),
    (73, "not divided by the standard deviation", "the template is not divided by its own standard deviation"),
    (74, "statistics over the wrong axis", "mean and standard deviation are taken over the wrong axis: each template has its own, over its pixels"),
    (75, "sign turned round", "the sign is wrong"),
    (76, "loss and gradient disagree", "the loss is right, but the gradient is not the gradient of this loss"),
    (77, "smallest instead of largest", "the answer is the class with the largest output, not with the smallest"),
    (78, "backward changes the parameters", "backward changes the parameters; it should only compute gradients, and leave the update to the training loop"),
    (79, "mistaken identity of layers", "the gradients of the two layers are swapped"),
    (80, "class means of the wrong class", "the rows are in the wrong order: row k should be the mean of the images with label k"),
)  # fmt: skip

MISTAKES = {number: Mistake(number, name, sentence) for number, name, sentence in _ALL}
