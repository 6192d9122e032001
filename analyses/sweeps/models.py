"""Everything of a sweep's analysis that rests on a model: least squares, trees, what they say of what to try next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.advice import suggest
from hpowh.analyses.sweeps.findings import model_warnings
from hpowh.analyses.sweeps.importance import dependence, fanova, shapley
from hpowh.analyses.sweeps.importance.agreement import agree
from hpowh.analyses.sweeps.importance.correlate import Correlation
from hpowh.analyses.sweeps.importance.importances import Importances
from hpowh.analyses.sweeps.importance.interactions import Product
from hpowh.analyses.sweeps.importance.linear import Linear, fit_linear
from hpowh.analyses.sweeps.importance.surrogate import Surrogate, fit_surrogate, verdict
from hpowh.analyses.sweeps.options import Options
from hpowh.analyses.sweeps.reading.columns import Floats, Raw
from hpowh.analyses.sweeps.reading.prepare import Prepared, prepare
from hpowh.analyses.sweeps.reading.rules import Rules
from hpowh.analyses.sweeps.reading.target import Target, choose_target

if TYPE_CHECKING:
    from hpowh.analyses.sweeps.result import Result

Row = dict[str, Any]

SAMPLE = 3000
"""Models see at most so many trials, drawn by the seed; correlations, ranges and fronts see all."""
CURVES = 6
MAD = 1.4826
"""From the median absolute error to the standard deviation of a normal distribution; outliers do not decide."""
SHOWN = 12
"""Shapley values are kept trial by trial for so many hyperparameters, the most important."""


def _renamed(row: Row, **names: str) -> Row:
    return {names.get(key, key): value for key, value in row.items()}


def add_models(
    result: Result,
    raw: Sequence[Raw],
    prepared: Prepared,
    metric: Floats,
    direction: str,
    correlations: Sequence[Correlation],
    seed: int,
    options: Options,
    rules: Rules,
) -> None:
    """Add everything that rests on a model, on a sample of the trials where there are many."""
    rows = np.arange(metric.size)
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
    importances = Importances(result.add, prepared)
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
        for method in ("impurity", "permutation", "shapley", "fanova"):
            importances.nothing(method, reason)
        surrogate = None
    if surrogate is not None:
        result.warnings += model_warnings(surrogate.verdict, surrogate.r_squared, None)
        _surrogate_rows(result, importances, prepared, target, surrogate, seed)
        _shapley_rows(result, importances, prepared, target, surrogate, seed, rows)
        _next_rows(result, prepared, target, surrogate, direction, seed, options, rules)
    importances.near_best(metric if direction == "min" else -metric, seed, options.best)
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
    result: Result, importances: Importances, prepared: Prepared, target: Target, surrogate: Surrogate, seed: int
) -> None:
    count = target.values.size
    forest_fits = fanova.cross_validated(prepared, target.values, seed, surrogate.fold_models)
    forest = fanova.forest_fanova(prepared, target.values, seed, forest_fits, surrogate.model)
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
    result.add("sweep_interaction", [_product_row(prepared, one) for one in surrogate.model.products])
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


def _product_row(prepared: Prepared, product: Product) -> Row:
    first, second = prepared.features[product.first], prepared.features[product.second]
    return {
        "hyperparameter_a": prepared.names[first.hyperparameter], "level_a": first.level,
        "hyperparameter_b": prepared.names[second.hyperparameter], "level_b": second.level,
        "partial_correlation": product.partial, "p_adjusted": product.p_adjusted,
    }  # fmt: skip


def _shapley_rows(
    result: Result,
    importances: Importances,
    prepared: Prepared,
    target: Target,
    surrogate: Surrogate,
    seed: int,
    rows: NDArray[np.int64],
) -> None:
    """Add Shapley values of some trials, and their mean size as an importance (in the target's standard deviations)."""
    found = shapley.sampled(prepared, surrogate.model.predict, seed)
    scale = float(target.values.std())
    spread = {"lower": found.lower / scale, "upper": found.upper / scale, "deviation": found.deviation / scale}
    own = {"r_squared": surrogate.r_squared, "verdict": surrogate.verdict}
    importances.add("shapley", found.importance / scale, spread, own)
    shown = np.sort(np.argsort(-found.importance, kind="stable")[:SHOWN])
    result.add("sweep_shapley", [
        {"trial": int(rows[trial]), "hyperparameter": prepared.names[j], "value": float(found.values[i, j])}
        for i, trial in enumerate(found.trials)
        for j in shown
    ])  # fmt: skip


def strongest_pair(forest: fanova.Fanova, top: Sequence[int]) -> tuple[int, int]:
    """Return the pair whose joint share (both main effects and their interaction) is largest."""
    if not forest.pair:
        return top[0], top[1]
    return max(forest.pair, key=lambda ab: forest.pair[ab][0] + forest.main[ab[0]] + forest.main[ab[1]])


def _next_rows(
    result: Result,
    prepared: Prepared,
    target: Target,
    surrogate: Surrogate,
    direction: str,
    seed: int,
    options: Options,
    rules: Rules,
) -> None:
    """Add suggestions, unless the surrogate is worthless.

    The deviation joins that over the trees with the error on unseen trials: trees repeat what they have seen, so that
    they all agree beside a trial.
    """
    if surrogate.verdict == "worthless":
        result.warnings.append("No configurations are suggested: the model that would suggest them is worthless.")
        return
    sign = 1.0 if direction == "min" else -1.0

    def trees(x: Floats) -> Floats:
        return sign * target.back(surrogate.model.every(x))

    unseen = MAD * float(np.median(np.abs(target.metric - target.back(surrogate.predicted))))
    found = suggest.suggest(prepared, sign * target.metric, trees, seed, beyond=options.beyond, rules=rules)
    for number, one in enumerate(found, start=1):
        shared = {
            "suggestion": number, "predicted": sign * one.predicted,
            "deviation": float(np.hypot(one.deviation, unseen)),
            "expected_improvement": one.expected_improvement, "model": "extra_trees",
        }  # fmt: skip
        result.add("sweep_suggestion", [
            {**shared, "hyperparameter": name, "numeric_value": number_value, "text_value": text}
            for name, (number_value, text) in one.values.items()
        ])  # fmt: skip
