"""Pictures of the chapters: tiles of images, equations of small matrices, curves, bars, the network's chain.

Each function draws one matplotlib Figure (never pyplot) from NumPy arrays or PyTorch tensors; show puts it
into the notebook, or into a file beside a script.
"""

from handgrad.workbook.book import needs

try:
    from handgrad.workbook.pictures.charts import bars, curves, heat, histograms, paths
    from handgrad.workbook.pictures.matrices import broadcasting, equation
    from handgrad.workbook.pictures.networks import Node, chain, graph
    from handgrad.workbook.pictures.showing import show, tiles
except ModuleNotFoundError as error:
    raise needs.without(error) from None

__all__ = [
    "Node", "bars", "broadcasting", "chain", "curves", "equation", "graph", "heat", "histograms", "paths",
    "show", "tiles",
]  # fmt: skip
