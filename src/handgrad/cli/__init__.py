"""The command line. One module per command; each is imported only when its command is called."""

import os
import signal
import sys
from importlib import import_module
from typing import Any

import click

from handgrad import __version__
from handgrad.cli.terminal import guarded
from handgrad.errors import HandgradError, came_of_ctrl_c, one_line
from handgrad.files import reason

COMMANDS = (
    *("predict", "train", "evaluate", "explain", "lab", "calibrate", "export"),
    *("data", "sweep", "workbook", "bench", "warmup"),
)
INTERRUPTED = 130
LIBRARIES = {  # of pictures, and what brings them: all else works where there is no wheel of them
    "cv2": "OpenCV (pip install opencv-python-headless)",
    "PIL": "Pillow (pip install pillow)",
}


def examples(*lines: str) -> str:
    """The end of a command's help: commands to copy, one a line."""
    return "\b\n" + "\n".join(["Examples:", *(f"  {line}" for line in lines)])


class Group(click.Group):
    """A group of commands that prints its help and exits with 2 (wrong usage) when no command is given.

    Left to itself click 8.1 exits with 0 there, and 8.2 raises an exception that 8.1 does not have.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, once there is a command."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), err=True)
            ctx.exit(2)
        return super().parse_args(ctx, args)


class LazyGroup(Group):
    """Commands by name: a function of that name in a module of that name, imported when it is called."""

    def __init__(self, *args: Any, names: tuple[str, ...], package: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._names, self._package = names, package

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands, in the order in which help shows them."""
        return list(self._names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in self._names:
            return None
        command: click.Command = getattr(import_module(f"{self._package}.{cmd_name}"), cmd_name)
        return command


@click.group(
    cls=LazyGroup,
    names=COMMANDS,
    package=__name__,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples("handgrad predict photo.jpg", "handgrad train", "handgrad train --help"),
)
@click.version_option(__version__, help="Show the version and exit.")
def cli() -> None:
    """Read handwritten digits, and train the network that reads them.

    Every derivative of the network is written by hand. A trained network is in the package, so
    "handgrad predict" works at once.

    Results are printed on stdout, progress and errors on stderr. Exit codes: 0 success, 1 failure, 2 wrong
    usage, 130 interrupted.
    """


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code; every foreseen failure is one line on stderr."""
    try:
        with guarded():
            return _run(sys.argv[1:] if arguments is None else arguments)
    except BaseException as error:
        if not came_of_ctrl_c(error):
            raise
        return _fail("interrupted", INTERRUPTED)


def _run(arguments: list[str]) -> int:
    debug = "--debug" in arguments
    if sys.stdout is None:
        return _fail("stdout is closed, so there is nowhere to write the result")
    if "_HANDGRAD_COMPLETE" in os.environ:  # the shell asks for completions
        cli.main(arguments, prog_name="handgrad")
    try:
        with cli.make_context(
            "handgrad", list(arguments)
        ) as context:  # cli.main would turn Ctrl-C into exit code 1
            cli.invoke(context)
        sys.stdout.flush()
        return 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "handgrad"
        return _fail(f"{error.format_message()} (see {command} --help)", error.exit_code)
    except BrokenPipeError:  # whatever read our stdout has exited: there is no one to report to
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (HandgradError, click.ClickException) as error:
        if debug:
            raise
        if isinstance(error, click.ClickException):
            return _fail(error.format_message(), error.exit_code)
        return _fail(str(error))
    except ImportError as error:
        library = LIBRARIES.get((error.name or "").partition(".")[0])
        if debug or library is None:
            raise
        return _fail(f"pictures and distortions need {library}, which cannot be loaded here ({error})")
    except MemoryError as error:
        if debug:
            raise
        return _fail(f"out of memory ({error}); use a smaller network or fewer images")
    except OSError as error:
        if debug:
            raise
        return _fail(f"{error.filename}: {reason(error)}" if error.filename else reason(error))


def _fail(message: str, code: int = 1) -> int:
    if code == INTERRUPTED:  # a second Ctrl-C must not break the way out
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    click.echo(one_line(f"handgrad: error: {message}"), err=True)
    return code
