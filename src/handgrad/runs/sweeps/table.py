"""The table of a sweep: a row a trial, best first by validation. The test images only report."""

import csv
import io
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import IO, Any

from handgrad.errors import MissingExtraError
from handgrad.files import Kind
from handgrad.recipes import Recipe
from handgrad.runs.sweeps.choices import NAMES, shown
from handgrad.runs.sweeps.trials import FINISHED, Result

REACHED = ("ended", "epochs_done", "final_loss", "train_accuracy", "validation_accuracy", "test_accuracy")
COLUMNS = ("rank_by_validation", "trial", *NAMES, "seed", *REACHED, "engine")
HEADER = ",".join(COLUMNS).encode() + b"\n"
FOOTER = b"a table of handgrad's sweeps"  # in the metadata of a Parquet file, which stands at its end
TAIL = 1 << 16  # bytes


def _is_our_csv(file: IO[bytes]) -> bool:
    return file.read(len(HEADER)) == HEADER


def _is_our_parquet(file: IO[bytes]) -> bool:
    begins = file.read(4) == b"PAR1"
    file.seek(max(0, file.seek(0, 2) - TAIL))
    return begins and FOOTER in file.read()


CSV = Kind("a table of a sweep (CSV)", _is_our_csv)
PARQUET = Kind("a table of a sweep (Parquet)", _is_our_parquet)


@dataclass(frozen=True)
class Setting:
    """A recipe of a sweep with the results of its seeds, as far as they are done."""

    recipe: Recipe
    results: tuple[Result, ...]

    @property
    def finished(self) -> bool:
        """Whether no seed's run has diverged."""
        return all(result.ended == FINISHED for result in self.results)

    @property
    def validation(self) -> tuple[float, float] | None:
        """Mean and standard deviation of the validation accuracy over seeds; None where a run diverged."""
        return self._spread([result.validation_accuracy for result in self.results])

    @property
    def test(self) -> tuple[float, float] | None:
        """The same of the test accuracy, which decides nothing; None without test images."""
        return self._spread([result.test_accuracy for result in self.results])

    def _spread(self, shares: list[float | None]) -> tuple[float, float] | None:
        known = [share for share in shares if share is not None]
        if not self.finished or len(known) < len(shares):
            return None
        return statistics.fmean(known), statistics.stdev(known) if len(known) > 1 else 0.0


def ranked(results: Iterable[Result]) -> list[Setting]:
    """The settings, best first by their mean validation accuracy; those in which a run diverged come last.

    Settings that are equally good keep the order of the plan.
    """
    seeds: dict[Recipe, list[Result]] = {}
    for result in results:
        seeds.setdefault(result.trial.recipe, []).append(result)
    settings = [Setting(recipe, tuple(of_recipe)) for recipe, of_recipe in seeds.items()]
    return sorted(settings, key=lambda setting: -setting.validation[0] if setting.validation else 1)


def rows(settings: Sequence[Setting]) -> list[dict[str, Any]]:
    """A row for each trial, by the names of COLUMNS. The rank is that of its setting, over all seeds."""
    ranks: list[int | None] = []
    for i, setting in enumerate(settings):
        alike = i > 0 and setting.validation == settings[i - 1].validation
        ranks.append(None if setting.validation is None else ranks[-1] if alike else i + 1)
    return [
        _row(rank, result)
        for rank, setting in zip(ranks, settings, strict=True)
        for result in setting.results
    ]


def csv_table(table: Sequence[dict[str, Any]]) -> bytes:
    """The rows as a CSV file; what is not known is empty."""
    file = io.StringIO()
    lines = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    lines.writeheader()
    lines.writerows(table)
    return file.getvalue().encode()


def parquet_table(table: Sequence[dict[str, Any]]) -> bytes:
    """The rows as a Parquet file.  MissingExtraError without pyarrow."""
    expect_pyarrow()
    import pyarrow
    from pyarrow import parquet

    texts = {"trial", "ended", "engine", "distortion"} | {
        name for name in NAMES if type(getattr(Recipe(), name)) is str
    }
    whole = {"rank_by_validation", "hidden", "batch_size", "epochs", "seed", "epochs_done"}
    kinds = {name: pyarrow.string() if name in texts else pyarrow.float64() for name in COLUMNS}
    kinds |= dict.fromkeys(whole, pyarrow.int64()) | {"bias": pyarrow.bool_()}
    schema = pyarrow.schema([(name, kinds[name]) for name in COLUMNS], metadata={b"made by": FOOTER})
    file = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(list(table), schema=schema), file)
    return file.getvalue()


def expect_pyarrow() -> None:
    """MissingExtraError where Parquet files cannot be written."""
    if find_spec("pyarrow") is None:
        raise MissingExtraError("--parquet needs pyarrow: pip install 'handgrad[parquet]'")


def _row(rank: int | None, result: Result) -> dict[str, Any]:
    recipe, last = result.trial.recipe, result.epochs[-1] if result.epochs else {}
    choices = {name: getattr(recipe, name) for name in NAMES}
    return {
        "rank_by_validation": rank,
        "trial": result.name,
        **choices,
        "distortion": shown(recipe.distortion),
        "seed": result.trial.seed,
        "ended": result.ended,
        "epochs_done": len(result.epochs),
        "final_loss": last.get("loss"),
        "train_accuracy": last.get("train_accuracy"),
        "validation_accuracy": result.validation_accuracy,
        "test_accuracy": result.test_accuracy,
        "engine": result.engine,
    }
