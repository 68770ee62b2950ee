"""Half-finished work, one known mistake in otherwise right work, and what is no work at all."""

from situations import ALL, CHECK, Situation, right
from situations.write import archive, named, notebook, parts

PLAIN = right("plain")
BODY = named(PLAIN)
LAYERS = tuple(n for n in ALL if n.endswith(("forward", "backward")))


def one(name, old, new, marks, text=PLAIN, **more):
    """A file that is right but for one line."""
    assert old in text, old
    return Situation(f"one mistake: {name}", {"net.py": text.replace(old, new)}, marks=marks, **more)


def nothing(name, files, *says, **more):
    return Situation(
        f"nothing: {name}", files, dict.fromkeys(ALL, ("not done", "could not be read")), says, **more
    )


def cut(text, at):
    return text[: text.index(at) + len(at)]


TAIL = "\n\nx, labels = np.random.rand(60000, 784), np.arange(60000) % 10\nmodel = TwoLayerNet(784, 99, 10)\ntrain_model(model, x, labels, x, labels, 99)\n"

SITUATIONS = [
    one("no mask in relu_backward, trains at the end", "dx = dout * (x > 0)\n    return dx", "dx = dout\n    return dx", {"relu_backward": 19}, PLAIN + TAIL),
    one("bias gradient averaged", "db = dout.sum(axis=0)", "db = dout.mean(axis=0)", {"affine_backward": 7}),
    one("1/N missing in the gradient of the loss", "dy = 2 * diff / N", "dy = 2 * diff", {"l2_loss": 1}),
    one("update adds", "model.params[name] -= learning", "model.params[name] += learning", {"train_model": 6}),
    one("argmax over the wrong axis", "np.argmax(out, axis=1)", "np.argmax(out, axis=0)", {"calculate_accuracy": 29}),
    one("a function hangs", "    diff = y - target\n", "    while True:\n        diff = y - target\n", {"l2_loss": "ran out of time"}),
    *(Situation(f"one mistake: {name} sleeps for ever", {"net.py": PLAIN.replace(BODY[name], f"def {name}(*given):\n    import time\n    time.sleep(1e6)\n")}, {name: "ran out of time"})
      for name in ("affine_forward", "sigmoid_forward", "relu_backward", "calculate_accuracy", "train_model")),
    one("a function is slow: 2 s a call", "    diff = y - target\n", "    import time\n    time.sleep(2)\n    diff = y - target\n", {"l2_loss": ("right", "ran out of time")}),
    one("a function waits for input()", "    diff = y - target\n", "    input('go on?')\n    diff = y - target\n", {"l2_loss": ("wrong", "right")}),
    one("a function ends the program", "    diff = y - target\n", "    import os\n    os._exit(0)\n", {"l2_loss": "wrong"}),
    one("wrong scale of W2, as the course refuses it", "np.sqrt(2 / (hidden_dim + out_dim))", "np.sqrt(2 / inp_dim)", {"TwoLayerNet": ("wrong", 45, 46, 47, 48)}),
    one("wrong scale by a tenth", "np.sqrt(2 / inp_dim)", "1.1 * np.sqrt(2 / inp_dim)", {"TwoLayerNet": ("wrong", 45, 46, 47, 48)}),
    one("a misspelt name in the loop", "model.backward(dout, cache)\n", "model.backward(dout, cahce)\n", {"train_model": "wrong"}),
    Situation("half: the layers only", {"net.py": cut(PLAIN, BODY["sigmoid_backward"])}, dict.fromkeys(set(ALL) - set(LAYERS), "not done")),
    Situation("half: the rest as it was handed out, TODO and None", {"net.py": PLAIN.replace(BODY["train_model"], "def train_model(model, train_data, train_labels, validation_data, validation_labels, n_epochs, learning_rate=1e-3, batch_size=16):\n"
              "    # TODO\n    N = len(train_data)\n    for epoch in range(n_epochs):\n        pass\n").replace(BODY["l2_loss"], "def l2_loss(y, y_hat):\n    loss = None\n    dy = None\n    # Begin of your code\n    # End\n    return loss, dy\n")},
              {"l2_loss": "not done", "train_model": "not done"}),
    Situation("half: raise NotImplementedError, ellipsis, a docstring", {"net.py": PLAIN.replace(BODY["train_model"], "def train_model(*a, **k):\n    raise NotImplementedError('later')\n").replace(BODY["calculate_accuracy"], "def calculate_accuracy(model, input_data, labels):\n    ...\n")
              .replace(BODY["relu_backward"], "def relu_backward(dout, cache):\n    \"\"\"Way back.\"\"\"\n")}, dict.fromkeys(("train_model", "calculate_accuracy", "relu_backward"), "not done")),
    Situation("half: breaks off in the middle of train_model", {"net.py": cut(PLAIN, "out, cache = model.forward(x)\n            loss, dout = l2_loss(")}, {"train_model": "could not be read"}),
    Situation("half: backward of the network blank", {"net.py": PLAIN.replace(BODY["TwoLayerNet"], cut(BODY["TwoLayerNet"], "def backward(self, dout, cache):\n") + "        pass\n")}, {"TwoLayerNet": ("not done", "wrong", 24)}),
    Situation("half: two attempts with a part each", {"a.py": cut(PLAIN, BODY["sigmoid_backward"]), "b.py": "import numpy as np\nfrom a import *\n\n\n" + PLAIN[PLAIN.index("def l2_loss"):]}),
    Situation("half: one exercise of a notebook has an error at its end", {"work.ipynb": notebook(*parts(PLAIN)[:-1], BODY["numerical_gradient"] + "\nprint(numerical_gradient(np.sum, np.ones(3)))\nassert 1 == 2")}),
    nothing("an empty file", {"net.py": ""}),
    nothing("only imports", {"net.py": "import numpy as np\n"}),
    nothing("a Word file", {"net.docx": archive({"word/document.xml": "<w:document/>", "[Content_Types].xml": "<Types/>"})}, "net.docx"),
    nothing("a PDF and a picture", {"report.pdf": b"%PDF-1.7\n", "screenshot.png": b"\x89PNG\r\n\x1a\n"}, "report.pdf"),
    nothing("an RTF file named .py", {"net.py": r"{\rtf1\ansi {\fonttbl\f0 Menlo;} import numpy as np\par def affine_forward(x, W, b):\par }"}),
    nothing("a web page that was saved for the notebook", {"work.ipynb": "<!DOCTYPE html>\n<html><head><title>work.ipynb - Colaboratory</title></head></html>"}, "work.ipynb"),
    nothing("a Git LFS pointer", {"work.ipynb": "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"}, "work.ipynb"),
    nothing("a notebook that breaks off", {"work.ipynb": notebook(*parts(PLAIN))[:3000]}, "work.ipynb"),
    nothing("a damaged zip", {"hw.zip": archive({"net.py": PLAIN})[:-40]}, "hw.zip"),
    nothing("a zip with a password", {"hw.zip": archive({"net.py": PLAIN}).replace(b"\x14\0\0\0\x08\0", b"\x14\0\1\0\x08\0")}, "hw.zip"),
    nothing("a rar and a 7z", {"hw.rar": b"Rar!\x1a\7\1\0", "hw.7z": b"7z\xbc\xaf\x27\x1c"}, "hw.rar"),
    nothing("a shortcut of Windows", {"net.py.lnk": b"L\0\0\0"}, "net.py.lnk"),
    nothing("classes with other names", {"net.py": "import numpy as np\n\n\nclass Network:\n    def __init__(self, sizes):\n        self.sizes = sizes\n\n    def feedforward(self, a):\n        return a\n\n\nclass Sigmoid:\n    def __call__(self, z):\n        return 1 / (1 + np.exp(-z))\n"}, "Network", "Sigmoid"),
    Situation("nothing: TwoLayerNet with other method names", {"net.py": PLAIN.replace("def forward(self, x)", "def predict(self, x)").replace("def backward(self, dout, cache)", "def gradient(self, dout, cache)").replace("model.forward(", "model.predict(").replace("model.backward(", "model.gradient(")},
              dict.fromkeys(("TwoLayerNet", "calculate_accuracy", "train_model"), ("wrong", "right")), says=("predict", "gradient"), never=("Traceback", "TwoLayerNet is blank")),
    Situation("nothing: camelCase names", {"net.py": PLAIN.replace("affine_forward", "affineForward").replace("relu_forward", "reluForward")}, dict.fromkeys(("affine_forward", "relu_forward"), ("not done", "right")), says=("affineForward",)),
    Situation("check: an RTF", {"net.rtf": "{\\rtf1 }"}, kind=CHECK, student="net.rtf", only=(), says=("net.rtf",)),
]  # fmt: skip
