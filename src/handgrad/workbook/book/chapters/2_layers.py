# %% [markdown]
# # 2 · Layers
#
# A layer is a set of templates. You write the *affine linear layer* (affine layer for short), in one
# line. (*Linear* is a sum of products; *affine* is linear plus a constant.) Other texts and libraries call it
# a *linear*, a *dense* or a *fully connected* layer. It computes what chapter 1 called agreement, plus one
# number for each template. Two affine
# layers, with a non-linearity between them (chapter 3), are the whole network.

# %%
import time

import numpy as np

from handgrad.workbook import check, hint, yours_or_ours
from handgrad.workbook.lesson import agreement, mean_images, mnist, normalize_templates, seed
from handgrad.workbook.pictures import bars, broadcasting, chain, equation, histograms, show, tiles

array = np.array  # makes the arrays of this chapter
(x, labels), (test_x, test_labels) = mnist(array)

# %% [markdown]
# ## Rows of W are templates
#
# An image is a row of $D = 784$ numbers here, and $N$ images are a matrix $x$ of shape $(N, D)$. The
# layer holds $M$ templates as the rows of a matrix $W$ of shape $(M, D)$: reshape a row to 28 x 28 and
# you can look at it. The agreement of image $n$ with template $k$ is
#
# $$a_{n,k} = \sum_{d} x_{n,d}\, W_{k,d} + b_k$$
#
# The new thing is $b_k$, the *bias* of template $k$. It sets a threshold: with $b_k = -50$, the
# agreement of the pixels has to exceed 50 for the result to be above zero.
#
# The numbers in $W$ are called *weights*, because each says how much its pixel counts. One row of $W$ with
# its bias is a *neuron*: it weighs all pixels and gives one number. Most texts draw a neuron as a circle
# with lines; this workbook draws it as a template.
#
# By hand, with $N = 2$ images of $D = 3$ pixels, and $M = 2$ templates. The entry at row 1, column 0:

# %%
small_x = array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
small_W = array([[1.0, -1.0, 1.0], [-1.0, 2.0, 0.0]])
small_b = array([0.5, -1.0])
out = [
    [
        sum(float(p * w) for p, w in zip(image, row, strict=True)) + float(b)
        for row, b in zip(small_W, small_b, strict=True)
    ]
    for image in small_x
]
turned = list(zip(*small_W.tolist(), strict=True))
parts = (
    ("x", small_x, (1, None)),
    "@",
    ("W transposed", turned, (None, 0)),
    "+",
    ("b", small_b, (None, 0)),
    "=",
    ("out", out, (1, 0)),
)
show(equation(*parts), "an affine layer by hand")

# %% [markdown]
# $0 \cdot 1 + 1 \cdot (-1) + 1 \cdot 1 + 0.5 = 0.5$. The bias is *one* number for each template, and is
# added to every row: it is the same for all images.
#
# **A word on names.** In the mathematics the result of this layer is called $a$, for agreement. The
# code of the course (AlphaFold Decoded) and of the exercises calls the output of any layer `out` and its
# input `x`, because one function serves several layers.
#
# **The cache.** Going through the layers from the images to the outputs is called the *forward pass*.
# The *backward pass* (chapter 5) goes the opposite way, and needs some of the numbers of the forward
# pass. Therefore each forward function returns two things: its output, and a *cache* with the values
# that the backward pass will need.

# %%
# exercise: affine_forward

# %% [markdown]
# ## The templates of chapter 1 are a layer
#
# Take the ten normalised mean images as $W$, and no bias: $b = 0$.
#
# **What do you expect?** How many of the test images does this layer read?

# %%
templates = normalize_templates(mean_images(x, labels))  # (10, 784)
zeros = array([0.0] * 10)
a, _ = affine_forward(test_x, templates, zeros)
print(
    "x", tuple(test_x.shape), " W", tuple(templates.shape), " b", tuple(zeros.shape), " out", tuple(a.shape)
)
print(f"right answers: {float((a.argmax(axis=1) == test_labels).sum()) / 100:.2f} %")

# %% [markdown]
# ## What a bias does
#
# **What do you expect?** The bias of the 1 is raised from 0 to 40, then to 200; the other biases stay
# 0. How do the answers change?

# %%
answers = {}
for more in (0.0, 40.0, 200.0):
    b = array([0.0, more] + [0.0] * 8)
    answer = affine_forward(test_x, templates, b)[0].argmax(axis=1)
    answers[f"b[1] = {more:g}"] = [int((answer == c).sum()) for c in range(10)]
show(bars(answers, range(10), "images", "How often each digit is answered"), "what a bias does")

# %% [markdown]
# A bias shifts all agreements of its template by the same amount, whatever the image. Well chosen
# biases help where classes are unequal: some digits are more frequent than others, and some templates
# agree with everything a little more than others. Here is a crude choice: minus the mean agreement.
#
# **What do you expect?** Better than 82.08 %, or worse?

# %%
b = -agreement(templates, x).mean(axis=0)
a, _ = affine_forward(test_x, templates, b)
print("b =", [round(float(number)) for number in b])
print(f"right answers: {float((a.argmax(axis=1) == test_labels).sum()) / 100:.2f} %")

# %% [markdown]
# Worse. Those numbers looked reasonable, but were not: the digits whose templates seldom agree with
# anything are now answered too often. Such numbers should not be chosen by hand. In chapter 7 the
# biases are learnt, together with the templates.
#
# ## A batch goes through at once
#
# Each row of `out` depends on its own row of $x$ alone. So one image at a time gives the same numbers
# as all images together; it only takes much longer.
#
# **What do you expect?** How many times slower are 2,000 images when they are processed one at a time?

# %%
some = test_x[:2000]
affine_forward(some, templates, b)  # a first call, to warm up
start = time.perf_counter()
together, _ = affine_forward(some, templates, b)
middle = time.perf_counter()
singly = [affine_forward(some[i : i + 1], templates, b)[0] for i in range(2000)]
end = time.perf_counter()
print(f"together {1000 * (middle - start):.1f} ms, one at a time {1000 * (end - middle):.1f} ms")
print(
    "largest difference:",
    max(float(abs(one[0] - row).max()) for one, row in zip(singly, together, strict=True)),
)

# %% [markdown]
# ## Any number of templates
#
# The layer is not limited to ten templates. Here are 64 templates of pure noise; this is how the
# network will start. The number of templates of the first layer is called the *hidden dimension*, $H$.
# Each of these templates, with its bias, is a *hidden unit* (a neuron of the hidden layer): hidden, because
# its number appears neither in the image nor in the answer.

# %%
seed(0)
noise = array(np.random.standard_normal((64, 784)).astype("float32"))
a, _ = affine_forward(test_x, noise, array([0.0] * 64))
print("out", tuple(a.shape))
show(tiles(noise[:10], [f"row {k} of W" for k in range(10)], signed=True), "templates of noise")

# %% [markdown]
# With noise, an agreement is a sum of hundreds of pixels, each times a random number.
#
# **What do you expect?** How well do the images of a 0 agree with the template of the 0, and how well
# with the 64 templates of noise?

# %%
zeros_only = test_x[test_labels == 0]
with_template = affine_forward(zeros_only, templates, zeros)[0][:, 0]
with_noise = affine_forward(zeros_only, noise, array([0.0] * 64))[0]
values = {"images of 0, template of 0": with_template, "images of 0, 64 templates of noise": with_noise}
show(histograms(values, "agreement"), "agreements with a template and with noise")

# %% [markdown]
# With noise, the agreements are as often negative as positive. The template of the 0 agrees with nearly
# every 0, and its agreements are much larger: that is what it means to have found a feature.
#
# ## Votes: a second layer
#
# 64 agreements are not an answer yet. A second affine layer turns them into ten scores. Its $W$ has the
# shape $(10, 64)$: row $c$ says how each of the 64 features votes for digit $c$. A feature "bar at the
# top" votes for 5 and 7, and against 0. Seen from the digit: an 8 is a circle above and a circle below, and
# nothing else. In its row, the two circles would have 1, and a bar or a slanted stroke would have $-1$. The
# circle below serves the 6, too. By hand, with two features and three digits:

# %%
features = array([[2.0, 0.0], [0.5, 3.0]])
votes = array([[1.0, -1.0], [0.0, 1.0], [-1.0, 0.5]])
scores, _ = affine_forward(features, votes, array([0.0, 0.0, 0.0]))
turned = list(zip(*votes.tolist(), strict=True))
show(
    equation(("features", features), "@", ("votes transposed", turned), "=", ("scores", scores)),
    "features vote for digits",
)

# %% [markdown]
# The first image has only feature 0, and digit 0 gets the largest score. The second has mostly feature 1,
# which votes for digit 1.
#
# This is the whole network, from left to right, with the shapes of what flows through it. You have two
# of its five steps now: the affine layers. The other steps come next.

# %%
show(chain(), "the network as a chain")

# %% [markdown]
# ## Broadcasting, and when shapes do not fit
#
# The product of images and weights has the shape $(N, M)$, the bias has the shape $(M,)$. How can they be
# added? The smaller array is stretched: the bias is taken once for each row. This is called
# *broadcasting*. The shapes are compared from the right. Two lengths fit if they are equal, or if one of
# them is 1 or missing; that one is stretched. In the picture the copies are grey.

# %%
show(broadcasting(("scores", scores), "+", ("b", array([0.5, 0.0, -1.0])), "sum"), "a bias is broadcast")

# %% [markdown]
# The same rule is a trap. Three outputs stand in a column, of shape (3, 1). The three numbers they should
# equal have the shape (3,). They do equal them.
#
# **What do you expect** of the difference? How many numbers does it have, and what is their sum of squares?

# %%
column, flat = array([[1.0], [0.0], [1.0]]), array([1.0, 0.0, 1.0])
show(broadcasting(("outputs", column), "-", ("should be", flat), "difference"), "a trap of broadcasting")
print("sum of squares:", float(((column - flat) ** 2).sum()))

# %% [markdown]
# Nine numbers instead of three, and four of them are not zero: every output was compared with every number.
# No error was raised.
#
# Most wrong shapes do raise an error. Here are the agreements of one image with two templates, of shape
# (1, 2), to which a bias is added.
#
# **What do you expect** each time: an error or a result? And which shape has the result?

# %%
agreed = array([[2.0, -1.0]])
trials = {
    "b as it should be": small_b,
    "b as a column (2, 1)": small_b.reshape(2, 1),
    "b with three numbers": array([1.0, 2.0, 3.0]),
}
for what, b in trials.items():
    try:
        print(f"{what:22} out", tuple((agreed + b).shape))
    except (ValueError, RuntimeError) as error:
        print(f"{what:22} {type(error).__name__}: {str(error)[:60]}")

# %% [markdown]
# The second case is the dangerous one: one image went in and two rows came out, without an error. The
# shapes (1, 2) and (2, 1) were both stretched to (2, 2). When a result looks odd, print the shapes first.
#
# [Chapter 3](3_nonlinearities.ipynb): the non-linearity between the two layers, and why the network
# needs it.
