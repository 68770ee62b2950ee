"""The plan of a sweep: which networks are trained. A grid, times choices drawn at random, times seeds."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from handgrad.recipes import RECIPES, Recipe
from handgrad.runs.sweeps.choices import NAMES, Range

MOST_TRIALS = 1_000_000


class Trial(NamedTuple):
    """A network of a sweep: its recipe and its seed."""

    recipe: Recipe
    seed: int


@dataclass(frozen=True)
class Shard:
    """Part `number` (from 1 on) of `of` parts of a sweep. ValueError where it is not one."""

    number: int = 1
    of: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.of:
            raise ValueError(
                f"expected a shard from 1/{self.of} to {self.of}/{self.of}; got {self.number}/{self.of}"
            )

    def of_trials(self, trials: tuple[Trial, ...]) -> tuple[Trial, ...]:
        """The trials of this part: every of-th, so that all parts take about as long."""
        return trials[self.number - 1 :: self.of]


@dataclass(frozen=True)
class Plan:
    """A sweep: every combination of the grid, with every draw, with every seed.

    recipe: all that is not varied. grid: choice -> its values. random: choice -> the range it is drawn from;
    draws: the number of draws, each of one value for every choice of random; draw_seed: of these draws. The
    first draws stay the same when there are more of them. seeds: of the networks.

    A plan that is extended keeps the trials it had: their files count as done. ValueError, in one line, for a
    choice that cannot be.
    """

    recipe: Recipe = RECIPES["quick"]
    grid: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    random: Mapping[str, Range] = field(default_factory=dict)
    draws: int = 10
    seeds: tuple[int, ...] = (0,)
    draw_seed: int = 0

    def __post_init__(self) -> None:
        if both := sorted(set(self.grid) & set(self.random)):
            raise ValueError(
                f"expected each choice once, in the grid or at random; got {', '.join(both)} in both"
            )
        if unknown := sorted((set(self.grid) | set(self.random)) - set(NAMES)):
            raise ValueError(f"expected choices among {', '.join(NAMES)}; got {', '.join(unknown)}")
        if not self.seeds or any(type(seed) is not int or seed < 0 for seed in self.seeds):
            raise ValueError(f"expected seeds as whole numbers of at least 0; got {self.seeds!r:.40}")
        if self.draws < 1 or any(len(values) == 0 for values in self.grid.values()):
            raise ValueError("expected at least one draw, and a value for each choice of the grid")
        combinations = math.prod(map(len, self.grid.values())) * (self.draws if self.random else 1)
        if combinations * len(self.seeds) > MOST_TRIALS:
            raise ValueError(
                f"expected at most {MOST_TRIALS:,} networks; got {combinations * len(self.seeds):,}"
            )
        if any(recipe.own for recipe in self.recipes):
            raise ValueError(
                "expected choices by name: a sweep's files cannot hold functions of your own; use runs.start"
            )

    @property
    def varied(self) -> tuple[str, ...]:
        """The choices that differ between trials, in the order of a recipe."""
        several = {name for name, values in self.grid.items() if len(values) > 1} | set(self.random)
        return tuple(name for name in NAMES if name in several)

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """Every recipe of the sweep once."""
        rng = np.random.default_rng(self.draw_seed)
        drawn: list[dict[str, Any]] = [{}]
        if self.random:
            drawn = [{name: kind.draw(rng) for name, kind in self.random.items()} for _ in range(self.draws)]
        combined = [
            dict(zip(self.grid, values, strict=True)) for values in itertools.product(*self.grid.values())
        ]
        return tuple(dict.fromkeys(replace(self.recipe, **one, **more) for more in drawn for one in combined))

    @property
    def trials(self) -> tuple[Trial, ...]:
        """All networks, in the order of the plan."""
        return tuple(Trial(recipe, seed) for recipe in self.recipes for seed in self.seeds)
