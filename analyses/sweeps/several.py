"""Rows on several metrics together: fronts, trade-offs, the dominated share, what to try for the front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.advice.front import MOST_OBJECTIVES, Box, hypervolumes, knee, suggest_for_front
from hpowh.analyses.sweeps.advice.pareto import fronts, tradeoff
from hpowh.analyses.sweeps.reading.configurations import configurations, repeat_columns
from hpowh.analyses.sweeps.reading.prepare import TooLittleError, prepare
from hpowh.analyses.sweeps.reading.trials import Trials
from hpowh.analyses.sweeps.summary import Metric, ended

Row = dict[str, Any]


def tradeoff_rows(trials: Trials, metrics: Sequence[Metric]) -> list[Row]:
    """Return one row for every two metrics: whether they can be had together, by configuration."""
    losses, _ = _configuration_losses(trials, metrics, every=False)
    rows = []
    for a, b in combinations(range(len(metrics)), 2):
        row = asdict(tradeoff(losses[:, a], losses[:, b]))
        pair = {"metric_a_id": metrics[a][0], "metric_b_id": metrics[b][0]}
        rows.append({**row, **pair, "trial_count": row["count"]})
    return rows


def front_rows(trials: Trials, metrics: Sequence[Metric]) -> list[Row]:
    """Return the front of every configuration that has all metrics, by the means over its repeats."""
    if len(metrics) < 2:
        return []
    losses, first = _configuration_losses(trials, metrics, every=True)
    if not len(losses):
        return []
    found, bend = fronts(losses), knee(losses)
    return [
        {"trial_id": int(trials.trial_id[i]), "front": int(f), "is_knee": at == bend}
        for at, (i, f) in enumerate(zip(first, found, strict=True))
    ]


def hypervolume_rows(trials: Trials, metrics: Sequence[Metric]) -> list[Row]:
    """Return how the dominated share grew, configuration by configuration, in the order of the trials' numbers."""
    if not 2 <= len(metrics) <= MOST_OBJECTIVES:
        return []
    losses, first = _configuration_losses(trials, metrics, every=True)
    box = Box.of(losses) if len(losses) else None
    if box is None:
        return []
    order = np.argsort([trials.number[i] for i in first], kind="stable")
    return [
        {"position": at, "trial_id": int(trials.trial_id[first[order[row]]]), "hypervolume": volume}
        for at, (row, volume) in enumerate(hypervolumes(losses[order], box), start=1)
    ]


def next_for_front(trials: Trials, metrics: Sequence[Metric], seed: int, beyond: float) -> tuple[list[Row], list[Row]]:
    """Return the settings of suggestions for the front, and what is predicted of each metric there."""
    losses, first = _configuration_losses(trials, metrics, every=True)
    if len(metrics) < 2 or not len(losses):
        return [], []
    raw = [column.take(first) for column in trials.columns]
    try:
        prepared = prepare(raw, repeat_columns(raw))
    except TooLittleError:
        return [], []
    finishing = ended(trials, metrics[0][0]).finishing(prepared, seed)
    found = suggest_for_front(prepared, losses, seed, beyond=beyond, rules=trials.rules, success=finishing)
    settings, predicted = [], []
    for at, one in enumerate(found, start=1):
        settings += [
            {"suggestion": at, "hyperparameter": name, "numeric_value": number, "text_value": text,
             "success": one.success}
            for name, (number, text) in one.values.items()
        ]  # fmt: skip
        predicted += [
            {"suggestion": at, "metric_id": number, "predicted": mean if direction == "min" else -mean,
             "deviation": deviation}
            for (number, _, direction), mean, deviation in zip(metrics, one.predicted, one.deviation, strict=True)
        ]  # fmt: skip
    return settings, predicted


def _configuration_losses(
    trials: Trials, metrics: Sequence[Metric], *, every: bool
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return, (configurations, metrics), mean losses, and each configuration's first trial.

    Args:
        every: only trials that have all metrics.
    """
    all_losses = np.column_stack(
        [trials.final[number] * (1 if direction == "min" else -1) for number, _, direction in metrics]
    )
    there = ~np.isnan(all_losses)
    rows = np.flatnonzero(there.all(axis=1) if every else there.any(axis=1))
    if not rows.size:
        return np.empty((0, len(metrics))), rows
    raw = [column.take(rows) for column in trials.columns]
    repeats = repeat_columns(raw)
    groups = configurations([one for one in raw if one.name not in repeats], np.zeros(rows.size))
    means = []
    for j in range(len(metrics)):
        has = there[rows, j]
        count = np.bincount(groups.of_trial, has, groups.first.size)
        total = np.bincount(groups.of_trial, np.where(has, all_losses[rows, j], 0.0), groups.first.size)
        means.append(np.divide(total, count, out=np.full(count.size, np.nan), where=count > 0))
    return np.column_stack(means), rows[groups.first]
