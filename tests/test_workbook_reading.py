"""How what people hand in is read: IPython's syntax, broken pieces, what is run, several files, stand-ins."""

import ast
import json
import re
import signal
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from handgrad.workbook import check, checks
from handgrad.workbook.checks import verdict as states
from handgrad.workbook.checks.handed_in import asked_for
from handgrad.workbook.checks.verdict import LATE, NOT_DONE, NOT_RUN, UNREADABLE, WRONG, table
from handgrad.workbook.desk import definitions, magics, notebooks, pieces, submission
from handgrad.workbook.desk.desk import Desk
from handgrad.workbook.desk.remote import MB, Limits, RemoteDesk
from handgrad.workbook.desk.submission import CHAPTERS, NAMES, Source
from handgrad.workbook.desk.time_limit import LateError, time_limit
from test_workbook_grade import RIGHT

PASSED = states.RIGHT
HEAD = "import numpy as np\n\n"
RELU = "def relu_forward(x):\n    return np.maximum(x, 0), x\n\n"
WRONG_RELU = "def relu_forward(x):\n    return np.minimum(x, 0), x\n\n"
SIGMOID = "def sigmoid_forward(x):\n    y = 1 / (1 + np.exp(-x))\n    return y, y\n\n"
BACK = "def relu_backward(dout, cache):\n    return dout * (cache > 0)\n\n"
BLANK = "def relu_forward(x):\n    pass\n\n"
IMPATIENT = Limits(call=1.0, total=30, memory=400 * MB)


def sources(files):
    """Sources from texts by name; a list of texts is a notebook of these cells; with a number: changed."""
    found = []
    for name, given in files.items():
        text, changed = given if isinstance(given, tuple) else (given, 0.0)
        found.append(Source(name, notebook(text) if isinstance(text, list) else text, changed))
    return found


def notebook(cells):
    return json.dumps(
        {"cells": [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]}
    )


def run(files, only=(), desk=None):
    """Verdicts by name, of files by name or of one text."""
    files = (
        {"net.py": files}
        if isinstance(files, str)
        else {"net.ipynb": files}
        if isinstance(files, list)
        else files
    )
    desk = desk or Desk((Exception,))
    return {v.name: v for v in checks.run(desk, sources(files), only)}


def said(verdicts):
    return "\n".join(map(str, verdicts.values()))


def passed(verdicts):
    return {name for name, verdict in verdicts.items() if verdict.passed}


# --- IPython's syntax --------------------------------------------------------------------------------------

SNIPPETS = [
    "x = 1\ny = x", "%matplotlib inline\nx = 1", "!pip install numpy\nx = 1", "if True:\n    %cd data\nx = 1",
    "    %cd data\n    x = 1", "for i in range(3):\n    !echo {i}\n    x = i", "a = !ls", "a = !ls -l | wc\nb = 1",
    "a = %timeit f()", "    a = %pwd\n    b = a", "f?", "f??", "?f", "??f", "x = 1\nnp.maximum?\ny = 2", "%timeit?",
    "s = '''\n%not magic\n!nor this\n'''\nx = 1", "x = (5\n% 3)\ny = 1", "x = [1,\n!2]" , "x = 'a?'", "# what?\nx = 1",
    "x = 5 % 3", "d = {'%a': 1}\n%time", "def f(x):\n    %time\n    return x", "!ls \\\n  -l\nx = 1", "%load_ext autoreload\n%autoreload 2",
    ">>> x = 1\n>>> y = 2", "In [1]: x = 1\nIn [2]: y = 2", ">>> def f(x):\n...     return x\n>>> y = f(1)", "print(f'{1:%}')",
    "x = 1 # !ls", "a.b = !ls", "a, b = !ls", "x = 1;\n%who", "!!ls\nx = 1", "x = 3 \\\n% 2",
    'x = """%%html\n"""', "x = 1\n\n\n%cd ..\n\ny = 1", "\n\n%cd ..\nx = 1", "class A:\n    %cd x\n    y = 1", "f(x)?\ny = 1",
    "x = '\\\n%cd'", "try:\n    %cd x\nexcept Exception:\n    !ls", "await f()\nx = 1", "lambda: 1\n%pwd", "x = f'''\n!{1}\n'''",
    "d['a'] = !ls", "if 1: x = 2\n!ls", "y = x == 1\nx != 1", "x %= 3\nx @= y", "assert x != !1" , "\t%cd x\n\ty = 1",
]  # fmt: skip


def normal(text):
    """The tree of a text, IPython's calls as pass and None, without its lines."""
    tree = compile(text, "x", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)

    class Plain(ast.NodeTransformer):
        def visit_Expr(self, node):
            return ast.Pass() if "get_ipython" in ast.dump(node) else node

        def visit_Call(self, node):
            return ast.Constant(None) if "get_ipython" in ast.dump(node.func) else self.generic_visit(node)

    body = [s for s in Plain().visit(tree).body if not isinstance(s, ast.Pass)]
    return [ast.dump(statement) for statement in body]


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_what_ipython_reads_is_read_as_ipython_reads_it(snippet):
    manager = pytest.importorskip("IPython.core.inputtransformer2").TransformerManager()
    try:
        theirs = normal(manager.transform_cell(snippet))
    except SyntaxError:
        with pytest.raises(SyntaxError):
            normal(magics.plain(snippet))
        return
    assert normal(magics.plain(snippet)) == theirs


@pytest.mark.parametrize("line", ["/f 1 2", ",f a b", ";f a b"])
def test_calls_without_brackets_are_left_out(line):
    """IPython calls f here; such a call at the margin is never run."""
    assert magics.plain(f"{line}\nx = 1") == "pass\nx = 1"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%%time\nx = 1", "\nx = 1"), ("%%timeit -n 3\nx = 1", "\nx = 1"), ("\n%%capture out\n%%time\nx = 1", "\n\n\nx = 1"),
        ("%%html\n<b>x = 1</b>", "\n"), ("%%bash\nx=1", "\n"), ("%%writefile a.py\nx = 1", "\n"), ("%time x = f(y)", "x = f(y)"),
        ("def f(x):\n    %time y = x\n    return y", "def f(x):\n    y = x\n    return y"), ("%time no python", "pass"),
        ("%run layers.ipynb", "from layers import *"), ("%run -i 'sub/2_layers.py'", "from _2_layers import *"), ("%run -m pytest", "pass"),
        ("%%unknown\nx = 1", "\nx = 1"),
    ],
)  # fmt: skip
def test_magics_with_python_in_them(cell, expected):
    assert magics.plain(cell) == expected


@pytest.mark.parametrize(
    "path", sorted(Path(checks.__file__).parent.glob("*.py")), ids=lambda path: path.stem
)
def test_python_stays_as_it_is(path):
    text = path.read_text("utf-8")
    assert magics.plain(text) == text


def test_lines_stay_on_their_numbers():
    cell = "%%time\n!ls \\\n -l\n\nx = f(\n  1)\n%cd x\ny = 1\n"
    assert magics.plain(cell).count("\n") == cell.count("\n")
    assert [node.lineno for node in ast.parse(magics.plain(cell)).body] == [2, 5, 7, 8]


# --- notebooks -----------------------------------------------------------------------------------------------

CODE = {"cell_type": "code", "source": "x = 1"}


@pytest.mark.parametrize(
    "book",
    [
        {"cells": [CODE]}, {"cells": [{"cell_type": "raw", "source": "no"}, CODE]}, {"cells": [CODE | {"source": ["x = ", "1"]}]},
        {"worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1"], "language": "python"}]}]},
        {"worksheets": [{"cells": [{"cell_type": "heading", "source": "T"}]}, {"cells": [CODE | {"input": "x = 1", "source": "x = 1"}]}]},
    ],
)  # fmt: skip
def test_forms_of_notebooks(book):
    for text in (json.dumps(book), "\ufeff" + json.dumps(book, indent=1)):
        assert notebooks.cells(text) == ["x = 1"]
        assert notebooks.is_notebook(text)
        assert notebooks.cells(notebooks.slim(text)) == ["x = 1"]


@pytest.mark.parametrize(
    "text",
    ["", "no", "[]", "{}", '{"cells": [1]}', '{"cells": 1}', "[" * 100_000, '{"cells": [{"cell_type": "code", "source": 1}]}'],
)  # fmt: skip
def test_what_is_no_notebook(text):
    with pytest.raises(ValueError, match="not a Jupyter notebook"):
        notebooks.cells(text)
    assert not notebooks.is_notebook(text)


def test_a_cell_that_cannot_be_read_is_left_out_and_named():
    cells = [
        "import numpy as np",
        RELU,
        "def sigmoid_forward(x):\n    return 1 / (1 + np.exp(-x)",
        BACK,
        "a b c",
    ]
    verdicts = run(cells)
    assert passed(verdicts) == {"relu_forward", "relu_backward"}
    assert verdicts["sigmoid_forward"].state == UNREADABLE
    words = "net.ipynb, cell 3, line 2: cannot be read as Python: '(' was never closed"
    assert words in str(verdicts["sigmoid_forward"])
    assert verdicts["l2_loss"].state == NOT_DONE
    assert "cell 5, line 1 was left out: cannot be read as Python: invalid syntax" in str(verdicts["l2_loss"])


def test_a_line_is_told_with_its_cell():
    verdicts = run(["import numpy as np\n", "%%time\n\ndef relu_forward(x):\n    return undefined, x"])
    assert "raised NameError in cell 2, line 4: return undefined, x" in said(verdicts)


def test_a_notebook_is_known_by_what_it_holds():
    verdicts = run({"net.ipynb.txt": notebook([HEAD, RELU]), "b.py": HEAD + BACK})
    assert passed(verdicts) == {"relu_forward", "relu_backward"}


def test_a_file_that_a_cell_writes_is_read():
    verdicts = run([HEAD, f"%%writefile layers.py\n{HEAD}{RELU}", f"from layers import *\n{BACK}"])
    assert passed(verdicts) == {"relu_forward", "relu_backward"}


# --- broken files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("def sigmoid_forward(x):\n    y = 1 / (1 + np.exp(-x)\n    return y, y\n\n", r"'\(' was never closed"),
        ("def sigmoid_forward(x)\n    return x, x\n\n", "expected ':'"),
        ("def sigmoid_forward(x):\nreturn x, x\n\n", "expected an indented block"),
        ("def sigmoid_forward(x):\n    y = 1\n  return y, y\n\n", "unindent does not match"),
        ("def sigmoid_forward(x):\n    y = 1\n\treturn y, y\n\n", "inconsistent use of tabs|unindent"),
        ("def sigmoid_forward(x):\n    y = 1\nz = 2\n    return z, z\n\n", "unexpected indent"),
        ("def sigmoid_forward(x):\n    print 'x'\n    return x, x\n\n", "Missing parentheses in call to 'print'"),
        ("def sigmoid_forward(x):\n    print(“x”)\n    return x, x\n\n", "invalid character '“'"),
        ("def sigmoid_forward(x):\n    y = 'open\n    return y, y\n\n", "unterminated string"),
        ('def sigmoid_forward(x):\n    """open\n    return x, x\n\n', "unterminated triple-quoted"),
        ("def sigmoid_forward(x):\n<<<<<<< HEAD\n    y = 1\n=======\n    y = 2\n>>>>>>> other\n    return y, y\n\n", "left over from a merge: <<<<<<< HEAD"),
        ("@np.vectorize\ndef sigmoid_forward(x:\n    return x, x\n\n", r"'\(' was never closed|invalid syntax"),
    ],
)  # fmt: skip
def test_one_broken_function_costs_only_itself(broken, reason):
    for text in (HEAD + RELU + broken + BACK, HEAD + broken + RELU + BACK, HEAD + RELU + BACK + broken):
        verdicts = run(text)
        assert passed(verdicts) == {"relu_forward", "relu_backward"}
        verdict = verdicts["sigmoid_forward"]
        assert (verdict.state, verdict.done) == (UNREADABLE, True)
        line = text[: text.index("def sigmoid")].count("\n") + 1
        assert re.match(rf"net.py, line \d+: cannot be read as Python: .*({reason})", verdict.message)
        assert line - 1 <= int(re.search(r"line (\d+)", verdict.message)[1]) <= line + 5


def test_versions_on_both_sides_of_a_merge():
    text = f"{HEAD}{RELU}<<<<<<< HEAD\n{BACK}=======\n{BACK.replace('>', '>=')}>>>>>>> other\n{SIGMOID}"
    verdicts = run(text)
    assert {"relu_forward", "sigmoid_forward"} <= passed(verdicts)
    assert "left over from a merge" in said(verdicts)


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + HEAD + RELU, (HEAD + RELU).replace("\n", "\r\n"), HEAD + "%cd data\n" + RELU,
        HEAD + "!pip install x\n" + RELU + "a = !ls\n",
        "# In[1]:\n" + HEAD + "get_ipython().system('ls')\n# In[2]:\n" + RELU + "get_ipython().run_line_magic('cd', '..')\n",
        HEAD + "# %%\n" + RELU + "# %% [markdown]\n# text\n",
        HEAD + '"""\ndef old(x):\n  not python\n"""\n' + RELU + "def f(:\n",
        HEAD + RELU.replace("return", "get_ipython().run_line_magic('time', '')\n    return"), "\f" + HEAD + RELU,
        HEAD + RELU + "x = [\n1,\n2,\n]\nprint 'old'\n", HEAD + RELU + "return 3\n", HEAD + RELU + "x = await f()\n",
        HEAD + "def _(:\n    pass\n" + RELU + "if True:\n    pass\nelse:\n    pass\n",
        HEAD + RELU.replace("(x):", "(x: 'no such type') -> undefined:", 1),
    ],
)  # fmt: skip
def test_texts_of_which_the_function_can_be_read(text):
    assert passed(run(text)) == {"relu_forward"}


def test_what_stands_in_a_string_without_an_end_is_not_read():
    verdicts = run(f'{HEAD}{RELU}{BACK}"""\nolder:\n{WRONG_RELU}')
    assert passed(verdicts) == {"relu_forward", "relu_backward"}
    assert "line 9 was left out: cannot be read as Python: unterminated triple-quoted" in said(verdicts)


def test_a_counter_of_calls_is_there():
    text = f"{HEAD}calls = 0\n{RELU.replace('    return', '    global calls' + chr(10) + '    calls += 1' + chr(10) + '    return')}"
    assert passed(run(text)) == {"relu_forward"}


def test_what_is_no_python_at_all():
    verdicts = run("This is my answer:\nrelu is max(x, 0).\n")
    assert {v.state for v in verdicts.values()} == {UNREADABLE}
    expected = "net.py, line 1: cannot be read as Python: invalid syntax\n0 of 10 right; 10 could not be read"
    assert table(list(verdicts.values())) == expected


def test_a_large_broken_file_is_read_in_time():
    """Chunks that do not close are not tried without end."""
    text = "x = (\n" * 3000 + HEAD + RELU
    assert pieces.read(text, "net.py").broken


# --- what of it is run -------------------------------------------------------------------------------------------

LIMITED = "def relu_forward(x):\n    return np.maximum(x, LIMIT), x\n\n"
NEVER = "raise SystemExit('run')"  # ends the reading if it is run
NEEDED = {
    "a number": "LIMIT = 0.0",
    "a tuple": "LIMIT, other = 0.0, 1",
    "a list": "[LIMIT, *rest] = [0.0, 1, 2]",
    "an annotated one": "LIMIT: float = 0.0",
    "computed from another": "first = 2.0\nLIMIT = first - 2",
    "changed later": "LIMIT = 1.0\nLIMIT -= 1",
    "in an if": "if np.pi > 3:\n    LIMIT = 0.0\nelse:\n    LIMIT = 1.0",
    "in a try": "try:\n    import no_such_module\n    LIMIT = 1.0\nexcept ImportError:\n    LIMIT = 0.0",
    "in a with": "with np.errstate(all='ignore'):\n    LIMIT = 0.0\n    raise_it()",
    "in a loop": "for LIMIT in (2.0, 1.0, 0.0):\n    pass",
    "of a function": "def zero():\n    return 0.0\nLIMIT = zero()",
    "of a class": "class Settings:\n    limit = 0.0\nLIMIT = Settings.limit",
    "only in main": "if __name__ == '__main__':\n    LIMIT = 0.0\n    raise SystemExit",
    "set by a function": "def prepare():\n    global LIMIT\n    LIMIT = 0.0\nprepare()",
    "an item set": "table = {}\ntable['limit'] = 0.0\nLIMIT = table['limit']",
    "a list filled": "found = []\nfound.append(0.0)\nLIMIT = found[0]",
    "a walrus": "print(LIMIT := 0.0)",
    "imported": "from math import inf as LIMIT\nLIMIT = LIMIT - LIMIT if False else 0.0",
    "in a match": "match (0.0, 1):\n    case (LIMIT, _):\n        pass",
    "filled in a loop": "table = {}\nfor i in range(3):\n    table[i] = 0.0\nLIMIT = table[2]",
    "counted": "LIMIT = 0.0\ndef count():\n    global LIMIT\n    LIMIT += 1",
    "of a dataclass": "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass(frozen=True)\nclass Kept:\n    limit: no_such_type = 0.0\nLIMIT = Kept().limit",
    "a comprehension": "LIMIT = sum([x for x in [0.0]])",
}


@pytest.mark.parametrize("made", NEEDED.values(), ids=NEEDED)
def test_what_a_function_needs_is_run(made):
    for text in (f"{HEAD}{made}\n{LIMITED}{NEVER}\n", f"{HEAD}{NEVER}\n{LIMITED}{made}\n"):
        assert passed(run(text)) == {"relu_forward"}


NOT_NEEDED = {
    "training": "x, W, b = load()\nmodel = TwoLayerNet(1, 2, 3)\ntrain_model(model, x)",
    "a parameter's name": "x = load()",
    "a local name": "y = load()",
    "an attribute's name": "maximum = load()",
    "plots": "plt.plot(np.arange(3))\nplt.show()",
    "asserts": "assert relu_forward(np.ones(3))[0].sum() == 4",
    "its tests": "def test_relu():\n    assert False\ntest_relu()",
    "main": "if __name__ == '__main__':\n    main()",
    "a loop": "while True:\n    pass",
    "a loop that never ends": "from itertools import count\nfor i in count():\n    pass",
    "input": "n = int(input('how many? '))",
    "exit": "import sys\nsys.exit(0)",
    "data": "import pandas as pd\ndata = pd.read_csv('mnist.csv')",
    "imports of packages that are not here": "import no_such_package\nfrom tensorflow.keras.datasets import mnist",
    "another function's default": "def other(data=load()):\n    pass",
    "another class": "class Other(Unknown):\n    load()",
    "a comprehension's name": "z = [x for x in load()]",
    "the exercise again": "relu_forward(load())",
    "yours or ours": "from handgrad.workbook.lesson import yours_or_ours\nrelu_forward = yours_or_ours(relu_forward)",
}


@pytest.mark.parametrize("rest", NOT_NEEDED.values(), ids=NOT_NEEDED)
def test_what_no_exercise_needs_is_not_run(rest):
    text = f"{HEAD}def relu_forward(x):\n    y = np.maximum(x, 0)\n    return y, x\n\n{rest}\n"
    verdicts = run(text)
    assert passed(verdicts) == {"relu_forward"}
    assert verdicts["relu_forward"].remarks == ()


def test_settings_of_the_libraries_are_made():
    text = f"{HEAD}np.random.seed(3)\nnp.save('x', np.ones(3))\n{RELU}np.set_printoptions(precision=3)\n"
    chosen = definitions.select(submission.read(text, "net.py").leaves, NAMES)
    assert [ast.unparse(leaf.node).split("(")[0] for leaf in chosen] == [
        "import numpy as np", "np.random.seed", "def relu_forward", "np.set_printoptions"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        RIGHT.replace("class TwoLayerNet:", "class TwoLayerNet:\n    pass\n\n\nclass Part:").replace("def train", "TwoLayerNet = Part\n\n\ndef train"),
        RIGHT.replace("    def backward(self, dout, cache):", "\ndef backward(self, dout, cache):").replace("\ndef train", "\nTwoLayerNet.backward = backward\n\ndef train"),
        RIGHT.replace("    def backward(self, dout, cache):", "\nclass TwoLayerNet(TwoLayerNet):\n    def backward(self, dout, cache):"),
        RIGHT + "\n\ndef affine_forward(x, W, b):\n    pass\n", RIGHT + "\n\nclass TwoLayerNet:\n    def forward(self, x):\n        pass\n",
        "if True:\n" + "\n".join(f"    {line}" for line in RIGHT.split("\n")), "from __future__ import annotations\n" + RIGHT,
        RIGHT.replace("(x, W, b):", "(x: Tensor, W: 'list[', b: Tensor) -> Nowhere[int]:"),
        RIGHT.replace("import numpy as np\n", "from numpy import *\nimport numpy as np\n"),
        RIGHT.replace("import numpy as np\n", "try:\n    import cupy as np\nexcept ImportError:\n    import numpy as np\n"),
        RIGHT.replace("def relu_forward", "from functools import lru_cache\n@lru_cache\ndef other():\n    pass\n\n@staticmethod\ndef relu_forward"),
    ],
)  # fmt: skip
def test_ways_to_define(text):
    text = (
        text.replace(
            "        first, relu, second, sigmoid = cache", "    first, relu, second, sigmoid = cache"
        )
        if "\ndef backward(self" in text
        else text
    )
    if "\ndef backward(self" in text:
        start, end = text.index("\ndef backward(self"), text.index("\nTwoLayerNet.backward")
        body = text[start:end].replace("\n        ", "\n    ").replace("\n        ", "\n    ")
        text = text[:start] + body + text[end:]
    verdicts = run(text)
    assert passed(verdicts) == set(verdicts), said(verdicts)


@pytest.mark.parametrize(
    ("made", "why"),
    [
        ("LIMIT = int(input())", "EOFError|OSError"), ("LIMIT = load()", "NameError"), ("LIMIT = open('nowhere.txt').read()", "FileNotFoundError"),
        ("def count():\n    while True:\n        pass\nLIMIT = count()", "did not finish within"), ("LIMIT = __import__('time').sleep(1000)", "did not finish"),
        ("LIMIT = 1 / 0", "ZeroDivisionError"), ("LIMIT = np.ones(10 * 2**27)", "MemoryError"), ("LIMIT = exit()", "SystemExit"), ("LIMIT = __import__('os')._exit(3)", "ended the process"),
        ("LIMIT = __import__('os').abort()", "SIGABRT"),
        ("def count():\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass\nLIMIT = count()", "did not finish within"),
    ],
)  # fmt: skip
def test_what_fails_hits_only_those_that_need_it(made, why):
    """In a process of its own, as on the command line."""
    text = f"{HEAD}{made}\n{LIMITED}{BACK}{SIGMOID}"
    with RemoteDesk(IMPATIENT) as desk:
        verdicts = run(text, desk=desk)
    assert passed(verdicts) == {"relu_backward", "sigmoid_forward"}
    line = text[: text.index("LIMIT = ")].count("\n") + 1
    assert "NameError" in verdicts["relu_forward"].message
    (remark,) = verdicts["relu_forward"].remarks
    assert re.match(rf"line {line} was left out: .*({why})", remark), remark


def test_a_definition_that_fails_does_not_end_the_others():
    text = f"{HEAD}{RELU}@undefined\n{SIGMOID}{BACK}class TwoLayerNet(Unknown):\n    pass\n"
    verdicts = run(text)
    assert passed(verdicts) == {"relu_forward", "relu_backward"}
    assert (verdicts["sigmoid_forward"].state, verdicts["TwoLayerNet"].state) == (WRONG, WRONG)
    assert verdicts["sigmoid_forward"].message.startswith(
        "sigmoid_forward could not be defined, line 6: NameError"
    )
    assert "Unknown" in verdicts["TwoLayerNet"].message


TRAINED = """
x, labels = np.random.rand(60000, 784), np.zeros(60000, int)
model = TwoLayerNet(784, 100, 10)
train_model(model, x, labels, x, labels, n_epochs=100)
print("trained")
"""


def test_the_right_network_that_trains_at_the_margin():
    """The names x, labels and model are parameters of the functions as well."""
    for name in ("net.py", "net.ipynb"):
        text = notebook([RIGHT, TRAINED]) if name.endswith("ipynb") else RIGHT + TRAINED
        with RemoteDesk() as desk:
            verdicts = checks.run(desk, [Source(name, text)])
            assert [v.state for v in verdicts] == [PASSED] * 10
            assert desk.output == ""


# --- several files ---------------------------------------------------------------------------------------------

LAYERS = f"import numpy as np\n\n{RELU}{BACK}SLOPE = 1\ndef double(x):\n    return 2 * x\n"
USER = "def sigmoid_forward(x):\n    y = 1 / (1 + np.exp(-double(x) / 2))\n    return y, y\n"


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("layers.py", "from layers import double"), ("layers.py", "from layers import *"), ("layers.py", "import layers\ndouble = layers.double"),
        ("layers.py", "import layers as L\ndef double(x):\n    return L.double(x)"), ("layers.py", "from .layers import double"),
        ("layers.py", "from . import layers\ndouble = layers.double"), ("pack/layers.py", "from pack.layers import double"),
        ("pack/layers.py", "import pack.layers\ndef double(x):\n    return pack.layers.double(x)"), ("pack/layers.py", "import pack.layers as L\ndouble = L.double"),
        ("pack/layers.py", "from pack import layers\ndouble = layers.double"), ("pack/__init__.py", "from pack import double"),
        ("pack/layers.py", "from .pack.layers import double"), ("src/layers.py", "import sys\nsys.path.append('src')\nfrom layers import double"),
        ("layers.ipynb", "from layers import double"), ("layers.ipynb", "from ipynb.fs.full.layers import double"),
        ("layers.py", "def other():\n    pass"), ("layers.py", "def double(x):\n    from layers import double\n    return double(x)"),
        ("2_layers.py", "%run 2_layers.py"), ("layers.ipynb", "%run ./layers.ipynb"),
    ],
)  # fmt: skip
def test_a_file_takes_from_another(file, line):
    if file.endswith("ipynb"):
        files = {file: [LAYERS, "assert False"], "net.ipynb": [HEAD, line, USER]}
    else:
        files = {file: LAYERS + "raise SystemExit('run')\n", "net.py": f"{HEAD}{line}\n{USER}"}
    for given in (files, dict(reversed(files.items()))):
        verdicts = run(given)
        assert passed(verdicts) == {"relu_forward", "relu_backward", "sigmoid_forward"}, said(verdicts)
        assert "ImportError" not in said(verdicts)


def test_files_that_import_each_other():
    files = {
        "a.py": f"from b import *\nfrom b import half\n{HEAD}def one():\n    return 1\n{RELU}",
        "b.py": f"import a\nfrom a import one\n{HEAD}def half(x):\n    return x / (1 + one())\n{BACK.replace('(cache > 0)', '(cache > 0) * half(2 * one())')}",
    }
    for given in (files, dict(reversed(files.items()))):
        assert passed(run(given)) == {"relu_forward", "relu_backward"}


def test_a_package_with_relative_imports():
    files = {
        "project/model/__init__.py": "from .net import *\nfrom .layers import relu_forward as rectify\n",
        "project/model/layers.py": LAYERS,
        "project/model/net.py": f"from . import layers\nfrom ..tools import half\n{HEAD}{USER.replace('double', 'layers.double').replace('/ 2', '* half()')}",
        "project/tools.py": "def half():\n    return 1 / 2\n",
        "project/main.py": "from model.net import sigmoid_forward\nsigmoid_forward(load())\n",
    }
    verdicts = run(files)
    assert passed(verdicts) == {"relu_forward", "relu_backward", "sigmoid_forward"}, said(verdicts)


def test_the_whole_network_in_several_files():
    cut = RIGHT.index("def l2_loss"), RIGHT.index("class TwoLayerNet")
    layers, losses, net = RIGHT[: cut[0]], HEAD + RIGHT[cut[0] : cut[1]], HEAD + RIGHT[cut[1] :]
    files = {
        "layers.py": layers,
        "losses.py": losses,
        "net.py": f"from layers import *\nfrom losses import l2_loss\n{net}",
    }
    verdicts = run(files)
    assert passed(verdicts) == set(verdicts), said(verdicts)
    assert len(verdicts) == 10
    wrong = run(files | {"layers.py": layers.replace("dout.sum(axis=0)", "dout.mean(axis=0)")})
    assert set(wrong) - passed(wrong) == {"affine_backward"}  # the lesson's piece reaches the other file
    assert any("stood in for affine_backward" in remark for remark in wrong["TwoLayerNet"].remarks)
    missing = run({"net.py": files["net.py"], "losses.py": losses})  # layers.py was not handed in
    assert passed(missing) == {"l2_loss", "calculate_accuracy", "TwoLayerNet", "train_model"}, said(missing)
    assert missing["affine_forward"].state == NOT_DONE


TAKEN = [  # files; the file whose answer counts; what is said of it
    ({"a.py": HEAD + BLANK, "b.py": HEAD + RELU}, True, ""),
    ({"a.py": HEAD + RELU, "b.py": HEAD + BLANK}, True, ""),
    ({"a.py": HEAD + RELU, "b.py": HEAD + RELU}, True, ""),
    ({"net.py": HEAD + WRONG_RELU, "net (1).py": HEAD + RELU}, True, "taken from net (1).py; net.py holds another one"),
    ({"net.py": (HEAD + RELU, 1e6), "new.py": (HEAD + WRONG_RELU, 2e6)}, True, "taken from net.py; the one in new.py is not right"),
    ({"net.py": (HEAD + WRONG_RELU, 1e6), "new.py": (HEAD + RELU, 2e6)}, True, "taken from new.py; net.py holds another one"),
    ({"net.py": HEAD + WRONG_RELU, "fuller.py": HEAD + RELU + BACK}, True, "taken from fuller.py; net.py holds another one"),
    ({"a.py": HEAD + WRONG_RELU, "b.py": HEAD + RELU, "c.py": HEAD + WRONG_RELU.replace("0), x", "0), 1")}, True, "taken from b.py; the one in a.py is not right"),
    ({"a.py": HEAD + WRONG_RELU, "b.py": HEAD + WRONG_RELU.replace("x, 0", "0, x")}, False, "taken from a.py; b.py holds another one"),
    ({"old/net.py": (HEAD + WRONG_RELU, 9e6), "net.py": (HEAD + RELU, 1e6)}, True, "taken from net.py; old/net.py holds another one"),
    ({"a.py": HEAD + "def relu_forward(x:\n", "b.py": HEAD + RELU}, True, "a.py, line 3 was left out"),
    ({"a.ipynb": [HEAD, RELU, BLANK]}, True, ""),
    ({"a.ipynb": [HEAD, WRONG_RELU, RELU]}, True, ""),
]  # fmt: skip


@pytest.mark.parametrize(("files", "right", "words"), TAKEN)
def test_of_several_answers_one_is_taken_and_said(files, right, words):
    for given in (files, dict(reversed(files.items()))):
        verdict = run(given, ["relu_forward"])["relu_forward"]
        assert verdict.passed == right
        assert words in "\n".join(verdict.remarks)
        assert words or not verdict.remarks


def test_another_file_is_taken_in_a_process_that_has_to_start_anew():
    hang = HEAD + "def relu_forward(x):\n    while True:\n        x = x + 1\n"
    files = {"net (2).py": hang, "net.py": HEAD + RELU}
    with RemoteDesk(IMPATIENT) as desk:
        verdict = run(files, ["relu_forward"], desk)["relu_forward"]
        assert verdict.passed
        assert "taken from net.py; the one in net (2).py is not right" in verdict.remarks


def test_a_wrong_piece_of_another_file_is_not_held_against_what_uses_it():
    wrong = RIGHT.replace("(cache > 0)", "1")
    verdicts = run({"old.py": (RIGHT, 1e6), "new.py": (wrong, 2e6)})
    assert passed(verdicts) == set(verdicts), said(verdicts)
    assert "taken from old.py; the one in new.py is not right" in verdicts["relu_backward"].remarks


def test_only_one_of_several_files_can_be_read():
    verdicts = run({"a.py": HEAD + RELU, "b.ipynb": "{}", "c.py": "not python at all"})
    assert passed(verdicts) == {"relu_forward"}
    assert "b.ipynb: not a Jupyter notebook" in said(verdicts)
    assert "c.py, line 1: cannot be read as Python" in said(verdicts)


def test_an_error_names_its_file():
    verdicts = run({"a.py": HEAD + RELU, "b.py": "def relu_backward(dout, cache):\n    return undefined\n"})
    assert "raised NameError in b.py, line 2: return undefined" in verdicts["relu_backward"].message


# --- what is asked for --------------------------------------------------------------------------------------------

CHECKED = (
    "from handgrad.workbook import check\ndef affine_forward(x, W, b):\n    pass\ncheck(affine_forward)\n"
)


@pytest.mark.parametrize(
    ("files", "chapters"),
    [
        ({"2_layers.ipynb": [HEAD + "def affine_forward(x, W, b):\n    pass"]}, [2]), ({"handed in/3_nonlinearities.py": HEAD + RELU}, [3]),
        ({"3_nonlinearities (1).py": HEAD + RELU, "2_layers.py": ""}, [2, 3]), ({"mine.py": CHECKED}, [2]), ({"mine.ipynb": [CHECKED]}, [2]),
        ({"1_templates.py": "", "utils.py": "def one(): pass\n"}, [1]), ({"7_training.py": HEAD + RELU}, [7, "relu_forward"]),
        ({"net.py": HEAD + RELU}, None), ({"3_final.py": HEAD + RELU}, None), ({"2_layers.py": "", "net.py": HEAD + RELU}, None), ({}, None),
        ({"8_inside.ipynb": [HEAD]}, [8]),
    ],
)  # fmt: skip
def test_a_chapter_is_judged_by_its_own_exercises(files, chapters):
    present = {"relu_forward": "done"} if any("relu" in str(text) for text in files.values()) else {}
    asked = asked_for(present, sources(files))
    whole = list(run(RIGHT))
    own = {
        name for one in chapters or () for name in CHAPTERS.get(one, [one] if isinstance(one, str) else [])
    }
    assert asked == ([n for n in NAMES if n in own] if own else whole)


def test_chapters_are_those_of_the_exercises():
    from handgrad.workbook.book.exercise import exercises

    assert {n: chapter for chapter, names in CHAPTERS.items() for n in names} == {
        e.name: e.chapter for e in exercises().values()
    }
    assert set(NAMES) == set(checks.CHECKS)


@pytest.mark.parametrize("solved", [True, False])
def test_the_workbook_as_it_was_handed_out(tmp_path, solved):
    from handgrad.workbook.book.copies import write

    pytest.importorskip("jupytext")
    texts = {
        path.name: path.read_text("utf-8") for path in write(tmp_path, solved=solved) if path.suffix != ".md"
    }
    verdicts = run(texts)
    assert set(verdicts) == set(NAMES)
    assert {v.state for v in verdicts.values()} == {PASSED if solved else NOT_DONE}, said(verdicts)
    for name, text in texts.items():
        if name[0].isdigit() and int(name[0]) not in CHAPTERS:
            continue
        alone = run({name: text})
        assert {v.state for v in alone.values()} == {PASSED if solved else NOT_DONE}, said(alone)
    one = dict(texts) | {
        "2_layers.ipynb": texts["2_layers.ipynb"].replace("out = None  # yours", "out = x @ W.T + b")
    }
    assert passed(run(one)) == (set(NAMES) if solved else {"affine_forward"})


# --- what is not here -------------------------------------------------------------------------------------------

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


# --- what was found instead -------------------------------------------------------------------------------------


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


# --- time ---------------------------------------------------------------------------------------------------------


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


# --- output, and liars ------------------------------------------------------------------------------------------


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
