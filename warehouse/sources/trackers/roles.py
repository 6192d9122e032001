"""Which of a tracker's names is the metric, which a hyperparameter: given, said by the tracker, or guessed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.ingest.protocol import Request
from hpowh.warehouse.sources.tables.naming import METRICS, SPLITS, words
from hpowh.warehouse.sources.tables.roles import Role, assumed, direction_of, parse_role
from hpowh.warehouse.sources.trackers.tracked import Tracked, TrackedRun

ROLES = ("metric", "hyperparameter", "attribute", "ignore")
LABELS = ("algorithm", "benchmark", "seed", "experiment", "search_space")
"""What `--set` can say of every sweep."""
NON_NUMBERS = {"nan": math.nan, "infinity": math.inf, "inf": math.inf, "-infinity": -math.inf, "-inf": -math.inf}


@dataclass
class Names:
    """All names of a store with their roles; metrics by group."""

    parameters: dict[str, Role]
    logged: dict[str, Role]
    metrics: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    """Group -> (name in the summary, metric's name, direction)."""
    notes: list[str] = field(default_factory=list)


def number_of(value: Any) -> float | None:
    """Return the number that a tracker stored, NaN and infinities among them; None where it is none."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    return NON_NUMBERS.get(value.strip().lower()) if isinstance(value, str) else None


def names_of(tracked: Tracked, request: Request) -> Names:
    """Return the role of every name.

    Raises:
        UsageError: a mapped name does not exist, or it is not clear which value is the metric.
    """
    names = Names(
        {name: Role("hyperparameter", None, "it is configured") for run in tracked.runs for name in run.parameters},
        {name: Role("attribute", None, "it is logged") for run in tracked.runs for name in run.summary},
    )
    for written, text in request.mapping.items():
        role = parse_role(text, ROLES, written)
        table, name = _find(names, tracked.prefixes, written, role)
        table[name] = role
    given = [name for name, role in names.logged.items() if role.name == "metric"]
    directions: dict[str, tuple[str, bool]] = {}
    for group in dict.fromkeys(run.group for run in tracked.runs):
        runs = [run for run in tracked.runs if run.group == group]
        found = _metrics_of(group, runs, given, tracked, names)
        option = request.options.get("direction")
        metrics = []
        for name in found:
            metric = names.logged[name].argument or name
            directions[metric] = _direction(tracked, group, name, metric, option and str(option))
            metrics.append((name, metric, directions[metric][0]))
        names.metrics[group] = metrics
    names.notes += [assumed(metric, direction) for metric, (direction, is_known) in directions.items() if not is_known]
    return names


def _find(names: Names, prefixes: tuple[str, str], written: str, role: Role) -> tuple[dict[str, Role], str]:
    """Return the table in which a mapped name stands, and its name there; a prefix tells equal names apart."""
    tables = ((names.parameters, prefixes[0]), (names.logged, prefixes[1]))
    for table, prefix in tables:
        if written.startswith(prefix) and written[len(prefix) :] in table:
            return table, written[len(prefix) :]
    for table, _ in reversed(tables) if role.name == "metric" else tables:
        if written in table:
            return table, written
    listed = [f"{prefix}{name}" for table, prefix in tables for name in table]
    raise UsageError(
        f"--map {written}={role}: no run has {written!r}.",
        f"There are: {', '.join(listed[:30])}{' …' if len(listed) > 30 else ''}.",
    )


def _metrics_of(group: str, runs: list[TrackedRun], given: list[str], tracked: Tracked, names: Names) -> list[str]:
    """Return the names of a group's metrics; none where nothing was logged that could be one."""
    present = {name: None for run in runs for name, value in run.summary.items() if number_of(value) is not None}
    if given:
        return [name for name in given if any(name in run.summary for run in runs)]
    objective = tracked.objectives.get(group)
    if objective and objective.metric in present:
        names.logged[objective.metric] = Role("metric", None, "the sweep's own configuration says so")
        return [objective.metric]
    found, why = guess_metric(name for name in present if names.logged[name].why != "given")
    if len(found) == 1:
        names.logged[found[0]] = Role("metric", None, why)
        return found
    if not present:
        names.notes.append(f"No run of {group!r} has logged a number: its trials have no metric.")
        return []
    listed = ", ".join(map(repr, (found or _ours(present) or list(present))[:20]))
    raise UsageError(f"Which value of {group!r} is the metric? It could be {listed}.", "Say --map NAME=metric.")


TRAINED = frozenset({"train", "training"})
JUDGED = SPLITS - TRAINED


def guess_metric(present: Iterable[str]) -> tuple[list[str], str]:
    """Return the names that could be the metric (one: it is), and why."""
    ours = _ours(present)
    exact = [name for name in ours if name.lower() in METRICS]
    if exact:
        return exact, "guessed from its name"
    last = [name for name in ours if name.lower().replace("/", ".").split(".")[-1] in METRICS]
    judged = [name for name in ours if JUDGED & set(words(name))]
    if judged and len(last) == 1 and TRAINED & set(words(last[0])):
        return [*judged, *last], ""  # what was trained on is not what counts where something else was looked at
    if last:
        return last, "guessed from the end of its name"
    return (ours, "the only number that was logged") if len(ours) == 1 else ([], "")


def _ours(names: Iterable[str]) -> list[str]:
    """Return the names without those that the tracker itself logs."""
    return [name for name in names if not name.startswith(("_", "system/", "system."))]


def _direction(tracked: Tracked, group: str, name: str, metric: str, option: str | None) -> tuple[str, bool]:
    """Return a metric's direction and whether somebody said it: the user, else the tracker."""
    found, is_given = direction_of(metric, option)
    objective = tracked.objectives.get(group)
    if is_given or not objective or objective.direction is None or objective.metric != name:
        return found, is_given
    return objective.direction, True


def labels_of(tracked: Tracked, group: str, request: Request) -> Mapping[str, str]:
    """Return what is said of a group: by the tracker, overruled by `--set` and `--experiment`.

    Raises:
        UsageError: `--set` names something that a sweep does not have.
    """
    constants = {str(role): str(value) for role, value in request.options.get("constants", {}).items()}
    for role in constants:
        if role not in LABELS:
            raise UsageError(f"{role!r} is no role that a sweep can have.", f"Roles: {', '.join(LABELS)}.")
    options = {"experiment": "experiment", "benchmark": "benchmark", "space": "search_space"}
    said = {role: str(request.options[o]) for o, role in options.items() if request.options.get(o)}
    return {**tracked.labels.get(group, {}), **constants, **said}
