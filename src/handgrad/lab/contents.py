"""What the page is made of: the files of the folder `web`, and the bytes that its modules ask for.

Nothing here needs NumPy unless a model is given, so that `handgrad lab` answers at once.
"""

import gzip
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import handgrad
from handgrad.errors import ModelFileError

if TYPE_CHECKING:
    from handgrad.model import Model

PACKAGE = Path(handgrad.__file__).parent
WEB = PACKAGE / "lab" / "web"
EMBEDDED = PACKAGE / "lab" / "embedded.js"  # stands in for assets.js where all is one file
IN_THE_BOX = PACKAGE / "pretrained" / "best.safetensors"
MNIST = PACKAGE / "digits" / "mnist_files"
TRAIN, TEST = 60_000, 10_000  # images of MNIST
FILES = {  # name -> its number of images or labels
    "train-images-idx3-ubyte": TRAIN,
    "train-labels-idx1-ubyte": TRAIN,
    "t10k-images-idx3-ubyte": TEST,
    "t10k-labels-idx1-ubyte": TEST,
}
TYPES = {  # of the files of a folder; what has another suffix is no part of the page
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".json": "application/json",
    ".bin": "application/octet-stream",
    ".safetensors": "application/octet-stream",
}
POLICY = {  # all comes from where the page comes from, and nothing goes elsewhere
    "default-src": "'self'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "style-src": "'self'",
    "worker-src": "'self' blob:",
    "img-src": "'self' blob: data:",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
}


class Network(NamedTuple):
    """A network as the page gets it: the bytes of a model file, and its name in words."""

    data: bytes
    name: str


def network(model: "Model | str | os.PathLike[str] | None") -> Network:
    """The network that the page shows first.  ModelFileError where it is not one for images of 28 x 28.

    model: a model, the path of a model file, or None for the network in the box.
    """
    if model is None:
        return Network(IN_THE_BOX.read_bytes(), "the network in the box")
    from handgrad import model_file
    from handgrad.model import Model

    name = "your network" if isinstance(model, Model) else Path(model).name
    path = name if isinstance(model, Model) else model
    trained = model if isinstance(model, Model) else model_file.load(model)
    if trained.plane != (28, 28):
        shape = " x ".join(map(str, trained.image_shape))
        raise ModelFileError(f"{path}: expected a network for images of 28 x 28 pixels; got {shape}")
    return Network(as_bytes(trained), name)


def as_bytes(model: "Model") -> bytes:
    """A model as the bytes of a model file."""
    from handgrad import model_file

    with TemporaryDirectory() as folder:
        path = Path(folder) / "network.safetensors"
        model_file.save(path, model)
        return path.read_bytes()


def policy(**changes: str) -> str:
    """The text of a content security policy; frame_ancestors="'none'" adds or replaces one of its parts."""
    parts = POLICY | {name.replace("_", "-"): value for name, value in changes.items()}
    return "; ".join(f"{name} {value}" for name, value in parts.items())


def facts(name: str, train: int = TRAIN, test: int = TEST) -> dict[str, str | int]:
    """What the page is told of itself."""
    return {"version": handgrad.__version__, "model_name": name, "train": train, "test": test}


def folder(shown: Network, web: Path = WEB) -> dict[str, bytes | Path]:
    """Every file of the page as a folder: its path there -> its bytes, or the file that holds them."""
    files: dict[str, bytes | Path] = {
        path.name: path
        for path in sorted(web.iterdir())
        if path.suffix in TYPES and path.name != "kernel.wasm"
    }
    files["index.html"] = _with_preloads(web)
    files["data/kernel.wasm"] = web / "kernel.wasm"
    files |= {f"data/{name}.bin": MNIST / f"{name}.gz" for name in FILES}
    files["data/model.safetensors"] = shown.data
    files["data/facts.json"] = json.dumps(facts(shown.name)).encode()
    return files


def _with_preloads(web: Path) -> bytes:
    """index.html, which also names every module of the page: the browser asks for all of them at once, rather
    than for each when it has read the module that imports it."""
    found, waiting = [], ["page.js"]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.append(name)
            waiting += re.findall(r'from "\./([\w-]+\.js)";', (web / name).read_text("utf-8"))
    links = "".join(f'    <link rel="modulepreload" href="{name}" />\n' for name in sorted(found))
    return (web / "index.html").read_text("utf-8").replace("  </head>", f"{links}  </head>").encode()


def some_digits(train: int, test: int) -> Mapping[str, bytes]:
    """The first images of each half of MNIST, and their labels: the name of the whole file -> an IDX file."""
    cut = {}
    for name, whole in FILES.items():
        wanted = train if whole == TRAIN else test
        contents = gzip.decompress((MNIST / f"{name}.gz").read_bytes())
        head = 4 + 4 * contents[3]
        each = (len(contents) - head) // whole
        cut[f"{name}.gz"] = contents[:4] + wanted.to_bytes(4, "big") + contents[8 : head + wanted * each]
    return cut
