"""What a fit says besides its parameters: R2, intervals of variances, fitted cells, residual moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.mixed_models.inference.satterthwaite import Satterthwaite
from hpowh.analyses.mixed_models.model.cells import Floats, PseudoRows
from hpowh.analyses.mixed_models.model.fit import Fit
from hpowh.analyses.mixed_models.model.problem import design, random_part
from hpowh.analyses.statistics import distributions as stats

BIN_WIDTH = 0.5
NOTHING = 1e-12
"""A variance that adds less than this share of the residual variance to a row's is zero."""


@dataclass(frozen=True)
class Explained:
    """Share of the response's variance explained by the fixed effects, and by fixed and random effects together."""

    marginal: float
    conditional: float


def explained_variance(fit: Fit) -> Explained:
    """Return marginal and conditional R2.

    Source: Nakagawa & Schielzeth (2013), Methods Ecol. Evol. 4; random slopes as in Johnson (2014), Methods Ecol.
    Evol. 5: a term's variance is the mean over rows of z' Sigma z. The fixed part's is taken about its mean, so that it
    does not hang on where the response's zero lies.
    """
    problem, n = fit.problem, fit.problem.row_count
    one = problem.rows.basis[:, 0]
    fitted = np.asarray(problem.x @ (fit.beta - problem.center * problem.constant))
    off = fitted - float(one @ fitted) / n * one
    fixed = float(off @ off) / n
    between = 0.0
    for (_, covariance), own in zip(fit.block_covariances, fit.likelihood.block_sums(), strict=True):
        between += float((covariance * own).sum()) / n
    total = fixed + between + fit.residual_variance
    return Explained(fixed / total, (fixed + between) / total)


@dataclass(frozen=True)
class VarianceInterval:
    """A 95 % interval of a standard deviation; NaN with a reason where there is none."""

    lower: float
    upper: float
    reason: str | None


def variance_intervals(fit: Fit, quantities: Satterthwaite, level: float = 0.95) -> list[list[VarianceInterval]]:
    """Return an interval for every diagonal entry of every block, and those of the residual's classes (last).

    Satterthwaite's: the estimate times its degrees of freedom, 2 v^2 / var(v), as chi-squared (SAS and Milliken &
    Johnson do the same); var(v) by the delta method. A variance of zero has no such interval.
    """
    intervals, at = [], 0
    for (block, covariance), block_sum in zip(fit.block_covariances, fit.likelihood.block_sums(), strict=True):
        width = block.width
        # What an effect's variance adds to a row's, in residual variances: a slope's hangs on its covariate's unit.
        share = np.diag(covariance) * np.diag(block_sum) / (fit.problem.row_count * fit.sigma**2)
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
            if share[i] <= NOTHING:
                rows.append(VarianceInterval(np.nan, np.nan, "the variance is estimated as zero"))
                continue
            rows.append(_interval(variance, float(gradient @ quantities.parameters @ gradient), level))
        intervals.append(rows)
        at += block.parameter_count
    intervals.append([_residual_interval(fit, quantities, k, level) for k in range(len(fit.class_sds))])
    return intervals


def _residual_interval(fit: Fit, quantities: Satterthwaite, k: int, level: float) -> VarianceInterval:
    """Return the interval of the residual standard deviation of class k."""
    variance = float(fit.class_sds[k]) ** 2
    gradient = np.zeros(len(fit.theta) + 1)
    gradient[-1] = 2.0 * variance / fit.sigma
    if k:
        gradient[len(fit.theta) - len(fit.class_sds) + k] = 2.0 * variance
    return _interval(variance, float(gradient @ quantities.parameters @ gradient), level)


def _factor(fit: Fit, at: int, width: int) -> Floats:
    factor = np.zeros((width, width))
    for j in range(width):
        factor[j:, j] = fit.theta[at : at + width - j]
        at += width - j
    return factor


def _interval(variance: float, spread: float, level: float) -> VarianceInterval:
    if spread <= 0:
        return VarianceInterval(np.nan, np.nan, "the likelihood does not bend here: there is no interval")
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
        rows = PseudoRows(
            cell=np.arange(size), basis=basis, y=np.zeros(size), pure_error=0.0, pure_df=0, pure=np.zeros(size)
        )
        value = design(problem.columns, cells, rows) @ fit.beta
        if problem.blocks:
            value = value + random_part(problem.formula, cells, rows)[1] @ fit.random_effects
        out[:, m] = value
    return out


@dataclass(frozen=True, kw_only=True)
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


def cell_residuals(fit: Fit, coefficients: Floats) -> Floats:
    """Return each cell's mean residual (C,), standardised: what its rows' residuals are taken about."""
    cells = fit.problem.cells
    fitted = coefficients[:, 0] + (coefficients[:, 1:] * cells.mean_x).sum(axis=1)
    return np.asarray((cells.mean_y - (fitted - cells.shift)) / cell_sds(fit))


def cell_sds(fit: Fit) -> Floats:
    """Return the residual standard deviation that the model gives each cell (C,)."""
    if fit.classes is None:
        return np.full(len(fit.problem.cells.count), fit.sigma)
    return fit.class_sds[fit.classes.of_level[fit.problem.cells.codes[fit.classes.factor]]]


def residual_moments(sums: Mapping[str, NDArray[np.generic]], size: int, middle: Floats) -> ResidualMoments:
    """Combine the sums of the residual query: columns cell, bin, n, d1, d2, d3, d4.

    Args:
        sums: d1 … are sums of powers of the standardised residuals about `middle`.
        middle: each cell's mean standardised residual (C,), as `cell_residuals` gives it.
    """
    cell = np.asarray(sums["cell"], dtype=np.int64)
    totals = {
        c: np.bincount(cell, weights=np.asarray(sums[c], dtype=float), minlength=size).astype(float) for c in _SUMS
    }
    mean, variance, skewness, kurtosis = _moments(totals, middle)
    n = totals["n"]
    center = float(n @ np.nan_to_num(mean)) / float(n.sum())
    overall = _moments({c: np.array([values.sum()]) for c, values in _moved(totals, middle - center).items()}, center)
    bins = np.asarray(sums["bin"], dtype=np.int64)
    counts = {int(b): float(np.asarray(sums["n"], dtype=float)[bins == b].sum()) for b in np.unique(bins)}
    return ResidualMoments(
        cell=np.arange(size),
        count=n,
        mean=mean,
        variance=variance,
        skewness=skewness,
        kurtosis=kurtosis,
        overall_skewness=float(overall[2][0]),
        overall_kurtosis=float(overall[3][0]),
        bins=counts,
    )


_SUMS = ("n", "d1", "d2", "d3", "d4")


def _moved(totals: Mapping[str, Floats], by: Floats) -> dict[str, Floats]:
    """Return the sums of powers of d + by from those of d (the binomial theorem)."""
    n, d1, d2, d3, d4 = (totals[c] for c in _SUMS)
    return {
        "n": n,
        "d1": d1 + n * by,
        "d2": d2 + 2 * by * d1 + n * by**2,
        "d3": d3 + 3 * by * d2 + 3 * by**2 * d1 + n * by**3,
        "d4": d4 + 4 * by * d3 + 6 * by**2 * d2 + 4 * by**3 * d1 + n * by**4,
    }


def _moments(totals: Mapping[str, Floats], middle: Floats | float) -> tuple[Floats, Floats, Floats, Floats]:
    """Return mean, variance, skewness and excess kurtosis from sums of powers about a point close to the mean.

    About the mean the first sum is rounding, so no difference of large numbers is left (the corrected two-pass
    algorithm: Chan, Golub & LeVeque 1983, equation 1.7).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        n = totals["n"]
        m, s2, s3, s4 = (totals[c] / n for c in ("d1", "d2", "d3", "d4"))
        variance = np.maximum(s2 - m**2, 0.0)
        third = s3 - 3 * m * s2 + 2 * m**3
        fourth = s4 - 4 * m * s3 + 6 * m**2 * s2 - 3 * m**4
        usable = variance > NOTHING
        skewness = np.where(usable & (n > 2), third / variance**1.5, np.nan)
        kurtosis = np.where(usable & (n > 3), fourth / variance**2 - 3.0, np.nan)
    return middle + m, variance, skewness, kurtosis


def expected_bins(total: float) -> dict[int, tuple[float, float, float]]:
    """Return for every bin its bounds and the count a standard normal would have; the ends are open."""
    found = {}
    for b in range(-12, 12):
        low = -np.inf if b == -12 else b * BIN_WIDTH
        high = np.inf if b == 11 else (b + 1) * BIN_WIDTH
        found[b] = (low, high, total * float(stats.norm.cdf(high) - stats.norm.cdf(low)))
    return found
