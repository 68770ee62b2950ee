"""A class of any size: mostly right or nearly, in all the forms that a learning platform delivers.

    python tests/situations/class_of.py FOLDER [STUDENTS [SEED]]

The functions of a file are drawn from several right files, pair by pair, so that no two students hand in the
same; planted mistakes come from the checker's own suite. What must come of each is known before it is marked.
"""

import ast
import random
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parent.parent)

from situations import ALL, right
from situations.write import archive, exported, named, notebook, parts
from workbook_suite import cases

FIRST = ['Anna', 'Ben', 'Chiara', 'Dora', 'Émile', 'Fatma', 'Günther', 'Hana', 'İpek', 'Jörg', 'Katya', 'Łukasz', 'Mei', 'Nguyễn', 'Óscar', 'Priya', 'Quentin', 'Rosa', 'Søren', 'Tomáš', '李', 'Ulla', 'Víctor', 'Wanjiru', 'Xenia', 'Yusuf', 'Zoë']  # fmt: skip
LAST = ['Abe', 'Bauer', 'Costa', 'Dvořák', 'Eriksen', 'Fuchs', 'García', 'Hansen', 'Ito', 'Jansen', 'Kowalski', 'Lê', 'Müller', 'Novák', "O'Brien", 'Petrov', 'Quist', 'Rossi', 'Şahin', 'Tanaka', 'Urban', 'Vogel', 'Weiß', 'Xu', 'Yılmaz', 'Zieliński']  # fmt: skip
WHOLE = (
    "plain",
    "loops",
    "einsum",
    "dictionaries",
    "commented_cn",
    "whole_gradient",
    "logged",
)  # NumPy, caches left alone
OTHER = ("tape", "inlined", "layer_classes", "in_order")
TORCH = ("course", "torch_plain", "torch_objects")
SHARES = {"other": 7, "planted": 20, "half": 6, "torch": 4, "odd": 5, "hangs": 2}  # of 100; the rest is right
GROUPS = (("affine_forward", "affine_backward"), ("relu_forward", "relu_backward"), ("sigmoid_forward", "sigmoid_backward"),
          ("l2_loss",), ("calculate_accuracy",), ("TwoLayerNet",), ("train_model",))  # fmt: skip
TRAINING = "\n\nx, labels = np.random.rand(60000, 784), np.random.randint(0, 10, 60000)\nmodel = TwoLayerNet(784, 128, 10)\ntrain_model(model, x, labels, x, labels, 100)\nprint(calculate_accuracy(model, x, labels))\n"
DATA = "\n\nimport gzip\nwith gzip.open('train-images-idx3-ubyte.gz') as f:\n    x = np.frombuffer(f.read(), np.uint8)\nimport matplotlib.pyplot as plt\nplt.imshow(x[:784].reshape(28, 28))\nplt.show()\n"
COLAB = "try:\n    from google.colab import drive\n    IN_COLAB = True\nexcept ImportError:\n    IN_COLAB = False\nif IN_COLAB:\n    drive.mount('/content/drive')\n    %cd /content/drive/MyDrive\n!pip install -q tqdm"


@dataclass(frozen=True)
class Handed:
    """What one student hands in, and the marks that it must get: exercise -> "right", a state, or a number."""

    student: str
    id: int
    kind: str
    files: dict
    marks: dict = field(default_factory=lambda: dict.fromkeys(ALL, "right"))

    @property
    def folder(self):
        """As Moodle names it."""
        return f"{self.student}_{self.id}_assignsubmission_file_"


def class_of(students, seed=0):
    """The class, sorted by nothing in particular."""
    draw = random.Random(seed)
    pieces = {name: named(right(name)) for name in WHOLE}
    planted = [c for c in cases() if c.whole and c.number and "torch" not in c.text]
    names = [f"{first} {last}" for first in FIRST for last in LAST]
    kinds = [kind for kind, share in SHARES.items() for _ in range(round(share * students / 100))]
    kinds += ["right"] * (students - len(kinds))
    draw.shuffle(kinds)
    handed = []
    for number, (student, kind) in enumerate(zip(draw.sample(names, students), kinds, strict=True)):
        marks = dict.fromkeys(ALL, "right")
        if kind in ("right", "half", "hangs"):
            text = mixed(draw, pieces)
        elif kind == "planted":
            case = draw.choice(planted)
            text, marks = case.text, {case.exercise: case.number}
        else:
            text = right(draw.choice(TORCH if kind == "torch" else OTHER))
        if kind == "half":
            for name in draw.sample(ALL, draw.randint(1, 4)):
                text, marks[name] = blanked(text, name), "not done"
        if kind == "hangs":
            name = draw.choice(("l2_loss", "relu_backward", "sigmoid_forward", "calculate_accuracy"))
            text, marks[name] = hanging(text, name), "ran out of time"
        files = odd(draw) if kind == "odd" else form(draw, text)
        handed.append(Handed(student, 100_000 + 37 * number, kind, files, {} if kind == "odd" else marks))
    return handed


def write(handed, folder):
    """Into a folder, as it comes out of Moodle's archive."""
    for one in handed:
        for name, content in one.files.items():
            path = Path(folder) / one.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())


def mixed(draw, pieces):
    """A right file whose functions come from several."""
    bodies, heads, taken = [], [], set()
    for group in GROUPS:
        source = pieces[draw.choice(WHOLE)]
        wanted, heads = list(group), [*heads, source[""]]
        while wanted:  # with the helpers that they call
            name = wanted.pop(0)
            if name not in taken:
                taken.add(name)
                bodies.append(source[name])
                wanted += [
                    n.id
                    for n in ast.walk(ast.parse(source[name]))
                    if isinstance(n, ast.Name) and n.id in source and n.id not in ALL
                ]
    future = "from __future__ import annotations\n"
    head = "\n\n".join(dict.fromkeys(head.replace(future, "") for head in heads))
    head = future + head if any(future in head for head in heads) else head
    helpers = [
        b for b in bodies if not re.search(r"^(def|class) (" + "|".join(ALL) + r")\b", b, re.MULTILINE)
    ]
    return head.rstrip() + "\n\n\n" + "\n\n".join([*helpers, *(b for b in bodies if b not in helpers)])


def blanked(text, name):
    """The same without the body of one function; of the class, without that of its methods."""
    body = named(text)[name]
    first = (
        "\n".join(re.findall(r"^class .*$", body, re.MULTILINE)) + "\n    pass\n"
        if name == "TwoLayerNet"
        else f"def {name}(*given):\n    # TODO\n    pass\n"
    )
    return text.replace(body, first)


def hanging(text, name):
    """One function that never ends."""
    return text.replace(
        named(text)[name],
        f"def {name}(*given):\n    total = 0\n    while True:\n        total = total + len(given)\n",
    )


def form(draw, text):
    """The same work in one of the forms in which it is handed in."""
    text += draw.choices(("", TRAINING, DATA), (5, 3, 2))[0] if "import numpy" in text else ""
    kind = draw.choices(
        ("py", "notebook", "cells", "zip", "notebook and py", "modules", "mac", "exported", "deep"),
        (30, 10, 25, 10, 5, 8, 4, 4, 4),
    )[0]
    cells = parts(text)
    match kind:
        case "notebook":
            return {"Untitled.ipynb": notebook(text)}
        case "cells":
            return {"hw2.ipynb": notebook("md:# Homework 2", COLAB, "%matplotlib inline", *cells)}
        case "zip":
            return {"hw2.zip": archive({"hw2/net.py": text, "hw2/plot.png": b"\x89PNG"})}
        case "notebook and py":
            return {
                "hw2.ipynb": notebook(
                    "from net import *\nimport numpy as np",
                    "x = W = b = np.ones((3, 3))\naffine_forward(x, W, b)",
                ),
                "net.py": text,
            }
        case "modules" if "from __future__" not in text:
            cut = next((i for i, c in enumerate(cells) if "class TwoLayerNet" in c), None)
            if cut:
                top = "".join(c for c in cells[:cut] if not re.match(r"@|def |class ", c))
                return {
                    "layers.py": "\n\n".join(cells[:cut]),
                    "net.py": top + "\nfrom layers import *\n\n\n" + "\n\n".join(cells[cut:]),
                }
        case "mac":
            return {
                "hw2.zip": archive(
                    {"Homework/net.py": text, "Homework/.DS_Store": b"\0\0\0\1Bud1"}, apple=True
                )
            }
        case "exported" if "from __future__" not in text:
            return {"hw2.py": exported("get_ipython().run_line_magic('matplotlib', 'inline')", *cells)}
        case "deep":
            return {"Übung 2/src/net.py": text, "Übung 2/report.pdf": b"%PDF-1.4"}
    return {"net.py": text}


def odd(draw):
    """What is no work, or cannot be read."""
    return draw.choice((
        {"net.docx": archive({"word/document.xml": "<w/>"})}, {"net.py": ""}, {"work.ipynb": '{"cells": ['}, {"hw.zip": b"PK\3\4" + b"\7" * 90},
        {"net.py": "import numpy as np\n\n\nclass Network:\n    def feedforward(self, a):\n        return a\n"}, {"report.pdf": b"%PDF-1.7"},
    ))  # fmt: skip


if __name__ == "__main__":
    folder, size, seed = [*sys.argv[1:], *("50", "0")[len(sys.argv) - 2 :]]
    made = class_of(int(size), int(seed))
    write(made, folder)
    for one in made:
        print(f"{one.folder:<60} {one.kind:<8} {', '.join(one.files)}")
