"""The lab: a page in which a person draws, trains and steps. Widgets; exports as a file or a site.

`handgrad lab` serves it. In a notebook (pip install 'handgrad[notebook]'):

    from handgrad.lab import Draw, Lab, Step
    drawing = Draw()
    drawing  # draw a digit, and in the next cell:
    drawing.image, drawing.answer
"""

from typing import Any


def __getattr__(name: str) -> Any:
    """The public names, found when they are asked for: widgets need anywidget, the server none of it."""
    if name in ("Draw", "Lab", "Step"):
        from handgrad.lab import widgets

        return getattr(widgets, name)
    if name == "export_page":
        from handgrad.lab.page import export_page

        return export_page
    if name == "export_site":
        from handgrad.lab.site import export_site

        return export_site
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
