# %% [markdown]
# # 8 · Looking inside
#
# A network of 50,890 parameters reads digits. What has it learnt? In this network everything is
# visible: its templates are pictures, its votes are a table, and for each answer you can see which
# hidden units voted for it. Then you give it your own handwriting. No parameter changes in this chapter:
# it is all *inference*, as in chapter 1.
#
# Two small functions that you write here explain every answer of the network.

# %%
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from handgrad import digits, network, templates, training
from handgrad.engines import engine
from handgrad.insight.evaluation import evaluate
from handgrad.model import Model
from handgrad.network import Params
from handgrad.photos import find_digit, read_grey
from handgrad.recipes import Recipe
from handgrad.workbook import check, hint, yours_or_ours
from handgrad.workbook.pictures import bars, curves, equation, heat, show, tiles
from handgrad.insight import plots

array = np.array  # makes the arrays of this chapter

# %% [markdown]
# ## A trained network
#
# As in chapter 7: 64 hidden units, batches of 16, the L2 loss. (To look inside a network that you have
# trained yourself, use `params = Params(**model.params)`.)

# %%
(train_images, train_labels), (images, labels) = digits.load_mnist()
rng, recipe = np.random.default_rng(0), Recipe(learning_rate=0.5, epochs=5)
params = network.init_params(784, 64, 10, rng, dtype=np.float32)
for epoch in training.train(
    params, train_images, train_labels, rng, recipe, run_epoch=engine("auto", say=print).run_epoch
):
    print(f"epoch {epoch.epoch}: loss {epoch.loss:.4f}")
params = Params(*epoch.params)
model = Model(params)
print(f"test images read: {100 * training.accuracy(params, images, labels):.2f} %")

# %% [markdown]
# ## The templates
#
# Each row of $W_1$ as a picture: red where ink speaks for it, blue where ink speaks against it. Below
# each, the digit that it votes for (or, with a minus, against) most strongly.
#
# **What do you expect?** Whole digits, or parts of digits?

# %%
show(plots.hidden_templates(model, 40), "templates of the hidden units")

# %% [markdown]
# None of them is a whole digit. They are *features*: strokes and gaps, such as a bar in one place and
# no ink in another. A hidden unit (a neuron of the hidden layer) answers a small question about the image,
# and the second layer combines these answers into a digit. That is the hierarchy: pixels, features, digits.
#
# Which images have most of a feature? Here are four of the units, each with the eight test images that
# give the largest $h$:

# %%
x = images.reshape(-1, 784) / np.float32(255)
cache = network.forward(params, x)
votes = np.abs(params.W2).max(axis=0)
units = np.argsort(-votes)[:4]
shown = [(params.W1[k].reshape(28, 28), [images[i] for i in np.argsort(-cache.h[:, k])[:8]]) for k in units]
show(
    tiles(np.stack([template for template, _ in shown]), [f"unit {k}" for k in units], signed=True),
    "four templates",
)
for k, (_, loudest) in zip(units, shown, strict=True):
    show(tiles(np.stack(loudest) / 255, [f"unit {k}"] + [""] * 7), f"what unit {k} responds to most")

# %% [markdown]
# ## The votes
#
# $W_2$ as a table: a row for each digit, a column for each unit, sorted by the digit that it votes for.

# %%
order = np.argsort(params.W2.argmax(axis=0), kind="stable")
show(
    heat(
        params.W2[:, order],
        "hidden unit, sorted",
        "digit",
        "red: votes for the digit, blue: against",
        signed=True,
    ),
    "votes of the hidden units",
)

# %% [markdown]
# Most units vote on several digits. That is the difference from chapter 1, where each template belonged
# to one digit: here a feature is learnt once and used wherever it helps.
#
# ## Which units voted for this answer?
#
# The score of a digit is a sum over the hidden units, plus the bias. The sum is one number; its terms say
# which units voted for the digit, which voted against it, and which were silent.
#
# By hand, with 4 hidden units and 3 digits: the score of digit 1. Its votes are the marked row of $W_2$. Unit
# 2 has the largest vote, but its feature is absent in this image.

# %%
votes_by_hand = [[1.0, 0.5, -2.0, 0.0], [-0.5, 1.0, 3.0, -1.0], [0.0, 0.0, 1.0, 2.0]]
features = [2.0, 1.5, 0.0, 0.5]
terms = [v * h for v, h in zip(votes_by_hand[1], features, strict=True)]
show(
    equation(("W2", votes_by_hand, (1, None)), "and", ("h", features), "→", ("parts", terms)),
    "the terms of a score by hand",
)
print("score without the bias:", sum(terms))

# %%
# exercise: contributions

# %% [markdown]
# The first test image is a 7. Do the terms and the bias add up to the score of the forward pass?

# %%
held = {key: array(value) for key, value in params._asdict().items()}  # a dictionary, as in chapter 6
parts, bias = contributions(held, array(x[0]), 7)
print(f"terms {float(parts.sum()):.4f}, bias {float(bias):+.4f}; the score is {cache.z[0, 7]:.4f}")
print(f"{int((parts != 0).sum())} of 64 units are on")

# %%
# exercise: strongest_units

# %% [markdown]
# Now the templates of these units can be shown, each with what it adds to the score. The first test image,
# and its score of the 7:


# %%
def explain(picture, digit):
    """The six strongest contributions to one digit's score for one image (784,), as pictures."""
    parts, bias = contributions(held, array(picture), digit)
    units = [int(k) for k in strongest_units(parts, 6)]
    numbers = [float(parts[k]) for k in units]
    print(
        f"score of {digit}: {float(parts.sum()) + float(bias):.2f} =",
        f"{float(parts[parts > 0].sum()):.2f} for, {float(parts[parts < 0].sum()):.2f} against,",
        f"{float(bias):+.2f} bias; six units make {sum(numbers):.2f} of it",
    )
    titles = [f"unit {k}\n{number:+.2f}" for k, number in zip(units, numbers, strict=True)]
    show(
        tiles(np.stack([picture, *params.W1[units]]), ["the image", *titles], signed=True),
        f"contributions to the score of {digit}",
    )


explain(x[0], 7)

# %% [markdown]
# **What do you expect?** Take the same image and the score of the 3: which units vote against it?

# %%
explain(x[0], 3)

# %% [markdown]
# ## The open and the closed 4
#
# Two features can also be alternatives of one digit. Some people write the 4 open at the top, others close
# it to a triangle. We sort the 4s of the test set: a closed one encloses a piece of paper.

# %%


def encloses_paper(image):
    """Whether at least 10 dark pixels cannot be reached from the edge of the image."""
    pieces, _, facts, _ = cv2.connectedComponentsWithStats((image < 100).astype(np.uint8), connectivity=4)
    return pieces > 2 and facts[1:, cv2.CC_STAT_AREA].min() >= 10


fours = [i for i in range(len(images)) if labels[i] == 4 and cache.z[i].argmax() == 4]
closed = [i for i in fours if encloses_paper(images[i])]
opened = [i for i in fours if i not in closed]
show(tiles(images[opened[:10] + closed[:10]] / 255, ["open"] * 10 + ["closed"] * 10), "open and closed 4s")
print(f"read rightly: {len(opened)} open 4s, {len(closed)} closed 4s")

# %% [markdown]
# **What do you expect?** Does one unit vote for both kinds, or does each kind have units of its own?
#
# For each unit, its mean contribution to the score of the 4, over the open and over the closed 4s. The picture
# shows the three units that contribute most to the open kind by comparison, and the three that contribute
# most to the closed kind.

# %%
by_open, by_closed = (
    np.mean([np.asarray(contributions(held, array(x[i]), 4)[0]) for i in rows], axis=0)
    for rows in (opened, closed)
)
sorted_units = np.argsort(by_closed - by_open)
kinds = [*sorted_units[:3], *sorted_units[:-4:-1]]
show(
    bars(
        {"open 4s": by_open[kinds], "closed 4s": by_closed[kinds]},
        [f"unit {k}" for k in kinds],
        "mean contribution",
        "What six units add to the score of the 4",
    ),
    "units for the open and the closed 4",
)
show(tiles(params.W1[kinds], [f"unit {k}" for k in kinds], signed=True), "their templates")
print(f"mean score of 4: open {cache.z[opened, 4].mean():.1f}, closed {cache.z[closed, 4].mean():.1f}")

# %% [markdown]
# The two kinds reach their score by different units, and all of these votes are added up in the same score.
# Look at the template of the first unit: where does it forbid ink? Then look where a closed 4 has its tip.
#
# None of these units belongs to one kind alone. The open 4s have the higher score. That is no surprise: among
# the training images, too, there are many more of them, so they had more influence on the weights.
#
# ## What if some units were missing?
#
# Switch units off, one after the other in a random order, and measure the accuracy.
#
# **What do you expect?** How many of the 64 can be switched off before the accuracy falls below 90 %?

# %%
gone = np.random.default_rng(1).permutation(64)
counts, accuracies = range(0, 65, 4), []
for count in counts:
    W2 = params.W2.copy()
    W2[:, gone[:count]] = 0
    accuracies.append(training.accuracy(params._replace(W2=W2), images, labels))
show(
    curves({"accuracy": (counts, accuracies)}, "units switched off", "accuracy", markers=True),
    "accuracy with units switched off",
)

# %% [markdown]
# The accuracy does not fall at once: several units detect similar features, and losing the first few
# hardly matters.
#
# ## Its mistakes
#
# Which digit is read as which? The table has a row for each label and a column for each answer.

# %%
result = evaluate(model, images, labels)
show(plots.confusion_matrix(result), "label against answer")

# %% [markdown]
# And here are the mistakes with the largest outputs. **What do you expect?** Are they bad digits, or a
# bad network?

# %%
show(plots.confident_mistakes(result, images, 20), "the most confident mistakes")

# %% [markdown]
# Some of them are unreadable for people, too. Others are easy to read, and the network is confidently
# wrong. An output of 0.99 is no guarantee.
#
# ## What it does not know
#
# All digits of MNIST are centred. Let us move them aside, pixel by pixel.
#
# **What do you expect?** How far can an image be moved before it is misread? Does a network with 64
# templates tolerate more than the ten templates of chapter 1?

# %%
fitted = templates.fit(train_images, train_labels)
shifts = range(-6, 7)
moved = {shift: np.roll(images, shift, axis=2) for shift in shifts}
by_network = [training.accuracy(params, moved[shift], labels) for shift in shifts]
by_templates = [float((templates.predict(fitted, moved[shift]) == labels).mean()) for shift in shifts]
show(
    curves(
        {"network": (shifts, by_network), "templates": (shifts, by_templates)},
        "pixels to the right",
        "accuracy",
        markers=True,
    ),
    "accuracy on moved images",
)

# %% [markdown]
# With a shift of two pixels the network reads no better than the templates do without a shift; with a
# few more it fails. It generalises to new images that are made like those of MNIST, and not to others: it
# has learnt where the strokes are *in MNIST*, and nothing in its training showed that a moved 7 is still
# a 7. (Convolutional networks have this built in.)
#
# This is why your own handwriting has to be prepared exactly as MNIST was: light ink on dark paper, the
# longer side 20 pixels, the centre of mass in the middle of 28 x 28.
#
# ## Your own handwriting
#
# Draw a digit on paper and photograph it, or use any drawing program. Save it as `my_digit.png` beside
# this file, and run the next cells again. Without this file, the chapter draws a 3 of its own.


# %%
def drawn():
    """A 3 as with a felt pen: two arcs, on light paper."""
    paper = Image.new("L", (320, 360), 240)
    upper, lower = np.radians(np.linspace(-150, 90, 40)), np.radians(np.linspace(-90, 150, 40))
    points = [(150 + 52 * np.cos(t), 120 + 52 * np.sin(t)) for t in upper] + [
        (150 + 62 * np.cos(t), 234 + 62 * np.sin(t)) for t in lower
    ]
    ImageDraw.Draw(paper).line([tuple(map(float, p)) for p in points], fill=40, width=24, joint="curve")
    return np.asarray(paper, np.float32) / 255


folder = Path(globals().get("__file__", ".")).parent
file = folder / "my_digit.png"
grey = read_grey(file) if file.exists() else drawn()
found = find_digit(grey)
show(tiles(grey[None], ["the picture"], size=2), "a drawn digit")
show(tiles(found.image[None] / 255, ["as the network sees it"], size=2), "the digit, prepared as MNIST was")
print("box in the picture (x, y, width, height):", found.box)

# %%
outputs = model.scores(found.image)[0]
show(
    bars(
        {"output": outputs}, range(10), title=f"read as {int(outputs.argmax())}", marked=int(outputs.argmax())
    ),
    "outputs for the drawn digit",
)

# %% [markdown]
# Why is it read so? The votes for the answer, and those for the second best digit.
#
# **What do you expect?** Which strokes of your digit speak for it, and which part would have to change
# before the second best digit won?

# %%
pixels = (found.image / np.float32(255)).reshape(-1)
second, first = (int(c) for c in np.argsort(outputs)[-2:])
for digit in (first, second):
    explain(pixels, digit)

# %% [markdown]
# A unit is strong where the red of its template lies on your ink, and the blue on blank paper. If the answer
# is wrong, the digit that you meant is often the second best: compare both rows. In a terminal,
# `handgrad explain my_digit.png --out why.png` goes on from here, down to each pixel.
#
# **What do you expect?** What if the same picture is only resized to 28 x 28, and neither inverted to
# light on dark, nor cropped, nor centred?

# %%
careless = np.asarray(Image.fromarray(np.uint8(255 * grey)).resize((28, 28)))
outputs = model.scores(careless)[0]
show(tiles(careless[None] / 255, [f"read as {int(outputs.argmax())}"], size=2), "a careless preparation")
show(bars({"output": outputs}, range(10)), "outputs for the careless picture")

# %% [markdown]
# The network has never seen light paper, and it cannot answer "I do not know": it gives ten numbers for
# any image. Sometimes all ten are small. That is a hint that the image is not a digit, but no
# guarantee.
#
# If your digit is misread, look at its 28 x 28 picture first: does it show what you have drawn? Then
# see which templates voted, with `explain`. `handgrad predict my_digit.png` does all this in a terminal.
#
# `handgrad lab` opens a page in the browser where the templates light up while you draw, and where the
# votes for each digit are added up before your eyes. Its *Train* room trains such a network in seconds.
#
# [Chapter 9](9_beyond.ipynb): what to do next.
