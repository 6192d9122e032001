"""Are the landscapes of data sets that resemble each other alike? Mantel's test of two tables of distances."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.values import pearson
from hpowh.analyses.statistics.multiplicity import holm
from hpowh.analyses.statistics.ranks import ranked

Floats = NDArray[np.float64]
LEAST = 5
"""With fewer data sets nothing is given: of four, the smallest p-value there can be is 1 in 24."""
ALL_ORDERS = 7
"""Up to so many data sets every order is tried, else `DRAWN` random ones."""
DRAWN = 4_999


@dataclass(frozen=True, kw_only=True)
class Mantel:
    """Whether unlike data sets have unlike landscapes, by one measure of likeness."""

    measure: str
    benchmark_count: int
    feature_count: int
    coefficient: float | None = None
    """Rank correlation of the distances of the data sets with the landscapes' unlikeness, over pairs of data sets."""
    p_value: float | None = None
    """Two-sided, over orders of the data sets: pairs share data sets, so that they are not independent numbers."""
    adjusted_p_value: float | None = None
    """By Holm's method over the measures that were looked at together."""
    permutation_count: int | None = None
    reason: str | None = None


def mantel_tests(
    features: Mapping[str, Mapping[str, float]],
    likeness: Mapping[str, Mapping[tuple[str, str], float]],
    *,
    seed: int = 0,
) -> list[Mantel]:
    """Return one test a measure of likeness (Mantel 1967; on ranks, Dietz 1983).

    The distance of two data sets is the mean, over the meta-features that all of them have, of the difference of their
    places. What is assumed under the null is that the data sets are exchangeable.

    Args:
        features: meta-feature -> data set -> value.
        likeness: measure -> two data sets -> how alike their landscapes are; of a measure with a direction the mean of
            both is taken.
    """
    found = [_one(features, measure, pairs, seed) for measure, pairs in likeness.items()]
    adjusted = holm(np.array([math.nan if one.p_value is None else one.p_value for one in found], dtype=np.float64))
    return [
        one if one.p_value is None else replace(one, adjusted_p_value=float(p))
        for one, p in zip(found, adjusted, strict=True)
    ]


def _one(
    features: Mapping[str, Mapping[str, float]], measure: str, pairs: Mapping[tuple[str, str], float], seed: int
) -> Mantel:
    names = sorted({name for pair in pairs for name in pair})
    known = {feature: values for feature, values in features.items() if all(name in values for name in names)}
    table = np.array([[values[name] for name in names] for values in known.values()]).reshape(len(known), len(names))
    used = table[[bool(row.min() < row.max()) for row in table]] if table.size else table
    count = len(names)

    def nothing(reason: str) -> Mantel:
        return Mantel(measure=measure, benchmark_count=count, feature_count=len(used), reason=reason)

    if count < LEAST:
        return nothing(f"{count} data sets are too few; {LEAST} are needed")
    if not len(used):
        return nothing("no meta-feature that differs is known of all of them")
    first, second = np.triu_indices(count, 1)
    alike = [_mean(pairs, names[a], names[b]) for a, b in zip(first, second, strict=True)]
    if any(value is None for value in alike):
        return nothing("some of the landscapes were not compared with each other")
    places = np.array([ranked(row) for row in used])
    distance = np.zeros((count, count))
    distance[first, second] = np.abs(places[:, first] - places[:, second]).mean(axis=0)
    distance += distance.T
    unlike = ranked(-np.array(alike, dtype=np.float64))
    coefficient = pearson(ranked(distance[first, second]), unlike)
    if coefficient is None:
        which = (
            "all data sets are equally far apart" if np.ptp(distance[first, second]) == 0 else "all are equally alike"
        )
        return nothing(which)
    orders = _orders(count, seed)
    ranks = np.zeros((count, count))
    ranks[first, second] = ranked(distance[first, second])
    ranks += ranks.T
    centred = unlike - unlike.mean()
    reached = abs(float(ranks[first, second] @ centred))
    drawn = np.abs(ranks[orders[:, first], orders[:, second]] @ centred)
    as_far = int(np.count_nonzero(drawn >= reached - 1e-9 * max(1.0, reached)))
    is_whole = count <= ALL_ORDERS
    return Mantel(
        measure=measure,
        benchmark_count=count,
        feature_count=len(used),
        coefficient=coefficient,
        p_value=as_far / len(orders) if is_whole else (as_far + 1) / (len(orders) + 1),
        permutation_count=len(orders),
    )


def _mean(pairs: Mapping[tuple[str, str], float], a: str, b: str) -> float | None:
    there = [pairs[pair] for pair in ((a, b), (b, a)) if pair in pairs]
    return float(np.mean(there)) if there else None


def _orders(count: int, seed: int) -> NDArray[np.int64]:
    if count <= ALL_ORDERS:
        return np.array(list(itertools.permutations(range(count))), dtype=np.int64)
    rng = np.random.default_rng(seed)
    return np.array([rng.permutation(count) for _ in range(DRAWN)], dtype=np.int64)


def likeness_of(
    rows: Sequence[tuple[str, str, str, float]], measures: Sequence[str]
) -> dict[str, dict[tuple[str, str], float]]:
    """Return measure -> two landscapes -> how alike, of rows (landscape, landscape, measure, value)."""
    found: dict[str, dict[tuple[str, str], float]] = {measure: {} for measure in measures}
    for a, b, measure, value in rows:
        if measure in found and a != b:
            found[measure][a, b] = value
    return {measure: pairs for measure, pairs in found.items() if pairs}
