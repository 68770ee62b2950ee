"""The structure: which way imports point, what an import costs, how long the reference is."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import handgrad

SOURCE = Path(handgrad.__file__).parent
REFERENCE = ("layers", "losses", "network", "optimizers", "training")
SHELLS = ("cli", "lab", "estimator", "__main__")
HEAVY = (
    "matplotlib",
    "sklearn",
    "torch",
    "numba",
    "llvmlite",
    "fastapi",
    "skimage",
    "cv2",
    "onnx",
    "PIL",
    "scipy",
    "jax",
)
CORE = {*REFERENCE, "recipes", "arrays", "diagnosis", "errors"}
OWN = {path.relative_to(SOURCE).with_suffix("").parts[0] for path in SOURCE.rglob("*.py")}


def imports(path):
    """(module, whether it is imported when the file is) for each import of handgrad's own rooms."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):  # what only the type checker imports does not count
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = []
    late = {id(node) for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for node in ast.walk(f)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from ((name, id(node) not in late) for name in names)


def rooms(path):
    """The rooms of handgrad that a file imports."""
    parts = (name.split(".") for name, _ in imports(path))
    return {part[1] for part in parts if part[0] == "handgrad" and len(part) > 1 and part[1] in OWN}


def test_the_reference_imports_one_way():
    """layers <- losses <- network <- optimizers <- training: each only what stands before it."""
    order = (
        "errors",
        "arrays",
        "layers",
        "losses",
        "network",
        "diagnosis",
        "optimizers",
        "recipes",
        "training",
    )
    for i, name in enumerate(order):
        assert rooms(SOURCE / f"{name}.py") <= set(order[:i]), name


def test_nothing_imports_a_shell():
    for path in SOURCE.rglob("*.py"):
        if path.relative_to(SOURCE).parts[0].removesuffix(".py") not in SHELLS:
            assert not rooms(path) & set(SHELLS), path.name


def test_the_core_does_no_io_and_prints_nothing():
    for name in CORE:
        text = ast.parse((SOURCE / f"{name}.py").read_text())
        called = {
            node.func.id
            for node in ast.walk(text)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not called & {"print", "open", "input"}, name
        assert not {module.split(".")[0] for module, _ in imports(SOURCE / f"{name}.py")} & {
            "os",
            "pathlib",
            "io",
            "sys",
            "random",
        }


def test_heavy_modules_are_imported_where_they_are_used():
    """At the top of a file only where the file is about nothing else: plots (matplotlib), photos (Pillow)."""
    own = {"plots": {"matplotlib"}, "plots_explain": {"matplotlib"}, "pictures": {"matplotlib"}}
    own |= {"photos": {"PIL", "cv2"}}  # a room of several files
    own |= {name: {"llvmlite"} for name in ("compiler", "machine", "operations")}
    for path in set(SOURCE.rglob("*.py")) - set((SOURCE / "workbook" / "book" / "chapters").iterdir()):
        top = {name.split(".")[0] for name, at_once in imports(path) if at_once} & set(HEAVY)
        assert top <= own.get(path.stem, set()) | own.get(path.parent.name, set()), path.name


CONTRACT = "from handgrad import layers, losses, network, training, templates, digits, model_file"


@pytest.mark.parametrize("statement", ["import handgrad", CONTRACT])
def test_importing_is_light(statement, figure):
    program = f"import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t); import sys; print(*sys.modules)"
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        for _ in range(5)
    ]
    seconds, modules = min(float(run.splitlines()[0]) for run in runs), set(runs[0].splitlines()[1].split())
    assert not modules & set(HEAVY)
    assert seconds < 0.25
    figure(statement[:40], f"{seconds:.3f} s (fastest of five)")


def test_the_reference_is_read_in_one_sitting(figure):
    lines = {name: len((SOURCE / f"{name}.py").read_text().splitlines()) for name in REFERENCE}
    figure(
        "lines of the reference", f"{sum(lines.values())} ({', '.join(f'{k} {v}' for k, v in lines.items())})"
    )
    assert sum(lines.values()) < 350


def test_public_functions_have_docstrings():
    for path in SOURCE.rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{path.name}: {node.name}"


@pytest.mark.parametrize(("old", "new"), handgrad.MOVED.items())
def test_a_moved_module_is_found_under_its_old_name(old, new):
    """Notebooks that were handed out keep working: both names are one module."""
    parent, name = old.rsplit(".", 1)
    program = f"import {old}; from {parent} import {name}; import sys; assert sys.modules['{old}'] is sys.modules['{new}'] is {name}"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_what_stands_below_a_moved_module_is_loaded_once():
    program = "import handgrad.ink.task as old, handgrad.engines.ink.task as new; assert old is new"
    subprocess.run([sys.executable, "-c", program], check=True)
