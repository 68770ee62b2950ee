# %% [markdown]
# # 9 · Beyond
#
# You now know a network from the inside. Here are the first steps beyond it, each as small as possible:
# gradients that a library derives for you, another loss, optimizers with a memory, and a better recipe
# for the same network.

# %%
from importlib.util import find_spec

import numpy as np

from handgrad import digits, network, optimizers, templates, training
from handgrad.engines import engine
from handgrad.recipes import RECIPES, Recipe
from handgrad.workbook import check, hint, yours_or_ours
from handgrad.workbook.lesson import TwoLayerNet, l2_loss, mnist, numerical_gradient, seed
from handgrad.workbook.pictures import bars, curves, paths, show

(pixels, labels), (test_pixels, test_labels) = digits.load_mnist()
run_epoch = engine("auto", say=print).run_epoch  # the fastest that this computer has
array = np.array  # makes the arrays of this chapter

# %% [markdown]
# ## Automatic gradients
#
# PyTorch records every operation of the forward pass, and goes through the record backwards with the
# rules of chapter 5. You only write the forward pass. Is the result the same?
#
# **What do you expect** the largest difference to be, in float64?

# %%
(x, y_hat), _ = mnist()
x, y_hat = x[:32].astype(np.float64), y_hat[:32]
seed(0)
model = TwoLayerNet(784, 64, 10)
y, cache = model.forward(x)
model.backward(l2_loss(y, y_hat)[1], cache)

if find_spec("torch"):
    import torch
    from torch.nn import functional

    p = {key: torch.tensor(value, requires_grad=True) for key, value in model.params.items()}
    hidden = torch.relu(functional.linear(torch.tensor(x), p["W1"], p["b1"]))
    out = torch.sigmoid(functional.linear(hidden, p["W2"], p["b2"]))
    target = functional.one_hot(torch.tensor(y_hat), 10).double()
    (functional.mse_loss(out, target, reduction="sum") / 32).backward()
    for key, by_hand in model.grads.items():
        difference = np.abs(p[key].grad.numpy() - by_hand).max()
        print(f"{key}: largest gradient {np.abs(by_hand).max():.4f}, largest difference {difference:.1e}")
else:
    print("PyTorch is not installed; pip install torch, and run this cell again")

# %% [markdown]
# The gradients agree to the last digits. PyTorch's record is the computation graph of chapter 5. In practice
# the backward pass is not written by hand. But having written it once, you know what a library does, what
# it costs, and where to look when training fails: a zero gradient, a dead relu and a saturated sigmoid are
# the same in every framework.
#
# ## Another loss
#
# Chapter 5 left a problem: a confidently wrong output has hardly any slope, because the sigmoid is flat
# there. *Cross-entropy* avoids this. First the scores $z$ (the *logits*) become shares that sum to 1, by the
# function *softmax*; then the loss is minus the logarithm of the share of the right digit, averaged over the
# images:
#
# $$p_{i,j} = \frac{e^{z_{i,j}}}{\sum_k e^{z_{i,k}}} \qquad
# L = -\frac1N \sum_i \log p_{i,\,\mathrm{labels}_i}$$
#
# What is its derivative with respect to each score? On paper, for one image with the right digit $r$:
#
# 1. The logarithm of a fraction is a difference: $\log p_r = z_r - \log \sum_k e^{z_k}$.
# 2. Differentiate $-\log p_r$ with respect to $z_j$, first for a $j$ that is not $r$. (What is the derivative
#    of $\log S$, where $S = \sum_k e^{z_k}$? The result has a name already.)
# 3. Then for $j = r$: one more term. Both cases fit into one formula with $\mathrm{target}$, the one-hot row.
#
# The answer stands below the exercise.

# %%
# exercise: softmax_cross_entropy

# %% [markdown]
# In step 2 the derivative is $e^{z_j}/S$, the share itself; in step 3 it is the share minus 1. Together, and
# with the average over the images:
#
# $$\frac{\partial L}{\partial z} = \frac1N\,(p - \mathrm{target})$$
#
# In the backward pass the exponential and the logarithm cancel, and the error itself is left. The numerical
# gradient agrees:

# %%
few_z, few_labels = array(np.random.default_rng(0).normal(0, 2, (4, 5))), array([0, 3, 3, 1])
loss, dz = softmax_cross_entropy(few_z, few_labels)
tried = numerical_gradient(lambda z: softmax_cross_entropy(z, few_labels)[0], few_z)
print(f"loss {float(loss):.4f}, largest difference {float(abs(dz - tried).max()):.1e}")

# %% [markdown]
# The more confident the mistake, the larger the slope. The picture shows the slope with respect to the score
# of the *right* digit, for both losses. There are two digits; the score of the other digit is 0, and the
# score of the right digit goes from $-8$ (confidently wrong) to 8.
#
# **What do you expect** of the two curves at the left end?

# %%
scores = np.linspace(-8, 8, 161)
z = np.stack([scores, 0 * scores], axis=1)
_, dz = softmax_cross_entropy(array(z), array(np.zeros(len(z), int)))
by_cross_entropy = len(z) * np.asarray(dz)[:, 0]  # of one image, not of the average
sigmoid = 1 / (1 + np.exp(-scores))
by_l2 = 2 * (sigmoid - 1) * sigmoid * (1 - sigmoid)
show(
    curves(
        {"L2 loss and sigmoid": (scores, by_l2), "cross-entropy": (scores, by_cross_entropy)},
        "score of the right digit",
        "slope dL/dz",
    ),
    "slopes of two losses",
)

# %% [markdown]
# At the left end the slope of the L2 loss is nearly 0, and that of cross-entropy is at its largest.
# Does it matter on MNIST? Here both losses train the same network for three epochs, each with a
# suitable learning rate.

# %%
held_back = pixels[55000:], labels[55000:]


def validation_accuracies(name, recipe, seed=0):
    """The accuracy on the validation images, epoch by epoch."""
    rng = np.random.default_rng(seed)
    params = network.init_params(784, recipe.hidden, 10, rng, dtype=np.float32)
    accuracies = []
    for epoch in training.train(params, pixels[:55000], labels[:55000], rng, recipe, run_epoch=run_epoch):
        accuracies.append(100 * training.accuracy(epoch.params, *held_back))
        print(f"{name}: epoch {epoch.epoch} of {recipe.epochs}, {accuracies[-1]:.2f} %, {epoch.seconds:.1f} s")
    return accuracies


recipes = {
    "L2, rate 0.5": Recipe(epochs=3, learning_rate=0.5),
    "cross-entropy, rate 0.1": Recipe(epochs=3, loss="cross_entropy", learning_rate=0.1),
}
lines = {name: (range(1, 4), validation_accuracies(name, recipe)) for name, recipe in recipes.items()}
show(curves(lines, "epoch", "% of the validation images", markers=True), "two losses on MNIST")

# %% [markdown]
# ## Steps with a memory
#
# Plain gradient descent does not remember earlier steps. In a valley with steep sides and a flat floor,
# it jumps from side to side and moves slowly along the floor. There are two remedies:
#
# - **Momentum** keeps a velocity for each weight: the gradient pushes it, and from step to step nine tenths of
#   it remain. The weight moves against the velocity. Alternating gradients cancel; persistent ones add up.
# - **Adam** also keeps the mean of $g^2$ for each weight and divides by its root, so that every weight
#   moves by about $\eta$, whether its gradient is large or small.

# %%
# exercise: momentum_step

# %% [markdown]
# With the gradient $g$, the velocity $v$ and the learning rate $\eta$ this is
#
# $$v \leftarrow 0.9\,v + g \qquad \theta \leftarrow \theta - \eta\,v$$
#
# A valley to try them in: $f(u, v) = \tfrac12 (u^2 + 100\, v^2)$, a hundred times as steep across as
# along. Each optimizer takes 60 steps from the left end.
#
# **What do you expect** of the three paths?

# %%
steepness = np.array([1.0, 100.0])


def walk(rule, rate, steps=60):
    """The places that a rule visits in the valley."""
    place, memory, places = np.array([-1.1, 0.5]), (), []
    for step in range(steps):
        places.append(place)
        place, memory = rule(place, steepness * place, memory, rate, step)
    return np.stack(places)


def your_momentum(place, slope, memory, rate, step):
    """momentum_step in the form of the other rules; memory is the velocity."""
    velocity = memory if step else 0 * place
    place, velocity = momentum_step(array(place), array(slope), array(velocity), rate)
    return np.asarray(place), np.asarray(velocity)


walks = {
    "plain, rate 0.018": walk(optimizers.sgd, 0.018),
    "momentum, rate 0.006": walk(your_momentum, 0.006),
    "adam, rate 0.05": walk(optimizers.adam, 0.05),
}
show(paths(lambda u, v: (u * u + 100 * v * v) ** 0.5, walks), "three ways through a valley")

# %% [markdown]
# The plain steps cannot be longer: with a learning rate above 0.02 they leave the valley. So they move
# slowly along its floor. After 60 steps they still have a third of the distance ahead of them, while
# the others have arrived.
#
# Now on MNIST, with three epochs each. **What do you expect?** Which optimizer is ahead after the first
# epoch?

# %%
recipes = {
    "plain, rate 0.5": Recipe(epochs=3, learning_rate=0.5),
    "momentum, rate 0.05": Recipe(epochs=3, optimizer="momentum", learning_rate=0.05),
    "adam, rate 0.001": Recipe(epochs=3, optimizer="adam", learning_rate=0.001),
}
lines = {name: (range(1, 4), validation_accuracies(name, recipe)) for name, recipe in recipes.items()}
show(curves(lines, "epoch", "% of the validation images", markers=True), "three optimizers on MNIST")

# %% [markdown]
# They are close together: for such a small network, a well chosen learning rate helps nearly as much. A
# memory pays off where the sizes of the gradients differ a lot between weights, as in deep networks.
#
# ## Your own recipe
#
# So far the choices were ours. A *recipe* is all of them together: the loss, the optimizer, the learning rate
# and how it falls, the size of the batches. This function follows one, on 20,000 images:


# %%
def follow(choices, seed=0):
    """The accuracy on the validation images after each epoch, in %, of a network trained by these choices."""
    recipe, rng = Recipe(**{"epochs": 3, **choices}), np.random.default_rng(seed)
    params = network.init_params(784, recipe.hidden, 10, rng, dtype=np.float32)
    run = training.train(params, pixels[:20000], labels[:20000], rng, recipe, run_epoch=run_epoch)
    return [100 * training.accuracy(epoch.params, *held_back, recipe.activation) for epoch in run]


print("the lesson's choices:", [round(share, 2) for share in follow({})])

# %%
# exercise: better_recipe

# %%
lines = {"yours": follow(better_recipe()), "the lesson's": follow({})}
lines = {name: (range(1, len(shares) + 1), shares) for name, shares in lines.items()}
show(curves(lines, "epoch", "% of the validation images", markers=True), "your recipe and the lesson's")

# %% [markdown]
# The choices matter as much as the mathematics, and nobody can derive them: they are found by trying, on
# images that are held back for it.
#
# ## The same network, a better recipe
#
# More hidden units, batches of 32, and a learning rate that rises at first and then falls to zero: this
# is the recipe `quick`, the default of `handgrad train`. The network is still affine, relu, affine,
# sigmoid, with the L2 loss.
#
# **What do you expect** on the test images? In chapter 7 it was about 96 %.

# %%
quick = RECIPES["quick"]
rng = np.random.default_rng(0)
params = network.init_params(784, quick.hidden, 10, rng, dtype=np.float32)
for last in training.train(params, pixels[:55000], labels[:55000], rng, quick, run_epoch=run_epoch):
    print(f"epoch {last.epoch} of {quick.epochs}: loss {last.loss:.4f}, {last.seconds:.1f} s")
steps = quick.learning_rates(range(6 * 1719), 6 * 1719)
show(
    curves({"learning rate": (np.arange(len(steps)), steps)}, "step", "learning rate"),
    "a learning rate that rises and falls",
)
read = training.accuracy(last.params, test_pixels, test_labels)
print(f"{quick.hidden} hidden units: {100 * read:.2f} % of the test images")

# %% [markdown]
# From the templates to this network, step by step:

# %%
def tested(recipe):
    """The accuracy on the test images, in %, of a network trained by a recipe."""
    rng = np.random.default_rng(0)
    params = network.init_params(784, recipe.hidden, 10, rng, dtype=np.float32)
    *_, last = training.train(params, pixels[:55000], labels[:55000], rng, recipe, run_epoch=run_epoch)
    return 100 * training.accuracy(last.params, test_pixels, test_labels, recipe.activation)


by_templates = templates.predict(templates.fit(pixels, labels), test_pixels)
shares = {
    "templates": 100 * float((by_templates == test_labels).mean()),
    "two layers, no relu,\nas in chapter 3": tested(Recipe(epochs=2, activation="none")),
    "two layers,\nas in chapter 7": tested(Recipe(epochs=3, learning_rate=0.5)),
    "recipe\nquick": 100 * read,
}
show(
    bars({"mistakes": [100 - share for share in shares.values()]}, list(shares), "mistakes in 100 test images"),
    "from templates to the recipe quick",
)
print(*(f"{name.replace(chr(10), ' ')}: {share:.2f} %" for name, share in shares.items()), sep="\n")

# %% [markdown]
# ## Where to go next
#
# - **Read the reference.** `handgrad.layers`, `losses`, `network`, `optimizers` and `training`, in this
#   order: 350 lines, and you know all of them by now.
# - **Find a mistake by its curves.** `handgrad workbook zoo` plants a mistake in a network and lets you
#   guess which it is. Some networks learn quite well with a mistake in their code: a good accuracy is
#   no proof.
# - **Make it better.** Distort the training images a little (turn, shift, stretch) so that the network
#   sees more of the world; try 1,024 hidden units. This is *regularisation* by more data, and is also called
#   *augmentation*. `handgrad train --help` lists the options.
# - **Make it deeper.** Add a third affine layer to your `TwoLayerNet`. The backward pass gets two lines
#   longer, and nothing else changes.
# - **Convolutions**, where a template slides over the image, so that a stroke is found anywhere in it.
#   They solve the problem of the moved digits in chapter 8.
# - **Other data.** `handgrad train --images FILE --labels FILE` trains on any images in the IDX format,
#   such as Fashion-MNIST or KMNIST.
# - **Slower, and with moving pictures.** The series *Neural networks* by 3Blue1Brown draws gradient descent
#   and backpropagation for a network that reads MNIST.
# - **Slower, and with more words.** Michael Nielsen's free book *Neural Networks and Deep Learning* derives a
#   network much like this one at leisure.
# - **Lecture notes.** Those of the Stanford course CS231n explain templates, backpropagation by computation
#   graphs, initialisation and regularisation, and go on to convolutions.
# - **The course itself.** *AlphaFold Decoded* goes from this network to attention, and from there to AlphaFold.
# - **The whole field.** Goodfellow, Bengio and Courville, *Deep Learning*.
