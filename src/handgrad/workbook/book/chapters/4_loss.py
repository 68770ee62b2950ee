# %% [markdown]
# # 4 · One-hot rows and the loss
#
# Ten outputs and one label: how wrong are the outputs? The *loss* measures it in one number, 0 for
# perfect outputs. Learning means making the loss smaller. You write the loss together with its slope,
# which says in which direction each output must move.

# %%
import numpy as np

from handgrad.workbook import check, hint, lesson, yours_or_ours
from handgrad.workbook.lesson import mnist, seed
from handgrad.workbook.pictures import curves, equation, show, tiles

array = np.array  # makes the arrays of this chapter
(x, labels), (test_x, test_labels) = mnist(array)

# %% [markdown]
# ## One-hot rows
#
# A label is a name, not a quantity: a 9 is not three times a 3, and reading an 8 as a 9 is as wrong as
# reading it as a 0. So the label becomes a *one-hot* row of ten numbers, 1 in the column of its digit
# and 0 elsewhere. A perfect network would give exactly this row as its output.
#
# By hand, with three classes: label 2 becomes 0, 0, 1 and label 0 becomes 1, 0, 0.

# %%
small_labels = array([2, 0])
target = [[1.0 if column == label else 0.0 for column in range(3)] for label in small_labels.tolist()]
show(equation(("labels", small_labels), "→", ("target", target)), "labels become one-hot rows")

# %% [markdown]
# The first six labels of MNIST, as one-hot rows. **What do you expect?** How many ones are in each row,
# and how many in each column?

# %%
six = array([[1.0 if column == label else 0.0 for column in range(10)] for label in labels[:6].tolist()])
print("labels", labels[:6].tolist())
show(equation(("target", six)), "six labels as one-hot rows")

# %% [markdown]
# ## The L2 loss
#
# For each image, the difference between each output and its target is squared, and the ten squares are
# summed. The loss is the mean of these sums over the images:
#
# $$L = \frac1N \sum_{i=1}^{N} \sum_{j=1}^{C} \left(y_{i,j} - \mathrm{target}_{i,j}\right)^2$$
#
# The loss is averaged over the images, so its size does not depend on the number of images in a batch.
#
# It is a close relative of the *mean squared error* (MSE) of other texts and libraries. The MSE averages
# over the classes, too: with ten classes it is a tenth of our loss, and so are its gradients. A learning
# rate for one has to be changed tenfold for the other. Some texts also put 1/2 in front, so that the 2
# of the derivative cancels.
#
# Squared errors are the usual loss where the outputs are quantities, such as a position or a temperature.
# For classes, most people use cross-entropy (chapter 9). The L2 loss learns digits well, too, and its
# derivative is simpler; so the course (AlphaFold Decoded) and this workbook begin with it.
#
# By hand, with $N = 2$ images and $C = 3$ classes. The squares of the first row are
# $0.04 + 0.25 + 0.49 = 0.78$, those of the second $0.01 + 0.01 + 0 = 0.02$; the mean of the two is
# $L = 0.4$.

# %%
small_y = array([[0.2, 0.5, 0.3], [0.9, 0.1, 0.0]])
squares = [
    [(p - t) ** 2 for p, t in zip(row, goal, strict=True)]
    for row, goal in zip(small_y.tolist(), target, strict=True)
]
show(
    equation("(", ("y", small_y), "\N{MINUS SIGN}", ("target", target), ")²", "=", ("squares", squares)),
    "squares of the errors",
)
print(f"L = {sum(map(sum, squares)) / 2:.3f}")

# %% [markdown]
# ## And its slope
#
# To make the loss smaller, we ask for each output: if it grows by a tiny amount, by how much does $L$
# grow? That is the derivative $\partial L / \partial y_{i,j}$. In the double sum $y_{i,j}$ occurs in a
# single term, a square. Here is that term as a curve: one output moves from 0 to 1, its target is 1,
# and $N = 1$.

# %%
line = np.linspace(0, 1, 101)
tangent = np.array([0.0, 0.6]), 0.49 - 1.4 * (np.array([0.0, 0.6]) - 0.3)
shown = {"(y - 1)²": (line, (line - 1) ** 2), "slope at y = 0.3": tangent}
show(
    curves(shown, "y", "L", "Where the curve falls, more output is wanted"),
    "the loss as a function of one output",
)

# %% [markdown]
# At $y = 0.3$ the curve falls: a slope of $-1.4$. Moving to $0.31$ would lower the loss by about $0.014$.
#
# All slopes together are the *gradient*. In the code of the course and of the exercises, $\partial L /
# \partial y$ is called `dy`. In the chapters to come, $\partial L / \partial x$ is called `dx`, and so
# on. (The reference code of this package calls them `grad_y` and `grad_x`.)
#
# **`y` and `y_hat`.** In the course and in the exercises, `y` is the output of the network and `y_hat` is
# the truth: the labels. Most texts use the two names the other way round: there $y$ is the truth, and
# $\hat y$ ("y hat") is what the network estimates. Check which is meant before you copy a formula. If the
# two are swapped, the loss stays the same, but every sign of its gradient is wrong.

# %%
# exercise: l2_loss

# %% [markdown]
# ## Try it
#
# **What do you expect?** A network that knows nothing answers 1/2 everywhere. What is its loss, with
# ten digits? And what is the loss if it answers 0.1 everywhere, the frequency of each digit?

# %%
for guess in (0.5, 0.1, 0.0):
    y = array(np.full((1000, 10), guess))
    loss, _ = l2_loss(y, test_labels[:1000])
    print(f"all outputs {guess}: L = {float(loss):.2f}")

# %% [markdown]
# $10 \cdot 0.25 = 2.5$, then $0.81 + 9 \cdot 0.01 = 0.9$, and 1 where all outputs are 0. A network
# whose loss stays at 0.9 has learnt how often each digit occurs, and nothing else. Remember these
# numbers.
#
# Is `dy` the slope of `loss`? Move one output by 0.001 and compare. **What do you expect** for the
# difference of the two losses?

# %%
y = array(np.array(small_y.tolist()))  # a copy
loss, dy = l2_loss(y, small_labels)
moved = array(np.array(small_y.tolist()))
moved[0, 2] += 0.001
more, _ = l2_loss(moved, small_labels)
print(
    f"dy[0, 2] = {float(dy[0, 2]):.4f}; the loss grew by {float(more - loss):.7f},",
    f"which is {float(more - loss) / 0.001:.4f} for each unit",
)
show(equation(("y", y), "and", ("target", target), "→", ("dy", dy)), "the gradient of the loss")

# %% [markdown]
# Blue is negative: those outputs should grow. Red outputs should shrink. The slope of an output that
# equals its target is 0.
#
# ## One step down
#
# If every output moves a little against its slope, the loss must fall. We take real images and the
# outputs of an untrained network, and move the *outputs* themselves. (A network cannot do that
# directly: it must move its weights. The backward pass of chapter 5 gives their slopes.)

# %%
seed(0)
model = lesson.TwoLayerNet(784, 64, 10)
y, _ = model.forward(x[:100])
history = []
for _ in range(60):
    loss, dy = l2_loss(y, labels[:100])
    history.append(float(loss))
    y = y - 5.0 * dy
show(
    curves({"L": (range(60), history)}, "steps", "L", "100 images, their outputs moved against dy"),
    "the loss falls",
)

# %% [markdown]
# ## Loss and accuracy are different
#
# **What do you expect?** Here are the outputs of two networks for the same two images, with labels 2
# and 0. Both networks answer correctly both times. Which has the smaller loss?

# %%
sure, unsure = array([[0.0, 0.1, 0.9], [0.9, 0.1, 0.0]]), array([[0.3, 0.3, 0.4], [0.5, 0.4, 0.4]])
for name, y in {"sure": sure, "unsure": unsure}.items():
    right = int((y.argmax(axis=1) == small_labels).sum())
    print(f"{name:7} answers right: {right} of 2   loss {float(l2_loss(y, small_labels)[0]):.3f}")

# %% [markdown]
# Accuracy changes in jumps, when one output overtakes another. A tiny change of the weights mostly
# leaves the accuracy unchanged: its slope is 0. The loss responds to every tiny change. So training
# minimises the loss, and the accuracy is reported.
#
# The loss of a single image says how hard that image is for a network. We train a network briefly
# (chapter 7 shows how) and sort the test images by their loss.
#
# **What do you expect** the images with the largest loss to look like?

# %%
lesson.train_model(model, x[:20000], labels[:20000], test_x, test_labels, n_epochs=2, learning_rate=0.5)
y, _ = model.forward(test_x)
each = [float(l2_loss(y[i : i + 1], test_labels[i : i + 1])[0]) for i in range(2000)]
worst = sorted(range(2000), key=lambda i: -each[i])[:10]
names = [f"{int(test_labels[i])} as {int(y[i].argmax())}\nL = {each[i]:.2f}" for i in worst]
show(tiles(test_x[worst], names), "images with the largest loss")
best = sorted(range(2000), key=each.__getitem__)[:10]
show(
    tiles(test_x[best], [f"{int(test_labels[i])}\nL = {each[i]:.1g}" for i in best]),
    "images with the smallest loss",
)

# %% [markdown]
# An image that is confidently read as one wrong digit has a loss near 2: 1 for the right digit, whose
# output is near 0, and 1 for the wrong digit, whose output is near 1. It is larger where a second wrong
# digit has a large output, too. The largest loss possible is 10: ten outputs, all of them wrong.
#
# [Chapter 5](5_backward.ipynb): from the slope for each output to the slope for each weight.
