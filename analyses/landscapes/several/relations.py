"""Do meta-features of data sets go with the shape of their landscapes? Rank correlations, for few data sets too."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.values import pearson, ranked

LEAST = 5
"""With fewer data sets no correlation is given: of four, one random order in twelve looks perfect."""
EXACT = 8
"""Up to so many data sets the p-value counts all orders."""
LEVEL = 0.95


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
    known = [one.p_value for one in found if one.p_value is not None]
    adjusted = iter(holm(known))
    return [one if one.p_value is None else _with(one, next(adjusted)) for one in found]


def _with(one: Relation, adjusted: float) -> Relation:
    return Relation(
        feature=one.feature,
        target=one.target,
        benchmark_count=one.benchmark_count,
        coefficient=one.coefficient,
        lower=one.lower,
        upper=one.upper,
        p_value=one.p_value,
        adjusted_p_value=adjusted,
    )


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
    lower, upper = interval(rho, n)
    return Relation(
        feature=feature,
        target=target,
        benchmark_count=n,
        coefficient=rho,
        lower=lower,
        upper=upper,
        p_value=p_value(x, y, rho),
    )


def interval(rho: float, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a Spearman correlation (Bonett and Wright 2000, Psychometrika 65, eq. 4)."""
    from scipy.stats import norm

    if abs(rho) >= 1.0:
        # The transform has no value there; half a step of the smallest change keeps the interval honest.
        rho = math.copysign(1.0 - 3.0 / (n**3 - n), rho)
    centre = math.atanh(rho)
    half = float(norm.ppf(0.5 + LEVEL / 2)) * math.sqrt((1.0 + rho * rho / 2.0) / (n - 3))
    return math.tanh(centre - half), math.tanh(centre + half)


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


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted by Holm's step-down method, in the order given."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for place, i in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - place) * p_values[i]))
        adjusted[i] = highest
    return adjusted
