"""What a student gets back: a page for the browser and for paper, and the same as Markdown.

Both say what is right, what is not and why, which mistake it is, and where to read on. They hold no flags and
nothing about others.
"""

import html
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

from handgrad import __version__
from handgrad.errors import HandgradError, readable
from handgrad.files import BEGINNING, Kind, expect_folder, expect_replaceable, reason, write_atomically
from handgrad.workbook.book.exercise import exercises
from handgrad.workbook.checks.heat_maps import heat_maps, numbers
from handgrad.workbook.checks.verdict import NOT_DONE, RIGHT, WRONG, Verdict
from handgrad.workbook.marking.class_table import Result
from handgrad.workbook.marking.file_names import file_names
from handgrad.workbook.marking.handin import HandIn
from handgrad.workbook.marking.scheme import SHARE

GENERATOR = b'<meta name="generator" content="handgrad workbook grade --feedback">'
COMMENT = b"<!-- handgrad workbook grade --feedback -->"
PAGE = Kind("a feedback page of handgrad", lambda file: GENERATOR in file.read(BEGINNING))
MARKDOWN = Kind("feedback of handgrad (Markdown)", lambda file: file.read(BEGINNING).startswith(COMMENT))
SHADES = "In the heat maps violet is positive, orange negative, and white zero."
KINDS = {".html": PAGE, ".md": MARKDOWN}


class Feedback:
    """The files for a class, in one folder. HandgradError where something else stands in the way."""

    def __init__(self, folder: str | os.PathLike[str], given: Sequence[HandIn]) -> None:
        """Ask for every file, before any work is done."""
        self.folder, self.failures = Path(folder), list[str]()
        expect_folder(folder)
        self._stems = file_names([(one.student, one.id, one.attempt) for one in given])
        for stem in self._stems:
            for ending, kind in KINDS.items():
                expect_replaceable(self.folder / f"{stem}{ending}", kind)

    def write(self, number: int, result: Result) -> None:
        """The two files of one result; a file that says the same already is left alone.

        Where one cannot be written after all, marking goes on: failures says so at the end.
        """
        for ending, text in ((".html", page(result)), (".md", markdown(result))):
            path, data = self.folder / f"{self._stems[number]}{ending}", text.encode("utf-8", "replace")
            try:
                expect_replaceable(path, KINDS[ending])
                if not path.is_file() or path.read_bytes() != data:
                    write_atomically(path, data, KINDS[ending])
            except HandgradError as error:
                self.failures.append(str(error))
            except OSError as error:
                self.failures.append(f"{path}: cannot be read: {reason(error)}")


@dataclass(frozen=True)
class Section:
    """What is said of one exercise."""

    verdict: Verdict
    points: str  # "1 of 2 points", or ""
    lines: tuple[str, ...]
    entry: str
    remarks: tuple[str, ...]
    chapter: int | None

    @property
    def state(self) -> str:
        """The state, the mistake's number and the points, in words."""
        number = f"mistake {self.verdict.mistake} of the catalogue" if self.verdict.mistake else ""
        return ", ".join(filter(None, (self.verdict.state, number, self.points)))

    @property
    def command(self) -> str:
        """The command that gives a hint."""
        return f"handgrad workbook hint {self.verdict.name}"


def page(result: Result) -> str:
    """The feedback as HTML that stands alone."""
    template = Template(files(__package__).joinpath("feedback.html").read_text("utf-8"))
    return template.substitute(title=_text(f"Feedback: {result.student}"), body="\n".join(_body(result)))


def markdown(result: Result) -> str:
    """The feedback as Markdown."""
    lines = [COMMENT.decode(), f"# Feedback for {_plain(result.student)}", "", _plain(_about(result)), ""]
    lines += [f"**{_points(result)}** ({_plain(_how(result))})", ""]
    if result.failure:
        lines += [f"This could not be marked: {_plain(result.failure)}", ""]
    for section in _sections(result, lambda verdict: not verdict.passed):
        lines += [f"## `{section.verdict.name}`: {section.state}", ""]
        lines += [f"{_plain(line)}\n" for line in section.lines]
        lines += [f"    {section.entry}", ""] if section.entry else []
        if text := numbers(section.verdict.pictures):
            lines += ["```text", text, "```", ""]
        lines += [f"- {_plain(remark)}" for remark in section.remarks] + [""] * bool(section.remarks)
        lines += [f"{_next(section)}: `{section.command}`", ""]
    if right := list(_sections(result, lambda verdict: verdict.passed)):
        lines += ["## Right", ""]
        for section in right:
            lines += [f"- `{section.verdict.name}`{_of(section)}"]
            lines += [f"  - {_plain(words)}" for words in section.remarks]
        lines += [""]
    for title, words in _files(result):
        lines += [f"## {title}", "", *(f"- {_plain(word)}" for word in words), ""]
    return "\n".join([*lines, f"Marked by handgrad {__version__}.", ""])


def _body(result: Result) -> Iterator[str]:
    yield "<header><div>"
    yield f'<p class="label">Feedback</p><h1>{_text(result.student)}</h1>'
    yield f'<p class="soft">{_text(_about(result))}</p></div>'
    yield f'<div class="points">{result.points:g} <small>of {result.scheme.full:g} points</small></div>'
    yield "</header>"
    if result.failure:
        yield f'<h2>Not marked</h2><section class="is-open"><p>{_text(result.failure)}</p></section>'
    if result.verdicts:
        rows = (
            f'<li><code>{_text(v.name)}</code><span class="{_class(v)}">{_text(v.state)}</span></li>'
            for v in result.verdicts
        )
        yield f'<ul class="all">{"".join(rows)}</ul>'
    todo = list(_sections(result, lambda verdict: not verdict.passed))
    if todo:
        yield "<h2>What to look at</h2>"
    yield from map(_section, todo)
    if noted := [s for s in _sections(result, lambda verdict: verdict.passed) if s.remarks]:
        yield "<h2>Right, with a remark</h2>"
        yield from map(_section, noted)
    for title, words in _files(result):
        items = "".join(f"<li>{_text(word)}</li>" for word in words)
        yield f'<h2>{title}</h2><ul class="plain soft">{items}</ul>'
    shades = f" {SHADES}" if any(verdict.pictures for verdict in result.verdicts) else ""
    yield f"<footer>Points: {_text(_how(result))}.{shades} Marked by handgrad {__version__}.</footer>"


def _section(section: Section) -> str:
    verdict = section.verdict
    parts = [
        f'<section class="{_class(verdict)}"><header><h3>{_text(verdict.name)}</h3>'
        f'<span class="state">{_text(section.state)}</span></header>'
    ]
    parts += [f'<p class="title">{_text(line)}</p>' for line in section.lines[:1]]
    parts += [f"<p>{_text(line)}</p>" for line in section.lines[1:]]
    parts += [f'<p class="entry">{_text(section.entry)}</p>'] if section.entry else []
    parts += [heat_maps(verdict.pictures)]
    parts += [f'<p class="soft">{_text(remark)}</p>' for remark in section.remarks]
    if not verdict.passed:
        parts += [f'<p class="next">{_text(_next(section))}: <code>{_text(section.command)}</code></p>']
    return "".join([*parts, "</section>"])


def _sections(result: Result, wanted: Callable[[Verdict], bool]) -> Iterator[Section]:
    known, points = exercises(), result.scheme.by_exercise
    for verdict in filter(wanted, result.verdicts):
        most = points.get(verdict.name, 0)
        got = f"{most if verdict.passed else 0:g} of {most:g} point{'s' * (most != 1)}" if points else ""
        lines = tuple(line for line in readable_lines(verdict.message) if line)
        entry = readable(str(verdict.entry)) if verdict.entry else ""
        remarks = tuple(filter(None, (verdict.convention, *verdict.remarks)))
        chapter = known[verdict.name].chapter if verdict.name in known else None
        yield Section(verdict, got, lines, entry, tuple(map(readable, remarks)), chapter)


def readable_lines(text: str) -> list[str]:
    """The lines of a text, each without control characters."""
    return [readable(line) for line in text.split("\n")]


def _about(result: Result) -> str:
    right = f"{result.passed} of {len(result.verdicts)} exercises right" if result.verdicts else "not marked"
    apart = [f"attempt {result.attempt}"] * (result.attempt > 1) + ["handed in late"] * result.late
    return ", ".join([right, *apart])


def _how(result: Result) -> str:
    if result.scheme == SHARE:
        return str(SHARE)
    return f"{result.scheme.full:g} in all: {result.scheme}"


def _points(result: Result) -> str:
    return f"{result.points:g} of {result.scheme.full:g} points"


def _files(result: Result) -> Iterator[tuple[str, Sequence[str]]]:
    if result.read:
        yield "What was read", result.read
    if result.notes:
        yield "About the files", result.notes


def _of(section: Section) -> str:
    return f", {section.points}" if section.points else ""


def _next(section: Section) -> str:
    return f"Read on in chapter {section.chapter}, or ask for a hint" if section.chapter else "Ask for a hint"


def _class(verdict: Verdict) -> str:
    return {RIGHT: "is-right", WRONG: "is-wrong", NOT_DONE: "is-open"}.get(verdict.state, "is-open")


def _text(words: str) -> str:
    return html.escape(readable(words))


def _plain(words: str) -> str:
    """Words that Markdown shows as they are."""
    words = readable(words).replace("&", "&amp;").replace("<", "&lt;")
    words = re.sub(r"([\\`*~$|]|\](?=[(\[:])|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))", r"\\\1", words)
    return re.sub(r"^(\s*)([#+>=-]|\d+[.)](?=\s))", r"\1\\\2", words)
