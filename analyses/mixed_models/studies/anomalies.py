"""Benchmarks on which the contrast of two algorithms moves the wrong way between two levels of a factor.

With a good prior an algorithm that uses priors should gain on one that does not. For each benchmark and budget the
shift is contrast(good) - contrast(bad), in standard deviations of the paired differences, and the same for the share
of wins. A benchmark is anomalous when both shifts have the opposite sign to the other benchmarks' and both differ from
theirs by more than chance (Holm over benchmarks and budgets; the larger of the two p-values counts). Being far from the
others is not enough: a benchmark with a huge shift in the common direction is no anomaly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hpowh.analyses.mixed_models.model.cells import Floats
from hpowh.analyses.statistics import distributions as stats
from hpowh.analyses.statistics.multiplicity import holm
from hpowh.analyses.wording import brief, p_said

LEVEL = 0.05
FEW_RUNS = 5
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Shift:
    """One benchmark at one budget: means and win shares of the paired differences at both levels, with variances."""

    benchmark: str
    budget: float | None
    runs: int
    good: float
    bad: float
    scale: float
    shift_sd: float
    wins: float
    wins_sd: float


def shift_of(benchmark: str, budget: float | None, good: Floats, bad: Floats) -> Shift | None:
    """Return the shift from paired differences (loss of the first minus loss of the second) at the two levels.

    None where a level has fewer than `FEW_RUNS` pairs.
    """
    if min(len(good), len(bad)) < FEW_RUNS:
        return None
    variances = good.var(ddof=1), bad.var(ddof=1)
    scale = float(np.sqrt(0.5 * (variances[0] + variances[1])))
    spread = float(np.sqrt(variances[0] / len(good) + variances[1] / len(bad)))
    wins_good, wins_bad = -np.sign(good), -np.sign(bad)
    # A win share of 0 or 1 has no empirical variance; one further opposite pair (Wilson's idea) bounds it.
    smoothed = [np.append(w, -np.sign(w.mean())) if abs(w.mean()) == 1 else w for w in (wins_good, wins_bad)]
    wins_sd = float(np.sqrt(sum(w.var(ddof=1) / len(w) for w in smoothed)))
    return Shift(
        benchmark=benchmark,
        budget=budget,
        runs=min(len(good), len(bad)),
        good=float(good.mean()),
        bad=float(bad.mean()),
        scale=scale,
        shift_sd=spread,
        wins=float(wins_good.mean() - wins_bad.mean()) / 2.0,
        wins_sd=wins_sd / 2.0,
    )


def find_anomalies(shifts: Sequence[Shift], names: Mapping[str, str]) -> list[Row]:
    """Return one row a benchmark and budget, anomalous ones marked.

    Args:
        names: the fields `first`, `second`, `factor`, `good_level`, `bad_level` of every row.
    """
    rows: list[Row] = []
    p_values: list[float] = []
    budgets = list(dict.fromkeys(shift.budget for shift in shifts))
    for budget in budgets:
        here = [shift for shift in shifts if shift.budget == budget]
        for shift in here:
            row, p = _judge(shift, [other for other in here if other is not shift])
            rows.append({**names, **row})
            p_values.append(p)
    for row, p in zip(rows, holm(np.array(p_values)), strict=True):
        row["p_adjusted"] = None if np.isnan(p) else p
        row["is_anomalous"] = bool(row["is_reversed"] and p < LEVEL)
    return rows


def _judge(shift: Shift, others: Sequence[Shift]) -> tuple[Row, float]:
    """Compare one benchmark with the consensus of the others at the same budget."""
    z = float(stats.norm.ppf(1.0 - LEVEL / 2.0))
    raw = shift.good - shift.bad
    row: Row = {
        "benchmark": shift.benchmark,
        "budget": shift.budget,
        "run_count": shift.runs,
        "scale": shift.scale,
        "difference_good": shift.good,
        "difference_bad": shift.bad,
        "shift": raw,
        "shift_lower": raw - z * shift.shift_sd,
        "shift_upper": raw + z * shift.shift_sd,
        "win_shift": shift.wins,
        "win_shift_lower": shift.wins - z * shift.wins_sd,
        "win_shift_upper": shift.wins + z * shift.wins_sd,
        "is_reversed": False,
        **dict.fromkeys(
            ("consensus_shift", "consensus_win_shift", "z_shift", "z_win_shift", "p_value", "p_adjusted", "reason")
        ),
    }
    usable = [other for other in others if other.scale > 0]
    if len(usable) < 2 or shift.scale <= 0:
        return row | {"reason": "fewer than two other benchmarks with variation to compare with"}, np.nan
    standard = np.array([(other.good - other.bad) / other.scale for other in usable])
    standard_sd = np.array([other.shift_sd / other.scale for other in usable])
    wins, wins_sd = np.array([o.wins for o in usable]), np.array([o.wins_sd for o in usable])
    # The median is the consensus, so that a second anomaly does not hide the first; its error is a mean's, inflated.
    inflation = np.sqrt(np.pi / 2.0) / len(usable)
    center, center_sd = float(np.median(standard)), inflation * float(np.sqrt((standard_sd**2).sum()))
    wins_center, wins_center_sd = float(np.median(wins)), inflation * float(np.sqrt((wins_sd**2).sum()))
    own, own_sd = raw / shift.scale, shift.shift_sd / shift.scale
    z_shift = (own - center) / np.hypot(own_sd, center_sd)
    z_wins = (shift.wins - wins_center) / np.hypot(shift.wins_sd, wins_center_sd) if shift.wins_sd > 0 else 0.0
    p = max(2.0 * float(stats.norm.sf(abs(z_shift))), 2.0 * float(stats.norm.sf(abs(z_wins))))
    # Losses: a larger difference means fewer wins of the first, so the two shifts have opposite signs when they agree.
    is_reversed = own * center < 0 and shift.wins * wins_center < 0 and center * wins_center < 0
    return row | {
        "consensus_shift": center,
        "consensus_win_shift": wins_center,
        "z_shift": z_shift,
        "z_win_shift": z_wins,
        "p_value": p,
        "is_reversed": bool(is_reversed),
    }, p


def sentences(rows: Sequence[Row]) -> list[str]:
    """Return what was found: one sentence an anomalous benchmark, at the budget where it is clearest."""
    notes = []
    for benchmark in dict.fromkeys(row["benchmark"] for row in rows if row["is_anomalous"]):
        flagged = [row for row in rows if row["benchmark"] == benchmark and row["is_anomalous"]]
        best = min(flagged, key=lambda row: row["p_value"])
        where = "" if best["budget"] is None else f" at budget {best['budget']:g}"
        notes.append(
            f"{benchmark}: from {best['factor']} {best['bad_level']} to {best['good_level']} the difference "
            f"{best['first']} - {best['second']} moves by {brief(best['shift'], 4)} (95 % interval "
            f"{brief(best['shift_lower'], 4)} to {brief(best['shift_upper'], 4)}){where}, against the direction on "
            "the other "
            f"benchmarks ({p_said(best['p_adjusted'])}, Holm), and so do the wins."
        )
    return notes
