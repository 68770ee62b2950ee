"""How long a class takes to be marked, what memory it takes, and whether the marks are right.

    python benchmarks/marking.py [--students 200] [--seed 0] [--keep FOLDER]

The class is that of tests/situations/class_of.py: mixed submissions, each of whose marks is known beforehand.
`handgrad workbook grade` runs as a teacher runs it. It prints

- seconds of the clock and of processors: for the class, and for marking it again after one file changed;
- memory: of the command after a quarter of the class and at the end, and of all its processes together;
- every mark that is not as it should be, and how many of the planted mistakes are named.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from situations.class_of import class_of, write

MB = 1024**2


def main():
    """Make the class, mark it twice, hold the marks against those that it must get."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", help="write the class here, and leave it")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(chosen.keep or temporary) / "class"
        handed = class_of(chosen.students, chosen.seed)
        write(handed, folder)
        os.environ["XDG_CACHE_HOME"] = str(Path(temporary) / "cache")  # nothing has been marked before
        marked, found = measured(folder)
        print(f"{chosen.students} students, {os.cpu_count()} cores: {marked}")
        wrong = judged(handed, found)
        one = next(h for h in handed if h.kind == "right" and "net.py" in h.files)
        (folder / one.folder / "net.py").write_text(
            one.files["net.py"] + "\n# one more line\n", encoding="utf-8"
        )
        again, found = measured(folder)
        print(f"again after one changed: {again}")
        sys.exit(bool(wrong or judged(handed, found, quiet=True)))


def measured(folder):
    """One run of the command -> what it took, in words, and what it printed."""
    command = [sys.executable, "-m", "handgrad", "workbook", "grade", str(folder), "--json"]
    command += ["--out", str(folder.with_name("marks.csv"))]
    began, before = time.monotonic(), os.times()
    peaks = {"own": [], "all": [0]}
    with (
        tempfile.TemporaryFile() as out,
        subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL) as process,
    ):
        watcher = threading.Thread(target=watch, args=(process, peaks))
        watcher.start()
        process.wait()
        watcher.join()
        seconds, after = time.monotonic() - began, os.times()
        out.seek(0)
        found = json.load(out)
    spent = after.children_user - before.children_user + after.children_system - before.children_system
    own = peaks["own"] or [0]
    quarter = own[len(own) // 4]
    memory = f"{quarter / MB:.0f} MB after a quarter, {own[-1] / MB:.0f} MB at the end"
    whole = f"with all processes {max(peaks['all']) / MB:.0f} MB"
    times = f"{seconds:.1f} s, processors {spent:.1f} s ({spent / seconds:.1f} busy)"
    return f"{times}; memory {memory}, {whole}", found


def watch(process, peaks):
    """Note the memory of the command, and of it with all its children, while it runs (Linux)."""
    while process.poll() is None:
        resident = {process.pid: memory(process.pid)}
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                pid, parent = int(path.parent.name), int(path.read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError, IndexError):
                continue
            if parent == process.pid:
                resident[pid] = memory(pid)
        peaks["own"].append(resident[process.pid] or (peaks["own"] or [0])[-1])
        peaks["all"].append(sum(resident.values()))
        time.sleep(0.1)


def memory(pid):
    """What a process holds in memory, in bytes; 0 once it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def judged(handed, found, quiet=False):
    """Hold the marks against those that each must get -> how many hand-ins are not as they should be."""
    entries = {entry["student"]: entry for entry in found["submissions"]}
    wrong, planted, rejected, named = 0, 0, 0, 0
    for one in handed:
        entry = entries.get(one.student) or entries.get(one.folder)
        exercises = {e["name"]: e for e in entry["exercises"]} if entry else {}
        off = []
        for name, mark in one.marks.items():
            got = exercises.get(name)
            if isinstance(mark, int):
                planted += 1
                rejected += bool(got and not got["passed"])
                named += bool(got and got["mistake"] == mark)
                if got is None or got["passed"] or got["mistake"] != mark:
                    off.append(f"{name}: {mark} planted")
            elif got is None or got["state"] != mark:
                said = " ".join(got["message"].split())[:80] if got else "nothing"
                off.append(f"{name}: {got and got['state']}: {said}")
        if not one.marks and any(e["passed"] for e in exercises.values()):
            off.append("nothing is right, and something passed")
        if off:
            wrong += 1
            if not quiet:
                why = (entry["failure"] if entry else "not in the table") or "; ".join(off)
                print(f"    {one.student}, {one.kind}, {', '.join(one.files):.60}: {why:.140}")
    if not quiet:
        print(f"{len(handed) - wrong} of {len(handed)} marked as they should be; "
              f"{rejected} of {planted} planted mistakes rejected, {named} named")  # fmt: skip
    return wrong


if __name__ == "__main__":
    main()
