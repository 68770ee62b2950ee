"""What the tests share: small real data, a trained model, and the figures printed at the end of a run."""

import signal

import numpy as np
import pytest

from handgrad import digits, engines
from handgrad.cli import main

from lab_browser import browser, exported_page, lab_server, open_page, page  # noqa: F401  fixtures

FIGURES: dict[str, str] = {}
LONGEST = (
    "test_environments", "test_workbook_notebooks", "test_workbook_situations", "test_photos", "test_workbook_suite", "test_runs", "test_ways",
    "test_workbook_mutants", "test_docs", "test_bench", "test_lab_whole", "test_lab_draw", "test_lab_train", "test_workbook_grade",
)  # fmt: skip


@pytest.fixture(autouse=True)
def ctrl_c_is_heard():
    """Commands under test inherit it where Ctrl-C is ignored: in a job in the background, after an interrupt."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def nothing_is_said_of_compiling(monkeypatch):
    """On a busy machine the first use of the fast engine takes long enough for a line on stderr."""
    monkeypatch.setattr(engines, "PATIENCE", 1e6)


@pytest.fixture(autouse=True)
def marks_are_not_kept_from_test_to_test(monkeypatch):
    """A hand-in that was marked before would not be run again."""
    from handgrad.workbook.marking import records

    monkeypatch.setattr(records, "folder", lambda: None)


@pytest.fixture
def figure():
    """figure(name, value) keeps a measured value; all are printed when the run ends."""
    return lambda name, value: FIGURES.__setitem__(name, value)


def pytest_collection_modifyitems(items):
    """The longest files come first, so that no core is left with one of them when the others are done."""
    order = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))


def pytest_sessionfinish(session):
    """A worker hands its figures over."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["figures"] = FIGURES


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    FIGURES.update(getattr(node, "workeroutput", {}).get("figures", {}))


def pytest_terminal_summary(terminalreporter):
    if FIGURES:
        terminalreporter.section("figures")
        for name, value in FIGURES.items():
            terminalreporter.write_line(f"{name}: {value}")


@pytest.fixture(scope="session")
def mnist():
    """The embedded data; treated as read-only, so that no test can spoil it for another."""
    sets = digits.load_mnist()
    for images, labels in sets:
        images.setflags(write=False)
        labels.setflags(write=False)
    return sets


@pytest.fixture
def run(capsys):
    """run(*words): the command line -> exit code, stdout, stderr; never a traceback."""

    def run(*words):
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return run


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _own_folders(monkeypatch, tmp_path_factory):
    """No test sees or touches the user's files, and none reaches the network."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    # one for all: the fast engine's machine code is kept there
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
