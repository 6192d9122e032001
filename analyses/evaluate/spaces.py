"""Finite search spaces: levels, conditions, ranks, and samples of their configurations.

A configuration's rank is a mixed-radix number: the last hyperparameter varies fastest, as in the warehouse. What is
inactive stands at its default there, so that cells which differ in inactive hyperparameters only are one configuration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.evaluate.errors import SpecError

SAMPLES = ("grid", "random", "sobol", "pairs")
MOST_CELLS = 2**62
SOBOL_ROUNDS = 12
MOST_LISTED = 5_000_000
"""Configurations of a conditional space that are listed; of a larger one only settings of what others need are."""


@dataclass(frozen=True, kw_only=True)
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
    needs: tuple[tuple[int, tuple[int, ...]], ...] = ()
    """Of a conditional hyperparameter: the places of others, and those of their levels that it is active with."""
    default: int | None = None
    """The level that it has where it is inactive; None: the middle one of those in order, else the first."""

    @property
    def default_level(self) -> int:
        """The level that it has where it is inactive, and at which a step that makes it active arrives."""
        if self.default is not None:
            return self.default
        return (len(self.levels) - 1) // 2 if self.kind == "ordinal" else 0

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

    @cached_property
    def strides(self) -> tuple[int, ...]:
        """Rank difference of one level of each hyperparameter."""
        sizes = [len(dimension.levels) for dimension in self.dimensions]
        return tuple(prod(sizes[at + 1 :]) for at in range(len(sizes)))

    @property
    def is_conditional(self) -> bool:
        """Whether a hyperparameter is active only where others have certain levels."""
        return any(dimension.needs for dimension in self.dimensions)

    def parameters(self, rank: int) -> dict[str, Any]:
        """Return the configuration of a rank as `{hyperparameter: value}`; what is inactive is absent."""
        at = [rank // stride % len(d.levels) for d, stride in zip(self.dimensions, self.strides, strict=True)]
        return {
            dimension.name: dimension.levels[level]
            for dimension, level in zip(self.dimensions, at, strict=True)
            if all(at[other] in levels for other, levels in dimension.needs)
        }

    @cached_property
    def configuration_count(self) -> int:
        """The number of configurations: the cells, those that differ in inactive hyperparameters only counted once."""
        return self.cardinality if not self.is_conditional else int(self._branches[1].sum())

    def configurations(self) -> Sequence[int]:
        """Return the ranks of all configurations in order.

        Raises:
            SpecError: a conditional space has more than `MOST_LISTED`.
        """
        if not self.is_conditional:
            return range(self.cardinality)
        if self.configuration_count > MOST_LISTED:
            raise SpecError(
                f"The conditional search space has {self.configuration_count:,} configurations; at most "
                f"{MOST_LISTED:,} are listed.",
                'Take a sample: sample = "random", configurations = 500',
            )
        return sorted((self._grown(range(len(self.dimensions))) @ np.array(self.strides, dtype=np.int64)).tolist())

    def canonical(self, ranks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return for each cell its configuration: what is inactive at its default."""
        found = ranks.copy()
        for dimension, stride in zip(self.dimensions, self.strides, strict=True):
            off = np.zeros(ranks.shape, dtype=bool)
            for other, levels in dimension.needs:
                at = ranks // self.strides[other] % len(self.dimensions[other].levels)
                off |= ~np.isin(at, levels)
            here = ranks // stride % len(dimension.levels)
            found += np.where(off, (dimension.default_level - here) * stride, 0)
        return found

    def drawn(self, rng: np.random.Generator, count: int) -> NDArray[np.int64]:
        """Return ranks of configurations, each drawn with the same probability, with replacement."""
        levels, weights = self._branches
        found = levels[rng.choice(weights.size, size=count, p=weights / weights.sum())].copy()
        for place, dimension in enumerate(self.dimensions):
            if place not in self._needed:
                on = self._active(found, dimension)
                found[:, place] = np.where(on, rng.integers(len(dimension.levels), size=count), dimension.default_level)
        return np.asarray(found @ np.array(self.strides, dtype=np.int64))

    @cached_property
    def _needed(self) -> list[int]:
        """Places of what others need, parents first."""
        needed = {other for dimension in self.dimensions for other, _ in dimension.needs}
        # Needs include those of what is needed, so whoever needs fewer comes first.
        return sorted(needed, key=lambda place: len(self.dimensions[place].needs))

    @cached_property
    def _branches(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """All settings of what others need (levels by place), and how many configurations have each."""
        levels = self._grown(self._needed)
        weights = np.ones(len(levels), dtype=np.int64)
        for place, dimension in enumerate(self.dimensions):
            if place not in self._needed:
                weights *= np.where(self._active(levels, dimension), len(dimension.levels), 1)
        return levels, weights

    def _grown(self, places: Sequence[int]) -> NDArray[np.int64]:
        """Return all settings of some hyperparameters, those that they need among them; the rest at their defaults."""
        start = [dimension.default_level for dimension in self.dimensions]
        levels = np.array([start], dtype=np.int64)
        for place in sorted(places, key=lambda place: len(self.dimensions[place].needs)):
            dimension = self.dimensions[place]
            on = self._active(levels, dimension)
            size = int(on.sum()) * len(dimension.levels)
            if size > MOST_LISTED:
                raise SpecError(
                    f"The conditions of the search space part it in more than {MOST_LISTED:,} ways.",
                    "Give fewer levels to the hyperparameters that others need.",
                )
            more = np.repeat(levels[on], len(dimension.levels), axis=0)
            more[:, place] = np.tile(np.arange(len(dimension.levels)), int(on.sum()))
            levels = np.concatenate((levels[~on], more))
        return levels

    @staticmethod
    def _active(levels: NDArray[np.int64], dimension: Dimension) -> NDArray[np.bool_]:
        on = np.ones(len(levels), dtype=bool)
        for other, wanted in dimension.needs:
            on &= np.isin(levels[:, other], wanted)
        return on


def sample(space: Space, how: str, count: int | None, seed: int) -> Sequence[int]:
    """Return the ranks to evaluate, each once: all of them in order, or `count` of them.

    Args:
        how: `grid` (all configurations, or the first `count` never: a grid is whole), `random` (without replacement)
            or `sobol` (a scrambled Sobol sequence cut to the levels, each cell standing for its configuration; those
            that come up again are skipped), or `pairs` (random configurations, each with one neighbour on every axis:
            what metrics of neighbours are estimated from; not with conditions).

    Raises:
        SpecError: the space has more cells than a rank can count, or conditions with which it cannot be listed.
    """
    cells = space.cardinality
    if cells >= MOST_CELLS:
        raise SpecError(f"The search space has {cells:.3g} cells, more than can be counted.", "Give fewer levels.")
    if how == "pairs" and space.is_conditional:
        raise SpecError(
            "Samples of pairs are for search spaces without conditions.", 'Take sample = "random" or "sobol".'
        )
    if how == "grid" or count is None or count >= space.configuration_count:
        return space.configurations()
    if how == "random":
        return _random(space, count, seed)
    return _pairs(space, count, seed) if how == "pairs" else _sobol(space, count, seed)


def _random(space: Space, count: int, seed: int) -> list[int]:
    rng = np.random.default_rng(seed)
    if not space.is_conditional:
        return [int(rank) for rank in rng.choice(space.cardinality, size=count, replace=False)]
    if space.configuration_count <= MOST_LISTED:
        return [int(rank) for rank in rng.choice(space.configurations(), size=count, replace=False)]
    found: dict[int, None] = {}
    while len(found) < count:
        found.update(dict.fromkeys(space.drawn(rng, count).tolist()))
    return list(found)[:count]


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
        found.update(dict.fromkeys(space.canonical(levels @ strides).tolist()))
        if len(found) >= count:
            return list(found)[:count]
    # A sample of nearly all configurations: what the sequence has not met is filled up at random.
    rest = np.setdiff1d(np.asarray(space.configurations()), np.fromiter(found, dtype=np.int64))
    extra = np.random.default_rng(seed).choice(rest, size=count - len(found), replace=False)
    return [*found, *(int(rank) for rank in extra)]


def linear_levels(low: float, high: float, count: int, *, is_log: bool, is_integer: bool) -> tuple[Any, ...]:
    """Return `count` levels from `low` to `high`, equally or geometrically spaced; whole numbers without repeats."""
    values = np.geomspace(low, high, count) if is_log else np.linspace(low, high, count)
    values[0], values[-1] = low, high
    if is_integer:
        return tuple(sorted({round(float(value)) for value in values}))
    return tuple(float(value) for value in values)
