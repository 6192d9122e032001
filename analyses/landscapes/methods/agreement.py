"""Do methods order the hyperparameters alike on a data set, and does a method order them alike on several?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.several.claims import LEAST, Value, median_interval
from hpowh.analyses.landscapes.values import pearson
from hpowh.analyses.statistics.ranks import ranked

Floats = NDArray[np.float64]
Compared = tuple[tuple[int, ...], Floats, Floats]
"""The data sets, and two importances of the hyperparameters."""
METHODS, DATA_SETS = "methods", "data sets"
LEAST_HYPERPARAMETERS = 3
"""Of two hyperparameters there are two orders only: half of all pairs agree by chance."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How alike orders of hyperparameters are."""

    kind: str
    """`methods`: two methods on the same data set; `data sets`: one method on two data sets."""
    method_a: str
    method_b: str
    benchmark_count: int
    value_count: int
    """Data sets with both methods, or pairs of data sets."""
    spearman: float | None = None
    """Median over these of the rank correlation of the hyperparameters' importances; 0 is chance."""
    lower: float | None = None
    upper: float | None = None
    """95 %, data sets drawn anew."""
    least: float | None = None
    most: float | None = None
    top_share: float | None = None
    """Share of these in which the same hyperparameter is the most important; 1 / hyperparameters is chance."""
    reason: str | None = None


def agreements(found: Mapping[int, Mapping[str, Floats]], methods: Sequence[str], *, seed: int) -> list[Agreement]:
    """Return every pair of methods within data sets, and every method between data sets.

    Args:
        found: benchmark -> method -> its value for each hyperparameter.
        methods: in their order.
    """
    rows = []
    pairs: list[Compared]
    for a, b in combinations(methods, 2):
        pairs = [((one,), mine[a], mine[b]) for one, mine in found.items() if a in mine and b in mine]
        rows.append(_agreement(METHODS, a, b, pairs, seed))
    for a in methods:
        known = [(one, mine[a]) for one, mine in found.items() if a in mine]
        pairs = [((one, other), x, y) for (one, x), (other, y) in combinations(known, 2)]
        rows.append(_agreement(DATA_SETS, a, a, pairs, seed))
    return rows


def _agreement(kind: str, a: str, b: str, pairs: Sequence[Compared], seed: int) -> Agreement:
    count = len({one for benchmarks, _, _ in pairs for one in benchmarks})
    if not pairs:
        why = "no data set has both" if kind == METHODS else "fewer than two data sets have it"
        return Agreement(kind=kind, method_a=a, method_b=b, benchmark_count=count, value_count=0, reason=why)
    if pairs[0][1].size < LEAST_HYPERPARAMETERS:
        why = f"{pairs[0][1].size} hyperparameters have too few orders to agree by more than chance"
        return Agreement(kind=kind, method_a=a, method_b=b, benchmark_count=count, value_count=len(pairs), reason=why)
    values = [
        Value(rho, benchmarks) for benchmarks, x, y in pairs if (rho := pearson(ranked(x), ranked(y))) is not None
    ]
    if not values:
        why = "all hyperparameters are equally important"
        return Agreement(kind=kind, method_a=a, method_b=b, benchmark_count=count, value_count=0, reason=why)
    numbers = np.array([one.value for one in values])
    known = len({one for value in values for one in value.benchmarks})
    lower, upper = median_interval(values, seed=seed) if known >= LEAST else (None, None)
    same = [bool(set(_top(x)) & set(_top(y))) for _, x, y in pairs]
    return Agreement(
        kind=kind,
        method_a=a,
        method_b=b,
        benchmark_count=known,
        value_count=len(values),
        spearman=float(np.median(numbers)),
        lower=lower,
        upper=upper,
        least=float(numbers.min()),
        most=float(numbers.max()),
        top_share=float(np.mean(same)),
        reason=None if known >= LEAST else f"{known} data sets are too few for an interval",
    )


def _top(values: Floats) -> list[int]:
    return [int(at) for at in np.flatnonzero(values == values.max())]
