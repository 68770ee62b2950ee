"""The learner's own pieces of earlier chapters, for the network of a later one.

They are looked for in the chapters that lie in the same folder, as notebooks or as Python files. Their
definitions are read, no more; each piece is judged in a process of its own before it is used here.
"""

import ast
import types
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from handgrad.errors import HandgradError
from handgrad.workbook import caches, checks, lesson
from handgrad.workbook.book import copies
from handgrad.workbook.book.exercise import exercises
from handgrad.workbook.desk import definitions, submission
from handgrad.workbook.desk.leaves import imports
from handgrad.workbook.desk.remote import RemoteDesk
from handgrad.workbook.desk.submission import Reading, Source

NET, LAYERS = "TwoLayerNet", ("affine", "relu", "sigmoid")
PLAIN_FILE = "two_layer_net.py"


class Piece(NamedTuple):
    """A function or class: the learner's, perhaps with a remark, or None and why not."""

    thing: Any = None
    remark: str = ""


def use_your_own(names: dict[str, Any]) -> None:
    """Replace the lesson's pieces in names (globals()) by the learner's own; a line says whose each is.

    What was imported from handgrad.workbook.lesson and is an exercise of an earlier chapter is looked for in
    the folder of the file or notebook that asks. A piece is used if its check passes in the lesson's layout,
    and if a layer's backward understands the cache that its forward makes.
    """
    print(said(put(names, folder_of(names))))  # noqa: T201 (for the reader of a chapter)


def put(names: dict[str, Any], folder: Path) -> dict[str, Piece]:
    """Replace the lesson's pieces in names by the learner's of that folder -> every piece that was wanted."""
    array = names.get("array", np.array)
    wanted = [n for n in exercises() if getattr(names.get(n), "__module__", "") == lesson.__name__]
    pieces = found(wanted, folder, "numpy" if isinstance(array([0.0]), np.ndarray) else "torch")
    for layer in LAYERS:
        if {f"{layer}_forward", f"{layer}_backward"} <= pieces.keys():
            _expect_one_cache(layer, pieces, array)
    names.update({name: piece.thing for name, piece in pieces.items() if piece.thing is not None})
    return pieces


def said(pieces: Mapping[str, Piece]) -> str:
    """Which pieces are whose, in two lines at most."""
    yours = {name: piece.remark for name, piece in pieces.items() if piece.thing is not None}
    ours = {name: piece.remark for name, piece in pieces.items() if piece.thing is None}
    if not yours and not any(ours.values()):
        return "the lesson's pieces are used: the chapters with yours are not in this folder"
    lines = (("yours", yours), ("the lesson's", ours))
    return "\n".join(f"{whose}: {_listed(those)}" for whose, those in lines if those)


def folder_of(names: Mapping[str, Any]) -> Path:
    """The folder of the script or notebook whose global names these are; the working directory if unknown."""
    return Path(str(names.get("__file__") or names.get("__vsc_ipynb_file__") or "notebook")).resolve().parent


def found(wanted: Iterable[str], folder: Path, kind: str) -> dict[str, Piece]:
    """Each wanted name: the learner's piece where one is right in the lesson's layout, else why not."""
    pieces = {name: Piece() for name in wanted}
    for source in _sources(list(pieces), folder):
        missing = [name for name, piece in pieces.items() if piece.thing is None]
        with suppress(HandgradError):  # a file that cannot be read holds no piece
            there = _pieces_of(source, missing, folder, kind)
            blank = {name for name, piece in there.items() if piece.remark == "blank" and pieces[name].remark}
            pieces |= {name: piece for name, piece in there.items() if name not in blank}
    return pieces


def _pieces_of(source: Source, wanted: list[str], folder: Path, kind: str) -> dict[str, Piece]:
    """The pieces that one file holds. HandgradError if it cannot be read, or no process can be started."""
    given = submission.read(source.text, source.name)
    there = [name for name in wanted if name in given.present]
    pieces = {name: Piece(remark="blank") for name in there if given.present[name] == "blank"}
    done = [name for name in there if name not in pieces]
    if done and given.kinds and kind not in given.kinds:
        return pieces | dict.fromkeys(done, Piece(remark=f"written for {given.kinds[0]}"))
    if not done:
        return pieces
    every = [n for n in exercises() if given.present.get(n) == "done"] if NET in done else done
    written = _definitions(given, every)
    why = _why_not(ast.unparse(written), tuple(every))
    names = _run(written, source.name)
    for name in done:
        pieces[name] = Piece(remark=why[name]) if why[name] else Piece(names.get(name))
    if pieces.get(NET, Piece()).thing is not None:  # of wrong ones in its file, ours; of others, theirs
        names |= {n: getattr(lesson, n) for n in given.present if n != NET and why.get(n, "blank")}
        layers = put(names, folder)
        others = [n for n, piece in layers.items() if piece.thing is None and n.startswith(LAYERS)]
        pieces[NET] = Piece(names[NET], f"with the lesson's {', '.join(others)}" if others else "")
    return pieces


def _definitions(given: Reading, names: list[str]) -> ast.Module:
    """What these exercises need of their file, without what may take long."""
    chosen = definitions.select(given.leaves, names)
    imported = imports(leaf.node for leaf in given.leaves)
    own = {name for leaf in given.leaves if leaf.defines for name in leaf.binds}
    plain = [leaf for leaf in chosen if definitions.is_plain(leaf, imported, own)]
    return ast.Module([statement for statement, _ in definitions.grouped(plain)], [])


def _sources(wanted: list[str], folder: Path) -> list[Source]:
    """The files that may hold them, those changed last first."""
    stems = dict.fromkeys(copies.chapters()[exercises()[name].chapter] for name in wanted)
    files = [folder / f"{stem}.{kind}" for stem in stems for kind in ("ipynb", "py")] + [folder / PLAIN_FILE]
    there = []
    for file in files:
        with suppress(OSError, UnicodeDecodeError):
            there.append(Source(file.name, file.read_text("utf-8"), file.stat().st_mtime))
    return sorted(there, key=lambda source: -source.changed)


@cache
def _why_not(text: str, names: tuple[str, ...]) -> dict[str, str]:
    """Each name: "" where its check passes in the lesson's layout, else why it cannot be used."""
    try:
        with RemoteDesk() as desk:
            verdicts = checks.run(desk, [Source("pieces.py", text)], names)
    except OSError as error:
        raise HandgradError(f"no process could be started: {error}") from None
    return {v.name: "in another layout" if v.convention else "" if v.passed else v.state for v in verdicts}


def _run(written: ast.Module, file: str) -> dict[str, Any]:
    """Run definitions, and nothing else, in names of their own. What fails leaves its name undefined."""
    module = types.ModuleType(Path(file).stem)
    for statement in written.body:
        with suppress(Exception):
            exec(compile(ast.Module([statement], []), file, "exec"), vars(module))
    return vars(module)


def _expect_one_cache(layer: str, pieces: dict[str, Piece], array: Callable[[Any], Any]) -> None:
    """Leave out what does not work with the rest of its layer: the forward rather than the backward."""
    pair = f"{layer}_forward", f"{layer}_backward"
    for left_out in ((), pair[:1], pair[1:], pair):
        if caches.agree(pair[0], {n: None if n in left_out else pieces[n].thing for n in pair}, array):
            break
    for name in left_out:
        if pieces[name].thing is not None:
            pieces[name] = Piece(remark=f"the rest of the {layer} layer needs another cache")


def _listed(those: Mapping[str, str]) -> str:
    """Names, each remark once behind the names that it is about."""
    groups: dict[str, list[str]] = {}
    for name, remark in those.items():
        groups.setdefault(remark, []).append(name)
    return "; ".join(
        ", ".join(names) + (f" ({remark})" if remark else "") for remark, names in groups.items()
    )
