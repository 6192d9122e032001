"""One row a trial: CSV, Parquet or JSON lines, among them what the web page of W&B and Optuna's data frames export."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.protocol import LoadContext, LoadReport, Preview, Request, RowsRefusedError
from hpowh.warehouse.sources.sweeps.loader import load_sweeps
from hpowh.warehouse.sources.sweeps.tables import Sweep
from hpowh.warehouse.sources.tables import spreadsheets
from hpowh.warehouse.sources.tables.doctor import grouped_problems
from hpowh.warehouse.sources.tables.facts import facts
from hpowh.warehouse.sources.tables.indexes import counts_rows
from hpowh.warehouse.sources.tables.locales import refusal_hint
from hpowh.warehouse.sources.tables.tabular import content_fingerprint
from hpowh.warehouse.sources.tables.units import failed_value
from hpowh.warehouse.sources.trials import hyperopt, wandb_tables
from hpowh.warehouse.sources.trials.cells import read_cell, read_number, whole_of
from hpowh.warehouse.sources.trials.folds import spread_folds
from hpowh.warehouse.sources.trials.grain import ask_of_data_sets, refuse_curves
from hpowh.warehouse.sources.trials.odd import odd
from hpowh.warehouse.sources.trials.plan import Plan, plan_of
from hpowh.warehouse.sources.trials.reader import Reader
from hpowh.warehouse.sources.trials.repeats import unlike_between_repeats
from hpowh.warehouse.sources.trials.rows import Rows, read_rows
from hpowh.warehouse.sources.trials.times import zone_of

if TYPE_CHECKING:
    import duckdb

OPTIONS = ("direction", "encoding", "tool", "time_zone", "only", "decimal", "thousands", *spreadsheets.OPTIONS,
           "unit", "failed-value", "folds")  # fmt: skip


class TrialRows:
    """`hpowh ingest trials FILE`: one sweep from a table with one row a trial.

    Options: `direction` (`min`, `max`, or `METRIC=min,…`), `encoding`, `tool` (the tuner's name), `time_zone` (where
    times without a zone are read; default UTC), `folds` (`trials`: each fold of scikit-learn's `cv_results_` is one).
    Roles of columns: see `trials_plan.ROLES`.
    """

    kind = "trials"
    summary = "Trials of any tuner, one row each: CSV, Parquet, JSON lines (also the CSV that W&B's page exports)"
    is_live = True

    def fingerprint(self, request: Request) -> str:
        """Return a hash of the file."""
        return content_fingerprint(request.path)

    def preview(self, connection: duckdb.DuckDBPyConnection, request: Request) -> Preview:
        """Return each column's role, the number of trials and the first rows."""
        rows, plan = _opened(connection, request)
        mapping = [(column, str(role), role.why) for column, role in plan.roles.items()]
        first = [tuple(row.get(column) for column in rows.columns) for row in rows.rows[:5]]
        failed = failed_value(request.options)
        reader = Reader(rows, plan, zone_of(request.options.get("time_zone")), failed)
        refused = sorted([*rows.problems, *reader.problems], key=lambda problem: problem.row)
        hint = refusal_hint(refused)
        notes = [*grouped_problems(refused), *([hint] if hint else []), *rows.notes, *plan.notes, *reader.notes()]
        notes += odd(connection, plan, rows, failed)
        return Preview(len(rows.rows), mapping, rows.columns, first, notes)

    def load(self, connection: duckdb.DuckDBPyConnection, request: Request, context: LoadContext) -> LoadReport:
        """Write the sweep and its trials.

        Raises:
            RowsRefusedError: a state is unknown, a metric's value no number, or a time no time.
        """
        context.progress("read", 0.0)
        rows, plan = _opened(connection, request)
        failed = failed_value(request.options)
        reader = Reader(rows, plan, zone_of(request.options.get("time_zone")), failed)
        refused = sorted([*rows.problems, *reader.problems], key=lambda problem: problem.row)
        count = len({problem.row for problem in refused})
        if refused and request.reject_to is None:
            raise RowsRefusedError(request.location, count, refused, refusal_hint(refused))
        said, units = reader.settle_units(connection, request, rows)
        sweep = Sweep(
            name=request.name,
            tool=str(request.options.get("tool") or plan.tool),
            metrics=plan.metrics,
            parameters=reader.declared(),
            time_note=reader.time_note,
        )
        looks = odd(connection, plan, rows, failed)
        loaded = load_sweeps(connection, [sweep], reader.trials(), context)
        for metric, unit in units.items():
            connection.execute("update core.metric set unit = ? where name = ? and unit is null", [unit, metric])
        notes = [*rows.notes, *plan.notes, *said, *reader.notes(), *looks]
        return LoadReport(loaded.trial_count, refused, count, notes)


def _opened(connection: duckdb.DuckDBPyConnection, request: Request) -> tuple[Rows, Plan]:
    unknown = sorted(set(request.options) - set(OPTIONS))
    if unknown:
        raise UsageError(f"The source trials has no option {unknown[0]!r}.", f"It has: {', '.join(OPTIONS)}.")
    rows = read_rows(connection, request)
    if not rows.rows and not rows.problems:
        raise IngestError(f"{request.location} has no rows.", "Nothing was loaded.")
    rows = hyperopt.unpack(wandb_tables.unpack(rows))
    rows = spread_folds(rows, request.options, request.location)
    wandb_tables.refuse_chart(rows.columns, request.location)
    plan = plan_of(
        rows.columns,
        request,
        cache(lambda column: _counts(rows, column)),
        lambda among: _indexes(rows, among),
        lambda own: wandb_tables.no_hyperparameters(rows, own),
        lambda settings, seeds: unlike_between_repeats(rows.rows, settings, seeds),
        lambda settings: facts({column: [row.get(column) for row in rows.rows] for column in settings}),
    )
    refuse_curves(rows, plan, request.location)
    ask_of_data_sets(rows, plan, request.location)
    return rows, plan


def _indexes(rows: Rows, among: list[str]) -> list[str]:
    """Return those of the columns that only count the rows."""
    found = []
    for column in among:
        cells = [read_cell(row.get(column)) for row in rows.rows]
        values = [int(c.text) if c.kind == "int" else whole_of(c) for c in cells if c is not None]
        if counts_rows(column, values, len(rows.rows)):
            found.append(column)
    return found


def _counts(rows: Rows, column: str) -> tuple[int, int]:
    """Return how many cells of a column are numbers, and how many are something else; empty ones are neither."""
    cells = [read_number(row.get(column)) for row in rows.rows]
    return sum(value is not None for value, _ in cells), sum(not is_number for _, is_number in cells)


SOURCE = TrialRows()
