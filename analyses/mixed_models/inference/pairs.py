"""What else there is to say of a difference: on a new benchmark, in standard deviations, as good as none, by shuffling.

On a new benchmark, with as many runs as here, the difference of two algorithms is normal with the mean d and the
variance v of the random effects and residuals that do not cancel in it. P(the first is lower) = Phi(-d / sqrt(v)). Its
interval inverts the noncentral t distribution of d / se(d), whose noncentrality is d / se, with se / sqrt(v) taken from
the design (in a balanced one it is 1 / root of the number of benchmarks, and the interval is exact).
Sources: Owen & Odeh (1977), J. Qual. Technol. 9, and Reiser & Guttman (1986), Technometrics 28 (P(X < Y) by the
noncentral t); Cumming & Finch (2001), Educ. Psychol. Meas. 61 (standardised effects); Schuirmann (1987), J.
Pharmacokinet. Biopharm. 15 (two one-sided tests of equivalence).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from hpowh.analyses.mixed_models.inference.contrasts import Estimates
from hpowh.analyses.mixed_models.model.cells import Cells, Floats
from hpowh.analyses.mixed_models.model.fit import Fit
from hpowh.analyses.mixed_models.model.problem import lower_factors
from hpowh.analyses.statistics import distributions as stats

if TYPE_CHECKING:
    from scipy import sparse

MOST_PAIRS = 2_000
"""For more pairs the variance of a difference on a new block is not computed."""
FAR = 30.0
MANY_DF = 2_000.0
MOST_INVERTED = 300
"""For more pairs than this the noncentral t is inverted by its normal limit."""
REGION = 0.1
PRIOR = 0.5
"""Variance of the standardised differences that e-values are most sensitive to."""
MOST_LOG = 690.0


@dataclass(frozen=True)
class Scaled:
    """A number with its interval, all NaN where it is not defined."""

    value: float
    lower: float
    upper: float


NOTHING = Scaled(np.nan, np.nan, np.nan)


def default_region(fit: Fit, factor: str = "algorithm") -> tuple[float, str]:
    """Return half the width of the region of practical equivalence, a tenth of a spread, and which spread that is.

    The spread is the larger of the residual standard deviation and that of an algorithm's advantage over benchmarks
    (the random effects of the benchmark that differ between levels of the factor: the others cancel in a difference).
    """
    residual, whose = float(np.sqrt(fit.residual_variance)), ""
    if fit.classes is not None:  # the mean variance is that of the widest benchmark
        residual, whose = float(np.median(fit.class_sds)), "median benchmark's "
    largest = float(np.sqrt(max(_advantages(fit, factor), default=0.0)))
    if largest > residual:
        return REGION * largest, "a tenth of the standard deviation of the advantage over benchmarks"
    return REGION * residual, f"a tenth of the {whose}residual standard deviation"


def _advantages(fit: Fit, factor: str, block: str = "benchmark") -> list[float]:
    """Return the variances over blocks of what differs between levels of a factor."""
    return [
        float(np.diag(covariance).mean())
        for part, covariance in fit.block_covariances
        if block in part.term.group
        and (factor in part.term.group or any(factor in term for term in part.term.expression.terms))
    ]


def new_block_variances(
    fit: Fit,
    block: str,
    factor: str,
    held: Mapping[str, int],
    pairs: list[tuple[int, int]],
    estimates: Floats | None = None,
) -> Floats:
    """Return, for each pair of levels, the variance of their difference on a new block with as many runs as here.

    It is averaged over the blocks that hold both; NaN where none does, or where there are more than `MOST_PAIRS`. Where
    blocks have residual variances of their own a new one has any of these: the variance is then the one that gives the
    mean over blocks of the probability that the difference keeps its sign, not that of the widest block.

    Args:
        estimates: (pairs,) the differences, for that mean; it is that of small ones where they are not given.
        held: factors held at a level (the setting); the others are averaged over as they occur.
    """
    from scipy import sparse

    cells, problem = fit.problem.cells, fit.problem
    out = np.full(len(pairs), np.nan)
    if len(pairs) > MOST_PAIRS:
        return out
    if fit.own is not None:
        rows = fit.own.covariance
        return np.array([rows[i, i] + rows[j, j] - 2.0 * rows[i, j] for i, j in pairs])
    size = len(cells.count)
    root = _random_root(fit)
    z = sparse.csr_matrix(problem.z)[:size].multiply(1.0 / np.sqrt(cells.count)[:, None]).tocsr() @ root
    noise = np.full(size, fit.sigma**2)
    if fit.classes is not None:
        noise = fit.class_sds[fit.classes.row[:size]] ** 2
    weights = cell_weights(cells, block, factor, held)
    effects = [each @ z for each in weights]
    spread = [np.asarray(each.multiply(each) @ (noise / cells.count)) for each in weights]
    there = [np.asarray(each.sum(axis=1)).ravel() > 0 for each in weights]
    for at, (i, j) in enumerate(pairs):
        both = there[i] & there[j]
        if both.any():
            apart = effects[i] - effects[j]
            shared = np.asarray(apart.multiply(apart).sum(axis=1)).ravel()
            each = (shared + spread[i] + spread[j])[both]
            is_one = fit.classes is None or not each.min() > 0
            out[at] = float(each.mean()) if is_one else _matched(each, 0.0 if estimates is None else estimates[at])
    return out


def _matched(variances: Floats, difference: float) -> float:
    """Return v so that Phi(d / sqrt(v)) is the mean of Phi(d / sqrt(v_b)); the limit for d = 0 near it."""
    small = float((1.0 / np.sqrt(variances)).mean()) ** -2
    if not abs(difference) > 1e-3 * np.sqrt(small):
        return small
    # In the tail 1 - Phi keeps its digits.
    beyond = float(np.asarray(stats.norm.sf(abs(difference) / np.sqrt(variances))).mean())
    z = -float(stats.norm.ppf(beyond)) if beyond > 0 else np.inf
    return (abs(difference) / z) ** 2 if 0 < z < np.inf else small


def block_weights(fit: Fit, weights: Sequence[sparse.csr_matrix], factor: str, block: str) -> Floats | None:
    """Return how much each block says of a difference (blocks,), the inverse of its variance there; None: all alike.

    They rest on the model's variances alone, so exchanging labels leaves them as they are.
    """
    if fit.classes is None:
        return None
    cells = fit.problem.cells
    noise = fit.class_sds[fit.classes.row[: len(cells.count)]] ** 2 / cells.count
    each = np.column_stack([np.asarray(part.multiply(part) @ noise) for part in weights])
    each[each == 0] = np.nan
    with np.errstate(invalid="ignore"):
        variance = np.nanmean(each, axis=1) + sum(_advantages(fit, factor, block))
    return np.asarray(np.where(np.isfinite(variance), np.nanmin(variance) / variance, 1.0))


def _random_root(fit: Fit) -> sparse.csr_matrix:
    """Return the factor (q, q) of the random effects' covariance, in the response's unit."""
    from scipy import sparse

    factors = lower_factors(fit.theta, fit.problem.blocks)
    parts = [
        sparse.kron(sparse.eye(len(b.levels)), fit.sigma * f) for b, f in zip(fit.problem.blocks, factors, strict=True)
    ]
    return sparse.block_diag(parts, format="csr") if parts else sparse.csr_matrix((0, 0))


def cell_weights(cells: Cells, block: str, factor: str, held: Mapping[str, int]) -> list[sparse.csr_matrix]:
    """Return for each level the weights (blocks, C) that make its mean on a block, equal over its cells there."""
    from scipy import sparse

    chosen = np.ones(len(cells.count), dtype=bool)
    for name, level in held.items():
        chosen &= cells.codes[name] == level
    blocks, found = len(cells.levels[block]), []
    for level in range(len(cells.levels[factor])):
        at = np.flatnonzero(chosen & (cells.codes[factor] == level))
        row = cells.codes[block][at]
        share = 1.0 / np.bincount(row, minlength=blocks)[row]
        found.append(sparse.csr_matrix((share, (row, at)), shape=(blocks, len(cells.count))))
    return found


def block_means(cells: Cells, weights: Sequence[sparse.csr_matrix]) -> Floats:
    """Return the mean of every level on every block (blocks, levels); NaN where there is none."""
    found = np.column_stack([np.asarray(each @ cells.mean_y).ravel() for each in weights])
    there = np.column_stack([np.asarray(each.sum(axis=1)).ravel() > 0 for each in weights])
    return np.where(there, found, np.nan)


def noncentrality(t_value: float, df: float, level: float = 0.95, *, is_exact: bool = True) -> tuple[float, float]:
    """Return the interval of the noncentrality of a t statistic.

    The normal limit (Johnson & Welch 1940) where t or df is so large that the noncentral t's series gives up.
    """
    z = float(stats.norm.ppf(0.5 + level / 2.0))
    half = z * np.sqrt(1.0 + (t_value**2 / (2.0 * df) if np.isfinite(df) else 0.0))
    low, high = t_value - half, t_value + half
    if not is_exact or abs(t_value) > FAR or not 1.0 <= df < MANY_DF:
        return float(low), float(high)
    found = []
    for quantile, start in ((0.5 + level / 2.0, low), (0.5 - level / 2.0, high)):

        def beyond(shift: float, quantile: float = quantile) -> float:
            return float(special.nctdtr(df, shift, t_value)) - quantile

        try:
            found.append(stats.root(beyond, start - 3.0 - abs(start), start + 3.0 + abs(start), xtol=1e-8))
        except ValueError:
            return float(low), float(high)
    return found[0], found[1]


def on_new_block(pairs: Estimates, variances: Floats, direction: str) -> tuple[list[Scaled], list[Scaled]]:
    """Return for every pair the probability that the first is better on a new block, and the standardised difference.

    Args:
        variances: (pairs,), of the difference on a new block (`new_block_variances`).
        direction: `min` where lower is better.
    """
    probabilities, sizes = [], []
    sign = 1.0 if direction == "max" else -1.0
    for i, variance in enumerate(variances):
        error, t_value = pairs.standard_error[i], pairs.t_value[i]
        if not np.isfinite(variance) or variance <= 0 or not np.isfinite(t_value):
            probabilities.append(NOTHING)
            sizes.append(NOTHING)
            continue
        share = float(error / np.sqrt(variance))
        ends = noncentrality(float(t_value), float(pairs.df[i]), is_exact=len(variances) <= MOST_INVERTED)
        size = Scaled(float(t_value) * share, *sorted(end * share for end in ends))
        low, high = sorted(float(stats.norm.cdf(sign * end)) for end in (size.lower, size.upper))
        sizes.append(size)
        probabilities.append(Scaled(float(stats.norm.cdf(sign * size.value)), low, high))
    return probabilities, sizes


def evidence(pairs: Estimates, variances: Floats) -> Floats:
    """Return e-values (pairs,): evidence against no difference that may be looked at after every new run.

    The ratio of the likelihood of t when the standardised difference is normal with variance `PRIOR` to that when it is
    zero (the right-Haar mixture of a t statistic), with n = v / se(d)^2 benchmarks' worth of data. Without a difference
    it reaches 1 / alpha with a probability of alpha at most, however often one looks (Ville 1939).
    Source: Lai (1976), Ann. Stat. 4; Wang & Ramdas (2024), Sequential Anal. 44, on the t-test's e-process.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        worth = 1.0 + PRIOR * variances / pairs.standard_error**2
        df, square = np.minimum(pairs.df, MANY_DF), pairs.t_value**2
        log = 0.5 * (df + 1.0) * (np.log1p(square / df) - np.log1p(square / (df * worth))) - 0.5 * np.log(worth)
    return np.asarray(np.exp(np.minimum(log, MOST_LOG)))


def equivalence(pairs: Estimates, region: float) -> Floats:
    """Return the p-values (pairs,) of the two one-sided tests that a difference lies outside (-region, region)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        above = stats.t.sf((pairs.estimate + region) / pairs.standard_error, pairs.df)
        below = stats.t.sf((region - pairs.estimate) / pairs.standard_error, pairs.df)
    return np.asarray(np.maximum(above, below))
