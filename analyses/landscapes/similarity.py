"""How alike two landscapes of one search space are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.distance import distances_to
from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.fanova import decompose
from hpowh.analyses.landscapes.surface import Surface
from hpowh.analyses.landscapes.values import Metric, metric, pearson, ranked

SHARES = (1, 5, 10, 25)
"""Per cent of the best and of the worst configurations whose overlap is measured."""
MAX_KENDALL = 5_000_000
MAX_OPTIMUM_PAIRS = 200
CONSTANT = "one of the two landscapes is constant"


@dataclass(frozen=True)
class Prepared:
    """A landscape with what each of its comparisons needs."""

    surface: Surface
    main_shares: NDArray[np.float64] | None
    """Each hyperparameter's share of the variance of the ranks; None where the grid is incomplete or constant."""


def prepare(surface: Surface) -> Prepared:
    """Return the landscape with its importances, computed once for all comparisons."""
    shares = None
    if surface.is_complete and surface.loss.min() < surface.loss.max():
        parts = decompose(surface.average_rank.reshape(surface.space.shape), with_pairs=False)
        shares = parts.main / parts.variance
    return Prepared(surface, shares)


def compare(a: Prepared, b: Prepared) -> list[Metric]:
    """Return all measures of two landscapes of one space, over the configurations that both have.

    Symmetric are the correlations, the shake-up, the overlaps (Jaccard index of the gamma-sets, Watanabe et al. 2023),
    the distance between optima and the agreement of importances; the regrets say what the best of `a` costs on `b`.

    `pair_count` is the number of configurations that both have.

    Raises:
        LandscapeError: the two are of different spaces, or have no configuration in common.
    """
    if a.surface.space.shape != b.surface.space.shape or a.surface.space.ordinal != b.surface.space.ordinal:
        raise LandscapeError("The two landscapes have different search spaces.", "Compare landscapes of one space.")
    first, second = _common(a.surface, b.surface)
    n = first.size
    x, y = first.average_rank, second.average_rank
    found = [
        metric("spearman", pearson(x, y), CONSTANT),
        _kendall(first.loss, second.loss),
        metric("shake_up", float(np.abs(x - y).mean()) / n),
    ]
    found += _overlaps(first.loss, second.loss)
    found.append(_optima_distance(first, second))
    found += _regrets(first, second)
    found.append(_importance_agreement(a, b))
    return [replace(one, pair_count=n) for one in found]


def _common(a: Surface, b: Surface) -> tuple[Surface, Surface]:
    """Restrict both to the configurations they share."""
    if a.size == b.size and np.array_equal(a.ranks, b.ranks):
        return a, b
    ranks, in_a, in_b = np.intersect1d(a.ranks, b.ranks, assume_unique=True, return_indices=True)
    if not ranks.size:
        raise LandscapeError("The two landscapes have no configuration in common.")
    return Surface(a.space, ranks, a.loss[in_a]), Surface(b.space, ranks, b.loss[in_b])


def _kendall(x: NDArray[np.float64], y: NDArray[np.float64]) -> Metric:
    from scipy.stats import kendalltau

    if x.size > MAX_KENDALL:
        return Metric("kendall", None, f"more than {MAX_KENDALL:,} configurations")
    return metric("kendall", float(kendalltau(x, y).statistic), CONSTANT)


def _overlaps(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[Metric]:
    """Return the Jaccard index of the best and of the worst gamma per cent; ties at the border all belong."""
    found = []
    for side, sign in (("best", 1.0), ("worst", -1.0)):
        for percent in SHARES:
            keep = max(1, round(x.size * percent / 100))
            in_x, in_y = (values <= np.partition(values, keep - 1)[keep - 1] for values in (sign * x, sign * y))
            share = np.count_nonzero(in_x & in_y) / np.count_nonzero(in_x | in_y)
            found.append(metric(f"{side}_overlap_{percent}", share))
    return found


def _optima_distance(a: Surface, b: Surface) -> Metric:
    """Moves between the nearest two global optima."""
    name = "optimum_distance"
    from_, to = (a, b) if a.optima.size <= b.optima.size else (b, a)
    if from_.optima.size > MAX_OPTIMUM_PAIRS:
        return Metric(name, None, f"both have more than {MAX_OPTIMUM_PAIRS} tied global optima")
    targets = Surface(to.space, to.ranks[to.optima], to.loss[to.optima])
    return metric(name, float(min(distances_to(targets, int(rank)).min() for rank in from_.ranks[from_.optima])))


def _regrets(a: Surface, b: Surface) -> list[Metric]:
    """Return what the best of `a` costs on `b`: absolute, relative to the median, and as the share that is better.

    Where several configurations are tied as the best of `a`, their mean.
    """
    ordered = b.loss[b.order]
    carried = b.loss[a.optima]
    regret = float(carried.mean() - ordered[0])
    way = float(np.median(ordered) - ordered[0])
    better = float(np.searchsorted(ordered, carried, side="left").mean()) / b.size
    return [
        metric("regret", regret),
        metric("regret_relative", regret / way if way > 0 else None, "the median is as good as the best"),
        metric("regret_share_better", better),
    ]


def _importance_agreement(a: Prepared, b: Prepared) -> Metric:
    """Spearman correlation of the two rankings of hyperparameters by importance."""
    name = "importance_agreement"
    if a.main_shares is None or b.main_shares is None:
        return Metric(name, None, "exact importances need two complete grids that are not constant")
    if a.main_shares.size < 3:
        return Metric(name, None, "there are fewer than three hyperparameters")
    return metric(name, pearson(ranked(a.main_shares), ranked(b.main_shares)), "all importances are equal")


def compare_all(names: Sequence[str], surfaces: Sequence[Surface]) -> list[tuple[str, str, Metric]]:
    """Return every measure of every ordered pair of the landscapes; symmetric ones are computed once."""
    prepared = [prepare(surface) for surface in surfaces]
    rows: list[tuple[str, str, Metric]] = []
    for i, name in enumerate(names):
        for j in range(i + 1, len(names)):
            there = compare(prepared[i], prepared[j])
            back = _regrets(*reversed(_common(prepared[i].surface, prepared[j].surface)))
            turned = {one.name: replace(one, pair_count=there[0].pair_count) for one in back}
            rows += [(name, names[j], one) for one in there]
            rows += [(names[j], name, turned.get(one.name, one)) for one in there]
    return rows
