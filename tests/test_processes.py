"""Engines and compiled models in every process model; users without a home; kernels that cannot be had."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import processes

HERE = Path(__file__).parent


def finished(*command, env=None, bound=100):
    """A Python program's exit code, stdout and stderr; it and its children are ended if it takes too long."""
    program = subprocess.Popen(
        [sys.executable, *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, env=env,
    )  # fmt: skip
    try:
        out, err = program.communicate(timeout=bound)
    except subprocess.TimeoutExpired:
        os.killpg(program.pid, signal.SIGKILL)
        pytest.fail(f"not finished after {bound} s; it said: {''.join(program.communicate())}")
    return program.returncode, out, err


@pytest.mark.parametrize("way", processes.WAYS)
def test_answers_are_equal(way):
    """In processes of their own: a hang can be ended there, and nobody forks what pytest has loaded."""
    code, out, err = finished(HERE / "processes.py", way)
    assert (code, out.endswith("things, used before or not: equal\n")) == (0, True), out + err


NO_MORE_THREADS = """
import sys, threading
import numpy as np
sys.path.insert(0, {here!r})
from handgrad import network
from handgrad.engines import compiled
from handgrad.engines.ink import InkEngine, Scorer
from handgrad.errors import HandgradError
from handgrad.model import Model
from processes import IMAGES, LABELS
from handgrad.recipes import Recipe

start, left = threading.Thread.start, 0

def limited(thread):
    global left
    if left == 0:
        raise RuntimeError("can't start new thread")
    left -= 1
    start(thread)

params = network.init_params(784, 192, 10, np.random.default_rng(0), dtype=np.float32)
epoch = params, IMAGES, LABELS, np.arange(500), Recipe(hidden=192, batch_size=50), np.full(10, 0.1)
expected, answers = InkEngine(3).run_epoch(*epoch)[2], Scorer(params).checked_z(IMAGES)
for can_start in (0, 1, 2):
    fast, scorer, model = InkEngine(3), Scorer(params, "relu", 3), compiled(Model(params), 3)
    threading.Thread.start, left = limited, can_start
    try:
        print("trained", fast.run_epoch(*epoch)[2] == expected)
    except HandgradError as error:
        print(error)
    left = can_start
    print("scored", (scorer.checked_z(IMAGES) == answers).all(), end=" ")
    left = can_start
    print(len(model.predict(IMAGES)))
    threading.Thread.start = start
    print("later", fast.run_epoch(*epoch)[2] == expected, (scorer.checked_z(IMAGES) == answers).all())
"""


def test_where_no_thread_can_be_started_there_is_an_error_or_fewer_threads_and_never_a_hang():
    """An epoch needs all its threads at once; answers can be found by those that there are."""
    code, out, err = finished("-c", NO_MORE_THREADS.format(here=str(HERE)))
    refused = "the ink engine could not start its 3 threads (can't start new thread); use fewer: --threads 1, or threads=1"
    answers, later = "scored True 500", "later True True"
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        *(refused, answers, later),
        *(refused, answers, later),
        *("trained True", answers, later),
    ]


COMPILING = """
import os, threading
import numpy as np
from handgrad.engines.ink import machine

compiling, compile_ = threading.Event(), machine._compiled

def slowly(*arguments):
    compiling.set()
    return compile_(*arguments)

machine._compiled = slowly
machine.user_folder = lambda kind: __import__("pathlib").Path(os.devnull) / kind  # nothing is kept
other = threading.Thread(target=machine.code, args=(32, np.float32))
other.start()
compiling.wait(60)
child = os.fork()
if child == 0:
    machine.code(32, np.float64)
    os._exit(7)
other.join()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_child_may_compile_that_was_forked_while_another_thread_did():
    assert finished("-W", "ignore", "-c", COMPILING) == (0, "7\n", "")


# a user who has no entry in passwd: the real user counts there, and the effective one reads our files
NOBODY = "import os; os.setresuid(54321, 0, 0)"
NO_ENTRY = """
import pwd
def getpwuid(uid):
    raise KeyError(f"getpwuid(): uid not found: {uid}")
pwd.getpwuid = getpwuid
"""
COMMAND = """
import sys
from handgrad.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(params=["another user", "no entry"])
def homeless(request, tmp_path):
    """homeless(*words): the command line for a user without HOME and without an entry in passwd."""
    if request.param == "another user" and (not hasattr(os, "setresuid") or os.getuid() != 0):
        pytest.skip("only root can become another user")
    become = NOBODY if request.param == "another user" else NO_ENTRY

    def run(*words, program=COMMAND):
        return finished("-c", become + program, *words, env={"TMPDIR": str(tmp_path)})

    return run


def test_without_a_home_the_kernel_is_compiled_anew(homeless, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        code, out, err = homeless("warmup", "--quiet")
        assert (code, out[:5], err) == (0, "ink, ", "")
    assert list(tmp_path.iterdir()) == []  # no folder called ~


@pytest.mark.parametrize(
    ("words", "kind", "what_to_do"),
    [(("train",), "data", ", or name the model file: --out FILE"), (("data", "list"), "cache", "")],
)
def test_without_a_home_what_needs_one_says_so(words, kind, what_to_do, homeless):
    code, out, err = homeless(*words)
    assert (code, out) == (1, "")
    expected = f"you have no home folder, so no {kind} folder either; set HOME or XDG_{kind.upper()}_HOME"
    assert err == f"handgrad: error: {expected}{what_to_do}\n"


def test_without_a_home_a_named_file_is_trained(homeless, tmp_path):
    out = tmp_path / "m.safetensors"
    code, _, err = homeless("train", "--hidden", "8", "--epochs", "1", "--quiet", "--out", out)
    assert (code, err) == (0, "")
    assert out.stat().st_size > 0


# what may be wrong with llvmlite: a package of that name that stands before it on the path
BROKEN = {
    "not to be imported": "raise ImportError('libLLVM.so.20: cannot open shared object file')",
    "damaged": "this is not Python",
    "without its API": "__version__ = '9.0'",
    "empty binding": ("__version__ = '9.0'", ""),
    "crashes": "raise OSError('[Errno 5] Input/output error')",
}
ASK = """
import warnings
from handgrad.engines import compiled, engine
from handgrad.errors import HandgradError
from handgrad.model import Model
from handgrad import network
import numpy as np, pickle
print(engine(say=print).name)
model = Model(network.init_params(4, 3, 2, np.random.default_rng(0)))
for call in (lambda: engine("ink"), lambda: compiled(model)):
    try:
        call()
    except HandgradError as error:
        print(error)
print(engine("numpy").name)
"""


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_llvmlite_leaves_the_numpy_engine_and_says_so(fault, tmp_path):
    package, texts = tmp_path / "llvmlite", BROKEN[fault]
    package.mkdir()
    for name, text in zip(
        ("__init__", "binding"), [texts] if isinstance(texts, str) else texts, strict=False
    ):
        (package / f"{name}.py").write_text(text)
    code, out, err = finished("-c", ASK, env=os.environ | {"PYTHONPATH": str(tmp_path)})
    assert (code, err) == (0, "")
    auto, name, asked, of_model, numpy = out.splitlines()
    assert (name, numpy) == ("numpy", "numpy")
    begin, end = "the ink engine is not available (", "); the numpy engine takes over"
    why = auto.removeprefix(begin).removesuffix(end)
    assert auto == begin + why + end
    assert ": " in why  # the kind of error, and its text
    assert asked == f"the ink engine is not available: {why}; use --engine numpy"
    assert of_model == f"the ink engine is not available: {why}; use the model as it is"


READ = """
import pickle, sys, warnings
import numpy as np
warnings.simplefilter("always")
model = pickle.loads(sys.stdin.buffer.read())
print(model.scorer, *model.predict(np.eye(4, dtype=np.uint8) * 255))
"""


def test_a_compiled_model_is_read_where_it_cannot_be_compiled_and_says_so(tmp_path):
    import pickle

    import numpy as np

    from handgrad import network
    from handgrad.engines import compiled
    from handgrad.model import Model

    (tmp_path / "llvmlite").mkdir()
    (tmp_path / "llvmlite" / "__init__.py").write_text("raise ImportError('no LLVM here')")
    model = Model(network.init_params(4, 3, 2, np.random.default_rng(0)))
    done = subprocess.run(
        [sys.executable, "-c", READ], input=pickle.dumps(compiled(model, 2)), capture_output=True, timeout=100,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    labels = " ".join(map(str, model.predict(np.eye(4, dtype=np.uint8) * 255)))
    assert done.stdout.decode() == f"None {labels}\n", done.stderr.decode()
    warning = "the ink engine is not available (ImportError: no LLVM here); the model answers without it"
    assert warning in done.stderr.decode()
