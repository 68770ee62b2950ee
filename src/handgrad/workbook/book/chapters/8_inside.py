# %% [markdown]
# # 8 · Looking inside
#
# A network of 50,890 numbers reads digits. What has it learnt? In this one everything can be looked at:
# its templates are pictures, its votes are a table, and for each answer one can say who voted for it.
# Then you give it your own handwriting.
#
# There is no exercise in this chapter; there is much to try out.

# %%
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from handgrad import digits, network, templates, training
from handgrad.insight import plots
from handgrad.engines import engine
from handgrad.insight.evaluation import evaluate
from handgrad.model import Model
from handgrad.network import Params
from handgrad.photos import find_digit, read_grey
from handgrad.recipes import Recipe
from handgrad.workbook.pictures import bars, curves, heat, show, tiles

# %% [markdown]
# ## A trained network
#
# As in chapter 7: 64 hidden units, batches of 16, the L2 loss. (To look into a network that you have
# trained yourself, take `params = Params(**model.params)` for it.)

# %%
(train_images, train_labels), (images, labels) = digits.load_mnist()
rng, recipe = np.random.default_rng(0), Recipe(learning_rate=0.5, epochs=5)
params = network.init_params(784, 64, 10, rng, dtype=np.float32)
for epoch in training.train(
    params, train_images, train_labels, rng, recipe, run_epoch=engine("numpy").run_epoch
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
# Not one is a digit. They are strokes and gaps: a bar here and none there. A hidden unit answers a small
# question about the image, and the votes make a digit of the answers.
#
# Which images answer a question most loudly? For four of the units, the eight test images with the
# largest $h$:

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
    show(tiles(np.stack(loudest) / 255, [f"unit {k}"] + [""] * 7), f"what unit {k} answers to most")

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
# Most units have something to say on several digits. That is the difference from chapter 1, where each
# template stood for one digit alone: here a shape is learnt once, and used wherever it helps.
#
# ## Who voted for this answer?
#
# The score of digit $c$ is a sum over the hidden units, plus the bias:
# $z_c = \sum_k W_{2,ck}\, h_k + b_{2,c}$. So it can be taken apart. The first test image is a 7: here are
# the units that contributed most to its score, with what they contributed.


# %%
def explained(i, digit):
    """The six largest contributions to one digit's score for one image, as pictures."""
    parts = params.W2[digit] * cache.h[i]
    largest = np.argsort(-np.abs(parts))[:6]
    print(
        f"score of {digit}: {cache.z[i, digit]:.2f} = {parts.sum():.2f} from the units",
        f"{params.b2[digit]:+.2f} from the bias; {int((parts != 0).sum())} of 64 units are on",
    )
    pictures = np.stack([params.W1[k].reshape(28, 28) for k in largest])
    show(
        tiles(pictures, [f"{parts[k]:+.2f}" for k in largest], signed=True),
        f"contributions to the score of {digit}",
    )


show(tiles(images[:1] / 255, ["label 7"], size=1.6), "the first test image")
explained(0, 7)

# %% [markdown]
# **What do you expect?** The same image, and the score of the 3: who speaks against it?

# %%
explained(0, 3)

# %% [markdown]
# ## What if some units were missing?
#
# Switch units off, one after the other, in an order drawn by chance, and measure.
#
# **What do you expect?** How many of the 64 can go before the accuracy falls below 90 %?

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
# It does not break all at once: several units know similar things, and the first few losses hardly
# matter.
#
# ## Its mistakes
#
# What does it take for what? A row for each label, a column for each answer.

# %%
result = evaluate(model, images, labels)
show(plots.confusion_matrix(result), "label against answer")

# %% [markdown]
# And the mistakes of which it was most sure. **What do you expect?** Are they bad digits, or a bad
# network?

# %%
show(plots.confident_mistakes(result, images, 20), "the most confident mistakes")

# %% [markdown]
# Some of them nobody could read. Others are plain, and the network is plainly wrong, and sure of it. An
# output of 0.99 is not a promise.
#
# ## What it does not know
#
# All digits of MNIST stand in the middle. Let us push them aside, pixel by pixel.
#
# **What do you expect?** How far can an image be moved before it is misread? Is a network with 64
# templates better at it than the ten of chapter 1?

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
# Two pixels aside, and the network reads no better than the templates did without any shift; a few more,
# and it is lost. It has learnt where the strokes are *in MNIST*, since nothing ever told it that a 7
# stays a 7 when it moves. (Networks with convolutions are built so that they know.)
#
# This is why your own handwriting has to be prepared exactly as MNIST was: light ink on dark paper, the
# longer side 20 pixels, the centre of mass in the middle of 28 x 28.
#
# ## Your own handwriting
#
# Draw a digit: with pen and paper and a camera, or in any drawing program. Save it as `my_digit.png`
# beside this file, and run the next cells again. As long as there is none, the chapter draws a 3 of its
# own.


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
# **What do you expect?** The same picture, only made 28 x 28, and neither turned light on dark nor cut
# out nor centred?

# %%
careless = np.asarray(Image.fromarray(np.uint8(255 * grey)).resize((28, 28)))
outputs = model.scores(careless)[0]
show(tiles(careless[None] / 255, [f"read as {int(outputs.argmax())}"], size=2), "a careless preparation")
show(bars({"output": outputs}, range(10)), "outputs for the careless picture")

# %% [markdown]
# The network has never seen light paper, and has no way to say "I do not know this": it gives ten
# numbers, whatever comes. Sometimes all ten are small. That is a hint, and no promise.
#
# If your digit is misread, look at its 28 x 28 picture first: is it what you have drawn? Then see which
# templates voted, as above. `handgrad predict my_digit.png` does all this in a terminal.
#
# [Chapter 9](9_beyond.ipynb): what to do next.
