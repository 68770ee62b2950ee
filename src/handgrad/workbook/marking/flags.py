"""What a teacher should look at in a hand-in. Read from the text only; marks never change for it."""

import ast
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from handgrad.errors import readable
from handgrad.workbook.book.copies import chapters
from handgrad.workbook.checks import CHECKS
from handgrad.workbook.marking import code
from handgrad.workbook.marking.alike import Traits, alike, traits
from handgrad.workbook.marking.code import Code
from handgrad.workbook.marking.handed_out import handed_out
from handgrad.workbook.marking.handin import HandIn
from handgrad.workbook.marking.records import Records

OURS = ("workbook.lesson", "workbook.checks", "workbook.desk", "workbook.book", "layers", "losses", "network",
        "training", "templates", "optimizers", "engines", "diagnosis", "model", "fit")  # fmt: skip
NO_PIECES = {"mnist", "seed", "yours_or_ours", "KEYS", "still_blank", "expect_done"}  # of the lesson
TENSORS = {"torch", "tinygrad", "mxnet", "paddle"}  # libraries whose arrays have a method backward
MOST_TOLD = 3  # others who are alike
DERIVES = (  # what takes derivatives, by the beginnings of their names
    "torch.autograd.grad", "torch.autograd.backward", "torch.autograd.functional", "torch.func.",
    "functorch.", "torch.nn.grad", "jax.grad", "jax.value_and_grad", "jax.vjp", "jax.jvp", "jax.jac",
    "jax.linearize",
    "autograd.grad", "autograd.elementwise_grad", "autograd.value_and_grad", "autograd.jacobian",
    "autograd.make_", "tensorflow.GradientTape", "mxnet.autograd",
)  # fmt: skip


def flags_of(
    given: Sequence[HandIn], exercises: Sequence[str] = (), records: Records | None = None
) -> list[tuple[str, ...]]:
    """The flags of each hand-in, in words."""
    found, everything = list[tuple[str, ...]](), list[Traits]()
    for one in given:
        facts = records.facts(one.sources, partial(_facts, one)) if records else _facts(one)
        asked = [e for e in facts["flags"] if e in exercises or not exercises]
        found.append(tuple(words for exercise in asked for words in facts["flags"][exercise]))
        everything.append(Traits(one.id or one.student, facts["functions"], facts["comments"]))
    for i, others in enumerate(alike(everything)):
        if others:
            found[i] += (_alike([(given[other].student, why) for other, why in others]),)
    return [tuple(map(readable, flags)) for flags in found]


def _facts(given: HandIn) -> dict[str, Any]:
    """What one hand-in shows by itself, as plain values."""
    codes = code.read(given.sources)
    flags = {e: [*dict.fromkeys([*_own_pieces(codes, e), *_autograd(codes, e)])] for e in CHECKS}
    return {"flags": flags, **traits(codes, given.sources)}


def _alike(others: Sequence[tuple[str, str]]) -> str:
    told = ", ".join(f"{student} ({why})" for student, why in others[:MOST_TOLD])
    more = f" and {len(others) - MOST_TOLD} more" if len(others) > MOST_TOLD else ""
    return f"like {told}{more}"


def _own_pieces(codes: Sequence[Code], exercise: str) -> Iterator[str]:
    """handgrad's own functions behind an exercise."""
    if not any("handgrad" in one.libraries for one in codes):
        return
    made = [one for one in codes if exercise in one.definitions]
    made += [one for one in codes if exercise in one.values and not _is_chapter(one.file)]
    for one in made or codes:
        ours = "" if made else one.imported.get(exercise, "")
        if _is_piece(ours) and not _is_handed_out(ours, one.file):
            yield f"{exercise} is imported from handgrad: {ours} ({one.file})"
        stars = [star for star in one.stars if _is_piece(f"{star}.{exercise}")]
        if stars and not made:
            yield f"{exercise} may be handgrad's: everything of {stars[0]} is imported ({one.file})"
        for node in one.reached(exercise) if made else ():
            name = one.dotted(node) if isinstance(node, ast.Name | ast.Attribute) else ""
            itself = name.rpartition(".")[2] == exercise
            if _is_piece(name) and (itself or not _is_handed_out(name, one.file)):
                yield f"{exercise} uses handgrad's own {name.removeprefix('handgrad.')} ({one.file})"


def _is_handed_out(name: str, file: str) -> bool:
    """Whether a chapter imports it, and this is a chapter."""
    return name in handed_out().imports and _is_chapter(file)


def _is_chapter(file: str) -> bool:
    return any(chapter in file for chapter in chapters().values())


def _is_piece(name: str) -> bool:
    root, _, rest = name.partition(".")
    if root != "handgrad" or rest.rpartition(".")[2] in NO_PIECES:
        return False
    return any(f"{rest}.".startswith(f"{room}.") and rest not in ROOMS for room in OURS)


ROOMS = {room for room in OURS if room != "fit"}  # a module alone is no piece


def _autograd(codes: Sequence[Code], exercise: str) -> Iterator[str]:
    """Derivatives that a library takes, within an exercise."""
    by_hand = _has_own_backward(codes)
    for one in codes:
        if not one.libraries & (TENSORS | {name.partition(".")[0] for name in DERIVES}):
            continue
        tensors = bool(TENSORS & one.libraries) and not by_hand
        for node in one.reached(exercise):
            if what := _derives(node, one, tensors):
                yield f"{exercise} uses automatic differentiation: {what} ({one.file})"


def _derives(node: ast.AST, code: Code, tensors: bool) -> str:
    """What a node takes derivatives with, or ""."""
    match node:
        case ast.Call(func=ast.Attribute(attr="backward"), args=[]) if tensors:
            return ".backward()"
        case ast.Call(func=ast.Attribute(attr="requires_grad_"), args=args, keywords=[]):
            return "" if args and ast.unparse(args[0]) == "False" else ".requires_grad_()"
        case ast.keyword(arg="requires_grad", value=ast.Constant(value=True)):
            return "requires_grad=True"
        case ast.Assign([ast.Attribute(attr="requires_grad")], ast.Constant(value=True)):
            return "requires_grad = True"
        case ast.Attribute() | ast.Name():
            name = code.dotted(node)
            return name if name.startswith(DERIVES) else ""
    return ""


def _has_own_backward(codes: Sequence[Code]) -> bool:
    """Whether a class has a backward that needs nothing: loss.backward() may then be written by hand."""
    for one in codes:
        for node in (node for statement in one.statements for node in ast.walk(statement)):
            if isinstance(node, ast.ClassDef):
                for method in node.body:
                    if isinstance(method, ast.FunctionDef) and method.name == "backward":
                        needed = len(method.args.args) - len(method.args.defaults)
                        if needed <= 1:
                            return True
    return False
