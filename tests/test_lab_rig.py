"""The rig that the browser's tests stand on: that a page's faults fail a test."""

import pytest

PAGE = "<!doctype html><title>A page</title><script>{}</script>"


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("throw new Error('planted')", "error: planted"),
        ("console.error('planted')", "console: planted"),
        ("Promise.reject(new Error('planted'))", "error: planted"),
        ("new Image().src = 'https://handgrad.invalid/x.png'", "asked for https://handgrad.invalid/x.png"),
        ("new Worker(URL.createObjectURL(new Blob(['console.error(1)'])))", "console: 1"),
    ],
)  # fmt: skip
def test_a_fault_of_a_page_is_caught(script, fault, open_page, tmp_path):
    (tmp_path / "page.html").write_text(PAGE.format(script))
    page = open_page()
    page.goto(f"file://{tmp_path}/page.html")
    for _ in range(1200):
        if open_page.problems:
            break
        page.wait_for_timeout(50)
    assert any(problem.startswith(fault) for problem in open_page.problems)
    open_page.problems.clear()


def test_a_good_page_has_none(open_page, tmp_path):
    (tmp_path / "page.html").write_text(PAGE.format("document.title = 'ran'"))
    page = open_page()
    page.goto(f"file://{tmp_path}/page.html")
    assert page.title() == "ran"


def test_the_lab_is_served(page, lab_server):
    page.goto(lab_server)
    page.get_by_role("tab", name="Train").click()
    page.get_by_role("tabpanel", name="Train").wait_for()
