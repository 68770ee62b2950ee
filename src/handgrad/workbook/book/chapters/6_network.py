# %% [markdown]
# # 6 · The network
#
# All layers are written. Now you put them together, in four small steps: the initial parameters, the
# forward pass, the backward pass, and a class that holds the network and can be trained.

# %%
import numpy as np

from handgrad.workbook import check, hint, lesson, use_your_own, yours_or_ours
from handgrad.workbook.lesson import KEYS, l2_loss, mnist, numerical_gradient, seed
from handgrad.workbook.lesson import affine_backward, affine_forward, relu_backward, relu_forward
from handgrad.workbook.lesson import sigmoid_backward, sigmoid_forward
from handgrad.workbook.pictures import chain, curves, equation, histograms, show, tiles

array = np.array  # makes the arrays of this chapter
use_your_own(globals())  # your pieces of chapters 2 to 5 where they are right, else the lesson's
(x, labels), (test_x, test_labels) = mnist(array)
show(chain(back=True, hidden=64), "the network, forward and backward")

# %% [markdown]
# ## The parameters
#
# The network consists of four arrays; everything else is computed from them. $W_1$ and $W_2$ are its
# weights, $b_1$ and $b_2$ its biases. $H$ is the hidden dimension: the number of hidden units, which most
# texts call the neurons of the hidden layer.
#
# | | shape | what it is |
# |---|---|---|
# | $W_1$ | $(H, D)$ | row $k$ is template $k$ |
# | $b_1$ | $(H,)$ | a threshold for each template, added to its agreement |
# | $W_2$ | $(C, H)$ | how each feature votes for each digit |
# | $b_2$ | $(C,)$ | a number for each digit, added to its score |
#
# With $D = 784$, $H = 64$ and $C = 10$ that is $64 \cdot 784 + 64 + 10 \cdot 64 + 10 = 50{,}890$ numbers.
#
# ## How to start: not with zeros
#
# **What do you expect?** All weights are 0 at the start. What are the outputs, and what are the
# gradients?

# %%
seed(0)
model = lesson.TwoLayerNet(784, 64, 10)
for key in ("W1", "W2"):
    model.params[key] = 0 * model.params[key]
y, cache = model.forward(x[:100])
model.backward(l2_loss(y, labels[:100])[1], cache)
print("outputs", sorted({round(float(v), 3) for v in y.ravel()}))
print("largest gradient:", {key: round(float(abs(grad).max()), 4) for key, grad in model.grads.items()})

# %% [markdown]
# Every output is 1/2, and only $b_2$ has a gradient. $h$ is zero, so $\partial L/\partial W_2$ is zero;
# and $W_2$ is zero, so no gradient reaches the hidden layer. The network learns how often each digit
# occurs and stops there.
#
# What if all weights are equal, but not zero, say 0.01? **What do you expect** of the 64 hidden units?

# %%
for key in ("W1", "W2"):
    model.params[key] = 0 * model.params[key] + 0.01
for _ in range(20):
    y, cache = model.forward(x[:1000])
    model.backward(l2_loss(y, labels[:1000])[1], cache)
    model.params = {key: value - 0.5 * model.grads[key] for key, value in model.params.items()}
W1 = model.params["W1"]
print("largest difference between two rows of W1 after 20 steps:", float(abs(W1 - W1[:1]).max()))
show(tiles(W1[:10], [f"row {k}" for k in range(10)], signed=True), "hidden units that began alike")

# %% [markdown]
# They stay equal for good: equal units get equal gradients. 64 units do the work of a single unit. Only
# random starting values make them different. (This is called *breaking the symmetry*.)
#
# ## How large the noise should be
#
# An agreement $a_{n,k} = \sum_d x_{n,d} W_{k,d}$ is a sum of $D$ products. If the weights have the
# variance $v$ and the pixels the mean square $q$, the variance of $a$ is $D \cdot q \cdot v$. To keep
# $a$ near the size of the pixels, $v$ has to be proportional to $1/D$. Two well-known choices are
#
# $$W_1 \sim \mathcal N\!\left(0, \frac{2}{D}\right) \qquad
# W_2 \sim \mathcal N\!\left(0, \frac{2}{H + C}\right)$$
#
# The first is *He initialisation* (He and others, 2015): the 2 makes up for the half that relu sets to
# zero. The second is *Xavier* or *Glorot initialisation* (Xavier Glorot and Yoshua Bengio, 2010): it also
# keeps the size of the gradients in the backward pass, where $C$ numbers are summed.
#
# **What do you expect** of the outputs if the noise is ten times smaller, and if it is ten times
# larger?

# %%
outputs = {}
for scale in (0.1, 1.0, 10.0):
    seed(0)
    model = lesson.TwoLayerNet(784, 64, 10)
    for key in ("W1", "W2"):
        model.params[key] = scale * model.params[key]
    y, _ = model.forward(x[:1000])
    outputs[f"noise times {scale:g}"] = y
    print(f"noise times {scale:4g}: mean slope of the sigmoid y (1 - y) = {float((y * (1 - y)).mean()):.3f}")
show(histograms(outputs, "y"), "outputs of three beginnings")

# %% [markdown]
# If the noise is too small, all outputs are near 1/2, whatever the image. If it is too large, the
# outputs are near 0 or 1 before anything has been learnt: there the sigmoid is saturated, and hardly any
# slope is left to learn from. The three histograms have the same scale.

# %%
# exercise: initial_params

# %%
seed(0)
params = {key: array(np.asarray(value, "float32")) for key, value in initial_params(784, 64, 10).items()}
for key, value in params.items():
    print(key, tuple(value.shape), f"variance {float((value**2).mean()):.5f}")
print(f"2/D = {2 / 784:.5f}, 2/(H + C) = {2 / 74:.5f}")

# %% [markdown]
# ## A forward pass, by hand
#
# $N = 2$ images of $D = 3$ pixels, $H = 2$ hidden units, $C = 2$ classes. First the parameters, then the
# forward pass. Follow the marked entries: the marked image and the marked template (row 1 of $W_1$) give
# the agreement $1 \cdot (-1) + 0 \cdot 2 + 1 \cdot 0 - 1 = -2$, and relu sets it to 0. The two features
# of this image, 2 and 0, and the votes for class 0 (row 0 of $W_2$) give the score
# $2 \cdot 1 + 0 \cdot (-1) + 0 = 2$, and the sigmoid of 2 is 0.88.

# %%
small_x = array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
W1, b1 = array([[1.0, -1.0, 1.0], [-1.0, 2.0, 0.0]]), array([0.0, -1.0])
W2, b2 = array([[1.0, -1.0], [0.0, 1.0]]), array([0.0, 0.0])
first = ("W1", W1, (1, None)), "", ("b1", b1, (None, 1))
second = ("W2", W2, (0, None)), "", ("b2", b2, (None, 0))
show(equation(*first, "", *second), "the parameters of the small network")
a = small_x @ W1.T + b1
h = a * (a > 0)
z = h @ W2.T + b2
y = 1 / (1 + np.e**-z)
out = ("x", small_x, (0, None)), ("a", a, (0, 1)), ("h", h, (0, None)), ("z", z, (0, 0)), ("y", y, (0, 0))
show(equation(*out, between="→"), "the forward pass by hand")

# %%
# exercise: network_forward

# %% [markdown]
# The network that you have just drawn at random, and 1,000 images. **What do you expect** of its outputs?

# %%
out, cache = network_forward(params, x[:1000])
low, high = float(out.min()), float(out.max())
print("out", tuple(out.shape), f"from {low:.2f} to {high:.2f}, mean {float(out.mean()):.2f}")

# %% [markdown]
# ## A backward pass, by hand
#
# The same two images, with labels 0 and 1; read it from right to left. The loss gives
# $\partial L/\partial y = \tfrac22 (y - \mathrm{target})$; the sigmoid multiplies it by $y(1 - y)$: the
# marked entry is $-0.119 \cdot 0.881 \cdot 0.119 = -0.0125$. The second affine layer multiplies by $W_2$:
# the gradient of the first feature is $-0.0125 \cdot 1 + 0.125 \cdot 0$. Relu passes on only the gradients
# whose $a$ was positive.

# %%
dy = y - array([[1.0, 0.0], [0.0, 1.0]])
dz = dy * y * (1 - y)
dh = dz @ W2
da = dh * (a > 0)
back = ("dL/da", da, (0, 0)), ("dL/dh", dh, (0, 0)), ("dL/dz", dz, (0, 0)), ("dL/dy", dy, (0, 0))
show(equation(*back, between="←"), "the backward pass by hand")

# %% [markdown]
# In the backward pass each affine layer also gives the gradients of its own parameters: the second
# computes those of $W_2$ and $b_2$ from $\partial L/\partial z$ and $h$, the first those of $W_1$ and
# $b_1$ from $\partial L/\partial a$ and $x$.

# %%
# exercise: network_backward

# %%
grads = network_backward(l2_loss(out, labels[:1000])[1], cache)
for key, value in grads.items():
    print(f"d{key} {tuple(value.shape)}: largest {float(abs(value).max()):.4f}")

# %% [markdown]
# ## The network as a class
#
# Parameters, forward pass and backward pass belong together. A class keeps them: the training loop of
# chapter 7 calls `forward` and `backward`, and moves `params` against `grads`.

# %%
# exercise: TwoLayerNet

# %% [markdown]
# ## The numerical gradient once more
#
# Here is a network small enough to compute every slope numerically. **What do you expect** the largest
# difference to be? And what would it be if relu's backward were left out?

# %%
seed(1)
net = TwoLayerNet(5, 4, 3)
few_x, few_labels = array(np.random.default_rng(1).random((6, 5))), array([0, 1, 2, 0, 1, 2])
net.params = {key: array(np.array(value.tolist())) for key, value in net.params.items()}  # in float64
y, cache = net.forward(few_x)
net.backward(l2_loss(y, few_labels)[1], cache)
found = dict(net.grads)


def loss_with(key, value):
    """The loss of the small network with another value for one parameter."""
    before, net.params[key] = net.params[key], value
    loss = l2_loss(net.forward(few_x)[0], few_labels)[0]
    net.params[key] = before
    return loss


for key in KEYS:
    tried = numerical_gradient(lambda value, key=key: loss_with(key, value), net.params[key])
    print(f"{key} {tuple(found[key].shape)}: largest difference {float(abs(found[key] - tried).max()):.1e}")

# %% [markdown]
# ## Real images
#
# Your network with random weights, and 1,000 images. **What do you expect** for its loss (remember 2.5
# for outputs of 1/2), and for its accuracy?

# %%
seed(0)
model = TwoLayerNet(784, 64, 10)
y, cache = model.forward(x[:1000])
loss, dy = l2_loss(y, labels[:1000])
model.backward(dy, cache)
print(f"loss {float(loss):.3f}, right answers {int((y.argmax(axis=1) == labels[:1000]).sum())} of 1000")
show(
    tiles(model.params["W1"][:10], [f"W1, row {k}" for k in range(10)], signed=True),
    "the first templates are noise",
)
show(
    tiles(model.grads["W1"][:10], [f"dW1, row {k}" for k in range(10)], signed=True),
    "and the gradient says what to add",
)

# %% [markdown]
# The templates are noise; the gradient is not: it is a mixture of digits.
#
# ## How far to go
#
# The gradient says in which direction the loss rises fastest *right here*. Take steps of different
# lengths against it, and measure the loss after each.
#
# **What do you expect?** Is a longer step always better?

# %%
start = dict(model.params)
lengths = [0.05 * i for i in range(61)]
losses = []
for length in lengths:
    model.params = {key: start[key] - length * model.grads[key] for key in KEYS}
    losses.append(float(l2_loss(model.forward(x[:1000])[0], labels[:1000])[0]))
slope = -sum(float((model.grads[key] ** 2).sum()) for key in KEYS)
tangent = [float(loss) + slope * length for length in lengths[:6]]
lines = {"loss": (lengths, losses), "what the gradient promises": (lengths[:6], tangent)}
show(
    curves(lines, "length of the step", "L", "The promise holds for small steps"),
    "the loss along the gradient",
)
model.params = start

# %% [markdown]
# The straight line is the prediction of the gradient: the loss falls by the length of the step times
# the sum of all squared gradients. Near 0 the prediction is right; further on the curve bends away.
#
# ## A last test: learn ten images by heart
#
# If a network cannot learn ten images by heart, its code has a mistake (or its learning rate is far off).
# **What do you expect** after 300 steps?

# %%
history = []
for _ in range(300):
    y, cache = model.forward(x[:10])
    loss, dy = l2_loss(y, labels[:10])
    history.append(float(loss))
    model.backward(dy, cache)
    model.params = {key: value - 0.3 * model.grads[key] for key, value in model.params.items()}
show(curves({"L": (range(300), history)}, "steps", "L", "Ten images"), "ten images learnt by heart")
print("answers", y.argmax(axis=1).tolist(), "labels", labels[:10].tolist())

# %% [markdown]
# Learning by heart is not understanding. In [chapter 7](7_training.ipynb) the network learns from
# 55,000 images and is tested on images that it has never seen.
