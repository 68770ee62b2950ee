"""How what people hand in is read: IPython's syntax, notebooks, broken pieces."""

import ast
import json
import re
from pathlib import Path

import pytest

from handgrad.workbook import checks
from handgrad.workbook.checks.verdict import NOT_DONE, UNREADABLE, table
from handgrad.workbook.desk import magics, notebooks, pieces
from submissions import (
    BACK,
    HEAD,
    RELU,
    SIGMOID,
    WRONG_RELU,
    notebook,
    passed,
    run,
    said,
)

# --- IPython's syntax ----------------------------------------------------------------------------------

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


# --- notebooks -----------------------------------------------------------------------------------------

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


# --- broken files --------------------------------------------------------------------------------------


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
