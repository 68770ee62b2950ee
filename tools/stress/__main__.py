"""The catalogue of docs/reliability.md, thrown at handgrad at its counts; a table at the end.

    python tools/stress                           every row at its full counts, half an hour on two cores
    python tools/stress --counts quick            a few of each
    python tools/stress models numerics           these rows
    python tools/stress "models: mutants"         this part of a row
    python tools/stress "models: mutants" --only 4711 --seed 0     one item again, with its traceback

The exit code is 1 if something did not survive, or was not thrown; each fault is printed with the command that
throws it again. A seed draws the same things every time. Needs the groups of the tests: pip install -e '.[...]' --group test
"""

import argparse
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests"))

from rows import ROWS, enter
from throwing import PARTS, Outcome, Part, shared_cache, throw, watch

SHOWN = 5  # faults of a part that are printed


def chosen(names: list[str]) -> list[Part]:
    """The parts that are named, and those of the rows that are; all where none is."""
    for name in names:
        if (row := name.partition(":")[0]) not in ROWS:
            raise SystemExit(f"expected rows of {', '.join(ROWS)}, or parts of them; got {name!r}")
        enter(row)
        if name != row and name not in PARTS:
            known = ", ".join(part for part in PARTS if part.startswith(f"{row}: "))
            raise SystemExit(f"expected a part of the row {row}: {known}; got {name!r}")
    if not names:
        for row in ROWS:
            enter(row)
    order = sorted(PARTS.values(), key=lambda part: list(ROWS).index(part.row))
    return [part for part in order if not names or part.row in names or part.name in names]


def thrown(parts: list[Part], counts: str, seed: int, until: float, cores: int) -> list[Outcome]:
    """Throw the parts side by side, as many as there are cores -> what came of each, in the order of the parts."""
    free, turn = threading.Semaphore(cores), threading.Lock()

    def one(part: Part) -> Outcome:
        needed = min(part.cores, cores)
        with turn:  # so that two that need both cores do not wait for each other
            for _ in range(needed):
                free.acquire()
        try:
            outcome = watch(part, counts, seed, until)
        finally:
            free.release(needed)
        print(f"{part.name}: {line_of(outcome)}, {outcome.took:.0f} s", file=sys.stderr, flush=True)
        return outcome

    longest = sorted(parts, key=lambda part: (-part.cores, -part.seconds * part.quick))  # first
    with ThreadPoolExecutor(len(parts)) as pool:
        found = dict(zip(longest, pool.map(one, longest), strict=True))
    return [found[part] for part in parts]


def line_of(outcome: Outcome) -> str:
    """How many survived, of how many."""
    each = outcome.part.each
    cut = "" if outcome.thrown >= outcome.asked > 0 else f" (of {outcome.asked * each:,}: time was up)"
    return f"{(outcome.thrown - len(outcome.faults)) * each:,} of {outcome.thrown * each:,} survived{cut}"


def table(outcomes: list[Outcome]) -> str:
    """The table, as Markdown."""
    lines = ["| row | thrown | asked for | survived | worst time (promised) | worst memory (promised) | took |",
             "|---|--:|--:|--:|--:|--:|--:|"]  # fmt: skip
    for outcome in outcomes:
        one, each = outcome.part, outcome.part.each
        survived = (outcome.thrown - len(outcome.faults)) * each
        sign = "+" if one.grown else ""
        promised = f" ({sign}{one.megabytes:g} MB)" if one.megabytes else ""
        lines.append(
            f"| {one.name} | {outcome.thrown * each:,} | {outcome.asked * each:,} | {survived:,} "
            f"| {outcome.seconds:.2f} s ({one.seconds:g} s) | {sign}{outcome.megabytes:.0f} MB{promised} | {outcome.took:.0f} s |"
        )
    return "\n".join(lines)


def faults(outcomes: list[Outcome], seed: int) -> list[str]:
    """Each fault with the command that throws it again; of many of one part, the first."""
    lines = []
    for outcome in outcomes:
        for item, fault in outcome.faults[:SHOWN]:
            again = f'python tools/stress "{outcome.part.name}" --only {item} --seed {seed}'
            lines.append(f"did not survive: {outcome.part.name}, item {item}: {fault}\n    again: {again}")
        if (more := len(outcome.faults) - SHOWN) > 0:
            lines.append(f"did not survive: {outcome.part.name}: {more} more")
    return lines


def main(words: list[str]) -> int:
    """Run the command -> its exit code."""
    parser = argparse.ArgumentParser(prog="python tools/stress", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)  # fmt: skip
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows, or parts of rows; default: all")
    parser.add_argument(
        "--minutes", type=float, default=60.0, help="end after so many; what is left is not thrown"
    )
    parser.add_argument("--counts", choices=("full", "quick"), default="full", help="default: full")
    parser.add_argument("--seed", type=int, default=0, help="draws everything; default: 0")
    parser.add_argument(
        "--only", type=int, metavar="ITEM", help="throw one item of one part again, with its traceback"
    )
    parser.add_argument(
        "--cores", type=int, default=min(2, os.cpu_count() or 1), help="parts side by side; default: 2"
    )
    parser.add_argument(
        "--list", action="store_true", help="print the parts and their counts at most, and end"
    )
    for inner in ("--part", "--report", "--first", "--last", "--folder"):  # of the processes that throw
        parser.add_argument(inner, help=argparse.SUPPRESS)
    parser.add_argument("--loud", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(words)
    if given.part:
        enter(given.part.partition(":")[0])
        items = range(int(given.first), int(given.last))
        throw(
            PARTS[given.part],
            items,
            given.counts,
            given.seed,
            int(given.report),
            Path(given.folder),
            given.loud,
        )
        return 0
    parts = chosen(given.rows)
    if given.list:
        print("\n".join(f"{one.name} ({one.quick * one.each:,} quick)" for one in parts))
        return 0
    until = time.monotonic() + 60 * given.minutes
    if given.only is not None and len(parts) > 1:
        raise SystemExit("expected one part of a row beside --only, as python tools/stress --list names them")
    with shared_cache():
        if given.only is None:
            outcomes = thrown(parts, given.counts, given.seed, until, given.cores)
        else:
            outcomes = [watch(parts[0], "full", given.seed, until, given.only)]
    print(table(outcomes))
    print(*faults(outcomes, given.seed), sep="\n")
    if given.only is None and any(one.thrown < one.asked for one in outcomes):
        return 1
    return int(any(one.faults or not one.asked for one in outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
