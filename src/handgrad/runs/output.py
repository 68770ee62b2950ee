"""The model file that a run writes after each epoch, unless another program has written it meanwhile."""

import os
from pathlib import Path

from handgrad import model_file
from handgrad.errors import ModelFileError
from handgrad.model import Model
from handgrad.model_file import RunState


class Output:
    """Saves to one path. Of two runs that were given the same one, the first to write goes on; the other one
    is told at its next epoch, and its file is not written.

    A file that was removed or moved away meanwhile is written anew: nothing of others is lost.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Nothing is written yet; what stands there now may be replaced."""
        self._path = Path(path)
        self._ours = self._identity()

    def save(self, model: Model, state: RunState | None) -> None:
        """Write the file.  ModelFileError where another program has written it, and as model_file.save."""
        there = self._identity()
        if there is not None and there != self._ours:
            done = f"this run ends after epoch {len(model.history) - 1}"
            raise ModelFileError(
                f"{self._path}: another program has written this file since this run last did; it is left as "
                f"it is, and {done}; to train both, name another file"
            )
        model_file.save(self._path, model, state)
        self._ours = self._identity()

    def _identity(self) -> tuple[int, ...] | None:
        """What differs between two files of one name, even where the system gives a number again."""
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size
