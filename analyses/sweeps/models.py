"""Everything of a sweep's analysis that rests on a model: least squares, trees, what they say of what to try next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.advice import suggest
from hpowh.analyses.sweeps.advice.judging import Judged, judged
from hpowh.analyses.sweeps.advice.process import fit_process, judge
from hpowh.analyses.sweeps.findings import model_warnings
from hpowh.analyses.sweeps.importance import dependence, fanova, shapley
from hpowh.analyses.sweeps.importance.agreement import agree
from hpowh.analyses.sweeps.importance.correlate import Correlation
from hpowh.analyses.sweeps.importance.importances import Importances
from hpowh.analyses.sweeps.importance.interactions import Product
from hpowh.analyses.sweeps.importance.linear import Linear, fit_linear
from hpowh.analyses.sweeps.importance.surrogate import Surrogate, fit_surrogate, verdict
from hpowh.analyses.sweeps.options import Options
from hpowh.analyses.sweeps.reading.columns import Floats
from hpowh.analyses.sweeps.reading.prepare import Prepared, part_of
from hpowh.analyses.sweeps.reading.rules import Rules
from hpowh.analyses.sweeps.reading.target import Target, Unit, choose_target

if TYPE_CHECKING:
    from hpowh.analyses.sweeps.advice.failures import Finishing
    from hpowh.analyses.sweeps.result import Result

Row = dict[str, Any]

SAMPLE = 2000
"""Models see at most so many configurations, drawn by the seed; tests, correlations, ranges and fronts see all."""
CURVES = 6
SHOWN = 12
"""Shapley values are kept trial by trial for so many hyperparameters, the most important."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What models are asked about: configurations, their metric, and what belongs to them."""

    prepared: Prepared
    metric: Floats
    """Per configuration: the mean over its repeats, in its own unit."""
    weight: Floats | None
    standing: Floats
    """By what configurations are ordered, in the metric's direction."""
    trial: NDArray[np.int64]
    """Per configuration the position of the trial that stands for it."""
    direction: str
    seed: int
    options: Options
    rules: Rules
    finishing: Finishing | None

    @property
    def sign(self) -> float:
        """Return 1 where lower is better, else -1."""
        return 1.0 if self.direction == "min" else -1.0

    def sampled(self) -> Asked:
        """Return at most `SAMPLE` configurations."""
        if self.metric.size <= SAMPLE:
            return self
        rows = np.sort(np.random.default_rng(self.seed).choice(self.metric.size, SAMPLE, replace=False))
        weight = None if self.weight is None else self.weight[rows] / self.weight[rows].mean()
        return replace(
            self,
            prepared=part_of(self.prepared, rows),
            metric=self.metric[rows],
            weight=weight,
            standing=self.standing[rows],
            trial=self.trial[rows],
        )


@dataclass(frozen=True, kw_only=True)
class Modelled:
    """What sentences need of the models."""

    linear: Linear
    surrogate: Surrogate | None
    near_best_p: dict[str, float]


def _renamed(row: Row, **names: str) -> Row:
    return {names.get(key, key): value for key, value in row.items()}


def add_models(result: Result, all_asked: Asked, correlations: Sequence[Correlation]) -> Modelled:
    """Add everything that rests on a model, on a sample of the configurations where there are many."""
    asked = all_asked.sampled()
    prepared, metric = asked.prepared, asked.metric
    if asked is not all_asked:
        result.warnings.append(
            f"Models use {SAMPLE:,} configurations drawn at random; tests, correlations and ranges use all."
        )
    unit = Unit.of(metric)
    target = choose_target(unit.strip(metric))
    result.target = target.kind
    if target.kind == "rank":
        result.warnings.append(
            "The metric is heavy-tailed: tests and tree models use its ranks (normal scores), so that a few extreme "
            "trials do not decide; correlations and least squares use the values."
        )
    linear = fit_linear(prepared, metric)
    result.add("sweep_term", [{"position": i, **asdict(term)} for i, term in enumerate(linear.terms)])
    result.add("sweep_model", [_linear_row(linear, metric.size)])
    importances = Importances(result.add, prepared)
    importances.correlations(correlations)
    importances.linear(linear)
    try:
        surrogate = fit_surrogate(prepared, target.values, asked.seed, asked.weight)
    except ValueError as error:
        surrogate = None
        _nothing(result, importances, str(error), metric.size)
    if surrogate is not None:
        result.warnings += model_warnings(surrogate.verdict, surrogate.r_squared, None)
        _surrogate_rows(result, importances, asked, target, unit, surrogate)
        _shapley_rows(result, importances, asked, target, unit, surrogate)
        _next_rows(result, asked, target, unit, surrogate)
    near = importances.near_best(all_asked.prepared, all_asked.sign * all_asked.standing, asked.seed,
                                 asked.options.best)  # fmt: skip
    result.add("sweep_agreement", [
        _renamed(asdict(row), a="method_a", b="method_b", count="hyperparameter_count")
        for row in agree(importances.values)
    ])  # fmt: skip
    return Modelled(linear=linear, surrogate=surrogate, near_best_p=near)


def _nothing(result: Result, importances: Importances, reason: str, count: int) -> None:
    result.warnings += model_warnings("unknown", None, reason)
    for model in ("extra_trees", "random_forest"):
        result.add("sweep_model", [{"model": model, "trial_count": count, "verdict": "unknown", "reason": reason}])
    for method in ("impurity", "permutation", "shapley", "fanova"):
        importances.nothing(method, reason)


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
    result: Result, importances: Importances, asked: Asked, target: Target, unit: Unit, surrogate: Surrogate
) -> None:
    prepared, seed, count = asked.prepared, asked.seed, target.values.size
    forest_fits = fanova.cross_validated(prepared, target.values, seed, surrogate.fold_models, asked.weight)
    forest = fanova.forest_fanova(prepared, target.values, seed, forest_fits, surrogate.model, asked.weight)
    forest_says = verdict(forest.r_squared)
    result.add("sweep_model", [
        {"model": "extra_trees", "trial_count": count, "r_squared_left_out": surrogate.r_squared,
         "r_squared_sd": surrogate.r_squared_sd, "verdict": surrogate.verdict,
         "least_leaf": surrogate.model.least_leaf},
        {"model": "random_forest", "trial_count": count, "r_squared_left_out": forest.r_squared,
         "verdict": forest_says, "least_leaf": surrogate.model.least_leaf},
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
        return np.asarray(unit.back(target.back(surrogate.model.predict(x))))

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
    result: Result, importances: Importances, asked: Asked, target: Target, unit: Unit, surrogate: Surrogate
) -> None:
    """Add Shapley values of some trials, and their mean size as an importance (in the target's standard deviations)."""
    found = shapley.sampled(asked.prepared, surrogate.model.predict, asked.seed)
    scale = float(target.values.std())
    spread = {"lower": found.lower / scale, "upper": found.upper / scale, "deviation": found.deviation / scale}
    own = {"r_squared": surrogate.r_squared, "verdict": surrogate.verdict}
    importances.add("shapley", found.importance / scale, spread, own)
    size = unit.size if target.kind == "value" else 1.0
    shown = np.sort(np.argsort(-found.importance, kind="stable")[:SHOWN])
    result.add("sweep_shapley", [
        {"trial": int(asked.trial[trial]), "hyperparameter": asked.prepared.names[j],
         "value": size * float(found.values[i, j])}
        for i, trial in enumerate(found.trials)
        for j in shown
    ])  # fmt: skip


def strongest_pair(forest: fanova.Fanova, top: Sequence[int]) -> tuple[int, int]:
    """Return the pair whose joint share (both main effects and their interaction) is largest."""
    if not forest.pair:
        return top[0], top[1]
    return max(forest.pair, key=lambda ab: forest.pair[ab][0] + forest.main[ab[0]] + forest.main[ab[1]])


def _next_rows(result: Result, asked: Asked, target: Target, unit: Unit, surrogate: Surrogate) -> None:
    """Add suggestions by a Gaussian process, or by the trees where it knows less; none where both are worthless."""
    loss = asked.sign * target.values
    process = fit_process(asked.prepared, loss, asked.seed, asked.options.beyond)
    worth = None if process is None else judge(process, asked.seed)
    if worth is not None:
        result.add("sweep_model", [
            {"model": "gaussian_process", "trial_count": loss.size, "r_squared_left_out": worth.r_squared,
             "verdict": verdict(worth.r_squared)}
        ])  # fmt: skip
    r_squared = max(surrogate.r_squared, process.r_squared if process else -np.inf)
    if r_squared <= 0:
        result.warnings.append("No configurations are suggested: the models that would suggest them are worthless.")
        return
    if process is not None and process.r_squared >= surrogate.r_squared - SLACK:
        name, expect = "gaussian_process", process.start
    else:
        name, worth = "extra_trees", _worth_of(surrogate, asked.sign, loss)
        expect = _by_trees(asked, surrogate, worth.unseen)
    found = suggest.suggest(
        asked.prepared, loss, expect, asked.seed, beyond=asked.options.beyond, rules=asked.rules,
        success=asked.finishing,
    )  # fmt: skip
    if not found:
        result.warnings.append(
            "No configurations are suggested: all that keep to the values tried, and to what finishes, have been tried."
        )
    for number, one in enumerate(found, start=1):
        mean, deviation = (one.predicted, one.deviation) if worth is None else worth.told(one.predicted, one.deviation)
        ends = [float(unit.back(target.back(np.array([asked.sign * (mean + side * deviation)]))[0]))
                for side in (-1.0, 0.0, 1.0)]  # fmt: skip
        shared = {
            "suggestion": number, "predicted": ends[1], "deviation": abs(ends[2] - ends[0]) / 2,
            "expected_improvement": one.expected_improvement, "success": one.success, "model": name,
        }  # fmt: skip
        result.add("sweep_suggestion", [
            {**shared, "hyperparameter": hyperparameter, "numeric_value": number_value, "text_value": text}
            for hyperparameter, (number_value, text) in one.values.items()
        ])  # fmt: skip


SLACK = 0.1
"""The process suggests unless the trees know so much more of configurations that they have not seen."""


def _worth_of(surrogate: Surrogate, sign: float, loss: Floats) -> Judged:
    return judged(sign * surrogate.predicted - loss.mean(), loss - loss.mean(), float(loss.mean()))


def _by_trees(asked: Asked, surrogate: Surrogate, unseen: float) -> Any:
    def expect(codes: Floats) -> suggest.Trees:
        every = asked.sign * surrogate.model.every(asked.prepared.encode(codes))
        return suggest.Trees.of(asked.prepared, every, codes, unseen)

    return expect
