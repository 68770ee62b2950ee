"""Many pictures in one call: read in processes, as they are on threads, in order; what ends them all."""

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from multiprocessing import active_children

import pytest
from PIL import Image

from handgrad.cli import side_by_side
from handgrad.cli.side_by_side import MANY, TOGETHER, in_order
from handgrad.errors import HandgradError

OTHER = [sys.executable, "-m", "handgrad", "predict", "--json", "--quiet"]


def told(task, lock):
    """The process that does a task, and the task."""
    with lock:
        return os.getpid(), task


def killed_at(number, task, lock):
    """The task; the process that comes to this number is killed."""
    if task == number:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    return told(task, lock)


def slow_after_first(path, task, _):
    """The first tasks at once; the others take half a minute, and leave a file behind."""
    if task >= TOGETHER:
        time.sleep(30)
        path.touch()


@pytest.fixture
def ours(monkeypatch):
    """Where a test runs counts as the command line. ours() -> the processes begun since, but for other tests'."""
    monkeypatch.setattr(side_by_side, "_is_our_program", lambda: True)
    others = {*active_children()}
    return lambda: {*active_children()} - others


def test_many_pictures_are_read_in_processes_as_on_threads(run, mnist, tmp_path, monkeypatch):
    """Of a call of its own, with a broken file and drawings; and each picture once more, in this process."""
    for i, image in enumerate(mnist[1][0][:MANY]):
        Image.fromarray(image).save(tmp_path / f"{i}.png")
    (tmp_path / "7.png").write_bytes(b"no picture")
    boxes = tmp_path.parent / "boxes"
    done = subprocess.run([*OTHER, tmp_path, "--save-boxes", boxes], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"{tmp_path / '7.png'}: " in done.stderr
    monkeypatch.setattr("handgrad.cli.predict.available_cores", lambda: 1)
    alone = json.loads(run("predict", tmp_path, "--json", "--quiet")[1])
    assert json.loads(done.stdout) == alone
    assert len(alone["images"]) == len(list(boxes.iterdir())) == MANY - 1


def test_tasks_are_shared_among_processes_in_order(ours):
    found = list(in_order(told, range(MANY), 2))
    assert [task for _, task in found] == list(range(MANY))
    assert os.getpid() not in {process for process, _ in found}
    here = list(in_order(told, range(MANY), 2, is_here=True)) + list(in_order(told, range(MANY - 1), 2))
    assert {process for process, _ in here} == {os.getpid()}
    assert not ours()


def test_what_cannot_be_sent_to_a_process_is_done_here(ours):
    assert list(in_order(lambda task, _: task, range(MANY), 2)) == list(range(MANY))


def test_a_process_that_is_killed_is_one_error(ours):
    with pytest.raises(HandgradError, match=r"^a process .* was killed.*; read fewer pictures in one call"):
        list(in_order(partial(killed_at, 50), range(MANY), 2))
    assert not ours()


def test_ctrl_c_ends_the_processes(ours, tmp_path, monkeypatch):
    """While they are started and while they work: it is heard once, here, and none of them goes on."""
    handler = signal.getsignal(signal.SIGINT)
    tasks = in_order(partial(slow_after_first, tmp_path / "done"), range(MANY), 2)
    next(tasks)
    with pytest.raises(KeyboardInterrupt):
        tasks.throw(KeyboardInterrupt)
    assert not ours()
    assert not (tmp_path / "done").exists()
    start = side_by_side.ProcessPoolExecutor.map

    def interrupted(*arguments, **options):
        signal.raise_signal(signal.SIGINT)
        return start(*arguments, **options)

    monkeypatch.setattr(side_by_side.ProcessPoolExecutor, "map", interrupted)
    with pytest.raises(KeyboardInterrupt):
        next(in_order(told, range(MANY), 2))
    assert not ours()
    assert signal.getsignal(signal.SIGINT) is handler
