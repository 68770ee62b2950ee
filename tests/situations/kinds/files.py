"""One Python file: what stands around the functions."""

from situations import ALL, Situation, right
from situations.write import named

PLAIN, TORCH = right("plain"), right("course")
BODY = {name: text for name, text in named(PLAIN).items() if name}


def at_the_end(name, code, text=PLAIN, **more):
    """The functions, and after them some code at top level."""
    return Situation(name, {"net.py": f"{text}\n\n{code}\n"}, **more)


def at_the_top(name, code, text=PLAIN, **more):
    """Some code at top level, and then the functions."""
    return Situation(name, {"net.py": f"{code}\n\n\n{text}\n"}, **more)


TRAINING = """
def load_images(path):
    with open(path, "rb") as f:
        return np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 784) / 255

def load_labels(path):
    with open(path, "rb") as f:
        return np.frombuffer(f.read(), np.uint8, offset=8)
"""

SITUATIONS = [
    *(Situation(f"as it is: {name}", {f"{name}.py": right(name)}) for name in
      ("plain", "loops", "einsum", "tape", "inlined", "logged", "dictionaries", "commented_cn", "whole_gradient", "course")),
    at_the_end("trains for hours, variables named as the parameters",
               "x, labels = np.random.rand(60000, 784), np.random.randint(0, 10, 60000)\nmodel = TwoLayerNet(784, 128, 10)\n"
               "train_model(model, x, labels, x, labels, 1000)\nprint(calculate_accuracy(model, x, labels))"),
    at_the_end("trains for hours, other variable names",
               "X_train, y_train = np.random.rand(60000, 784), np.random.randint(0, 10, 60000)\nnet = TwoLayerNet(784, 128, 10)\n"
               "train_model(net, X_train, y_train, X_train, y_train, 1000)"),
    at_the_end("every local name of the functions is a global too, made of data that is not there",
               "train_data = np.load('mnist.npz')['x']\nN, C = train_data.shape\norder = rows = start = np.arange(N)\n"
               "for epoch in range(10**9):\n    W = b = cache = out = dout = target = loss = accuracy = train_data[rows]"),
    at_the_end("an endless loop", "while True:\n    pass"),
    at_the_top("an endless loop before the functions", "import numpy as np\nimport time\nwhile not np.random.rand() > 1:\n    time.sleep(0.01)"),
    at_the_end("input()", "hidden = int(input('How many hidden units? '))\nnet = TwoLayerNet(784, hidden, 10)"),
    at_the_top("input() for a number that the functions use as a default", "hidden_units = int(input('hidden units? '))",
               PLAIN.replace("def __init__(self, inp_dim, hidden_dim, out_dim):", "def __init__(self, inp_dim, hidden_dim=100, out_dim=10):")),
    at_the_top("data that is not there", TRAINING + "train_x, train_y = load_images('train-images'), load_labels('train-labels')",
               "import numpy as np\n" + PLAIN),
    at_the_top("data that is not there, by pandas, from a path of the student's own machine",
               "import pandas as pd\ndata = pd.read_csv(r'C:\\Users\\Jo\\mnist_train.csv')\nlabels = data['label'].values\nx = data.drop(columns='label').values / 255"),
    at_the_top("downloads its data", "import urllib.request, gzip, os\nif not os.path.exists('mnist.gz'):\n"
               "    urllib.request.urlretrieve('https://example.org/mnist.gz', 'mnist.gz')\nwith gzip.open('mnist.gz') as f:\n    raw = f.read()"),
    at_the_end("plots with windows", "import matplotlib.pyplot as plt\nplt.ion()\nplt.imshow(np.random.rand(28, 28), cmap='gray')\nplt.title('Ein Bild')\nplt.show(block=True)"),
    at_the_end("plots at top level, axes unpacked", "import matplotlib.pyplot as plt\nfig, axes = plt.subplots(2, 5)\nfor ax, W in zip(axes.flat, range(10)):\n    ax.imshow(np.zeros((28, 28)))\nfig.savefig('templates.png')"),
    at_the_end("sys.exit at the end", "import sys\nprint('done')\nsys.exit(0)"),
    at_the_top("exit() between", "import sys\nif len(sys.argv) < 2:\n    print('usage: net.py DATA')\n    sys.exit(1)\npath = sys.argv[1]"),
    at_the_end("os._exit, and quit()", "import os\nquit()\nos._exit(3)"),
    at_the_end("asserts of its own that fail here", "import os\nassert os.path.isdir('control_values'), 'set FOLDERNAME'\nassert calculate_accuracy(None, None, None) > 0.9"),
    at_the_end("an error at top level", "print(undefined_name)\n1 / 0"),
    at_the_end("prints a great deal", "for i in range(200_000):\n    print('epoch', i, 'loss', i / 7)", never=("Traceback", "loss 0.14")),
    Situation("prints in every function", {"net.py": PLAIN.replace('    N, C = y.shape\n', '    N, C = y.shape\n    print("in the loss", y.shape)\n')
               .replace("    x = cache\n    dx", "    x = cache\n    print(x)\n    dx")}),
    at_the_end("seaborn, sklearn and a theme", "import seaborn as sns\nfrom sklearn.metrics import confusion_matrix\nsns.set_theme()\nsns.heatmap(confusion_matrix([0], [0]))"),
    at_the_end("under a guard, with a parser", "def main():\n    import argparse\n    args = argparse.ArgumentParser().parse_args()\n\nif __name__ == '__main__':\n    main()"),
    at_the_end("main() without a guard", "def main():\n    images = np.load('images.npy')\n    net = TwoLayerNet(784, 64, 10)\n    train_model(net, images, images, images, images, 99)\n\nmain()"),
    at_the_top("multiprocessing and threads at top level", "import multiprocessing, threading\nthreading.Thread(target=print).start()\npool = multiprocessing.Pool(4)"),
    at_the_top("warnings into errors", "import warnings\nwarnings.filterwarnings('error')\nimport numpy as np\nnp.seterr(all='raise')"),
    at_the_top("a constant that a function needs is computed by a function of its own",
               "import numpy as np\n\ndef classes():\n    return len('0123456789')\n\nC_ALL = classes()\nONE_HOT = np.eye(C_ALL)",
               PLAIN.replace("    target = np.zeros((N, C))\n    target[np.arange(N), y_hat] = 1\n", "    target = ONE_HOT[y_hat][:, :C] if C <= C_ALL else np.eye(C)[y_hat]\n")),
    at_the_top("a constant between training and plots", "import numpy as np\nprint('start')\nEPS = 1e-12\nscore = open('scores.txt').read()\nFACTOR = 2 * 1.0",
               PLAIN.replace("dy = 2 * diff / N", "dy = FACTOR * diff / N + 0 * EPS")),
    at_the_top("a constant read from a file that is not there", "import json\nCONFIG = json.load(open('config.json'))\nFACTOR = CONFIG['factor']",
               PLAIN.replace("dy = 2 * diff / N", "dy = FACTOR * diff / N"), marks={"l2_loss": ("wrong", "could not be run here")}, says=("FACTOR",)),
    at_the_top("a table filled by a loop at top level", "import numpy as np\nONES = {}\nfor k in range(1, 60):\n    ONES[k] = np.eye(k)",
               PLAIN.replace("    target = np.zeros((N, C))\n    target[np.arange(N), y_hat] = 1\n", "    target = ONES[C][y_hat]\n")),
    at_the_top("a global counter", "calls = 0\nlog = []", PLAIN.replace("    out = x @ W.T + b\n", "    global calls\n    calls += 1\n    log.append(x.shape)\n    out = x @ W.T + b\n")),
    Situation("methods given to the class afterwards", {"net.py": PLAIN.replace("    def backward(self, dout, cache):", "    pass\n\n\ndef net_backward(self, dout, cache):", 1)
               .replace("        cache1, cache2, cache3, cache4 = cache\n        dz =", "    cache1, cache2, cache3, cache4 = cache\n    dz =")
               .replace("        dh, self", "    dh, self").replace("        da = relu", "    da = relu").replace("        dx, self.grads", "    dx, self.grads")
               .replace("def train_model(", "TwoLayerNet.backward = net_backward\n\n\ndef train_model(")}),
    Situation("defined twice, the second right", {"net.py": BODY["relu_backward"].replace("x > 0", "x >= 0").replace("def ", "def ") + "\n\n" + PLAIN}),
    Situation("a blank one left above the finished one", {"net.py": "def l2_loss(y, y_hat):\n    # TODO\n    pass\n\n\n" + PLAIN}),
    Situation("an old attempt in a string and in comments", {"net.py": PLAIN + '\n\n"""\ndef relu_backward(dout, cache):\n    return dout\n"""\n# def l2_loss(y, y_hat): pass\n'}),
    Situation("definitions under if and try", {"net.py": "import numpy as np\nUSE_LOOPS = False\nif USE_LOOPS:\n    def relu_forward(x):\n        raise SystemExit\nelse:\n    pass\n\ntry:\n    import numba\nexcept Exception:\n    numba = None\n\n" + PLAIN}),
    Situation("a library's name for the module: numpy.py's neighbour", {"net.py": PLAIN.replace("import numpy as np", "import numpy\nnp = numpy")}),
    Situation("numpy's older names", {"net.py": PLAIN.replace("np.zeros((N, C))", "np.zeros((N, C)).astype(np.float)").replace("[np.arange(N), y_hat]", "[np.arange(N), y_hat.astype(np.int)]")},
              marks={"l2_loss": ("right", "could not be run here")}),
    Situation("matrix type, from MATLAB", {"net.py": PLAIN.replace("return out, cache\n\n\ndef affine_backward", "return np.asarray(np.matrix(x) * np.matrix(W).T) + b, cache\n\n\ndef affine_backward")}),
    Situation("future annotations", {"net.py": "from __future__ import annotations\n" + PLAIN.replace("def calculate_accuracy(model,", "def calculate_accuracy(model: TwoLayerNet,")}),
    Situation("annotations of a package that is not there", {"net.py": "import numpy as np\nimport torchtyping\nfrom jaxtyping import Float\n" + PLAIN.replace("def relu_forward(x):", "def relu_forward(x: Float[np.ndarray, 'n d']) -> torchtyping.TensorType:")}),
    Situation("relative import of nothing, star import", {"net.py": "from .utils import *\nfrom utils import load_mnist\n" + PLAIN}),
    Situation("one function cannot be parsed", {"net.py": PLAIN.replace("    dx = dout * (x > 0)\n", "    dx = dout * (x > 0\n")},
              marks={"relu_backward": "could not be read"}, says=("relu_backward",)),
    Situation("Python 2 print in the loop", {"net.py": PLAIN.replace('print("epoch", epoch + 1, "loss", loss, "validation accuracy", accuracy)', 'print "epoch", epoch')},
              marks={"train_model": "could not be read"}),
    Situation("tabs and spaces mixed in one function", {"net.py": PLAIN.replace("    x = cache\n    dx = dout", "\tx = cache\n        dx = dout")},
              marks={"relu_backward": "could not be read"}),
    Situation("merge conflict left in", {"net.py": PLAIN.replace("def sigmoid_backward", "<<<<<<< HEAD\n=======\n>>>>>>> main\ndef sigmoid_backward")},
              marks={"sigmoid_backward": ("right", "could not be read")}),
    Situation("all in one main()", {"net.py": "def main():\n" + "".join(f"    {line}" if line.strip() else line for line in PLAIN.splitlines(keepends=True)) + "\n\nmain()\n"},
              says=("main",), marks=dict.fromkeys(ALL, ("not done", "right"))),
    Situation("device and no_grad", {"net.py": TORCH.replace("torch.manual_seed(0)", "torch.manual_seed(0)\ntorch.set_num_threads(8)\ntorch.backends.cudnn.benchmark = True\ntorch.set_grad_enabled(False)")}),
    # --- what functions need of the top level
    at_the_top("args of a parser, used in the loop", "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--lr', type=float, default=0.1)\nparser.add_argument('--shuffle', action='store_true', default=True)\nargs = parser.parse_args()",
               PLAIN.replace("        order = np.random.permutation(N)", "        order = np.random.permutation(N) if args.shuffle else np.arange(N)")),
    at_the_top("a configuration made in a with", "import json, io\nwith io.StringIO('{\"classes\": 10}') as f:\n    CONFIG = json.load(f)", PLAIN.replace("    N, C = y.shape\n", "    N, C = y.shape\n    assert CONFIG['classes'] == 10\n")),
    at_the_top("a list that is appended to and a set that is updated", "KEYS = []\nfor layer in (1, 2):\n    KEYS.append(f'W{layer}')\n    KEYS.append(f'b{layer}')\nSEEN = set()\nSEEN.update(KEYS)", PLAIN.replace("for name in model.params:", "for name in KEYS:")),
    at_the_top("device chosen by if and else", "import numpy as np\ntry:\n    import torch\n    if torch.cuda.is_available():\n        scale = 1.0\n    else:\n        scale = 1.0\nexcept ImportError:\n    scale = 1.0", PLAIN.replace("dy = 2 * diff / N", "dy = scale * 2 * diff / N")),
    at_the_top("defaults from globals", "LR = 10 ** -3\nBATCH = 4 * 4", PLAIN.replace("learning_rate=1e-3, batch_size=16", "learning_rate=LR, batch_size=BATCH")),
    at_the_top("xrange by the package future, as CS231n has it", "from __future__ import print_function, division\nfrom builtins import object\nfrom past.builtins import xrange\nimport six.moves.cPickle as pickle", PLAIN.replace("in range(n_epochs)", "in xrange(n_epochs)")),
    at_the_end("the network is a nn.Module with dictionaries of its own", "", TORCH.replace("class TwoLayerNet:", "class TwoLayerNet(nn.Module):").replace("        self.params = dict()", "        super().__init__()\n        self.params = dict()")),
    at_the_end("unittest, doctest, pytest at the end", "import unittest, doctest\n\n\nclass TestAll(unittest.TestCase):\n    def test_relu(self):\n        self.assertTrue((relu_forward(np.ones(3))[0] == 1).all())\n\ndoctest.testmod()\nunittest.main()\nimport pytest\npytest.main()"),
    at_the_end("other names with an alias at the end", "affine_forward = linear_forward\naffine_backward = linear_backward", PLAIN.replace("affine_", "linear_")),
    at_the_end("static methods of a class, given names at the end", "relu_forward = Layers.relu_forward\nrelu_backward = Layers.relu_backward", PLAIN.replace(BODY["relu_forward"], "class Layers:\n    @staticmethod\n    def relu_forward(x):\n        return np.maximum(x, 0), x\n\n    @staticmethod\n    def relu_backward(dout, cache):\n        return dout * (cache > 0)\n").replace(BODY["relu_backward"], "")),
    Situation("all definitions under if __name__ == '__main__'", {"net.py": "import numpy as np\n\nif __name__ == '__main__':\n" + "".join(f"    {line}" if line.strip() else line for line in PLAIN.replace("import numpy as np\n", "").splitlines(keepends=True))}),
    at_the_end("np.vectorize and partial as decorators", "", PLAIN.replace("import numpy as np", "import numpy as np\nfrom functools import partial, wraps\n\n\n@np.vectorize\ndef logistic(t: float) -> float:\n    return 1 / (1 + np.exp(-t))").replace("out = 1 / (1 + np.exp(-x))", "out = logistic(x)")),
    at_the_end("three megabytes of data in the file", 'DATA = """' + ("QUJD" * 20 + "\n") * 40_000 + '"""'),
    # --- what Python refuses only when it compiles
    at_the_end("return at top level", "return train_model"),
    at_the_end("break and yield outside, await without async", "break\nyield 3\nawait x"),
    at_the_end("a helper with a global after its use", "def helper():\n    print(seed)\n    global seed\n    seed = 3\n\nnonlocal x"),
    at_the_end("full-width brackets in one line", "print（\"完成\"）"),
    at_the_end("a string that is never closed", '"""\nold attempt:\ndef relu_backward(dout, cache):\n    return dout'),
    at_the_end("a bracket that is never closed", "results = [calculate_accuracy(model, x, labels),\nprint('done')"),
    at_the_end("a newer Python's quotes in the loop", "", PLAIN.replace('print("epoch", epoch + 1, "loss", loss, "validation accuracy", accuracy)', 'print(f"{"epoch"} {epoch}")'), marks={"train_model": ("right", "could not be read")}),
    at_the_end("a newer Python's type statement and generics", "type Array = np.ndarray\n\n\ndef same[T](x: T) -> T:\n    return x"),
    Situation("one method is indented wrongly", {"net.py": PLAIN.replace("        dz = sigmoid_backward(dout, cache4)", "       dz = sigmoid_backward(dout, cache4)")}, marks={"TwoLayerNet": "could not be read"}),
    Situation("CuPy, which is not there", {"net.py": PLAIN.replace("import numpy as np", "import cupy as np")}, marks=dict.fromkeys(ALL, ("could not be run here", "right")), says=("cupy",)),
]  # fmt: skip
