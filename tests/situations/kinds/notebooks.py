"""Notebooks: IPython's own syntax, broken cells, cells in any order, what Colab and old versions write."""

from situations import Situation, right
from situations.write import exported, named, notebook, old_notebook, parts

PLAIN, COURSE = right("plain"), right("course")
CELLS = parts(PLAIN)
BODY = named(PLAIN)
HEAD = "import numpy as np"
COLAB = """try:
    from google.colab import drive # type: ignore
    IN_COLAB = True
except:
    IN_COLAB = False
    print('No colab environment.')

if IN_COLAB:
    drive.mount('/content/drive')
    FOLDERNAME = None
    assert FOLDERNAME is not None, "[!] Enter the foldername."
    import sys
    sys.path.append('/content/drive/My Drive/{}'.format(FOLDERNAME))
    %cd /content/drive/My\\ Drive/$FOLDERNAME
    print('Connected.')

import os
control_folder = '../machine_learning/control_values'
assert os.path.isdir(control_folder), 'Folder "control_values" not found'"""
TRYING = """from feed_forward import {name}

N = 3; c_in = 16; c_out = 10
x = torch.linspace(-4, 4, N*c_in).reshape((N, c_in))
W = torch.linspace(-4, 4, c_in*c_out).reshape((c_out, c_in))
b = dout = labels = cache = torch.linspace(-4, 4, c_out)
with torch.no_grad():
    out = {name}(*map(torch.tensor, (x, W, b)))
assert torch.allclose(out, torch.load(f'{{control_folder}}/{name}.pt'))"""
PICTURE = {
    "output_type": "display_data",
    "data": {"image/png": "iVBORw0KGgo" * 60_000, "text/plain": ["<Figure>"]},
    "metadata": {},
}
FLOOD = {"output_type": "stream", "name": "stdout", "text": [f"epoch {i}\n" for i in range(30_000)]}


def with_cells(name, *before, after=(), cells=CELLS, **more):
    """The functions cell by cell, with other cells before and after them."""
    return Situation(
        f"notebook: {name}", {"work.ipynb": notebook("md:# Homework 2", *before, *cells, *after)}, **more
    )


def without(*names):
    """The cells but for those that define these."""
    return [cell for cell in CELLS if not any(f"def {n}(" in cell or f"class {n}" in cell for n in names)]


SITUATIONS = [
    with_cells("cell by cell"),
    Situation("notebook: all in one cell", {"work.ipynb": notebook(PLAIN)}),
    with_cells("the course's first cell, with its indented %cd", COLAB),
    Situation("the course's own hand-in: feed_forward.py and the notebook that tries it",
              {"feed_forward.py": COURSE, "machine_learning.ipynb": notebook(
                  COLAB, "%load_ext autoreload\n%autoreload 2\n%matplotlib inline", "import torch\nfrom feed_forward import TwoLayerNet, train_model\nimport torchvision",
                  *(TRYING.format(name=n) for n in ("affine_forward", "affine_backward", "relu_forward", "sigmoid_backward", "l2_loss")),
                  "labels = train_labels = torch.arange(10)\nmodel = TwoLayerNet(784, 100, 10)\ntrain_model(model, train_data, train_labels, v, labels, 30)")}),
    Situation("the course's notebook alone, the file forgotten", {"machine_learning.ipynb": notebook(
        COLAB, "import torch\nfrom feed_forward import TwoLayerNet, train_model", TRYING.format(name="affine_forward"))},
        marks=dict.fromkeys(("affine_forward", "TwoLayerNet", "train_model"), ("not done", "could not be run here")), says=("feed_forward",),
        only=("affine_forward", "TwoLayerNet", "train_model")),
    with_cells("%matplotlib, !pip, %%time, %timeit", "%matplotlib inline\n!pip install -q numpy tqdm", "%%time\ndata = 1",
               after=("%timeit affine_forward(x, W, b)\n%prun train_model(1)", "%%timeit -n 3\nrelu_forward(x)")),
    with_cells("a = !ls, a = %timeit, f?, ?f, f??", "files = !ls -la\nn = %timeit -o 1+1", after=("affine_forward?", "?relu_forward", "np.dot??", "files = %sx ls\nfor f in files: print(f)")),
    with_cells("%%html, %%bash, %%writefile, %%javascript, %%latex", "%%html\n<style>td {color: red}</style>", "%%bash\nset -e\nfor i in 1 2; do echo $i; done",
               after=("%%writefile notes.txt\nthis is { not Python", "%%javascript\nalert('hi');", "%%latex\n\\frac{1}{2}", "%%svg\n<svg/>")),
    with_cells("a function in a %%time cell", cells=["%%time\n" + c if "def train_model" in c else c for c in CELLS]),
    with_cells("a function in a %%capture cell with options", cells=["%%capture out --no-stderr\n" + c if "def l2_loss" in c else c for c in CELLS]),
    with_cells("a magic inside a function", cells=[c.replace("    N = len(train_data)\n", "    N = len(train_data)\n    %matplotlib inline\n") for c in CELLS]),
    with_cells("shell lines with braces and continuation", "!for f in *.gz; do \\\n    gunzip $f; \\\ndone", "if True:\n    !wget -q https://example.org/{name}.gz\n    out = !ls {name}", after=("%env OMP_NUM_THREADS=1", "ls -l")),
    with_cells("one cell cannot be read", after=("def half(x:\n    return x",)),
    with_cells("the cell of one function cannot be read", cells=[c.replace("(x > 0)", "(x > 0") for c in CELLS], marks={"relu_backward": "could not be read"}, says=("cell",)),
    with_cells("a cell of prose that was left as code", "In this notebook we train a network; it's easy!", after=("TODO: ask Maria why the loss is 2.3",)),
    with_cells("cells in reverse order", cells=[HEAD, *reversed([c for c in CELLS if c.startswith(("def", "class"))])]),
    with_cells("a constant that is made further down", cells=[c.replace("dy = 2 * diff", "dy = FACTOR * diff") for c in CELLS], after=("FACTOR = 2.0",)),
    with_cells("functions first, imports last", cells=[c for c in CELLS if c.startswith(("def", "class"))], after=(HEAD,)),
    with_cells("definitions twice, the first ones blank", "def l2_loss(y, y_hat):\n    loss = None\n    dy = None\n    # TODO\n    return loss, dy", "class TwoLayerNet:\n    pass"),
    with_cells("definitions twice, the first ones wrong", BODY["relu_backward"].replace("x > 0", "x >= 0"), BODY["l2_loss"].replace("/ N", "")),
    with_cells("a blank copy of the exercise at the end", after=("def l2_loss(y, y_hat):\n    # your code here\n    pass",)),
    with_cells("an endless training cell and one with an error", after=("while True:\n    model = TwoLayerNet(784, 10, 10)\n    x = W = b = labels = model", "assert False, 'stop here'\nraise KeyboardInterrupt")),
    with_cells("training with the names of the parameters", after=("x, labels = train_data, train_labels = np.random.rand(60000, 784), np.random.randint(0, 10, 60000)\nN, C = 5, 10",
               "model = TwoLayerNet(784, 256, 10)\ntrain_model(model, x, labels, x, labels, n_epochs=500)")),
    with_cells("input() in a cell", "batch_size = int(input())\nname = input('name? ')"),
    with_cells("display, get_ipython, top-level await", "from IPython.display import display, HTML, clear_output\ndisplay(HTML('<b>x</b>'))\nget_ipython().system('ls')",
               "import asyncio\nawait asyncio.sleep(0)", after=("_ + 1\n__\nOut[3]\nIn[1]",)),
    with_cells("ipywidgets and an interactive plot", "import ipywidgets as widgets\nfrom ipywidgets import interact\n@interact(x=(0, 9))\ndef show(x=0):\n    plt.imshow(images[x])"),
    Situation("notebook: format of 2014", {"work.ipynb": old_notebook(*CELLS)}),
    Situation("notebook: source as one string", {"work.ipynb": notebook(*CELLS).replace('"source": ["import numpy as np\\n"]', '"source": "import numpy as np\\n"')}),
    Situation("notebook: Colab's metadata, forms, 40 MB of pictures", {"work.ipynb": notebook(
        "#@title Parameters {display-mode: \"form\"}\nhidden = 64 #@param {type:\"slider\", min:1, max:256}", *CELLS, outputs=[PICTURE] * 3 + [FLOOD],
        colab={"provenance": [], "toc_visible": True}, accelerator="GPU", widgets={"application/vnd.jupyter.widget-state+json": {"x" * 20: "y" * 100_000}})}),
    Situation("notebook: a byte-order mark, CRLF in its lines", {"work.ipynb": b"\xef\xbb\xbf" + notebook(*(c.replace("\n", "\r\n") for c in CELLS)).encode()}),
    Situation("notebook: downloaded as .ipynb.json", {"work.ipynb.json": notebook(*CELLS)}),
    Situation("notebook: downloaded as .ipynb.txt", {"work.ipynb.txt": notebook(*CELLS)}),
    Situation("notebook: kernel is R, cells are Python", {"work.ipynb": notebook(*CELLS, kernelspec={"name": "ir", "language": "R"})}),
    Situation("notebook: a raw cell and one of an unknown kind", {"work.ipynb": notebook(*CELLS).replace('"cells": [', '"cells": [{"cell_type": "raw", "source": "---"}, {"cell_type": "heading", "level": 1, "source": ["x"]}, ')}),
    Situation("notebook exported as Python, # In[1]", {"work.py": exported("get_ipython().run_line_magic('matplotlib', 'inline')\nget_ipython().system('pip install tqdm')", *CELLS,
               "md:Training", "x = W = b = np.load('data.npy')\ntrain_model(TwoLayerNet(784, 8, 10), x, x, x, x, 99)")}),
    Situation("notebook exported by Colab as Python, magics and shell in comments and not", {"work.py": exported("# !pip install tqdm\n# %matplotlib inline", *CELLS, "!ls\n%cd /content", "files = !ls")}),
    Situation("percent format with # %%", {"work.py": "\n\n".join("# %%\n" + c for c in CELLS) + "\n# %% [markdown]\n# The end\n# %%\n# !ls\n"}),
    Situation("only markdown", {"work.ipynb": notebook("md:# I had no time", "md:sorry")}, marks=dict.fromkeys(("l2_loss", "train_model"), "not done"), only=("l2_loss", "train_model")),
    Situation("notebook: answers in markdown cells with code fences", {"work.ipynb": notebook(*(f"md:```python\n{c}```" for c in CELLS))}, marks=dict.fromkeys(("l2_loss", "TwoLayerNet"), "not done"), only=("l2_loss", "TwoLayerNet")),
    with_cells("functions in a %%writefile cell, imported after", "%%writefile layers.py\nimport numpy as np\n\n" + BODY["relu_forward"] + "\n\n" + BODY["relu_backward"], "from layers import *", cells=without("relu_forward", "relu_backward")),
    Situation("notebook: %run and %load of the file beside it", {"layers.py": "import numpy as np\n\n" + BODY["relu_forward"] + "\n\n" + BODY["relu_backward"], "work.ipynb": notebook("%run layers.py\n%run -i ./layers.py", *without("relu_forward", "relu_backward"))}),
    with_cells("a future import in a later cell", after=("from __future__ import annotations\ndef later(x: Unknown) -> Later:\n    return x",)),
    with_cells("%reset, %who, del, exit", "%reset -f\n%who", after=("del relu_backward, affine_forward", "exit()", "%%script false --no-raise-error\nprint('skipped')")),
    with_cells("%%skip, %%script and %%python cells with functions that do not count", after=("%%script echo skipping\ndef relu_backward(dout, cache):\n    return dout",)),
    with_cells("indented cells, as pasted from a class", cells=["".join("    " + line if line.strip() else line for line in c.splitlines(keepends=True)) for c in CELLS]),
    with_cells("a cell for each method, the class reopened", cells=[c if "class TwoLayerNet" not in c else c.replace("    def backward(self, dout, cache):", "\n", 1).split("        cache1, cache2, cache3, cache4 = cache\n        dz")[0] for c in CELLS],
               after=("class TwoLayerNet(TwoLayerNet):\n    def backward(self, dout, cache):\n" + BODY["TwoLayerNet"].split("def backward(self, dout, cache):\n")[1],)),
    Situation("notebook: PyTorch, imported after another line of the cell", {"work.ipynb": notebook(COLAB, *parts(COURSE))}),
]  # fmt: skip
