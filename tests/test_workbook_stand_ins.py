"""What is missing here, what was found instead, what takes too long, what is printed."""

import signal
import sys
import threading

import numpy as np
import pytest

from handgrad.workbook import check
from handgrad.workbook.checks.verdict import LATE, NOT_DONE, NOT_RUN, WRONG, table
from handgrad.workbook.desk.desk import Desk
from handgrad.workbook.desk.remote import RemoteDesk
from handgrad.workbook.desk.time_limit import LateError, time_limit
from submissions import (
    BACK,
    HEAD,
    IMPATIENT,
    RELU,
    SIGMOID,
    WRONG_RELU,
    passed,
    run,
    said,
)
from test_workbook_grade import RIGHT

# --- what is not here ----------------------------------------------------------------------------------

GONE = "no_such_package"  # stands for scipy on a machine without it


@pytest.fixture
def without(monkeypatch):
    """without(names): these packages are not installed, for the learner's imports."""

    def without(*names):
        for name in names:
            monkeypatch.setitem(sys.modules, name, None)

    return without


@pytest.mark.parametrize(
    "text",
    [
        "from scipy.special import expit\ndef sigmoid_forward(x):\n    y = expit(x)\n    return y, y\n",
        "import scipy.special\ndef sigmoid_forward(x):\n    y = scipy.special.expit(x)\n    return y, y\n",
        "import scipy.special as S, math\ndef sigmoid_forward(x):\n    y = S.expit(x)\n    return y, y\n",
        "def sigmoid_forward(x):\n    from scipy.special import expit\n    return expit(x), x\n",
        "from scipy import special\n@special.jit\ndef sigmoid_forward(x):\n    return x, x\n",
        "from scipy.special import expit\ndef half(x):\n    return expit(x)\ndef sigmoid_forward(x):\n    return half(x), x\n",
        "from scipy.special import expit\nONE = expit(100.0)\ndef sigmoid_forward(x):\n    return ONE * x, x\n",
        "from scipy.special import *\nimport scipy\ndef sigmoid_forward(x):\n    return scipy.special.expit(x), x\n",
        "import scipy as S\nclass Base(S.Module):\n    pass\nclass Sigmoid(Base):\n    pass\ndef sigmoid_forward(x):\n    return Sigmoid(x), x\n",
    ],
)  # fmt: skip
def test_a_package_that_is_missing_is_not_a_mistake(text, without):
    without("scipy", "scipy.special")
    verdicts = run(HEAD + RELU + text)
    assert passed(verdicts) == {"relu_forward"}
    verdict = verdicts["sigmoid_forward"]
    words = "sigmoid_forward needs the package scipy, which is not installed here: pip install scipy"
    assert (verdict.state, verdict.message) == (NOT_RUN, words)


def test_torch_that_is_missing_is_told(without):
    without("torch")
    text = "import torch\ndef relu_forward(x):\n    return x.clamp(min=0), x\ndef sigmoid_forward(x):\n    return torch.sigmoid(x), x\n"
    verdicts = run(text)
    assert {verdicts[name].state for name in ("relu_forward", "sigmoid_forward")} == {NOT_RUN}
    assert (
        "needs the package torch, which is not installed here: pip install torch"
        in verdicts["relu_forward"].message
    )
    assert passed(
        run(
            text.replace("import torch", "import numpy as np\nimport torch").replace(
                "x.clamp(min=0)", "np.maximum(x, 0)"
            )
        )
    ) == {"relu_forward"}


def test_a_module_that_was_not_handed_in_is_told():
    verdicts = run(f"from mylayers import half\n{HEAD}{SIGMOID.replace('np.exp(-x)', 'half(x)')}{RELU}")
    assert verdicts["sigmoid_forward"].state == NOT_RUN
    assert (
        "needs the module mylayers, which is neither handed in nor installed here"
        in verdicts["sigmoid_forward"].message
    )
    assert passed(verdicts) == {"relu_forward"}
    forgotten = run("from feed_forward import TwoLayerNet, relu_forward\nrelu_forward(1)\n")
    assert "relu_forward needs the module feed_forward, which is neither handed in" in said(forgotten)
    assert {forgotten[n].state for n in ("TwoLayerNet", "relu_forward")} == {NOT_RUN}


def test_older_names_of_numpy_and_python_are_there():
    text = f"{HEAD}from past.builtins import xrange\n{RELU.replace('return', 'x.astype(np.float)[xrange(1)]; return')}"
    with RemoteDesk() as desk:
        assert passed(run(text, desk=desk)) == {"relu_forward"}
    assert "float" not in vars(np)  # only in the process of the learner's code


PLOTTED = {
    "matplotlib": "import matplotlib.pyplot as plt\nfrom matplotlib import cm",
    "uses": """
    figure, axes = plt.subplots(2, 3, figsize=(3, 4))
    figure, axis = plt.subplots()
    axis.plot([1], [2], color=cm.viridis(0.5))[0].set_label('x')
    axes[0, 1].imshow(model.params['W1'])
    line, = plt.plot([1, 2])
    heights, edges, patches = plt.hist([1, 2])
    with plt.style.context('dark'):
        for axis in axes.flat:
            axis.set_title('x')
    plt.rcParams['figure.figsize'] = 3, 4
    plt.show()
""",
}
BARS = [
    ("from tqdm import tqdm", "tqdm(range(n_epochs), desc='x')"), ("from tqdm.auto import tqdm", "tqdm(range(n_epochs))"),
    ("import tqdm", "tqdm.tqdm(range(n_epochs))"), ("from tqdm.notebook import trange", "trange(n_epochs)"),
    ("from tqdm import trange as t", "t(n_epochs)"), ("from rich.progress import track", "track(range(n_epochs), 'x')"),
    ("from tqdm import tqdm_notebook as bar", "(lambda b: (b.set_postfix(x=1), b)[1])(bar(range(n_epochs)))"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "bar"), BARS)
def test_progress_bars_are_stood_in_for(line, bar, capsys):
    text = f"{line}\n{RIGHT.replace('range(n_epochs)', bar)}"
    verdicts = run(text, ["train_model"])
    assert passed(verdicts) == {"train_model"}, said(verdicts)
    assert capsys.readouterr() == ("", "")


def test_plots_are_stood_in_for():
    text = f"{PLOTTED['matplotlib']}\n{RIGHT}".replace(
        "    rng = np.random.default_rng(0)\n    for _",
        f"{PLOTTED['uses']}    rng = np.random.default_rng(0)\n    for _",
    )
    assert "axes.flat" in text
    verdicts = run(text, ["train_model"])
    assert passed(verdicts) == {"train_model"}, said(verdicts)


@pytest.mark.parametrize(
    "text",
    [
        "import wandb\nwandb.init(project='x')\n@wandb.watch\ndef relu_forward(x):\n    wandb.log({'x': 1})\n    return np.maximum(x, 0), x\n",
        "from IPython.display import clear_output, display\ndef relu_forward(x):\n    clear_output(wait=True)\n    display(x)\n    return np.maximum(x, 0), x\n",
        "from google.colab import drive\ndrive.mount('/content')\n" + RELU, "import ipywidgets\n@ipywidgets.interact(n=(1, 3))\ndef show(n):\n    pass\n" + RELU,
        "def relu_forward(x):\n    display(x)\n    get_ipython().run_line_magic('time', 'x')\n    return np.maximum(x, 0), x\n",
        "import pytest\n@pytest.fixture\ndef relu_forward(x):\n    return np.maximum(x, 0), x\n" if False else "import seaborn as sns\nsns.set()\n" + RELU,
        "from numba import njit, prange\n@njit(parallel=True)\ndef relu_forward(x):\n    for _ in prange(2):\n        y = np.maximum(x, 0)\n    return y, x\n",
        "import pandas as pd\nHISTORY = pd.DataFrame()\ndef relu_forward(x):\n    HISTORY.append(x.shape)\n    return np.maximum(x, 0), x\n",
    ],
)  # fmt: skip
def test_packages_of_no_weight_are_stood_in_for(text, without):
    without("pandas", "numba", "wandb", "seaborn")
    verdicts = run(HEAD + text)
    assert passed(verdicts) == {"relu_forward"}, said(verdicts)


# --- what was found instead ----------------------------------------------------------------------------


def test_where_nothing_is_there_it_is_said_what_was_found():
    verdicts = run(
        "class Network:\n    pass\nclass Sigmoid:\n    def forward(self, x):\n        pass\ndef forward(x): pass\ndef train(): pass\n"
    )
    assert {v.state for v in verdicts.values()} == {NOT_DONE}
    whole = table(list(verdicts.values()))
    assert whole.startswith(
        "not done yet: found classes Network, Sigmoid and functions forward, train; expected affine_forward, "
    )
    assert whole.endswith("TwoLayerNet, calculate_accuracy, train_model\n0 of 10 right")


@pytest.mark.parametrize(
    ("name", "exercise"),
    [
        ("affine_foward", "affine_forward"), ("sigmoid", "sigmoid_forward"), ("relu", "relu_forward"), ("ReluForward", "relu_forward"),
        ("accuracy", "calculate_accuracy"), ("train", "train_model"), ("mse_loss", "l2_loss"), ("L2_loss", "l2_loss"), ("relu_backwards", "relu_backward"),
    ],
)  # fmt: skip
def test_names_that_are_close_are_said(name, exercise):
    verdict = run(f"{HEAD}{BACK if exercise != 'relu_backward' else RELU}def {name}(x):\n    return x\n")[
        exercise
    ]
    assert (verdict.state, verdict.message) == (
        NOT_DONE,
        f"not done yet: there is no {exercise}; found {name}",
    )


def test_a_network_with_other_methods_is_not_blank():
    text = RIGHT.replace("def forward(self", "def feedforward(self").replace(
        "def backward(self", "def backprop(self"
    )
    verdict = run(text)["TwoLayerNet"]
    assert verdict.state == WRONG
    assert (
        verdict.message
        == "TwoLayerNet has no forward and no backward; it has backprop, feedforward. Expected forward(x) and backward(dout, cache)"
    )


# --- time ----------------------------------------------------------------------------------------------


def test_what_runs_out_of_time_is_late_and_what_crashes_is_wrong():
    loop = "def relu_forward(x):\n    while True:\n        x = x + 1\n"
    crash = "def sigmoid_forward(x):\n    import os\n    os.abort()\n"
    with RemoteDesk(IMPATIENT) as desk:
        verdicts = run(HEAD + loop + crash + BACK, desk=desk)
    assert (verdicts["relu_forward"].state, verdicts["relu_forward"].message) == (
        LATE,
        "it did not finish within 1 second",
    )
    assert (verdicts["sigmoid_forward"].state, verdicts["sigmoid_forward"].message) == (
        WRONG,
        "it crashed (SIGABRT)",
    )
    assert verdicts["relu_backward"].passed


ENDLESS = [
    "while True:\n        pass", "while True:\n        try:\n            x = 1\n        except Exception:\n            pass", "import time\n    time.sleep(1000)",
    "while True:\n        try:\n            while True:\n                pass\n        except:\n            pass\n        if not_there: break",
]  # fmt: skip


@pytest.mark.parametrize("body", ENDLESS)
@pytest.mark.parametrize("beside", [False, True])
def test_an_endless_function_is_interrupted_in_a_notebook(body, beside, monkeypatch):
    """In the main thread, and in another, where no signal arrives."""
    if beside and "sleep" in body:
        pytest.skip("only Python code is interrupted there")
    monkeypatch.setattr("handgrad.workbook.SECONDS", 0.2)
    names = {"np": np, "__name__": "__main__"}
    exec(f"def relu_forward(x):\n    {body}", names)
    found = []
    if beside:
        thread = threading.Thread(target=lambda: found.append(check(names["relu_forward"])))
        thread.start()
        thread.join()
    else:
        found.append(check(names["relu_forward"]))
    assert (found[0].state, found[0].message) == (LATE, "it did not finish within 0.2 seconds")


def forever():
    while True:
        pass


def test_what_is_in_time_is_not_interrupted():
    with time_limit(1000):
        pass
    with time_limit(None):
        pass
    with pytest.raises(ZeroDivisionError), time_limit(1000):
        1 / 0  # noqa: B018
    with pytest.raises(LateError), time_limit(0.01):
        forever()
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


# --- output, and liars ---------------------------------------------------------------------------------


def test_the_output_is_the_learners_alone():
    text = (
        RIGHT.replace("def relu_forward(x):", "def relu_forward(x):\n    print('hello')")
        + "print('margin')\n"
    )
    with RemoteDesk() as desk:
        run(
            f"from tqdm import tqdm\n{text.replace('in range(n_epochs)', 'in tqdm(range(n_epochs))')}",
            desk=desk,
        )
        assert set(desk.output.split("\n")) == {"hello", ""}


LIES = [
    {}, {"present": 1}, {"present": {"relu_forward": "right"}}, {"present": {"relu_forward": ["done"]}}, {"files": {}}, {"others": {"relu_forward": 3}},
    {"others": {"relu_forward": ["nowhere.py"]}}, {"kinds_of": {"relu_forward": 1}}, {"kinds_of": {"relu_forward": ["pickle"]}}, {"caches": 1}, {"reasons": []},
    {"broken": [1]}, {"failure": {}}, {"classes": "x"}, {"methods": None}, {"present": {"x" * 1000: "done"}},
]  # fmt: skip


class Liar:
    """A desk that tells something else of the files."""

    def __init__(self, lie):
        self.desk, self.lie = Desk(), lie

    def do(self, command):
        reply = self.desk.do(command) if command["do"] != "take" else {}
        return (reply | self.lie if self.lie else {}) if command["do"] == "load" else reply

    def reset(self):
        self.desk.reset()


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_about_the_files_gains_nothing(lie):
    verdicts = run(HEAD + WRONG_RELU, desk=Liar(lie))
    assert len(verdicts) == 10
    assert passed(verdicts) == set()
