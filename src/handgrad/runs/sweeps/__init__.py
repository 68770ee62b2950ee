"""Sweeps: many networks, trained side by side, stopped and resumed, shared out among machines; one table.

plan -> trials -> a file for each that is done -> table. Done = the file exists, so whoever runs the plan
again, beside or after others, computes only what is missing.
"""

import os
import random
from collections.abc import Iterator
from typing import NamedTuple

from handgrad.files import expect_folder
from handgrad.runs import Data
from handgrad.runs.sweeps.choices import Between, OneOf, grid_choice, random_choice
from handgrad.runs.sweeps.folder import Folder
from handgrad.runs.sweeps.plan import MOST_TRIALS, Plan, Shard, Trial
from handgrad.runs.sweeps.pools import expect_dask, on_dask, on_threads
from handgrad.runs.sweeps.table import (
    CSV,
    PARQUET,
    Setting,
    csv_table,
    expect_pyarrow,
    parquet_table,
    ranked,
    rows,
)
from handgrad.runs.sweeps.trials import ENGINES, Result, engine_for, expect_data
from handgrad.threads import available_cores

__all__ = [
    "CSV",
    "ENGINES",
    "MOST_TRIALS",
    "PARQUET",
    "Between",
    "Folder",
    "OneOf",
    "Plan",
    "Result",
    "Setting",
    "Shard",
    "Step",
    "Trial",
    "csv_table",
    "engine_for",
    "expect_dask",
    "expect_pyarrow",
    "folder_of",
    "grid_choice",
    "parquet_table",
    "random_choice",
    "ranked",
    "rows",
    "sweep",
]


class Step(NamedTuple):
    """Where a sweep stands after a trial: how many of its trials are done, and the result if it was computed
    here; None where another process was faster."""

    done: int
    of: int
    result: Result | None


def folder_of(plan: Plan, data: Data, out: str | os.PathLike[str]) -> Folder:
    """The files of a sweep; results() reads those that are done.  DataError where nothing is held back."""
    expect_data(data)
    return Folder(out, plan.trials, data.checksum, data.held_back)


def sweep(
    plan: Plan,
    data: Data,
    out: str | os.PathLike[str],
    shard: Shard | None = None,
    engine: str = "auto",
    jobs: int | None = None,
    dask: str | None = None,
) -> Iterator[Step]:
    """Train the networks of a plan that are not done yet, and yield after each: its file is then written.

    out: the folder, made if it is missing. shard: only this part of the plan. jobs: the number of networks
    that train at the same time, by default one a core; each on one thread. dask: the address of a Dask
    scheduler, on whose workers they train instead; this process writes the files.

    Several processes may share the folder. Each takes the trials in an order of its own, so that two seldom
    compute the same; if they do, both write the same bytes.

    HandgradError where files cannot be written, where the folder holds another sweep, and for an engine that
    cannot be had; DataError for data that do not fit. What is done by then stays.
    """
    folder = folder_of(plan, data, out)
    expect_folder(out)
    mine = (shard or Shard()).of_trials(plan.trials)
    present = folder.done()
    todo = [trial for trial in mine if folder.file(trial).name.partition(".")[0] not in present]
    done = len(mine) - len(todo)
    if not todo:
        return
    random.SystemRandom().shuffle(todo)
    if dask is None:
        jobs = min(available_cores() if jobs is None else jobs, len(todo))
        for hidden in {
            trial.recipe.hidden for trial in todo
        }:  # what must be compiled is, before threads begin
            engine_for(data, engine, hidden)
        results = on_threads(todo, data, engine, jobs, folder.is_done)
    else:
        results = on_dask(todo, data, engine, dask, folder.is_done)
    for result in results:
        if result is not None:
            folder.keep(result)
        done += 1
        yield Step(done, len(mine), result)
