"""Sphinx's settings. The pages come from the folder that tools/website.py prepares; run that program."""

import inspect
import re
import sys
from collections.abc import Mapping
from typing import Any

import latex2mathml.converter
from docutils import nodes
from sphinx.application import Sphinx

from handgrad import __version__

project, author, copyright = "handgrad", "The handgrad authors", "The handgrad authors"
version = release = __version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.viewcode", "sphinx_copybutton"]

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 4
smartquotes = False  # in "--fields" the hyphens stay
nb_execution_raise_on_error = True
nb_execution_timeout = 300

html_theme = "furo"
html_title = "handgrad"
html_static_path, templates_path = ["static"], ["templates"]
html_css_files = ["site.css"]
html_favicon = "static/icon.svg"
html_copy_source = html_show_sourcelink = html_show_sphinx = False
html_math_renderer = "mathml"
html_theme_options = {"navigation_with_keys": True}
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/lab.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
pygments_style, pygments_dark_style = "friendly", "github-dark"
copybutton_prompt_text, copybutton_only_copy_prompt_lines = "$ ", True
copybutton_selector = "div.highlight pre"

autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_display_short_literal_types = True
python_maximum_signature_line_length = 90
add_module_names = False
viewcode_follow_imported_members = False  # a name of two modules is linked from its own page alone


def formula(writer: Any, node: nodes.Element) -> None:
    """A formula as MathML, which browsers draw themselves: no script, and no request to another address."""
    display = "block" if isinstance(node, nodes.math_block) else "inline"
    if "\\begin" in node.astext():
        raise ValueError(f"an environment is not drawn well: {node.astext()}; write a formula for each line")
    html = latex2mathml.converter.convert(node.astext(), display=display)
    writer.body.append(f'<div class="formula">{html}</div>' if display == "block" else html)
    raise nodes.SkipNode


def as_text(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Docstrings are plain text with formulas: `a` is code, and no other character is markup."""
    if what == "data" and isinstance(
        obj, Mapping
    ):  # a table of choices: what it holds, instead of what a table is
        lines[:] = ["Names: " + ", ".join(f"``{choice}``" for choice in obj) + "."]
        return
    paragraphs = inspect.cleandoc("\n".join(lines)).split("\n\n")
    lines[:] = []
    for paragraph in paragraphs:
        if re.search(r"^ {2,}\S|\S {3,}\S", paragraph, re.M):  # a table or a listing: it stays as it is
            lines += ["::", "", *(f"   {line}" for line in paragraph.splitlines()), ""]
        else:
            lines += [
                *re.sub(r"([*|_\\])|`", lambda m: f"\\{m[1]}" if m[1] else "``", paragraph).splitlines(),
                "",
            ]


def with_arrays(
    app: Sphinx,
    what: str,
    name: str,
    obj: object,
    options: object,
    signature: str | None,
    returns: str | None,
) -> tuple[str | None, str | None]:
    """The signature with the word Array, which to Python stands for any type."""
    if "Array" in vars(sys.modules.get(getattr(obj, "__module__", None) or "") or object):
        signature, returns = (text and re.sub(r"\bAny\b", "Array", text) for text in (signature, returns))
    return signature, returns


def setup(app: Sphinx) -> None:
    """Sphinx calls this."""
    app.add_html_math_renderer("mathml", (formula, None), (formula, None))
    app.connect("autodoc-process-docstring", as_text)
    app.connect("autodoc-process-signature", with_arrays)
