"""Read a sweep, analyse each of its metrics, and store the result tables."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hpowh.analyses.sweeps.options import DEFAULT, Options
from hpowh.warehouse import AnalysisRun, Warehouse, queries
from hpowh.warehouse.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

    from hpowh.analyses.sweeps.reading.trials import Trials
    from hpowh.analyses.sweeps.result import Result

JOB = "sweeps"
VERSION = "7"
SEED = 0
PRUNED = 0.2
"""Share of pruned trials from which a warning says that they are not seen."""


@dataclass(frozen=True)
class Outcome:
    """What became of one sweep: the analysis run, whether it was computed now, and what to know about it."""

    sweep: str
    analysis_run_id: int
    is_new: bool
    warnings: list[str]
    rows: dict[str, int]


@dataclass(frozen=True)
class Chosen:
    """A sweep to analyse, under the name that tells it from every other."""

    sweep_id: int
    subject: str
    metrics: list[tuple[int, str, str]]


def analyse(
    warehouse: Warehouse,
    sweeps: Sequence[str] = (),
    metrics: Sequence[str] = (),
    notify: Callable[[str], None] = lambda _sentence: None,
    options: Options = DEFAULT,
) -> list[Outcome]:
    """Analyse the named sweeps; none named: every sweep that is not a run of an experiment.

    A sweep whose trials have not changed since its last analysis is left as it is.

    Args:
        metrics: only these; by default all that a sweep optimises.
        notify: told the name of each sweep before it is analysed.

    Raises:
        UsageError: there is no sweep or metric of that name; lists those there are.
    """
    outcomes = []
    for one in choose(warehouse, sweeps, metrics):
        notify(one.subject)
        outcomes.append(_analyse_one(warehouse, one, options))
    return outcomes


def choose(warehouse: Warehouse, sweeps: Sequence[str], metrics: Sequence[str]) -> list[Chosen]:
    """Return the sweeps that are meant, with their metrics."""
    known = warehouse.sql(queries.text("sweep_input/sweeps")).rows()
    unknown = [name for name in sweeps if not any(name in (subject, own) for _, subject, own, _ in known)]
    if unknown:
        names = _listed([subject for _, subject, _, _ in known]) or "none yet; ingest some first"
        raise UsageError(f"There is no sweep {unknown[0]!r}.", f"Sweeps in {warehouse.path}: {names}.")
    meant = [
        (number, subject)
        for number, subject, own, is_run in known
        if (not sweeps and not is_run) or subject in sweeps or own in sweeps
    ]
    chosen = [
        Chosen(number, subject, warehouse.sql(queries.text("sweep_input/metrics"), {"sweep": number}).rows())
        for number, subject in meant
    ]
    there = sorted({name for one in chosen for _, name, _ in one.metrics})
    missing = [name for name in metrics if name not in there]
    if missing and chosen:
        raise UsageError(f"No sweep chosen has a metric {missing[0]!r}.", f"Metrics: {_listed(there) or 'none'}.")
    if metrics:
        chosen = [Chosen(c.sweep_id, c.subject, [m for m in c.metrics if m[1] in metrics]) for c in chosen]
    return [one for one in chosen if one.metrics]


def count_runs(warehouse: Warehouse) -> int:
    """Return how many sweeps are runs of an experiment, which are analysed only when named."""
    return sum(is_run for *_, is_run in warehouse.sql(queries.text("sweep_input/sweeps")).rows())


def _listed(names: Sequence[str], limit: int = 10) -> str:
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more} more" if more > 0 else "")


def planned_run(warehouse: Warehouse, one: Chosen, options: Options = DEFAULT) -> AnalysisRun:
    """Return the identity of a sweep's analysis as it stands."""
    facts = warehouse.sql(queries.text("sweep_input/fingerprint"), {"sweep": one.sweep_id}).one()
    parameters = {"metrics": [name for _, name, _ in one.metrics], **asdict(options)}
    return AnalysisRun(
        job=JOB,
        subject=one.subject,
        job_version=VERSION,
        parameters=parameters,
        input_fingerprint=hashlib.sha256(facts.encode()).hexdigest(),
        seed=SEED,
    )


def _analyse_one(warehouse: Warehouse, one: Chosen, options: Options) -> Outcome:
    from hpowh.analyses.sweeps.analysis import analyse_metric
    from hpowh.analyses.sweeps.reading.trials import read_trials

    run = planned_run(warehouse, one, options)
    found = warehouse.find_run(run)
    if found is not None:
        return Outcome(one.subject, found, False, [], {})
    of = {"sweep": one.sweep_id}
    trials = read_trials(
        warehouse.sql(queries.text("sweep_input/trials"), of).pl(),
        warehouse.sql(queries.text("sweep_input/parameters"), of).pl(),
        warehouse.sql(queries.text("sweep_input/declared"), of).rows(),
        warehouse.sql(queries.text("sweep_input/rules"), of).rows(),
        {
            number: warehouse.sql(queries.text("sweep_input/values"), of | {"metric": number}).pl()
            for number, _, _ in one.metrics
        },
    )
    rows: dict[str, list[dict[str, Any]]] = {}
    said: dict[str, list[str]] = {}
    for number, name, direction in one.metrics:
        used = trials.with_value(number)
        raw = [column.take(used) for column in trials.columns]
        result = analyse_metric(raw, trials.final[number][used], direction, SEED, options, trials.rules)
        for row in result.tables.get("sweep_shapley", []):
            row["trial_id"] = int(trials.trial_id[used[row.pop("trial")]])
        result.add("sweep_step", _steps(trials, number, direction))
        result.add("sweep_budget", _budgets(trials, number))
        result.add("sweep_summary", [_summary(trials, one.sweep_id, number, direction, result)])
        for table, found_rows in result.tables.items():
            rows.setdefault(table, []).extend({"metric_id": number, **row} for row in found_rows)
        said[name] = _counts(trials, number, result) + result.warnings
    run.warnings += _said_once(said)
    rows["sweep_front"] = _fronts(trials, one)
    rows["sweep_tradeoff"] = _tradeoffs(trials, one)
    frames = {table: _frame(table, found_rows) for table, found_rows in rows.items() if found_rows}
    saved = warehouse.save_run(run, frames)
    return Outcome(one.subject, saved, True, run.warnings, {table: frame.height for table, frame in frames.items()})


def _frame(table: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Return rows as a frame with the columns of the result table; what a row lacks is NULL."""
    import polars as pl

    from hpowh.warehouse.schema import METADATA

    kinds = {"INTEGER": pl.Int32, "BIGINT": pl.Int64, "DOUBLE": pl.Float64, "BOOLEAN": pl.Boolean}
    columns = [c for c in METADATA.tables[f"result.{table}"].columns if c.name != "analysis_run_id"]
    schema = {c.name: kinds.get(str(c.type).split(" ", maxsplit=1)[0], pl.String) for c in columns}
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def _said_once(said: Mapping[str, list[str]]) -> list[str]:
    """Return what is said of the metrics, with the metric's name where it is not said of all of them."""
    first, *others = said.values()
    shared = [sentence for sentence in first if all(sentence in other for other in others)]
    own = [f"{name}: {one}" for name, sentences in said.items() for one in sentences if one not in shared]
    return shared + own


def _counts(trials: Trials, metric: int, result: Result) -> list[str]:
    """Return sentences on the trials that are not used, and on why there is no analysis."""
    left = trials.left_out(metric)
    sentences = [f"Not used: {', '.join(f'{count:,} {what}' for what, count in left.items())}."] if left else []
    pruned = trials.status.count("pruned")
    if pruned > PRUNED * len(trials.status):
        sentences.append(
            f"{pruned:,} of {len(trials.status):,} trials were pruned: what is said here holds among those that were "
            "not. A hyperparameter that got trials pruned may matter more than it seems."
        )
    if result.reason:
        sentences.append(f"Not analysed: {result.reason}.")
    return sentences


def _summary(trials: Trials, sweep: int, metric: int, direction: str, result: Result) -> dict[str, Any]:
    import numpy as np

    used = trials.with_value(metric)
    values = trials.final[metric][used]
    best = None if not used.size else int(np.argmin(values) if direction == "min" else np.argmax(values))
    columns = result.tables.get("sweep_column", [])
    status = trials.status
    return {
        "sweep_id": sweep,
        "trial_count": len(status),
        **{f"{one}_count": status.count(one) for one in ("finished", "failed", "pruned")},
        "open_count": status.count("running") + status.count("waiting"),
        "used_count": int(used.size),
        "column_count": len(columns),
        "used_column_count": sum(row["role"] == "used" for row in columns),
        "best_value": None if best is None else float(values[best]),
        "best_trial_id": None if best is None else int(trials.trial_id[used[best]]),
        "median_value": None if best is None else float(np.median(values)),
        "target": result.target,
        "reason": result.reason,
    }


def _steps(trials: Trials, metric: int, direction: str) -> list[dict[str, Any]]:
    from hpowh.analyses.sweeps.advice.steps import early_stopping

    trial, step, value = trials.steps[metric]
    sign = 1.0 if direction == "min" else -1.0
    rows = [asdict(row) for row in early_stopping(trial, step, sign * value, sign * trials.final[metric])]
    return [{**row, "trial_count": row["count"], "kept_share": row["kept"]} for row in rows]


def _budgets(trials: Trials, metric: int) -> list[dict[str, Any]]:
    from hpowh.analyses.sweeps.advice.budget import effects, last_steps

    trial, step, _ = trials.steps[metric]
    reached = last_steps(len(trials.status), trial, step)
    rows = [asdict(row) for row in effects(reached, trials.duration, trials.final[metric])]
    return [{**row, "trial_count": row["count"]} for row in rows]


def _losses(trials: Trials, one: Chosen) -> list[Any]:
    return [trials.final[number] * (1 if direction == "min" else -1) for number, _, direction in one.metrics]


def _tradeoffs(trials: Trials, one: Chosen) -> list[dict[str, Any]]:
    """Return one row for every two metrics: whether they can be had together."""
    from itertools import combinations

    from hpowh.analyses.sweeps.advice.pareto import tradeoff

    losses = _losses(trials, one)
    rows = []
    for a, b in combinations(range(len(losses)), 2):
        row = asdict(tradeoff(losses[a], losses[b]))
        pair = {"metric_a_id": one.metrics[a][0], "metric_b_id": one.metrics[b][0]}
        rows.append({**row, **pair, "trial_count": row["count"]})
    return rows


def _fronts(trials: Trials, one: Chosen) -> list[dict[str, Any]]:
    """Return the front of every trial that has all metrics, where there are several."""
    import numpy as np

    from hpowh.analyses.sweeps.advice.pareto import fronts

    if len(one.metrics) < 2:
        return []
    losses = np.column_stack(_losses(trials, one))
    there = np.flatnonzero(~np.isnan(losses).any(axis=1))
    found = fronts(losses[there])
    return [{"trial_id": int(trials.trial_id[i]), "front": int(f)} for i, f in zip(there, found, strict=True)]
