"""Trials of one tool as plain records, and these as the columns that the loader takes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.ingest.protocol import Problem
from hpowh.warehouse.sources.sweeps.tables import Sweep, SweepParameter, Trials, trial_schema
from hpowh.warehouse.sources.trials.cells import Cell, read_cell

if TYPE_CHECKING:
    import pyarrow

NULL = Cell("text", None, "null")
"""A hyperparameter whose value is None: a choice of its own, unlike one that is absent."""


@dataclass
class Value:
    """One measured value."""

    position: int
    """Of the metric in its sweep."""
    value: float | None
    step: int | None = None
    """None: the trial's final value."""
    status: str | None = None
    """Why there is no value, where the tool says it (`timeout`, `memory`, `failed`)."""


@dataclass(kw_only=True)
class Record:
    """One trial."""

    name: str
    number: int
    status: str
    parameters: dict[str, Any]
    """As the tool holds them: numbers, truth values, None, texts; lists and objects become JSON text."""
    values: list[Value] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration: float | None = None
    """Seconds, where the tool says more than end minus start."""
    spent: float | None = None
    """Budget of the run when this trial had ended, where the tool says it."""


@dataclass
class Content:
    """One sweep as read from one folder or file."""

    sweep: Sweep
    records: list[Record]
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    """Rows that cannot be read; the others can be loaded without them."""
    features: dict[str, Any] = field(default_factory=dict)
    """Meta-features of the benchmark."""

    def __post_init__(self) -> None:
        """Keep the last of the values that a trial has of one metric at one step: one is all that it can have."""
        dropped = 0
        for record in self.records:
            kept = {(one.position, one.step): one for one in record.values}
            dropped += len(record.values) - len(kept)
            record.values = list(kept.values())
        if dropped:
            self.notes.append(f"Values at a step that had one already: {dropped}. The last of each counts.")


def cell_of(value: Any) -> Cell | None:
    """Return a hyperparameter's value; None (the object) is a value here, NaN is none."""
    return NULL if value is None else read_cell(value)


def moment_of(seconds: Any) -> datetime | None:
    """Return a time from seconds since 1970, None where there is none (tools write 0 for not known)."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < 1e11:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def number_of(value: Any) -> float | None:
    """Return a reported value as a number, None where it is none (a truth value is none; NaN and infinities are)."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def observed(records: Iterable[Record]) -> list[SweepParameter]:
    """Return the hyperparameters that the trials have, with the type of their values, where no space is declared."""
    kinds: dict[str, set[str]] = {}
    for record in records:
        for name, value in record.parameters.items():
            cell = cell_of(value)
            if cell is not None:
                kinds.setdefault(name, set()).add(cell.kind)
    return [SweepParameter(name=name, value_type=type_of(found)) for name, found in sorted(kinds.items())]


def type_of(kinds: set[str]) -> str:
    """Return the one type that values of these kinds have together."""
    if len(kinds) == 1:
        return next(iter(kinds))
    return "float" if kinds == {"int", "float"} else "mixed"


def changed_types(parameters: Sequence[SweepParameter]) -> list[str]:
    """Return a sentence where hyperparameters change their type between trials."""
    mixed = [p.name for p in parameters if p.value_type == "mixed" and p.choices is None]
    if not mixed:
        return []
    return [f"Of more than one type, so also kept as text: {', '.join(mixed[:5])}{' …' if len(mixed) > 5 else ''}."]


def trials_of(contents: Sequence[Content]) -> Trials:
    """Return the trials of all sweeps, numbered through, as Arrow tables."""
    import pyarrow as pa

    rows = [(sweep, record) for sweep, content in enumerate(contents) for record in content.records]
    trial = pa.Table.from_pylist(
        [
            {
                "trial": at,
                "sweep": sweep,
                "name": r.name,
                "number": r.number,
                "status": r.status,
                "started_at": r.started_at,
                "ended_at": r.ended_at,
            }
            for at, (sweep, r) in enumerate(rows)
        ],
        schema=trial_schema(),
    )
    records = [record for _, record in rows]
    return Trials(
        trial=trial,
        parameters=_parameters(records),
        metrics=_metrics(records),
        attributes=_attributes(records),
        duration=pa.array([r.duration for r in records], pa.float64()),
        spent=pa.array([r.spent for r in records], pa.float64()),
    )


def _parameters(records: Sequence[Record]) -> Iterator[pyarrow.Table]:
    import pyarrow as pa

    found = [
        (at, name, cell)
        for at, record in enumerate(records)
        for name, value in record.parameters.items()
        if (cell := cell_of(value)) is not None
    ]
    columns = {
        "trial": pa.array([at for at, _, _ in found], pa.int64()),
        "name": pa.array([name for _, name, _ in found], pa.string()),
        "numeric_value": pa.array([cell.number for _, _, cell in found], pa.float64()),
        "text_value": pa.array([cell.text for _, _, cell in found], pa.string()),
    }
    yield pa.table(columns)


def _metrics(records: Sequence[Record]) -> Iterator[pyarrow.Table]:
    import pyarrow as pa

    found = [(at, one) for at, record in enumerate(records) for one in record.values]
    columns = {
        "trial": pa.array([at for at, _ in found], pa.int64()),
        "position": pa.array([one.position for _, one in found], pa.int64()),
        "step": pa.array([one.step for _, one in found], pa.int64()),
        "value": pa.array([one.value for _, one in found], pa.float64(), from_pandas=False),
        "status": pa.array([one.status for _, one in found], pa.string()),
    }
    yield pa.table(columns)


def _attributes(records: Sequence[Record]) -> Iterator[pyarrow.Table]:
    import pyarrow as pa

    found = [
        (at, name, json.dumps(value, default=str))
        for at, record in enumerate(records)
        for name, value in record.attributes.items()
    ]
    columns = {
        "trial": pa.array([row[0] for row in found], pa.int64()),
        "name": pa.array([row[1] for row in found], pa.string()),
        "value": pa.array([row[2] for row in found], pa.string()),
    }
    yield pa.table(columns)
