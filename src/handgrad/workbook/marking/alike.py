"""Hand-ins of different students that are more alike than the exercises make them.

Short right functions are the same in honest hand-ins, so equality of a few says nothing. What two share is
weighed: a function's shape (names, comments and layout do not count) by how long it is and by how few others
of the class have it, a comment by its words; a function that differs speaks against. What everybody was given
weighs nothing. The weight is in bits: minus the logarithm of how likely it is that two share it by chance. A
pair is told when its bits, taken together, are more than chance gives among so many pairs.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from handgrad.workbook.desk.submission import Source
from handgrad.workbook.marking.code import Code
from handgrad.workbook.marking.handed_out import handed_out
from handgrad.workbook.marking.shapes import comments, hashed, shapes

DICTATED, HALVES = 40, 22  # parts of a function that say nothing; parts more that halve the chance
OTHERS = 10  # students that are imagined beside the class: they have what chance gives
PER_WORD, MOST_OF_A_COMMENT, MOST_OF_COMMENTS = 1.0, 8.0, 24.0  # bits
AGAINST = 1.5  # bits that a function takes away which two do not share: who copies, copies most
ENOUGH = 8.0  # bits, beyond the logarithm of the number of pairs


@dataclass(frozen=True)
class Traits:
    """What a hand-in could share with others."""

    student: str
    functions: dict[str, int]  # by shape: how many parts
    comments: dict[str, int]  # by hash: how many words


def traits(codes: Sequence[Code], sources: Sequence[Source]) -> dict[str, dict[str, int]]:
    """What a hand-in could share with others, as plain values: its functions and its comments."""
    known = handed_out()
    functions = {shape: n for one in codes for shape, n in shapes(one).items() if shape not in known.shapes}
    words = {words for source in sources for words in comments(source.text.replace("\\n", "\n"))}
    return {
        "functions": functions,
        "comments": {hashed(comment): len(comment.split()) for comment in words - known.words},
    }


def alike(everything: Sequence[Traits]) -> list[list[tuple[int, str]]]:
    """For each hand-in: the others that are like it, the most alike first, and why."""
    found: list[list[tuple[float, int, str]]] = [[] for _ in everything]
    owners = _owners(everything)
    count = len({traits.student for traits in everything})
    needed = ENOUGH + math.log2(max(1, count * (count - 1) / 2))
    for i, j in _pairs(everything, owners):
        bits, why = _evidence(everything[i], everything[j], owners, count)
        if bits >= needed:
            found[i].append((-bits, j, why))
            found[j].append((-bits, i, why))
    return [[(other, why) for _, other, why in sorted(pairs)] for pairs in found]


def _owners(everything: Sequence[Traits]) -> dict[str, set[str]]:
    """The students who have each shape and each comment."""
    owners: dict[str, set[str]] = {}
    for traits in everything:
        for trait in (*traits.functions, *traits.comments):
            owners.setdefault(trait, set()).add(traits.student)
    return owners


def _pairs(everything: Sequence[Traits], owners: dict[str, set[str]]) -> list[tuple[int, int]]:
    """Hand-ins of different students that share something of weight."""
    having: dict[str, list[int]] = {}
    for i, traits in enumerate(everything):
        for shape, parts in traits.functions.items():
            if parts > DICTATED:
                having.setdefault(shape, []).append(i)
        for words in traits.comments:
            having.setdefault(words, []).append(i)
    shared = Counter(
        (i, j)
        for those in having.values()
        if len(those) > 1
        for n, i in enumerate(those)
        for j in those[n + 1 :]
    )
    return [(i, j) for i, j in sorted(shared) if everything[i].student != everything[j].student]


def _evidence(one: Traits, other: Traits, owners: dict[str, set[str]], count: int) -> tuple[float, str]:
    functions = one.functions.keys() & other.functions.keys()
    bits = sum(_bits(_by_length(one.functions[f]), len(owners[f]), count) for f in functions)
    words = one.comments.keys() & other.comments.keys()
    said = sum(
        _bits(2 ** -min(MOST_OF_A_COMMENT, PER_WORD * one.comments[w]), len(owners[w]), count) for w in words
    )
    all_ = min(len(one.functions), len(other.functions))
    bits -= AGAINST * (all_ - len(functions))
    why = [f"{len(functions)} of {all_} functions are the same but for names"] * bool(functions)
    why += [f"{len(words)} of the same comments"] * bool(words)
    return bits + min(said, MOST_OF_COMMENTS), ", ".join(why)


def _by_length(parts: int) -> float:
    """How likely a function of that length is the same in two hand-ins by chance."""
    return float(min(1.0, 2 ** ((DICTATED - parts) / HALVES)))


def _bits(chance: float, owners: int, count: int) -> float:
    """Of a trait that `owners` of `count` students have: two of them, and perhaps others."""
    return -math.log2(min(1.0, (owners - 2 + OTHERS * chance) / (count - 2 + OTHERS)))
