"""Read a sweep, analyse each of its metrics, and store the result tables."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from hpowh.analyses.sweeps.options import DEFAULT, Options
from hpowh.warehouse import AnalysisRun, Warehouse, queries
from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.relation import Rows

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import polars as pl

    from hpowh.analyses.elsewhere.places import Place
    from hpowh.analyses.sweeps.reading.trials import Trials
    from hpowh.analyses.sweeps.result import Result

    Computed = tuple[dict[str, Rows], list[str]]
    """Result tables of a sweep, and what is to be known."""

JOB = "sweeps"
VERSION = "19"
SEED = 0


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
    on: Place | Executor | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Outcome]:
    """Analyse the named sweeps; none named: every sweep that is not a run of an experiment.

    A sweep whose trials have not changed since its last analysis is left as it is.

    Args:
        metrics: only these; by default all that a sweep optimises.
        notify: told the name of each sweep before it is analysed.
        on: where sweeps are analysed instead of here, a sweep at a time: a place, or an executor of the caller's.
        progress: called before each sweep with how many are done, how many there are, and its name.

    Raises:
        UsageError: there is no sweep or metric of that name; lists those there are.
        PlaceError: the workers of `on` cannot do the work; what was finished before is stored.
    """
    chosen = choose(warehouse, sweeps, metrics)
    runs = {one.subject: planned_run(warehouse, one, options) for one in chosen}
    known = {name: warehouse.find_run(run) for name, run in runs.items()}
    outcomes = {name: Outcome(name, found, False, [], {}) for name, found in known.items() if found is not None}

    def pieces() -> Iterator[tuple[Chosen, tuple[Any, ...]]]:
        for done, one in enumerate(chosen):
            notify(one.subject)
            if progress:
                progress(done, len(chosen), one.subject)
            if one.subject not in outcomes:
                reasons = dict(warehouse.sql(queries.text("sweep_input/reasons"), {"sweep": one.sweep_id}).rows())
                yield one, (_read(warehouse, one, options), reasons, one, options)

    for one, (found, warnings) in _computed(pieces(), on):
        runs[one.subject].warnings += warnings
        tables = {table: _stored_of(warehouse, table, rows) for table, rows in found.items()}
        saved = warehouse.save_run(runs[one.subject], tables)
        rows = {table: kept.height for table, kept in tables.items()}
        outcomes[one.subject] = Outcome(one.subject, saved, True, runs[one.subject].warnings, rows)
    return [outcomes[one.subject] for one in chosen]


def _computed(
    pieces: Iterator[tuple[Chosen, tuple[Any, ...]]], on: Place | Executor | None
) -> Iterator[tuple[Chosen, Computed]]:
    """Yield each sweep with its tables: here, one after the other, or elsewhere, as they are finished."""
    if on is None:
        for one, arguments in pieces:
            yield one, compute(*arguments)
        return
    from hpowh.analyses.elsewhere.places import PlaceError
    from hpowh.analyses.elsewhere.spread import spread

    for one, found in spread(on, compute, pieces):
        if isinstance(found, PlaceError):
            raise PlaceError(f"{one.subject}: {found.message}", "What was finished before is stored.")
        yield one, found


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


def compute(trials: Trials, reasons: Mapping[Any, Any], one: Chosen, options: Options) -> Computed:
    """Return the result tables of a sweep and what is to be known; of its trials alone, so that it can be elsewhere."""
    from threadpoolctl import threadpool_limits

    from hpowh.analyses.sweeps import several
    from hpowh.analyses.sweeps.summary import count_sentences

    rows: dict[str, list[dict[str, Any]]] = {}
    said: dict[str, list[str]] = {}
    with threadpool_limits(limits=1):  # matrices of some hundred rows: threads cost more than they save
        for metric in one.metrics:
            result = _analyse_metric(reasons, trials, one, metric, options)
            for table, found_rows in result.tables.items():
                rows.setdefault(table, []).extend({"metric_id": metric[0], **row} for row in found_rows)
            said[metric[1]] = count_sentences(trials, metric[0], result) + result.warnings
    rows["sweep_front"] = several.front_rows(trials, one.metrics)
    rows["sweep_tradeoff"] = several.tradeoff_rows(trials, one.metrics)
    rows["sweep_hypervolume"] = several.hypervolume_rows(trials, one.metrics)
    settings, predicted = several.next_for_front(trials, one.metrics, SEED, options.beyond)
    rows["sweep_front_suggestion"], rows["sweep_front_prediction"] = settings, predicted
    tables = {table: Rows.of(plain(found_rows)) for table, found_rows in rows.items() if found_rows}
    return tables, _said_once(said)


def _read(warehouse: Warehouse, one: Chosen, options: Options) -> Trials:
    from hpowh.analyses.sweeps.reading.trials import read_trials

    return read_trials(
        warehouse.sql(queries.text("sweep_input/trials"), {"sweep": one.sweep_id}).numpy(),
        warehouse.sql(queries.text("sweep_input/parameters"), {"sweep": one.sweep_id}).numpy(),
        warehouse.sql(queries.text("sweep_input/declared"), {"sweep": one.sweep_id}).rows(),
        warehouse.sql(queries.text("sweep_input/rules"), {"sweep": one.sweep_id}).rows(),
        {
            number: warehouse.sql(queries.text("sweep_input/values"), {"sweep": one.sweep_id, "metric": number}).numpy()
            for number, _, _ in one.metrics
        },
        options.step,
        warehouse.sql(queries.text("sweep_input/counters"), {"sweep": one.sweep_id}).rows(),
    )


def _analyse_metric(
    reasons: Mapping[Any, Any], trials: Trials, one: Chosen, metric: tuple[int, str, str], options: Options
) -> Result:
    """Return everything on one metric, its trials by their ids."""
    import numpy as np

    from hpowh.analyses.sweeps import summary
    from hpowh.analyses.sweeps.analysis import analyse_metric
    from hpowh.analyses.sweeps.importance.published import published
    from hpowh.analyses.sweeps.statements import statements

    number, name, direction = metric
    used = trials.with_value(number)
    raw = [column.take(used) for column in trials.columns]
    result = analyse_metric(
        raw,
        trials.final[number][used],
        direction,
        SEED,
        options,
        trials.rules,
        summary.ended(trials, number),
        np.argsort(np.array(trials.number)[used], kind="stable"),
    )
    summary.add_sampling(result, trials, number, {other: name for other, name, _ in one.metrics})
    for table in ("sweep_shapley", "sweep_configuration"):
        for row in result.tables.get(table, []):
            row["trial_id"] = int(trials.trial_id[used[row.pop("trial")]])
    if options.as_published:
        result.add(
            "sweep_published",
            [
                {"position": at, **asdict(row)}
                for at, row in enumerate(published(raw, trials.final[number][used]), start=1)
            ],
        )
    result.add("sweep_step", summary.step_rows(trials, number, direction))
    result.add("sweep_rung", summary.rung_rows(trials, number, result))
    result.add("sweep_budget", summary.budget_rows(trials, number))
    failures, why = summary.failure_rows(trials, number, reasons)
    result.add("sweep_failure", failures)
    result.add("sweep_failure_reason", why)
    if any(row["outcome"] != "pruned" for row in failures):
        result.add("sweep_importance", summary.with_failures_as_worst(trials, number, direction, SEED))
    row = summary.summary_row(trials, one.sweep_id, metric, result)
    best = row.get("best_trial_id")
    if best is not None:
        at = int(trials.trial_id.searchsorted(best))
        row |= {"best_number": trials.number[at], "best_name": trials.own_name(at)}
    result.add("sweep_summary", [row])
    result.add("sweep_statement", [
        {"position": at, **asdict(said)} for at, said in enumerate(statements(result, name), start=1)
    ])  # fmt: skip
    return result


def plain(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with values of plain Python, as the warehouse takes them."""
    return [{name: value.item() if hasattr(value, "item") else value for name, value in row.items()} for row in rows]


def _stored_of(warehouse: Warehouse, table: str, rows: Rows) -> Rows | pl.DataFrame:
    """Return rows with the columns that their table has: others are there for the sentences.

    As a frame where a number is infinite or none, which rows cannot hold.
    """
    known = {name: kind for name, kind in warehouse.columns(f"result.{table}") if name in rows.columns}
    kept = Rows(list(known), rows.chosen(list(known), rows.height), list(known.values()))
    is_finite = all(isfinite(value) for row in kept.values for value in row if isinstance(value, float))
    return kept if is_finite else kept.pl()


def _said_once(said: Mapping[str, list[str]]) -> list[str]:
    """Return what is said of the metrics, with the metric's name where it is not said of all of them."""
    first, *others = said.values()
    shared = [sentence for sentence in first if all(sentence in other for other in others)]
    own = [f"{name}: {one}" for name, sentences in said.items() for one in sentences if one not in shared]
    return shared + own
