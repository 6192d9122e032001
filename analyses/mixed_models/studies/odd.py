"""Why a benchmark is anomalous: how its runs are distributed by level and algorithm, and what is unlike the others.

The published study found by hand that the bad priors of its two odd benchmarks are bimodal; here each distribution is
tested for a second mode, and its spread is set beside that of the same algorithm and level on the other benchmarks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hpowh.analyses.mixed_models.model.cells import Floats
from hpowh.analyses.statistics.modes import two_modes
from hpowh.analyses.statistics.multiplicity import holm
from hpowh.analyses.wording import brief, p_said

LEVEL = 0.05
UNLIKE = 3.0
"""A spread is unlike the others' when it is this many times as large or as small as their median."""
Row = dict[str, Any]
QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)
NAMES = ("smallest", "lower_quartile", "median", "upper_quartile", "largest")


def why_rows(rows: Sequence[Row], found: Mapping[str, Any], budgets: Sequence[float]) -> list[Row]:
    """Return the rows of `lmem_anomaly_why`: for each anomalous benchmark, at its clearest budget, one a distribution.

    Args:
        rows: those of `lmem_anomaly`.
        found: one entry a run: `algorithm`, `benchmark`, `level`, `losses` (runs, budgets), as `kinds.paired_shifts`.
    """
    losses = np.asarray(found["losses"], dtype=np.float64)
    keys = {name: np.asarray(found[name], dtype=object) for name in ("algorithm", "benchmark", "level")}
    out: list[Row] = []
    flagged = [row for row in rows if row["is_anomalous"]]
    for benchmark, first, second in dict.fromkeys((r["benchmark"], r["first"], r["second"]) for r in flagged):
        mine = [row for row in flagged if (row["benchmark"], row["first"], row["second"]) == (benchmark, first, second)]
        best = min(mine, key=lambda row: row["p_value"])
        at = 0 if best["budget"] is None else list(budgets).index(best["budget"])
        for algorithm in (first, second):
            for level in (best["good_level"], best["bad_level"]):
                of = (keys["algorithm"] == algorithm) & (keys["level"] == level)
                head = {name: best[name] for name in ("benchmark", "first", "second", "factor", "budget")}
                row = {**head, "algorithm": algorithm, "level": level}
                out.append(row | _described(losses[:, at], of, keys["benchmark"], benchmark))
    for row, p in zip(out, holm(np.array([_known(row["p_two_modes"]) for row in out])), strict=True):
        row["p_adjusted"] = None if np.isnan(p) else float(p)
    return out


def _known(p: float | None) -> float:
    return np.nan if p is None else p


def _described(losses: Floats, of: np.ndarray, names: np.ndarray, benchmark: str) -> Row:
    """Describe one distribution, test it for a second mode, and set its spread beside the other benchmarks'."""
    mine = losses[of & (names == benchmark)]
    mine = mine[np.isfinite(mine)]
    row: Row = dict.fromkeys((*NAMES, "standard_deviation", "spread_ratio", "mode_lower", "mode_upper", "p_two_modes"))
    row |= {"run_count": len(mine), "reason": None}
    if not len(mine):
        return row | {"reason": "no run has a value"}
    row |= dict(zip(NAMES, (float(value) for value in np.quantile(mine, QUANTILES)), strict=True))
    if len(mine) > 1:
        row["standard_deviation"] = float(mine.std(ddof=1))
        row["spread_ratio"] = _ratio(row["standard_deviation"], losses, of, names, benchmark)
    modes = two_modes(mine)
    return row | {
        "mode_lower": modes.lower,
        "mode_upper": modes.upper,
        "p_two_modes": modes.p_value,
        "reason": modes.reason,
    }


def _ratio(own: float, losses: Floats, of: np.ndarray, names: np.ndarray, benchmark: str) -> float | None:
    """Return the spread as a multiple of the median of the other benchmarks' spreads; None where they have none."""
    others = []
    for name in dict.fromkeys(names[of]):
        values = losses[of & (names == name)]
        values = values[np.isfinite(values)]
        if name != benchmark and len(values) > 1:
            others.append(float(values.std(ddof=1)))
    middle = float(np.median(others)) if others else 0.0
    return own / middle if middle > 0 else None


def why_sentences(rows: Sequence[Row]) -> list[str]:
    """Say what is unlike the others: one sentence a benchmark; that nothing is, too."""
    sentences = []
    for benchmark in dict.fromkeys(row["benchmark"] for row in rows):
        mine = [row for row in rows if row["benchmark"] == benchmark]
        parts = [
            f"the runs of {row['algorithm']} under {row['factor']} {row['level']} have two modes, near "
            f"{brief(row['mode_lower'])} and {brief(row['mode_upper'])} ({p_said(row['p_adjusted'])}, Silverman, Holm)"
            for row in mine
            if row["p_adjusted"] is not None and row["p_adjusted"] < LEVEL and row["mode_lower"] is not None
        ]
        parts += [
            f"those of {row['algorithm']} under {row['factor']} {row['level']} scatter "
            f"{brief(row['spread_ratio'], 2)} times "
            "as much as on the other benchmarks (median)"
            for row in mine
            if row["spread_ratio"] is not None and not 1.0 / UNLIKE <= row["spread_ratio"] <= UNLIKE
        ]
        text = "; ".join(parts) or "no distribution has two modes or another spread than on the other benchmarks"
        sentences.append(f"{benchmark}: {text}.")
    return sentences
