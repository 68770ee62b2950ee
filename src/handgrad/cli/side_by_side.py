"""Many tasks side by side: on threads, or, where it is worth their start, in processes.

Reading a small picture is many short steps of Python, and the threads of one interpreter take these in turn:
two threads are 1.6 times as fast as one. A process has an interpreter of its own, and takes 0.3 s to start.
"""

import os
import pickle
import signal
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from multiprocessing import active_children, connection, get_context, parent_process
from pathlib import Path
from threading import Lock, Thread, current_thread, main_thread
from typing import Any

from handgrad.errors import HandgradError
from handgrad.threads import one_blas_thread

MANY = 100  # tasks, from which processes are worth their start
TOGETHER = 4  # tasks that a process is handed at once
CAN_BLOCK = hasattr(signal, "pthread_sigmask")

Work = Callable[[Any, AbstractContextManager[Any]], Any]  # of a task and a lock that all share


def in_order(
    work: Work, tasks: Sequence[Any], number: int, is_here: bool = False
) -> Generator[Any, None, None]:
    """What work returns for each task, in order; at most this number of tasks at once.

    The lock that work is given is held by one of them at a time. is_here: whether a task needs what only this
    process has, such as its stdin. HandgradError if a process is killed.
    """
    is_worth_it = number > 1 and len(tasks) >= MANY and not is_here and _is_our_program()
    packed = _packed(work) if is_worth_it else None
    if packed is not None:
        yield from _in_processes(packed, tasks, number)
        return
    lock = Lock()
    pool = ThreadPoolExecutor(number)
    try:
        with one_blas_thread():
            yield from pool.map(lambda task: work(task, lock), tasks)
    finally:
        pool.shutdown(cancel_futures=True)


def _packed(work: Work) -> bytes | None:
    """What each process is sent; None if it cannot be, such as a network with functions of its own."""
    try:
        return pickle.dumps(work)
    except (pickle.PicklingError, AttributeError, TypeError):
        return None


def _is_our_program() -> bool:
    """Whether this process runs the command line: a new process may run the main module again."""
    main = getattr(sys.modules["__main__"], "__spec__", None)
    is_ours = (main and main.name == "handgrad.__main__") or Path(sys.argv[0]).stem == "handgrad"
    return bool(is_ours) and not getattr(sys, "frozen", False)


def _in_processes(packed: bytes, tasks: Sequence[Any], number: int) -> Iterator[Any]:
    context = get_context(
        "spawn"
    )  # the same on all systems; a fork would inherit the locks of BLAS's threads
    others = {*active_children()}
    pool = ProcessPoolExecutor(number, context, _begin, (packed, context.Lock()))
    try:
        with _ctrl_c_later():
            results = pool.map(_done, tasks, chunksize=TOGETHER)
        yield from results
    except BrokenProcessPool:
        raise HandgradError(
            "a process that read some of the pictures was killed, perhaps for lack of memory; "
            "read fewer pictures in one call, or large ones by themselves"
        ) from None
    except BaseException:
        for process in {*active_children()} - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _ctrl_c_later() -> Iterator[None]:
    """Within it, Ctrl-C waits, so that no process is left half started, and those that start do not hear it.

    What one thread blocks, another thread of the process is told: so it is caught as well. On Windows, new
    processes hear it until they run.
    """
    if current_thread() is not main_thread():  # only the main thread is told of Ctrl-C
        yield
        return
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if CAN_BLOCK else set()
    try:
        yield
    finally:
        if CAN_BLOCK:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
    if heard:
        raise KeyboardInterrupt


_held: list[Callable[[Any], Any]] = []  # what this process does


def _begin(packed: bytes, lock: Any) -> None:
    """Get a new process ready."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    import cv2

    cv2.setNumThreads(1)  # there is a process for each core
    work = pickle.loads(packed)
    _held.append(lambda task: work(task, lock))


def _done(task: Any) -> Any:
    with one_blas_thread():
        return _held[0](task)


def _end_with_parent() -> None:
    """End when the process that started this one does, even if it was killed and could not say so."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
