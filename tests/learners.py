"""What the tests know of the chapters: their names, a claim of each, and copies of them with wrong answers."""

import re

from handgrad.workbook.book import copies
from handgrad.workbook.book.exercise import exercises

NINE = [
    "1_templates", "2_layers", "3_nonlinearities", "4_loss", "5_backward", "6_network", "7_training", "8_inside", "9_beyond",
]  # fmt: skip
CLAIMS = {  # a claim of each chapter, as it prints it
    1: r"= 82\.08%\n",
    2: r"right answers: 82\.08 %\n",
    3: r"64 hidden, relu: 95\.\d+ %\n(.*\n)*answers that differ: [01] of 10000\n",
    4: r"all outputs 0\.5: L = 2\.50\nall outputs 0\.1: L = 0\.90\n",
    5: r"db \(2,\): largest difference \d\.\de-1\d\n",
    6: r"answers (\[5, 0, 4, 1, 9, 2, 1, 3, 1, 4\]) labels \1\n",
    7: r"test images read: (9[6-9]\.\d|95\.[1-9])\d* %",
    8: r"test images read: 96\.\d+ %\n",
    9: r"256 hidden units: 9[78]\.\d+ % of the test images\n",
}

WRONG = {  # whole answers that are wrong, and not by a slip
    "nothing comes back": "def {name}(*given, **more):\n    given = list(given)\n",
    "text": "def {name}(*given, **more):\n    return 'a', 'b', 'c'\n",
    "not a number": "def {name}(*given, **more):\n    return np.full((2, 3), np.nan)\n",
    "it raises": "def {name}(*given, **more):\n    raise ZeroDivisionError('half of it is missing')\n",
    "it changes what it is given": (
        "def {name}(*given, **more):\n    for thing in given:\n        if isinstance(thing, np.ndarray):\n"
        "            thing[:] = 7\n    return given[0]\n"
    ),
    "names of the chapter are gone": (
        "def {name}(*given, **more):\n    global np, array, show\n    np = array = show = None\n    return 3\n"
    ),
    "it prints and prints": "def {name}(*given, **more):\n    print('here I am\\n' * 20_000)\n    return 3\n",
    "it ends Python": "def {name}(*given, **more):\n    raise SystemExit(3)\n",
}
NET = """class {name}:
    def __init__(self, *given):
        self.params = self.grads = None

    def forward(self, x):
        return x, x

    def backward(self, dout, cache):
        return dout
"""


def wrong_chapter(number, shift=0):
    """A chapter with a wrong answer in each exercise: a planted mistake, or one that is wrong altogether, in turn."""
    cells = re.split(r"(?m)^(?=# %%)", copies.chapter(number, solved=True))
    answers = [
        (i + 1, exercises()[found[1]])
        for i, cell in enumerate(cells)
        if (found := re.search(r"^# ### Exercise `(\w+)`", cell, re.MULTILINE))
    ]
    for place, (i, exercise) in enumerate(answers):
        cells[i] = wrong_answer(exercise, cells[i], number + place + shift)
    return "".join(cells)


def wrong_answer(exercise, cell, turn):
    """A cell with a solution, with a mistake instead."""
    if turn % 2:
        planted = exercise.planted[turn // 2 % len(exercise.planted)]
        assert cell.count(planted.replace.rstrip("\n")) == 1
        return cell.replace(planted.replace.rstrip("\n"), planted.by.rstrip("\n"))
    kinds = list(WRONG.values())
    text = NET if f"class {exercise.name}" in cell else kinds[turn // 2 % len(kinds)]
    return f"# %%\n{text.format(name=exercise.name)}\n\n"
