"""The fast engine over images kept as lists of their ink."""

from handgrad.ink.engine import InkEngine, scores, warm_up

__all__ = ["InkEngine", "scores", "warm_up"]
