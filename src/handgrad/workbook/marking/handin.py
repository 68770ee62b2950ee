"""What people hand in: the readable files of each hand-in, and what else was found."""

from dataclasses import dataclass

from handgrad.workbook.desk.submission import Source


@dataclass(frozen=True)
class HandIn:
    """What one student handed in at one time."""

    student: str
    file: str  # where it was found, relative to the folder that is marked
    sources: tuple[Source, ...] = ()  # the files that can be read, the newest first
    unread: tuple[str, ...] = ()  # the others, each with its reason: "net.docx: a Word document, ..."
    notes: tuple[str, ...] = ()  # what was mended: "net.py: not UTF-8; read as Windows-1252"
    id: str = ""  # the number by which a learning platform knows the student
    attempt: int = 1
    late: bool = False
    failure: str | None = None  # why nothing in it could be read
