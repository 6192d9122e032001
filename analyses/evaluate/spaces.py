"""Finite search spaces: levels, ranks, and samples of their cells.

A configuration's rank is a mixed-radix number: the last hyperparameter varies fastest, as in the warehouse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from hpowh.analyses.evaluate.errors import SpecError

SAMPLES = ("grid", "random", "sobol", "pairs")
MOST_CELLS = 2**62
SOBOL_ROUNDS = 12


@dataclass(frozen=True)
class Dimension:
    """One hyperparameter and its levels."""

    name: str
    levels: tuple[Any, ...]
    """Values as the model takes them: numbers, texts, truth values, None, tuples."""
    kind: str
    """`ordinal` or `categorical`."""
    value_type: str
    """`int`, `float`, `bool` or `text`: how the warehouse stores the levels."""
    scale: str = "linear"

    @property
    def stored(self) -> list[Any]:
        """The levels as the warehouse stores them: texts where they are not all numbers or truth values."""
        return [str(level) for level in self.levels] if self.value_type == "text" else list(self.levels)


@dataclass(frozen=True)
class Space:
    """The hyperparameters that are varied."""

    dimensions: tuple[Dimension, ...]

    @property
    def cardinality(self) -> int:
        """The number of cells of the full grid (1 for a space without hyperparameters)."""
        return prod(len(dimension.levels) for dimension in self.dimensions)

    def parameters(self, rank: int) -> dict[str, Any]:
        """Return the configuration of a rank as `{hyperparameter: value}`."""
        found: dict[str, Any] = {}
        for dimension in reversed(self.dimensions):
            rank, level = divmod(rank, len(dimension.levels))
            found[dimension.name] = dimension.levels[level]
        return dict(reversed(found.items()))


def sample(space: Space, how: str, count: int | None, seed: int) -> Sequence[int]:
    """Return the ranks to evaluate, each once: all of them in order, or `count` of them.

    Args:
        how: `grid` (all cells, or the first `count` never: a grid is whole), `random` (without replacement) or `sobol`
            (a scrambled Sobol sequence cut to the levels; cells that come up again are skipped), or `pairs` (random
            configurations, each with one neighbour on every axis: what metrics of neighbours are estimated from).

    Raises:
        SpecError: the space has more cells than a rank can count.
    """
    cells = space.cardinality
    if cells >= MOST_CELLS:
        raise SpecError(f"The search space has {cells:.3g} cells, more than can be counted.", "Give fewer levels.")
    if how == "grid" or count is None or count >= cells:
        return range(cells)
    if how == "random":
        return [int(rank) for rank in np.random.default_rng(seed).choice(cells, size=count, replace=False)]
    return _pairs(space, count, seed) if how == "pairs" else _sobol(space, count, seed)


def _pairs(space: Space, count: int, seed: int) -> list[int]:
    """Return random configurations, each followed by one move on every axis: `count` cells, each once.

    On an axis whose levels have an order every other move goes to a neighbour, up or down by a coin (none where that
    leads out of the levels, so that all pairs of neighbours are met alike); all other moves go to any other level. One
    square a configuration is closed: both moves on two of the axes. This is the radial design of Campolongo, Saltelli
    and Cariboni (2011, Computer Physics Communications 182, 978) with neighbours' moves beside its own.
    """
    rng = np.random.default_rng(seed)
    sizes = [len(dimension.levels) for dimension in space.dimensions]
    strides = [prod(sizes[i + 1 :]) for i in range(len(sizes))]
    found: dict[int, None] = {}
    rounds = 0
    while len(found) < count and rounds < count:
        rounds += 1
        levels = [int(rng.integers(size)) for size in sizes]
        centre = sum(level * stride for level, stride in zip(levels, strides, strict=True))
        found[centre] = None
        steps: list[int] = []
        for dimension, level, stride in zip(space.dimensions, levels, strides, strict=True):
            to, is_step = _moved(rng, level, dimension)
            if to != level:
                found[centre + (to - level) * stride] = None
                steps += [(to - level) * stride] if is_step else []
        if len(steps) > 1:
            one, other = rng.choice(len(steps), 2, replace=False)
            found[centre + steps[one] + steps[other]] = None
    if len(found) < count:
        rest = np.setdiff1d(np.arange(space.cardinality), np.fromiter(found, dtype=np.int64))
        found.update(dict.fromkeys(rng.choice(rest, size=count - len(found), replace=False).tolist()))
    return list(found)[:count]


def _moved(rng: np.random.Generator, level: int, dimension: Dimension) -> tuple[int, bool]:
    """Return another level (the same: no move), and whether it is a neighbour by intent."""
    size, is_ordinal = len(dimension.levels), dimension.kind == "ordinal"
    if size < 2:
        return level, False
    if is_ordinal and size > 2 and rng.random() < 0.5:
        to = level + (1 if rng.random() < 0.5 else -1)
        return (to, True) if 0 <= to < size else (level, False)
    return (level + 1 + int(rng.integers(size - 1))) % size, not is_ordinal or size == 2


def _sobol(space: Space, count: int, seed: int) -> list[int]:
    from scipy.stats import qmc

    sizes = np.array([len(dimension.levels) for dimension in space.dimensions], dtype=np.int64)
    strides = np.array([prod(sizes[i + 1 :].tolist()) for i in range(sizes.size)], dtype=np.int64)
    engine = qmc.Sobol(sizes.size, scramble=True, rng=np.random.default_rng(seed))
    found: dict[int, None] = {}
    power = max(1, (count - 1).bit_length())
    for round_ in range(SOBOL_ROUNDS):
        points = engine.random_base2(power) if round_ == 0 else engine.random(2**power)
        levels = np.minimum((points * sizes).astype(np.int64), sizes - 1)
        found.update(dict.fromkeys((levels @ strides).tolist()))
        if len(found) >= count:
            return list(found)[:count]
    # A sample of nearly all cells: what the sequence has not met is filled up at random.
    rest = np.setdiff1d(np.arange(space.cardinality), np.fromiter(found, dtype=np.int64))
    extra = np.random.default_rng(seed).choice(rest, size=count - len(found), replace=False)
    return [*found, *(int(rank) for rank in extra)]


def linear_levels(low: float, high: float, count: int, *, is_log: bool, is_integer: bool) -> tuple[Any, ...]:
    """Return `count` levels from `low` to `high`, equally or geometrically spaced; whole numbers without repeats."""
    values = np.geomspace(low, high, count) if is_log else np.linspace(low, high, count)
    values[0], values[-1] = low, high
    if is_integer:
        return tuple(sorted({round(float(value)) for value in values}))
    return tuple(float(value) for value in values)
