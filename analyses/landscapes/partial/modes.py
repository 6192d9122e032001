"""The Fourier modes of a grid's neighbourhood graph, on which the field of its completions is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.space import Space

Cells = NDArray[np.float64]
Room = tuple[Cells, Cells]
"""Two arrays as large as the grid, to work in."""

MAX_LEVELS = 500
"""An axis of more levels has no modes (their matrix is levels x levels)."""
FACTOR = 32
"""Levels of neighbouring axes that are taken together."""
ORDERS = 3
"""Sets of up to so many hyperparameters have variances of their own; larger ones share those of their size."""
ALONE = 100
"""Modes of an order beyond those that it takes to have variances of its own."""
BANDS = (0.25, 1.0, 2.0)
"""Bounds of the frequency (mean Laplacian eigenvalue of a mode's ordinal axes, 0 to 4); modes between two share one."""


@dataclass(frozen=True, kw_only=True)
class Modes:
    """The Fourier modes of a grid's neighbourhood graph, and which of them share a variance."""

    shape: tuple[int, ...]
    bases: tuple[Cells, ...]
    """Each axis's modes as orthonormal columns, the constant one first."""
    factors: tuple[Cells, ...]
    """The same, neighbouring axes taken together where they are small: fewer passes over the grid."""
    group: NDArray[np.int32]
    """Group of each mode, by its place in the grid of modes; 0 is the constant."""
    size: NDArray[np.int64]
    order: NDArray[np.int64]
    """Number of hyperparameters that the modes of each group vary with."""

    def analyse(self, values: Cells, room: Room | None = None) -> Cells:
        """Return the coefficients of a function on the grid (both flat), in `room` where there is one."""
        return _through(values, self.factors, room)

    def synthesise(self, coefficients: Cells, room: Room | None = None) -> Cells:
        """Return the function of coefficients (both flat), in `room` where there is one."""
        return _through(coefficients, [basis.T for basis in self.factors], room)


def _through(values: Cells, factors: Sequence[Cells], room: Room | None) -> Cells:
    """Return values on the grid, each of its (taken together) axes multiplied by a matrix.

    The axis in front goes to the end: after all axes they are in their order again. Of the two arrays of `room` none is
    written to while it is read; arrays made anew for each axis would cost more than the products.
    """
    first, second = room or (np.empty(values.size), np.empty(values.size))
    if values is first:
        first, second = second, first
    for factor in factors:
        product = first.reshape(-1, len(factor))
        np.matmul(values.reshape(len(factor), -1).T, factor, out=product)
        values, first, second = first, second, first
    return values


def modes_of(space: Space) -> Modes:
    """Return the modes of a space's grid: cosines on ordinal axes, any orthonormal contrasts on categorical ones."""
    return _modes(space.shape, space.ordinal)


@lru_cache(maxsize=4)
def _modes(shape: tuple[int, ...], ordinal: tuple[bool, ...]) -> Modes:
    k = len(shape)
    bases = tuple(_cosines(size) if flag else _contrasts(size) for size, flag in zip(shape, ordinal, strict=True))
    order, ordered, frequency = (np.zeros(shape) for _ in range(3))
    members = np.zeros(shape, dtype=np.int64)
    for axis, (size, flag) in enumerate(zip(shape, ordinal, strict=True)):
        along = [1] * k
        along[axis] = size
        varies = (np.arange(size) > 0).reshape(along)
        order += varies
        members += varies.astype(np.int64) << axis
        if flag:
            ordered += varies
            frequency += (2 - 2 * np.cos(np.pi * np.arange(size) / size)).reshape(along)
    band = np.searchsorted(BANDS, (frequency / np.maximum(ordered, 1)).ravel(), side="right")
    size_of = _with_few_below(order.ravel().astype(np.int64))
    sets = np.where(size_of <= ORDERS, members.ravel(), (1 << k) + size_of)
    _, first, group = np.unique(sets * (len(BANDS) + 1) + band, return_index=True, return_inverse=True)
    return Modes(
        shape=shape,
        bases=bases,
        factors=_merged(bases),
        group=group.astype(np.int32),
        size=np.bincount(group),
        order=size_of[first],
    )


def _with_few_below(order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the order of each mode, orders beyond `ORDERS` of few modes counted as the one below.

    Nothing else says what the variance of a single mode is: its draws would wander towards 0, and with them whatever is
    drawn for the holes towards what makes that mode vanish.
    """
    counted = order.copy()
    for one in range(int(order.max()), ORDERS + 1, -1):
        if np.count_nonzero(counted == one) < ALONE:
            counted[counted == one] = one - 1
    return counted


def _merged(bases: tuple[Cells, ...]) -> tuple[Cells, ...]:
    found = [bases[0]]
    for basis in bases[1:]:
        if len(found[-1]) * len(basis) <= FACTOR:
            found[-1] = np.asarray(np.kron(found[-1], basis), dtype=np.float64)
        else:
            found.append(basis)
    return tuple(found)


def _cosines(size: int) -> Cells:
    """Return the eigenvectors of a path's Laplacian as columns, by rising frequency."""
    at = np.arange(size)
    modes = np.cos(np.pi * (at[:, None] + 0.5) * at[None, :] / size)
    return modes / np.sqrt((modes**2).sum(axis=0))


def _contrasts(size: int) -> Cells:
    """Return an orthonormal basis whose first column is constant (Helmert's contrasts)."""
    columns = [np.ones(size)]
    for j in range(1, size):
        columns.append(np.concatenate([np.ones(j), [-j], np.zeros(size - j - 1)]))
    modes = np.stack(columns, axis=1)
    return modes / np.sqrt((modes**2).sum(axis=0))
