"""The house: its rooms, from the ground floor up, and what each may import. docs/design.md shows this table.

python tests/house.py          the table as Markdown
python tests/house.py --write  the same, into docs/design.md
"""

import ast
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src" / "handgrad"


def modules():
    """Each module of the package by its dotted name: its file."""
    named = {}
    for path in SOURCE.rglob("*.py"):
        parts = path.relative_to(SOURCE.parent).with_suffix("").parts
        if "chapters" not in parts:  # they are handed out, and import what any program may
            named[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return named


def imports(text, known):
    """The modules among `known` that a text imports: at its top, in functions, and for type checkers."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            while name not in known and "." in name:
                name = name.rpartition(".")[0]
            if name in known:
                yield name
