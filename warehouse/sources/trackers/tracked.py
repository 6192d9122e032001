"""What an experiment tracker (W&B, MLflow) says of its runs, before it is known which value is the metric."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hpowh.warehouse.ingest.protocol import Problem
from hpowh.warehouse.sources.sweeps.tables import SweepParameter

Points = dict[tuple[int, int], float]
"""(position in the wanted metrics, step) -> value, of one run."""


@dataclass(kw_only=True)
class TrackedRun:
    """One run of a tracker; it becomes a trial."""

    group: str
    """The sweep that it belongs to."""
    name: str
    status: str
    """The warehouse's word."""
    started: datetime | None
    ended: datetime | None
    parameters: dict[str, Any]
    """Configuration, flat: names joined by dots."""
    summary: dict[str, Any]
    """The last value (or the tracker's own summary) of everything that was logged, flat."""
    attributes: dict[str, Any]
    """What else is known: id, tags, exit code …"""
    source: str = ""
    """Where it was read: a file, or the run's id; named where the run is refused."""


@dataclass
class Objective:
    """What the tracker itself says a group optimises."""

    metric: str
    direction: str | None = None


@dataclass(kw_only=True)
class Tracked:
    """The content of one tracker's store. Names in `parameters` and `summary` are as the tracker has them."""

    tool: str
    runs: list[TrackedRun]
    history: Callable[[Mapping[int, Sequence[str]]], Iterator[tuple[int, Points]]]
    """Run -> wanted metrics; yields (run, points) for the runs that have any."""
    is_typed: bool
    """False where every parameter is stored as text, so that its type must be found again."""
    prefixes: tuple[str, str] = ("config.", "summary.")
    """What the names of parameters and of logged values begin with where they must be told apart."""
    objectives: dict[str, Objective] = field(default_factory=dict)
    declared: dict[str, list[SweepParameter]] = field(default_factory=dict)
    """Group -> declared search space, where the tracker knows it."""
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    """Group -> what makes it a run of an experiment (algorithm, benchmark, seed …), where the tracker knows it."""
    problems: list[Problem] = field(default_factory=list)
    """Runs that cannot be read at all."""
    notes: list[str] = field(default_factory=list)
    time_note: str | None = None


def flatten(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of nested objects, their names joined by dots; lists and empty objects are leaves."""
    for name, one in value.items():
        if isinstance(one, Mapping) and one:
            yield from flatten(one, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", one
