"""How alike two landscapes of one search space are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.grid.own import over_own_levels
from hpowh.analyses.landscapes.grid.paying import pays
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.fanova import decompose
from hpowh.analyses.landscapes.partial.completed import IMPUTATIONS, can_be_completed
from hpowh.analyses.landscapes.partial.completing import completions
from hpowh.analyses.landscapes.values import Metric, dot, metric, pearson
from hpowh.analyses.statistics.ranks import ranked

SHARES = (1, 5, 10, 25)
"""Per cent of the best and of the worst configurations whose overlap is measured."""
MAX_KENDALL = 5_000_000
MAX_OPTIMUM_PAIRS = 1_000_000
COMPILED_KENDALL = 3_000_000
"""Configurations x pairs of landscapes from which the compiled loop pays, once its machine code is on disk."""
CONSTANT = "one of the two landscapes is constant"


@dataclass(frozen=True)
class Prepared:
    """A landscape with what each of its comparisons needs, computed once."""

    surface: Surface
    main_shares: NDArray[np.float64] | None
    """Each hyperparameter's share of the variance of the ranks; the mean over completions where some
    configurations are missing, None where too many are or the landscape is constant."""

    @cached_property
    def share_ranks(self) -> NDArray[np.float64] | None:
        """The hyperparameters' ranks by importance."""
        return None if self.main_shares is None else ranked(self.main_shares)

    @cached_property
    def unit_ranks(self) -> NDArray[np.float64] | None:
        """Ranks of the losses, centred and of length 1, so that their product is Spearman's correlation."""
        centred = self.surface.average_rank - (self.surface.size + 1) / 2
        length = float(np.sqrt(dot(centred, centred)))
        return centred / length if length > 0 else None

    @cached_property
    def extremes(self) -> list[tuple[str, NDArray[np.bool_], int]]:
        """Which configurations are among the best and worst per cent, and how many; ties at the border all belong."""
        loss, ordered, n = self.surface.loss, self.surface.ordered, self.surface.size
        found = []
        for side in ("best", "worst"):
            for percent in SHARES:
                keep = max(1, round(n * percent / 100))
                inside = loss <= ordered[keep - 1] if side == "best" else loss >= ordered[n - keep]
                found.append((f"{side}_overlap_{percent}", inside, int(np.count_nonzero(inside))))
        return found

    @cached_property
    def level_ranks(self) -> NDArray[np.int32]:
        """Ranks from 0 without gaps: tied losses share one."""
        ordered = self.surface.ordered
        ranks = np.empty(ordered.size, dtype=np.int32)
        ranks[self.surface.order] = np.cumsum(np.concatenate(([0], ordered[1:] != ordered[:-1])))
        return ranks

    @cached_property
    def tied_pairs(self) -> int:
        """Number of pairs of configurations with the same loss."""
        counts = np.bincount(self.level_ranks).astype(np.int64)
        return int(np.sum(counts * (counts - 1)) // 2)

    @cached_property
    def optimum_levels(self) -> NDArray[np.int64]:
        """The levels of the global optima, one row each."""
        space, ranks = self.surface.space, self.surface.ranks[self.surface.optima]
        return np.stack([space.levels(ranks, axis) for axis in range(len(space.axes))], axis=1)


def prepare(surface: Surface) -> Prepared:
    """Return the landscape with its importances, computed once for all comparisons."""
    own = over_own_levels(surface)
    if own.is_whole and surface.ordered[0] < surface.ordered[-1]:
        return Prepared(surface, _main_shares(own))
    if can_be_completed(own):
        drawn = [_main_shares(one) for one in completions(own, IMPUTATIONS, seed=0)]
        return Prepared(surface, np.mean(drawn, axis=0))
    return Prepared(surface, None)


def _main_shares(surface: Surface) -> NDArray[np.float64]:
    surface = surface.expanded() if surface.space.conditions else surface
    parts = decompose(surface.average_rank.reshape(surface.space.shape), with_pairs=False)
    return parts.main / parts.variance


def compare(a: Prepared, b: Prepared, *, compiled: bool = False) -> list[Metric]:
    """Return all measures of two landscapes of one space, over the configurations that both have.

    Symmetric are the correlations, the shake-up, the overlaps (Jaccard index of the gamma-sets, Watanabe et al. 2023),
    the distance between optima and the agreement of importances; the regrets say what the best of `a` costs on `b`.

    `pair_count` is the number of configurations that both have.

    Args:
        compiled: count Kendall's pairs by the compiled loop.

    Raises:
        LandscapeError: the two are of different spaces, or have no configuration in common.
    """
    if a.surface.space.shape != b.surface.space.shape or a.surface.space.ordinal != b.surface.space.ordinal:
        raise LandscapeError("The two landscapes have different search spaces.", "Compare landscapes of one space.")
    a, b = _common(a, b)
    n = a.surface.size
    x, y = a.unit_ranks, b.unit_ranks
    spearman = None if x is None or y is None else max(-1.0, min(1.0, dot(x, y)))
    moved = float(np.abs(a.surface.average_rank - b.surface.average_rank).mean()) / n
    found = [
        metric("spearman", spearman, CONSTANT, n),
        _kendall(a, b, compiled),
        metric("shake_up", moved, pair_count=n),
    ]
    for (name, mine, m), (_, other, o) in zip(a.extremes, b.extremes, strict=True):
        both = int(np.count_nonzero(mine & other))
        found.append(metric(name, both / (m + o - both), pair_count=n))
    return [*found, _optima_distance(a, b), *_regrets(a.surface, b.surface), _importance_agreement(a, b)]


def _common(a: Prepared, b: Prepared) -> tuple[Prepared, Prepared]:
    """Restrict both to the configurations they share; importances stay those of the whole landscapes."""
    one, two = a.surface, b.surface
    if one.size == two.size and (one.is_complete or np.array_equal(one.ranks, two.ranks)):
        return a, b
    ranks, in_a, in_b = np.intersect1d(one.ranks, two.ranks, assume_unique=True, return_indices=True)
    if not ranks.size:
        raise LandscapeError("The two landscapes have no configuration in common.")
    return (
        Prepared(Surface(space=one.space, ranks=ranks, loss=one.loss[in_a]), a.main_shares),
        Prepared(Surface(space=two.space, ranks=ranks, loss=two.loss[in_b]), b.main_shares),
    )


def _kendall(a: Prepared, b: Prepared, compiled: bool) -> Metric:
    """Kendall's tau-b: concordant minus discordant pairs, over the root of the pairs that each has untied."""
    n = a.surface.size
    if n > MAX_KENDALL:
        return Metric(name="kendall", value=None, reason=f"more than {MAX_KENDALL:,} configurations", pair_count=n)
    if not compiled:
        from scipy.stats import kendalltau

        if n < 2:
            return Metric(name="kendall", value=None, reason="the two share a single configuration", pair_count=n)
        return metric("kendall", float(kendalltau(a.surface.loss, b.surface.loss).statistic), CONSTANT, n)
    from hpowh.analyses.landscapes.grid.kernels import kendall_counts

    discordant, joint = kendall_counts(a.level_ranks, b.level_ranks, b.surface.order)
    pairs = n * (n - 1) // 2
    untied_a, untied_b = pairs - a.tied_pairs, pairs - b.tied_pairs
    difference = pairs - a.tied_pairs - b.tied_pairs + joint - 2 * discordant
    tau = difference / math.sqrt(untied_a) / math.sqrt(untied_b) if untied_a and untied_b else None
    return metric("kendall", None if tau is None else max(-1.0, min(1.0, tau)), CONSTANT, n)


def _optima_distance(a: Prepared, b: Prepared) -> Metric:
    """Moves between the nearest two global optima."""
    name, n = "optimum_distance", a.surface.size
    one, two = a.optimum_levels, b.optimum_levels
    if len(one) * len(two) > MAX_OPTIMUM_PAIRS:
        return Metric(
            name=name,
            value=None,
            reason=f"there are more than {MAX_OPTIMUM_PAIRS:,} pairs of tied global optima",
            pair_count=n,
        )
    gaps = np.abs(one[:, None, :] - two[None, :, :])
    moves = np.where(a.surface.space.ordinal, gaps, np.minimum(gaps, 1)).sum(axis=2)
    return metric(name, float(moves.min()), pair_count=n)


def _regrets(a: Surface, b: Surface) -> list[Metric]:
    """Return what the best of `a` costs on `b`: absolute, relative to the median, and as the share that is better.

    Where several configurations are tied as the best of `a`, their mean.
    """
    ordered, n = b.ordered, b.size
    carried = b.loss[a.optima]
    regret = float(carried.mean() - ordered[0])
    way = b.quantile(0.5) - float(ordered[0])
    better = float(np.searchsorted(ordered, carried, side="left").mean()) / b.size
    return [
        metric("regret", regret, pair_count=n),
        metric("regret_relative", regret / way if way > 0 else None, "the median is as good as the best", n),
        metric("regret_share_better", better, pair_count=n),
    ]


def _importance_agreement(a: Prepared, b: Prepared) -> Metric:
    """Spearman correlation of the two rankings of hyperparameters by importance."""
    name, n = "importance_agreement", a.surface.size
    if a.share_ranks is None or b.share_ranks is None:
        return Metric(
            name=name,
            value=None,
            reason="importances need two landscapes that are not constant, of each at least half evaluated",
            pair_count=n,
        )
    if a.share_ranks.size < 3:
        return Metric(name=name, value=None, reason="there are fewer than three hyperparameters", pair_count=n)
    return metric(name, pearson(a.share_ranks, b.share_ranks), "all importances are equal", n)


def compare_all(names: Sequence[str], surfaces: Sequence[Surface]) -> list[tuple[str, str, Metric]]:
    """Return every measure of every ordered pair of the landscapes; symmetric ones are computed once."""
    prepared = [prepare(surface) for surface in surfaces]
    count = len(prepared) * (len(prepared) - 1) // 2
    compiled = bool(count) and pays("kendall_counts", count * max(one.size for one in surfaces), COMPILED_KENDALL)
    rows: list[tuple[str, str, Metric]] = []
    for i, name in enumerate(names):
        for j in range(i + 1, len(names)):
            there = compare(prepared[i], prepared[j], compiled=compiled)
            a, b = _common(prepared[i], prepared[j])
            turned = {one.name: one for one in _regrets(b.surface, a.surface)}
            rows += [(name, names[j], one) for one in there]
            rows += [(names[j], name, turned.get(one.name, one)) for one in there]
    return rows
