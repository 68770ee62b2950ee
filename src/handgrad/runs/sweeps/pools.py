"""Where trials are computed: on threads of this process, or on a Dask cluster.

Both yield results as they come, in whatever order; the caller writes them. The fast engine's kernel runs
without the interpreter's lock, so threads that train a network each keep all cores busy.
"""

import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from importlib import import_module
from importlib.util import find_spec
from threading import Event
from typing import Any

from handgrad.errors import HandgradError, MissingExtraError
from handgrad.runs import Data
from handgrad.runs.sweeps.plan import Trial
from handgrad.runs.sweeps.trials import Result, compute, engine_for
from handgrad.threads import one_blas_thread

ANSWER = 30  # seconds in which a Dask scheduler must answer
AHEAD = 4  # trials for each core of a cluster that are submitted ahead


def on_threads(
    trials: Iterable[Trial],
    data: Data,
    engine: str,
    jobs: int,
    is_done: Callable[[Trial], bool],
) -> Iterator[Result | None]:
    """Compute trials on threads of this process, and yield the results as they come.

    is_done is asked just before a trial begins; None is yielded for one that another process has finished by
    then. When the caller leaves, the trials that have begun stop after their epoch, and nothing is yielded.
    """
    left = Event()

    def one(trial: Trial) -> Result | None:
        if left.is_set() or is_done(trial):
            return None
        return compute(trial, data, engine_for(data, engine, trial.recipe.hidden), lambda: not left.is_set())

    waiting = iter(trials)
    with ThreadPoolExecutor(jobs) as pool, one_blas_thread():
        running: set[Future[Result | None]] = set()
        try:
            for trial in itertools.islice(waiting, jobs):
                running.add(pool.submit(one, trial))
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                running |= {pool.submit(one, trial) for trial in itertools.islice(waiting, len(done))}
                for future in done:
                    yield future.result()
        finally:
            left.set()


def on_dask(
    trials: Iterable[Trial],
    data: Data,
    engine: str,
    address: str,
    is_done: Callable[[Trial], bool],
) -> Iterator[Result | None]:
    """The same on a Dask cluster, by its scheduler's address, such as "tcp://10.0.0.1:8786".

    The images travel to each worker once, and the results back: the workers need handgrad, but no folder that
    they share. A trial whose worker dies is computed by another; where none is left, it waits for the next.
    MissingExtraError without Dask; HandgradError where no scheduler answers, and for what a worker cannot do.
    """
    expect_dask()
    dask = import_module("distributed")
    try:
        client = dask.Client(address, timeout=ANSWER, set_as_default=False)
    except (OSError, ValueError, ImportError) as error:
        text = " ".join(str(error).split()) or type(error).__name__
        raise HandgradError(f"expected a Dask scheduler at {address}; none answered: {text:.150}") from None
    with client:
        cores = sum(client.nthreads().values())
        if cores == 0:
            raise HandgradError(
                f"expected workers at the Dask scheduler {address}; it has none: start dask worker"
            )
        there = _on_every_worker(client, data)
        waiting = iter(trials)
        running = dask.as_completed(loop=client.loop, raise_errors=False)

        def submit(count: int) -> int:
            """Submit so many of the trials that wait, and return how many were found done instead."""
            found = 0
            while count and (trial := next(waiting, None)) is not None:
                if is_done(trial):
                    found += 1
                    continue
                running.add(client.submit(on_worker, trial, there, engine, pure=False))
                count -= 1
            return found

        yield from [None] * submit(AHEAD * cores)
        for future in running:
            if future.status in ("lost", "pending"):  # its worker died with the result; it is computed again
                running.add(future)
                continue
            if future.status != "finished":
                raise _failure(future)
            yield future.result()
            yield from [None] * submit(1)


def _on_every_worker(client: Any, data: Data) -> Any:
    """The data as a future, with a copy on every worker.

    It is the result of a task, which the scheduler keeps: what is scattered is lost with the last worker that
    has it, and the sweep with it, while a task is computed again on the next.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sending large graph")  # it is sent once
        there = client.submit(_itself, data, pure=False)
    client.replicate([there])
    return there


def _itself(data: Data) -> Data:
    return data


def expect_dask() -> None:
    """MissingExtraError where Dask is not installed."""
    if find_spec("distributed") is None:
        raise MissingExtraError("--dask needs Dask: pip install 'handgrad[sweep]'")


def on_worker(trial: Trial, data: Data, engine: str) -> Result | None:
    """What a worker of a cluster computes."""
    with one_blas_thread():
        return compute(trial, data, engine_for(data, engine, trial.recipe.hidden))


def _failure(future: Any) -> HandgradError:
    """Why a trial failed on the cluster, in one line."""
    error = future.exception()
    if isinstance(error, HandgradError):
        return error
    text = " ".join(str(error).split())
    return HandgradError(
        f"a trial failed on the Dask cluster: {type(error).__name__}: {text:.200}; the workers need the same "
        "versions of Python and handgrad as this process"
    )
