"""The joiner: the modules of the page -> one script, for a page that is one file and for notebooks.

It is not a bundler. Modules that keep to a small rule are put into functions, one after the other, each
after those that it imports. The rule: imports at the top of a module, from modules of the same folder, by
name (import { a, b as c } from "./x.js") or of a default (import a from "./x.js"); exports where a function,
a class or a constant is defined, or export default; no circles. JoiningError names what breaks it.
"""

import re
from pathlib import Path
from typing import NamedTuple

from handgrad.errors import HandgradError

NAME = r"[A-Za-z_$][\w$]*"
IMPORT = re.compile(rf'import\s+(?:({NAME})|\{{([^}}]*)\}})\s+from\s+"\./([\w-]+\.js)";')
EXPORT = re.compile(rf"export\s+(?:default\s+(?=\{{)|(?:(?:async\s+)?function\*?|class|const)\s+({NAME}))")
PART = re.compile(rf"({NAME})(?:\s+as\s+({NAME}))?")
KEYWORDS_BEFORE_REGEX = {"return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else"}
TOKEN = re.compile(
    rf"(?P<space>\s+)|(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<string>\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')"
    rf"|(?P<word>{NAME})|(?P<number>\d[\w.]*)|(?P<other>.)",
    re.DOTALL,
)
REGEX = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*")


class JoiningError(HandgradError):
    """A module breaks the rule of the joiner."""


class Module(NamedTuple):
    """A module, ready to be put into a function: which modules it imports, what it exports."""

    name: str
    text: str  # with constants in the place of its imports, and without the word export
    imports: dict[str, set[str]]  # module -> the names that are imported from it
    exports: tuple[str, ...]


def joined(folder: Path, entry: str, stand_ins: dict[str, Path] | None = None, form: str = "script") -> str:
    """One program of the entry and all that it imports.

    stand_ins: the files to take in the place of modules, by their names. form: "script" runs as a classic
    script or worker; "module" also exports the default of the entry, as anywidget wants it.
    """
    parts = [
        f"const {_constant(each.name)} = {_function(each)};" for each in modules(folder, entry, stand_ins)
    ]
    if form == "module":
        return "\n\n".join([*parts, f"export default {_constant(entry)}.default;\n"])
    return "\n\n".join(['(() => {\n"use strict";', *parts, "})();\n"])


def modules(folder: Path, entry: str, stand_ins: dict[str, Path] | None = None) -> list[Module]:
    """The entry and all modules that it imports, each after those that it imports itself."""
    found: dict[str, Module] = {}

    def visit(name: str, way: tuple[str, ...]) -> None:
        if name in way:
            circle = " -> ".join([*way[way.index(name) :], name])
            raise JoiningError(f"{name}: expected imports without circles; got {circle}")
        if name in found:
            return
        try:
            text = (stand_ins or {}).get(name, folder / name).read_text("utf-8")
        except FileNotFoundError:
            importer = f"{way[-1]} imports it" if way else "it is the entry"
            raise JoiningError(f"{name}: there is no such module, and {importer}") from None
        module = parsed(name, text)
        for other, names in module.imports.items():
            visit(other, (*way, name))
            if missing := sorted(names - set(found[other].exports)):
                raise JoiningError(f"{name}: imports {', '.join(missing)}, which {other} does not export")
        found[name] = module

    visit(entry, ())
    return list(found.values())


def parsed(name: str, text: str) -> Module:
    """A module from its text.  JoiningError where it breaks the rule."""
    bare = code(text)

    def fail(at: int, expected: str) -> JoiningError:
        line = text.count("\n", 0, at)
        return JoiningError(
            f"{name}, line {line + 1}: expected {expected}; got {text.splitlines()[line].strip()}"
        )

    changes: list[tuple[int, int, str]] = []  # from, to, and what is put there
    imports: dict[str, set[str]] = {}
    exports: list[str] = []
    top = 0  # where the imports end
    for word in re.finditer(r"(?<![.\w$])(import|export|fetch)\b(?!\s*:)", bare):
        at = word.start()
        if word[1] == "fetch":
            raise fail(at, "no fetch: assets.js alone has the bytes")
        match = (IMPORT if word[1] == "import" else EXPORT).match(text, at)
        if match is None and word[1] == "import":
            raise fail(at, 'import { a, b as c } from "./x.js"; or import a from "./x.js";')
        if match is None:
            raise fail(at, "export before function, class or const, or export default {")
        if word[1] == "import":
            if bare[top:at].strip():
                raise fail(at, "all imports at the top")
            default, listed, other = match.groups()
            pairs = [("default", default)] if default else _pairs(listed)
            if not pairs:
                raise fail(at, "names to import, { a, b as c }")
            imports.setdefault(other, set()).update(source for source, _ in pairs)
            taken = ", ".join(source if source == here else f"{source}: {here}" for source, here in pairs)
            changes.append((at, match.end(), f"const {{ {taken} }} = {_constant(other)};"))
            top = match.end()
        else:
            exports.append(match[1] or "default")
            defined = match[0].removeprefix("export").lstrip() if match[1] else "const $default = "
            changes.append((at, match.end(), defined))
    if (awaits := _await_at_top(bare)) is not None:
        raise fail(awaits, "await within functions only")
    for start, end, put in reversed(changes):
        text = text[:start] + put + text[end:]
    return Module(name, text.strip(), imports, tuple(exports))


def code(text: str) -> str:
    """The text with spaces in the place of its comments and of what stands within strings, templates and
    regular expressions: as long as before, so that places in it are places in the text."""
    kept: list[str] = []
    before = ""  # the last word or sign: a slash after a value divides, elsewhere it begins an expression
    inside: list[int] = []  # for each template that is open: braces that are open within its ${ }
    at = 0
    while at < len(text):
        if text[at] == "`" or (inside and inside[-1] == 0 and text[at] == "}"):
            if text[at] == "}":
                inside.pop()
            end, opens = _template(text, at + 1)
            kept.append(text[at] + _blank(text[at + 1 : end - 1]) + text[end - 1 : end])
            if opens:
                inside.append(0)
            before, at = ("{" if opens else "`"), end
            continue
        if text[at] == "/" and text[at + 1 : at + 2] not in ("/", "*") and _begins_value(before):
            regex = REGEX.match(text, at)
            if regex:
                kept.append("/" + _blank(regex[0][1:-1]) + "/")
                before, at = "/regex/", regex.end()
                continue
        token = TOKEN.match(text, at)
        assert token is not None
        value = token[0]
        if token.lastgroup == "comment":
            value = _blank(value)
        elif token.lastgroup == "string":
            before, value = '"', value[0] + _blank(value[1:-1]) + value[0]
        elif token.lastgroup != "space":
            before = value
            if inside:
                inside[-1] += (value == "{") - (value == "}")
        kept.append(value)
        at = token.end()
    return "".join(kept)


def _template(text: str, at: int) -> tuple[int, bool]:
    """Where a template goes on as code: (behind "${" or the closing mark, whether it was "${")."""
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text[at] == "`":
            return at + 1, False
        elif text.startswith("${", at):
            return at + 2, True
        else:
            at += 1
    raise JoiningError("expected a template to end with `; the text ends before")


def _begins_value(before: str) -> bool:
    """Whether a value begins after this word or sign, so that a slash begins a regular expression."""
    if re.fullmatch(NAME, before):
        return before in KEYWORDS_BEFORE_REGEX
    return not (before[:1].isdigit() or before in (")", "]", "}", '"', "`", "/regex/"))


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _pairs(listed: str) -> list[tuple[str, str]]:
    """(name there, name here) for each name in the braces of an import; empty where these are no names."""
    found = [PART.fullmatch(part.strip()) for part in listed.strip().removesuffix(",").split(",")]
    return [(match[1], match[2] or match[1]) for match in found if match] if all(found) else []


def _await_at_top(bare: str) -> int | None:
    """Where a module waits outside of all functions, or None."""
    depth = 0
    for word in re.finditer(r"[{}]|(?<![.\w$])await\b", bare):
        if word[0] == "await" and depth == 0:
            return word.start()
        depth += (word[0] == "{") - (word[0] == "}")
    return None


def _constant(name: str) -> str:
    """The constant that holds what a module exports."""
    return "$" + re.sub(r"\W", "_", name.removesuffix(".js"))


def _function(module: Module) -> str:
    exported = ", ".join("default: $default" if name == "default" else name for name in module.exports)
    return f"(() => {{\n{module.text}\nreturn {{ {exported} }};\n}})()"
