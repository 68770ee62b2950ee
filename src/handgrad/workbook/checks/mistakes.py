"""The mistakes that are named: a number, a short name, and one sentence for who made it.

Numbers 1 to 36 are those of the field guide that the checker was built from, and stay; 37 and on are what
learners' files added. A sentence says what is observed and what would be right, never the line of code.
"""

from typing import NamedTuple


class Mistake(NamedTuple):
    """One kind of mistake."""

    number: int
    name: str
    sentence: str


_ALL = (
    (1, "1/N missing", "the average over the N images is missing: a sum stands where the mean over images belongs"),
    (2, "mean over N*C", "it is averaged over images and classes; the squares are summed over the classes and averaged over the images only"),
    (3, "1/N applied twice", "it is divided by N once too often: the loss gradient holds the 1/N already"),
    (4, "factor 2 missing", "the factor 2 is missing: the loss has no 1/2 in front, so the derivative of the square brings a 2"),
    (5, "y and target swapped", "the sign is turned round: y - target, not target - y"),
    (6, "update adds", "the update goes uphill: parameters move against their gradient, so it is subtracted"),
    (7, "bias gradient averaged", "the bias gradient is averaged over the batch where it should be summed"),
    (8, "bias gradient not summed", "the bias gradient is not summed over the batch: one row an image is left"),
    (9, "bias gradient summed over everything", "the bias gradient is summed over everything; each unit has a sum of its own, over the batch only"),
    (10, "bias gradient keeps a dimension", "the bias gradient has a dimension too many: (1, out) where the bias is (out,)"),
    (11, "gradient of W transposed", "the gradient of W is transposed: it must have the shape of W, (out, in)"),
    (12, "W transposed on the way back", "on the way back W is transposed; W is (out, in), so the gradient of the output times W, as it stands, has the shape of x"),
    (13, "sigmoid derivative from the input", "the sigmoid's derivative is taken as x (1 - x) of its input; it is y (1 - y) of its output"),
    (14, "sigmoid applied twice", "the sigmoid is applied to what is its output already: y (1 - y) with y as cached"),
    (15, "sigmoid derivative missing", "the sigmoid's derivative y (1 - y) is missing"),
    (16, "cross-entropy's shortcut", "this is the shortcut of cross-entropy, where the sigmoid's derivative cancels; with the L2 loss it does not"),
    (17, "upstream gradient ignored", "the gradient that comes from above is not used: a backward multiplies it by its own derivative"),
    (18, "relu mask from the upstream gradient", "the mask of relu is taken from the gradient; what counts is where the input was positive"),
    (19, "relu mask missing", "the mask of relu is missing: where the input was negative no gradient passes"),
    (20, "relu mask at zero", "at exactly 0 the slope of relu is taken as 0 here: the mask is x > 0, not x >= 0"),
    (21, "input changed in place", "the input array is changed in place: whoever handed it over still needs it"),
    (22, "W2 updated too early", "W2 is updated before it is used on the way back: every gradient belongs to the weights of the forward pass"),
    (23, "gradients accumulate", "gradients pile up from call to call: each backward starts afresh"),
    (24, "backward empty or incomplete", "a gradient is missing: backward must leave one for each of W1, b1, W2 and b2"),
    (25, "one sample only", "only one image of the batch is used; the gradient is a sum over all of them"),
    (26, "labels subtracted as numbers", "the labels are used as numbers; they name a class, so they become one-hot rows first"),
    (27, "several ones in a one-hot row", "the one-hot rows hold several ones: each row has a single 1, in the column of its own label"),
    (28, "(N,) against (N, 1)", "(N,) met (N, 1) and became N x N: every image is compared with every label"),
    (29, "argmax over the wrong axis", "argmax runs over the images; the answer of an image is the largest of its own row"),
    (30, "all-zero initialisation", "the weights begin all alike: at first, or for ever, no gradient reaches the hidden units, or all of them stay the same"),
    (31, "pixels not divided by 255", "the pixels are 255 times too large: scaled to 0..1 once, and nowhere else, the network is not saturated"),
    (32, "naive exp", "exp overflows for large negative inputs; the value is right all the same"),
    (33, "images and labels shuffled apart", "images and labels are shuffled apart: one and the same order must serve both"),
    (34, "wrong update of a bias", "each parameter, the biases too, should be moved by minus the learning rate times its own gradient"),
    (35, "gradient check in float32", "the numbers are float32: a difference of two nearly equal losses needs float64"),
    (36, "bias omitted or subtracted", "the bias is not added: a = x W^T + b"),
    (37, "W not transposed on the way out", "W is (out, in), so x meets its transpose"),
    (38, "result transposed", "the result is transposed: one row for each image"),
    (39, "cache not returned", "a forward returns two things: its output and a cache for the way back"),
    (40, "gradients in another order", "the gradients come in another order than asked for"),
    (41, "summed over the wrong axis", "it is summed over the wrong axis: the sum should run over the images, and leave one number for each unit"),
    (42, "the mask instead of the values", "what is returned is the mask; relu passes the positive values themselves on"),
    (43, "another function", "this is another function than the one asked for"),
    (44, "mask turned round", "the mask is turned round: the gradient should pass where the input was positive"),
    (45, "times the values instead of the mask", "the gradient is multiplied by the values; relu's derivative is 1 or 0"),
    (46, "sign of the exponent", "the exponent has the wrong sign: sigmoid rises, and is 1 / (1 + e^-x)"),
    (47, "half of the sigmoid derivative", "one factor of y (1 - y) is missing or has the wrong sign"),
    (48, "bias in the wrong place", "the bias is added in the wrong place"),
    (49, "root of the loss", "the loss is the square itself, not its root"),
    (50, "absolute values", "the loss takes squares, not absolute values"),
    (51, "only the label's column", "only the output of the right class counts here; the others must be driven to 0 too"),
    (52, "cross-entropy", "this is the cross-entropy loss; asked for is the L2 loss"),
    (53, "no single loss", "the loss is one number: summed over classes, averaged over images"),
    (54, "count instead of share", "the right answers are counted; the accuracy is their share, in 0 to 1"),
    (55, "share of mistakes", "this is the share of wrong answers; the accuracy is that of the right ones"),
    (56, "shape of a parameter", "a parameter has the wrong shape: W1 (hidden, in), b1 (hidden,), W2 (out, hidden), b2 (out,)"),
    (57, "non-linearity missing", "a non-linearity is missing in the network: affine, relu, affine, sigmoid"),
    (58, "softmax instead of sigmoid", "the outputs go through a softmax; asked for is a sigmoid, each output by itself"),
    (59, "gradient of W2 from a", "the gradient of W2 is made with the wrong features: it needs h, what the second layer saw"),
    (60, "no update", "the parameters of the model never move: each batch must change them"),
    (61, "learning rate not used", "the step is not the learning rate that was given times the gradient"),
    (62, "not every image", "not every image is used in an epoch"),
    (63, "wrong number of epochs", "the number of passes over the data is not n_epochs"),
    (64, "trained on validation data", "the validation images are trained on; they only tell how well it generalises"),
    (65, "stale gradient", "the update uses the gradient of the batch before: forward, backward, then update"),
    (66, "batch size not used", "the batches do not have the size that was asked for"),
    (67, "division by h instead of 2h", "the difference spans 2h, so it is divided by 2h"),
    (68, "one-sided difference", "the difference is one-sided; taken on both sides its error is a thousand times smaller"),
    (69, "x not put back", "x is not put back after each nudge"),
    (70, "sum instead of mean image", "the images of a class are summed; the mean divides by how many there are of that class"),
    (71, "mean over all images", "it is divided by the number of all images; it should be by that of its own class"),
    (72, "mean not subtracted", "a template's own mean is not subtracted"),
    (73, "not divided by the standard deviation", "a template is not divided by its own standard deviation"),
    (74, "statistics over the wrong axis", "mean and standard deviation should be each template's own, over its pixels"),
    (75, "sign turned round", "the sign is turned round"),
    (76, "loss and gradient disagree", "the loss is right and its gradient is not that loss's"),
    (77, "smallest instead of largest", "the answer is the class with the largest output, not the smallest"),
    (78, "backward changes the parameters", "backward changes the parameters; it computes gradients, and the training loop moves"),
    (79, "mistaken identity of layers", "the gradients of the two layers are mixed up"),
    (80, "class means of the wrong class", "the rows are in the wrong order: row k is the mean of the images labelled k"),
)  # fmt: skip

MISTAKES = {number: Mistake(number, name, sentence) for number, name, sentence in _ALL}
