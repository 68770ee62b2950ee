# %% [markdown]
# # 3 · Non-linearities
#
# After each of the two layers comes a function that works on each number by itself: *relu* after the
# first, *sigmoid* after the second. Such a function is called a *non-linearity* or an *activation
# function*. You write both, each in one line. But first you see why a network without the relu is no
# better than a single layer.

# %%
import numpy as np

from handgrad import digits, network, training
from handgrad.engines import engine
from handgrad.insight.explain import collapse
from handgrad.recipes import Recipe
from handgrad.workbook import check, hint, yours_or_ours
from handgrad.workbook.lesson import (
    affine_forward,
    agreement,
    l2_loss,
    mean_images,
    mnist,
    normalize_templates,
    sigmoid_backward,
)
from handgrad.workbook.pictures import bars, curves, equation, heat, histograms, show, tiles

array = np.array  # makes the arrays of this chapter
(x, labels), (test_x, test_labels) = mnist(array)

# %% [markdown]
# ## Two layers that are one
#
# Put a second affine layer right behind a first one:
#
# $$a = x W_1^T + b_1 \qquad z = a W_2^T + b_2$$
#
# $W_1$ is $(H, D)$ and $W_2$ is $(C, H)$. Substitute the first into the second and rearrange:
#
# $$z = (x W_1^T + b_1) W_2^T + b_2 = x\, (W_2 W_1)^T + (W_2 b_1 + b_2)$$
#
# That is an affine layer again, with $W = W_2 W_1$ of shape $(C, D)$ and $b = W_2 b_1 + b_2$. By hand,
# with $D = 3$, $H = 2$ and $C = 2$; one entry of $W$ is $2 \cdot 1 + 1 \cdot 0 = 2$:

# %%
W1, b1 = array([[1.0, 0.0, -1.0], [0.0, 2.0, 1.0]]), array([1.0, -1.0])
W2, b2 = array([[2.0, 1.0], [-1.0, 3.0]]), array([0.0, 0.5])
W, b = W2 @ W1, W2 @ b1 + b2
show(
    equation(("W2", W2, (0, None)), "@", ("W1", W1, (None, 0)), "=", ("W", W, (0, 0))),
    "two layers become one",
)

# %% [markdown]
# **What do you expect?** An image goes through both layers, then through the one layer with $W$ and $b$.
# What is the difference?

# %%
some = array([[1.0, 2.0, 3.0], [0.0, -1.0, 1.0]])
z_of_two, _ = affine_forward(affine_forward(some, W1, b1)[0], W2, b2)
z_of_one, _ = affine_forward(some, W, b)
print("two layers", z_of_two.tolist())
print("one layer ", z_of_one.tolist())

# %% [markdown]
# ## The same with real digits
#
# Does it matter? We train three networks on the 60,000 images (chapter 7 shows how): one with 64 hidden
# units and no non-linearity, one with 256 hidden units and no non-linearity, and one with 64 hidden
# units and relu.
#
# **What do you expect?** Sort them by how many test images they read.

# %%
(train_pixels, train_digits), (test_pixels, test_digits) = digits.load_mnist()
run_epoch = engine("auto", say=print).run_epoch  # the fastest that this computer has


def trained(hidden, activation):
    """The parameters of a network after two passes over the training images."""
    rng, recipe = np.random.default_rng(0), Recipe(hidden=hidden, activation=activation, epochs=2)
    params = network.init_params(784, hidden, 10, rng, dtype=np.float32)
    run = training.train(params, train_pixels, train_digits, rng, recipe, run_epoch=run_epoch)
    for epoch in run:
        print(f"{hidden} hidden units, {activation}: epoch {epoch.epoch} of 2, loss {epoch.loss:.3f}")
    return epoch.params


nets = {"64 hidden, none": (64, "none"), "256 hidden, none": (256, "none"), "64 hidden, relu": (64, "relu")}
params = {name: trained(*choice) for name, choice in nets.items()}
shares = [100 * training.accuracy(params[name], test_pixels, test_digits, nets[name][1]) for name in nets]
show(
    bars({"right": shares}, list(nets), "% of the test images", marked=2), "with and without a non-linearity"
)
print(*(f"{name}: {share:.2f} %" for name, share in zip(nets, shares, strict=True)), sep="\n")

# %% [markdown]
# 256 hidden units do no better than 64: without a non-linearity both networks are equivalent to ten
# templates. Here are the 256 units, collapsed into the ten rows of $W = W_2 W_1$. The network and its
# ten templates give the same answer for every image.

# %%
W, b = collapse(params["256 hidden, none"])
one_layer = affine_forward(test_x, array(W), array(b))[0].argmax(axis=1)
two_layers = network.predict(
    params["256 hidden, none"], test_pixels.reshape(-1, 784) / np.float32(255), "none"
)
show(tiles(W, range(10), signed=True), "the ten templates that 256 hidden units amount to")
print(
    "answers that differ:",
    sum(int(p) != int(q) for p, q in zip(one_layer, two_layers, strict=True)),
    "of",
    len(two_layers),
)

# %% [markdown]
# ## relu: a feature is there, or it is not
#
# The cure is a very simple function, the *rectified linear unit* (ReLU). A negative number becomes 0, a
# positive number stays as it is:
#
# $$h_{n,k} = \max(a_{n,k},\, 0)$$
#
# An agreement below zero means "this feature is not there"; how far below zero does not matter. By
# hand, on 2 x 3 numbers:

# %%
small_a = array([[1.5, -2.0, 0.0], [-0.5, 3.0, 0.25]])
kept = [[value if value > 0 else 0.0 for value in row] for row in small_a.tolist()]
show(equation(("a", small_a), "→", ("h", kept)), "relu by hand")

# %%
# exercise: relu_forward

# %%
line = array(np.linspace(-3, 3, 121))
show(curves({"relu": (line, relu_forward(line)[0])}, "a", "h"), "the relu")

# %% [markdown]
# ## What a bend is good for
#
# The output of an affine layer rises or falls steadily as a pixel gets brighter. It cannot express
# "this pixel should be grey, neither dark nor bright". Three relus can:
#
# $$\mathrm{hat}(s) = \max(s, 0) - 2 \max(s - 1, 0) + \max(s - 2, 0)$$
#
# **What do you expect** the sum of the three to look like? Draw it, piece by piece, before you run the
# cell.

# %%
line = array(np.linspace(-1, 3, 161))
pieces = [weight * relu_forward(line - shift)[0] for weight, shift in ((1, 0), (-2, 1), (1, 2))]
drawn = {
    "relu(s)": pieces[0],
    "-2 relu(s - 1)": pieces[1],
    "relu(s - 2)": pieces[2],
    "their sum": sum(pieces),
}
show(
    curves({name: (line, ys) for name, ys in drawn.items()}, "s", "", "Three relus make a hat"),
    "three relus make a hat",
)

# %% [markdown]
# With enough hats any curve can be approximated: place them side by side, each as high as the curve at
# that point. Hidden units do the same in 784 dimensions instead of one.

# %%
knots, line = np.linspace(0, 6, 9), array(np.linspace(0, 6, 241))
width = float(knots[1] - knots[0])


def hat(s):
    """1 at s = 1, falling to 0 at s = 0 and s = 2."""
    return relu_forward(s)[0] - 2 * relu_forward(s - 1)[0] + relu_forward(s - 2)[0]


hats = sum(float(np.sin(knot)) * hat((line - float(knot)) / width + 1) for knot in knots)
drawn = {"nine hats": (line, hats), "sine": (line, np.sin(np.asarray(line)))}
show(curves(drawn, "s", "", "A curve made of hats, which are made of relus"), "a sine made of relus")

# %% [markdown]
# Relu is not the only function with a bend. *Tanh* and the sigmoid (below) bend softly; *leaky ReLU* lets a
# hundredth of a negative number through. Each of them keeps two layers from being one. In a terminal,
# `handgrad train --activation tanh` trains with another one.
#
# ## relu on real digits
#
# The 64 templates of the trained network, and 1,000 test images: 64,000 agreements, before and after
# relu.
#
# **What do you expect?** Which share of them does relu set to zero?

# %%
W1, b1 = (array(p) for p in params["64 hidden, relu"][:2])
a, _ = affine_forward(test_x[:1000], W1, b1)
h, _ = relu_forward(a)
show(histograms({"a": a, "h = relu(a)": h}, "value", "64,000 agreements"), "agreements before and after relu")
print(f"zero: {float((h == 0).sum()) / (1000 * 64):.0%}")

# %% [markdown]
# In one image only some of the features are present, and they differ from digit to digit. The picture
# shows the mean of each of the 64 features over the images of each digit (one row for each digit). Some
# features belong to one digit alone, others to several.

# %%
by_digit = array([h[test_labels[:1000] == c].mean(axis=0).tolist() for c in range(10)])
order = by_digit.argmax(axis=0).tolist()
sorted_features = by_digit[:, sorted(range(64), key=order.__getitem__)]
show(heat(sorted_features, "feature, sorted by the digit that has most of it", "digit"), "features by digit")

# %% [markdown]
# ## sigmoid: from scores to outputs
#
# The second layer gives ten scores $z$, which can be any numbers. (Many texts call them *logits*.) The
# targets are 1 for the right digit and 0 for the others, so the scores are mapped into the range between 0
# and 1:
#
# $$y = \frac{1}{1 + e^{-z}}$$
#
# By hand: $e^0 = 1$, so a score of 0 becomes $1/(1 + 1) = 0.5$. With $e^{-2} = 0.135$, a score of 2
# becomes $1/1.135 = 0.88$; and a score of $-2$ becomes $1/(1 + 7.39) = 0.12$. The outputs for a score
# and for its negative always add up to 1.

# %%
small_z = array([[0.0, 2.0, -2.0], [0.0, 1.0, -4.0]])
small_y = [[1 / (1 + 2.71828**-score) for score in row] for row in small_z.tolist()]
show(equation(("z", small_z), "→", ("y", small_y)), "sigmoid by hand")

# %%
# exercise: sigmoid_forward

# %%
line = array(np.linspace(-8, 8, 161))
show(curves({"sigmoid": (line, sigmoid_forward(line)[0])}, "z", "y"), "the sigmoid")

# %% [markdown]
# The curve is steep in the middle and flat on both sides: once a score is far from 0, moving it further
# changes the output very little. There the sigmoid is *saturated*. Remember this *saturation* for
# chapter 5, where the slope decides how much is learnt.
#
# The scores and outputs of the trained network for one image, a 7:

# %%
W2, b2 = (array(p) for p in params["64 hidden, relu"][2:])
z, _ = affine_forward(relu_forward(a)[0], W2, b2)
y, _ = sigmoid_forward(z)
show(
    bars({"score z": z[0]}, range(10), title="Scores of the first test image", marked=7),
    "scores of one image",
)
show(bars({"output y": y[0]}, range(10), title="Its outputs", marked=7), "outputs of one image")

# %% [markdown]
# **What do you expect?** The answer was the digit with the largest score. Does the sigmoid change any
# answer?

# %%
changed = int((y.argmax(axis=1) != z.argmax(axis=1)).sum())
print(f"answers changed by the sigmoid: {changed} of {len(y)}")

# %% [markdown]
# It changes no answer: the sigmoid rises everywhere, so the largest score gives the largest output. The
# sigmoid is needed for the loss of the next chapter, which measures how far the outputs are from 0 and
# 1.
#
# ## What a bias learns
#
# With a sigmoid, a bias gets a clear meaning: the score has to be above 0 for an output above 1/2. Where
# classes are unequal, the bias can learn it. Here is a small case: two templates of chapter 1, those of
# the 1 and the 7, and their two biases. The templates stay as they are (divided by 20, to keep the scores
# small). Only the biases learn, from three sets of 2,000 images: as many 1s as 7s, three times as many 7s,
# three times as many 1s. (Chapters 4 to 7 show how.)
#
# **What do you expect?** Which way do the two biases move when there are more 7s?

# %%
pair = array(normalize_templates(mean_images(train_pixels / np.float32(255), train_digits))[[1, 7]] / 20)


def agreements_of(ones, sevens, images, digits_of):
    """The agreements of so many 1s and 7s with the two templates, and which of them are 7s."""
    rows = np.r_[np.flatnonzero(digits_of == 1)[:ones], np.flatnonzero(digits_of == 7)[:sevens]]
    return agreement(pair, array(images[rows] / np.float32(255))), array((digits_of[rows] == 7).astype(int))


def learnt_biases(ones, sevens):
    """The two biases after 300 steps."""
    agreements, is_seven = agreements_of(ones, sevens, train_pixels, train_digits)
    b = 0 * agreements[0]
    for _ in range(300):
        out, cache = sigmoid_forward(agreements + b)
        _, dout = l2_loss(out, is_seven)
        b = b - 2 * sigmoid_backward(dout, cache).sum(axis=0)
    return b


mixes = {"as many 1s as 7s": (1000, 1000), "more 7s": (500, 1500), "more 1s": (1500, 500)}
learnt = {name: learnt_biases(*mix) for name, mix in mixes.items()}
show(
    bars(learnt, ["bias of the 1", "bias of the 7"], title="Learnt from three mixtures of 1s and 7s"),
    "biases learnt from unequal classes",
)
agreements, _ = agreements_of(1000, 1000, test_pixels, test_digits)
for name, b in learnt.items():
    sevens = int(((agreements + b).argmax(axis=1) == 1).sum())
    print(f"biases learnt from {name}: {sevens} of 2,000 test images are read as a 7 (1,000 of them are)")

# %% [markdown]
# The bias of the frequent digit rises, that of the rare one falls: in doubt, the layer answers with the
# digit that it has seen more often. That helps if the images to come are mixed in the same way. If they are
# not, it is a fault. So look at the mixture of your training images first.
#
# ## A remark on large numbers
#
# $e^{1000}$ does not fit into a float. Python's own `exp` raises an error; NumPy warns and gives
# infinity, and the result $1/(1 + \infty) = 0$ is even right. Still, a warning that always appears
# hides a warning that matters. The reference code uses $e^{-|z|}$, which never exceeds 1, and treats
# the two signs separately:
#
# $$y = \frac{1}{1 + e^{-|z|}} \text{ where } z \ge 0, \qquad
# y = \frac{e^{-|z|}}{1 + e^{-|z|}} \text{ elsewhere}$$

# %%
from handgrad.layers import sigmoid_forward as careful

print("scores -1000, 0, 1000 become", careful(np.array([-1000.0, 0.0, 1000.0])))

# %% [markdown]
# [Chapter 4](4_loss.ipynb): how wrong is the network, in one number?
