# %% [markdown]
# # 7 · Gradient descent
#
# For each of its parameters the network can compute the slope of the loss. Training means going
# downhill in many small steps: this is *gradient descent*, and its loop is short. Four choices in it
# matter: the length of a step, the number of images in a step, the order of the images, and when to stop.
# At the end your network reads more than 95 of 100 images that it has never seen.

# %%
import numpy as np

from handgrad import digits, network, training
from handgrad.engines import engine
from handgrad.recipes import Recipe
from handgrad.workbook import check, hint, use_your_own, yours_or_ours
from handgrad.workbook.lesson import TwoLayerNet, l2_loss, mnist, seed
from handgrad.workbook.pictures import bars, curves, equation, paths, show, tiles

array = np.array  # makes the arrays of this chapter
use_your_own(globals())  # your network and your loss where they are right, else the lesson's
(x, labels), (test_x, test_labels) = mnist(array)

# %% [markdown]
# ## How good is it? The accuracy
#
# The answer for an image is the class with the largest output; the accuracy is the share of right
# answers. By hand, with three images and three classes: the largest outputs are in columns 1, 0 and 2.
# With labels 1, 0 and 1, two of three answers are right, and the accuracy is 0.67.

# %%
small_y, small_labels = array([[0.2, 0.7, 0.1], [0.6, 0.5, 0.4], [0.1, 0.3, 0.8]]), array([1, 0, 1])
answers, right = ("answers", [1, 0, 2]), ("right", [1, 1, 0])
parts = (("y", small_y), "→", answers, "and", ("labels", small_labels), "→", right)
show(equation(*parts), "accuracy by hand")

# %%
# exercise: calculate_accuracy

# %% [markdown]
# **What do you expect?** What is the accuracy of an untrained network on the 10,000 test images?

# %%
seed(0)
model = TwoLayerNet(784, 64, 10)
print("before training:", calculate_accuracy(model, test_x, test_labels))

# %% [markdown]
# **What do you expect?** Could we simply try? Here are 200 networks, each with other random weights, and
# 1,000 test images. How good is the best of them?

# %%
tried = [calculate_accuracy(TwoLayerNet(784, 64, 10), test_x[:1000], test_labels[:1000]) for _ in range(200)]
print(f"the best of 200 untrained networks: {max(tried)}")

# %% [markdown]
# With 50,890 numbers to choose, trying at random is hopeless. The gradient says for each of them in which
# direction it should move, and how much it matters.
#
# ## A step
#
# Every weight $\theta$ (each entry of $W_1$, $b_1$, $W_2$ and $b_2$) moves against its gradient:
#
# $$\theta \leftarrow \theta - \eta\, \frac{\partial L}{\partial \theta}$$
#
# $\eta$ is the *learning rate*. By hand, with $\eta = 0.5$: a weight of 0.5 whose gradient is $-0.2$
# becomes $0.5 - 0.5 \cdot (-0.2) = 0.6$. The weight grows, because the loss falls when it grows.

# %%
weights, gradient = array([[0.5, -1.0, 0.0], [2.0, 0.0, 1.0]]), array([[-0.2, 0.4, 0.0], [0.0, 1.0, -2.0]])
before, after = ("W", weights, (0, 0)), ("W", weights - 0.5 * gradient, (0, 0))
show(equation(before, "\N{MINUS SIGN} 0.5 ×", ("dW", gradient, (0, 0)), "=", after), "a step by hand")

# %% [markdown]
# How large should $\eta$ be? We train the same network four times on the same batches of 16 images,
# 20,000 images in all, with four learning rates. (Here the package's own loop is used; you write yours
# further down.)
#
# **What do you expect?** Which of 0.001, 0.05, 0.5 and 20 is best, and what do the others do?

# %%
(pixels, pixel_labels), (test_pixels, test_digits) = digits.load_mnist()
run_epoch = engine("auto", say=print).run_epoch  # the fastest that this computer has
order = np.random.default_rng(0).permutation(60000)


def losses_of(rate, size=16, images=20000):
    """The mean loss of each 20 batches, with one learning rate."""
    recipe = Recipe(learning_rate=rate, batch_size=size)
    params, found = network.init_params(784, 64, 10, np.random.default_rng(0), dtype=np.float32), []
    for start in range(0, images, 20 * size):
        rows = order[start : start + 20 * size]
        params, _, loss = run_epoch(
            params, pixels, pixel_labels, rows, recipe, np.full(-(-len(rows) // size), rate)
        )
        found.append(loss)
    return found


lines = {f"rate {rate:g}": losses_of(rate) for rate in (0.001, 0.05, 0.5, 20.0)}
show(
    curves({name: (np.arange(len(ys)) * 20, ys) for name, ys in lines.items()}, "steps", "L"),
    "four learning rates",
)

# %% [markdown]
# With 0.001 the network hardly learns: its loss is still that of guessing. With 0.05 it learns, with
# 0.5 it learns faster. With 20 the steps are so long that the outputs land on the flat sides of the
# sigmoids, where hardly any slope is left to correct them.
#
# `train_model` has 0.001 as its default, as in the course (AlphaFold Decoded). For this network and this
# loss, use 0.5.
#
# ## The descent, seen from above
#
# The loss is a function of all 50,890 parameters, and nobody can draw that. But we can keep all of them
# except two, and draw the loss over these two as a map: dark is high, white is low. Here they are two entries
# of $W_2$ in a network that has seen 20,000 images: the votes of two hidden units for the digit 4. They are
# moved to a bad place, and from there gradient descent takes 40 steps, on the loss of 500 images. Each dot is
# a step.
#
# **What do you expect?** Which of the learning rates 1, 10 and 200 comes down to the lowest place, and what
# do the others do? (They are larger than above, because two weights alone change the outputs only a little.)

# %%
params = network.init_params(784, 64, 10, np.random.default_rng(0), dtype=np.float32)
params, _, _ = run_epoch(
    params, pixels, pixel_labels, order[:20000], Recipe(learning_rate=0.5), np.full(1250, 0.5)
)
rows = order[20000:20500]
forward = network.forward(network.Params(*params), pixels[rows].reshape(500, -1) / np.float32(255))
votes = forward.h.mean(axis=0) * params[2][4]
i, j = votes.argmax(), votes.argmin()  # the units that speak for and against a 4 most
target = 1.0 * (pixel_labels[rows] == 4)
rest = forward.z[:, 4] - forward.h[:, [i, j]] @ params[2][4, [i, j]]  # of the score: all other units


def outputs_for_4(u, v):
    """The outputs for the digit 4 if the two votes are u and v."""
    return 1 / (1 + np.exp(-(rest + u * forward.h[:, i] + v * forward.h[:, j])))


def loss_for_4(u, v):
    """The part of the loss that depends on the two votes."""
    return ((outputs_for_4(u, v) - target) ** 2).mean()


def descent(rate, steps=40):
    """The places that gradient descent visits."""
    place, places = np.array([-1.0, 2.5]), []
    for _ in range(steps):
        places.append(place)
        y = outputs_for_4(*place)
        dz = 2 / len(rows) * (y - target) * y * (1 - y)
        place = place - rate * (dz @ forward.h[:, [i, j]])
    return np.stack(places)


walks = {f"rate {rate:g}": descent(rate) for rate in (1, 10, 200)}
names = {"x": f"vote of unit {i} for the 4", "y": f"vote of unit {j} for the 4"}
show(paths(np.vectorize(loss_for_4), walks, box=(-2, 9, -9, 3), **names), "gradient descent on a loss surface")
for name, walk in walks.items():
    print(f"{name:8}: L goes from {loss_for_4(*walk[0]):.3f} to {loss_for_4(*walk[-1]):.3f}")

# %% [markdown]
# Each step goes in the direction that is steepest downhill at its start. With rate 1 the walk is still on
# its way after 40 steps. With rate 10 it arrives. With rate 200 the first step jumps far across
# the lowest place. There the outputs are saturated, and the walk comes back slowly; then it jumps about near
# the lowest place and does not settle. The direction was right each time, but the gradient only knows the
# slope where it was computed.
#
# ## Mini-batches
#
# The exact gradient needs a forward and a backward pass over all images. The gradient over a
# *mini-batch* (batch for short) of 16 images costs less than a thousandth of that. Gradient descent with
# such random batches is called *stochastic gradient descent* (SGD): stochastic means random.
#
# How good is the gradient of a batch? We compare its direction with that of the exact gradient: a cosine of
# 1 means the same direction, 0 means that they have nothing in common.
#
# **What do you expect** for batches of 1, 16, 256 and 4,096 images?

# %%
params = network.init_params(784, 64, 10, np.random.default_rng(0))


def direction(rows):
    """The gradient of W1 over some images, as one long row."""
    _, grads = network.loss_and_gradients(
        params, pixels[rows].reshape(len(rows), -1) / 255, pixel_labels[rows]
    )
    return grads.W1.ravel()


def cosine(u, v):
    """The cosine of the angle between two long rows."""
    return float(u @ v / np.sqrt((u @ u) * (v @ v)))


exact = direction(order[:20000])
sizes = (1, 16, 256, 4096)
cosines = [
    np.mean([cosine(direction(order[i * 1000 : i * 1000 + size]), exact) for i in range(10)])
    for size in sizes
]
show(
    bars(
        {"cosine": cosines},
        [f"{size:,}" for size in sizes],
        "cosine with the exact gradient",
        "Gradients of batches, by their number of images",
    ),
    "how good the gradient of a batch is",
)

# %% [markdown]
# The gradient of 16 images already points mostly in the right direction, that of 256 almost exactly.
# Sixteen times as many images make a step sixteen times as expensive, but not nearly sixteen times as
# good. So many cheap steps are better than a few expensive ones. The errors of the individual steps
# are random and average out.
#
# ## Order
#
# An *epoch* is one pass over all images. Before each epoch the images are shuffled, and the new order
# is cut into batches. By hand, with seven images and batches of three: the last batch holds the
# remaining image.

# %%
seven = [4, 1, 6, 0, 3, 5, 2]
batches = ("batch 1", seven[:3]), "", ("batch 2", seven[3:6]), "", ("batch 3", seven[6:])
show(equation(("order", seven), "→", *batches), "an order is cut into batches")

# %% [markdown]
# Does the order matter? We train three networks for one epoch each over the same images. For the first
# the images are shuffled. For the second they are sorted: first all zeros, then all ones, and so on.
# The third has a common mistake: the images are shuffled in one order, the labels in another.
#
# **What do you expect** of each?

# %%
half = np.arange(30000)
by_digit = half[np.argsort(pixel_labels[half], kind="stable")]
mixed = np.random.default_rng(1).permutation(half)
ways = {
    "shuffled": (mixed, pixel_labels),
    "sorted by digit": (by_digit, pixel_labels),
    "labels shuffled\nby themselves": (mixed, np.random.default_rng(2).permutation(pixel_labels)),
}
recipe, shares, last = Recipe(learning_rate=0.5), {}, {}
for name, (rows, given) in ways.items():
    fresh = network.init_params(784, 64, 10, np.random.default_rng(0), dtype=np.float32)
    last[name], _, _ = run_epoch(fresh, pixels, given, rows, recipe, np.full(len(rows) // 16, 0.5))
    shares[name] = 100 * training.accuracy(last[name], test_pixels, test_digits)
show(bars({"accuracy": list(shares.values())}, list(shares), "% of the test images"), "three orders")
print(*(f"{share:.1f} %" for share in shares.values()))

# %% [markdown]
# With sorted images the network sees only nines at the end, and forgets the other digits: it answers 9
# to almost every image. When images and labels no longer belong together, there is nothing to learn: no
# error is raised, and the accuracy stays at that of guessing. Remember this picture when your network
# stays at 10 %.
#
# ## The loop
#
# Now you have all the parts. Each epoch has a new order; each batch has a forward pass, the loss, a
# backward pass and a step.

# %%
# exercise: train_model

# %% [markdown]
# ## Training on MNIST
#
# The 60,000 images are split: 55,000 for training, and 5,000 for *validation*, to watch the progress.
# The 10,000 test images are not used until the very end.
#
# **What do you expect** after one pass over the images? After three?

# %%
seed(0)
model = TwoLayerNet(784, 64, 10)
history = []
for _ in range(3):  # one epoch at a time, to look in between
    train_model(model, x[:55000], labels[:55000], x[55000:], labels[55000:], n_epochs=1, learning_rate=0.5)
    losses = [
        float(l2_loss(model.forward(x[rows])[0], labels[rows])[0])
        for rows in (slice(0, 5000), slice(55000, 60000))
    ]
    history.append(
        (
            *losses,
            calculate_accuracy(model, x[:5000], labels[:5000]),
            calculate_accuracy(model, x[55000:], labels[55000:]),
        )
    )
epochs = range(1, 4)
lines = {"training": (epochs, [h[0] for h in history]), "validation": (epochs, [h[1] for h in history])}
show(curves(lines, "epoch", "L", markers=True), "the loss, epoch by epoch")

# %%
accuracy = calculate_accuracy(model, test_x, test_labels)
print(f"test images read: {100 * accuracy:.2f} %   (templates of chapter 1: 82.08 %)")

# %% [markdown]
# More than 95 %, starting from noise, in three epochs. This is what became of the noise:

# %%
show(
    tiles(model.params["W1"][:20], [f"row {k}" for k in range(20)], signed=True), "templates that were learnt"
)

# %% [markdown]
# ## When to stop
#
# What if there are few images? A network learns 300 images over and over.
#
# **What do you expect?** How do the accuracies on these 300 images and on 5,000 others develop?

# %%
rng, recipe = np.random.default_rng(0), Recipe(learning_rate=0.2, epochs=60)
start, few = network.init_params(784, 64, 10, rng, dtype=np.float32), slice(0, 300)
on_few, on_others = [], []
for epoch in training.train(start, pixels[few], pixel_labels[few], rng, recipe, run_epoch=run_epoch):
    on_few.append(training.accuracy(epoch.params, pixels[few], pixel_labels[few]))
    on_others.append(training.accuracy(epoch.params, pixels[55000:], pixel_labels[55000:]))
lines = {"the 300 images": (range(1, 61), on_few), "5,000 others": (range(1, 61), on_others)}
show(
    curves(lines, "epoch", "accuracy", "Learnt by heart is not understood"),
    "accuracy on few images and on others",
)

# %% [markdown]
# The network soon reads nearly all of its 300 images. On other images the accuracy stops rising a
# little above 80 %. To do well on images that were not used for training is called *generalisation*, and
# it is what we want. The gap between the two curves is what the network has merely learnt by heart:
# *overfitting*. More images are the best cure. Other cures hold the network back, and are called
# *regularisation*: to stop early, to train on distorted images (chapter 9), or *weight decay*, which makes
# every weight a little smaller in each step, so that only those remain large that the images keep asking
# for.
#
# This is why the accuracy that counts is measured on images that were not used for training. The choices
# (learning rate, batch size, number of epochs) are called *hyperparameters*. They are made on the
# validation images, so that the test images remain an honest measure.
#
# [Chapter 8](8_inside.ipynb) looks at what the network has learnt.
