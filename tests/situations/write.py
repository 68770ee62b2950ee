"""Notebooks, archives and encodings, made of plain text."""

import ast
import io
import json
import re
import zipfile


def notebook(*cells, outputs=(), **metadata):
    """A notebook of these cells; a cell that begins with "md:" is text."""
    made = []
    for number, text in enumerate(cells, 1):
        lines = text.removeprefix("md:").splitlines(keepends=True)
        if text.startswith("md:"):
            made.append({"cell_type": "markdown", "metadata": {}, "source": lines})
        else:
            made.append(
                {
                    "cell_type": "code", "metadata": {}, "source": lines, "execution_count": number,
                    "outputs": list(outputs), "id": f"cell{number}",
                }
            )  # fmt: skip
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return json.dumps({"cells": made, "metadata": kernel | metadata, "nbformat": 4, "nbformat_minor": 5})


def old_notebook(*cells):
    """The same in the format of 2014: worksheets, and "input" for source."""
    made = [
        {"cell_type": "code", "input": c.splitlines(keepends=True), "language": "python", "outputs": []}
        for c in cells
    ]
    return json.dumps(
        {"worksheets": [{"cells": made}], "metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0}
    )


def parts(text):
    """A file's top-level pieces, in order: each definition, and what stands between two of them."""
    lines, pieces, at = text.splitlines(keepends=True), [], 0
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            begin = min([node.lineno, *(d.lineno for d in node.decorator_list)]) - 1
            pieces += ["".join(lines[at:begin]), "".join(lines[begin : node.end_lineno])]
            at = node.end_lineno
    pieces.append("".join(lines[at:]))
    return [piece.strip("\n") + "\n" for piece in pieces if piece.strip()]


def named(text):
    """The pieces by the name that each defines; those of no definition under ""."""
    found = {}
    for piece in parts(text):
        node = ast.parse(piece).body[0] if piece.strip() else None
        name = node.name if isinstance(node, ast.FunctionDef | ast.ClassDef) else ""
        found[name] = found.get(name, "") + piece
    return found


def archive(files, apple=False):
    """A zip of these files, as bytes; as macOS makes it, where asked for."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
            if apple:
                zipped.writestr(
                    "__MACOSX/" + re.sub(r"([^/]+)$", r"._\1", name), b"\0\5\x16\7Mac OS X" + b"\0" * 40
                )
    return data.getvalue()


def exported(*cells):
    """What "Download as Python" makes of a notebook."""
    text = "#!/usr/bin/env python\n# coding: utf-8\n\n"
    for number, cell in enumerate(cells, 1):
        if cell.startswith("md:"):
            text += "\n".join(f"# {line}" for line in cell.removeprefix("md:").splitlines()) + "\n\n"
        else:
            text += f"# In[{number}]:\n\n\n{cell}\n\n"
    return text
