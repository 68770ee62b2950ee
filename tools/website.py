"""The website: docs, chapters, interface, and the lab, live, as one folder for any static host.

    python tools/website.py                  write build/site
    python tools/website.py --run            the same, with the chapters' cells run: their pictures are in it
    python tools/website.py --external       ask every external link whether it answers; writes nothing

The Markdown files in docs/ are the pages. This program copies them and site/ into build/pages, turns links
to files of the repository into links within the site, adds a page for each module that docs/interface.md
names, and runs Sphinx, for which a warning is an error. Then it writes the lab beside the pages and looks up
every link. Needs: pip install -e '.[workbook,notebook]' --group site
"""

import ast
import importlib
import inspect
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import click

from handgrad.lab import export_site

ROOT = Path(__file__).resolve().parent.parent
PAGES, SITE = ROOT / "build" / "pages", ROOT / "build" / "site"
BLOCK = re.compile(r"^(```.*?^```$)", re.M | re.S)
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s#]*)(#[^)\s]*)?\)")
CHAPTERS = "src/handgrad/workbook/book/chapters"
SOURCES = {  # files of the repository that are pages, and the names of these
    **{f"docs/{path.name}": path.name for path in (ROOT / "docs").glob("*.md")},
    **{f"site/{path.name}": path.name for path in (ROOT / "site").glob("*.md")},
    **{f"{CHAPTERS}/{path.name}": f"chapters/{path.stem}.ipynb" for path in (ROOT / CHAPTERS).glob("*.py")},
    "README.md": "index.md",
    "benchmarks/README.md": "benchmarks.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changes.md",
}
GENERATED = ("reference/index.md",)


def stage() -> None:
    """Write build/pages, the folder that Sphinx reads."""
    shutil.rmtree(PAGES, ignore_errors=True)
    shutil.copytree(ROOT / "site", PAGES, ignore=shutil.ignore_patterns("*.md", "__pycache__"))
    shutil.copytree(ROOT / "docs" / "pictures", PAGES / "pictures")
    shutil.copy(ROOT / "benchmarks" / "latest.png", PAGES)
    shutil.copy(ROOT / "src" / "handgrad" / "lab" / "web" / "icon.svg", PAGES / "static")
    for source, name in SOURCES.items():
        if source.endswith(".md") and source != "README.md":
            (PAGES / name).write_text(page(source), "utf-8")
    index = PAGES / "index.md"
    index.write_text(with_others(index.read_text("utf-8")), "utf-8")
    chapters()
    interface()


def with_others(index: str) -> str:
    """The home page, where the line "others" becomes the pages of docs/ that it does not list."""
    listed = index.splitlines()
    others = sorted(path.stem for path in (ROOT / "docs").glob("*.md") if path.stem not in listed)
    return re.sub(r"^others$", "\n".join(others), index, flags=re.M)


def page(source: str) -> str:
    """The text of a Markdown file with its links turned into links within the site."""
    parts = BLOCK.split((ROOT / source).read_text("utf-8"))
    return "".join(
        part if part.startswith("```") else LINK.sub(lambda m: link(source, *m.groups()), part)
        for part in parts
    )


def link(source: str, image: str, text: str, target: str, anchor: str | None) -> str:
    """A link of a page at the top of the site, from the link of a file of the repository."""
    anchor = anchor or ""
    if image or not target or "://" in target or target in GENERATED:
        return f"{image}[{text}]({target}{anchor})"
    path = os.path.normpath(os.path.join(os.path.dirname(source), target))
    if path in SOURCES:
        return f"[{text}]({SOURCES[path]}{anchor})"
    if re.fullmatch(r"src/handgrad/\w+\.py", path):
        return f'<a href="_modules/handgrad/{Path(path).stem}.html">{text}</a>'
    raise click.ClickException(f"{source}: expected a link to a page of the site; got {target}")


def chapters() -> None:
    """The chapters as notebooks, as a learner gets them."""
    with tempfile.TemporaryDirectory() as folder:
        run("-m", "handgrad", "workbook", "new", folder, "--quiet")
        (PAGES / "chapters").mkdir()
        for notebook in Path(folder).glob("*.ipynb"):
            shutil.copy(notebook, PAGES / "chapters")


def interface() -> None:
    """A page for each module that docs/interface.md names, and one that lists them."""
    folder = PAGES / "reference"
    folder.mkdir()
    lists = []
    text = (ROOT / "docs" / "interface.md").read_text("utf-8")
    for heading, block in re.findall(r"^([^\n]+):\n\n```python\n(.*?)```", text, re.S | re.M):
        rows = []
        for module, names in imported(block):
            (folder / f"{module}.md").write_text(module_page(module, names), "utf-8")
            rows += [f"| [`{module}`]({module}.md) | {', '.join(f'`{name}`' for name in names)} |"]
        plain = LINK.sub(r"\2", heading)  # its links lead on from docs/
        lists.append("\n".join([f"{plain}:\n", "| module | names |", "|---|---|", *rows]))
    modules = sorted(path.stem for path in folder.glob("*.md"))
    toctree = "\n".join([":::{toctree}", ":hidden:", "", *modules, ":::"])
    head = "# The interface, name by name\n\nAll names of [the interface](../interface.md)."
    (folder / "index.md").write_text("\n\n".join([head, *lists, toctree]) + "\n", "utf-8")


def imported(block: str) -> Iterator[tuple[str, list[str]]]:
    """The modules of a block of imports, each with its names; a name that is a module stands for itself."""
    found: dict[str, list[str]] = {}
    for statement in ast.parse(block).body:
        if not isinstance(statement, ast.ImportFrom):
            continue
        scope: dict[str, object] = {}
        exec(ast.unparse(statement), scope)
        for name in (alias.name for alias in statement.names):
            value = scope[name]
            if inspect.ismodule(value):
                found.setdefault(value.__name__, [])
            else:
                found.setdefault(str(statement.module), []).append(name)
    for module_name, names in found.items():
        yield module_name, list(dict.fromkeys(names)) or public(importlib.import_module(module_name))


def public(module: ModuleType) -> list[str]:
    """The public functions and classes that a module defines."""
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and callable(value)
        and getattr(value, "__module__", "") == module.__name__
    ]


def module_page(module: str, names: list[str]) -> str:
    """The page of a module: its docstring, then each name with signature and docstring."""
    found = importlib.import_module(module)
    lines = [f"# {module}", "", "```{eval-rst}", f".. automodule:: {module}", "   :no-members:", ""]
    for name in names:
        value = getattr(found, name)
        if inspect.isclass(value):
            lines += [f".. autoclass:: {name}", "   :members:", ""]
        elif callable(value):
            lines += [f".. autofunction:: {name}", ""]
        else:
            lines += [f".. autodata:: {name}", "   :no-value:", ""]
    return "\n".join([*lines, "```"]) + "\n"


def run(*words: str) -> None:
    """Run Python with these words; its failure ends this program, and what it printed is shown."""
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run([sys.executable, *words], **output, text=True, check=False)
    if done.returncode:
        click.echo(done.stdout)
        sys.exit(done.returncode)


def sphinx(builder: str, out: Path, execution: str) -> None:
    """Run Sphinx over build/pages; a warning is an error."""
    options = [
        "--fail-on-warning",
        "--keep-going",
        "--quiet",
        "--jobs",
        "2",
        "-D",
        f"nb_execution_mode={execution}",
    ]
    run("-m", "sphinx", "-b", builder, "-d", str(PAGES.parent / "doctrees"), *options, str(PAGES), str(out))


class Links(HTMLParser):
    """What a page refers to, what it loads, and the places in it that can be referred to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element refers to."""
        held = dict(attrs)
        self.anchors.update(filter(None, (held.get("id"), held.get("name"))))
        if tag == "a":
            self.targets.append(held.get("href") or "")
        elif tag in ("img", "script", "link", "iframe", "source"):
            self.loaded.append(held.get("src") or held.get("href") or "")


def faults(folder: Path) -> list[str]:
    """Links that lead nowhere, and what a page would load from another address."""
    pages = {
        path: Links(path) for path in folder.rglob("*.html") if "lab" not in path.relative_to(folder).parts
    }
    found = []
    for path, links in pages.items():
        where = path.relative_to(folder)
        found += [f"{where}: loads {url}" for url in links.loaded if "//" in url.split("?")[0]]
        for target in {*links.targets, *links.loaded}:
            if re.match(r"\w+:|//|$", target):
                continue
            name, _, anchor = target.partition("#")
            file = (path.parent / unquote(name.split("?")[0])).resolve() if name else path
            file = file / "index.html" if file.is_dir() else file
            if not file.is_file():
                found.append(f"{where}: {target}: no such file")
            elif anchor and file in pages and unquote(anchor) not in pages[file].anchors:
                found.append(f"{where}: {target}: no such place in the page")
    return sorted(found)


@click.command()
@click.option("--run", "execute", is_flag=True, help="Run the chapters' cells.")
@click.option("--external", is_flag=True, help="Ask every external link whether it answers.")
def main(execute: bool, external: bool) -> None:
    """Write the website into build/site."""
    stage()
    if external:
        return sphinx("linkcheck", PAGES.parent / "links", "off")
    shutil.rmtree(SITE, ignore_errors=True)
    sphinx("html", SITE, "cache" if execute else "off")
    export_site(None, SITE / "lab")
    if found := faults(SITE):
        raise click.ClickException("\n".join(found))
    click.echo(f"{SITE}: {len(list(SITE.rglob('*.html')))} pages")


if __name__ == "__main__":
    main()
