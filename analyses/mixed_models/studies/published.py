"""The checks as the tool significance-analysis 0.2.4 makes them, to reproduce published figures.

Maximum likelihood, 2 |difference of log-likelihoods| against chi-squared with as many degrees of freedom as fixed
effects differ, no correction, rows taken as independent. The signed difference is what is stored; where the models are
not nested, `reason` says so.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hpowh.analyses.mixed_models.inference.compare import refusal
from hpowh.analyses.mixed_models.model.cells import Cells, Floats, Integers
from hpowh.analyses.mixed_models.model.fit import Fit, fit
from hpowh.analyses.mixed_models.studies.presets import LEVEL, CellSource, Setup
from hpowh.analyses.statistics import distributions as stats

Row = dict[str, Any]
TEST = "published: 2 |difference of log-likelihoods|, ML"


def seed_dependency(source: CellSource, setup: Setup) -> list[Row]:
    """Return the published seed check: `y ~ algorithm` against `y ~ (0 + algorithm | seed)`, which is not nested."""
    null, full = f"{setup.response} ~ algorithm", f"{setup.response} ~ (0+algorithm|seed)"
    cells = source(f"{full} + (1|algorithm)")
    return [_row("seed", "all algorithms", fit(null, cells, is_reml=False), fit(full, cells, is_reml=False))]


def benchmark_informativeness(source: CellSource, setup: Setup) -> list[Row]:
    """Return the published informativeness check, one row a benchmark: `y ~ 1` against `y ~ algorithm`."""
    null, full = f"{setup.response} ~ 1", f"{setup.response} ~ algorithm"
    cells = source(f"{full} + (1|benchmark)")
    index, size = cells.codes["benchmark"], len(cells.levels["benchmark"])
    count, scatter = between_and_within(cells, index, size)
    both = index * len(cells.levels["algorithm"]) + cells.codes["algorithm"]
    _, within = between_and_within(cells, both, size * len(cells.levels["algorithm"]))
    by_algorithm = within.reshape(size, -1).sum(axis=1)
    present = np.unique(both) // len(cells.levels["algorithm"])
    algorithms = np.bincount(present, minlength=size)
    rows = []
    for i, benchmark in enumerate(cells.levels["benchmark"]):
        row: Row = {"preset": "informativeness", "subject": benchmark, "null_formula": null, "full_formula": full}
        if by_algorithm[i] <= 0 or algorithms[i] < 2:
            reason = "the response does not vary within algorithms, or there is one algorithm"
            rows.append(row | {"test": TEST, "verdict": f"not tested: {reason}", "reason": reason})
            continue
        likelihoods = (normal_log_likelihood(count[i], scatter[i]), normal_log_likelihood(count[i], by_algorithm[i]))
        rows.append(row | _fields(*likelihoods, int(algorithms[i]) - 1) | {"reason": None})
    return rows


def between_and_within(cells: Cells, group: Integers, size: int) -> tuple[Floats, Floats]:
    """Return rows and the sum of squares about the mean (size,) for groups of cells."""
    count = np.asarray(np.bincount(group, weights=cells.count, minlength=size), dtype=np.float64)
    mean = np.bincount(group, weights=cells.count * cells.mean_y, minlength=size) / np.maximum(count, 1.0)
    off = cells.count * (cells.mean_y - mean[group]) ** 2 + cells.scatter_y
    return count, np.asarray(np.bincount(group, weights=off, minlength=size), dtype=np.float64)


def normal_log_likelihood(count: float, scatter: float) -> float:
    """Return the maximised log-likelihood of a linear model with this residual sum of squares."""
    return -0.5 * float(count * (np.log(2.0 * np.pi * scatter / count) + 1.0))


def budget_effect(source: CellSource, setup: Setup) -> list[Row]:
    """Return the published budget check: none against simple, none against interaction, simple against interaction."""
    none = f"{setup.response} ~ algorithm + (1|benchmark)"
    simple = f"{setup.response} ~ algorithm + budget + (1|benchmark)"
    crossed = f"{setup.response} ~ algorithm + algorithm:budget + (1|benchmark)"
    cells = source(f"{setup.response} ~ algorithm*budget + (1|benchmark)")
    fits = {name: fit(text, cells, is_reml=False) for name, text in (("n", none), ("s", simple), ("i", crossed))}
    return [
        _row("budget", "simple effect", fits["n"], fits["s"]),
        _row("budget", "interaction", fits["n"], fits["i"]),
        _row("budget", "interaction over simple", fits["s"], fits["i"]),
    ]


def _row(preset: str, subject: str, null: Fit, full: Fit) -> Row:
    row = {"preset": preset, "subject": subject, "null_formula": str(null.formula), "full_formula": str(full.formula)}
    df = abs(full.problem.p - null.problem.p)
    reason = refusal(null.formula, full.formula, full.problem.cells, False)
    return row | _fields(null.log_likelihood, full.log_likelihood, df) | {"reason": reason}


def _fields(null: float, full: float, df: int) -> Row:
    statistic = 2.0 * (full - null)
    p = float(stats.chi2.sf(abs(statistic), df)) if df else None
    is_better = statistic > 0
    return {
        "test": TEST,
        "statistic": statistic,
        "df1": float(df),
        "p_value": p,
        "is_significant": None if p is None else bool(p < LEVEL and is_better),
        "null_log_likelihood": null,
        "full_log_likelihood": full,
        "verdict": f"log-likelihood {full:.4f} {'>' if is_better else '<='} {null:.4f}",
    }
