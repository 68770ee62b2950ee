"""The structure: which way imports point, what an import costs, how long the reference is."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import handgrad

import house

SOURCE = Path(handgrad.__file__).parent
REFERENCE = ("layers", "losses", "network", "optimizers", "training")
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
MOST_AT_THE_TOP = 15


@pytest.fixture(scope="module")
def texts():
    return house.modules()


def imports(path):
    """(module, whether it is imported when the file is) for each import of a file."""
    tree = ast.parse(path.read_text())
    late = {id(node) for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for node in ast.walk(f)}
    late |= {
        id(node)
        for test in ast.walk(tree)
        if isinstance(test, ast.If) and ast.unparse(test.test) == "TYPE_CHECKING"
        for node in ast.walk(test)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from ((name, id(node) not in late) for name in names)


def test_every_module_has_a_room(texts):
    assert [module for module in texts if house.room_of(module) is None] == ["handgrad"]
    empty = [room.name for room in house.ROOMS if not any(house.room_of(module) is room for module in texts)]
    assert not empty


def test_rooms_import_downwards():
    """Whatever a room may import stands before it in the table: no way leads up, and none round."""
    names = [room.name for room in house.ROOMS]
    for i, room in enumerate(house.ROOMS):
        assert room.allowed - {room.name} <= set(names[:i]), room.name


def test_modules_import_what_their_room_may(texts):
    assert list(house.wrong_imports(texts)) == []


def test_modules_do_not_import_each_other_in_circles(texts):
    assert house.circles(texts) == set()


PLANTED = (
    ("photos.marks", "from handgrad import runs"),
    ("photos.reading", "from handgrad.workbook import lesson"),
    ("model", "import handgrad.bench"),
    ("model", "from handgrad.engines import engine"),
    ("model", "from handgrad.insight.plots import png"),
    ("model", "from handgrad.runs import run"),
    ("digits.idx", "import handgrad.workbook.lesson"),
    ("digits", "from handgrad.model import Model"),
    ("losses", "from handgrad.network import forward"),
    ("engines.dense", "from handgrad.engines import engine"),
    ("workbook.lesson", "from handgrad.workbook import check"),
    ("runs", "from handgrad.cli.shared import say"),
    ("workbook.desk.desk", "from handgrad.workbook.checks import run"),
    ("digits.idx", "from handgrad import fit"),
    ("layers", "from handgrad import check_gradients"),
    ("layers", "from handgrad.reading import read"),
    ("model", "import handgrad.explain"),
)
LAZY = "\n\ndef planted():\n    {}\n"
FOR_TYPES = "\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    {}\n"
BY_NAME = "\nimport importlib\nimportlib.import_module({})\n"


@pytest.mark.parametrize("form", ["\n{}\n", LAZY, FOR_TYPES])
@pytest.mark.parametrize(("module", "statement"), PLANTED)
def test_a_planted_import_is_refused(texts, module, statement, form):
    module = f"handgrad.{module}"
    refused = list(house.wrong_imports(texts | {module: texts[module] + form.format(statement)}))
    assert refused
    assert all(line.startswith(f"{module} imports ") for line in refused)


@pytest.mark.parametrize(
    "name", ["'handgrad.runs'", "name='handgrad.runs'", "'handgrad.' + input()", "'handgrad.report'"]
)
def test_an_import_by_name_is_refused(texts, name):
    planted = {"handgrad.model": texts["handgrad.model"] + BY_NAME.format(name)}
    assert len(list(house.wrong_imports(texts | planted))) == 1


def test_no_room_may_import_what_it_does_not():
    """What the table grants is used, rooms that are granted in a group aside."""
    texts = house.modules()
    for room in house.ROOMS:
        used = {
            house.room_of(other).name
            for module, text in texts.items()
            if house.room_of(module) is room
            for other in house.imports(text, texts)
            if other != "handgrad"
        }
        assert {read for read in room.reads if read not in house.GROUPS} <= used, room.name


def test_a_planted_circle_is_found(texts):
    planted = {
        "handgrad.photos.marks": texts["handgrad.photos.marks"]
        + LAZY.format("import handgrad.photos.reading")
    }
    (found,) = house.circles(texts | planted)
    assert {"handgrad.photos.marks", "handgrad.photos.reading"} <= found


def test_the_design_shows_the_table_of_rooms():
    text = house.DESIGN.read_text("utf-8")
    assert text == house.written(text), "run: python tests/house.py --write"


def test_few_modules_stand_at_the_top():
    top = {path.stem for path in SOURCE.glob("*.py")} - {"__init__", "__main__"}
    assert len(top) <= MOST_AT_THE_TOP, sorted(top)


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
    own = {name: {"matplotlib"} for name in ("plots", "plots_explain", "plots_sweep", "pictures")}
    own |= {"photos": {"PIL", "cv2"}, "estimator": {"scipy", "sklearn"}}  # rooms of several files
    own |= {name: {"llvmlite"} for name in ("compiler", "machine", "operations", "values")}
    for path in set(SOURCE.rglob("*.py")) - set((SOURCE / "workbook" / "book" / "chapters").iterdir()):
        top = {name.split(".")[0] for name, at_once in imports(path) if at_once} & set(HEAVY)
        assert top <= own.get(path.stem, set()) | own.get(path.parent.name, set()), path.name


CONTRACT = "from handgrad import layers, losses, network, training, templates, digits, model_file"


ADDED = "import sys, numpy; before = set(sys.modules); {}; print(*sorted(set(sys.modules) - before))"


@pytest.mark.parametrize(("statement", "most"), [("import handgrad", 45), (CONTRACT, 140)])
def test_importing_is_light(statement, most, figure):
    """What it loads beside NumPy: few modules, and of other people's only array_api_compat. No clock is asked."""
    program = [sys.executable, "-c", ADDED.format(statement)]
    added = subprocess.run(program, capture_output=True, text=True, check=True).stdout.split()
    foreign = {name.partition(".")[0] for name in added} - sys.stdlib_module_names
    assert {name for name in foreign if "cython" not in name} <= {"handgrad", "numpy", "array_api_compat"}
    assert len(added) <= most, added
    figure(statement[:40], f"{len(added)} modules beside NumPy's")


def test_the_reference_is_read_in_one_sitting(figure):
    lines = {name: len((SOURCE / f"{name}.py").read_text().splitlines()) for name in REFERENCE}
    figure(
        "lines of the reference", f"{sum(lines.values())} ({', '.join(f'{k} {v}' for k, v in lines.items())})"
    )
    assert sum(lines.values()) < 350


def test_the_readme_says_what_the_reference_stands_on(texts):
    """Every module that the five import, directly or not, is named in README."""
    stands_on, waiting = set(), [f"handgrad.{name}" for name in REFERENCE]
    while waiting:
        module = waiting.pop()
        if module not in stands_on and module != "handgrad":
            stands_on.add(module)
            waiting += house.imports(texts[module], texts)
    assert len(stands_on) > len(REFERENCE)
    readme = (house.ROOT / "README.md").read_text("utf-8")
    for module in stands_on:
        name = module.removeprefix("handgrad.")
        assert f"[{name}](src/handgrad/{name}.py)" in readme, name


def test_public_functions_have_docstrings():
    for path in SOURCE.rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{path.name}: {node.name}"
