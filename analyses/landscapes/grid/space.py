"""The search space: what configurations there are and which of them are neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.errors import LandscapeError

MAX_CARDINALITY = 2**62
"""Ranks are 64-bit integers."""


@dataclass(frozen=True)
class Axis:
    """One hyperparameter: its name, number of levels, whether they have an order, and its position in the space."""

    name: str
    cardinality: int
    is_ordinal: bool
    position: int = 0


@dataclass(frozen=True)
class Condition:
    """What makes a hyperparameter active: others, each with one of its levels. Axes are places in `Space.axes`."""

    axis: int
    needs: tuple[tuple[int, tuple[int, ...]], ...]
    default: int
    """The level that stands for all where it is inactive."""


@dataclass(frozen=True)
class Space:
    """A search space whose axes are in the order of the mixed-radix rank, the slowest first.

    A configuration's rank is `sum(level[j] * stride[j])`; two configurations are neighbours when they differ in one
    axis, by one level where it is ordinal, by any level where it is categorical.

    In a conditional space cells that differ in inactive hyperparameters only are one configuration, the cell in which
    those have their default levels. So a move that makes a hyperparameter active arrives at its default, and an
    inactive one has no moves.
    """

    axes: tuple[Axis, ...]
    conditions: tuple[Condition, ...] = ()
    configurations: int | None = None
    """How many there are; None: a cell each."""

    def __post_init__(self) -> None:
        if not self.axes:
            raise LandscapeError("The search space has no hyperparameter.")
        for axis in self.axes:
            if axis.cardinality < 1:
                raise LandscapeError(
                    f"Hyperparameter {axis.name!r} has {axis.cardinality} levels; it needs at least 1."
                )
        if self.cardinality > MAX_CARDINALITY:
            raise LandscapeError(f"The search space has {self.cardinality:,} configurations; ranks end at 2^62.")

    @classmethod
    def of(cls, cardinalities: Sequence[int], ordinal: Sequence[bool] | bool = True) -> Space:
        """Return a space with axes named `x0`, `x1`, …; `ordinal` holds for all axes or is given for each."""
        flags = [ordinal] * len(cardinalities) if isinstance(ordinal, bool) else list(ordinal)
        if len(flags) != len(cardinalities):
            raise LandscapeError(f"{len(cardinalities)} cardinalities but {len(flags)} kinds were given.")
        return cls(
            tuple(
                Axis(f"x{j}", int(size), bool(flag), j)
                for j, (size, flag) in enumerate(zip(cardinalities, flags, strict=True))
            )
        )

    @classmethod
    def from_strides(
        cls,
        axes: Sequence[Axis],
        strides: Sequence[int],
        conditions: Sequence[tuple[int, int, Sequence[int], int]] = (),
        configurations: int | None = None,
    ) -> Space:
        """Return the space with the axes sorted by stride, as the warehouse stores them in any order.

        Args:
            conditions: position of a conditional hyperparameter, of one that it needs, levels of that, own default.
            configurations: how many there are, where there are conditions.

        Raises:
            LandscapeError: the strides are not those of a mixed-radix rank.
        """
        pairs = sorted(zip(axes, strides, strict=True), key=lambda pair: (-pair[1], pair[0].position))
        expected = 1
        for axis, stride in reversed(pairs):
            if axis.cardinality > 1 and stride != expected:
                raise LandscapeError(
                    f"Hyperparameter {axis.name!r} has stride {stride}; a mixed-radix rank needs {expected}."
                )
            expected *= axis.cardinality
        return cls(
            tuple(axis for axis, _ in pairs), _conditions([axis for axis, _ in pairs], conditions), configurations
        )

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Number of levels of each axis."""
        return tuple(axis.cardinality for axis in self.axes)

    @cached_property
    def ordinal(self) -> tuple[bool, ...]:
        """Whether each axis is ordinal."""
        return tuple(axis.is_ordinal for axis in self.axes)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Name of each axis."""
        return tuple(axis.name for axis in self.axes)

    @cached_property
    def cardinality(self) -> int:
        """Number of configurations of the full grid."""
        total = 1
        for axis in self.axes:
            total *= axis.cardinality
        return total

    @cached_property
    def strides(self) -> tuple[int, ...]:
        """Rank difference of one level on each axis."""
        strides, stride = [], 1
        for axis in reversed(self.axes):
            strides.append(stride)
            stride *= axis.cardinality
        return tuple(reversed(strides))

    @cached_property
    def pair_count(self) -> int:
        """Number of undirected neighbour pairs of the full grid."""
        return sum(
            self.cardinality // size * ((size - 1) if flag else size * (size - 1) // 2)
            for size, flag in zip(self.shape, self.ordinal, strict=True)
        )

    @property
    def configuration_count(self) -> int:
        """Number of configurations: the cells of the grid, or fewer in a conditional space."""
        return self.cardinality if self.configurations is None else self.configurations

    def canonical(self, ranks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return for each cell its configuration: inactive hyperparameters at their default levels."""
        found = np.asarray(ranks, dtype=np.int64).copy()
        for condition in self.conditions:
            is_active = np.ones(found.shape, dtype=bool)
            for axis, levels in condition.needs:
                is_active &= np.isin(self.levels(ranks, axis), levels)
            level = self.levels(found, condition.axis)
            found += np.where(is_active, 0, (condition.default - level) * self.strides[condition.axis])
        return found

    def levels(self, ranks: NDArray[np.int64], axis: int) -> NDArray[np.int64]:
        """Return the level that each configuration has on one axis."""
        return (np.asarray(ranks, dtype=np.int64) // self.strides[axis]) % self.shape[axis]


def _conditions(axes: Sequence[Axis], rows: Sequence[tuple[int, int, Sequence[int], int]]) -> tuple[Condition, ...]:
    """Return conditions by places instead of positions; a hyperparameter's needs include those of what it needs."""
    place = {axis.position: at for at, axis in enumerate(axes)}
    needs: dict[tuple[int, int], list[tuple[int, tuple[int, ...]]]] = {}
    for position, other, levels, default in rows:
        needs.setdefault((place[position], int(default)), []).append((place[other], tuple(map(int, levels))))
    return tuple(Condition(axis, tuple(sorted(wanted)), default) for (axis, default), wanted in sorted(needs.items()))
