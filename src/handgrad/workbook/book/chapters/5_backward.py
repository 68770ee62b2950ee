# %% [markdown]
# # 5 · The backward pass
#
# The network has 50,890 parameters. For each we must know: if it grows by a tiny amount, does the loss
# rise or fall, and how fast? First you write a function that finds out by trying. It is slow, and it
# checks all that follows. Then you write the backward pass of each layer. Together they give all 50,890
# answers at once; this is called *backpropagation*. In the picture, the forward pass is blue and the
# backward pass is orange.

# %%
import time

import numpy as np

from handgrad.workbook import check, hint, lesson, yours_or_ours
from handgrad.workbook.lesson import (
    affine_forward,
    l2_loss,
    mnist,
    relu_forward,
    seed,
    sigmoid_forward,
)
from handgrad.workbook.pictures import Node, chain, curves, equation, graph, show, tiles

array = np.array  # makes the arrays of this chapter
(x, labels), _ = mnist(array)
show(chain(back=True), "the forward pass in blue, the backward pass in orange")

# %% [markdown]
# ## A slope, by trying
#
# How steep is a function $f$ at $x$? Take a small step $h$ to both sides, and divide the difference of
# the two values by the distance of the two points:
#
# $$\frac{\partial f}{\partial x_i} \approx \frac{f(x + h\,e_i) - f(x - h\,e_i)}{2h}$$
#
# By hand: $f(x) = \sum_i x_i^2$ at the entry where $x = 3$, with $h = 0.1$. The other terms cancel, and
# $(3.1^2 - 2.9^2)/0.2 = (9.61 - 8.41)/0.2 = 6$, which is $2 \cdot 3$ as it should be. For all six
# entries of a 2 x 3 array:

# %%
small = array([[1.0, 3.0, -2.0], [0.0, 0.5, -1.0]])
slopes = [[((v + 0.1) ** 2 - (v - 0.1) ** 2) / 0.2 for v in row] for row in small.tolist()]
show(equation(("x", small, (0, 1)), "→", ("slopes", slopes, (0, 1))), "slopes by trying")

# %%
# exercise: numerical_gradient

# %% [markdown]
# Why a step to *both* sides? Here is the slope of $\sin x$ at $x = 1$, with one step ahead and with a
# step to both sides, for smaller and smaller $h$.
#
# **What do you expect?** Does the error keep shrinking as $h$ shrinks?

# %%
steps = 10.0 ** np.arange(-13, 0, 0.25)
ahead = np.abs((np.sin(1 + steps) - np.sin(1)) / steps - np.cos(1))
both = np.abs((np.sin(1 + steps) - np.sin(1 - steps)) / (2 * steps) - np.cos(1))
log = np.log10
lines = {"one side": (log(steps), log(ahead + 1e-16)), "both sides": (log(steps), log(both + 1e-16))}
show(
    curves(lines, "log10 of h", "log10 of the error", "Too large a step is wrong, too small a step is noise"),
    "error of a numerical slope",
)

# %% [markdown]
# Read the picture from the right: when $h$ becomes ten times smaller, the error with one step becomes
# ten times smaller, and the error with steps to both sides a hundred times smaller. Then both rise
# again: two nearly equal numbers are subtracted, and what remains is rounding error. In float64, $h =
# 10^{-5}$ is a good choice. In float32, with its seven digits, no choice is good.
#
# Such slopes are called *finite differences*, and to compare a formula with them is a *gradient check*.
#
# How long would this take for the whole network? **What do you expect?**

# %%
seed(0)
model = lesson.TwoLayerNet(784, 64, 10)
y, _ = model.forward(x[:16])
start = time.perf_counter()
for _ in range(50):
    l2_loss(model.forward(x[:16])[0], labels[:16])
seconds = (time.perf_counter() - start) / 50
weights = sum(int(np.prod(p.shape)) for p in model.params.values())
print(
    f"{weights:,} numbers, twice forward for each, {1000 * seconds:.2f} ms a time:",
    f"{2 * weights * seconds:.0f} s for one step of 16 images",
)

# %% [markdown]
# Training takes thousands of steps. So we compute the slopes with formulas instead.
#
# ## The chain rule, one layer at a time
#
# Say a layer takes $x$ and gives $\mathrm{out}$. Assume that the *upstream gradient* `dout` is known:
# how $L$ changes with each entry of $\mathrm{out}$. Then for each entry of $x$ the chain rule gives the
# *downstream gradient* `dx`:
#
# $$\underbrace{\frac{\partial L}{\partial x}}_{\texttt{dx}} =
# \underbrace{\frac{\partial L}{\partial\,\mathrm{out}}}_{\texttt{dout}} \cdot
# \frac{\partial\,\mathrm{out}}{\partial x}$$
#
# The sum runs over all entries of $\mathrm{out}$ that the entry of $x$ has an effect on. A layer does
# not need to know the loss or the layers that follow it: the upstream gradient `dout` contains all it
# needs. Its downstream gradient `dx` is the upstream gradient of the layer before it.
#
# (*Upstream* is where the gradient comes from, at the side of the loss; *downstream* is where it goes, at
# the side of the image. The gradient flows from the loss to the image, against the forward pass.)
#
# ## A computation graph
#
# A first look at the whole, with single numbers: one pixel $x$, one weight $w$, a bias $b$, and a squared
# error. Each step of the computation is a node; this is a *computation graph*. Blue, above each node, is its
# value in the forward pass. Orange, below, is the gradient of $L$ with respect to this value (`da` is
# $\partial L / \partial a$).
#
# Follow the orange numbers from right to left. $L$ is $e^2$, so its slope is $2e = 2$. A difference passes
# it on to what comes first in it. A sum passes it to both of its inputs. A product multiplies it by *the
# other* input: `dw` is $2 \cdot x = 4$, and `dx` is $2 \cdot w = 3$.


# %%
def neuron(x, w, b, target):
    """Forward and backward through L = (w x + b - target)², as the nodes of a graph."""
    p = w * x
    a = p + b
    e = a - target
    L = e**2

    dL = 1.0
    de = 2 * e * dL
    da = de
    dp, db = da, da
    dw, dx = x * dp, w * dp
    return {
        "x": Node("x", x, dx, (0, 0)),
        "w": Node("w", w, dw, (0, 1)),
        "p": Node("×", p, dp, (1, 0.5), ("x", "w")),
        "b": Node("b", b, db, (1, 1.5)),
        "a": Node("+", a, da, (2, 0.5), ("p", "b")),
        "target": Node("target", target, None, (2, 1.5)),
        "e": Node("\N{MINUS SIGN}", e, de, (3, 0.5), ("a", "target")),
        "L": Node("( )²", L, dL, (4, 0.5), ("e",)),
    }


show(graph(neuron(x=2.0, w=1.5, b=-1.0, target=1.0)), "a computation graph: forward above, backward below")

# %% [markdown]
# **What do you expect?** Now `w` takes a step of 0.1 against its gradient: it becomes $1.5 - 0.1 \cdot 4 =
# 1.1$. What becomes of the loss, and of the gradients?

# %%
show(graph(neuron(x=2.0, w=1.1, b=-1.0, target=1.0)), "the same graph after a step of w")

# %% [markdown]
# The loss fell from 1 to 0.04, and all gradients are smaller: near the lowest point there is less slope.
#
# If a value goes into several nodes, each of them sends a gradient back, and these are added. That is why
# there are sums over images and templates in the formulas below. The layers do all this for whole arrays at
# once.
#
# ## Back through the sigmoid
#
# Each output depends on one input only: $y = 1/(1 + e^{-z})$. How steep is it? First by trying: here are six
# outputs $y$, and the slope $\partial y / \partial z$ at each of them, measured with a small step to both
# sides. At the marked entry $y = 0.9$, the slope is $0.09$; times $\mathrm{dout} = 2$ this is $\mathrm{dx} =
# 0.18$.
#
# **What do you expect?** Which formula turns the first table into the second? It contains $y$ only: 0.5
# gives 0.25; 0.9 and 0.1 give the same.

# %%
small_y, small_dout = array([[0.5, 0.9, 0.1], [0.2, 0.5, 0.99]]), array([[1.0, 2.0, -1.0], [0.5, -3.0, 1.0]])
small_z = np.log(np.array(small_y.tolist()) / np.array([[0.5, 0.1, 0.9], [0.8, 0.5, 0.01]]))
slope = (1 / (1 + np.exp(-small_z - 1e-5)) - 1 / (1 + np.exp(-small_z + 1e-5))) / 2e-5
back = slope * np.array(small_dout.tolist())
parts = (
    ("y", small_y, (0, 1)),
    "→",
    ("slope", slope.round(4), (0, 1)),
    "×",
    ("dout", small_dout, (0, 1)),
    "=",
    ("dx", back.round(4), (0, 1)),
)
show(equation(*parts), "back through the sigmoid by hand")

# %% [markdown]
# Then by derivation, on paper, in three steps:
#
# 1. Let $u = 1 + e^{-z}$, so that $y = 1/u$. What are $\partial u / \partial z$ and $\partial y / \partial u$?
# 2. The chain rule multiplies them. You get a fraction of $e^{-z}$ and $1 + e^{-z}$.
# 3. `sigmoid_forward` has kept $y$, not $z$. Split the fraction into two factors that can be written with
#    $y$ alone. (What is $1 - y$?)
#
# The derivation stands below the exercise.

# %%
# exercise: sigmoid_backward

# %% [markdown]
# The derivation: with $u = 1 + e^{-z}$, $\;\partial u / \partial z = -e^{-z}$ and $\partial y / \partial u =
# -1/u^2$. Their product is
#
# $$\frac{\partial y}{\partial z} = \frac{e^{-z}}{(1 + e^{-z})^2} =
# \frac{1}{1 + e^{-z}} \cdot \frac{e^{-z}}{1 + e^{-z}} = y\,(1 - y)$$
#
# The slope can be computed from the output alone. That is why `sigmoid_forward` keeps its output.
#
# Now check it against the numerical gradient. `dout` is any array; the function is $\sum \mathrm{dout}
# \cdot \mathrm{sigmoid}(z)$, whose gradient with respect to $z$ is `dx`.
#
# **What do you expect** the largest difference to be: about $10^{-3}$, $10^{-6}$, $10^{-10}$, or 0?

# %%
rng = np.random.default_rng(0)
z, dout = array(rng.standard_normal((2, 3))), array(rng.standard_normal((2, 3)))
dx = sigmoid_backward(dout, sigmoid_forward(z)[1])
tried = numerical_gradient(lambda z: (dout * sigmoid_forward(z)[0]).sum(), z)
print(f"largest difference {float(abs(dx - tried).max()):.1e}")

# %% [markdown]
# The slope of the sigmoid over its whole range. **What do you expect?** Where is it largest, and how
# large is it there?

# %%
line = array(np.linspace(-8, 8, 161))
ones = array(np.ones(161))
out, kept = sigmoid_forward(line)
show(
    curves({"sigmoid": (line, out), "its slope": (line, sigmoid_backward(ones, kept))}, "z"),
    "the sigmoid and its slope",
)

# %% [markdown]
# The slope is at most 1/4, and nearly 0 far from the middle, where the sigmoid is saturated. A network that
# is *confidently wrong* learns slowly, because hardly any slope is left. (Chapter 9 shows a loss without
# this problem.)
#
# This is called a *vanishing gradient*. In a network with many layers of sigmoids it is worse: each of them
# multiplies the gradient by 1/4 at most, and ten of them leave less than a millionth. That is one reason
# why hidden layers have relus today.
#
# ## Back through relu
#
# Again each output depends on one input only. Here are six inputs $x$ and the slope of relu at each of
# them, measured with a small step to both sides.
#
# **What do you expect?** What is the slope where the input is negative, and what where it is positive? One
# of the six slopes is neither; why?

# %%
small_a = array([[1.5, -2.0, 0.0], [-0.5, 3.0, 0.25]])
values = np.array(small_a.tolist())
slope = (np.maximum(values + 1e-5, 0) - np.maximum(values - 1e-5, 0)) / 2e-5
show(equation(("x", small_a, (0, 2)), "→", ("slope", slope.round(4), (0, 2))), "slopes of relu by trying")

# %% [markdown]
# At exactly 0 relu has a kink, and no slope: the measured number is the mean of the slopes on both sides.
# Any number between them would do; like most libraries, we take 0.

# %%
# exercise: relu_backward

# %% [markdown]
# Where the input was positive, relu passed it on unchanged: the slope is 1. Where it was negative, the
# output was 0 whatever the input: the slope is 0. So the upstream gradient passes through where the *input*
# was positive, and becomes 0 elsewhere:

# %%
small_dx = relu_backward(small_dout, relu_forward(small_a)[1])
show(equation(("x", small_a), "and", ("dout", small_dout), "→", ("dx", small_dx)), "back through relu")

# %% [markdown]
# The same in a computation graph: behind the sum $a$ comes a relu, and $a$ is negative. Relu gives 0 where 1
# is wanted, but no gradient gets past it.

# %%
a, target = -1.0, 1.0
h = max(a, 0.0)
e = h - target
de = 2 * e
dh = de
da = dh if a > 0 else 0.0
nodes = {
    "a": Node("a", a, da, (0, 0)),
    "h": Node("relu", h, dh, (1, 0), ("a",)),
    "target": Node("target", target, None, (1, 1)),
    "e": Node("\N{MINUS SIGN}", e, de, (2, 0), ("h", "target")),
    "L": Node("( )²", e**2, 1.0, (3, 0), ("e",)),
}
show(graph(nodes), "a computation graph in which relu gives 0")

# %% [markdown]
# The weights before this relu do not learn from this image, although the answer is wrong. A hidden unit to
# which this happens for every image is called *dead*.
#
# Now the gradient check.

# %%
a, dout = array(rng.standard_normal((4, 3))), array(rng.standard_normal((4, 3)))
dx = relu_backward(dout, relu_forward(a)[1])
tried = numerical_gradient(lambda a: (dout * relu_forward(a)[0]).sum(), a)
print(f"largest difference {float(abs(dx - tried).max()):.1e}")

# %% [markdown]
# ## Back through the affine layer
#
# $\mathrm{out}_{n,k} = \sum_d x_{n,d} W_{k,d} + b_k$. The layer has three inputs, $x$, $W$ and $b$, so
# there are three gradients. For each number ask: which outputs does it affect, and by how much?
#
# - $b_k$ is added to $\mathrm{out}_{n,k}$ for *every* image $n$, so their effects add up:
#   $\quad \dfrac{\partial L}{\partial b_k} = \sum_n \mathrm{dout}_{n,k}$
# - $W_{k,d}$ is multiplied by $x_{n,d}$, again for every image:
#   $\quad \dfrac{\partial L}{\partial W_{k,d}} = \sum_n \mathrm{dout}_{n,k}\, x_{n,d}$
# - $x_{n,d}$ goes into all outputs $k$ of its own image:
#   $\quad \dfrac{\partial L}{\partial x_{n,d}} = \sum_k \mathrm{dout}_{n,k}\, W_{k,d}$
#
# For one image alone they are short: the gradient of $b$ is the upstream gradient itself, that of $x$ is
# $W^T$ times it, and that of $W$ is a table of all its products with $x$ (the *outer product*). Those of
# $W$ and $b$ are then summed over the batch.
#
# By hand, with $N = 2$ images, $D = 3$ pixels and $M = 2$ templates. The entry of
# $\partial L / \partial W$ for template 1 and pixel 0 is $2 \cdot 1 + (-1) \cdot 4 = -2$: the marked
# column of `dout`, times the marked column of $x$.

# %%
small_x, small_W = array([[1.0, 0.0, 2.0], [4.0, 1.0, 0.0]]), array([[1.0, -1.0, 1.0], [-1.0, 2.0, 0.0]])
small_dout = array([[1.0, 2.0], [0.0, -1.0]])
d, p, w = small_dout.tolist(), small_x.tolist(), small_W.tolist()
by_W = [[sum(d[n][k] * p[n][i] for n in range(2)) for i in range(3)] for k in range(2)]
by_x = [[sum(d[n][k] * w[k][i] for k in range(2)) for i in range(3)] for n in range(2)]
by_b = [sum(d[n][k] for n in range(2)) for k in range(2)]
show(
    equation(("dout", small_dout, (None, 1)), "and", ("x", small_x, (None, 0)), "→", ("dW", by_W, (1, 0))),
    "the gradient of W by hand",
)
show(
    equation(("dout", small_dout, (1, None)), "and", ("W", small_W, (None, 1)), "→", ("dx", by_x, (1, 1))),
    "the gradient of x by hand",
)
show(equation(("dout", small_dout, (None, 1)), "→", ("db", by_b, (None, 1))), "the gradient of b by hand")

# %%
# exercise: affine_backward

# %%
small_b = array([0.5, -1.0])
values = [array(np.array(v.tolist())) for v in (small_x, small_W, small_b)]  # copies, in float64
dout = array(rng.standard_normal((2, 2)))
gradients = affine_backward(dout, affine_forward(*values)[1])
for i, (name, gradient) in enumerate(zip(("dx", "dW", "db"), gradients, strict=True)):
    tried = numerical_gradient(
        lambda v, i=i: (dout * affine_forward(*values[:i], v, *values[i + 1 :])[0]).sum(), values[i]
    )
    print(f"{name} {tuple(gradient.shape)}: largest difference {float(abs(gradient - tried).max()):.1e}")

# %% [markdown]
# ## What the gradient of a template looks like
#
# $\partial L/\partial W_k = \sum_n \mathrm{dout}_{n,k}\, x_n$ is a mixture of the *images* of the
# batch. The weight of each image says how much more, or less, it should agree with template $k$. So the
# gradient is a picture, too. Take the simplest network, one affine layer with ten templates and a
# sigmoid. It starts with $W = 0$ and $b = -2.2$, so that every output is 0.1, the frequency of each
# digit. Then 1,000 images go through a forward and a backward pass.
#
# **What do you expect** to see in the ten rows of $\partial L/\partial W$?

# %%
W, b = array(np.zeros((10, 784), "float32")), array(np.full(10, -2.2, "float32"))
a, cache = affine_forward(x[:1000], W, b)
y, kept = sigmoid_forward(a)
loss, dy = l2_loss(y, labels[:1000])
_, dW, db = affine_backward(sigmoid_backward(dy, kept), cache)
show(tiles(dW, [f"dW of {c}" for c in range(10)], signed=True), "the gradient of ten templates")
print(f"loss {float(loss):.3f}")

# %% [markdown]
# Blue is negative: there the weight should grow. The gradient of the 3 shows a blue 3 on a red mixture
# of the other digits. A step against the gradient *adds* the threes to the template and subtracts the
# rest. The derivative gives templates like those of chapter 1, and we did not design them.
#
# One step against the gradient already gives a network that reads. **What do you expect?** How many of
# the test images does it read correctly?

# %%
_, (test_x, test_labels) = mnist(array)
answers = affine_forward(test_x, W - 0.5 * dW, b - 0.5 * db)[0].argmax(axis=1)
print(f"after one step: {float((answers == test_labels).sum()) / 100:.2f} % of the test images")

# %% [markdown]
# To see every number of one backward pass, run `handgrad lab` in a terminal and open its *Step* room. There
# you can also move a weight by hand, and compare the slope that you measure with the derivative.
#
# [Chapter 6](6_network.ipynb): all layers in a row, forward and backward.
