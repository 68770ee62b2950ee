"""The hostile class, marked behind walls and with limits only: what is left behind, and who gets what.

    python tests/hostile_class.py [DIR]     DIR: a folder of further hostile files (CLASS in them is the class)

A table with a line for each level: hostile and honest submissions, those of the honest that got what is right,
hostile ones that passed anything whole, and what was left: processes, shared memory, files anywhere in the
folders that they could reach. With limits only, some of it may be: that is what walls are for.
"""

import os
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import test_workbook_grade as suite
from handgrad.workbook.desk.walls import Level, best
from handgrad.workbook.marking.grade import grade

HONEST = {"right": 10, "mistaken": 9, "zoe": 6}  # exercises that each has right


def main():
    """Print the table; exit code 1 where walls left anything behind or an honest one got something else."""
    print(f"{'level':<8}{'hostile':>8}{'longest':>9}{'whole':>7}{'honest right':>14}   left behind")
    walls, limits = best(), Level(lacks="asked for")
    failed = False
    for level in (walls, limits) if walls.walls else (limits,):
        with tempfile.TemporaryDirectory() as folder:
            failed |= marked(Path(folder), level) and level is walls
    if not walls.walls:
        print(f"no walls here: {walls.lacks}")
    return int(failed)


def marked(folder, level):
    """Print the line of one level; whether something is not as it should be."""
    suite.write_class(folder / "class")
    for path in sorted(Path(sys.argv[1]).glob("*.py")) if sys.argv[1:] else ():
        (folder / "class" / f"more_{path.name}").write_text(
            path.read_text().replace("CLASS", str(folder / "class"))
        )
    (folder / "temporary").mkdir()
    (folder / "home").mkdir()
    tempfile.tempdir = str(folder / "temporary")
    os.environ |= {"HOME": str(folder / "home"), "VIRTUAL_ENV": str(folder / "temporary")}
    shared, files = set(os.listdir("/dev/shm")), suite.contents(folder)
    signals = []
    signal.signal(signal.SIGTERM, lambda number, _: signals.append(number))
    start = time.monotonic()
    results = grade(folder / "class", replace(suite.LIMITS, call=2.0), workers=2, level=level).results
    seconds = time.monotonic() - start
    tempfile.tempdir = None
    left = [
        *(
            f"process {b' '.join(words_of(p))[:60].decode()}"
            for p in suite.started_with(folder / "temporary")
        ),
        *(
            f"shared memory {name}"
            for name in sorted(set(os.listdir("/dev/shm")) - shared)
            if "handgrad" in name or "breaker" in name
        ),
        *(f"file {path}" for path, text in suite.contents(folder).items() if files.get(path) != text),
        *(f"signal {number} to the checker" for number in signals),
    ]
    for process in suite.started_with(folder / "temporary"):
        os.kill(int(process.name), signal.SIGKILL)
    for name in set(os.listdir("/dev/shm")) - shared:
        if "handgrad" in name or "breaker" in name:
            os.remove(f"/dev/shm/{name}")
    honest = {one.student: one.passed for one in results if one.student in HONEST}
    hostile = [one for one in results if one.student not in HONEST]
    whole = sum(one.passed == len(one.verdicts) > 0 for one in hostile)
    right = sum(honest[name] == passed for name, passed in HONEST.items())
    print(
        f"{level.name:<8}{len(hostile):>8}{max(one.seconds for one in hostile):>7.1f} s{whole:>7}"
        f"{f'{right} of {len(HONEST)}':>14}   {'; '.join(left) or 'nothing'}   ({seconds:.0f} s)"
    )
    return bool(left) or whole or right < len(HONEST)


def words_of(process):
    return suite.content(process / "cmdline").split(b"\0")


if __name__ == "__main__":
    sys.exit(main())
