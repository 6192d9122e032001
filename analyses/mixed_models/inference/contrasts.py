"""Contrasts of marginal means: pairwise, against a control, custom; letters and critical-difference groups."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hpowh.analyses.mixed_models.inference.margins import MarginalMeans
from hpowh.analyses.mixed_models.inference.satterthwaite import Satterthwaite
from hpowh.analyses.mixed_models.model.cells import DataError, Floats
from hpowh.analyses.mixed_models.model.fit import Fit
from hpowh.analyses.statistics import distributions as stats
from hpowh.analyses.statistics.families import dunnett_critical, dunnett_p, tukey_critical, tukey_p
from hpowh.analyses.statistics.multiplicity import benjamini_hochberg, holm

ADJUSTMENTS = ("tukey", "dunnett", "holm", "bh", "none")
BONFERRONI = "bonferroni"
"""What stands for Tukey's and Dunnett's method where standard errors are estimated apart: those need a common one."""
NUMBERS = ("estimate", "standard_error", "df", "t_value", "p_value", "p_adjusted", "lower", "upper")
ROUNDING = 1e-12
"""A difference below this share of its standard error is zero."""
FEWEST_DF = 0.01
"""With fewer degrees of freedom a critical value is beyond 1e100: nothing can be said."""


@dataclass(frozen=True, kw_only=True)
class Estimates:
    """Linear functions of the fixed effects with their uncertainty; every array is (r,)."""

    names: tuple[str, ...]
    pairs: tuple[tuple[str, str] | None, ...]
    estimate: Floats
    standard_error: Floats
    df: Floats
    t_value: Floats
    p_value: Floats
    p_adjusted: Floats
    lower: Floats
    upper: Floats
    method: str


def estimate_means(fit: Fit, quantities: Satterthwaite, means: MarginalMeans, level: float = 0.95) -> Estimates:
    """Return the marginal means with Satterthwaite degrees of freedom and unadjusted intervals."""
    names = tuple((name, "") for name in means.levels)
    return _estimate(fit, quantities, means.matrix, means.levels, names, "none", level, means.is_estimable, 1)


def pairwise(fit: Fit, quantities: Satterthwaite, means: MarginalMeans, method: str, level: float = 0.95) -> Estimates:
    """Return all differences first - second, adjusted by `tukey`, `holm`, `bh` or `none`."""
    order = list(itertools.combinations(range(len(means.levels)), 2))
    matrix = np.array([means.matrix[i] - means.matrix[j] for i, j in order])
    pairs = tuple((means.levels[i], means.levels[j]) for i, j in order)
    names = tuple(f"{first} - {second}" for first, second in pairs)
    known = [means.is_estimable[i] and means.is_estimable[j] for i, j in order]
    return _estimate(fit, quantities, matrix, names, pairs, method, level, known, sum(means.is_estimable))


def against_control(
    fit: Fit, quantities: Satterthwaite, means: MarginalMeans, control: str, level: float = 0.95
) -> Estimates:
    """Return the differences of every level from a control, adjusted by Dunnett's method.

    Raises:
        DataError: the control is not a level of the factor.
    """
    if control not in means.levels:
        raise DataError(f"{means.factor} has no level {control}; there are: {', '.join(means.levels)}.")
    base = means.levels.index(control)
    others = [i for i in range(len(means.levels)) if i != base]
    matrix = np.array([means.matrix[i] - means.matrix[base] for i in others])
    pairs = tuple((means.levels[i], control) for i in others)
    names = tuple(f"{first} - {control}" for first, _ in pairs)
    known = [means.is_estimable[i] and means.is_estimable[base] for i in others]
    return _estimate(fit, quantities, matrix, names, pairs, "dunnett", level, known, sum(means.is_estimable))


def custom(
    fit: Fit, quantities: Satterthwaite, means: MarginalMeans, texts: Sequence[str], method: str, level: float = 0.95
) -> Estimates:
    """Return contrasts written as sums of levels, such as `HB - 0.5*PB - 0.5*RS`.

    Raises:
        DataError: a text cannot be read or names an unknown level.
    """
    weights = np.array([contrast_weights(text, means.levels) for text in texts])
    pairs = (None,) * len(texts)
    known = [all(means.is_estimable[i] for i in np.flatnonzero(row)) for row in weights]
    size = sum(means.is_estimable)
    return _estimate(fit, quantities, weights @ means.matrix, tuple(texts), pairs, method, level, known, size)


def contrast_weights(text: str, levels: Sequence[str]) -> Floats:
    """Return the weight of every level in a contrast written as text.

    Raises:
        DataError: it cannot be read; says where.
    """
    weights = np.zeros(len(levels))
    names = "|".join(re.escape(level) for level in sorted(levels, key=len, reverse=True))
    piece = re.compile(rf"\s*(?P<sign>[+-]?)\s*(?:(?P<factor>\d+\.?\d*|\.\d+)\s*\*\s*)?(?P<level>{names})(?![\w.])")
    at = 0
    while text[at:].strip():
        match = piece.match(text, at)
        if match is None or (at > 0 and not match["sign"]):
            raise DataError(
                f"Cannot read the contrast {text!r} at {text[at:].strip()!r}; write levels with signs and factors, "
                f"such as {levels[0]} - {levels[-1]}. Levels: {', '.join(levels)}."
            )
        value = float(match["factor"] or 1.0) * (-1.0 if match["sign"] == "-" else 1.0)
        weights[levels.index(match["level"])] += value
        at = match.end()
    return weights


def _estimate(
    fit: Fit,
    quantities: Satterthwaite,
    matrix: Floats,
    names: tuple[str, ...],
    pairs: tuple[tuple[str, str] | None, ...],
    method: str,
    level: float,
    is_known: Sequence[bool],
    size: int,
) -> Estimates:
    """Estimate what can be estimated; the rest is NaN (NULL in a table) and no member of the adjusted family.

    Args:
        size: the means that can be estimated, among which Tukey's method compares.
    """
    if method not in ADJUSTMENTS:
        raise DataError(f"There is no adjustment {method}; there are {', '.join(ADJUSTMENTS)}.")
    if fit.own is not None and method in ("tukey", "dunnett"):
        method = BONFERRONI
    kept = np.flatnonzero(is_known)
    arrays = {name: np.full(len(names), np.nan) for name in NUMBERS}
    if kept.size:
        for name, values in _numbers(fit, quantities, matrix[kept], method, level, size).items():
            arrays[name][kept] = values
    return Estimates(names=names, pairs=pairs, method=method, **arrays)


def _numbers(
    fit: Fit, quantities: Satterthwaite, matrix: Floats, method: str, level: float, size: int
) -> dict[str, Floats]:
    error = np.sqrt(np.maximum(((matrix @ fit.covariance) * matrix).sum(axis=1), 0.0))
    estimate = matrix @ fit.beta
    # Equal means differ by what doubles lose: that is no difference, and nothing to print.
    estimate = np.where(np.abs(estimate) < ROUNDING * error, 0.0, estimate)
    df = quantities.df(matrix)
    with np.errstate(divide="ignore", invalid="ignore"):
        t_value = estimate / error
    # Where the variances are unknown altogether (a singular fit without curvature), nothing is told apart, an interval
    # would be infinite.
    df = np.where(df < FEWEST_DF, np.nan, df)
    is_blank = np.isnan(df)
    p_value = np.where(is_blank, 1.0, 2.0 * stats.t.sf(np.abs(t_value), df))
    critical = np.full(len(df), np.nan)
    if method == "tukey":
        adjusted = np.where(is_blank, 1.0, tukey_p(t_value, np.where(is_blank, 1.0, df), size))
        critical[~is_blank] = _by_df(df[~is_blank], lambda each: tukey_critical(each, size, level))
    elif method == BONFERRONI:
        adjusted = np.minimum(1.0, len(p_value) * p_value)
        critical = stats.t.ppf(1.0 - (1.0 - level) / (2.0 * len(p_value)), df)
    elif method == "dunnett":
        correlation = matrix @ fit.covariance @ matrix.T / np.outer(error, error)
        adjusted = np.where(is_blank, 1.0, dunnett_p(t_value, correlation, np.where(is_blank, 1.0, df)))
        critical[~is_blank] = _by_df(df[~is_blank], lambda each: dunnett_critical(correlation, each, level))
    else:
        corrections: dict[str, Callable[[Floats], Floats]] = {
            "holm": holm,
            "bh": benjamini_hochberg,
            "none": np.copy,
        }
        adjusted = corrections[method](p_value)
        critical = stats.t.ppf(0.5 + level / 2.0, df)
    lower, upper = estimate - critical * error, estimate + critical * error
    return dict(zip(NUMBERS, (estimate, error, df, t_value, p_value, adjusted, lower, upper), strict=True))


def _by_df(df: Floats, critical: Callable[[float], float]) -> Floats:
    """Evaluate a critical value once for each distinct df (balanced designs have one)."""
    known: dict[float, float] = {}
    out = []
    for value in df:
        key = round(float(value), 4) if np.isfinite(value) else np.inf
        if key not in known:
            known[key] = critical(key)
        out.append(known[key])
    return np.array(out)


def compact_letters(estimates: Floats, is_different: Floats) -> list[str]:
    """Return the letters of every level: two levels share one exactly when they are not different.

    Insert-and-absorb of Piepho (2004), J. Comput. Graph. Stat. 13. `is_different` (r, r) is symmetric; `estimates` (r,)
    give the order of the letters, `a` the lowest.
    """
    size = len(estimates)
    place = np.argsort(np.argsort(estimates, kind="stable"), kind="stable").tolist()
    columns = [frozenset(range(size))]
    for i, j in itertools.combinations(range(size), 2):
        if not is_different[i, j]:
            continue
        split: list[frozenset[int]] = []
        for column in columns:
            split += [column - {i}, column - {j}] if {i, j} <= column else [column]
        unique = list(dict.fromkeys(split))
        columns = [c for c in unique if c and not any(c < other for other in unique)]
    columns.sort(key=lambda column: sorted(place[i] for i in column))
    alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    marks = [alphabet[n] if n < len(alphabet) else f"({n + 1})" for n in range(len(columns))]
    return ["".join(mark for mark, column in zip(marks, columns, strict=True) if i in column) for i in range(size)]


def critical_difference_groups(order: Sequence[int], is_different: Floats) -> list[tuple[int, ...]]:
    """Return the bars of a CD diagram: the longest runs of neighbours in `order` without any difference among them.

    A bar stands for "no pair in it differs", so every pair inside is looked at, not only its ends. Runs of one level
    and runs inside a longer one are left out.
    """
    size = len(order)
    runs: list[tuple[int, int]] = []
    for start in range(size):
        end = start
        while end + 1 < size and not any(is_different[order[k], order[end + 1]] for k in range(start, end + 1)):
            end += 1
        if end > start and not any(low <= start and end <= high for low, high in runs):
            runs.append((start, end))
    return [tuple(order[start : end + 1]) for start, end in runs]
