"""What both kinds of Optuna storage file hold, in one shape: studies as objects, trials as columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.sources.optuna.distributions import Distribution, Distributions

if TYPE_CHECKING:
    import pyarrow

STATUSES = {"RUNNING": "running", "COMPLETE": "finished", "PRUNED": "pruned", "FAIL": "failed", "WAITING": "waiting"}
"""Optuna's trial state -> the warehouse's word."""
DIRECTIONS = {"MINIMIZE": "min", "MAXIMIZE": "max", "NOT_SET": None}
METRIC_NAMES = "study:metric_names"
"""The system attribute in which `Study.set_metric_names` keeps them."""


@dataclass(kw_only=True)
class Study:
    """One study, without its trials."""

    name: str
    directions: list[str | None]
    user_attributes: dict[str, Any] = field(default_factory=dict)
    metric_names: list[str] | None = None
    distributions: dict[str, list[Distribution]] = field(default_factory=dict)
    """Parameter -> the distinct distributions with which it was suggested."""
    time_note: str = ""


@dataclass(kw_only=True)
class Content:
    """One storage file. `trial` counts from 0 in it and `study` is a position in `studies`."""

    studies: list[Study]
    trial: list[tuple[int, int, str, datetime | None, datetime | None]]
    """study, number, status, start, end (aware of their zone)."""
    parameters: Callable[[], Iterator[pyarrow.Table]]
    metrics: Callable[[], Iterator[pyarrow.Table]]
    attributes: Callable[[], Iterator[pyarrow.Table]]
    close: Callable[[], None]
    notes: list[str] = field(default_factory=list)


def parameter_table(
    distributions: Distributions, trial: Iterable[int], name: Iterable[str], stored: list[float], codes: list[int]
) -> pyarrow.Table:
    """Return decoded parameters as the columns that the loader takes."""
    import pyarrow as pa

    number, text = distributions.decode(codes, stored)
    columns = {
        "trial": pa.array(trial, pa.int64()),
        "name": pa.array(name, pa.string()),
        "numeric_value": number,
        "text_value": text,
    }
    return pa.table(columns)


def metric_table(
    trial: Iterable[int], position: Iterable[int], step: Iterable[int | None], value: Iterable[float | None]
) -> pyarrow.Table:
    """Return measured values as the columns that the loader takes."""
    import pyarrow as pa

    columns = {
        "trial": pa.array(trial, pa.int64()),
        "position": pa.array(position, pa.int64()),
        "step": pa.array(step, pa.int64()),
        "value": pa.array(value, pa.float64()),
    }
    return pa.table(columns)


def attribute_table(trial: Iterable[int], name: Iterable[str], value: Iterable[str]) -> pyarrow.Table:
    """Return user attributes (values as JSON text) as the columns that the loader takes."""
    import pyarrow as pa

    columns = {
        "trial": pa.array(trial, pa.int64()),
        "name": pa.array(name, pa.string()),
        "value": pa.array(value, pa.string()),
    }
    return pa.table(columns)


def aware(text: str | None, zone: tzinfo | None) -> datetime | None:
    """Return a stored moment in UTC; `zone` is where a moment without one is read (None: this machine's)."""
    if text is None:
        return None
    if zone is UTC and text[-6] not in "+-" and text[-1] != "Z":  # half the time of the way below
        return datetime.fromisoformat(f"{text}+00:00")
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None and zone is not None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)
