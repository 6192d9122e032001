"""The rows that say how many trials there are, which is best, why others failed, and what several metrics say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from hpowh.analyses.sweeps.advice.budget import effects, last_steps
from hpowh.analyses.sweeps.advice.failures import LEAST_BAD, Ended, explain
from hpowh.analyses.sweeps.advice.steps import early_stopping
from hpowh.analyses.sweeps.importance.rungs import rungs
from hpowh.analyses.sweeps.reading.columns import read_column
from hpowh.analyses.sweeps.reading.configurations import configurations, repeat_columns
from hpowh.analyses.sweeps.reading.prepare import TooLittleError, prepare
from hpowh.analyses.sweeps.reading.sampling import suspects
from hpowh.analyses.sweeps.reading.trials import Trials
from hpowh.analyses.sweeps.result import Result

PRUNED = 0.2
"""Share of pruned trials from which a warning says that they are not seen."""
SHOWN_REASONS = 10
MOSTLY = 0.5
"""A configuration failed where at least so many of its repeats did."""
MOST_EXPLAINED = 5000
"""Failures are explained among at most so many trials, the first ones of each kind."""

Row = dict[str, Any]
Metric = tuple[int, str, str]


def outcome_of(trials: Trials, metric: int) -> list[str]:
    """Return per trial `good`, `failed`, `pruned`, `diverged` (finished without a finite value) or `open`."""
    has_value = ~np.isnan(trials.final[metric])
    words = {"finished": "diverged", "failed": "failed", "pruned": "pruned"}
    return ["good" if good else words.get(one, "open") for one, good in zip(trials.status, has_value, strict=True)]


def ended(trials: Trials, metric: int) -> Ended:
    """Return the trials that ended with a value, or failed or diverged: what suggestions learn from."""
    outcome = outcome_of(trials, metric)
    rows = np.array([i for i, one in enumerate(outcome) if one in ("good", "failed", "diverged")], dtype=np.int64)
    is_good = np.array([outcome[i] == "good" for i in rows], dtype=bool)
    return Ended(raw=[column.take(rows) for column in trials.columns], is_good=is_good)


def with_failures_as_worst(trials: Trials, metric: int, direction: str, seed: int) -> list[Row]:
    """Return importances in which trials that failed or diverged are the worst (`sweep_importance`)."""
    from hpowh.analyses.sweeps.importance.worst import with_failures

    rows = np.array([i for i, one in enumerate(outcome_of(trials, metric)) if one in ("good", "failed", "diverged")])
    loss = trials.final[metric][rows] * (1.0 if direction == "min" else -1.0)
    return with_failures([column.take(rows) for column in trials.columns], loss, seed)


def failure_rows(trials: Trials, metric: int, reasons: Mapping[int, str]) -> tuple[list[Row], list[Row]]:
    """Return what separates trials that failed, diverged or were pruned from those with a value, and why they say.

    Args:
        reasons: trial's id -> the reason that is stored.
    """
    outcome = np.array(outcome_of(trials, metric))
    rule_rows, reason_rows = [], []
    kinds = ("failed", "diverged", "pruned")
    families = sum(int((outcome == kind).sum()) >= LEAST_BAD for kind in kinds)
    for kind in kinds:
        bad = np.flatnonzero(outcome == kind)[:MOST_EXPLAINED]
        counts = Counter(reasons[int(trials.trial_id[i])] for i in bad if int(trials.trial_id[i]) in reasons)
        reason_rows += [
            {"outcome": kind, "position": at, "reason": reason, "trial_count": count}
            for at, (reason, count) in enumerate(counts.most_common(SHOWN_REASONS), start=1)
        ]
        if bad.size < LEAST_BAD:
            continue
        rows = np.sort(np.concatenate([bad, np.flatnonzero(outcome == "good")[:MOST_EXPLAINED]]))
        raw = [column.take(rows) for column in trials.columns]
        repeats = repeat_columns(raw)
        groups = configurations(
            [one for one in raw if one.name not in repeats], (outcome[rows] == kind).astype(float)
        )  # fmt: skip
        try:
            prepared = prepare([one.take(groups.first) for one in raw], repeats)
        except TooLittleError:
            continue
        for at, rule in enumerate(explain(prepared, groups.mean >= MOSTLY, families), start=1):
            inside = asdict(rule)
            inside["trial_count"] = inside.pop("count")
            inside["hyperparameters"] = ", ".join(inside["hyperparameters"])
            rule_rows.append({"outcome": kind, "position": at, **inside})
    return rule_rows, reason_rows


def summary_row(trials: Trials, sweep: int, metric: Metric, result: Result) -> Row:
    """Return the row of `result.sweep_summary`; the best is the configuration with the best mean."""
    number, _, direction = metric
    used = trials.with_value(number)
    values = trials.final[number][used]
    sign = 1.0 if direction == "min" else -1.0
    groups = result.configurations
    columns = result.tables.get("sweep_column", [])
    status = trials.status
    row: Row = {
        "sweep_id": sweep,
        "trial_count": len(status),
        **{f"{one}_count": status.count(one) for one in ("finished", "failed", "pruned")},
        "open_count": status.count("running") + status.count("waiting"),
        "used_count": int(used.size),
        "column_count": len(columns),
        "used_column_count": sum(one["role"] == "used" for one in columns),
        "target": result.target,
        "step": trials.at_step.get(number),
        "reason": result.reason,
    }
    if groups is None or not used.size:
        return row
    best = int(np.argmin(sign * groups.standing))
    single = int(np.argmin(sign * values))
    deviation = float(groups.deviation[best])
    return row | {
        "best_value": float(groups.mean[best]) if groups.is_repeated else float(values[single]),
        "best_trial_id": int(trials.trial_id[used[groups.first[best]]]),
        "median_value": float(np.median(groups.mean if groups.is_repeated else values)),
        "configuration_count": int(groups.first.size),
        "noise_share": groups.noise,
        "noise_deviation": groups.noise_deviation,
        "best_count": int(groups.count[best]),
        "best_deviation": None if np.isnan(deviation) else deviation,
        "best_single_value": float(values[single]),
        "best_single_trial_id": int(trials.trial_id[used[single]]),
    }


def add_sampling(result: Result, trials: Trials, metric: int, metrics: Mapping[int, str]) -> None:
    """Add a question for every hyperparameter that says the same as a result, or as what counts a trial's steps."""
    used = trials.with_value(metric)
    if result.reason or not used.size:
        return
    names = {row["name"] for row in result.tables["sweep_column"] if row["role"] == "used"}
    columns = [read_column(one.take(used)) for one in trials.columns if one.name in names]
    steps, at, _ = trials.steps[metric]
    known = {
        "the number of steps": last_steps(len(trials.status), steps, at)[used],
        "the duration": trials.duration[used],
        **{name: trials.final[number][used] for number, name in metrics.items()},
        **{name: values[used] for name, values in trials.counters.items()},
    }
    found = suspects(columns, known)
    result.suspects = {name: (other, r) for name, other, r in found}
    result.warnings += [
        f"{name} goes with {other} (rank correlation {r:.2f}): is it set, or is it a result? As a result it says "
        f"nothing of what to set; load again with --map '{name}=attribute'."
        for name, other, r in found
    ]


def count_sentences(trials: Trials, metric: int, result: Result) -> list[str]:
    """Return sentences on the trials that are not used, and on why there is no analysis."""
    left = trials.left_out(metric)
    sentences = [f"Not used: {', '.join(f'{count:,} {what}' for what, count in left.items())}."] if left else []
    if metric in trials.at_step:
        sentences.insert(0, f"Values are those at step {trials.at_step[metric]:,}{trials.why_step.get(metric, '')}.")
    pruned = trials.status.count("pruned")
    if pruned > PRUNED * len(trials.status) and metric not in trials.at_step:
        sentences.append(
            f"{pruned:,} of {len(trials.status):,} trials were pruned: what is said here holds among those that were "
            "not. A hyperparameter that got trials pruned may matter more than it seems."
        )
    if result.reason:
        sentences.append(f"Not analysed: {result.reason}.")
    return sentences


def step_rows(trials: Trials, metric: int, direction: str) -> list[Row]:
    """Return the rows of `result.sweep_step`."""
    trial, step, value = trials.steps[metric]
    sign = 1.0 if direction == "min" else -1.0
    rows = [asdict(row) for row in early_stopping(trial, step, sign * value, sign * trials.final[metric])]
    return [{**row, "trial_count": row["count"], "kept_share": row["kept"]} for row in rows]


def rung_rows(trials: Trials, metric: int, result: Result) -> list[Row]:
    """Return the rows of `result.sweep_rung`: what mattered at each step of the evaluations."""
    effects = sorted(result.tables.get("sweep_effect", []), key=lambda row: -(row["share"] or 0.0))
    return [asdict(row) for row in rungs(trials.columns, *trials.steps[metric], [r["hyperparameter"] for r in effects])]


def budget_rows(trials: Trials, metric: int) -> list[Row]:
    """Return the rows of `result.sweep_budget`."""
    trial, step, _ = trials.steps[metric]
    reached = last_steps(len(trials.status), trial, step)
    rows = [asdict(row) for row in effects(reached, trials.duration, trials.final[metric])]
    return [{**row, "trial_count": row["count"]} for row in rows]
