# %% [markdown]
# # 1 · Templates
#
# The simplest reader of digits that works knows ten pictures: the mean image of each digit. It lays each
# of them over the image in question and answers with the one that fits best. You build it from three
# short functions, and it reads 82 of 100 images that it has never seen.
#
# Such a picture is called a *template*. The network of the later chapters is built from templates, too;
# the difference is that it *learns* them.
#
# The workbook follows the lesson "Machine Learning" of the course **AlphaFold Decoded**, which goes on to
# build AlphaFold (https://github.com/kilianmandon/alphafold-decoded). Where a chapter says "the course", it
# means this one. You can do the workbook without it.
#
# **How to use a chapter.** Run the cells from top to bottom. Some begin with a question: guess before
# you run them. Where a cell says "yours", lines are missing: you write them. The `check` below tells
# you whether they are right and, if not, what seems to be wrong.

# %%
import numpy as np

from handgrad.workbook import check, hint, lesson, yours_or_ours
from handgrad.workbook.lesson import mnist
from handgrad.workbook.pictures import bars, equation, show, tiles

array = np.array  # makes the arrays of this chapter

# %% [markdown]
# ## An image is a table of numbers
#
# MNIST is a collection of 70,000 handwritten digits. It comes with this package. 60,000 images are for
# training, 10,000 are set aside for the test. Each image has 28 x 28 pixels; 0 is black (paper), 1
# is white (ink). Each image has a label, the digit that was meant.

# %%
(x, labels), (test_x, test_labels) = mnist(array)
images, test_images = x.reshape(-1, 28, 28), test_x.reshape(-1, 28, 28)
print("images", tuple(images.shape), "labels", tuple(labels.shape))
show(tiles(images[:20], labels[:20].tolist()), "the first twenty images, and their labels")

# %% [markdown]
# That is how we see them. The computer sees numbers; here is a part of the first image.

# %%
show(equation(("pixels of the first image", images[0][5:13, 10:20])), "an image is a table of numbers")

# %% [markdown]
# ## The mean image
#
# What does a typical 3 look like? Take all threes and average each pixel over them. By hand, with two
# images of 2 x 3 pixels: at the top right the first image has 0 and the second has 1, so the mean there
# is $(0 + 1)/2 = 0.5$.

# %%
first = array([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
second = array([[0.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
parts = (("first", first), "+", ("second", second), "/ 2 =", ("mean", (first + second) / 2, (0, 2)))
show(equation(*parts), "the mean of two small images")

# %%
# exercise: mean_images

# %% [markdown]
# **What do you expect?** Ten mean images are about to be drawn. Which of them will be sharp, and which
# blurred? (Which digits do most people write the same way?)

# %%
means = mean_images(images, labels)
show(tiles(means, range(10)), "the mean image of each digit")

# %% [markdown]
# The 1 is bright along its middle, and blurred where people slant it. The 4 and the 9 look alike:
# remember that for the end of this chapter.
#
# How much ink does each of them hold? Add up the pixels.

# %%
ink = means.reshape(10, -1).sum(axis=1)
show(
    bars({"ink": ink}, range(10), "sum of the pixels", "A 0 takes more than twice the ink of a 1"),
    "ink of each digit",
)

# %% [markdown]
# ## How well does a picture fit?
#
# Lay a template $T$ over an image $x$: multiply the two pixel by pixel, and add up the products. Where
# both are bright the product is large; where either is dark, nothing is added. The result is one
# number, the *agreement*:
#
# $$a = \sum_p T_p\, x_p$$
#
# By hand, on 2 x 3 pixels:

# %%
template, image = array([[0.0, 1.0, 0.5], [0.0, 0.5, 0.0]]), array([[0.0, 1.0, 1.0], [0.0, 0.0, 1.0]])
parts = (("T", template), "×", ("x", image), "=", ("pixel by pixel", template * image))
show(equation(*parts), "a template times an image")
print("agreement =", float((template * image).sum()))

# %% [markdown]
# Now with a real image, the third of the test set, which is a 1. The templates are the mean images
# themselves.
#
# **What do you expect?** Which of the ten bars will be the highest, and which the second?

# %%
one = test_images[2]
raw = (means * one).reshape(10, -1).sum(axis=1)
show(
    bars({"agreement": raw}, range(10), "agreement", "An image of a 1, and ten mean images", marked=1),
    "raw agreement",
)

# %% [markdown]
# The 1 wins, which is right; but the 8 is close behind. The 8 has ink in the middle, too, and a lot of
# ink everywhere. So let us read all 10,000 test images this way, and count the answers.
# (`lesson.agreement` computes the sums. You will write it yourself in the third exercise.)
#
# **What do you expect?** Which digits will be answered too often, and which too rarely?

# %%
answers = lesson.agreement(means, test_images).argmax(axis=1)
counts = {
    kind: [int((those == c).sum()) for c in range(10)]
    for kind, those in (("right", test_labels), ("answered", answers))
}
show(bars(counts, range(10), "images", "Answers of the raw mean images"), "how often each digit is answered")
print(f"right answers: {float((answers == test_labels).sum()) / len(answers):.2%}")

# %% [markdown]
# Not one of 892 fives is recognised! Digits with a lot of ink (0 and 8) agree with everything and
# outweigh the others. What counts should not be *how much* ink meets ink, but whether ink stands
# **where it should, and is missing where it should not be**.
#
# ## Normalised templates
#
# Two steps correct this, for each mean image by itself:
#
# 1. Subtract its mean over the pixels. Where it was darker than its own average it is now *negative*: ink
#    there speaks against it.
# 2. Divide by its standard deviation. Now all ten templates carry the same weight.
#
# By hand, with the mean image from above: its six pixels sum to 2, so the mean is $2/6 = 0.33$. After
# subtracting it, the squares sum to $0.83$. A sixth of that is $0.139$, and its square root, $0.373$,
# is the standard deviation.

# %%
small = (first + second) / 2
centred = small - small.mean()
deviation = float((centred * centred).mean()) ** 0.5
parts = (
    ("mean image", small),
    "→",
    ("minus its mean", centred),
    "→",
    (f"over {deviation:.3f}", centred / deviation),
)
show(equation(*parts), "a template is normalised")

# %%
# exercise: normalize_templates

# %%
templates = normalize_templates(means)
show(tiles(templates, range(10), signed=True), "normalised templates: red for ink, blue against it")

# %% [markdown]
# Red is where ink speaks for the digit, blue is where it speaks against. Look at the 0: a red ring, blue
# inside as well as outside. A stroke through the middle speaks against a 0.
#
# ## All images at once: a matrix product
#
# 10,000 images and 10 templates are 100,000 agreements. Written as rows, images make a matrix $x$ of
# shape $(N, P)$ and templates a matrix $T$ of shape $(C, P)$. The entry at row $i$, column $c$ of a
# matrix product (in Python: `@`) is a sum over the dimension that the two share, here the pixels. By
# hand, with $N = 2$ images, $C = 2$ templates and $P = 3$ pixels. The templates are *transposed*: their
# rows become columns. The marked entry is the marked row times the marked column:

# %%
two_images = array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
two_templates = array([[1.0, -1.0, 1.0], [-1.0, 2.0, 0.0]])
product = [[float((i * t).sum()) for t in two_templates] for i in two_images]
turned = list(zip(*two_templates.tolist(), strict=True))  # rows become columns
parts = (
    ("images", two_images, (1, None)),
    "@",
    ("transposed", turned, (None, 0)),
    "=",
    ("agreements", product, (1, 0)),
)
show(equation(*parts), "agreements as a matrix product")

# %% [markdown]
# The marked entry: $0 \cdot 1 + 1 \cdot (-1) + 1 \cdot 1 = 0$.

# %%
# exercise: agreement

# %% [markdown]
# **What do you expect?** How many of the 10,000 test images will be read correctly now? The raw mean
# images read 63 of 100.

# %%
a = agreement(templates, test_images)
answers = a.argmax(axis=1)
right = answers == test_labels
print("agreements", tuple(a.shape))
print(f"right answers: {int(right.sum())} of {len(right)} = {float(right.sum()) / len(right):.2%}")

# %% [markdown]
# 82.08 %, with hardly any learning: just ten means. The step from images to answers, with numbers that no
# longer change, is called *inference*. Here it is nothing but multiplying and adding.
#
# Which of the two steps of the normalisation helped? One after the other:

# %%
centred = array([(mean - mean.mean()).tolist() for mean in means])
kinds = {"mean images": means, "minus their mean": centred, "and over their\nstandard deviation": templates}
shares = [
    float((lesson.agreement(T, test_images).argmax(axis=1) == test_labels).sum()) / 100
    for T in kinds.values()
]
show(bars({"right": shares}, list(kinds), "% of the test images", "Each step helps"), "each step helps")
print(*(f"{share:.2f} %" for share in shares))

# %% [markdown]
# ## Where it fails
#
# Here are some images that are read wrongly, with their labels and the answers.
#
# **What do you expect?** Which digits are confused? Think of the mean images of 4 and 9.

# %%
wrong = [i for i in range(1200) if not right[i]][:20]
names = [f"{int(test_labels[i])} read as {int(answers[i])}" for i in wrong]
show(tiles(test_images[wrong], names), "images that the templates read wrongly")

# %% [markdown]
# Many of these are perfectly good digits. They are only slanted, or narrow, or a little off centre, and
# a single picture for each digit cannot cover all of these variants. A 7 with a bar and a 7 without
# share one blurred template.
#
# Two ideas take us further, and the rest of the workbook is about them:
#
# - **More pictures than digits.** 64 templates, say, each for a *feature*: a stroke or a shape that may
#   be part of several digits. Then a vote: this feature speaks for a 7 and against a 0.
# - **Learn them.** We do not design the 64 templates. We start from noise, and change every pixel of them
#   a little, again and again, in the direction that makes the mistakes smaller.
#
# These two ideas are what sets *machine learning* apart from this chapter: features in a hierarchy, and
# numbers that are learnt.
#
# [Chapter 2](2_layers.ipynb) starts with the first idea: a layer, which is the matrix product of this
# chapter plus a bias.
