"""IPython's syntax made plain Python, line by line: every line stays on its number.

What IPython would do (a command of the shell, help, a magic) is left out; what is Python in it stays: the
body of %%time, the statement of %time. A text that is Python already comes back as it is.

IPython's own transformer is not used: marks must not depend on whether IPython is installed, and it moves
lines. tests/test_workbook_reading.py holds the two against each other.
"""

import re
from collections.abc import Iterator
from pathlib import PurePath

TOKEN = re.compile(
    r"""(?P<string>(?P<quotes>\"{3}|'{3})(?:\\[\s\S]|(?!(?P=quotes))[\s\S])*(?:(?P=quotes)|\Z)
                   |"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?)
      |(?P<comment>\#[^\n]*)|(?P<join>\\\n)|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<end>\n)
      |(?P<rest>[^"'\#\\()\[\]{}\n]+|\\)""",
    re.VERBOSE,
)
ESCAPED = re.compile(r"[ \t]*[!%?/,;]")  # no line of Python begins with one of these
HELP = re.compile(r"[ \t]*[^\s#()\"'][^#()\"'\n]*\?{1,2}[ \t]*$")
MADE = re.compile(r"""(?P<to>[ \t]*[\w.,*\[\]'" \t]+?)=[ \t]*(?P<by>!|%\w).*""")  # a = !ls, a = %time f()
STATEMENT = re.compile(r"(?P<space>[ \t]*)%{1,2}time[ \t]+(?P<statement>\S.*)", re.DOTALL)
RUN = re.compile(r"(?P<space>[ \t]*)%run[ \t]+(?:-\w+[ \t]+)*(?P<file>[\"']?)(?P<path>[^\s\"']+)(?P=file)")
CELL = re.compile(r"\s*%%(?P<magic>\w+)(?P<rest>[^\n]*)")
PROMPT = re.compile(r"^[ \t]*(?:In \[\d*\]: ?|>>>(?: |$))", re.MULTILINE)
PROMPTS = re.compile(r"^[ \t]*(?:In \[\d*\]: ?|\.\.\.:? ?|>>>(?: |$)|\.\.\.(?: |$))", re.MULTILINE)
NO_PYTHON = {
    *("html", "HTML", "bash", "sh", "script", "cmd", "system", "sx", "javascript", "js", "latex", "markdown"),
    *("svg", "SVG", "perl", "ruby", "sql", "bigquery", "R", "cython", "python2", "pypy", "writefile", "file"),
    *("writetemplate", "cpp", "cu", "julia", "rust", "mermaid", "css", "ai", "python", "python3"),
}


def plain(text: str) -> str:
    """Plain Python with the lines of text: a cell, a file, or a piece of one."""
    text = _without_prompts(text)
    while magic := CELL.match(text):
        if magic["magic"] in NO_PYTHON:
            return "\n" * text.count("\n")
        text = "\n" * magic[0].count("\n") + text[magic.end() :]
    return "".join(_lines(_dedented(text)))


def written_file(cell: str) -> tuple[str, str] | None:
    """Of a cell with %%writefile: the name of the file, and its text on the lines of the cell."""
    magic = CELL.match(cell)
    if not magic or magic["magic"] not in ("writefile", "file") or not magic["rest"].strip():
        return None
    name = magic["rest"].split()[-1].strip("\"'")
    return name, "\n" * magic[0].count("\n") + cell[magic.end() :]


def module_name(path: str) -> str:
    """The name under which a file is imported: 2_layers.ipynb is _2_layers."""
    name = re.sub(r"\W", "_", PurePath(path.replace("\\", "/")).stem)
    return f"_{name}" if name[:1].isdigit() else name


def _lines(text: str) -> Iterator[str]:
    """The text with IPython's lines replaced, where a statement may begin."""
    position, depth, beginning = 0, 0, True
    while position < len(text):
        if beginning and depth <= 0:
            end = text.find("\n", position)
            end = len(text) if end < 0 else end
            line = text[position:end]
            if (new := _replaced(line)) is not None:
                joined = 0
                while line.endswith("\\") and end < len(text):  # it goes on in the next line
                    start, end = end + 1, text.find("\n", end + 1)
                    end = len(text) if end < 0 else end
                    line, joined = text[start:end], joined + 1
                yield new + "\n" * joined
                position, beginning = end, False
                continue
        token = TOKEN.match(text, position)
        if token is None:  # never: every character begins a token
            yield text[position:]
            return
        kind = token.lastgroup if token.lastgroup != "quotes" else "string"
        depth = max(0, depth + (kind == "open") - (kind == "close"))
        beginning = kind == "end"
        yield token[0]
        position = token.end()


def _replaced(line: str) -> str | None:
    """What stands for a line of IPython's; None for a line that may be Python."""
    space = line[: len(line) - len(line.lstrip())]
    if run := RUN.match(line):
        return (
            f"{space}from {module_name(run['path'])} import *" if _importable(run["path"]) else f"{space}pass"
        )
    if (timed := STATEMENT.match(line)) and _is_python(timed["statement"]):
        return space + timed["statement"]
    if ESCAPED.match(line) or HELP.match(line):
        return f"{space}pass"
    if (made := MADE.match(line)) and not line.lstrip().startswith(("#", '"', "'")):
        return f"{made['to'].rstrip()} = None"
    return None


def _importable(path: str) -> bool:
    return path.endswith((".py", ".ipynb")) and module_name(path).isidentifier()


def _is_python(statement: str) -> bool:
    try:
        compile(statement, "line", "exec", 0x400)  # only parsed: ast.PyCF_ONLY_AST
    except (SyntaxError, ValueError):
        return False
    return True


def _dedented(text: str) -> str:
    """A cell that begins with spaces, without those of its first line."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    space = first[: len(first) - len(first.lstrip())]
    if not space:
        return text
    return "\n".join(line.removeprefix(space) for line in text.split("\n"))


def _without_prompts(text: str) -> str:
    """A session that was copied with its prompts, >>> and In [1]:, without them."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    return PROMPTS.sub("", text) if PROMPT.match(first) else text
