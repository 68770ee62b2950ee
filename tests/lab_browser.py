"""The rig of the lab's tests in a browser: its server, its page as one file, and pages in a real chromium.

conftest.py makes these fixtures known to all tests:

    lab_server      the address of `handgrad lab`, run as people run it
    exported_page   the path of the lab as one file
    open_page       open_page(**context): a new page; context is Playwright's (has_touch=True, color_scheme=...)
    page            open_page()

A test fails where its pages write an error to the console, or ask another origin for anything: what the pages
were caught at stands in open_page.problems, and a test that provokes an error takes it out of this list.

until(page, expression) waits for an expression of the page to be true. Playwright's own wait_for_function does
not work here: it evaluates texts within the page, which the page's policy forbids.
"""

import os
import shutil
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 120_000  # milliseconds that something may take on a busy machine
OWN = ("127.0.0.1", "localhost", "")  # hosts; files, blobs and data have none


def until(page, expression):
    """Wait until an expression of the page is true -> its value."""
    for _ in range(PATIENCE // 50):
        if value := page.evaluate(expression):
            return value
        page.wait_for_timeout(50)
    raise AssertionError(f"waited for {expression}")


@pytest.fixture(scope="module")
def lab_server():
    """The address of a server of the lab. It ends with the module: other tests count the processes that run."""
    command = [sys.executable, "-m", "handgrad", "lab", "--no-open", "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        yield server.stdout.readline().strip()
        server.terminate()


@pytest.fixture(scope="session")
def exported_page(tmp_path_factory):
    """The path of the lab as one file, with the network in the box."""
    from handgrad.lab import export_page

    path = tmp_path_factory.mktemp("exported") / "lab.html"
    export_page(None, path)
    return path


@pytest.fixture(scope="module")
def browser():
    """A chromium. It ends with the module: Playwright's event loop would be in the way of other tests."""
    api = pytest.importorskip("playwright.sync_api")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is on the path")
    sandbox = [] if os.name != "posix" or os.geteuid() else ["--no-sandbox"]  # as root it has none
    with api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=found, args=["--disable-dev-shm-usage", *sandbox]
        )
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser):
    """open_page(**context) -> a new page; the test fails for what its pages were caught at."""
    contexts, problems = [], []

    def asked(request):
        if urlsplit(request.url).hostname not in (*OWN, None):
            problems.append(f"asked for {request.url}")

    def said(message):
        if message.type == "error" or "Content Security Policy" in message.text:
            problems.append(f"console: {message.text} ({message.location.get('url', '')[:200]})")

    def opened(**context):
        contexts.append(browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **context}))
        contexts[-1].set_default_timeout(PATIENCE)
        contexts[-1].on("request", asked)
        contexts[-1].on("console", said)
        contexts[-1].on("weberror", lambda error: problems.append(f"error: {error.error}"))
        return contexts[-1].new_page()

    opened.problems = problems
    yield opened
    for context in contexts:
        context.close()
    if problems:
        pytest.fail("; ".join(problems))


@pytest.fixture
def page(open_page):
    """A page of 1280 x 900 points."""
    return open_page()
