"""The lab: a page in which a person draws, trains and steps. Widgets; exports as a file or a site.

`handgrad lab` serves it. In a notebook (pip install 'handgrad[notebook]'):

    from handgrad.lab import Draw, Lab, Step
    drawing = Draw()
    drawing  # draw a digit, and in the next cell:
    drawing.image, drawing.answer
"""

from importlib import import_module
from typing import Any

LAZY = {  # a server needs none of these, and only widgets need anywidget
    "Draw": "handgrad.lab.widgets",
    "Lab": "handgrad.lab.widgets",
    "Step": "handgrad.lab.widgets",
    "export_page": "handgrad.lab.page",
    "export_site": "handgrad.lab.site",
}


def __getattr__(name: str) -> Any:
    if name not in LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(LAZY[name]), name)
