"""Who handed in what, by the names that learning platforms give to folders and files."""

import re
import unicodedata
from collections.abc import Container, Sequence
from typing import NamedTuple

from handgrad.errors import readable
from handgrad.workbook.marking import kinds


class Named(NamedTuple):
    """What a name says about a hand-in."""

    student: str
    file: str = ""  # the file's own name, without what a platform put before it
    id: str = ""
    order: tuple[str, int] = ("", 0)  # of attempts: a time as text, a number
    late: bool = False
    ignored: bool = False  # a platform's own file about the hand-in


MOODLE = re.compile(r"(?P<student>.+?)_(?P<id>\d+)_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<file>.*))?", re.S)
CANVAS = re.compile(
    r"(?P<student>[^_\s\d][^_\s]*)_(?P<late>LATE_)?(?P<id>\d{2,})_(?:\d{3,}_(?P<file>.+)|text\.html)", re.S
)
BLACKBOARD = re.compile(
    r"(?P<work>.+)_(?P<id>[^_\s]+)_attempt_(?P<when>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)", re.S
)
BRIGHTSPACE = re.compile(
    r"(?P<id>\d+)-\d+ - (?P<student>.+?) - (?P<when>\w+\.? \d+, \d{4} \d+ ?[AP]M)(?: - (?P<file>.+))?", re.S
)
SAKAI = re.compile(r"(?P<last>[^(),]+), (?P<first>[^(),]+) ?\((?P<id>[\w.@-]+)\)")
ILIAS = re.compile(r"(?P<last>[^_\d]+)_(?P<first>[^_\d]+)_(?P<login>[^_]+)_(?P<id>\d{2,})")
CODEGRADE = re.compile(r"(?P<id>\d{4,}) - (?P<student>[^\d]+)")
GRADESCOPE = re.compile(r"submission_(?P<id>\d+)")
SUBMITTERS = re.compile(r"^(submission_(\d+)):\s*\n +:submitters:\s*\n((?: +- .*\n|    .*\n?)+)", re.M)
SUBMITTER = re.compile(r"^[ -]+:name: *[\"']?(.+?)[\"']?\s*$", re.M)
BLACKBOARD_NAME = re.compile(r"^Name: *(?P<student>.+?) *\([^()\n]+\) *$", re.M)
COPIES = (  # what a browser, a desktop or a platform adds to the name of another copy
    re.compile(r"(?P<stem>.+?) ?\((?P<n>\d{1,3})\)", re.S),
    re.compile(r"(?P<stem>.+?)(?: - | |_|-)(?:Kopie|[Cc]op(?:y|ie|ia))(?: ?\(?(?P<n>\d+)\)?)?", re.S),
    re.compile(r"(?:Copy of|Kopie von|Copie de|Copia de|Copia di|Kopia) (?P<stem>.+)", re.S),
    re.compile(
        r"(?P<stem>.+?)[ _-]?(?:v|V|version|Version|attempt|versuch|Versuch)[ _-]?(?P<n>\d{1,3})", re.S
    ),
    re.compile(r"(?P<stem>.+?)[-_](?P<n>\d{1,2})", re.S),
)
ALONE = (1, 2)  # the copies' names that are told without the first copy beside them
TURNING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
TRY = re.compile(r"(?:attempt|try|versuch|abgabe|submission|v|version)[ _-]?(\d{1,3})", re.IGNORECASE)
BRANCH = re.compile(r"(.+)-(?:main|master)", re.S)
PROJECT = {  # what stands at the top of a repository
    *(".git", ".gitignore", ".github", "README.md", "readme.md", "requirements.txt", "pyproject.toml"),
    *("conftest.py", "setup.py", "tests", "src"),
}


def printable(name: str) -> str:
    """A name as it is shown, on one line; a letter with its accent is one character, unlike on macOS.

    Marks that turn the direction of what stands behind them, and would hide a suffix, are left out.
    """
    return readable(unicodedata.normalize("NFC", name.translate(TURNING))).strip() or "?"


def by_platform(name: str) -> Named | None:
    """What the name of a folder or a file says in one of the platforms' forms; None in no such form."""
    if found := MOODLE.fullmatch(name):
        order = ("", 0)
        file = found["file"] or ""
        if copied := re.fullmatch(r" \((\d+)\)", file):  # the download was unpacked twice
            file, order = "", ("", int(copied[1]))
        return Named(found["student"], file, found["id"], order, ignored=found["kind"] != "file")
    if found := CANVAS.fullmatch(name):
        late, file = bool(found["late"]), found["file"] or ""
        return Named(found["student"], file, found["id"], late=late, ignored=not file)
    if found := BLACKBOARD.fullmatch(name):
        order = (found["when"], 0)
        return Named(found["id"], found["file"] or "", found["id"], order, ignored=not found["file"])
    if found := BRIGHTSPACE.fullmatch(name):
        return Named(found["student"], found["file"] or "", found["id"], (_sortable(found["when"]), 0))
    if found := SAKAI.fullmatch(name):
        return Named(f"{found['first'].strip()} {found['last'].strip()}", "", found["id"])
    return None


def by_folder(name: str) -> Named | None:
    """What the name of a folder or an archive says in one of the platforms' forms."""
    if (
        (found := ILIAS.fullmatch(kinds.stem_of(name)))
        and found["last"][0].isupper()
        and found["first"][0].isupper()
    ):
        return Named(f"{found['first']} {found['last']}", "", found["id"])
    if found := CODEGRADE.fullmatch(name):
        return Named(found["student"], "", found["id"])
    return by_platform(name)


def _sortable(when: str) -> str:
    """Brightspace's "May 1, 2024 1030 AM" as a text that sorts by time."""
    months = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
    found = re.fullmatch(r"(\w+)\.? (\d+), (\d{4}) (\d+) ?([AP])M", when)
    if not found or (month := found[1][:3].casefold()) not in months:
        return when
    hour = int(found[4]) % 1200 + (1200 if found[5] == "P" else 0)
    return f"{found[3]}-{months.index(month) + 1:02}-{int(found[2]):02}-{hour:04}"


def copy_of(stem: str, others: Container[str] = ()) -> tuple[str, int]:
    """The name without what is added to a copy's, and the copy's number: net (1) -> net, 1.

    What may as well be a name of its own (net-1, student (3)) is a copy only of one of the others.
    """
    for i, pattern in enumerate(COPIES):
        if (found := pattern.fullmatch(stem)) and (i in ALONE or found["stem"] in others):
            return found["stem"], int(found.groupdict().get("n") or 1)
    return stem, 0


def of_classroom(stems: Sequence[str]) -> dict[str, Named]:
    """Google Classroom's "Ben Müller - net" and "net - Ben Müller": which side is the student's name.

    It is the side that differs from file to file; of a single file, the one that looks like a name.
    """
    split = {stem: stem.split(" - ", 1) for stem in stems if " - " in stem}
    if not split:
        return {}
    left, right = ({parts[i].casefold() for parts in split.values()} for i in (0, 1))
    told = {}
    for stem, (first, second) in split.items():
        if len(left) != len(right):
            leads = len(left) > len(right)
        elif _like_a_name(first) != _like_a_name(second):
            leads = _like_a_name(first)
        else:
            continue
        told[stem] = Named(first, second) if leads else Named(second, first)
    return told


def _like_a_name(text: str) -> bool:
    words = text.split()
    return len(words) > 1 and all(word[0].isupper() and not any(map(str.isdigit, word)) for word in words)


def without_assignment(names: Sequence[str]) -> dict[str, str]:
    """GitHub Classroom's folders without what all begin with: assignment-ben -> ben."""
    plain = {name: _stem_of_repository(name) for name in names}
    stems = sorted(set(plain.values()))
    if len(stems) < 2:
        return plain
    first, last = stems[0], stems[-1]
    same = next(
        (i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last))
    )
    cut = first.rfind("-", 0, same) + 1
    return {name: stem[cut:] or stem for name, stem in plain.items()}


def _stem_of_repository(name: str) -> str:
    stem = kinds.stem_of(name)
    found = BRANCH.fullmatch(stem)
    return found[1] if found else stem


def submitters(text: str) -> dict[str, Named]:
    """Gradescope's submission_metadata.yml: the students' names by folder."""
    told = {}
    for folder, number, block in SUBMITTERS.findall(text):
        if students := SUBMITTER.findall(block):
            told[folder] = Named(" and ".join(students), "", number)
    return told


def told_by_note(text: str) -> str:
    """The student's name in a file that Blackboard puts beside a hand-in, or ""."""
    found = BLACKBOARD_NAME.search(text)
    return found["student"] if found else ""
