"""What no text file of the repository may hold; as a program, it looks at the files that are named.

python tests/habits.py FILE...      run before each commit: see .pre-commit-config.yaml
"""

import re
import sys
from pathlib import Path

LARGEST = 1 << 20  # bytes
FAULTS = {
    "a conflict marker": re.compile(r"^(<{7}|>{7}|\|{7})( |$)|^={7}$", re.M),
    "spaces at the end of a line": re.compile(r"[ \t]+$", re.M),
    "a line end of Windows": re.compile(r"\r\n"),
}


def faults(text):
    """What is wrong with a text, in a few words each."""
    found = [name for name, pattern in FAULTS.items() if pattern.search(text)]
    if text and not text.endswith("\n"):
        found.append("no line end at its end")
    if len(text.encode()) > LARGEST:
        found.append("more than a megabyte")
    return found


def main(names):
    """Print a line for each fault -> the exit code."""
    lines = [
        f"{name}: {fault}" for name in names for fault in faults(Path(name).read_bytes().decode("utf-8"))
    ]
    print("\n".join(lines), end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
