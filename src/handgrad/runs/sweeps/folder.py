"""The folder of a sweep: a file for each trial that is done. Done = its file exists."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from handgrad.errors import HandgradError
from handgrad.files import Kind, reason, write_atomically
from handgrad.runs.sweeps.plan import Trial
from handgrad.runs.sweeps.trials import BEGINNING, Result, name_of

SUFFIX = ".trial.json"
LARGEST = 1 << 26  # bytes of a trial's file: a million epochs


def _is_trial(file: IO[bytes]) -> bool:
    return file.read(len(BEGINNING)) == BEGINNING


TRIAL = Kind("a trial of a sweep", _is_trial)


class Folder:
    """The files of a sweep's trials, in a folder that other processes may be filling at the same time."""

    def __init__(
        self, path: str | os.PathLike[str], trials: Sequence[Trial], data_checksum: str, held_back: int
    ) -> None:
        self.path = Path(path)
        self.names = {name_of(trial, data_checksum, held_back): trial for trial in trials}
        self._name_of = {trial: name for name, trial in self.names.items()}

    def file(self, trial: Trial) -> Path:
        """The file of a trial, whether it is there or not."""
        return self.path / f"{self._name_of[trial]}{SUFFIX}"

    def is_done(self, trial: Trial) -> bool:
        """Whether the file of a trial is there."""
        return self.file(trial).exists()

    def done(self) -> set[str]:
        """The names of the trials that are done.  HandgradError where it holds another sweep's trials."""
        try:
            found = {name.removesuffix(SUFFIX) for name in os.listdir(self.path) if name.endswith(SUFFIX)}
        except OSError as error:
            raise HandgradError(f"{self.path}: cannot be read: {reason(error)}") from None
        if others := sorted(found - set(self.names)):
            raise HandgradError(
                f"{self.path}: holds {len(others)} of another sweep's trials, such as {others[0]}{SUFFIX}; "
                "choose another folder, or repeat that sweep's choices, data and split (more values and "
                "seeds may be added)"
            )
        return found

    def keep(self, result: Result) -> None:
        """Write the file of a trial, whole or not at all.  HandgradError where it cannot be written."""
        write_atomically(self.file(result.trial), result.to_bytes(), TRIAL)

    def results(self) -> Iterator[Result]:
        """What the trials that are done have reached, in the order of the plan.  HandgradError names a file
        that is damaged."""
        done = self.done()
        for name, trial in self.names.items():
            if name in done:
                yield self._read(trial)

    def _read(self, trial: Trial) -> Result:
        path = self.file(trial)
        try:
            with path.open("rb") as file:
                content = file.read(LARGEST)
            result = Result.from_bytes(content)
        except OSError as error:
            raise HandgradError(f"{path}: cannot be read: {reason(error)}") from None
        except ValueError:
            result = None
        if result is None or result.trial != trial:
            raise HandgradError(
                f"{path}: not a trial as handgrad wrote it, or damaged; remove it and run the sweep again, "
                "which trains this network anew"
            )
        return result
