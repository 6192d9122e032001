"""Do meta-features of data sets go with the shape of their landscapes? Rank correlations, for few data sets too."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.values import pearson
from hpowh.analyses.statistics.intervals import spearman_interval
from hpowh.analyses.statistics.multiplicity import holm
from hpowh.analyses.statistics.ranks import ranked

LEAST = 5
"""With fewer data sets no correlation is given: of four, one random order in twelve looks perfect."""
EXACT = 8
"""Up to so many data sets the p-value counts all orders."""


@dataclass(frozen=True, kw_only=True)
class Relation:
    """The rank correlation of a meta-feature with a number of the landscapes."""

    feature: str
    target: str
    benchmark_count: int
    coefficient: float | None = None
    lower: float | None = None
    upper: float | None = None
    p_value: float | None = None
    adjusted_p_value: float | None = None
    """By Holm's method over all relations that were computed together."""
    reason: str | None = None


def relate(features: Mapping[str, Mapping[str, float]], targets: Mapping[str, Mapping[str, float]]) -> list[Relation]:
    """Return the correlation of every feature with every target over the data sets that have both.

    Args:
        features: feature -> data set -> value.
        targets: number -> data set -> value.
    """
    found = [_one(f, features[f], t, targets[t]) for f in features for t in targets]
    adjusted = holm(np.array([relation.p_value for relation in found], dtype=np.float64))
    return [
        relation if relation.p_value is None else replace(relation, adjusted_p_value=float(p))
        for relation, p in zip(found, adjusted, strict=True)
    ]


def _one(feature: str, left: Mapping[str, float], target: str, right: Mapping[str, float]) -> Relation:
    names = [name for name in left if name in right]
    n = len(names)
    if n < LEAST:
        return Relation(
            feature=feature, target=target, benchmark_count=n, reason=f"{n} data sets are too few; {LEAST} are needed"
        )
    x, y = ranked(np.array([left[name] for name in names])), ranked(np.array([right[name] for name in names]))
    rho = pearson(x, y)
    if rho is None:
        which = feature if x.min() == x.max() else target
        return Relation(
            feature=feature, target=target, benchmark_count=n, reason=f"{which} is the same on all data sets"
        )
    lower, upper = spearman_interval(rho, n)
    return Relation(
        feature=feature,
        target=target,
        benchmark_count=n,
        coefficient=rho,
        lower=lower,
        upper=upper,
        p_value=p_value(x, y, rho),
    )


def p_value(x: NDArray[np.float64], y: NDArray[np.float64], rho: float) -> float:
    """Return the two-sided p-value: over all orders where there are few data sets, else by Student's t."""
    n = x.size
    if n <= EXACT:
        products = (x - x.mean())[_orders(n)] @ (y - y.mean())
        reached = abs(float((x - x.mean()) @ (y - y.mean())))
        return float(np.mean(np.abs(products) >= reached - 1e-9))
    from scipy.stats import t

    if abs(rho) >= 1.0:
        return 0.0
    return float(2.0 * t.sf(abs(rho) * math.sqrt((n - 2) / (1.0 - rho * rho)), n - 2))


@cache
def _orders(n: int) -> NDArray[np.int8]:
    return np.array(list(itertools.permutations(range(n))), dtype=np.int8)
