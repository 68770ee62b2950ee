"""Encodings and line ends, and machines on which a package is missing."""

from situations import Situation, right
from situations.write import notebook, parts

PLAIN, UMLAUTS, DICTS, TORCH = right("plain"), right("logged"), right("dictionaries"), right("course")
GREEK = PLAIN.replace("learning_rate * model", "η * model").replace(
    "    N = len(train_data)\n", "    N = len(train_data)\n    η = learning_rate\n"
)


def encoded(name, data, **more):
    return Situation(f"text: {name}", {"net.py": data}, **more)


def bare(name, text, **more):
    """On a machine without PyTorch, tqdm, pandas, matplotlib, SciPy."""
    return Situation(f"not installed: {name}", {"net.py": text}, machine="bare", **more)


def with_bar(head, line):
    loop = "    for epoch in range(n_epochs):\n        order"
    assert loop in PLAIN
    return PLAIN.replace("import numpy as np", f"import numpy as np\n{head}").replace(
        loop, f"{line}\n        order"
    )


SITUATIONS = [
    encoded("UTF-8 with byte-order mark, CRLF", b"\xef\xbb\xbf" + UMLAUTS.replace("\n", "\r\n").encode()),
    encoded("UTF-16 with byte-order mark, as Windows' editor saves Unicode", UMLAUTS.encode("utf-16")),
    encoded("UTF-16 big-endian", b"\xfe\xff" + UMLAUTS.encode("utf-16-be")),
    encoded("cp1252, nothing said of it", UMLAUTS.replace("→", "->").encode("cp1252")),
    encoded("latin-1, declared", b"# -*- coding: latin-1 -*-\n" + UMLAUTS.encode("latin-1")),
    encoded("declared UTF-8, is cp1252", b"# -*- coding: utf-8 -*-\n" + UMLAUTS.encode("cp1252")),
    encoded("GBK, declared", right("commented_cn").replace("utf-8", "gbk").encode("gbk")),
    encoded("Shift JIS, nothing said of it", ("# 二層ネットワーク\n" + PLAIN).encode("shift_jis")),
    encoded("old Mac line ends", PLAIN.replace("\n", "\r").encode()),
    encoded("CR CR LF, after a bad transfer", PLAIN.replace("\n", "\r\r\n").encode()),
    encoded("no-break spaces and curly quotes in comments and indentation, copied from a web page", PLAIN.replace("    cache = (x, W, b)", "\u00a0\u00a0\u00a0 cache = (x, W, b)  # “cache”")),
    encoded("zero-width space before a definition", PLAIN.replace("def relu_forward", "\u200bdef relu_forward")),
    encoded("form feeds between the functions", PLAIN.replace("\n\n\n", "\n\f\n\n")),
    encoded("a null byte at the end, from a full disk", PLAIN.encode() + b"\0" * 7),
    encoded("Ctrl-Z at the end, from DOS", PLAIN.encode() + b"\x1a"),
    encoded("Greek letters as names", GREEK),
    encoded("tabs", PLAIN.replace("                learning_rate=", "\t\t\tlearning_rate=").replace("    ", "\t")),
    encoded("semicolons of C and no newline at the end", PLAIN.replace("    cache = x\n", "    cache = x;\n").rstrip()),
    Situation("text: .PY in capitals", {"NET.PY": PLAIN}),
    Situation("text: .py.txt, as Windows hides it", {"net.py.txt": PLAIN}),
    Situation("text: .txt", {"net.txt": PLAIN}),
    Situation("text: .pyw", {"net.pyw": PLAIN}),
    Situation("text: no suffix", {"net": PLAIN}),
    Situation("text: a notebook in cp1252", {"work.ipynb": notebook("# für", *parts(PLAIN)).replace("f\\u00fcr", "für").encode("cp1252")}),
    # --- packages
    *(Situation(f"not installed: {name}", {f"{name}.py": right(name)}, machine="bare") for name in ("plain", "logged", "dictionaries")),
    bare("from tqdm import tqdm", with_bar("from tqdm import tqdm", "    for epoch in tqdm(range(n_epochs), desc='training', unit='epoch'):")),
    bare("tqdm.auto, set_description", with_bar("from tqdm.auto import tqdm", "    bar = tqdm(range(n_epochs))\n    for epoch in bar:\n        bar.set_description(f'epoch {epoch}')\n        bar.set_postfix(loss=0)")),
    bare("tqdm.notebook, trange", with_bar("from tqdm.notebook import trange", "    for epoch in trange(n_epochs):")),
    bare("import tqdm, with", with_bar("import tqdm", "    for epoch in range(n_epochs):\n        with tqdm.tqdm(total=3, leave=False) as bar:\n            bar.update(1)\n            tqdm.tqdm.write('x')")),
    bare("matplotlib in the loop", with_bar("import matplotlib.pyplot as plt\nfrom matplotlib import cm", "    fig, (left, right) = plt.subplots(1, 2)\n    for epoch in range(n_epochs):\n        left.plot([0, 1], color=cm.viridis(0.5))\n        plt.pause(0.01)")),
    bare("matplotlib at top level", PLAIN.replace("import numpy as np", "import numpy as np\nimport matplotlib.pyplot as plt\nfrom mpl_toolkits.mplot3d import Axes3D\nplt.rcParams['figure.figsize'] = (10, 8)\nplt.style.use('ggplot')\nCMAP = plt.cm.gray")),
    bare("pandas for the log of the loop", with_bar("import pandas as pd", "    log = pd.DataFrame(columns=['epoch', 'loss'])\n    for epoch in range(n_epochs):\n        log.loc[len(log)] = [epoch, 0.0]")),
    bare("IPython.display in the loop", with_bar("from IPython.display import display, clear_output", "    for epoch in range(n_epochs):\n        clear_output(wait=True)\n        display(epoch)")),
    bare("wandb and TensorBoard in the loop", with_bar("import wandb\nfrom torch.utils.tensorboard import SummaryWriter\nwriter = SummaryWriter('runs')\nwandb.init(project='mnist')", "    for epoch in range(n_epochs):\n        wandb.log({'epoch': epoch})"),
         marks={"train_model": ("right", "could not be run here")}),
    bare("scipy.special.expit in the sigmoid", PLAIN.replace("import numpy as np", "import numpy as np\nfrom scipy.special import expit").replace("out = 1 / (1 + np.exp(-x))", "out = expit(x)"),
         marks=dict.fromkeys(("sigmoid_forward",), ("could not be run here", "right")), says=("scipy",)),
    bare("numba's jit on the loops", PLAIN.replace("import numpy as np", "import numpy as np\nfrom numba import njit, jit").replace("def relu_forward", "@njit\ndef relu_forward").replace("def sigmoid_forward", "@jit(nopython=True, cache=True)\ndef sigmoid_forward"),
         marks=dict.fromkeys(("relu_forward", "sigmoid_forward"), ("right", "could not be run here"))),
    bare("PyTorch throughout", TORCH, marks=dict.fromkeys(("affine_forward", "l2_loss", "TwoLayerNet", "train_model", "relu_forward", "sigmoid_forward", "affine_backward", "relu_backward", "sigmoid_backward", "calculate_accuracy"), "could not be run here"), says=("torch",)),
    bare("PyTorch only to compare with", PLAIN.replace("import numpy as np", "import numpy as np\nimport torch\nimport torch.nn.functional as F") + "\n\ndef compare(x):\n    return torch.allclose(torch.relu(x), torch.tensor(relu_forward(x.numpy())[0]))\n\n\ncompare(torch.rand(3))\n"),
    bare("PyTorch in one function", PLAIN.replace("import numpy as np", "import numpy as np\nimport torch").replace("    out, _ = model.forward(input_data)\n    predictions = np.argmax(out, axis=1)", "    out, _ = model.forward(input_data)\n    predictions = torch.argmax(torch.as_tensor(out), dim=1).numpy()"),
         marks={"calculate_accuracy": "could not be run here"}, says=("torch",)),
    bare("torchvision for the data", PLAIN.replace("import numpy as np", "import numpy as np\nimport torchvision\nfrom torchvision import datasets, transforms\ntrain = datasets.MNIST('.', download=True, transform=transforms.ToTensor())")),
    bare("keras for the data", PLAIN.replace("import numpy as np", "import numpy as np\nfrom tensorflow.keras.datasets import mnist\nfrom sklearn.model_selection import train_test_split\n(x, labels), (W, b) = mnist.load_data()\nx = x / 255.0")),
    bare("the course's data loader", PLAIN.replace("import numpy as np", "import numpy as np\nfrom dataset.mnist import load_mnist\nfrom common.functions import *\nfrom common.gradient import numerical_gradient\n(x, labels), _ = load_mnist(normalize=True)")),
]  # fmt: skip
