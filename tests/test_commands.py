"""Every command explains itself: each option says what it is, its unit and its default; examples parse."""

import re
import runpy
import shlex
import textwrap
from pathlib import Path

import click
import pytest

from handgrad.cli import cli
from handgrad.workbook.marking import scheme

TOOL = runpy.run_path(str(Path(__file__).parent.parent / "tools" / "commands.py"))
COMMANDS = dict(TOOL["walk"](cli, "handgrad"))
UNITS = ("number", "seconds", "megabytes", "share", "epoch", "seed", "rate", "row n", "last n")
REFUSED = re.compile(
    r"in place of|\b(is|are|be) none\b|so many|somebody|nobody|whoever|what computes|of all that"
    r"|\bones\b|\b(this|that|no|such a) one\b",
    re.IGNORECASE,
)
WITHOUT_DEFAULT = {  # nothing is done, or drawn, where these are not given
    "--c", "--digit", "--expect", "--feedback", "--guess", "--hub", "--labels", "--log", "--onnx", "--out", "--page", "--picture",
    "--report", "--resume", "--row", "--save-boxes", "--scheme", "--site", "--test-images", "--test-labels", "--torch",
}  # fmt: skip


def faults(name, command):
    """What is wrong with the help of a command."""
    found = [f"{name}: {fault}" for fault in faults_of_text(command)]
    for param in command.params:
        if isinstance(param, click.Option):
            found += [f"{name} {param.opts[0]}: {fault}" for fault in faults_of_option(param)]
        elif not param.metavar or param.metavar.strip("[].") not in str(command.help):
            found.append(f"{name} {param.name}: the text of the command does not describe this argument")
    return found


def faults_of_text(command):
    text, short = str(command.help or ""), command.get_short_help_str(65)
    if not text.strip() or not short.endswith(".") or short.endswith("..."):
        yield f"expected a first sentence of at most 65 characters, with a full stop; got {short!r}"
    if found := REFUSED.search(text):
        yield f"{found[0]!r}"
    lines = str(command.epilog).split("\n")
    if lines[:2] != ["\b", "Examples:"] or not 1 <= len(lines[2:]) <= 3:
        yield "expected one to three examples at the end of the help"


def faults_of_option(option):
    text = option.help or ""
    if not re.fullmatch(r"[A-Z].{10,}\.", text):
        yield f"expected a sentence; got {text!r}"
    if found := REFUSED.search(text):
        yield f"{found[0]!r}"
    numeric = isinstance(option.type, click.types.IntParamType | click.types.FloatParamType)
    if numeric and not any(unit in text.lower() for unit in UNITS):
        yield "expected what the number counts, or its unit"
    if not option.is_flag and not isinstance(option.type, click.Choice) and not option.metavar:
        yield "expected a word for the value (metavar)"
    computed, fixed = "Default: " in text, TOOL["default"](option) is not None
    if option.is_flag and not option.secondary_opts:
        return
    if computed and fixed:
        yield "expected show_default alone; the text names a default, too"
    if fixed and not option.show_default:
        yield "expected show_default"
    if not computed and not fixed and option.opts[0] not in WITHOUT_DEFAULT:
        yield "expected its default"


def test_every_option_of_every_command_is_explained():
    assert len(COMMANDS) > 15
    assert [fault for name, command in COMMANDS.items() for fault in faults(name, command)] == []


@pytest.mark.parametrize(
    ("option", "fault"),
    [
        (click.option("--hidden", type=int, metavar="N"), "a sentence"),
        (click.option("--hidden", type=int, metavar="N", help="In place of the recipe's."), "In place of"),
        (click.option("--hidden", type=int, metavar="N", help="Of the layer. Default: 64."), "its unit"),
        (click.option("--hidden", type=int, metavar="N", help="Number of hidden units."), "its default"),
        (click.option("--hidden", type=int, default=64, metavar="N", help="Number of units."), "show_default"),
        (click.option("--hidden", type=int, help="Number of hidden units. Default: 64."), "metavar"),
        (click.option("--bias/--no-bias", default=None, help="Layers with biases."), "its default"),
        (click.argument("model", metavar="MODEL"), "does not describe"),
    ],
)  # fmt: skip
def test_what_says_nothing_is_refused(option, fault):
    @click.command(epilog="\b\nExamples:\n  handgrad train")
    @option
    def planted(**arguments):
        """Train a network."""

    found = faults("planted", planted)
    assert any(fault in one for one in found)
    assert all(one.startswith("planted ") for one in found)


@pytest.mark.parametrize(
    ("text", "epilog"),
    [
        ("", "\b\nExamples:\n  handgrad train"),
        ("Train a network.", None),
        ("Train a network.\n\nThe file that is none.", "\b\nExamples:\n  handgrad train"),
        (
            "Train a network on the embedded MNIST, another set by name, or any IDX pair.",
            "\b\nExamples:\n  a",
        ),
    ],
)
def test_a_command_without_text_or_examples_is_refused(text, epilog):
    assert len(faults("planted", click.Command("planted", help=text, epilog=epilog))) == 1


EXAMPLES = [
    line.strip() for command in COMMANDS.values() for line in command.epilog.split("\n") if "handgrad" in line
]


@pytest.mark.parametrize("example", sorted(set(EXAMPLES)))
def test_every_example_is_right_usage(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "submissions").mkdir()
    name, *words = shlex.split(example)
    command = COMMANDS[name]
    while isinstance(command, click.Group):
        name = f"{name} {words.pop(0)}"
        command = COMMANDS[name]
    if "--help" in words:
        with pytest.raises(click.exceptions.Exit):
            command.make_context(name, words)
    else:
        assert command.make_context(name, words).params


@pytest.mark.parametrize("name", [name for name in COMMANDS if isinstance(COMMANDS[name], click.Group)])
def test_no_line_of_a_list_of_commands_is_cut_off(name):
    """Where a terminal has 80 columns; click leaves two of them free."""
    help_text = COMMANDS[name].get_help(click.Context(COMMANDS[name], info_name=name, terminal_width=78))
    rows = help_text.partition("Commands:\n")[2].partition("\n\n")[0].split("\n")
    assert len(rows) == len(COMMANDS[name].list_commands(click.Context(COMMANDS[name])))
    assert [row for row in rows if row.endswith("...")] == []


def test_the_scheme_in_the_help_is_one_that_can_be_read(tmp_path):
    block = re.search(r"\x08\n( +\[points\].*?)\n\n", str(COMMANDS["handgrad workbook grade"].help), re.S)
    (tmp_path / "scheme.toml").write_text(textwrap.dedent(block[1]))
    read = scheme.read(tmp_path / "scheme.toml")
    assert read.by_exercise == {"affine_forward": 1, "affine_backward": 3}
    assert read.deadline
    assert read.loses


def test_the_reference_in_the_docs_is_that_of_the_commands():
    assert TOOL["PAGE"].read_text("utf-8") == TOOL["reference"](), "python tools/commands.py writes it anew"


def test_the_reference_does_not_depend_on_the_terminal(monkeypatch):
    before = TOOL["reference"]()
    monkeypatch.setenv("COLUMNS", "40")
    assert TOOL["reference"]() == before
