"""What a reader of a tuner's storage hands to the loader: sweeps as objects, trials as columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True, kw_only=True)
class SweepParameter:
    """One declared hyperparameter of a sweep."""

    name: str
    value_type: str
    """`int`, `float`, `bool`, `text` or `mixed`."""
    scale: str = "linear"
    lower: float | None = None
    upper: float | None = None
    step: float | None = None
    choices: str | None = None
    """JSON list of the choices of a categorical one."""


@dataclass(frozen=True)
class SweepConstraint:
    """One rule of the declared space."""

    kind: str
    """`condition` (when a hyperparameter is active) or `forbidden` (values that may not be combined)."""
    hyperparameter: str | None
    """The one that a condition is about."""
    rule: str
    """For people: `momentum only when act = "sgd"`."""
    definition: str
    """For programs: JSON as ConfigSpace writes it."""


@dataclass(frozen=True)
class RunLabel:
    """What makes a sweep also a run of an experiment."""

    experiment: str
    algorithm: str
    benchmark: str
    seed: int | None = None
    factors: Mapping[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Sweep:
    """One sweep, without its trials."""

    name: str
    tool: str
    metrics: list[tuple[str, str]]
    """(metric, direction `min` or `max`) in the tuner's order."""
    parameters: list[SweepParameter] = field(default_factory=list)
    run: RunLabel | None = None
    benchmark: str | None = None
    search_space: str | None = None
    """The name of a search space that the warehouse may know; then trials resolve to configurations."""
    holds_levels: bool = False
    """True where an ordinal hyperparameter's trial parameter is the level's number, not its value."""
    time_note: str | None = None
    constraints: list[SweepConstraint] = field(default_factory=list)


@dataclass(kw_only=True)
class Trials:
    """The trials of all sweeps, as Arrow tables; `trial` and `sweep` count from 0 within one load.

    `trial`: trial, sweep, name, number, status, started_at, ended_at (microseconds, UTC).
    `parameters`: tables of trial, name, numeric_value, text_value.
    `metrics`: tables of trial, position (of the metric in its sweep), step (NULL: final), value (any double); a
    column `status` may say why there is no value (`failed`, `timeout`, …), NULL where the value itself says it.
    `attributes`: tables of trial, name, value (JSON).
    `duration` (seconds) and `spent` (budget of the run when the trial ended) are as long as `trial`, where the tool
    says them: NULL duration is end minus start, NULL `spent` counts the trials that have ended.
    """

    trial: pyarrow.Table
    parameters: Iterable[pyarrow.Table]
    metrics: Iterable[pyarrow.Table]
    attributes: Iterable[pyarrow.Table]
    duration: pyarrow.Array | None = None
    spent: pyarrow.Array | None = None


def trial_schema() -> pyarrow.Schema:
    """Return the columns of `Trials.trial`."""
    import pyarrow as pa

    moment = pa.timestamp("us", tz="UTC")
    return pa.schema(
        [
            ("trial", pa.int64()),
            ("sweep", pa.int64()),
            ("name", pa.string()),
            ("number", pa.int64()),
            ("status", pa.string()),
            ("started_at", moment),
            ("ended_at", moment),
        ]
    )
