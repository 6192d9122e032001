"""The cells of a table of trials, read row by row into what the loader takes."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.ingest.protocol import Problem, Request
from hpowh.warehouse.sources.sweeps.tables import SweepParameter, Trials, trial_schema
from hpowh.warehouse.sources.tables.numbers import LARGEST, beyond_note
from hpowh.warehouse.sources.tables.units import settled, unit_here
from hpowh.warehouse.sources.trials.cells import Cell, are_labels, plain_text, read_cell, read_number, whole_of
from hpowh.warehouse.sources.trials.plan import Plan
from hpowh.warehouse.sources.trials.rows import Rows
from hpowh.warehouse.sources.trials.times import read_times
from hpowh.warehouse.sources.trials.wandb_tables import starts_in_order

if TYPE_CHECKING:
    import duckdb
    import pyarrow

NO_STATE = "no state that is known"
EMPTY_NOTE = "{count:,} trials finished without a value of {metric!r}; they are kept with the status `missing`."


class Reader:
    """Reads the cells of all rows, column by column."""

    def __init__(self, rows: Rows, plan: Plan, zone: tzinfo, failed_value: float | None = None) -> None:
        self.plan = plan
        self.labels = {c for c in plan.hyperparameters if are_labels(row.get(c) for row in rows.rows)}
        self.failed_value = failed_value
        self.problems: list[Problem] = []
        self.cells: list[dict[str, Cell]] = []
        self.kept: list[tuple[int, dict[str, Any]]] = []
        self.values: list[list[float | None]] = []
        self.status: list[str] = []
        self.times = read_times(rows, plan, self.problems, zone)
        self.time_note = self.times.note
        for position, row in zip(rows.positions, rows.rows, strict=True):
            before = len(self.problems)
            values = [self._value(position, metric, row) for metric, _ in plan.metric_columns]
            status = self._status(position, row)
            if failed_value is not None and failed_value in values:
                values, status = [None] * len(values), "failed"
            if len(self.problems) == before and position not in self.times.refused:
                self.kept.append((position, row))
                self.values.append(values)
                self.status.append(status)
                self.cells.append(
                    {
                        name: cell
                        for column, name in plan.hyperparameters.items()
                        if (cell := read_cell(row.get(column), as_text=column in self.labels)) is not None
                    }
                )

    def _value(self, position: int, column: str, row: dict[str, Any]) -> float | None:
        found, is_number = read_number(row.get(column))
        if _is_beyond(found):
            return math.copysign(math.inf, found or 0.0)
        if not is_number:
            self.problems.append(Problem(position, column, str(row.get(column))[:200], "the metric is no number"))
        return found

    def _status(self, position: int, row: dict[str, Any]) -> str:
        column = self.plan.column("status")
        if column is None or row.get(column) in (None, ""):
            return "finished"
        found = self.plan.statuses.get(str(row[column]).strip().lower())
        if found is None:
            other = f"--map {shlex.quote(column + '=attribute')} takes all trials as finished"
            why = f"{NO_STATE} ({', '.join(sorted(self.plan.statuses))}); {other}"
            self.problems.append(Problem(position, column, str(row[column])[:200], why))
            return "failed"
        return found

    def settle_units(
        self, connection: duckdb.DuckDBPyConnection, request: Request, rows: Rows
    ) -> tuple[list[str], dict[str, str]]:
        """Bring each metric to its unit in the warehouse; return what was assumed, and the units.

        Raises:
            IngestError: the warehouse has a metric in another unit and nobody said which this is.
        """
        notes, units = list[str](), dict[str, str]()
        for at, ((column, _), (metric, _)) in enumerate(zip(self.plan.metric_columns, self.plan.metrics, strict=True)):
            numbers = [v for values in self.values if (v := values[at]) is not None and math.isfinite(v)]
            between = (min(numbers), max(numbers)) if numbers else (None, None)
            signed = column in rows.percents
            unit, is_given = unit_here(request.options, column, metric, between, signed=signed)
            known, factor, note = settled(connection, metric, unit, is_given, between)
            if factor != 1.0:
                for values in self.values:
                    value = values[at]
                    values[at] = None if value is None else value * factor
            units |= {metric: known} if known else {}
            notes += [note] if note else []
        return notes, units

    def declared(self) -> list[SweepParameter]:
        """Return every hyperparameter that a trial has, with the type of its values; there is no declared range.

        Numbers that are all whole are whole ones: a table with an empty cell writes 128 as 128.0.
        """
        kinds: dict[str, set[str]] = {}
        for row in self.cells:
            for name, cell in row.items():
                kinds.setdefault(name, set()).add("int" if whole_of(cell) is not None else cell.kind)
        return [
            SweepParameter(
                name=name,
                value_type=next(iter(found)) if len(found) == 1 else "float" if found == {"int", "float"} else "mixed",
            )
            for name, found in sorted(kinds.items())
        ]

    def trials(self) -> Trials:
        """Return the accepted trials as the loader takes them."""
        import pyarrow as pa

        name = self.plan.column("name")
        numbers = _own_numbers([row.get(name) for _, row in self.kept]) if name else None
        if numbers is None:
            numbers = starts_in_order([self.times.of(position)[0] for position, _ in self.kept])
        table: list[list[Any]] = [[] for _ in trial_schema()]
        for at, (position, row) in enumerate(self.kept):
            label = row.get(name) if name else None
            started, ended = self.times.of(position)
            cells = (
                at,
                0,
                str(position) if label in (None, "") else str(label),
                numbers[at] if numbers else position,
                self.status[at],
            )
            for column, value in zip(table, (*cells, started, ended), strict=True):
                column.append(value)
        trial = pa.table(
            [pa.array(c, f.type) for c, f in zip(table, trial_schema(), strict=True)], schema=trial_schema()
        )
        lengths = pa.array([self.times.lengths.get(position) for position, _ in self.kept], pa.float64())
        return Trials(
            trial=trial,
            parameters=self._parameters(),
            metrics=self._metrics(),
            attributes=self._attributes(),
            duration=lengths,
        )

    def _parameters(self) -> Iterator[pyarrow.Table]:
        import pyarrow as pa

        found = [(at, name, cell) for at, row in enumerate(self.cells) for name, cell in row.items()]
        yield pa.table(
            {
                "trial": pa.array([at for at, _, _ in found], pa.int64()),
                "name": pa.array([name for _, name, _ in found], pa.string()),
                "numeric_value": pa.array([cell.number for _, _, cell in found], pa.float64()),
                "text_value": pa.array([plain_text(cell) for _, _, cell in found], pa.string()),
            }
        )

    def _metrics(self) -> Iterator[pyarrow.Table]:
        import pyarrow as pa

        found = [
            (at, position, value)
            for at, values in enumerate(self.values)
            for position, value in enumerate(values)
            if value is not None or self.status[at] == "finished"
        ]
        yield pa.table(
            {
                "trial": pa.array([row[0] for row in found], pa.int64()),
                "position": pa.array([row[1] for row in found], pa.int64()),
                "step": pa.nulls(len(found), pa.int64()),
                "value": pa.array([row[2] for row in found], pa.float64(), from_pandas=False),
            }
        )

    def _attributes(self) -> Iterator[pyarrow.Table]:
        import pyarrow as pa

        found = [
            (at, name, json.dumps(row[column], default=str))
            for at, (_, row) in enumerate(self.kept)
            for column, name in self.plan.attributes.items()
            if row.get(column) not in (None, "")
        ]
        yield pa.table(
            {
                "trial": pa.array([row[0] for row in found], pa.int64()),
                "name": pa.array([row[1] for row in found], pa.string()),
                "value": pa.array([row[2] for row in found], pa.string()),
            }
        )

    def notes(self) -> list[str]:
        """Return what the user should know of the values."""
        sentences = [
            beyond_note(column, count)
            for column, _ in self.plan.metric_columns
            if (count := sum(_is_beyond(read_number(row.get(column))[0]) for _, row in self.kept))
        ]
        for at, (metric, _) in enumerate(self.plan.metrics):
            count = sum(
                values[at] is None and status == "finished"
                for values, status in zip(self.values, self.status, strict=True)
            )
            if count:
                sentences.append(EMPTY_NOTE.format(count=count, metric=metric))
        if self.time_note:
            sentences.append(self.time_note)
        return sentences


def _is_beyond(value: float | None) -> bool:
    """Whether a number stands for infinity."""
    return value is not None and math.isfinite(value) and abs(value) > LARGEST


def _own_numbers(names: Sequence[Any]) -> list[int] | None:
    """Return names as the trials' numbers where they are whole numbers, each once: a tuner's own count."""
    texts = [str(name) for name in names]
    if not all(text.isascii() and text.isdigit() and len(text) < 10 for text in texts) or len(set(texts)) < len(texts):
        return None
    return [int(text) for text in texts]
