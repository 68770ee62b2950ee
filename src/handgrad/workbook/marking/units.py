"""Which files of a class belong together: a student's folder, archive or loose files."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from handgrad.workbook.desk.submission import NAMES, Source
from handgrad.workbook.marking import kinds, names
from handgrad.workbook.marking.found import Found, Parts
from handgrad.workbook.marking.handin import HandIn
from handgrad.workbook.marking.names import Named, printable
from handgrad.workbook.marking.texts import Text

MOST_NAMED = 8  # files that are listed where nothing could be read
MOST_UNREAD = 20
MOST_FILES = 200  # of one hand-in
DEFINED = re.compile(rf'(?:^|\\n|")(?:def|class) ({"|".join(NAMES)})\b', re.MULTILINE)
IMPORTED = re.compile(r"\b(?:import|from)\s+(?:\w+\.)*(\w+)")
Work = tuple[str, Found, Text]  # the name within the hand-in, the file, its text
TYPED = "text that was typed into the platform, not a file"


@dataclass
class Unit:
    """Files that one student handed in together."""

    named: Named
    path: Parts
    files: list[tuple[str, Found]] = field(default_factory=list)  # each with its name within the hand-in
    by_platform: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """The same for all that one student handed in."""
        return printable(self.named.student).casefold(), self.named.id


def units_of(files: Iterable[Found], top: Parts = ()) -> list[Unit]:
    """The hand-ins among the files of a class that begins at `top`."""
    inner = [one for one in files if one.parts[: len(top)] == top and len(one.parts) > len(top)]
    inner = [one for one in inner if not kinds.no_work(one.parts[len(top)])]
    folders = {one.parts[len(top)] for one in inner if one.folder or len(one.parts) > len(top) + 1}
    held: dict[str, list[Found]] = {name: [] for name in sorted(folders)}
    loose: list[Found] = []
    for one in inner:
        held.get(one.parts[len(top)], loose).append(one)
    students = {
        name: told for one in loose if one.prose for name, told in names.submitters(one.prose).items()
    }
    return [*_of_folders(held, loose, top, students), *_of_loose(loose, held)]


def _of_folders(
    held: dict[str, list[Found]], loose: list[Found], top: Parts, students: dict[str, Named]
) -> Iterable[Unit]:
    plain = [name for name in held if not (names.by_folder(name) or name in students)]
    shown = {name: kinds.stem_of(name) if kinds.kind_of(name) == kinds.ARCHIVE else name for name in plain}
    repositories = [name for name in plain if project(held[name], (*top, name))]
    if len(plain) > 1 and 2 * len(repositories) >= len(plain):
        shown = names.without_assignment(plain)
    others = {*shown.values(), *(kinds.stem_of(one.name) for one in loose if one.text)}
    for name, files in held.items():
        path = (*top, name)
        if name in plain and (section := _section(files, path)):
            yield from units_of(files, section)
            continue
        told = names.by_folder(name) or students.get(name)
        stem, number = names.copy_of(shown.get(name, name), others)
        named = told or Named(stem, order=("", number))
        if tries := _tries(files, path):
            for folder, n in tries.items():
                yield _unit(named._replace(order=(named.order[0], n)), folder, files, told is not None)
        else:
            yield _unit(named, path, files, told is not None)


def _section(files: list[Found], path: Parts) -> Parts | None:
    """Where in a folder or archive of the class that is no student's a platform's names of students begin."""
    while True:
        inner = {
            one.parts[len(path)]
            for one in files
            if len(one.parts) > len(path) and one.parts[: len(path)] == path
        }
        if any(names.by_folder(name) for name in inner):
            return path
        if len(inner) != 1:
            return None
        path = (*path, *inner)


def project(files: Iterable[Found], path: Parts) -> bool:
    """Whether a folder, or one in it, holds what stands at the top of a project: README.md, tests."""
    below = [one.parts[len(path) :][:2] for one in files if one.parts[: len(path)] == path]
    return not names.PROJECT.isdisjoint(part for parts in below for part in parts)


def _tries(files: list[Found], path: Parts) -> dict[Parts, int]:
    """The folders of a student's attempts and their numbers, where all of the work is in such folders."""
    work = [one.parts[:-1] for one in files if one.text]
    while work and all(len(inner) > len(path) for inner in work):
        heads = {inner[len(path)] for inner in work}
        found = {head: names.TRY.fullmatch(head) for head in heads}
        if len(heads) > 1:
            numbers = {(*path, head): int(number[1]) for head, number in found.items() if number}
            return numbers if len(numbers) == len(heads) else {}
        path = (*path, *heads)
    return {}


def _unit(named: Named, path: Parts, files: Iterable[Found], by_platform: bool) -> Unit:
    inner = [one for one in files if one.parts[: len(path)] == path and not one.folder]
    return Unit(
        named, path, [("/".join(one.parts[len(path) :]) or one.name, one) for one in inner], by_platform
    )


def _of_loose(loose: list[Found], held: dict[str, list[Found]]) -> Iterable[Unit]:
    told = {one.name: names.by_platform(one.name) for one in loose}
    plain = {kinds.stem_of(one.name) for one in loose if one.text and not told[one.name]}
    classroom = names.of_classroom(sorted(plain))
    notes = {
        named.id: name
        for one in loose
        if (named := told[one.name]) and (name := names.told_by_note(one.prose))
    }
    canvas: dict[tuple[str, str], set[str]] = {}
    for named in filter(None, told.values()):
        canvas.setdefault((named.student, named.id), set()).add(kinds.stem_of(named.file))
    others = plain | {kinds.stem_of(name) for name in held}
    for one in loose:
        if named := told[one.name]:
            file, number = named.file, 0
            if names.CANVAS.fullmatch(one.name):
                stem, number = names.copy_of(kinds.stem_of(file), canvas[named.student, named.id])
                alone = re.fullmatch(r"(.+)-\d{1,2}", kinds.stem_of(file)) if not number else None
                file = (alone[1] if alone else stem) + file[len(kinds.stem_of(file)) :]
            student = notes.get(named.id, named.student)
            yield Unit(
                named._replace(student=student, order=(named.order[0], number)),
                one.parts,
                [(file or one.name, one)],
                True,
            )
            continue
        if not _is_work(one) or (one.name in ("conftest.py", "setup.py") and (held or len(plain) > 1)):
            continue
        stem, number = names.copy_of(kinds.stem_of(one.name), others)
        named = classroom.get(stem) or classroom.get(kinds.stem_of(one.name)) or Named(stem)
        suffix = one.name[len(kinds.stem_of(one.name)) :]
        yield Unit(named._replace(order=("", number)), one.parts, [(f"{named.file or stem}{suffix}", one)])


def _is_work(one: Found) -> bool:
    """Whether a loose file of a class is somebody's hand-in: it can be read, or was meant to be."""
    if one.text or one.link is not None or kinds.is_work(one.name):
        return True
    suffix = kinds.suffix_of(one.name)
    return suffix in kinds.CLOSED or (suffix in kinds.DOCUMENTS and suffix != ".pdf")


def handin_of(unit: Unit) -> HandIn:
    """The hand-in of a unit: its sources, the newest first and tests left out, and what could not be read."""
    refused = [(name, one, said) for name, one in unit.files if (said := _refusal(one, unit.path))]
    out = {name for name, _, _ in refused}
    work = [(name, one, one.text) for name, one in unit.files if one.text and name not in out]
    work, left_out = _most_likely(_without_tests(_without_unpacked(work)))
    short = _short(work)
    stems = {kinds.stem_of(name) for name, _, _ in work}
    work.sort(key=lambda w: (-w[1].changed, -names.copy_of(kinds.stem_of(w[0]), stems)[1], w[0]))
    sources, notes = list[Source](), list[str]()
    for name, one, text in work:
        source = Source(short[name], text.text, one.changed)
        sources.append(source)
        notes += [f"{source.name}: {text.note}"] if text.note else []
    if work:  # what is neither work nor meant to be is of no interest then
        refused = [(name, one, said) for name, one, said in refused if not one.perhaps]
    unread = [f"{printable(name)}: {said}" for name, _, said in refused]
    unread += [f"{left_out} more files were not read; only {MOST_FILES} are"] if left_out else []
    only = unit.files[0][1] if len(unit.files) == 1 else work[0][1] if len(work) == 1 else None
    path = only.parts if only and (work or only.parts == unit.path) else unit.path
    return HandIn(
        student=printable(unit.named.student),
        file=printable("/".join(path)),
        sources=tuple(sources),
        unread=tuple(_first(unread, MOST_UNREAD)),
        notes=tuple(notes),
        id=printable(unit.named.id) if unit.named.id else "",
        late=unit.named.late,
        failure=None if sources else _failure(unit, refused),
    )


def _refusal(one: Found, path: Parts) -> str:
    if one.link and one.link[: len(path)] != path:
        target = printable("/".join(one.link))
        return f"a link to another file of the class ({target}); the file itself has to be handed in"
    return one.refusal


def _failure(unit: Unit, refused: list[tuple[str, Found, str]]) -> str:
    if unit.named.ignored:
        return f"expected a .py or .ipynb file; got {TYPED}"
    if refused and [one.parts for _, one in unit.files] == [unit.path]:
        return refused[0][2]
    if refused:
        return "; ".join(_first([f"{printable(name)}: {said}" for name, _, said in refused], MOST_NAMED))
    got = _first([printable(name) for name, _ in unit.files], MOST_NAMED)
    return f"expected a .py or .ipynb file; got {', '.join(got) or 'none'}"


def _first(said: list[str], most: int) -> list[str]:
    return [*said[:most], f"{len(said) - most} more"] if len(said) > most else said


def _without_unpacked(work: list[Work]) -> list[Work]:
    """Without the files in an archive that lie beside it as well, unpacked."""
    loose = {(one.name, text.text) for name, one, text in work if not _packed(name)}
    return [w for w in work if not _packed(w[0]) or not w[2].text or (w[1].name, w[2].text) not in loose]


def _packed(name: str) -> bool:
    return any(kinds.kind_of(part) == kinds.ARCHIVE for part in name.split("/")[:-1])


def _most_likely(work: list[Work]) -> tuple[list[Work], int]:
    """As many files as one person writes, those with exercises first; how many are left out."""
    if len(work) <= MOST_FILES:
        return work, 0
    ranked = sorted(work, key=lambda w: (not DEFINED.search(w[2].text), w[0].count("/"), -w[1].changed))
    return ranked[:MOST_FILES], len(work) - MOST_FILES


def _without_tests(work: list[Work]) -> list[Work]:
    """Without the files of tests, unless there is nothing else, or another file imports them."""
    tests = [w for w in work if kinds.is_test(tuple(w[0].split("/")))]
    own = [w for w in work if w not in tests]
    if not own:
        return work
    imported = {name for _, _, text in own for name in IMPORTED.findall(text.text)}
    return own + [w for w in tests if kinds.stem_of(w[1].name) in imported]


def _short(work: list[Work]) -> dict[str, str]:
    """Each name below the folder that all have in common, with the suffix that says how to read it."""
    folders = [name.split("/")[:-1] for name, _, _ in work]
    common = 0
    while folders and all(len(f) > common and f[common] == folders[0][common] for f in folders):
        common += 1
    short = {}
    for name, _, text in work:
        *inner, file = name.split("/")[common:]
        suffix = ".ipynb" if text.name.endswith(".ipynb") else ".py"
        short[name] = printable("/".join([*inner, kinds.stem_of(file) + suffix]))
    return short
