"""Write sweeps and their trials to `core`, in bulk; every reader of a tuner's storage ends here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hpowh.warehouse import queries
from hpowh.warehouse.ingest.dimensions import ids_by_name, metric_id, next_id
from hpowh.warehouse.ingest.protocol import LoadContext
from hpowh.warehouse.sources.sweeps.runs import add_runs, resolve_configurations
from hpowh.warehouse.sources.sweeps.tables import Sweep, Trials

if TYPE_CHECKING:
    import duckdb
    import pyarrow


@dataclass
class Loaded:
    """What came of it."""

    trial_count: int
    run_count: int
    resolved_count: int
    """Trials that have a configuration of a known search space."""
    notes: list[str] = field(default_factory=list)


def load_sweeps(
    connection: duckdb.DuckDBPyConnection, sweeps: Sequence[Sweep], trials: Trials, context: LoadContext
) -> Loaded:
    """Write everything; called inside the ingest's transaction.

    Raises:
        IngestError: a metric is in the warehouse with the other direction, or a run is there already.
    """
    first_sweep = next_id(connection, "sweep", "sweep_id")
    first_trial = next_id(connection, "trial", "trial_id")
    spaces, notes = _known_spaces(connection, sweeps)
    _add_sweeps(connection, sweeps, first_sweep, spaces, context.source_id)
    context.progress("parameters", 0.2)
    for batch in trials.parameters:
        with _incoming(connection, batch):
            connection.execute(
                "insert into core.trial_parameter select ? + trial, name, numeric_value, text_value from _incoming",
                [first_trial],
            )
    resolved = resolve_configurations(connection, sweeps, trials.trial, first_sweep, first_trial, spaces)
    context.progress("trials", 0.5)
    _add_trials(connection, trials, first_sweep, first_trial, context.source_id)
    _add_metrics(connection, trials.metrics, first_sweep, first_trial)
    context.progress("attributes", 0.8)
    for batch in trials.attributes:
        with _incoming(connection, batch):
            connection.execute(
                "insert into core.trial_attribute select ? + trial, name, value from _incoming", [first_trial]
            )
    context.progress("runs", 0.9)
    run_count = add_runs(connection, sweeps, first_sweep, context.source_id)
    connection.execute("drop table if exists _configuration; drop table if exists _spent")
    return Loaded(trials.trial.num_rows, run_count, resolved, notes)


@contextmanager
def _incoming(connection: duckdb.DuckDBPyConnection, table: pyarrow.Table) -> Iterator[None]:
    connection.register("_incoming", table)
    try:
        yield
    finally:
        connection.unregister("_incoming")


def _known_spaces(connection: duckdb.DuckDBPyConnection, sweeps: Sequence[Sweep]) -> tuple[dict[str, int], list[str]]:
    known = dict(connection.execute("select name, search_space_id from core.search_space").fetchall())
    wanted = {sweep.search_space for sweep in sweeps if sweep.search_space}
    missing = sorted(wanted - known.keys())
    notes = [
        f"The search space {name!r} is not in the warehouse: its trials have no configuration. "
        "Load the space and then this source again with --replace."
        for name in missing
    ]
    return {name: known[name] for name in wanted & known.keys()}, notes


def _add_sweeps(
    connection: duckdb.DuckDBPyConnection,
    sweeps: Sequence[Sweep],
    first: int,
    spaces: dict[str, int],
    source_id: int,
) -> None:
    """Write sweep, sweep_metric and sweep_parameter."""
    import pyarrow as pa

    benchmarks = ids_by_name(connection, "benchmark", [s.benchmark for s in sweeps if s.benchmark])
    metrics = {
        (name, direction): metric_id(connection, name, direction)
        for name, direction in dict.fromkeys(metric for sweep in sweeps for metric in sweep.metrics)
    }
    numbered = list(enumerate(sweeps, start=first))
    rows: dict[str, list[tuple[object, ...]]] = {
        "sweep": [
            (i, s.name, s.tool, benchmarks.get(s.benchmark or ""), spaces.get(s.search_space or ""), s.time_note)
            + (source_id,)
            for i, s in numbered
        ],
        "sweep_metric": [(i, at, metrics[metric]) for i, s in numbered for at, metric in enumerate(s.metrics)],
        "sweep_parameter": [
            (i, p.name, p.value_type, p.scale, p.lower, p.upper, p.step, p.choices)
            for i, s in numbered
            for p in s.parameters
        ],
        "sweep_constraint": [
            (i, at, c.kind, c.hyperparameter, c.rule, c.definition)
            for i, s in numbered
            for at, c in enumerate(s.constraints)
        ],
    }
    for table, found in rows.items():
        if found:
            columns = [pa.array(column) for column in zip(*found, strict=True)]
            names = [f"c{i}" for i in range(len(columns))]
            with _incoming(connection, pa.table(columns, names=names)):
                connection.execute(f"insert into core.{table} select * from _incoming")  # noqa: S608


def _add_trials(
    connection: duckdb.DuckDBPyConnection, trials: Trials, first_sweep: int, first_trial: int, source_id: int
) -> None:
    import pyarrow as pa

    empty = pa.nulls(trials.trial.num_rows, pa.float64())
    table = trials.trial.append_column("duration", empty if trials.duration is None else trials.duration)
    table = table.append_column("spent", empty if trials.spent is None else trials.spent)
    with _incoming(connection, table):
        connection.execute(
            queries.statement("sweeps/trials"),
            {"first_trial": first_trial, "first_sweep": first_sweep, "source": source_id},
        )
        connection.execute(queries.statement("sweeps/spent"), {"first_trial": first_trial})


def _add_metrics(
    connection: duckdb.DuckDBPyConnection, batches: Iterable[pyarrow.Table], first_sweep: int, first_trial: int
) -> None:
    """Write trial_metric; a value that is no finite number, or comes with a status, becomes NULL with a status."""
    import pyarrow as pa

    for batch in batches:
        has_status = "status" in batch.column_names
        full = batch if has_status else batch.append_column("status", pa.nulls(batch.num_rows, pa.string()))
        with _incoming(connection, full):
            connection.execute(
                queries.statement("sweeps/metrics"), {"first_trial": first_trial, "first_sweep": first_sweep}
            )
