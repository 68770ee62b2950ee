"""The lab in a notebook: Lab, Draw and Step, for Jupyter, VS Code, Colab and marimo, through anywidget.

The traits are the keys of the page's state (web/host.js), so whatever the page shows can be read and set
from Python: Lab(room="train", hidden=32), lab.seed = 7.
"""

import os
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from handgrad import model_file
from handgrad.arrays import NDArray
from handgrad.errors import DataError, MissingExtraError
from handgrad.files import write_atomically
from handgrad.lab import contents, page
from handgrad.model import Model

try:
    import anywidget
    import traitlets
except ImportError:
    raise MissingExtraError("the widgets need anywidget: pip install 'handgrad[notebook]'") from None

SHAPE = (28, 28)


@cache
def script() -> str:
    """The program of all widgets, with the kernel and some of MNIST's images in it."""
    assets = {**page.digits(), **page.kernel(contents.WEB)}
    return page.program(
        contents.WEB, "widget.js", assets, contents.facts("", page.TRAIN, page.TEST), "module"
    )


@cache
def style() -> str:
    """The stylesheets of the page."""
    names = page.stylesheets((contents.WEB / "index.html").read_text("utf-8"))
    return "\n".join((contents.WEB / name).read_text("utf-8") for name in names)


def _image_to_page(image: NDArray | None, widget: Any) -> bytes:
    return b"" if image is None else image.tobytes()


def _image_from_page(data: Any, widget: Any) -> NDArray | None:
    pixels = np.frombuffer(data or b"", np.uint8)
    return pixels.reshape(SHAPE) if pixels.size else None


def _bytes_from_page(data: Any, widget: Any) -> bytes:
    return bytes(data or b"")


class _Page(anywidget.AnyWidget):  # type: ignore[misc, unused-ignore]  # Any, where it is not installed
    """What the three have in common: the network, the drawing, and the state of the page."""

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)
    widget = traitlets.Unicode().tag(sync=True)
    model_file = traitlets.Bytes().tag(sync=True, from_json=_bytes_from_page)
    network_name = traitlets.Unicode().tag(sync=True)
    image = traitlets.Any(allow_none=True).tag(sync=True, to_json=_image_to_page, from_json=_image_from_page)
    drawing = traitlets.Unicode().tag(sync=True)
    label = traitlets.Int(None, allow_none=True).tag(sync=True)
    digit = traitlets.Int(None, allow_none=True).tag(sync=True)
    unit = traitlets.Int(None, allow_none=True).tag(sync=True)
    relu = traitlets.Bool(True).tag(sync=True)
    baseline = traitlets.Bool(True).tag(sync=True)
    theme = traitlets.Enum(["auto", "light", "dark"], "auto").tag(sync=True)
    hide = traitlets.Unicode().tag(sync=True)

    def __init__(self, model: Model | str | os.PathLike[str] | None = None, **state: Any) -> None:
        if unknown := sorted(set(state) - set(self.trait_names())):
            raise TypeError(f"unexpected arguments: {', '.join(unknown)}")
        shown = contents.network(model)
        super().__init__(
            _esm=script(),
            _css=style(),
            widget=type(self).__name__.lower(),
            model_file=shown.data,
            network_name=shown.name,
            **state,
        )

    @traitlets.validate("image")
    def _expect_image(self, proposal: Any) -> NDArray | None:
        if proposal["value"] is None:
            return None
        image = np.asarray(proposal["value"])
        if image.size != SHAPE[0] * SHAPE[1] or image.dtype != np.uint8:
            got = f"{image.dtype} of shape {image.shape}"
            raise DataError(f"expected an image as uint8 of shape {SHAPE}; got {got}")
        return image.reshape(SHAPE)

    @property
    def model(self) -> Model:
        """The network that the page uses now: the one given, or the last that was trained or loaded there."""
        return _network(self.model_file)

    @model.setter
    def model(self, model: Model | str | os.PathLike[str] | None) -> None:
        shown = contents.network(model)
        with self.hold_sync():
            self.model_file, self.network_name = shown.data, shown.name

    @property
    def answer(self) -> int | str | None:
        """What the network reads on the image; None where there is no image."""
        if self.image is None:
            return None
        answer: int | str = self.model.predict(self.image).tolist()[0]
        return answer


class Draw(_Page):
    """The Draw room: a digit that is drawn is read, and the features that speak for it light up.

    image is the drawing as the network sees it, (28, 28) uint8, or None; answer what the network reads;
    drawing the strokes as text. model: a Model, the path of a model file, or None for the network in the box.
    """


class Step(_Page):
    """The Step room: one image through the forward pass and backpropagation, number by number.

    image: (28, 28) uint8; by default a test image of MNIST. label: the right answer, 0 to 9.
    """

    example = traitlets.Unicode("247").tag(sync=True)
    cell = traitlets.Unicode(None, allow_none=True).tag(sync=True)

    def __init__(
        self,
        image: NDArray | None = None,
        label: int | None = None,
        model: Model | str | os.PathLike[str] | None = None,
        **state: Any,
    ) -> None:
        if image is not None:
            state = {"example": "drawing", **state}
        super().__init__(model, image=image, label=None if label is None else int(label), **state)


class Lab(_Page):
    """All three rooms. After training, model is the network that was trained."""

    room = traitlets.Enum(["draw", "train", "step"], "draw").tag(sync=True)
    hidden = traitlets.Int(64).tag(sync=True)
    activation = traitlets.Unicode("relu").tag(sync=True)
    bias = traitlets.Bool(True).tag(sync=True)
    init = traitlets.Unicode("random").tag(sync=True)
    output_bias = traitlets.Unicode("zero").tag(sync=True)
    learning_rate = traitlets.Float(0.5).tag(sync=True)
    schedule = traitlets.Unicode("constant").tag(sync=True)
    warmup = traitlets.Float(0).tag(sync=True)
    batch_size = traitlets.Int(16).tag(sync=True)
    epochs = traitlets.Int(5).tag(sync=True)
    optimizer = traitlets.Unicode("sgd").tag(sync=True)
    loss = traitlets.Unicode("l2").tag(sync=True)
    distortion = traitlets.Unicode("off").tag(sync=True)
    share = traitlets.Int(page.TRAIN).tag(sync=True)
    seed = traitlets.Int(0).tag(sync=True)
    mistake = traitlets.Unicode().tag(sync=True)
    example = traitlets.Unicode("247").tag(sync=True)
    cell = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    tour = traitlets.Unicode().tag(sync=True)
    at = traitlets.Int(0).tag(sync=True)
    say = traitlets.Unicode().tag(sync=True)


def _network(data: bytes) -> Model:
    """The network in the bytes of a model file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "network.safetensors"
        write_atomically(path, data, model_file.KIND)
        return model_file.load(path)
