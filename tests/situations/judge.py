"""Writes the situations, runs the real commands, compares what they say with what they should."""

import csv
import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from handgrad.cli import main
from situations import CHECK, CLASS

ACTIVE = "a spreadsheet would compute this cell"
BARE = Path(__file__).parent / "bare"  # in front of all packages: a machine that lacks some


@dataclass(frozen=True)
class Happened:
    """What the command said of one situation."""

    situation: object
    found: dict  # exercise -> its entry in the JSON
    said: str  # all of it, and what was printed
    failure: str | None

    @property
    def wrong(self):
        """What is not as expected, as sentences; empty where all is well."""
        s, out, of = self.situation, [], {}
        unreadable = [n for n in s.only if "could not be read" not in _among(s.marks.get(n))]
        if self.failure and unreadable:
            return [f"could not be marked: {self.failure}"]
        for name in s.only if not self.failure else ():
            want = _among(s.marks.get(name, "right"))
            got = self.found.get(name)
            if got is None:
                of.setdefault("nothing is said of it", []).append(name)
            elif not {got["state"], got["mistake"]} & set(want):
                message = " ".join(got["message"].split())
                number = f" ({got['mistake']})" if got["mistake"] else ""
                of.setdefault(f"{got['state']}{number}: {message[:110]}", []).append(name)
        out += [f"{', '.join(names) if len(names) < 4 else len(names)}: {what}" for what, names in of.items()]
        if s.convention and not any(s.convention in (e["convention"] or "") for e in self.found.values()):
            out.append(f"no convention is told with {s.convention!r}")
        out += [f"not said: {word!r}" for word in s.says if word not in self.said]
        out += [f"said: {word!r}" for word in (*s.never, ACTIVE) if word in self.said]
        return out

    def __str__(self):
        states = {}
        for entry in self.found.values():
            key = f"mistake {entry['mistake']}" if entry["mistake"] else entry["state"]
            states[key] = states.get(key, 0) + 1
        return self.failure or ", ".join(f"{n} {state}" for state, n in states.items())


def _among(marks):
    return marks if isinstance(marks, tuple) else (marks,)


def write(situation, folder):
    """The hand-in, in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in situation.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        if name in situation.changed:
            seconds = 1_790_000_000 + 60 * situation.changed[name]
            os.utime(path, (seconds, seconds))
    if situation.prepare:
        situation.prepare(folder)


def happened(situations, folder):
    """What happens to each: as many as possible in one class, as one teacher would have them."""
    folder, results = Path(folder), {}
    for machine in ("", "bare"):
        together = [s for s in situations if s.machine == machine and s.kind is None]
        if together:
            desk = folder / f"class {machine}"
            for number, s in enumerate(together):
                write(s, desk / f"student {number:03}")
            document, printed = _grade(desk, machine)
            by_name = {e["student"]: e for e in document["submissions"]}
            for number, s in enumerate(together):
                name = f"student {number:03}"
                results[s.name] = _of(s, by_name.get(name), _lines(printed, name))
    for number, s in enumerate(s for s in situations if s.kind == CHECK):
        desk = folder / f"check {number:03}"
        write(s, desk)
        results[s.name] = _check(s, desk)
    classes = {}
    for s in situations:
        if s.kind == CLASS:
            classes.setdefault(s.group or s.name, []).append(s)
    for number, together in enumerate(classes.values()):
        desk = folder / f"class {number:03}"
        for s in together:
            write(s, desk)
        document, printed = _grade(desk, "")
        for s in together:
            results[s.name] = _of_class(s, document, printed)
    return [results[s.name] for s in situations]


def _of_class(s, document, printed):
    names = [e["student"] for e in document["submissions"]]
    entry = next((e for e in document["submissions"] if e["student"] == s.student), None)
    if entry is None or "conftest" in names:
        return Happened(
            s,
            {},
            printed,
            f"expected the student {s.student!r}; got {', '.join(map(repr, names)) or printed}",
        )
    return _of(s, entry, printed)


def _check(s, desk):
    code, out, err = _command("check", str(desk / s.student), "--json")
    try:
        document = json.loads(out)
    except ValueError:
        return Happened(s, {}, out + err, err.strip() or f"exit code {code}")
    text = _command("check", str(desk / s.student))
    return Happened(s, {e["name"]: e for e in document["exercises"]}, "".join([out, err, *text[1:]]), None)


def _of(s, entry, printed):
    if entry is None:
        return Happened(s, {}, printed, "it is not in the table")
    found = {e["name"]: e for e in entry["exercises"]}
    return Happened(s, found, json.dumps(entry, ensure_ascii=False) + printed, entry["failure"])


def _grade(folder, machine):
    """The class as JSON, and what a teacher sees."""
    table = folder.with_name(folder.name + " table") / "marks.csv"
    table.parent.mkdir(exist_ok=True)
    words = ("grade", str(folder), "--fresh", "--json", "--out", str(table))
    if machine:
        path = [str(BARE), *filter(None, [os.environ.get("PYTHONPATH")])]
        own = os.environ | {"PYTHONPATH": os.pathsep.join(path), "PYTHONUTF8": "1"}
        command = [sys.executable, "-m", "handgrad", "workbook", *words]
        done = subprocess.run(command, capture_output=True, text=True, env=own, encoding="utf-8", check=False)
        out, err = done.stdout, done.stderr
    else:
        _, out, err = _command(*words)
    if not out:
        return {"submissions": []}, err
    rows = table.read_text(encoding="utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(rows)) for cell in row]
    active = [f"{ACTIVE}: {cell}" for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    return json.loads(out), "\n".join([rows, err, *active])


def _command(*words):
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(["workbook", *words])
    return code, out.getvalue(), err.getvalue()


def _lines(printed, name):
    return "\n".join(line for line in printed.split("\n") if name in line or line.startswith(ACTIVE))
