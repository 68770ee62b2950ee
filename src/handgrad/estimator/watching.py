"""Who watches a fit: scikit-learn's callbacks where they exist (from 1.9 on), and a progress bar."""

import multiprocessing
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import click
from joblib.parallel import get_active_backend

from handgrad.threads import available_cores

__all__ = ["CallbackSupportMixin", "Watch", "threads_of", "watching", "with_callbacks"]

FITTED = ("classes_", "coefs_", "intercepts_", "temperature_", "n_iter_", "n_features_in_")  # to predict by

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks

    has_callbacks = True
except ImportError:  # before 1.9
    has_callbacks = False

    class CallbackSupportMixin:  # type: ignore[no-redef]  # where scikit-learn has none yet
        """Nothing: this scikit-learn has no callbacks."""

    def with_callbacks(method: Callable[..., Any]) -> Callable[..., Any]:
        """The method as it is."""
        return method


def threads_of(n_jobs: int | None) -> int:
    """The engine's threads: n_jobs as scikit-learn counts them, but 1 within a worker of joblib's."""
    backend, _ = get_active_backend()
    in_worker = (backend.nesting_level or 0) > 0 or multiprocessing.parent_process() is not None
    if n_jobs is None or in_worker:
        return 1
    cores: int = available_cores()
    if n_jobs == 0:
        raise ValueError("expected n_jobs to be a number of threads, or -1 for all cores; got 0")
    return max(1, n_jobs if n_jobs > 0 else cores + 1 + n_jobs)


@contextmanager
def watching(estimator: Any, epochs: int, data: dict[str, Any]) -> Iterator["Watch"]:
    """A Watch over a fit of so many epochs: with a bar where the estimator is verbose, and its callbacks.

    data: X, y and metadata, which callbacks may ask for.
    """
    bar: Any = nullcontext()
    if estimator.verbose:
        bar = click.progressbar(
            length=epochs, label="epochs", file=sys.stderr, item_show_func=lambda text: text
        )
    with bar as shown:
        watch = Watch(estimator, epochs, data, shown)
        yield watch
        watch.end()


class Watch:
    """The callbacks and the bar of one fit."""

    def __init__(self, estimator: Any, epochs: int, data: dict[str, Any], bar: Any) -> None:
        self._estimator, self._epochs, self._data, self._bar = estimator, epochs, data, bar
        self._context: Any = None
        if has_callbacks:
            self._context = estimator._init_callback_context(max_subtasks=epochs)
            self._context.call_on_fit_task_begin(estimator=estimator, **data)

    def over(self, losses: Iterator[float]) -> Iterator[float]:
        """The losses, epoch by epoch, until a callback asks to stop."""
        for _ in range(self._epochs):
            epoch = None
            if self._context is not None:
                epoch = self._context.subcontext(task_name="epoch")
                epoch.call_on_fit_task_begin(estimator=self._estimator, **self._data)
            loss = next(losses)
            if self._bar is not None:
                self._bar.update(1, f"loss {loss:.5f}")
            stop = epoch is not None and epoch.call_on_fit_task_end(
                estimator=self._estimator, reconstruction_attributes=self._fitted, **self._data
            )
            yield loss
            if stop:
                return

    def end(self) -> None:
        """After the last epoch, once the best weights are restored."""
        if self._context is not None:
            self._context.call_on_fit_task_end(
                estimator=self._estimator, reconstruction_attributes=self._fitted, **self._data
            )

    def _fitted(self) -> dict[str, Any]:
        """What a copy of the estimator needs to predict."""
        return {name: getattr(self._estimator, name) for name in FITTED}
