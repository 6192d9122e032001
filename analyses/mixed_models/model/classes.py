"""Residual variances that differ between the levels of a factor: which level has which variance, and where to begin.

A level of which no two rows of a cell differ has no residual variance of its own to estimate: the likelihood would grow
without bound as it goes to zero. It shares the variance of the narrowest level that has one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpowh.analyses.mixed_models.model.cells import DataError, Floats, Integers
from hpowh.analyses.mixed_models.model.problem import Problem

LEAST_DF = 3
"""Fewer degrees of freedom within a level's cells than this do not carry a variance of its own."""
FLAT = 1e-10
"""A level whose scatter within cells is below this share of the widest level's has none."""


@dataclass(frozen=True, kw_only=True)
class Classes:
    """K classes of rows with one residual variance each, the widest first.

    `of_level` (levels,): the class of each level of `factor`. `row` (N,): that of each pseudo-row. `count` (K,): rows
    of data; `pure` (K,): pure-error sums of squares; `start` (K - 1,): logarithms of the standard deviations by the
    first class's, from the scatter within cells. `sharing`: the levels that have no variance of their own.
    """

    factor: str
    of_level: Integers
    row: Integers
    count: Floats
    pure: Floats
    start: Floats
    sharing: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.count)

    def ratios(self, log_ratios: Floats) -> Floats:
        """Return each class's standard deviation relative to the first one's (K,)."""
        return np.concatenate([[1.0], np.exp(log_ratios)])


def residual_classes(problem: Problem, factor: str) -> Classes:
    """Return the classes of a factor's levels.

    Raises:
        DataError: the factor is not in the model, or fewer than two of its levels have a variance to estimate.
    """
    cells, rows = problem.cells, problem.rows
    if factor not in cells.codes:
        raise DataError(f"A residual variance by {factor} needs {factor} in the formula.")
    names, code = cells.levels[factor], cells.codes[factor]
    size = len(names)
    scatter = np.bincount(code, weights=rows.pure, minlength=size)
    used = np.bincount(code[rows.cell], minlength=size)
    df = np.bincount(code, weights=cells.count, minlength=size) - used
    variance = np.where(df >= LEAST_DF, scatter / np.maximum(df, 1.0), 0.0)
    has_own = variance > FLAT * float(variance.max(initial=0.0))
    if int(has_own.sum()) < 2:
        raise DataError(
            f"Fewer than two levels of {factor} have rows that differ within a cell: a residual variance by {factor} "
            "cannot be estimated."
        )
    order = [int(i) for i in np.argsort(-variance, kind="stable") if has_own[i]]
    of_level = np.full(size, len(order) - 1, dtype=np.int64)
    of_level[order] = np.arange(len(order))
    by_class = of_level[code]
    return Classes(
        factor=factor,
        of_level=of_level,
        row=by_class[rows.cell],
        count=np.bincount(by_class, weights=cells.count, minlength=len(order)).astype(float),
        pure=np.bincount(by_class, weights=rows.pure, minlength=len(order)).astype(float),
        start=0.5 * np.log(variance[order[1:]] / variance[order[0]]),
        sharing=tuple(names[i] for i in range(size) if not has_own[i]),
    )
