"""What networks of MNIST reach: rows that programs of tools/ keep, and the tables of docs/best.md from them.

A row is a JSON object with the name of a network. A folder holds the row of a network beside it; best.json
holds those that docs/best.md shows.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from handgrad.errors import HandgradError
from handgrad.files import Kind, write_atomically

KEPT = Path(__file__).with_name("best.json")
IMAGES, HELD_BACK = 60_000, 5000  # of MNIST: for training, and of these, for the validation
ROWS = Kind(
    "rows of measurements (JSON)",
    lambda file: b"".join(file.read(64).split()).startswith((b'{"name":', b'[{"name":', b"[]")),
)

Row = dict[str, Any]


def keep(folder: Path, row: Row) -> None:
    """Write the row of a network into a folder."""
    write_atomically(folder / f"{row['name']}.json", json.dumps(row).encode(), ROWS)


def rows(folder: Path) -> dict[str, Row]:
    """What the networks in a folder reach, by name; not those of rehearsals, which saw fewer images."""
    found = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    return {row["name"]: row for row in found if row.get("images", 0) >= IMAGES - HELD_BACK}


def kept() -> dict[str, Row]:
    """The rows of best.json, by name."""
    return {row["name"]: row for row in json.loads(KEPT.read_text())}


def gathered(folder: Path) -> dict[str, Row]:
    """The rows kept, and in their place those of a folder; they are written to best.json.

    HandgradError, and nothing is written: the folder holds no rows.
    """
    if not (new := rows(folder)):
        expected = "expected a folder of results (that best.py seeds, ablation or mixture filled)"
        raise HandgradError(f"{folder}: {expected}; found none, and {KEPT.name} stays as it is")
    found = kept() | new
    write_atomically(KEPT, (json.dumps([*found.values()], indent=1) + "\n").encode(), ROWS)
    return found


def seeds_table(found: Mapping[str, Row]) -> str:
    """Recipe best from several seeds, and the means; the seeds are those that were trained on both sets."""
    seeds = sorted(row["seed"] for name, row in found.items() if name.startswith("all-"))
    seeds = [seed for seed in seeds if f"part-{seed}" in found]
    cells = [
        (found[f"part-{seed}"]["validation"], found[f"part-{seed}"]["test"], found[f"all-{seed}"]["test"])
        for seed in seeds
    ]
    lines = [
        _line(seed, *(f"{100 * cell:.2f} %" for cell in row)) for seed, row in zip(seeds, cells, strict=True)
    ]
    if seeds:
        lines.append(_line("mean", *(f"{100 * mean:.2f} %" for mean in np.mean(cells, axis=0))))
    head = "seed", "validation (55,000 images)", "test (the same network)", "test (all 60,000)"
    return _table(head, lines)


def ablation_table(some: Mapping[str, Row]) -> str:
    """Small networks, of which one ingredient was left out, or put in."""
    lines = []
    for name, row in some.items():
        mistakes = round(HELD_BACK * (1 - row["validation"]))
        lines.append(_line(name, mistakes, f"{row['validation_loss']:.4f}", f"{row['seconds']:.0f}"))
    return _table(("", "mistakes", "loss", "seconds, one thread"), lines)


def mixture_table(some: Mapping[str, Row]) -> str:
    """Small networks that learnt something besides MNIST: what each reads right of each set."""
    lines = [
        _line(name, *(f"{100 * share:.1f} %" for share in row["right"].values()))
        for name, row in some.items()
    ]
    sets = next(iter(some.values()))["right"] if some else {}
    return _table(("", *sets), lines)


def _line(*cells: object) -> str:
    return "|" + "".join(f" {cell} |" if cell != "" else " |" for cell in cells)


def _table(head: tuple[str, ...], lines: list[str]) -> str:
    return "\n".join([_line(*head), "|---" * len(head) + "|", *lines]) if lines else ""
