"""One landscape's data: the configurations that were evaluated and their losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.errors import LandscapeError, TooLargeError
from hpowh.analyses.landscapes.grid.space import Space
from hpowh.analyses.landscapes.grid.units import Units

MAX_CELLS = 200_000_000
"""Largest dense array of losses (1.6 GB); beyond it the computations that need one give NULL with the reason."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Surface:
    """A landscape: sorted configuration ranks and one finite loss (minimised) for each.

    Configurations that are missing or have no finite loss are holes; nothing is imputed.
    """

    space: Space
    ranks: NDArray[np.int64]
    loss: NDArray[np.float64]
    dropped: int = 0
    """Configurations that had no finite loss."""
    units: Units | None = None
    """How the configurations share seeds and folds; None where all have the same."""
    failed: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    """Ranks of the configurations that were tried and have no finite loss."""

    @classmethod
    def make(
        cls,
        space: Space,
        ranks: Sequence[int] | NDArray[np.int64],
        loss: NDArray[np.float64],
        units: Units | None = None,
    ) -> Surface:
        """Check, sort and clean one landscape's data.

        Args:
            ranks: configuration ranks in the space, in any order, without repetition.
            loss: one loss per rank; NaN and infinite losses become holes.
            units: what is known of unequal seeds and folds.

        Raises:
            LandscapeError: nothing is left, a rank lies outside the space, or one occurs twice.
        """
        ranks = np.ascontiguousarray(ranks, dtype=np.int64)
        loss = np.ascontiguousarray(loss, dtype=np.float64)
        if ranks.shape != loss.shape or ranks.ndim != 1:
            raise LandscapeError(f"{ranks.shape} ranks do not go with {loss.shape} losses.")
        finite = np.isfinite(loss)
        failed = ranks[~finite]
        dropped = int(failed.size)
        if dropped:
            ranks, loss = ranks[finite], loss[finite]
        if not ranks.size:
            raise LandscapeError(
                "No configuration has a finite loss.",
                "Look at the statuses: select status, count(*) from core.evaluation group by status",
            )
        if np.any(ranks[1:] <= ranks[:-1]):
            order = np.argsort(ranks, kind="stable")
            ranks, loss = ranks[order], loss[order]
            if np.any(ranks[1:] == ranks[:-1]):
                raise LandscapeError("A configuration occurs more than once.", "Average over seeds and folds first.")
        low, high = (int(end(np.concatenate((ranks[[0, -1]], failed)))) for end in (np.min, np.max))
        if low < 0 or high >= space.cardinality:
            raise LandscapeError(
                f"Configuration {low if low < 0 else high} lies outside the space "
                f"of {space.cardinality:,} configurations."
            )
        return cls(space=space, ranks=ranks, loss=loss, dropped=dropped, units=units, failed=failed)

    @classmethod
    def from_grid(cls, array: NDArray[np.float64], ordinal: Sequence[bool] | bool = True) -> Surface:
        """Return the landscape of an array with one dimension per hyperparameter; NaN marks a hole."""
        array = np.asarray(array, dtype=np.float64)
        return cls.make(Space.of(array.shape, ordinal), np.arange(array.size), array.ravel())

    @property
    def size(self) -> int:
        """Number of configurations with a loss."""
        return int(self.ranks.size)

    @property
    def is_complete(self) -> bool:
        """Whether every configuration of the space has a loss."""
        return self.size == self.space.cardinality

    @property
    def is_whole(self) -> bool:
        """Whether every configuration has a loss; in a conditional space those are fewer than the cells."""
        return self.size == self.space.configuration_count

    @property
    def coverage(self) -> float:
        """Share of the space's configurations that have a loss."""
        return self.size / self.space.configuration_count

    @property
    def occupancy(self) -> float:
        """Share of the grid's cells that have a loss."""
        return self.size / self.space.cardinality

    def expanded(self) -> Surface:
        """Return the landscape over all cells of a conditional space: what is inactive changes nothing.

        Raises:
            TooLargeError: the grid has more than `MAX_CELLS` cells.
        """
        loss = self.dense()
        cells = np.arange(loss.size)
        return Surface.make(Space(self.space.axes), cells, loss[self.space.canonical(cells)])

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Node ids from the best to the worst; equal losses in the order of their ranks."""
        return stable_order(self.loss)

    @cached_property
    def ordered(self) -> NDArray[np.float64]:
        """All losses, the best first."""
        return self.loss[self.order]

    def quantile(self, probability: float) -> float:
        """Return the loss at a probability, interpolated linearly (Hyndman and Fan's type 7)."""
        return sorted_quantile(self.ordered, probability)

    @cached_property
    def place(self) -> NDArray[np.int32]:
        """Each node's place in `order`: a total order that resolves equal losses by the smaller rank."""
        place = np.empty(self.size, dtype=np.int32)
        place[self.order] = np.arange(self.size, dtype=np.int32)
        return place

    @cached_property
    def average_rank(self) -> NDArray[np.float64]:
        """Each node's rank by loss, 1 for the best, equal losses sharing the mean of their ranks."""
        # Few losses are tied as a rule: only these get a rank other than their place.
        ranks: NDArray[np.float64] = self.place.astype(np.float64) + 1.0
        same = self.ordered[1:] == self.ordered[:-1]
        if same.any():
            tied = np.concatenate((same, [False])) | np.concatenate(([False], same))
            at = np.flatnonzero(tied)
            ranks[self.order[at]] = at[0] + run_means(self.ordered[at], at - at[0] + 1.0)
        return ranks

    @cached_property
    def optima(self) -> NDArray[np.int64]:
        """Node ids of the global optima: all configurations with exactly the smallest loss."""
        count = int(np.searchsorted(self.ordered, self.ordered[0], side="right"))
        return np.sort(self.order[:count])

    def ranks_of(self, nodes: NDArray) -> NDArray:
        """Return the ranks of nodes; in a complete landscape a node's id is its rank."""
        return nodes if self.is_complete else self.ranks[nodes]

    def dense(self, values: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Return `values` (by default the losses) as a flat array over the whole grid, NaN where there is a hole.

        Raises:
            TooLargeError: the grid has more than `MAX_CELLS` cells.
        """
        values = self.loss if values is None else values
        if self.is_complete:
            return values
        require_cells(self.space)
        out = np.full(self.space.cardinality, np.nan)
        out[self.ranks] = values
        return out


def require_cells(space: Space, limit: int = MAX_CELLS) -> None:
    """Raise TooLargeError where a dense array over the space would have more than `limit` cells."""
    if space.cardinality > limit:
        raise TooLargeError(
            f"The full grid has {space.cardinality:,} cells ({space.cardinality * 8 / 2**30:,.1f} GiB of losses); "
            f"dense computations stop at {limit:,}.",
            "Analyse a slice of the space, or a sample of it (sparse landscapes need no dense array).",
        )


def stable_order(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the sorting permutation that keeps equal values in their order.

    NumPy's vectorised sort is several times quicker than its stable one; only the runs of equal values, usually few,
    are put in order afterwards.
    """
    order = np.argsort(values)
    ordered = values[order]
    same = np.flatnonzero(ordered[1:] == ordered[:-1])
    if same.size:
        is_tied = np.zeros(order.size, dtype=bool)
        is_tied[same] = is_tied[same + 1] = True
        at = np.flatnonzero(is_tied)
        run = np.cumsum(np.concatenate(([True], ordered[at][1:] != ordered[at][:-1])))
        order[at] = order[at][np.lexsort((order[at], run))]
    return order


def run_means(keys: NDArray, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return for each position the mean of the values over its run of equal keys."""
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    lengths = np.diff(np.append(starts, keys.size))
    return np.repeat(np.add.reduceat(values, starts) / lengths, lengths)


def sorted_quantile(ordered: NDArray[np.float64], probability: float) -> float:
    """Return a quantile of sorted values, interpolated linearly (Hyndman and Fan's type 7)."""
    at = probability * (ordered.size - 1)
    low = int(at)
    high = min(low + 1, ordered.size - 1)
    return float(ordered[low] + (ordered[high] - ordered[low]) * (at - low))
