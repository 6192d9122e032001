"""One metric of one sweep, from columns as found to the rows of every result table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hpowh.analyses.sweeps.advice import ranges
from hpowh.analyses.sweeps.findings import column_warnings, confounding_warnings, repeated_warnings
from hpowh.analyses.sweeps.importance.claims import weigh
from hpowh.analyses.sweeps.importance.confounding import associate
from hpowh.analyses.sweeps.importance.correlate import correlate
from hpowh.analyses.sweeps.importance.effects import beside_others, drift_of, effect_of
from hpowh.analyses.sweeps.importance.levels import level_effects
from hpowh.analyses.sweeps.models import Asked, add_models
from hpowh.analyses.sweeps.options import DEFAULT, Options
from hpowh.analyses.sweeps.reading.codes import code_of
from hpowh.analyses.sweeps.reading.columns import LEAST_PRESENT, NAMED, Column, Floats, Raw, read_column
from hpowh.analyses.sweeps.reading.configurations import Configurations, configurations, repeat_columns
from hpowh.analyses.sweeps.reading.prepare import Prepared, TooLittleError, prepare
from hpowh.analyses.sweeps.reading.rules import NONE, Rules
from hpowh.analyses.sweeps.reading.sampling import followed, narrowed
from hpowh.analyses.sweeps.reading.target import Unit, choose_target
from hpowh.analyses.sweeps.result import Result, Row

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hpowh.analyses.sweeps.advice.failures import Ended

LEAST = 2


def analyse_metric(
    raw: Sequence[Raw],
    metric: Floats,
    direction: str,
    seed: int,
    options: Options = DEFAULT,
    rules: Rules = NONE,
    ended: Ended | None = None,
    order: NDArray[np.int64] | None = None,
) -> Result:
    """Analyse the trials that have a finite value; nothing is raised on too little data, `reason` says it.

    Trials with equal hyperparameters are repeats: what is tested, fitted and ordered are configurations, by the mean
    over their repeats.

    Args:
        raw: the hyperparameters as found, one entry a trial.
        metric: the metric per trial, finite.
        direction: `min` or `max`.
        rules: what the declared space allows; suggestions keep to it.
        ended: all trials that ended, also those without a value; suggestions keep away from what fails.
        order: positions of the trials in the order in which they were tried. Where a tuner chose them, what is said
            to matter has to matter beside the others, too (`effects.beside_others`).
    """
    result = Result()
    repeats = repeat_columns(raw)
    groups = configurations([one for one in raw if one.name not in repeats], metric)
    result.configurations = groups
    own = [one.take(groups.first) for one in raw] if groups.is_repeated else raw
    if groups.is_repeated:
        repeats = [*repeats, *(one.name for one in raw if NAMED.search(one.name) and len(set(one.text)) > 1)]
    try:
        prepared = prepare(own, repeats)
    except TooLittleError as error:
        few = f"{metric.size} trials with a value are too few, at least {LEAST_PRESENT} are needed"
        result.reason = few if LEAST <= metric.size < LEAST_PRESENT else str(error)
        prepared = None
    columns = prepared.columns if prepared else tuple(read_column(one) for one in own)
    result.add("sweep_column", [_column_row(i, column) for i, column in enumerate(columns)])
    result.add("sweep_configuration", _configuration_rows(groups))
    result.warnings += column_warnings(columns)
    if metric.size < LEAST:
        result.reason = f"{metric.size} finished trial has a value" if metric.size else "no finished trial has a value"
    elif np.ptp(metric) == 0:
        result.reason = f"all {metric.size} trials have the same value of the metric"
    elif result.reason is None and groups.first.size < LEAST:
        result.reason = f"all {metric.size} trials are repeats of one configuration"
    elif result.reason is None and np.ptp(groups.mean) == 0:
        result.reason = f"all {groups.first.size} configurations have the same mean of the metric"
    if result.reason or prepared is None:
        return result
    result.warnings += repeated_warnings(groups)
    result.code = code_of(metric)
    if order is not None:
        when = _first_tried(groups, order)
        result.narrowed, result.followed = narrowed(prepared.used, when), followed(prepared.used, when)
        if not result.narrowed and not result.followed:  # else the metric goes with time because what was tried does
            target = choose_target(Unit.of(groups.mean).strip(groups.mean)).values
            result.drift = drift_of(prepared.used, target, groups.mean, when)
    _add_all(result, prepared, groups, direction, seed, options, rules, ended)
    return result


def _add_all(
    result: Result,
    prepared: Prepared,
    groups: Configurations,
    direction: str,
    seed: int,
    options: Options,
    rules: Rules,
    ended: Ended | None,
) -> None:
    mean, sign = groups.mean, 1.0 if direction == "min" else -1.0
    correlations = correlate(list(prepared.used), mean)
    result.add("sweep_correlation", [_renamed(asdict(c), count="trial_count") for c in correlations])
    pairs = associate(list(prepared.used))
    result.add("sweep_confounding", [_pair_row(pair) for pair in pairs])
    result.warnings += confounding_warnings(pairs)
    loss = sign * groups.standing
    result.add("sweep_range", [asdict(row) for row in ranges.best_ranges(prepared, loss, seed, options.best)])
    corners = [_renamed(asdict(u), a="hyperparameter_a", b="hyperparameter_b") for u in ranges.untried(prepared)]
    result.add("sweep_untried", corners)
    finishing = None if ended is None else ended.finishing(prepared, seed)
    asked = Asked(
        prepared=prepared, metric=mean, weight=groups.weight, standing=groups.standing, trial=groups.first,
        direction=direction, seed=seed, options=options, rules=rules, finishing=finishing,
    )  # fmt: skip
    modelled = add_models(result, asked, correlations)
    target = choose_target(Unit.of(mean).strip(mean)).values
    effects = [effect_of(column, target) for column in prepared.used]
    if result.narrowed:
        beside = beside_others(prepared.used, target)
        effects = [e if e.p is None else replace(e, p=max(e.p, _or_one(beside[e.hyperparameter]))) for e in effects]
    products = modelled.surrogate.model.products if modelled.surrogate else ()
    claims = weigh(
        effects,
        modelled.surrogate.p if modelled.surrogate else None,
        min((one.p_adjusted for one in products), default=None),
        # The best of a tuner's trials are late ones: they differ from all in whatever drifted.
        None if result.narrowed else min(modelled.near_best_p.values(), default=None),
    )
    adjusted = {claim.hyperparameter: claim for claim in claims if claim.kind == "hyperparameter"}
    result.add("sweep_claim", [_renamed(asdict(claim), holds="is_significant") for claim in claims])
    result.add("sweep_effect", [
        {**_renamed(asdict(e), count="configuration_count"), "p_adjusted": adjusted[e.hyperparameter].p_adjusted}
        for e in effects
    ])  # fmt: skip
    result.add("sweep_level", [asdict(row) for row in level_effects(prepared, mean, modelled.linear)])


def _first_tried(groups: Configurations, order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the configurations in the order in which each was first tried: repeats tell nothing more of a tuner."""
    place = np.empty(order.size, dtype=np.int64)
    place[order] = np.arange(order.size)
    first = np.full(groups.first.size, order.size)
    np.minimum.at(first, groups.of_trial, place)
    return np.argsort(first, kind="stable")


def _or_one(p: float | None) -> float:
    return 1.0 if p is None else p


def _configuration_rows(groups: Configurations) -> list[Row]:
    """Return a row a trial: which configuration it ran, and what the repeats of that gave."""
    return [
        {
            "trial": i, "configuration": int(at) + 1, "is_first": bool(groups.first[at] == i),
            "repeat_count": int(groups.count[at]), "mean": float(groups.mean[at]),
            "deviation": None if np.isnan(groups.deviation[at]) else float(groups.deviation[at]),
        }
        for i, at in enumerate(groups.of_trial)
    ]  # fmt: skip


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
