"""The levels that a landscape itself has: those without a value on it take no part.

A search space's levels are those of all its benchmarks, and some may never have succeeded. A landscape is over the
levels at which it has values; where levels have an order, neighbours are one such level apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.grid.space import Space
from hpowh.analyses.landscapes.grid.surface import Surface

LEAST_COVERAGE = 0.5
"""Below this share of the landscape's own grid, a level that was never tried may be absent by chance: it stays."""


@dataclass(frozen=True)
class EmptyLevel:
    """A level of a hyperparameter at which no configuration has a value."""

    position: int
    hyperparameter: str
    level: int
    failed: int
    """Configurations that were tried there and have no value; 0: none was tried."""


@dataclass(frozen=True)
class Own:
    """A landscape over its own levels, and the way back to the ranks of its search space."""

    surface: Surface
    space: Space
    levels: tuple[NDArray[np.int64], ...]
    """Of each axis the levels that are left, as the search space numbers them."""
    empty: tuple[EmptyLevel, ...]

    def whole(self, ranks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return ranks of the landscape's own grid as ranks of the search space."""
        found = np.zeros(np.shape(ranks), dtype=np.int64)
        for axis, kept in enumerate(self.levels):
            found += kept[self.surface.space.levels(ranks, axis)] * self.space.strides[axis]
        return found

    def inner(self, rank: int) -> int | None:
        """Return a rank of the search space as one of the own grid; None where one of its levels is empty."""
        found = 0
        for axis, kept in enumerate(self.levels):
            level = rank // self.space.strides[axis] % self.space.shape[axis]
            at = int(np.searchsorted(kept, level))
            if at == kept.size or kept[at] != level:
                return None
            found += at * self.surface.space.strides[axis]
        return found


def own_levels(surface: Surface) -> Own | None:
    """Return the landscape over its own levels; None where it has values at all levels of its search space.

    Levels at which everything that was tried failed are left out in any case; those that were never tried only where
    what is left is half evaluated at least, as a thin sample may miss a level. A conditional space keeps its levels.
    """
    space = surface.space
    if surface.is_complete or space.conditions:
        return None
    used = [_used(space, surface.ranks, axis) for axis in range(len(space.axes))]
    tried = [_used(space, surface.failed, axis) for axis in range(len(space.axes))]
    if all(bool(one.all()) for one in used):
        return None
    kept = used
    if surface.size < LEAST_COVERAGE * np.prod([float(np.count_nonzero(one)) for one in used]):
        kept = [one | ~other for one, other in zip(used, tried, strict=True)]
        if all(bool(one.all()) for one in kept):
            return None
    levels = tuple(np.flatnonzero(one) for one in kept)
    inner = Space(
        tuple(replace(axis, cardinality=int(left.size)) for axis, left in zip(space.axes, levels, strict=True))
    )
    ranks, failed = (_inner(space, inner, levels, kept, x) for x in (surface.ranks, surface.failed))
    empty = tuple(
        EmptyLevel(axis.position, axis.name, int(level), _count(space, surface.failed, j, int(level)))
        for j, axis in enumerate(space.axes)
        for level in np.flatnonzero(~kept[j])
    )
    return Own(replace(surface, space=inner, ranks=ranks, failed=failed), space, levels, empty)


def over_own_levels(surface: Surface) -> Surface:
    """Return the landscape over its own levels, itself where it has all."""
    own = own_levels(surface)
    return surface if own is None else own.surface


def _used(space: Space, ranks: NDArray[np.int64], axis: int) -> NDArray[np.bool_]:
    used = np.zeros(space.shape[axis], dtype=bool)
    used[space.levels(ranks, axis)] = True
    return used


def _inner(
    space: Space,
    inner: Space,
    levels: Sequence[NDArray[np.int64]],
    kept: Sequence[NDArray[np.bool_]],
    ranks: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return ranks in the own grid; those at a level that is left out are dropped. Their order stays."""
    found, there = np.zeros(ranks.size, dtype=np.int64), np.ones(ranks.size, dtype=bool)
    for axis, left in enumerate(levels):
        level = space.levels(ranks, axis)
        there &= kept[axis][level]
        found += np.searchsorted(left, level) * inner.strides[axis]
    return found[there]


def _count(space: Space, ranks: NDArray[np.int64], axis: int, level: int) -> int:
    return int(np.count_nonzero(space.levels(ranks, axis) == level))


def empty_sentences(empty: Sequence[EmptyLevel], labels: Mapping[int, Sequence[str]]) -> list[str]:
    """Return what must be said of levels without a value: those that failed by name, those never tried by number.

    Args:
        labels: of the levels, by the hyperparameter's position.
    """
    failed = [one for one in empty if one.failed]
    found = [
        f"{', '.join(f'{_named(one, labels)} never succeeded ({one.failed} of {one.failed})' for one in failed)}: "
        "such levels take no part."
    ] if failed else []  # fmt: skip
    untried = [one for one in empty if not one.failed]
    if untried:
        names = list(dict.fromkeys(one.hyperparameter for one in untried))
        found.append(
            f"The landscape is over the levels that it has: of {', '.join(names)} {len(untried)} levels of the search "
            "space were never tried on it, and neighbours are one of its own levels apart."
        )
    return found


def _named(one: EmptyLevel, labels: Mapping[int, Sequence[str]]) -> str:
    known = labels.get(one.position, ())
    return f"{one.hyperparameter} = {known[one.level] if one.level < len(known) else f'level {one.level}'}"
