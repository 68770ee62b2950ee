"""Hand-ins for the tests: files, folders and archives, written as students and platforms make them."""

import io
import json
import os
import tarfile
import zipfile

import pytest

AFFINE = "import numpy as np\n\n\ndef affine_forward(x, W, b):\n    return x @ W.T + b, (x, W)\n"
RELU = "import numpy as np\n\n\ndef relu_forward(x):\n    return np.maximum(x, 0), x\n"
OTHER = AFFINE + "# another attempt\n"
MB = 1_000_000
posix = pytest.mark.skipif(os.name != "posix", reason="links, pipes and file modes of Unix")


def book(*cells, **more):
    """A notebook of these code cells, with a title before them."""
    title = {"cell_type": "markdown", "source": ["# Title\n"], "metadata": {}}
    code = [
        {"cell_type": "code", "source": cell.splitlines(keepends=True), "outputs": [], "metadata": {}, **more}
        for cell in cells
    ]
    return json.dumps({"cells": [title, *code], "nbformat": 4, "nbformat_minor": 5, "metadata": {}})


def write(folder, files):
    """Files in a folder, by their paths."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def zipped(files):
    """A zip archive of files, as bytes."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return archive.getvalue()


def tarred(files, pack=bytes):
    """A tar archive of files, as bytes, packed by gzip.compress and the like."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as file:
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            file.addfile(member, io.BytesIO(data))
    return pack(archive.getvalue())


def told(handins):
    """student, id, attempt, late and the names of the files of each."""
    return [
        (one.student, one.id, one.attempt, one.late, sorted(source.name for source in one.sources))
        for one in handins
    ]


def contents(folder):
    return {path.relative_to(folder): path.is_file() and path.stat().st_size for path in folder.rglob("*")}
