"""The checks as the tool significance-analysis 0.2.4 makes them, to reproduce published figures.

Maximum likelihood, 2 |difference of log-likelihoods| against chi-squared with as many degrees of freedom as fixed
effects differ, no correction, rows taken as independent. The signed difference is what is stored; where the models are
not nested, `reason` says so.
"""

from __future__ import annotations

from typing import Any

from scipy import stats

from hpowh.analyses.mixed_models.cells import Cells, DataError
from hpowh.analyses.mixed_models.compare import refusal
from hpowh.analyses.mixed_models.fit import Fit, fit
from hpowh.analyses.mixed_models.presets import LEVEL, CellSource, Setup
from hpowh.analyses.mixed_models.subset import subset

Row = dict[str, Any]


def seed_dependency(source: CellSource, setup: Setup) -> list[Row]:
    """Return the published seed check: `y ~ algorithm` against `y ~ (0 + algorithm | seed)`, which is not nested."""
    null, full = f"{setup.response} ~ algorithm", f"{setup.response} ~ (0+algorithm|seed)"
    cells = source(f"{full} + (1|algorithm)")
    return [_row("seed", "all algorithms", fit(null, cells, is_reml=False), fit(full, cells, is_reml=False))]


def benchmark_informativeness(source: CellSource, setup: Setup) -> list[Row]:
    """Return the published informativeness check, one row a benchmark: `y ~ 1` against `y ~ algorithm`."""
    null, full = f"{setup.response} ~ 1", f"{setup.response} ~ algorithm"
    cells = source(f"{full} + (1|benchmark)")
    rows = []
    for benchmark in cells.levels["benchmark"]:
        part = subset(cells, {"benchmark": benchmark})
        try:
            rows.append(
                _row("informativeness", benchmark, fit(null, part, is_reml=False), fit(full, part, is_reml=False))
            )
        except DataError as error:
            rows.append(
                {
                    "preset": "informativeness",
                    "subject": benchmark,
                    "test": "published",
                    "verdict": f"not tested: {error}",
                    "reason": str(error),
                }
            )
    return rows


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
    statistic = 2.0 * (full.log_likelihood - null.log_likelihood)
    df = abs(full.problem.p - null.problem.p)
    p = float(stats.chi2.sf(abs(statistic), df)) if df else None
    better = statistic > 0
    is_significant = None if p is None else bool(p < LEVEL and better)
    return {
        "preset": preset,
        "subject": subject,
        "null_formula": str(null.formula),
        "full_formula": str(full.formula),
        "test": "published: 2 |difference of log-likelihoods|, ML",
        "statistic": statistic,
        "df1": float(df),
        "p_value": p,
        "is_significant": is_significant,
        "null_log_likelihood": null.log_likelihood,
        "full_log_likelihood": full.log_likelihood,
        "verdict": f"log-likelihood {full.log_likelihood:.4f} {'>' if better else '<='} {null.log_likelihood:.4f}",
        "reason": _fault(null, full, full.problem.cells),
    }


def _fault(null: Fit, full: Fit, cells: Cells) -> str | None:
    return refusal(null.formula, full.formula, cells, False)
