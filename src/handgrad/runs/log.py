"""A log of a run: a file with a JSON line for each epoch, for whatever watches it."""

import json
import os
from typing import IO, Any

from handgrad.files import Kind, append, expect_writable, write_atomically
from handgrad.runs.loop import Progress

BEGINNING = b'{"epoch": '  # of every line
LARGEST = 1 << 28  # bytes of a log that is gone on with


def _is_ours(file: IO[bytes]) -> bool:
    return file.read(len(BEGINNING)) == BEGINNING


KIND = Kind("a log of handgrad's training runs", _is_ours)


class Log:
    """What is called with the Progress after each epoch, and writes Progress.record as a JSON line.

    fit(images, labels, on_epoch=Log("run.jsonl")), or log(progress) in a loop over a Run. A new run begins
    the file anew. A run that is resumed goes on in it: lines of epochs that the run does not know are
    dropped, as is a line that was cut short, and epochs that the file lacks are taken from the model's
    history, without seconds. HandgradError, before any work, where no log can be written to path.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path, self._begun = path, False
        expect_writable(path, KIND)

    def __call__(self, progress: Progress) -> None:
        """Write the line of an epoch.  HandgradError where it cannot be written."""
        if not self._begun:
            write_atomically(self.path, b"".join(map(_line, self._before(progress))), KIND)
            self._begun = True
        append(self.path, _line(progress.record), KIND)

    def _before(self, progress: Progress) -> list[dict[str, Any]]:
        """The records of the epochs before this one; from the file where it has them."""
        history = progress.model.history[:-1]
        known = {} if not history else self._read()
        return [record | {"seconds": known.get(record["epoch"], {}).get("seconds")} for record in history]

    def _read(self) -> dict[int, dict[str, Any]]:
        """The lines of the file that are whole, by epoch."""
        records = {}
        try:
            with open(self.path, "rb") as file:
                lines = file.read(LARGEST).splitlines()
        except FileNotFoundError:
            return {}
        for line in lines:
            try:
                record = json.loads(line)
                records[int(record["epoch"])] = dict(record)
            except (ValueError, TypeError, KeyError):
                continue
        return records


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, allow_nan=False).encode() + b"\n"
