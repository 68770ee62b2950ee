"""The program that makes the website: its own parts. The pages themselves are made, and looked at, by ./check."""

import sys
from importlib import util
from types import ModuleType

import click
import pytest

import house

SPEC = util.spec_from_file_location("website", house.ROOT / "tools" / "website.py")
website = util.module_from_spec(SPEC)
SPEC.loader.exec_module(website)


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A small repository in the place of this one."""
    monkeypatch.setattr(website, "ROOT", tmp_path)
    monkeypatch.setattr(website, "PAGES", tmp_path / "build" / "pages")
    monkeypatch.setattr(website, "SITE", tmp_path / "build" / "site")
    return tmp_path


def write(folder, texts):
    """Write these files into the folder: name -> text."""
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def texts(folder):
    """The files of a folder: name -> text."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_text("utf-8") for name, path in sorted(found.items())}


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
        ("docs/data.md", "[t](https://example.org/a#b) [here](#place) [names](reference/index.md#x)", None),
    ],
)
def test_a_link_of_the_repository_becomes_one_of_the_site(source, written, on_the_site):
    link = website.LINK.sub(lambda m: website.link(source, *m.groups()), written)
    assert link == (on_the_site or written)


def test_a_link_that_the_site_cannot_follow_is_refused():
    for target in ("nothing.md", "../src/handgrad/lab/server.py", "../src/handgrad/lab"):
        with pytest.raises(click.ClickException, match=rf"docs/lab\.md: .* got {target}"):
            website.link("docs/lab.md", "", "text", target, None)


def test_links_in_blocks_of_code_stay_as_they_are(root):
    block = "```md\n[a](../README.md)\n```"
    write(root, {"docs/lab.md": f"[a](../README.md)\n\n{block}\n\n[b](../SECURITY.md#c) `x`\n"})
    assert website.page("docs/lab.md") == f"[a](index.md)\n\n{block}\n\n[b](security.md#c) `x`\n"
    write(root, {"README.md": "[the lab](docs/lab.md)"})
    assert website.page("README.md") == "[the lab](lab.md)"


def test_the_pages_are_written_anew_for_sphinx(root, monkeypatch):
    held = {
        "README.md": "not the home page",
        "docs/b.md": "[c](../site/index.md)",
        "docs/a.md": "a",
        "docs/pictures/p.png": "p",
        "site/index.md": "b\nothers\n",
        "site/conf.py": "conf",
        "site/static/s.css": "s",
        "site/static/__pycache__/s.pyc": "no page",
        "site/static/more.md": "no page",
        "benchmarks/latest.png": "latest",
        "src/handgrad/lab/web/icon.svg": "icon",
        "build/pages/old.md": "of an earlier build",
    }
    write(root, held)
    sources = {
        "docs/a.md": "a.md",
        "docs/b.md": "bee.md",
        "site/index.md": "index.md",
        "README.md": "index.md",
    }
    monkeypatch.setattr(website, "SOURCES", sources | {"chapters/1.py": "chapters/1.ipynb"})
    calls = []
    monkeypatch.setattr(website, "chapters", lambda: calls.append("chapters"))
    monkeypatch.setattr(website, "interface", lambda: calls.append("interface"))
    website.stage()
    assert texts(website.PAGES) == {
        "a.md": "a",
        "bee.md": "[c](index.md)",
        "conf.py": "conf",
        "index.md": "b\na\n",
        "latest.png": "latest",
        "pictures/p.png": "p",
        "static/icon.svg": "icon",
        "static/s.css": "s",
    }
    assert calls == ["chapters", "interface"]


def test_chapters_are_the_notebooks_that_the_command_makes(root, monkeypatch):
    website.PAGES.mkdir(parents=True)

    def run(*words):
        assert (words[:4], words[5:]) == (("-m", "handgrad", "workbook", "new"), ("--quiet",))
        write(root / words[4], {"1.ipynb": "one", "2.ipynb": "two", "mine.py": "no chapter"})

    monkeypatch.setattr(website, "run", run)
    website.chapters()
    assert texts(website.PAGES) == {"chapters/1.ipynb": "one", "chapters/2.ipynb": "two"}


def test_no_page_is_left_out():
    """Every page of docs/ stands in the home page's lists, which Sphinx asks; new ones come where "others" stands."""
    index = (house.ROOT / "site" / "index.md").read_text("utf-8")
    listed = website.with_others(index).splitlines()
    assert {path.stem for path in (house.ROOT / "docs").glob("*.md")} <= set(listed)
    assert "others" not in listed


def test_the_others_are_sorted_and_none_is_listed_twice(root):
    write(root, {f"docs/{name}.md": "" for name in "dbca"})
    assert website.with_others("c\nno others\nothers\nend\n") == "c\nno others\na\nb\nd\nend\n"


def test_every_name_of_the_interface_has_its_place():
    block = "from handgrad import templates, fit\nfrom handgrad.losses import l2_loss, LOSSES\n"
    modules = dict(website.imported(block))
    assert modules["handgrad.losses"] == ["l2_loss", "LOSSES"]
    assert modules["handgrad"] == ["fit"]
    assert {"mean_images", "agreement"} <= set(modules["handgrad.templates"])
    again = "import os\nfrom handgrad import losses\nfrom handgrad.losses import l2_loss\nfrom handgrad.losses import l2_loss"
    assert dict(website.imported(again)) == {"handgrad.losses": ["l2_loss"]}
    assert dict(website.imported(f"{again}\nfrom handgrad import losses")) == {"handgrad.losses": ["l2_loss"]}
    page = website.module_page("handgrad.losses", modules["handgrad.losses"])
    assert ".. autofunction:: l2_loss" in page
    assert ".. autodata:: LOSSES" in page


def test_each_module_has_its_page_and_a_row_of_the_list(root):
    block = "from handgrad.losses import l2_loss, one_hot\nfrom handgrad.layers import relu_forward"
    text = f"Mathematics ([more](lesson.md)):\n\n```python\n{block}\n```\n\nNo list:\n\n```sh\nls\n```\n"
    write(
        root,
        {"docs/interface.md": f"{text}\nErrors:\n\n```python\nfrom handgrad.errors import DataError\n```\n"},
    )
    website.PAGES.mkdir(parents=True)
    website.interface()
    pages = texts(website.PAGES / "reference")
    assert pages.pop("index.md") == INDEX
    assert pages == {
        f"handgrad.{module}.md": website.module_page(f"handgrad.{module}", names)
        for module, names in (
            ("errors", ["DataError"]),
            ("layers", ["relu_forward"]),
            ("losses", ["l2_loss", "one_hot"]),
        )
    }


INDEX = """\
# The interface, name by name

All names of [the interface](../interface.md).

Mathematics (more):

| module | names |
|---|---|
| [`handgrad.losses`](handgrad.losses.md) | `l2_loss`, `one_hot` |
| [`handgrad.layers`](handgrad.layers.md) | `relu_forward` |

Errors:

| module | names |
|---|---|
| [`handgrad.errors`](handgrad.errors.md) | `DataError` |

:::{toctree}
:hidden:

handgrad.errors
handgrad.layers
handgrad.losses
:::
"""


@pytest.fixture
def module(monkeypatch):
    """A module that defines, imports and hides."""
    made = ModuleType("made")
    code = "from math import pi, sin\nfrom textwrap import dedent\ndef told(): ...\ndef _own(): ...\nclass Kind: ...\n"
    exec(f"{code}FEW = 3\nclass Held:\n    __module__ = 'made'\nheld = Held()\n", vars(made))
    monkeypatch.setitem(sys.modules, "made", made)
    return made


def test_what_a_module_defines_is_public_and_documented_by_its_kind(module):
    assert website.public(module) == ["told", "Kind", "Held"]
    assert website.module_page("made", ["told", "Kind", "FEW"]) == PAGE


PAGE = """\
# made

```{eval-rst}
.. automodule:: made
   :no-members:

.. autofunction:: told

.. autoclass:: Kind
   :members:

.. autodata:: FEW
   :no-value:

```
"""


def test_a_program_that_fails_ends_this_one_and_what_it_printed_is_shown(capfd):
    assert website.run("-c", "print('all right')") is None
    assert capfd.readouterr() == ("", "")
    with pytest.raises(SystemExit) as ended:
        website.run("-c", "import sys; print('a warning', file=sys.stderr); sys.exit(3)")
    assert ended.value.code == 3
    assert capfd.readouterr().out == "a warning\n\n"


def test_sphinx_takes_a_warning_for_an_error(root, monkeypatch):
    calls = []
    monkeypatch.setattr(website, "run", lambda *words: calls.append(words))
    website.sphinx("html", root / "out", "cache")
    (words,) = calls
    assert words[:4] == ("-m", "sphinx", "-b", "html")
    assert words[-2:] == (str(website.PAGES), str(root / "out"))
    assert {"--fail-on-warning", "--keep-going", "nb_execution_mode=cache"} <= set(words)


@pytest.mark.parametrize(
    ("execute", "external", "calls"),
    [
        (False, False, [("html", "site", "off"), ("lab",)]),
        (True, False, [("html", "site", "cache"), ("lab",)]),
        (False, True, [("linkcheck", "links", "off")]),
    ],
)
def test_the_site_is_pages_and_lab_and_every_link_is_looked_up(
    root, monkeypatch, capsys, execute, external, calls
):
    done = []

    def sphinx(builder, out, execution):
        done.append((builder, out.relative_to(root / "build").as_posix(), execution))
        write(out, {"index.html": '<a href="more.html">more</a>' * broken, "lab.html": ""})

    def export_site(model, folder):
        assert (model, folder) == (None, website.SITE / "lab")
        done.append(("lab",))

    broken = False
    monkeypatch.setattr(website, "stage", lambda: None)
    monkeypatch.setattr(website, "sphinx", sphinx)
    monkeypatch.setattr(website, "export_site", export_site)
    write(website.SITE, {"old.html": ""})
    website.main.callback(execute, external)
    assert done == calls
    assert (website.SITE / "old.html").exists() == external
    if not external:
        assert capsys.readouterr().out == f"{website.SITE}: 2 pages\n"
        broken = True
        with pytest.raises(click.ClickException, match=r"^index\.html: more\.html: no such file$"):
            website.main.callback(execute, external)


def test_broken_links_and_foreign_requests_are_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<a href="b.html#here">1</a><a href="b.html#there">2</a><a href="c.html">3</a><a href="https://example.org">4</a>'
        '<a href="#own">5</a><p id="own"></p><img src="d.png"><script src="https://example.org/x.js"></script>'
    )
    (tmp_path / "b.html").write_text('<h1 id="here">b</h1>')
    assert website.faults(tmp_path) == [
        "a.html: b.html#there: no such place in the page",
        "a.html: c.html: no such file",
        "a.html: d.png: no such file",
        "a.html: loads https://example.org/x.js",
    ]


def test_what_leads_somewhere_is_no_fault(tmp_path):
    folder = tmp_path / "lab"  # a folder above the site may have any name
    there = [
        "mailto:a@example.org",
        "//example.org",
        "",
        "a%20b.html?v=1#pl%C3%A4ce",
        "deep",
        "../site/a%20b.html",
    ]
    page = "".join(f'<a href="{target}">t</a>' for target in there)
    loads = '<link href="s.css?from=//x"><img src="s.css"><iframe src="deep/index.html"></iframe><a>none</a>'
    write(folder / "site", {
        "page.html": page + loads,
        "a b.html": '<p id="pl\xe4ce"></p>',
        "s.css": "",
        "deep/index.html": '<a href="../page.html">up</a><a href="../s.css#part">no page</a><a href="#">top</a>',
        "lab/index.html": '<img src="missing.png"><script src="http://example.org/x.js"></script>',
    })  # fmt: skip
    assert website.faults(folder / "site") == []
    write(folder / "site", {"s.html": '<img src="gone.png">'})
    assert website.faults(folder / "site") == ["s.html: gone.png: no such file"]


@pytest.mark.parametrize("tag", ["img src", "script src", "link href", "iframe src", "source src"])
def test_whatever_is_loaded_is_looked_up(tmp_path, tag):
    addresses = "gone?v=2", "http://example.org/x", "//example.org/y"
    page = "".join(f'<{tag}="{address}"></{tag.split()[0]}>' for address in addresses)
    write(tmp_path, {"deep/a.html": page})
    assert website.faults(tmp_path) == [
        "deep/a.html: gone?v=2: no such file",
        "deep/a.html: loads //example.org/y",
        "deep/a.html: loads http://example.org/x",
    ]
