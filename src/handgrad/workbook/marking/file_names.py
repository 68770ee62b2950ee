"""Names of files for students: ones that every system can hold, each once."""

import re
import unicodedata
from collections.abc import Sequence

from handgrad.errors import readable

MOST_BYTES = 150  # of a name without its ending; systems allow 255 of a name, and Windows 260 of a path
REFUSED = re.compile(r'[<>:"/\\|?*]')  # by Windows
JOINERS = "\u200c\u200d"  # Persian and Indian names need them; other invisible characters are left out
DEVICES = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])\s*(\.|$)", re.IGNORECASE
)


def file_names(people: Sequence[tuple[str, str, int]]) -> list[str]:
    """A name without an ending for each (student, id, attempt): the student's, the id where two are called
    alike, and a number where that is not enough."""
    plain = [safe(student) for student, _, _ in people]
    ids: dict[str, set[str]] = {}
    for name, (student, id_, _) in zip(plain, people, strict=True):
        ids.setdefault(folded(name), set()).add(f"{student}\0{id_}")
    names, taken = [], set[str]()
    for name, (_, id_, attempt) in zip(plain, people, strict=True):
        more = f" {shortened(safe(id_), '')[:30]}" if id_ and len(ids[folded(name)]) > 1 else ""
        more += f", attempt {attempt}" if attempt > 1 else ""
        whole, number = shortened(name, more), 1
        while folded(whole) in taken:
            number += 1
            whole = shortened(name, f"{more} ({number})")
        taken.add(folded(whole))
        names.append(whole)
    return names


def safe(text: str) -> str:
    """text as a part of a file name on every system."""
    text = REFUSED.sub("_", unicodedata.normalize("NFC", readable(text)))
    text = "".join(c for c in text if unicodedata.category(c) != "Cf" or c in JOINERS)
    text = re.sub(r"\s+", " ", text).strip(". ")
    text = shortened(text, "").rstrip(". ")
    return f"_{text}" if DEVICES.match(text) or not text else text


def folded(name: str) -> str:
    """Two names with the same are one file where case or the form of accents does not count."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def shortened(name: str, more: str) -> str:
    """name + more, where name loses what is too long."""
    room = MOST_BYTES - len(more.encode("utf-8", "replace"))
    return name.encode("utf-8", "replace")[: max(0, room)].decode("utf-8", "ignore").rstrip(". ") + more
