"""One metric of one sweep, from columns as found to the rows of every result table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps import dependence, fanova, near_best, ranges, suggest
from hpowh.analyses.sweeps.agreement import agree
from hpowh.analyses.sweeps.columns import Column, Floats, Raw
from hpowh.analyses.sweeps.confounding import associate
from hpowh.analyses.sweeps.correlate import Correlation, correlate
from hpowh.analyses.sweeps.findings import column_warnings, confounding_warnings, model_warnings
from hpowh.analyses.sweeps.linear import Linear, fit_linear
from hpowh.analyses.sweeps.prepare import Prepared, TooLittleError, prepare
from hpowh.analyses.sweeps.surrogate import Surrogate, fit_surrogate, verdict
from hpowh.analyses.sweeps.target import Target, choose_target

Row = dict[str, Any]

SAMPLE = 3000
"""Models see at most so many trials, drawn by the seed; correlations, ranges and fronts see all."""
LEAST = 2
CURVES = 6


@dataclass
class Result:
    """Rows by result table (without run and metric), and sentences for the reader."""

    tables: dict[str, list[Row]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    reason: str | None = None
    """Why there is nothing but the columns."""
    target: str | None = None

    def add(self, table: str, rows: Sequence[Row]) -> None:
        """Append rows to a table."""
        self.tables.setdefault(table, []).extend(rows)


def analyse_metric(raw: Sequence[Raw], metric: Floats, direction: str, seed: int) -> Result:
    """Analyse the trials that have a finite value; nothing is raised on too little data, `reason` says it.

    Args:
        raw: the hyperparameters as found, one entry a trial.
        metric: the metric per trial, finite.
        direction: `min` or `max`.
    """
    result = Result()
    try:
        prepared = prepare(raw)
    except TooLittleError as error:
        result.reason = str(error)
        prepared = None
    columns = prepared.columns if prepared else _only_read(raw)
    result.add("sweep_column", [_column_row(i, column) for i, column in enumerate(columns)])
    result.warnings += column_warnings(columns)
    if metric.size < LEAST:
        result.reason = f"{metric.size} finished trial has a value" if metric.size else "no finished trial has a value"
    elif np.ptp(metric) == 0:
        result.reason = f"all {metric.size} trials have the same value of the metric"
    if result.reason or prepared is None:
        return result
    correlations = correlate(list(prepared.used), metric)
    result.add("sweep_correlation", [_renamed(asdict(c), count="trial_count") for c in correlations])
    pairs = associate(list(prepared.used))
    result.add("sweep_confounding", [_pair_row(pair) for pair in pairs])
    result.warnings += confounding_warnings(pairs)
    loss = metric if direction == "min" else -metric
    result.add("sweep_range", [asdict(row) for row in ranges.best_ranges(prepared, loss, seed)])
    corners = [_renamed(asdict(u), a="hyperparameter_a", b="hyperparameter_b") for u in ranges.untried(prepared)]
    result.add("sweep_untried", corners)
    _models(result, raw, prepared, metric, direction, correlations, seed)
    return result


def _only_read(raw: Sequence[Raw]) -> tuple[Column, ...]:
    from hpowh.analyses.sweeps.columns import read_column

    return tuple(read_column(one) for one in raw)


def _renamed(row: Row, **names: str) -> Row:
    return {names.get(key, key): value for key, value in row.items()}


def _column_row(position: int, column: Column) -> Row:
    kept = ("name", "role", "kind", "is_log", "present_count", "missing_count", "distinct_count", "imputed_count",
            "imputed_value", "note")  # fmt: skip
    row = {"position": position, **{name: getattr(column, name) for name in kept}}
    return row | {"level_count": len(column.levels) if column.is_used else 0, "note": column.note or None}


def _pair_row(pair: Any) -> Row:
    row = _renamed(asdict(pair), a="hyperparameter_a", b="hyperparameter_b", count="trial_count")
    return row | {"is_confounded": pair.is_confounded}


def _models(
    result: Result,
    raw: Sequence[Raw],
    prepared: Prepared,
    metric: Floats,
    direction: str,
    correlations: Sequence[Correlation],
    seed: int,
) -> None:
    """Add everything that rests on a model, on a sample of the trials where there are many."""
    if metric.size > SAMPLE:
        rows = np.sort(np.random.default_rng(seed).choice(metric.size, SAMPLE, replace=False))
        metric, prepared = metric[rows], prepare([one.take(rows) for one in raw])
        result.warnings.append(f"Models use {SAMPLE:,} trials drawn at random; correlations and ranges use all.")
    target = choose_target(metric)
    result.target = target.kind
    if target.kind == "rank":
        result.warnings.append(
            "The metric is heavy-tailed: tree models use its ranks (normal scores), so that a few extreme trials do "
            "not decide; correlations and least squares use the values."
        )
    linear = fit_linear(prepared, metric)
    result.add("sweep_term", [{"position": i, **asdict(term)} for i, term in enumerate(linear.terms)])
    result.add("sweep_model", [_linear_row(linear, metric.size)])
    importances = _Importances(result, prepared)
    importances.correlations(correlations)
    importances.linear(linear)
    try:
        surrogate = fit_surrogate(prepared, target.values, seed)
    except ValueError as error:
        reason = str(error)
        result.warnings += model_warnings("unknown", None, reason)
        for model in ("extra_trees", "random_forest"):
            result.add(
                "sweep_model", [{"model": model, "trial_count": metric.size, "verdict": "unknown", "reason": reason}]
            )
        for method in ("impurity", "permutation", "fanova"):
            importances.nothing(method, reason)
        surrogate = None
    if surrogate is not None:
        result.warnings += model_warnings(surrogate.verdict, surrogate.r_squared, None)
        _surrogate_rows(result, importances, prepared, target, surrogate, seed)
        _next_rows(result, prepared, target, surrogate, direction, seed)
    importances.near_best(metric if direction == "min" else -metric, seed)
    result.add("sweep_agreement", [
        _renamed(asdict(row), a="method_a", b="method_b", count="hyperparameter_count")
        for row in agree(importances.values)
    ])  # fmt: skip


def _linear_row(linear: Linear, count: int) -> Row:
    left_out = linear.r_squared_left_out
    reason = linear.reason
    if reason is None and left_out is None:
        reason = "no leave-one-out value: a trial is alone in a level"
    return {
        "model": "ols", "trial_count": count, "r_squared": linear.r_squared, "r_squared_left_out": left_out,
        "verdict": verdict(left_out), "reason": reason,
    }  # fmt: skip


def _surrogate_rows(
    result: Result, importances: _Importances, prepared: Prepared, target: Target, surrogate: Surrogate, seed: int
) -> None:
    count = target.values.size
    forest = fanova.forest_fanova(prepared, target.values, seed)
    forest_says = verdict(forest.r_squared)
    result.add("sweep_model", [
        {"model": "extra_trees", "trial_count": count, "r_squared_left_out": surrogate.r_squared,
         "r_squared_sd": surrogate.r_squared_sd, "verdict": surrogate.verdict},
        {"model": "random_forest", "trial_count": count, "r_squared_left_out": forest.r_squared,
         "verdict": forest_says},
    ])  # fmt: skip
    own = {"r_squared": surrogate.r_squared, "verdict": surrogate.verdict}
    importances.add("impurity", surrogate.impurity, {"deviation": surrogate.impurity_sd}, own)
    importances.add("permutation", surrogate.permutation, {"deviation": surrogate.permutation_sd}, own)
    theirs = {"r_squared": forest.r_squared, "verdict": forest_says}
    importances.add("fanova", forest.main, {"deviation": forest.main_sd}, theirs)
    importances.pairs(forest, theirs)
    top = [int(i) for i in np.argsort(-surrogate.permutation, kind="stable")[:CURVES]]

    def predict(x: Floats) -> Floats:
        return target.back(surrogate.model.predict(x))

    result.add("sweep_dependence", [asdict(p) for p in dependence.curves(prepared, predict, top, seed)])
    if len(top) > 1:
        a, b = strongest_pair(forest, top)
        result.add("sweep_surface", [
            _renamed(asdict(c), a="hyperparameter_a", b="hyperparameter_b")
            for c in dependence.surface(prepared, predict, a, b, seed)
        ])  # fmt: skip


def strongest_pair(forest: fanova.Fanova, top: Sequence[int]) -> tuple[int, int]:
    """Return the pair whose joint share (both main effects and their interaction) is largest."""
    if not forest.pair:
        return top[0], top[1]
    return max(forest.pair, key=lambda ab: forest.pair[ab][0] + forest.main[ab[0]] + forest.main[ab[1]])


def _next_rows(
    result: Result, prepared: Prepared, target: Target, surrogate: Surrogate, direction: str, seed: int
) -> None:
    """Add suggestions, unless the surrogate is worthless."""
    if surrogate.verdict == "worthless":
        result.warnings.append("No configurations are suggested: the model that would suggest them is worthless.")
        return
    sign = 1.0 if direction == "min" else -1.0

    def trees(x: Floats) -> Floats:
        return sign * target.back(np.stack([tree.predict(x) for tree in surrogate.model.estimators_]))

    found = suggest.suggest(prepared, sign * target.metric, trees, seed)
    for number, one in enumerate(found, start=1):
        shared = {
            "suggestion": number, "predicted": sign * one.predicted, "deviation": one.deviation,
            "expected_improvement": one.expected_improvement, "model": "extra_trees",
        }  # fmt: skip
        result.add("sweep_suggestion", [
            {**shared, "hyperparameter": name, "numeric_value": number_value, "text_value": text}
            for name, (number_value, text) in one.values.items()
        ])  # fmt: skip


class _Importances:
    """Collects rows of `sweep_importance` and the numbers that the methods are compared by."""

    def __init__(self, result: Result, prepared: Prepared) -> None:
        self.result, self.prepared = result, prepared
        self.values: dict[str, dict[str, float]] = {}

    def add(self, method: str, importance: Floats, spread: dict[str, Floats], more: Row) -> None:
        """Add one row a hyperparameter, ranked from the largest."""
        names = self.prepared.names
        self.values[method] = dict(zip(names, importance.tolist(), strict=True))
        place = np.argsort(np.argsort(-importance, kind="stable"), kind="stable")
        verdicts = more.get("verdict")
        self.result.add("sweep_importance", [
            {
                "method": method, "hyperparameter": name, "importance": float(importance[i]),
                "place": int(place[i]) + 1, **{key: float(values[i]) for key, values in spread.items()}, **more,
                "verdict": verdicts[i] if isinstance(verdicts, list) else verdicts,
            }
            for i, name in enumerate(names)
        ])  # fmt: skip

    def nothing(self, method: str, reason: str) -> None:
        """Add rows that say why there is no importance."""
        self.result.add("sweep_importance", [
            {"method": method, "hyperparameter": name, "verdict": "unknown", "reason": reason}
            for name in self.prepared.names
        ])  # fmt: skip

    def correlations(self, found: Sequence[Correlation]) -> None:
        """Compare by |Spearman|, or the root of eta squared: both are then a correlation's size."""
        self.values["correlation"] = {
            c.hyperparameter: abs(c.coefficient) if c.method == "spearman" else c.coefficient**0.5
            for c in found
            if c.coefficient is not None and c.method != "pearson"
        }

    def linear(self, fit: Linear) -> None:
        """Add by how much least squares loses without the hyperparameter."""
        if fit.reason:
            self.nothing("ols_drop", fit.reason)
            return
        drops = np.array([fit.drop[name] for name in self.prepared.names])
        left_out = fit.r_squared_left_out
        self.add("ols_drop", drops, {}, {"r_squared": left_out, "verdict": verdict(left_out)})

    def pairs(self, forest: fanova.Fanova, more: Row) -> None:
        """Add the interactions."""
        names = self.prepared.names
        ordered = sorted(forest.pair.items(), key=lambda item: -item[1][0])
        self.result.add("sweep_importance", [
            {"method": "fanova_pair", "hyperparameter": names[a], "hyperparameter_b": names[b], "importance": share,
             "deviation": sd, "place": place, **more}
            for place, ((a, b), (share, sd)) in enumerate(ordered, start=1)
        ])  # fmt: skip

    def near_best(self, loss: Floats, seed: int) -> None:
        """Add PED-ANOVA; its verdict compares with what chance alone gives."""
        try:
            found = near_best.near_best(self.prepared, loss, seed)
        except ValueError as error:
            self.nothing("near_best", str(error))
            return
        clear: NDArray[np.bool_] = found.importance > found.chance
        spread = {"lower": found.lower, "upper": found.upper, "chance": found.chance}
        verdicts = ["usable" if one else "worthless" for one in clear]
        self.add("near_best", found.importance, spread, {"verdict": verdicts})
