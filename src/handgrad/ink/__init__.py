"""The fast engine over lists of the images' ink."""

from handgrad.ink.engine import InkEngine, warm_up
from handgrad.ink.scorer import Scorer

__all__ = ["InkEngine", "Scorer", "warm_up"]
