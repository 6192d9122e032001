"""What a fit says besides its parameters: R2, intervals of variances, fitted cells, residual moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from hpowh.analyses.mixed_models.inference.satterthwaite import Satterthwaite
from hpowh.analyses.mixed_models.model.cells import Floats, PseudoRows
from hpowh.analyses.mixed_models.model.fit import Fit
from hpowh.analyses.mixed_models.model.problem import design, random_part

BIN_WIDTH = 0.5


@dataclass(frozen=True)
class Explained:
    """Share of the response's variance explained by the fixed effects, and by fixed and random effects together."""

    marginal: float
    conditional: float


def explained_variance(fit: Fit) -> Explained:
    """Return marginal and conditional R2.

    Source: Nakagawa & Schielzeth (2013), Methods Ecol. Evol. 4; random slopes as in Johnson (2014), Methods Ecol.
    Evol. 5: a term's variance is the mean over rows of z' Sigma z.
    """
    problem, n = fit.problem, fit.problem.row_count
    one = problem.rows.basis[:, 0]
    fitted = problem.x @ fit.beta
    mean = float(one @ fitted) / n
    fixed = float(fitted @ fitted) / n - mean**2
    between = 0.0
    for (_, covariance), own in zip(fit.block_covariances, fit.likelihood.block_sums(), strict=True):
        between += float((covariance * own).sum()) / n
    total = fixed + between + fit.sigma**2
    return Explained(fixed / total, (fixed + between) / total)


@dataclass(frozen=True)
class VarianceInterval:
    """A 95 % interval of a standard deviation; NaN with a reason where there is none."""

    lower: float
    upper: float
    reason: str | None


def variance_intervals(fit: Fit, quantities: Satterthwaite, level: float = 0.95) -> list[list[VarianceInterval]]:
    """Return an interval for every diagonal entry of every block, and one for the residual (last).

    Satterthwaite's: the estimate times its degrees of freedom, 2 v^2 / var(v), as chi-squared (SAS and Milliken &
    Johnson do the same); var(v) by the delta method. A variance of zero has no such interval.
    """
    found, at = [], 0
    for block, covariance in fit.block_covariances:
        width = block.width
        factor = _factor(fit, at, width)
        rows = []
        for i in range(width):
            variance = float(covariance[i, i])
            gradient = np.zeros(len(fit.theta) + 1)
            position = at
            for j in range(width):
                for r in range(j, width):
                    if r == i:
                        gradient[position] = 2.0 * fit.sigma**2 * factor[i, j]
                    position += 1
            gradient[-1] = 2.0 * variance / fit.sigma
            rows.append(_interval(variance, float(gradient @ quantities.parameters @ gradient), level))
        found.append(rows)
        at += block.parameter_count
    spread = (2.0 * fit.sigma) ** 2 * float(quantities.parameters[-1, -1])
    found.append([_interval(fit.sigma**2, spread, level)])
    return found


def _factor(fit: Fit, at: int, width: int) -> Floats:
    factor = np.zeros((width, width))
    for j in range(width):
        factor[j:, j] = fit.theta[at : at + width - j]
        at += width - j
    return factor


def _interval(variance: float, spread: float, level: float) -> VarianceInterval:
    if variance <= 1e-12 or spread <= 0:
        return VarianceInterval(np.nan, np.nan, "the variance is estimated as zero")
    df = 2.0 * variance**2 / spread
    if df < 0.5:
        return VarianceInterval(np.nan, np.nan, f"too few degrees of freedom ({df:.2g}) for an interval")
    tail = (1.0 - level) / 2.0
    return VarianceInterval(
        float(np.sqrt(df * variance / stats.chi2.isf(tail, df))),
        float(np.sqrt(df * variance / stats.chi2.ppf(tail, df))),
        None,
    )


def cell_coefficients(fit: Fit) -> Floats:
    """Return the conditional prediction of every cell as coefficients of 1 and the monomials (C, 1 + k)."""
    cells, problem = fit.problem.cells, fit.problem
    size, k = len(cells.count), len(cells.monomials)
    out = np.empty((size, k + 1))
    for m in range(k + 1):
        basis = np.zeros((size, k + 1))
        basis[:, m] = 1.0
        rows = PseudoRows(np.arange(size), basis, np.zeros(size), 0.0, 0)
        value = design(problem.columns, cells, rows) @ fit.beta
        if problem.blocks:
            value = value + random_part(problem.formula, cells, rows)[1] @ fit.random_effects
        out[:, m] = value
    return out


@dataclass(frozen=True)
class ResidualMoments:
    """Moments of standardised residuals: arrays by cell, skewness and excess kurtosis overall, counts by bin."""

    cell: NDArray[np.int64]
    count: Floats
    mean: Floats
    variance: Floats
    skewness: Floats
    kurtosis: Floats
    overall_skewness: float
    overall_kurtosis: float
    bins: Mapping[int, float]


def residual_moments(sums: Mapping[str, NDArray[np.generic]], size: int) -> ResidualMoments:
    """Combine the sums of the residual query: columns cell, bin, n, r1, r2, r3, r4 (standardised residuals)."""
    cell = np.asarray(sums["cell"], dtype=np.int64)
    totals = {
        c: np.bincount(cell, weights=np.asarray(sums[c], dtype=float), minlength=size).astype(float) for c in _SUMS
    }
    each = _moments(totals)
    overall = _moments({c: np.array([totals[c].sum()]) for c in _SUMS})
    bins = np.asarray(sums["bin"], dtype=np.int64)
    counts = {int(b): float(np.asarray(sums["n"], dtype=float)[bins == b].sum()) for b in np.unique(bins)}
    return ResidualMoments(np.arange(size), totals["n"], *each, float(overall[2][0]), float(overall[3][0]), counts)


_SUMS = ("n", "r1", "r2", "r3", "r4")


def _moments(totals: Mapping[str, Floats]) -> tuple[Floats, Floats, Floats, Floats]:
    with np.errstate(divide="ignore", invalid="ignore"):
        n = totals["n"]
        m, s2, s3, s4 = (totals[c] / n for c in ("r1", "r2", "r3", "r4"))
        variance = s2 - m**2
        third = s3 - 3 * m * s2 + 2 * m**3
        fourth = s4 - 4 * m * s3 + 6 * m**2 * s2 - 3 * m**4
        usable = variance > 1e-12
        skewness = np.where(usable & (n > 2), third / variance**1.5, np.nan)
        kurtosis = np.where(usable & (n > 3), fourth / variance**2 - 3.0, np.nan)
    return m, variance, skewness, kurtosis


def expected_bins(total: float) -> dict[int, tuple[float, float, float]]:
    """Return for every bin its bounds and the count a standard normal would have; the ends are open."""
    found = {}
    for b in range(-12, 12):
        low = -np.inf if b == -12 else b * BIN_WIDTH
        high = np.inf if b == 11 else (b + 1) * BIN_WIDTH
        found[b] = (low, high, total * float(stats.norm.cdf(high) - stats.norm.cdf(low)))
    return found
