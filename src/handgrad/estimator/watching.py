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

    class CallbackSupportMixin:  # type: ignore[no-redef]
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
def watching(estimator: Any, epochs: int, callbacks: bool) -> Iterator["Watch"]:
    """A Watch over so many epochs; with a bar where the estimator is verbose, and with its callbacks."""
    bar: Any = nullcontext()
    if estimator.verbose:
        bar = click.progressbar(
            length=epochs, label="epochs", file=sys.stderr, item_show_func=lambda text: text
        )
    with bar as shown:
        yield Watch(estimator, epochs, shown, callbacks and has_callbacks)


class Watch:
    """The callbacks and the bar of one fit."""

    def __init__(self, estimator: Any, epochs: int, bar: Any, callbacks: bool) -> None:
        self._estimator, self._bar, self._context = estimator, bar, None
        if callbacks:
            self._context = estimator._init_callback_context(max_subtasks=epochs)
            self._context.call_on_fit_task_begin(estimator=estimator)

    def begin(self, X: Any, y: Any) -> Any:
        """Before an epoch; what `end` is to be given."""
        if self._context is None:
            return None
        epoch = self._context.subcontext(task_name="epoch")
        return epoch.call_on_fit_task_begin(estimator=self._estimator, X=X, y=y)

    def end(self, begun: Any, X: Any, y: Any, loss: float) -> bool:
        """After an epoch; whether a callback asks to stop."""
        if self._bar is not None:
            self._bar.update(1, f"loss {loss:.5f}")
        if begun is None:
            return False
        state = {name: getattr(self._estimator, name) for name in FITTED}
        return bool(
            begun.call_on_fit_task_end(estimator=self._estimator, X=X, y=y, reconstruction_attributes=state)
        )

    def over(self, X: Any, y: Any) -> None:
        """After the last epoch."""
        if self._context is not None:
            self._context.call_on_fit_task_end(
                estimator=self._estimator, X=X, y=y, reconstruction_attributes={}
            )
