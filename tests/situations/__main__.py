"""python tests/situations [WORD]...: what happens to each situation."""

import sys
import tempfile
import textwrap
import time
from pathlib import Path


def main(words):
    from situations import judge, situations

    chosen = [s for s in situations() if not words or any(word in s.name for word in words)]
    began, spent = time.monotonic(), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        happened = judge.happened(chosen, folder)
    for h in happened:
        ok = "ok  " if not h.wrong else "NOT "
        print(f"{ok}{h.situation.name:<72.72}  {h.situation.expected:<40.40}  {h!s:.90}")
        for line in h.wrong:
            print(textwrap.indent(textwrap.fill(line, 150), "        "))
    fine = sum(not h.wrong for h in happened)
    print(
        f"\n{fine} of {len(happened)} as expected, {time.monotonic() - began:.0f} s, {time.process_time() - spent:.0f} s here"
    )
    return fine != len(happened)


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parent.parent)
    sys.exit(main(sys.argv[1:]))
