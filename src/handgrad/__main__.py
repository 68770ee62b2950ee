"""The command line, also as python -m handgrad."""

import sys


def main() -> int:
    """Run the command line -> exit code. What it needs is imported here, so that Ctrl-C is heard already."""
    try:
        from handgrad.cli import main as run

        return run()
    except KeyboardInterrupt:
        sys.stderr.write("handgrad: error: interrupted\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
