"""The program that makes the website: its own parts. The pages themselves are made, and looked at, by ./check."""

import runpy

import click
import pytest

import house

TOOL = runpy.run_path(str(house.ROOT / "tools" / "website.py"))


@pytest.mark.parametrize(
    ("source", "written", "on_the_site"),
    [
        ("docs/design.md", "[engine](engine.md)", "[engine](engine.md)"),
        ("README.md", "[`a` [b]](docs/doubt.md#the-map)", "[`a` [b]](doubt.md#the-map)"),
        ("docs/lab.md", "[figures](../benchmarks/README.md)", "[figures](benchmarks.md)"),
        (
            "docs/lesson.md",
            "[1](../src/handgrad/workbook/book/chapters/2_layers.py)",
            "[1](chapters/2_layers.ipynb)",
        ),
        ("docs/lesson.md", "[l](../src/handgrad/layers.py)", '<a href="_modules/handgrad/layers.html">l</a>'),
        ("docs/data.md", "[t](https://example.org/a_(b)) ![p](pictures/lab.png)", None),
    ],
)
def test_a_link_of_the_repository_becomes_one_of_the_site(source, written, on_the_site):
    link = TOOL["LINK"].sub(lambda m: TOOL["link"](source, *m.groups()), written)
    assert link == (on_the_site or written)


def test_a_link_that_the_site_cannot_follow_is_refused():
    with pytest.raises(click.ClickException, match=r"docs/lab\.md: .* got nothing\.md"):
        TOOL["link"]("docs/lab.md", "", "text", "nothing.md", None)


def test_no_page_is_left_out():
    """Every page of docs/ stands in the home page's lists, which Sphinx asks; new ones come where "others" stands."""
    index = (house.ROOT / "site" / "index.md").read_text("utf-8")
    listed = TOOL["with_others"](index).splitlines()
    assert {path.stem for path in (house.ROOT / "docs").glob("*.md")} <= set(listed)
    assert "others" not in listed


def test_every_name_of_the_interface_has_its_place():
    block = "from handgrad import templates, fit\nfrom handgrad.losses import l2_loss, LOSSES\n"
    modules = dict(TOOL["imported"](block))
    assert modules["handgrad.losses"] == ["l2_loss", "LOSSES"]
    assert modules["handgrad"] == ["fit"]
    assert {"mean_images", "agreement"} <= set(modules["handgrad.templates"])
    page = TOOL["module_page"]("handgrad.losses", modules["handgrad.losses"])
    assert ".. autofunction:: l2_loss" in page
    assert ".. autodata:: LOSSES" in page


def test_broken_links_and_foreign_requests_are_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<a href="b.html#here">1</a><a href="b.html#there">2</a><a href="c.html">3</a><a href="https://example.org">4</a>'
        '<a href="#own">5</a><p id="own"></p><img src="d.png"><script src="https://example.org/x.js"></script>'
    )
    (tmp_path / "b.html").write_text('<h1 id="here">b</h1>')
    assert TOOL["faults"](tmp_path) == [
        "a.html: b.html#there: no such place in the page",
        "a.html: c.html: no such file",
        "a.html: d.png: no such file",
        "a.html: loads https://example.org/x.js",
    ]
