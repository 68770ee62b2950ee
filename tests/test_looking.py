"""Looking before training: every check provoked, and MNIST passes without a word."""

import json

import numpy as np
import pytest

from handgrad import digits, runs
from handgrad.recipes import RECIPES
from handgrad.runs.order import classes_in_order, evenly_mixed

QUICK = RECIPES["quick"]


@pytest.fixture(scope="module")
def some(mnist):
    """2,000 training images of MNIST, as they come, and 400 test images."""
    (images, labels), (test_images, test_labels) = mnist
    return (
        images[:2000],
        labels[:2000].astype(np.uint8),
        (test_images[:400], test_labels[:400].astype(np.uint8)),
    )


def said(images, labels, test=None, recipe=QUICK, **more):
    return runs.look(runs.split(images, labels, test=test), recipe, **more)


def bold(images):
    """Strokes five pixels wider."""
    spread = [np.roll(images, (dy, dx), (1, 2)) for dy in range(-2, 3) for dx in range(-2, 3)]
    return np.max(spread, axis=0)


def test_of_mnist_nothing_is_said(mnist):
    (images, labels), test = mnist
    assert runs.look(runs.split(images, labels, test=test), QUICK) == []
    for recipe in RECIPES.values():
        assert said(images[:3000], labels[:3000], (test[0][:500], test[1][:500]), recipe) == []


def test_mnist_keeps_its_last_rows(mnist):
    images, labels = mnist[0]
    data = runs.split(images, labels)
    assert not data.in_order
    np.testing.assert_array_equal(data.validation[0], images[55_000:])
    assert data.images.base is not None, "no copy of the images is made"


def test_shades_of_another_scale_are_scaled_and_said(some):
    black_and_white, few = (some[0] > 127).astype(np.uint8), some[0] // 16
    shaded = runs.in_shades(black_and_white)
    np.testing.assert_array_equal(shaded.parts[0], 255 * black_and_white)
    assert shaded.changes == ("the largest pixel is 1: pixels are multiplied by 255, to go up to 255",)
    (scaled,), (line,) = runs.in_shades(few)
    assert scaled.max() == 239
    assert line.startswith("the largest pixel is 15: ")
    assert runs.in_shades(some[0]).changes == ()
    assert said(black_and_white, some[1]) == [
        "the largest pixel is 1: black ink should be 255 (runs.in_shades scales)"
    ]


def test_a_training_and_a_test_part_are_scaled_alike(some):
    """The scale is that of both, even where one of them has no pixel of 16."""
    train, test = some[0] // 16 + (some[0] > 250), some[2][0] // 32
    scaled = runs.in_shades(train.astype(np.uint8), test.astype(np.uint8)).parts
    assert [int(part.max()) for part in scaled] == [255, 112]


def test_bright_paper_is_inverted_unless_told_otherwise(some):
    (upright,), (line,) = runs.in_shades(255 - some[0])
    np.testing.assert_array_equal(upright, some[0])
    assert line == "the paper is bright: images are inverted, to ink on 0 (--no-invert leaves them)"
    kept = runs.in_shades(255 - some[0], invert=False)
    assert kept.changes == ()
    lines = said(kept.parts[0], some[1])
    assert lines[0] == "the paper is bright in 100% of the images, where MNIST's is 0: --invert, or --prepare"
    assert lines[1].endswith("times as bright as MNIST's: try --learning-rate 0.2")
    assert runs.in_shades(some[0], invert=True).changes == ()
    mixed = np.concatenate([255 - some[0][:600], some[0][600:]])
    assert runs.in_shades(mixed).changes == ()
    assert "the paper is bright in 30% of the images, dark in others: --prepare makes them alike" in said(
        mixed, some[1]
    )


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (lambda x: (0.3 * x).astype(np.uint8), ["the ink is pale, 30% of full ink", "times as faint as MNIST's: try --learning-rate 5"]),
        (lambda x: (0.45 * x).astype(np.uint8), ["the ink is pale, 45% of full ink", "times as faint as MNIST's: try --learning-rate 3"]),
        (bold, ["times as bright as MNIST's: try --learning-rate 0.5"]),
    ],
    ids=["faint", "pale", "bold"],
)  # fmt: skip
def test_other_brightness_is_said_with_a_rate(change, lines, some):
    found = said(change(some[0]), some[1])
    assert len(found) == len(lines)
    for line, part in zip(found, lines, strict=True):
        assert part in line
    assert said(change(some[0]), some[1], recipe=None) == found[:-1]


def test_the_rate_that_is_said_is_better(some):
    """On bold strokes, where the recipe's own rate saturates every output."""
    from handgrad.errors import DivergedError

    images, test = bold(some[0]), (bold(some[2][0]), some[2][1])
    reached = runs.fit(images, some[1], "quick", test=test, learning_rate=0.5).accuracy["test"]
    try:
        usual = runs.fit(images, some[1], "quick", test=test).accuracy["test"]
    except DivergedError:
        usual = 0.0
    assert reached > usual + 0.1


def test_classes_in_order_are_held_back_by_class(some):
    """The last rows of each class, as many as its share; mixed rows of the same images learn as well."""
    order = np.argsort(some[1], kind="stable")
    data = runs.split(some[0][order], some[1][order], test=some[2])
    assert data.in_order
    counts, held_back = np.bincount(some[1]), np.bincount(data.validation[1], minlength=10)
    assert (abs(held_back - counts / 10) <= 1).all()
    for digit in range(10):
        own = some[0][order][some[1][order] == digit]
        np.testing.assert_array_equal(
            data.validation[0][data.validation[1] == digit], own[len(own) - held_back[digit] :]
        )
        np.testing.assert_array_equal(data.images[data.labels == digit], own[: len(own) - held_back[digit]])
    assert runs.look(data, QUICK) == [
        "classes are in order: 200 images are held back by class, not the last rows"
    ]
    assert data.checksum == digits.checksum(some[0][order], some[1][order])
    reached = runs.fit(some[0][order], some[1][order], test=some[2]).accuracy
    assert reached["validation"] > 0.8
    assert reached["test"] > 0.8


def test_a_run_of_classes_in_order_is_resumed_to_the_same_bytes(some, tmp_path):
    order = np.argsort(some[1], kind="stable")
    given, whole, halves = (some[0][order], some[1][order]), tmp_path / "whole", tmp_path / "halves"
    list(runs.start(runs.split(*given), QUICK, 0, whole))
    next(iter(runs.start(runs.split(*given), QUICK, 0, halves)))
    list(runs.resume(halves, runs.split(*given, 7)))
    assert halves.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("classes", [2, 10, 47])
def test_mixed_classes_are_seldom_taken_for_ordered(classes):
    rng = np.random.default_rng(classes)
    shares = rng.dirichlet(np.full(classes, 2.0))
    for images in (50, 300, 2000):
        wrong = sum(classes_in_order(rng.choice(classes, images, p=shares)) for _ in range(200))
        assert wrong <= 2
    ordered = np.repeat(np.arange(classes), 2000 // classes)
    for labels in (ordered, ordered[::-1], np.roll(ordered, 700)):
        assert classes_in_order(labels) or classes == 2
    assert classes_in_order(ordered)
    assert not classes_in_order(np.tile(np.arange(classes), 20))


def test_an_even_mixture_keeps_the_order_within_a_class():
    labels = np.array([0] * 6 + [1] * 3)
    assert labels[evenly_mixed(labels)].tolist() == [0, 1, 0, 0, 1, 0, 0, 1, 0]
    rows = evenly_mixed(labels)
    assert all((np.diff(rows[labels[rows] == c]) > 0).all() for c in (0, 1))


def test_labels_from_1_are_said(some):
    labels = np.where(some[1] == 0, 10, some[1])
    (line,) = said(some[0], labels)
    assert line.startswith("labels run from 1 to 10, so output 0 will stay unused: count from 0")
    assert line.endswith("if 10 stands for the digit 0, write 0")


def test_a_class_in_one_part_only_is_said(some):
    images, labels, test = some
    lines = said(images[labels != 7], labels[labels != 7], test)
    assert lines == [
        "class 7 has no image: the network will never answer it",
        "class 7 has images in the test part only: they are not learnt",
    ]
    keep = ~np.isin(test[1], (3, 4))
    assert said(images, labels, (test[0][keep], test[1][keep])) == [
        "classes 3, 4 have no image in the test part: the test accuracy does not show how they are read"
    ]
    assert said(images, labels, (test[0][test[1] != 3], test[1][test[1] != 3])) == [
        "class 3 has no image in the test part: the test accuracy does not show how it is read"
    ]
    data = runs.split(images, labels, 0, (test[0][keep], test[1][keep]))
    assert runs.look(data) == [
        "classes 3, 4 have images in the training part only: the accuracy does not show how they are read"
    ]


def test_few_images_of_a_class_are_said(some):
    rows = np.concatenate([np.flatnonzero(some[1] != 7), np.flatnonzero(some[1] == 7)[:3]])
    rows = np.random.default_rng(0).permutation(rows)
    found = said(some[0][rows], some[1][rows])
    assert "few images of a class (7: 3): take more, or --from box where they are digits" in found
    assert not [
        line for line in said(some[0][rows], some[1][rows], fine_tuned=True) if line.startswith("few")
    ]


def test_images_in_both_parts_are_said(some):
    images, labels, test = some
    twice = np.concatenate([test[0], images[:30]]), np.concatenate([test[1], labels[:30]])
    (line,) = said(images, labels, twice)
    assert line.startswith("30 of 430 test images are training images, too")
    (line,) = said(np.concatenate([images, images[:50]]), np.concatenate([labels, labels[:50]]))
    assert line.startswith("50 of 205 images held back are learnt from, too")


def test_blank_images_are_said(some):
    images = some[0].copy()
    images[[3, 70]] = 0
    assert "2 of 2,000 images are blank: leave them out" in said(images, some[1])


def test_floats_are_looked_at_too(some):
    assert said(some[0] / np.float32(255), some[1]) == []
    assert "bright" in said(1 - some[0] / np.float32(255), some[1])[0]


def test_the_command_says_it_before_training(run, some, tmp_path):
    """One line each on stderr; evaluate brings the images into the same shades."""
    order = np.argsort(some[1], kind="stable")
    for name, array in {
        "a": 255 - some[0][order],
        "b": some[1][order],
        "c": 255 - some[2][0],
        "d": some[2][1],
    }.items():
        digits.write_idx(tmp_path / name, array)
    pair, test = (
        ("--images", tmp_path / "a", "--labels", tmp_path / "b"),
        ("--images", tmp_path / "c", "--labels", tmp_path / "d"),
    )
    more = ("--test-images", tmp_path / "c", "--test-labels", tmp_path / "d", "--out", tmp_path / "m")
    code, out, err = run("train", *pair, *more, "--json")
    assert code == 0
    notes = [line for line in err.splitlines() if line.startswith("note: ")]
    assert notes == [
        "note: the paper is bright: images are inverted, to ink on 0 (--no-invert leaves them)",
        "note: classes are in order: 200 images are held back by class, not the last rows",
    ]
    assert err.index(notes[1]) < err.index("quick: 256 hidden units")
    told = json.loads(out)
    assert told["notes"] == [notes[1].removeprefix("note: ")]
    code, out, _ = run("evaluate", tmp_path / "m", *test, "--json")
    assert json.loads(out)["accuracy"] == told["test_accuracy"] > 0.8
    code, out, _ = run("evaluate", tmp_path / "m", *test, "--no-invert", "--json")
    assert json.loads(out)["accuracy"] < 0.5
    code, out, err = run("explain", "--row", 3, "--model", tmp_path / "m", *test)
    assert code == 0
    assert f"read as {some[2][1][3]}" in out
    code, out, err = run("train", *pair, *more, "--quiet")
    assert (code, err) == (0, "")


def test_of_mnist_the_command_says_nothing(run, tmp_path):
    code, _, err = run("train", "--epochs", 1, "--hidden", 16, "--out", tmp_path / "m")
    assert code == 0
    assert "note:" not in err


def test_two_ways_at_once_are_wrong_usage(run, tmp_path):
    code, _, err = run("train", "--prepare", "--invert", "--out", tmp_path / "m")
    assert code == 2
    assert "--prepare finds out by itself whether ink is dark or bright; leave out --invert" in err
