"""The lab as one file: it opens from disk, with the network off, in every browser."""

import base64
import gzip
import hashlib
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handgrad.errors import HandgradError
from handgrad.files import BEGINNING, Kind, expect_writable, write_atomically
from handgrad.lab import contents, joining

if TYPE_CHECKING:
    from handgrad.model import Model

TRAIN, TEST = 6_000, 1_000  # images of MNIST that travel in the file
GENERATOR = '<meta name="generator" content="handgrad lab" />'  # marks a page as written by handgrad
PAGE = Kind("a page of the lab", lambda file: GENERATOR.encode() in file.read(BEGINNING))
PACKS_WELL = 0.97  # what gzip must make of an asset for the page to unpack it
LINK = re.compile(r' *<link rel="(stylesheet|icon)" href="([\w.-]+)"[^>]*>\n')
SCRIPT = re.compile(r' *<script type="module" src="([\w.-]+)"></script>\n')
LEFT = re.compile(r"<(?:script|link|img|iframe)\b|\b(?:src|href)=")


def export_page(model: "Model | str | os.PathLike[str] | None", file: str | os.PathLike[str]) -> None:
    """Write the lab as one HTML file, with a network and some of MNIST's images in it.

    model: a model, the path of a model file, or None for the network in the box.  HandgradError where
    something else stands at the path, or it cannot be written; ModelFileError for a model of other images
    than 28 x 28.
    """
    inputs = () if model is None or not isinstance(model, str | os.PathLike) else (model,)
    expect_writable(file, PAGE, *inputs)
    write_atomically(file, page(contents.network(model)).encode(), PAGE)


def page(shown: contents.Network, web: Path = contents.WEB) -> str:
    """The text of the page."""
    html = (web / "index.html").read_text("utf-8")
    entry, styles = SCRIPT.search(html), stylesheets(html)
    if entry is None:
        raise HandgradError("index.html: expected a script of type module; got none")
    assets = {"model.safetensors": shown.data, **digits(), **kernel(web)}
    script = program(web, entry[1], assets, contents.facts(shown.name, TRAIN, TEST))
    style = "\n".join((web / name).read_text("utf-8") for name in styles)
    icon = base64.b64encode((web / "icon.svg").read_bytes()).decode()
    html = SCRIPT.sub("", LINK.sub("", html))
    if left := LEFT.search(html):
        raise HandgradError(f"index.html: expected stylesheets, an icon and a module; got {left[0]}")
    script = re.sub(r"<(?=/script|!--)", r"<\\", script, flags=re.IGNORECASE)  # the element would end there
    style = style.replace("</", r"<\/")
    policy = contents.policy(
        default_src="'none'",
        script_src=f"{_hash(script)} 'wasm-unsafe-eval'",
        style_src=_hash(style),
        worker_src="blob:",
        img_src="blob: data:",
        connect_src="'none'",
    )
    style += f'</style>\n    <link rel="icon" href="data:image/svg+xml;base64,{icon}" />\n  '
    html = marked(html, policy).replace("</head>", f"  <style>{style}</head>", 1)
    return html.replace("</body>", f"<script>{script}</script>\n  </body>", 1)


def marked(html: str, policy: str) -> str:
    """A page with handgrad's mark, and the policy that `handgrad lab` sends as a header."""
    charset = '<meta charset="utf-8" />'
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}" />'
    return html.replace(charset, f"{charset}\n    {GENERATOR}\n    {meta}", 1)


def stylesheets(html: str) -> list[str]:
    """The stylesheets of the page, in its order."""
    return [name for kind, name in LINK.findall(html) if kind == "stylesheet"]


def digits() -> dict[str, bytes]:
    """The images and labels that travel in a file."""
    return dict(contents.some_digits(TRAIN, TEST))


def kernel(web: Path) -> dict[str, bytes]:
    """The kernel as an asset."""
    return {"kernel.wasm": (web / "kernel.wasm").read_bytes()}


def program(
    web: Path, entry: str, assets: dict[str, bytes], facts: dict[str, Any], form: str = "script"
) -> str:
    """The joined modules from an entry on, with these assets and the worker inside."""
    stand_ins = {"assets.js": contents.EMBEDDED}
    wanted = re.findall(r'\basset\("([\w.-]+)"\)', worker := joining.joined(web, "worker.js", stand_ins))
    embedded = {
        "assets": {name: _packed(data) for name, data in assets.items()},
        "facts": facts,
        "worker": {"program": worker, "assets": sorted(set(wanted) & set(assets))},
    }
    joined = joining.joined(web, entry, stand_ins, form)
    return f"const EMBEDDED = {json.dumps(embedded)};\n\n{joined}"


def _packed(data: bytes) -> dict[str, Any]:
    """An asset in base64, packed where that pays."""
    smaller = gzip.compress(data, 9, mtime=0)
    packed = len(smaller) < PACKS_WELL * len(data)
    return {"data": base64.b64encode(smaller if packed else data).decode(), "packed": packed}


def _hash(text: str) -> str:
    """What a policy says of a script or a style that it allows by its contents."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
