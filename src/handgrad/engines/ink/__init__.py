"""The fast engine over lists of the images' ink."""

from handgrad.engines.ink.engine import InkEngine, warm_up
from handgrad.engines.ink.scorer import Scorer

__all__ = ["InkEngine", "Scorer", "warm_up"]
