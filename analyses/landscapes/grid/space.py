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
class Space:
    """A search space whose axes are in the order of the mixed-radix rank, the slowest first.

    A configuration's rank is `sum(level[j] * stride[j])`; two configurations are neighbours when they differ in one
    axis, by one level where it is ordinal, by any level where it is categorical.
    """

    axes: tuple[Axis, ...]

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
    def from_strides(cls, axes: Sequence[Axis], strides: Sequence[int]) -> Space:
        """Return the space with the axes sorted by stride, as the warehouse stores them in any order.

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
        return cls(tuple(axis for axis, _ in pairs))

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

    def levels(self, ranks: NDArray[np.int64], axis: int) -> NDArray[np.int64]:
        """Return the level that each configuration has on one axis."""
        return (np.asarray(ranks, dtype=np.int64) // self.strides[axis]) % self.shape[axis]
