"""Several files, archives, what learning platforms make of them, and names of all kinds."""

import re

from handgrad.errors import readable
from situations import CHECK, CLASS, Situation, right
from situations.write import archive, named, notebook, parts

PLAIN, COURSE = right("plain"), right("course")
BODY = named(PLAIN)
HEAD = "import numpy as np\n\n"
LAYERS = HEAD + "\n\n".join(
    BODY[f"{n}_{w}"] for n in ("affine", "relu", "sigmoid") for w in ("forward", "backward")
)
LOSS = HEAD + BODY["l2_loss"] + "\n\n" + BODY["calculate_accuracy"]
NET, TRAIN = BODY["TwoLayerNet"], BODY["train_model"]


def by_name(text, module):
    """The layers called as attributes of a module."""
    return re.sub(r"\b((?:affine|relu|sigmoid)_(?:forward|backward))\b", rf"{module}.\1", text)


def slip(files):
    """The same files, one line of them wrong: no mask in relu_backward."""
    return {name: text.replace("dx = dout * (x > 0)", "dx = dout * 1") for name, text in files.items()}


BLANK = "import numpy as np\n\n\n" + "\n\n\n".join(
    f"def {n}(*given):\n    pass" for n in BODY if n and n != "TwoLayerNet"
)
THREE = {
    "layers.py": LAYERS, "losses.py": LOSS,
    "model.py": "import numpy as np\nfrom layers import *\n\n\n" + NET,
    "train.py": "import numpy as np\nfrom model import TwoLayerNet\nfrom losses import l2_loss, calculate_accuracy\n\n\n" + TRAIN
    + "\n\nif __name__ == '__main__':\n    train_model(TwoLayerNet(784, 9, 10), *np.load('x.npz'))\n",
}  # fmt: skip
PACKAGE = {
    "mynet/__init__.py": "from .model import TwoLayerNet\nfrom .layers import *\n", "mynet/layers.py": LAYERS,
    "mynet/model.py": "import numpy as np\nfrom . import layers as L\nfrom .layers import affine_forward, affine_backward, relu_forward, relu_backward, sigmoid_forward, sigmoid_backward\n\n\n" + NET,
    "main.py": "import numpy as np\nfrom mynet import TwoLayerNet\n\n\n" + BODY["l2_loss"] + "\n\n" + BODY["calculate_accuracy"] + "\n\n" + TRAIN
    + "\n\ntrain_model(TwoLayerNet(784, 64, 10), *np.load('mnist.npz').values(), 10)\n",
}  # fmt: skip
CIRCLE = {
    "a.py": "import b\nimport numpy as np\n\n\n" + LAYERS + "\n\n\ndef eins(labels, C):\n    return np.eye(C)[labels]\n",
    "b.py": "import a as first\nimport numpy as np\n\n\n" + LOSS.replace("target = np.zeros((N, C))\n    target[np.arange(N), y_hat] = 1", "target = first.eins(y_hat, C)")
    + "\n\n\n" + by_name(NET, "first") + "\n\n" + TRAIN,
}  # fmt: skip
NESTED = archive(
    {
        "homework/net.py": PLAIN,
        "homework/report.pdf": b"%PDF-1.4 \xe2\xe3",
        "homework/.DS_Store": b"\0\0\0\1Bud1",
    },
    apple=True,
)


def moodle(student, number, files, kind="assignsubmission_file"):
    return {f"{student}_{number}_{kind}_/{name}": content for name, content in files.items()}


CLASSROOM = {
    "conftest.py": "import pytest\n\n@pytest.fixture\ndef rng():\n    import numpy as np\n    return np.random.default_rng(0)\n",
    "tests/test_net.py": "from net import affine_forward\nimport numpy as np\n\ndef test_affine(rng):\n    assert affine_forward(rng.random((2, 3)), rng.random((4, 3)), 0)[0].shape == (2, 4)\n",
    "setup.py": "from setuptools import setup\nsetup(name='hw')\n", ".github/workflows/classroom.yml": "name: CI\n", "README.md": "# hw2\n", "requirements.txt": "numpy\n",
    ".git/config": "[core]\n", "__pycache__/net.cpython-311.pyc": b"\xa7\r\r\n\0\0\0\0", "venv/lib/python3.11/site-packages/numpy_like.py": "def affine_forward(x, W, b):\n    raise RuntimeError\n",
}  # fmt: skip


def student(name, files, **more):
    return Situation(name, files, **more)


def named_so(name):
    """One student of a class in which every name is strange."""
    return Situation(
        f"the name {name!r:.40}",
        {f"{name}.py": PLAIN},
        kind=CLASS,
        group="names",
        student=readable(name.replace("\u202e", "")),
    )


WITH_L = {
    "layers.py": LAYERS,
    "net.py": "import numpy as np\nimport layers as L\n\n\n"
    + LOSS
    + "\n\n\n"
    + by_name(NET, "L")
    + "\n\n"
    + TRAIN,
}

SITUATIONS = [
    student("three modules, one mistake", slip(THREE), marks={"relu_backward": 19}),
    student("a package, one mistake", slip(PACKAGE), marks={"relu_backward": 19}),
    student("import layers as L, one mistake", slip(WITH_L), marks={"relu_backward": 19}),
    student("a circle, one mistake", slip(CIRCLE), marks={"relu_backward": 19}),
    student("three modules that import each other", THREE),
    student("a package and a main program", PACKAGE),
    student("two modules that import each other in a circle", CIRCLE),
    student("modules in src/, imported by sys.path", {"src/layers.py": LAYERS, "src/losses.py": LOSS,
            "run.py": "import sys, os\nsys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'src'))\nimport numpy as np\nfrom layers import *\nfrom losses import *\n\n\n" + NET + "\n\n" + TRAIN}),
    student("import layers as L, everything by L.", WITH_L),
    student("a notebook that imports its own module", {"layers.py": LAYERS, "work.ipynb": notebook("%load_ext autoreload\nimport numpy as np\nfrom layers import *", LOSS, NET, TRAIN)}),
    student("one file an exercise", {f"{n}.py": HEAD + t for n, t in BODY.items() if n and n not in ("TwoLayerNet", "train_model")} |
            {"TwoLayerNet.py": "import numpy as np\n" + "".join(f"from {n}_{w} import {n}_{w}\n" for n in ("affine", "relu", "sigmoid") for w in ("forward", "backward")) + "\n\n" + NET,
             "train_model.py": "import numpy as np\nfrom l2_loss import l2_loss\nfrom calculate_accuracy import calculate_accuracy\n\n\n" + TRAIN}),
    student("two notebooks, one exercise sheet each", {"week 1.ipynb": notebook("import numpy as np", LAYERS), "week 2.ipynb": notebook("import numpy as np", LOSS, NET, TRAIN)}),
    student("a notebook and its export", {"work.ipynb": notebook(*parts(PLAIN)), "work.py": PLAIN}),
    student("the blank file as handed out and the finished one", {"two_layer_net.py": BLANK, "my solution.py": PLAIN}),
    student("second attempt: net.py and net (1).py", {"net.py": PLAIN.replace("* (x > 0)", ""), "net (1).py": PLAIN}, says=("net (1).py",), changed={"net.py": 0, "net (1).py": 60}),
    student("final, final2, final_FINAL", {"final.py": PLAIN.replace("/ N\n", "\n"), "final2.py": PLAIN.replace("* (x > 0)", "* (x >= 0)"), "final_FINAL.py": PLAIN},
            changed={"final.py": 0, "final2.py": 60, "final_FINAL.py": 120}, says=("final_FINAL.py",)),
    student("the newest is the wrong one", {"old.py": PLAIN, "new.py": PLAIN.replace("* (x > 0)", "")}, changed={"old.py": 0, "new.py": 60}, marks={"relu_backward": ("right", 19)}),
    student(".ipynb_checkpoints with an older copy", {"work.ipynb": notebook(*parts(PLAIN)), ".ipynb_checkpoints/work-checkpoint.ipynb": notebook(BLANK)}),
    student("folder in folder in folder", {"Abgabe/Übung 2/src/net.py": PLAIN}),
    student("a zip", {"homework.zip": archive({"net.py": PLAIN})}),
    student("a zip with a folder, made on a Mac", {"homework.zip": NESTED}, never=("Traceback", "__MACOSX")),
    student("a zip in a zip", {"outer.zip": archive({"inner.zip": archive({"a/net.py": PLAIN}), "readme.txt": "see inner.zip"})}),
    student("a zip of three modules", {"hw.zip": archive({f"hw/{n}": t for n, t in THREE.items()})}),
    student("the zip and what was in it", {"hw.zip": archive({"hw/net.py": PLAIN}), "hw/net.py": PLAIN}),
    student("a zip with names in cp437 and a path with backslashes", {"hw.zip": archive({"\xdcbung\\net.py": PLAIN})}),
    student("a GitHub Classroom repository", {"net.py": PLAIN} | CLASSROOM),
    student("a helper with the name of a library: random.py", {"random.py": "def seed(n):\n    return n\n", "net.py": "import random\nrandom.seed(3)\n" + PLAIN}),
    student("files of other kinds beside the work", {"net.py": PLAIN, "net.docx": b"PK\3\4" + b"\0" * 30, "plot.png": b"\x89PNG\r\n\x1a\n", "data.csv": "1,2\n", "weights.npz": archive({"W1.npy": b"\x93NUMPY"})}),
    # --- what platforms make
    Situation("Moodle's folders", moodle("Anna Müller", 123456, {"net.py": PLAIN}) | moodle("Ben O'Brien", 123457, {"x.py": "x = 1"}), kind=CLASS, student="Anna Müller", says=("123456",)),
    Situation("Moodle's zip of all, with a zip in each", {"Course-HW2-1234.zip": archive(moodle("Anna Müller", 123456, {"hw.zip": archive({"net.py": PLAIN})}) | moodle("Ben", 12, {"x.py": "x = 1"}))}, kind=CLASS, student="Anna Müller"),
    Situation("Moodle's folders, with an online text beside the file", moodle("Anna Müller", 123456, {"net.py": PLAIN}) | moodle("Anna Müller", 123456, {"onlinetext.html": "<p>see file</p>"}, "assignsubmission_onlinetext"), kind=CLASS, student="Anna Müller"),
    Situation("Moodle without folders: the name in each file's name", {"Anna Müller_123456_assignsubmission_file_net.py": PLAIN, "Ben Stein_99_assignsubmission_file_hw.zip": archive({"net.py": PLAIN})}, kind=CLASS, student="Ben Stein"),
    Situation("Canvas's names", {"muelleranna_123_4567890_net.py": PLAIN, "steinben_LATE_124_4567891_net-2.py": PLAIN}, kind=CLASS, student="steinben", says=("true",)),
    Situation("GitHub Classroom: a repository each, conftest.py at the top", {f"hw2-anna/{n}": t for n, t in ({"net.py": PLAIN} | CLASSROOM).items()} | {"conftest.py": CLASSROOM["conftest.py"], "hw2-ben/net.py": "x = 1"}, kind=CLASS, student="anna"),
    Situation("a folder that holds only the class's folder", {"submissions/hw2/Anna/net.py": PLAIN, "submissions/hw2/Ben/net.py": PLAIN}, kind=CLASS, student="Anna"),
    Situation("files of other kinds beside the class's", {"Anna.py": PLAIN, "grades.xlsx": b"PK\3\4", "README.md": "x", "Thumbs.db": b"\0"}, kind=CLASS, student="Anna"),
    Situation("a zip for each student", {"Anna.zip": archive({"net.py": PLAIN}), "Ben.zip": archive({"ben/net.py": PLAIN})}, kind=CLASS, student="Ben"),
    Situation("file names differ in case only", {"Anna/net.py": PLAIN, "anna/net.py": "x = 1"}, kind=CLASS, student="Anna"),
    # --- names
    *map(named_so, ("Müller", "李明", "=1+1", "@SUM(A1)", "-2+3", "+491234", "محمد علي", "O'Brien, Séan", "a" * 200, "tab\there", "two\nlines", "‮gpj.exe", "con", "50%", "a;b,c\"d", "🙂", "x\x1b[31mred")),
    # --- handgrad workbook check
    Situation("check of a folder", {f"mine/{n}": t for n, t in THREE.items()}, kind=CHECK, student="mine"),
    Situation("check of a zip", {"hw.zip": archive({"net.py": PLAIN})}, kind=CHECK, student="hw.zip"),
    Situation("check of one module that needs its neighbours", {f"mine/{n}": t for n, t in THREE.items()}, kind=CHECK, student="mine/train.py", only=("train_model",)),
    Situation("check of a folder with a docx", {"mine/net.docx": b"PK\3\4"}, kind=CHECK, student="mine", only=(), says=("net.docx",)),
    Situation("check of an empty folder", {"mine/.keep": ""}, kind=CHECK, student="mine", only=()),
]  # fmt: skip
