"""Analysis runs: the ledger that gives every result its provenance."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hpowh.warehouse import queries
from hpowh.warehouse.catalogue import list_columns
from hpowh.warehouse.checks.seal import remove_seals, seal_analyses
from hpowh.warehouse.errors import HpowhError, UsageError
from hpowh.warehouse.migrate import program_version
from hpowh.warehouse.names import identifier, literal
from hpowh.warehouse.relation import Rows

if TYPE_CHECKING:
    import duckdb


@dataclass(kw_only=True)
class AnalysisRun:
    """What identifies an analysis: the same identity on the same input need not be run again."""

    job: str
    """The job's dotted name, such as `traces` or `mixed_models.fit`."""
    subject: str
    """What it was run on, such as an experiment's name or a landscape's key."""
    job_version: str
    """Raised whenever the same input would give other numbers or other columns."""
    parameters: Mapping[str, Any]
    input_fingerprint: str
    seed: int | None = None
    warnings: list[str] = field(default_factory=list)
    """Sentences that belong beside the result wherever it is shown."""
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    rests_on_results: bool = False
    """It reads what other analyses stored, so that it has to be made where all of these are."""

    @property
    def parameters_json(self) -> str:
        """The parameters as canonical JSON: equal parameters give equal text."""
        return json.dumps(dict(self.parameters), sort_keys=True, default=str)

    @property
    def identity(self) -> dict[str, Any]:
        """What a stored run must have in common with this one to be the same: the values of `ledger/same_run`."""
        return {
            "job": self.job,
            "subject": self.subject,
            "version": self.job_version,
            "parameters": self.parameters_json,
            "input": self.input_fingerprint,
            "seed": self.seed,
        }


def find_run(connection: duckdb.DuckDBPyConnection, run: AnalysisRun) -> int | None:
    """Return the newest stored run with the same identity and input, or None."""
    found = connection.execute(queries.text("ledger/same_run"), run.identity).fetchall()
    return found[0][0]


def save_runs(
    connection: duckdb.DuckDBPyConnection, runs: Sequence[tuple[AnalysisRun, Mapping[str, Any]]], *, keep: int
) -> list[int]:
    """Write many analyses at once: each table is appended to once, however many of them there are.

    Returns:
        The analysis run ids, in order.

    Raises:
        HpowhError: a frame names a table or a column that the schema does not have.
    """
    first = connection.execute("select coalesce(max(analysis_run_id), 0) + 1 from ops.analysis_run").fetchall()[0][0]
    run_ids = [int(first) + position for position in range(len(runs))]
    frames: dict[str, list[tuple[int, Any]]] = {}
    columns: dict[str, list[str]] = {}
    for run_id, (_, tables) in zip(run_ids, runs, strict=True):
        for name, frame in tables.items():
            frames.setdefault(name, []).append((run_id, frame))
    for name, of_table in frames.items():
        columns[f"result.{name}"] = _append(connection, name, of_table)
    connection.executemany(
        "insert into ops.analysis_run values (?, ?, ?, ?, ?, ?, ?, ?, now(), ?, ?)",
        [
            [
                run_id,
                run.job,
                run.subject,
                run.job_version,
                run.parameters_json,
                run.input_fingerprint,
                run.seed,
                run.started_at,
                json.dumps(run.warnings),
                program_version(),
            ]
            for run_id, (run, _) in zip(run_ids, runs, strict=True)
        ],
    )
    seal_analyses(connection, run_ids, columns)
    _prune(connection, [run for run, _ in runs], keep)
    return run_ids


def _append(connection: duckdb.DuckDBPyConnection, name: str, frames: Sequence[tuple[int, Any]]) -> list[str]:
    """Append the frames of several analyses to one table, and return its columns."""
    try:
        wanted = dict(list_columns(connection, f"result.{name}"))
    except UsageError:
        raise HpowhError(f"There is no table result.{name}.", "Add it in a revision under migrations/.") from None
    if all(isinstance(frame, Rows) for _, frame in frames):
        for run_id, rows in frames:
            _append_rows(connection, name, wanted, run_id, rows)
    else:
        _append_arrow(connection, name, wanted, frames)
    return list(wanted)


def _append_rows(
    connection: duckdb.DuckDBPyConnection, name: str, wanted: Mapping[str, str], run_id: int, rows: Rows
) -> None:
    """Append rows, handed over as one text: DuckDB asks of every value of a list whether it is one of pandas' own."""
    _refuse_unknown(name, rows.columns, wanted)
    columns = [column for column in wanted if column in rows.columns and column != "analysis_run_id"]
    listed = ", ".join(map(identifier, ["analysis_run_id", *columns]))
    places = [rows.columns.index(column) for column in columns]
    # A column by its number: JSON's names would have to be quoted as SQL's are not.
    form = ", ".join(f'"c{at}": "{wanted[column]}"' for at, column in enumerate(columns))
    text = json.dumps(
        [{f"c{at}": row[place] for at, place in enumerate(places)} for row in rows.values], allow_nan=False
    )
    connection.execute(
        f"insert into result.{identifier(name)} ({listed}) "
        f"select {int(run_id)}, {', '.join(f'r.c{at}' for at in range(len(columns)))} "
        f"from (select unnest(from_json_strict(?, {literal(f'[{{{form}}}]')})) as r)",
        [text],
    )


def _append_arrow(
    connection: duckdb.DuckDBPyConnection, name: str, wanted: Mapping[str, str], frames: Sequence[tuple[int, Any]]
) -> None:
    import pyarrow as pa

    parts = []
    for run_id, frame in frames:
        part = frame.to_arrow() if hasattr(frame, "to_arrow") else frame
        if "analysis_run_id" in part.column_names:
            part = part.drop_columns(["analysis_run_id"])
        parts.append(part.append_column("analysis_run_id", pa.repeat(pa.scalar(run_id, pa.int64()), part.num_rows)))
    arrow = pa.concat_tables(parts, promote_options="permissive")
    _refuse_unknown(name, arrow.column_names, wanted)
    columns = [column for column in wanted if column in arrow.column_names]
    connection.register("_incoming", arrow)
    try:
        listed = ", ".join(identifier(column) for column in columns)
        connection.execute(f"insert into result.{identifier(name)} ({listed}) select {listed} from _incoming")
    finally:
        connection.unregister("_incoming")


def _refuse_unknown(name: str, columns: Sequence[str], wanted: Mapping[str, str]) -> None:
    unknown = sorted(set(columns) - set(wanted))
    if unknown:
        raise HpowhError(f"result.{name} has no column {', '.join(unknown)}.")


def _prune(connection: duckdb.DuckDBPyConnection, runs: Sequence[AnalysisRun], keep: int) -> None:
    stale = [
        row[0]
        for row in connection.execute(
            queries.text("ledger/superseded"),
            {
                "jobs": [run.job for run in runs],
                "subjects": [run.subject for run in runs],
                "parameters": [run.parameters_json for run in runs],
                "keep": keep,
            },
        ).fetchall()
    ]
    if not stale:
        return
    tables = connection.execute(
        "select distinct table_name from duckdb_columns() where schema_name = 'result' "
        "and column_name = 'analysis_run_id'"
    ).fetchall()
    for (table,) in tables:
        connection.execute(
            f"delete from result.{identifier(table)} where analysis_run_id in (select unnest(?))", [stale]
        )
    connection.execute("delete from ops.analysis_run where analysis_run_id in (select unnest(?))", [stale])
    remove_seals(connection, "analysis", stale)
