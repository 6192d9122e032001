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

SAMPLES = ("grid", "random", "sobol")
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
            (a scrambled Sobol sequence cut to the levels; cells that come up again are skipped).

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
    return _sobol(space, count, seed)


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
