"""p-values and critical values for families of comparisons of means. For lists of p-values see `multiplicity`.

Sources: Tukey (studentised range); Dunnett (1955), J. Am. Stat. Assoc. 50 (multivariate t).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.statistics import distributions as stats
from hpowh.analyses.statistics.studentized import range_isf, range_sfs

Floats = NDArray[np.float64]

NODES = 96
"""Quadrature nodes for each of the two integrals of Dunnett's distribution."""
LARGE_DF = 1e5
"""From here on the t distributions are taken as normal."""
FLOOR = 1e-10
"""Tukey's tail is not known below this."""


def tukey_p(t_values: Floats, df: Floats, size: int) -> Floats:
    """Return the p-values of pairwise differences among `size` means: upper tail of the studentised range."""
    limited = np.where(np.isfinite(df), np.minimum(df, LARGE_DF), LARGE_DF)
    tails = _range_tails(np.abs(t_values) * np.sqrt(2.0), size, limited)
    # For two means the range is |t|, whose tail is known exactly however small.
    single = 2.0 * stats.t.sf(np.abs(t_values), df)
    if size == 2:
        return single
    # Below 1e-10 the quadrature is noise; Bonferroni's bound is close there and never too small.
    bound = np.minimum(single * (size * (size - 1) // 2), FLOOR)
    return np.clip(np.where(tails < FLOOR, bound, tails), 0.0, 1.0)


def _range_tails(q_values: Floats, size: int, df: Floats) -> Floats:
    """Return upper tails of the studentised range, each distinct argument once (the quadrature is slow)."""
    keys = [(float(f"{q:.10g}"), float(f"{each:.7g}")) for q, each in zip(q_values, df, strict=True)]
    by_df: dict[float, list[float]] = {}
    for q, each in dict.fromkeys(keys):
        by_df.setdefault(each, []).append(q)
    found: dict[tuple[float, float], float] = {}
    for each, values in by_df.items():
        tails = range_sfs(np.array(values), size, each)
        found |= {(q, each): float(tail) for q, tail in zip(values, tails, strict=True)}
    return np.array([found[key] for key in keys])


def tukey_critical(df: float, size: int, level: float) -> float:
    """Return the multiple of the standard error for intervals of all pairwise differences."""
    if size == 2:
        return float(stats.t.ppf(0.5 + level / 2.0, df))
    return _tukey_critical(float(f"{min(df, LARGE_DF):.7g}"), size, level)


@lru_cache(maxsize=4096)
def _tukey_critical(df: float, size: int, level: float) -> float:
    return range_isf(1.0 - level, size, df) / float(np.sqrt(2.0))


def one_factor_loadings(correlation: Floats) -> Floats | None:
    """Return l with correlation = l l' off the diagonal, or None where there are none (comparisons with one control
    have them when the means are uncorrelated or equally correlated)."""
    size = len(correlation)
    if size == 1:
        return np.zeros(1)
    if size == 2:
        root = np.sqrt(abs(correlation[0, 1]))
        return np.array([root, np.sign(correlation[0, 1]) * root])
    values = []
    for i in range(size):
        j, k = [n for n in range(size) if n != i][:2]
        if correlation[j, k] == 0:
            return None
        values.append(correlation[i, j] * correlation[i, k] / correlation[j, k])
    if min(values) < 0 or max(values) > 1:
        return None
    loadings = np.sqrt(values) * np.where(correlation[0] < 0, -1.0, 1.0)
    outer = np.outer(loadings, loadings)
    np.fill_diagonal(outer, 1.0)
    return loadings if np.abs(outer - correlation).max() < 1e-6 else None


def max_abs_t_sf(value: float, correlation: Floats, df: float) -> float:
    """Return P(max |T_i| > value) for a multivariate t with this correlation.

    With one common factor it is a double integral by Gauss quadrature (about 1e-8); otherwise scipy's lattice rule with
    a fixed seed (about 1e-5).
    """
    if value <= 0:
        return 1.0
    size = len(correlation)
    if size == 1:
        return float(2.0 * stats.t.sf(value, df))
    loadings = one_factor_loadings(correlation)
    if loadings is None:
        limits = np.full(size, value)
        from scipy.stats import multivariate_t

        inside = multivariate_t.cdf(
            limits,
            shape=correlation,
            df=min(df, LARGE_DF) if np.isfinite(df) else LARGE_DF,
            lower_limit=-limits,
            maxpts=50_000,
            random_state=np.random.default_rng(20240805),
        )
        return float(np.clip(1.0 - inside, 0.0, 1.0))
    nodes, weights, points, scale_weights = _quadrature()
    residual = np.sqrt(np.maximum(1.0 - loadings**2, 1e-12))
    if df >= LARGE_DF:
        scales, scale_weights = np.ones(1), np.ones(1)
    else:
        from scipy.stats import chi as chi_of

        chi = chi_of(df)
        low, high = chi.ppf(1e-13), chi.isf(1e-13)
        spread = 0.5 * (high - low) * points + 0.5 * (high + low)
        scale_weights = 0.5 * (high - low) * scale_weights * chi.pdf(spread)
        scales = spread / np.sqrt(df)
    reach = value * scales[:, None, None]
    drift = nodes[None, :, None] * loadings
    outside_each = stats.norm.sf((reach - drift) / residual) + stats.norm.cdf((-reach - drift) / residual)
    outside = -np.expm1(np.log1p(-np.minimum(outside_each, 1.0 - 1e-16)).sum(axis=2))
    return float(np.clip(scale_weights @ (outside @ weights), 0.0, 1.0))


def dunnett_p(t_values: Floats, correlation: Floats, df: Floats) -> Floats:
    """Return the two-sided p-values of comparisons with one control (the family of the largest |t|)."""
    pairs = zip(np.abs(t_values), df, strict=True)
    return np.array([max_abs_t_sf(float(value), correlation, float(each)) for value, each in pairs])


def dunnett_critical(correlation: Floats, df: float, level: float) -> float:
    """Return the multiple of the standard error for simultaneous intervals against a control."""
    return _dunnett_critical(np.round(correlation, 9).tobytes(), len(correlation), float(f"{df:.7g}"), level)


@lru_cache(maxsize=1024)
def _dunnett_critical(correlation: bytes, size: int, df: float, level: float) -> float:
    matrix = np.frombuffer(correlation).reshape(size, size)
    low, high = stats.t.isf(0.5 * (1.0 - level), df), stats.t.isf(0.5 * (1.0 - level) / size, df) + 1e-9
    outside = 1.0 - level
    return stats.root(lambda value: max_abs_t_sf(value, matrix, df) - outside, low - 1e-3, high + 1e-3, xtol=1e-7)


@lru_cache(maxsize=1)
def _quadrature() -> tuple[Floats, Floats, Floats, Floats]:
    """Nodes and weights for the common factor (normal) and for the scale (Legendre)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    points, scale_weights = np.polynomial.legendre.leggauss(NODES)
    return nodes, weights / weights.sum(), points, scale_weights
