"""Walls around learners' code: what cannot be seen, changed or left behind, even by code that no guard watches.

Here the guard is taken out of the process before it begins, so what is refused is refused by the walls.
"""

import json
import os
import socket
import sys
import textwrap
import time
from pathlib import Path

import pytest

from handgrad.cli import main
from handgrad.workbook.desk import walls
from handgrad.workbook.desk.desk import GoneError
from handgrad.workbook.desk.remote import MB, Limits, RemoteDesk
from handgrad.workbook.desk.walls import best

LEVEL = best()
behind = pytest.mark.skipif(LEVEL.walls is None, reason=f"no walls here: {LEVEL.lacks}")
linux = pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap needs Linux")
LIMITS = Limits(call=20, total=60, memory=400 * MB)
UNGUARDED = "import handgrad.workbook.desk.guard as guard; guard.install = lambda *a: None"


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A folder of PYTHONPATH, because of which no process of learners' code has a guard; and the level."""
    own = tmp_path_factory.mktemp("unguarded")
    (own / "sitecustomize.py").write_text(UNGUARDED)
    best.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(own))
        yield own, best()
    best.cache_clear()


@pytest.fixture
def ask(own):
    """ask(body) -> the text that a function returns, run behind the walls without the guard."""
    return lambda body, hidden=(): said(body, own[1], hidden)


def said(body, level, hidden=()):
    text = "import os, subprocess, socket\ndef probe():\n" + textwrap.indent(textwrap.dedent(body), "    ")
    with RemoteDesk(LIMITS, hidden, level) as desk:
        desk.do({"do": "load", "files": [{"name": "mine.py", "text": text}], "wanted": ["probe"]})
        reply = desk.do({"do": "call", "name": "probe", "args": []})
        assert "error" not in reply, reply["error"]
        return reply["value"]["text"]


RUN = "return subprocess.run(['sh', '-c', {!r}], capture_output=True, text=True).stdout.strip()"


@behind
def test_without_the_guard_programs_run_so_that_these_tests_show_the_walls(ask):
    assert ask(RUN.format("echo here")) == "here"


@behind
def test_nobody_else_is_seen(ask, tmp_path):
    other = tmp_path / "anna.py"
    other.write_text("secret")
    assert ask(RUN.format(f"cat {other} || echo absent")) == "absent"
    processes = "return str(sum(name.isdigit() for name in os.listdir('/proc')))"
    assert ask(processes) in ("2", "3")  # the first one, in some versions its child, and this one
    assert (
        ask("return os.environ.get('HOME') + ' ' + str(os.listdir(os.path.expanduser('~')))")
        == "/tmp/handgrad []"
    )


@behind
def test_nothing_can_be_written_outside_of_the_own_folder(ask):
    places = [
        "/",
        "/tmp",
        "/dev",
        "/usr",
        "/etc",
        str(Path(walls.__file__).parent),
        "/tmp/handgrad",
        "/dev/shm",
    ]
    body = f"return str(([p for p in {places} if os.access(p, os.W_OK)], sum(map(os.path.isdir, {places}))))"
    assert ask(body) == str((["/tmp/handgrad", "/dev/shm"], len(places)))


@behind
def test_the_own_folder_and_shared_memory_are_small_and_gone_afterwards(ask):
    body = """
    filled = []
    for place in ("/tmp/handgrad", "/dev/shm"):
        for n in range(10):
            os.system(f"yes | head -c 12M > {place}/handgrad-full{n} 2>/dev/null")
        sizes = [os.path.getsize(f"{place}/handgrad-full{n}") for n in range(10)]
        filled.append(round(sum(sizes) / 2**20))
    return str(filled)
    """
    assert ask(body) == "[64, 16]"
    assert not Path("/tmp/handgrad/handgrad-full0").exists()
    assert not Path("/dev/shm/handgrad-full0").exists()


@behind
@pytest.mark.enable_socket
def test_there_is_no_network(ask):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        body = f"""
        try:
            socket.create_connection(("127.0.0.1", {port}), 5)
        except OSError as error:
            return error.strerror
        """
        assert ask(body) == "Connection refused"


@behind
def test_the_checker_cannot_be_signalled(ask):
    body = f"try:\n    os.kill({os.getpid()}, 0)\nexcept OSError as e:\n    return e.strerror"
    assert ask(body) == "No such process"


@behind
def test_processes_end_with_the_check(ask):
    name = f"handgrad-{os.getpid()}"
    assert ask(
        f"subprocess.Popen(['sleep', '1000'], env={{'MARK': '{name}'}}, start_new_session=True)\nreturn 'x'"
    )
    until = time.monotonic() + 60
    while (left := marked(name)) and time.monotonic() < until:
        time.sleep(0.02)
    assert left == []


@behind
@pytest.mark.parametrize(
    "body",
    [
        "import time\nfor _ in range(3000):\n    os.fork() or time.sleep(1000)",
        "for n in range(10**7):\n    open(str(n), 'w').close()",
        "for n in range(10**7):\n    os.mkdir(f'/dev/shm/{n}')",
    ],
    ids=["processes", "files", "folders in shared memory"],
)
def test_walls_bound_the_number_of_files_and_processes(body, ask):
    with pytest.raises(GoneError, match="more than 1,000 files, or started more than 64 processes"):
        ask(body)


def marked(name):
    """The processes with this in their environment."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"MARK={name}".encode() in environment.read_bytes():
                found.append(environment.parent.name)
        except OSError:
            continue
    return found


@behind
def test_hidden_folders_within_the_environment_are_empty(ask, own):
    """A class that lies in a folder of PYTHONPATH."""
    folder = own[0] / "class"
    folder.mkdir()
    (folder / "anna.py").write_text("secret")
    (own[0] / "ben.py").write_text("secret")
    body = f"""
    try:
        return str(os.listdir('{folder}')) + open('{folder.parent}/ben.py').read()
    except PermissionError:
        return str(os.listdir('{folder}'))
    """
    assert ask(body) == "['anna.py']secret"
    absent = folder.parent / "absent"
    assert ask(body, [str(folder), str(folder.parent / "ben.py"), str(absent)]) == "[]"


@behind
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("os.abort()", "crashed (SIGABRT)"),
        ("os._exit(0)", "ended the process"),
        ("os.kill(os.getpid(), 9)", "broke the connection"),
        ("os.close(3), os.close(4)", "broke the connection"),
    ],
)
def test_what_ended_the_process_is_said_as_without_walls(ask, body, reason):
    with pytest.raises(GoneError) as gone:
        ask(body)
    assert reason in str(gone.value)


# --- where there are no walls ------------------------------------------------------------------------------


@pytest.fixture
def without(monkeypatch, tmp_path):
    """without(text) -> commands run where bwrap is this program, or where there is none."""

    def without(text=None):
        if text:
            (tmp_path / "bwrap").write_text(text)
            (tmp_path / "bwrap").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        best.cache_clear()

    yield without
    best.cache_clear()


BROKEN = "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"


@linux
@pytest.mark.parametrize(
    ("bwrap", "why"),
    [
        (None, "bubblewrap is not installed"),
        (BROKEN, "bubblewrap does not work here (bwrap: No permissions to create new namespace)"),
        ("#!/no/such/program\n", "bubblewrap cannot be started: "),
    ],
)
def test_without_walls_limits_remain_and_the_reason_is_said(without, bwrap, why, tmp_path, capsys):
    without(bwrap)
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "anna.py").write_text("def relu_forward(x):\n    return x * (x > 0), x\n")
    words = ["workbook", "check", str(tmp_path / "class" / "anna.py"), "relu_forward"]
    assert main(words) == 0
    assert f"the code ran with limits only, which are no sandbox: {why}" in capsys.readouterr().err
    assert main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["level"] == "limits"
    for refused in (
        [*words, "--require-sandbox"],
        ["workbook", "grade", str(tmp_path / "class"), "--require-sandbox"],
    ):
        assert main(refused) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(
            f"handgrad: error: --require-sandbox: nothing was run, there is no sandbox here: {why}"
        )
        assert err.count("\n") == 1


@behind
def test_with_walls_a_sandbox_may_be_required(tmp_path, capsys):
    (tmp_path / "anna.py").write_text("def relu_forward(x):\n    return x * (x > 0), x\n")
    assert main(["workbook", "check", str(tmp_path / "anna.py"), "relu_forward", "--require-sandbox"]) == 0
    assert "the code ran behind walls (bubblewrap)" in capsys.readouterr().err


def test_a_sandbox_and_no_process_exclude_each_other(tmp_path, capsys):
    (tmp_path / "anna.py").write_text("")
    assert main(["workbook", "check", str(tmp_path / "anna.py"), "--local", "--require-sandbox"]) == 2
    assert "leave out one of the two" in capsys.readouterr().err
