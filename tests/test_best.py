"""The rows of tools/best.json: docs/best.md shows their tables, and no command loses them."""

import json
import shutil
import subprocess
import sys

import pytest

import house

sys.path.append(str(house.ROOT / "tools"))
import measured

from handgrad.errors import HandgradError


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A copy of best.json, which the tools then write into."""
    copy = tmp_path / "best.json"
    shutil.copy(measured.KEPT, copy)
    monkeypatch.setattr(measured, "KEPT", copy)
    return copy


def test_the_page_shows_what_the_table_prints():
    """The command in a folder without results: it says so, prints what is kept, and docs/best.md has each line."""
    command = [sys.executable, house.ROOT / "tools" / "best.py", "table"]
    page = (house.ROOT / "docs" / "best.md").read_text().splitlines()
    before = measured.KEPT.read_bytes()
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=house.ROOT / "tests")
    lines = [line for line in told.stdout.splitlines() if line]
    assert len(lines) > 20
    assert [line for line in lines if line not in page] == []
    assert "best-networks" in told.stderr
    assert measured.KEPT.read_bytes() == before


def test_a_folder_without_results_is_refused(tmp_path, kept):
    before = kept.read_bytes()
    empty = tmp_path / "empty"
    empty.mkdir()
    measured.keep(empty, {"name": "all-0", "images": 4000, "seed": 0, "test": 0.5})  # of a rehearsal
    for folder in (tmp_path / "missing", empty):
        with pytest.raises(
            HandgradError, match=rf"{folder.name}: expected a folder of results.*stays as it is"
        ):
            measured.gathered(folder)
    assert kept.read_bytes() == before


def test_new_rows_take_the_place_of_those_kept(tmp_path, kept):
    before, folder = measured.kept(), tmp_path / "networks"
    folder.mkdir()
    new = {"name": "all-0", "images": 60_000, "seed": 0, "test": 0.5}
    measured.keep(folder, new)
    found = measured.gathered(folder)
    assert found == before | {"all-0": new} == {row["name"]: row for row in json.loads(kept.read_text())}
    assert "| 0 | 99.62 % | 99.47 % | 50.00 % |" in measured.seeds_table(found)


def test_a_seed_is_shown_when_both_of_its_networks_are_there():
    row = {"seed": 7, "images": 60_000, "test": 0.5, "validation": 0.25}
    assert measured.seeds_table({"all-7": row}) == ""
    assert "| 7 | 25.00 % | 50.00 % | 50.00 % |" in measured.seeds_table({"all-7": row, "part-7": row})
