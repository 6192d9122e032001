"""Result tables of a fit, as rows with the columns of `result.lmem_*`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from typing import Any

import numpy as np

from hpowh.analyses.mixed_models.inference.contrasts import Estimates, compact_letters, critical_difference_groups
from hpowh.analyses.mixed_models.inference.margins import MarginalMeans
from hpowh.analyses.mixed_models.inference.satterthwaite import Satterthwaite
from hpowh.analyses.mixed_models.inference.spreads import SpreadTest
from hpowh.analyses.mixed_models.model.cells import Floats
from hpowh.analyses.mixed_models.model.fit import Fit
from hpowh.analyses.mixed_models.studies.summary import (
    ResidualMoments,
    VarianceInterval,
    cell_sds,
    expected_bins,
    explained_variance,
    variance_intervals,
)
from hpowh.analyses.statistics import distributions as stats

RANDOM_EFFECT_LIMIT = 20_000
"""More conditional modes than this are not stored; the variance components say what they are."""
ASKED = "model"
"""The name of the model that was asked for; those fitted beside it are called by what they have besides."""
BESIDE_LIMIT = 1000
"""Levels of a group whose modes are stored of a model that was fitted beside the one asked for."""
SIGNIFICANCE = 0.05
Row = dict[str, Any]
AS_IT_IS = frozenset((str, int, bool, type(None)))


def plain(value: Any) -> Any:
    """Return a value that a table can hold: NaN is NULL, NumPy scalars are Python's."""
    if type(value) in AS_IT_IS:
        return value
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not isfinite(value):
        return None
    return value


def model_row(fit: Fit, model: str, residuals: ResidualMoments | None = None) -> Row:
    """Return the row of `lmem_model`."""
    explained = explained_variance(fit)
    reasons = []
    if fit.problem.dropped:
        reasons.append(f"not estimable and dropped: {', '.join(fit.problem.dropped)}")
    if not fit.optimum.is_converged:
        reasons.append(f"the search did not converge (largest gradient {fit.optimum.gradient:.2g})")
    return {
        "model": model,
        "formula": str(fit.formula),
        "response": fit.formula.response,
        "criterion": "REML" if fit.is_reml else "ML",
        "row_count": fit.problem.row_count,
        "excluded_count": fit.problem.cells.excluded,
        "cell_count": len(fit.problem.cells.count),
        "parameter_count": fit.parameter_count,
        "log_likelihood": fit.log_likelihood,
        "deviance": fit.optimum.deviance,
        "aic": fit.aic,
        "bic": fit.bic,
        "sigma": float(np.sqrt(fit.residual_variance)),
        "r2_marginal": explained.marginal,
        "r2_conditional": explained.conditional,
        "residual_skewness": residuals.overall_skewness if residuals else None,
        "residual_kurtosis": residuals.overall_kurtosis if residuals else None,
        "is_singular": fit.is_singular,
        "is_converged": fit.optimum.is_converged,
        "evaluation_count": fit.likelihood.evaluations,
        "is_basis": False,
        "reason": "; ".join(reasons) or None,
    }


def fixed_effect_rows(fit: Fit, quantities: Satterthwaite, model: str, level: float = 0.95) -> list[Row]:
    """Return the rows of `lmem_fixed_effect`, dropped terms included."""
    identity = np.eye(fit.problem.p)
    df = quantities.df(identity) if fit.problem.p else np.zeros(0)
    rows, at = [], 0
    for position, column in enumerate(fit.problem.all_columns):
        row: Row = {"model": model, "position": position, "term": column.name}
        if column not in fit.problem.columns:
            rows.append(row | {"reason": "a linear combination of the terms before it; dropped"})
            continue
        estimate, error = float(fit.beta[at]), float(fit.standard_errors[at])
        critical = float(stats.t.ppf(0.5 + level / 2.0, df[at]))
        rows.append(
            row
            | {
                "estimate": estimate,
                "standard_error": error,
                "df": df[at],
                "t_value": estimate / error,
                "p_value": 2.0 * float(stats.t.sf(abs(estimate / error), df[at])),
                "lower": estimate - critical * error,
                "upper": estimate + critical * error,
                "reason": None,
            }
        )
        at += 1
    return rows


def variance_rows(fit: Fit, quantities: Satterthwaite, model: str) -> list[Row]:
    """Return the rows of `lmem_variance_component`: variances, covariances, and the residual last."""
    intervals = variance_intervals(fit, quantities)
    singular = set(map(id, fit.singular_blocks))
    rows: list[Row] = []
    for (block, covariance), bounds in zip(fit.block_covariances, intervals[:-1], strict=True):
        sd = np.sqrt(np.diag(covariance))
        for i, term in enumerate(block.columns):
            for j in range(i + 1):
                is_variance = i == j
                both = sd[i] * sd[j]
                rows.append(
                    {
                        "grouping_factor": block.group,
                        "term": term,
                        "other_term": None if is_variance else block.columns[j],
                        "level_count": len(block.levels),
                        "variance": covariance[i, j],
                        "sd": sd[i] if is_variance else None,
                        "correlation": None if is_variance or both == 0 else covariance[i, j] / both,
                        "lower": bounds[i].lower if is_variance else None,
                        "upper": bounds[i].upper if is_variance else None,
                        "is_singular": id(block) in singular,
                        "reason": bounds[i].reason if is_variance else None,
                    }
                )
    rows += _residual_variance_rows(fit, intervals[-1])
    return [{"model": model, "position": i} | row for i, row in enumerate(rows)]


def _residual_variance_rows(fit: Fit, bounds: Sequence[VarianceInterval]) -> list[Row]:
    """Return the residual's row, and one for every level that has a residual variance of its own."""
    classes = fit.classes
    if classes is None:
        return [_residual_row("(Intercept)", fit.sigma, bounds[0])]
    none = VarianceInterval(np.nan, np.nan, f"the mean over rows; every {classes.factor} has its own")
    rows = [_residual_row("(Intercept)", float(np.sqrt(fit.residual_variance)), none)]
    for name, k in zip(fit.problem.cells.levels[classes.factor], classes.of_level, strict=True):
        rows.append(_residual_row(name, float(fit.class_sds[k]), bounds[k]))
        if name in classes.sharing:
            rows[-1]["reason"] = "no spread of its own: it has the narrowest one's variance"
    return rows


def _residual_row(term: str, sd: float, bounds: VarianceInterval) -> Row:
    return {
        "grouping_factor": "Residual",
        "term": term,
        "variance": sd**2,
        "sd": sd,
        "lower": bounds.lower,
        "upper": bounds.upper,
        "is_singular": False,
        "reason": bounds.reason,
    }


def spread_test_rows(tests: Sequence[SpreadTest], model: str) -> list[Row]:
    """Return the rows of `lmem_variance_test`."""
    return [{"model": model} | asdict(test) for test in tests]


def random_effect_rows(fit: Fit, model: str) -> list[Row]:
    """Return the rows of `lmem_random_effect`: conditional modes with standard deviations.

    Of a model beside the one that was asked for, groups of more than `BESIDE_LIMIT` levels, such as runs, are left out.
    """
    most = RANDOM_EFFECT_LIMIT if model == ASKED else BESIDE_LIMIT
    shown = [block for block in fit.problem.blocks if len(block.levels) <= most]
    if fit.problem.q > RANDOM_EFFECT_LIMIT or not shown:
        return []
    modes, sds = fit.random_effects.tolist(), fit.random_effect_sds.tolist()
    rows = []
    for block in shown:
        at = block.offset
        for level in block.levels:
            for term in block.columns:
                rows.append(
                    {
                        "model": model,
                        "grouping_factor": block.group,
                        "level": level,
                        "term": term,
                        "mode": modes[at],
                        "sd": sds[at],
                    }
                )
                at += 1
    return rows


def difference_matrix(levels: Sequence[str], pairs: Estimates) -> Floats:
    """Return which levels differ at 5 % (r, r), from all pairwise comparisons; not estimable is no difference."""
    place = {level: i for i, level in enumerate(levels)}
    out = np.zeros((len(levels), len(levels)), dtype=bool)
    for pair, p in zip(pairs.pairs, pairs.p_adjusted, strict=True):
        if pair is not None and np.isfinite(p) and p < SIGNIFICANCE:
            i, j = place[pair[0]], place[pair[1]]
            out[i, j] = out[j, i] = True
    return out


def marginal_rows(means: MarginalMeans, found: Estimates, pairs: Estimates, model: str) -> list[Row]:
    """Return the rows of `lmem_marginal_mean` with the compact letters of the pairwise comparisons."""
    letters = compact_letters(found.estimate, difference_matrix(means.levels, pairs))
    return [
        {
            "model": model,
            "factor": means.factor,
            "level": level,
            "setting": means.setting,
            "estimate": found.estimate[i],
            "standard_error": found.standard_error[i],
            "df": found.df[i],
            "lower": found.lower[i],
            "upper": found.upper[i],
            "letters": letters[i] if means.is_estimable[i] else None,
            "reason": None if means.is_estimable[i] else "not estimable: some combinations of factors have no rows",
        }
        for i, level in enumerate(means.levels)
    ]


def contrast_rows(fit: Fit, means: MarginalMeans, found: Estimates, model: str) -> list[Row]:
    """Return the rows of `lmem_contrast`; the effect size is the estimate in residual standard deviations."""
    rows = []
    for i, name in enumerate(found.names):
        pair = found.pairs[i]
        is_missing = not np.isfinite(found.estimate[i])
        rows.append(
            {
                "model": model,
                "factor": means.factor,
                "setting": means.setting,
                "contrast": name,
                "first": pair[0] if pair else None,
                "second": pair[1] if pair else None,
                "method": found.method,
                "estimate": found.estimate[i],
                "standard_error": found.standard_error[i],
                "df": found.df[i],
                "t_value": found.t_value[i],
                "p_value": found.p_value[i],
                "p_adjusted": found.p_adjusted[i],
                "lower": found.lower[i],
                "upper": found.upper[i],
                "effect_size": found.estimate[i] / float(np.sqrt(fit.residual_variance)),
                "reason": "not estimable: some combinations of factors have no rows" if is_missing else None,
            }
        )
    return rows


def group_rows(means: MarginalMeans, found: Estimates, pairs: Estimates, model: str, direction: str) -> list[Row]:
    """Return the rows of `lmem_group`: levels from best to worst, and the bars that join levels without difference.

    Group 0 holds every level in its place; groups 1, 2, … are the bars.
    """
    sign = -1.0 if direction == "max" else 1.0
    usable = [i for i in range(len(means.levels)) if means.is_estimable[i]]
    order = sorted(usable, key=lambda i: sign * float(found.estimate[i]))
    bars = critical_difference_groups(order, difference_matrix(means.levels, pairs))
    rows = []
    for number, members in enumerate([tuple(order), *bars]):
        rows += [
            {
                "model": model,
                "factor": means.factor,
                "setting": means.setting,
                "direction": direction,
                "group_number": number,
                "level": means.levels[i],
                "position": order.index(i) + 1,
                "estimate": found.estimate[i],
            }
            for i in members
        ]
    return rows


def residual_rows(fit: Fit, moments: ResidualMoments, coefficients: Floats, model: str) -> list[Row]:
    """Return the rows of `lmem_residual` (raw units) for up to `RANDOM_EFFECT_LIMIT` cells."""
    cells, rows = fit.problem.cells, []
    if len(cells.count) > RANDOM_EFFECT_LIMIT:
        return []
    middle = coefficients[:, 0] + (coefficients[:, 1:] * cells.mean_x).sum(axis=1)
    sds = cell_sds(fit)
    for c in range(len(cells.count)):
        few = moments.count[c] < 3 or not np.isfinite(moments.skewness[c])
        rows.append(
            {
                "model": model,
                "cell": ", ".join(f"{name} = {cells.levels[name][codes[c]]}" for name, codes in cells.codes.items()),
                "row_count": int(moments.count[c]),
                "fitted": middle[c],
                "mean": moments.mean[c] * sds[c],
                "variance": moments.variance[c] * sds[c] ** 2,
                "skewness": moments.skewness[c],
                "kurtosis": moments.kurtosis[c],
                "reason": "too few different values for shape" if few else None,
            }
        )
    return rows


def residual_bin_rows(moments: ResidualMoments, model: str) -> list[Row]:
    """Return the rows of `lmem_residual_bin`; an open end is NULL."""
    expected = expected_bins(float(moments.count.sum()))
    return [
        {"model": model, "lower": low, "upper": high, "row_count": int(moments.bins.get(b, 0)), "expected_count": n}
        for b, (low, high, n) in expected.items()
    ]


def coverage_rows(fit: Fit, model: str, factor: str, block: str) -> list[Row]:
    """Return the rows of `lmem_coverage`: rows for every pair of levels, zero where there are none."""
    cells = fit.problem.cells
    first, second = cells.levels[factor], cells.levels[block]
    counts = np.zeros((len(first), len(second)))
    np.add.at(counts, (cells.codes[factor], cells.codes[block]), cells.count)
    return [
        {"model": model, "level": level, "block": other, "row_count": int(counts[i, j])}
        for i, level in enumerate(first)
        for j, other in enumerate(second)
    ]
