# %% [markdown]
# # 2 · Layers
#
# A layer is a set of templates. You write one, the *affine* layer, in one line; two of them, with
# something between them (chapter 3), are the whole network. It computes what chapter 1 called agreement,
# plus one number for each template.

# %%
import time

import numpy as np

from handgrad.workbook import check, hint
from handgrad.workbook.lesson import agreement, mean_images, mnist, normalize_templates, seed, yours_or_ours
from handgrad.workbook.pictures import bars, chain, equation, histograms, show, tiles

array = np.array  # makes the arrays of this chapter
(x, labels), (test_x, test_labels) = mnist(array)

# %% [markdown]
# ## Rows of W are templates
#
# An image is a row of $D = 784$ numbers here, and $N$ images are a matrix $x$ of shape $(N, D)$. The
# layer holds $M$ templates, again one a row, in a matrix $W$ of shape $(M, D)$: reshape a row to 28 x 28
# and you can look at it. How much image $n$ agrees with template $k$ is
#
# $$a_{n,k} = \sum_{d} x_{n,d}\, W_{k,d} + b_k$$
#
# The new thing is $b_k$, the *bias* of template $k$. It says how easily the template is content: with
# $b_k = -50$ an agreement of 50 is needed to come out above zero.
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
    ("W, turned", turned, (None, 0)),
    "+",
    ("b", small_b, (None, 0)),
    "=",
    ("out", out, (1, 0)),
)
show(equation(*parts), "an affine layer by hand")

# %% [markdown]
# $0 \cdot 1 + 1 \cdot (-1) + 1 \cdot 1 + 0.5 = 0.5$. The bias is *one* number for each template, and is
# added to every row: the same for all images.
#
# **A word on names.** In the mathematics the result of this layer is called $a$, since it is an
# agreement. The code of the course, and of the exercises, calls what comes out of any layer `out` and
# what goes in `x`, because one function serves several layers.
#
# **And on the cache.** The way back (chapter 5) needs some of the numbers of the way out. Each forward
# therefore returns two things: its output, and a *cache* with whatever it wants to remember.

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
# **What do you expect?** The bias of the 1 is raised, from 0 to 40 and to 200; the others stay 0. How do
# the answers change?

# %%
answers = {}
for more in (0.0, 40.0, 200.0):
    b = array([0.0, more] + [0.0] * 8)
    answer = affine_forward(test_x, templates, b)[0].argmax(axis=1)
    answers[f"b[1] = {more:g}"] = [int((answer == c).sum()) for c in range(10)]
show(bars(answers, range(10), "images", "How often each digit is answered"), "what a bias does")

# %% [markdown]
# A bias shifts all agreements of its template by the same amount, whatever the image. Well chosen biases
# help: some templates agree with everything a little more than others, and a bias can make up for that.
# Here is a crude choice: minus the mean agreement.
#
# **What do you expect?** Better than 82.08 %, or worse?

# %%
b = -agreement(templates, x).mean(axis=0)
a, _ = affine_forward(test_x, templates, b)
print("b =", [round(float(number)) for number in b])
print(f"right answers: {float((a.argmax(axis=1) == test_labels).sum()) / 100:.2f} %")

# %% [markdown]
# Worse. Those numbers looked reasonable, and were not: the templates that seldom agree with anything are
# now answered too often. Nobody should have to choose such numbers by hand. In chapter 7 the biases are
# learnt, together with the templates.
#
# ## A batch goes through at once
#
# Each row of `out` depends on its own row of $x$ alone. So one image at a time gives the same numbers as
# all together; only much more slowly.
#
# **What do you expect?** How many times as long do 2,000 images take when they come one at a time?

# %%
some = test_x[:2000]
affine_forward(some, templates, b)  # once for practice
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
# Nothing in the layer says 10. Here are 64 templates of pure noise, which is how the network will begin.

# %%
seed(0)
noise = array(np.random.standard_normal((64, 784)).astype("float32"))
a, _ = affine_forward(test_x, noise, array([0.0] * 64))
print("out", tuple(a.shape))
show(tiles(noise[:10], [f"row {k} of W" for k in range(10)], signed=True), "templates of noise")

# %% [markdown]
# And the agreements? Sums of hundreds of pixels, each times a random number.
#
# **What do you expect?** How do the images of a 0 agree with the template of the 0, and how with the 64
# templates of noise?

# %%
zeros_only = test_x[test_labels == 0]
with_template = affine_forward(zeros_only, templates, zeros)[0][:, 0]
with_noise = affine_forward(zeros_only, noise, array([0.0] * 64))[0]
values = {"images of 0, template of 0": with_template, "images of 0, 64 templates of noise": with_noise}
show(histograms(values, "agreement"), "agreements with a template and with noise")

# %% [markdown]
# With noise they are as often negative as positive. The template of the 0 agrees with nearly every 0, and
# by much more: that is what it means to have found a feature.
#
# ## Votes: a second layer
#
# 64 agreements are not an answer yet. A second affine layer turns them into ten scores. Its $W$ has the
# shape $(10, 64)$: row $c$ says how each of the 64 features votes for digit $c$. A feature "bar at the
# top" votes for 5 and 7, and against 0. By hand, with two features and three digits:

# %%
features = array([[2.0, 0.0], [0.5, 3.0]])
votes = array([[1.0, -1.0], [0.0, 1.0], [-1.0, 0.5]])
scores, _ = affine_forward(features, votes, array([0.0, 0.0, 0.0]))
turned = list(zip(*votes.tolist(), strict=True))
show(
    equation(("features", features), "@", ("votes, turned", turned), "=", ("scores", scores)),
    "features vote for digits",
)

# %% [markdown]
# The first image has only feature 0, and digit 0 gets the largest score. The second has mostly feature 1,
# which votes for digit 1.
#
# This is the whole network, from left to right, with the shapes of what flows through it. Two of its five
# steps you have now; the steps between them come next.

# %%
show(chain(), "the network as a chain")

# %% [markdown]
# ## When shapes do not fit
#
# Many mistakes are mistakes of shape, and most of them announce themselves. Here one image has agreed
# with two templates, (1, 2), and a bias is added.
#
# **What do you expect** each time: an error, or a result, and of which shape?

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
# The middle one is the treacherous one: one image went in, and two rows came out, without a complaint.
# (1, 2) met (2, 1) and both were stretched to (2, 2). That is called broadcasting. When a result looks
# odd, print shapes first.
#
# [Chapter 3](3_nonlinearities.ipynb): what stands between the two layers, and why nothing works without
# it.
