"""The command line, also as python -m handgrad."""

import sys

from handgrad.errors import came_of_ctrl_c


def main() -> int:
    """Run the command line -> exit code. What it needs is imported here, so that Ctrl-C is heard already."""
    try:
        from handgrad.cli import main as run

        return run()
    except BaseException as error:
        if not came_of_ctrl_c(error):
            raise
        sys.stderr.write("handgrad: error: interrupted\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
