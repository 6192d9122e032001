"""One run's log lines as trials: costs, statuses, fidelities, the configuration's bare values.

Facts from CARP-S' `file_logger.py`: a configuration is logged as the list of its active values, in ConfigSpace's order;
`n_trials` counts full trials, a cheaper one as its share; costs are minimised.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from hpowh.warehouse.ingest.protocol import Problem
from hpowh.warehouse.sources.carps.config import RunConfig
from hpowh.warehouse.sources.smac.trials import STATUSES
from hpowh.warehouse.sources.sweeps.records import Record, Value, moment_of, number_of

INFO = ("instance", "seed", "budget", "normalized_budget", "name", "checkpoint", "cutoff")


@dataclass
class Read:
    """The trials of one run."""

    records: list[Record] = field(default_factory=list)
    metrics: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def trials_in(
    rows: Iterable[tuple[int, dict[str, Any]]], config: RunConfig, label: str, *, all_fidelities: bool
) -> Read:
    """Return the trials of a log; `label` names the file in problems.

    A trial on less than the largest fidelity is `pruned`: its cost stands at the step of its budget and is no final
    value, unless `all_fidelities`.
    """
    read = Read()
    spent: set[float] = set()
    counts: Counter[str] = Counter()
    width = len(config.objectives) or None
    for line, row in rows:
        info, value = row.get("trial_info"), row.get("trial_value")
        n_trials = number_of(row.get("n_trials"))
        if not isinstance(info, dict) or not isinstance(value, dict) or n_trials is None:
            read.problems.append(Problem(line, label, str(row)[:80], "it lacks n_trials, trial_info or trial_value"))
            continue
        if n_trials in spent:
            why = "n_trials is there twice: the log of another run was appended"
            read.problems.append(Problem(line, label, str(n_trials), why))
            continue
        costs = value["cost"] if isinstance(value.get("cost"), list) else [value.get("cost")]
        width = len(costs) if width is None else width
        if len(costs) != width:
            read.problems.append(Problem(line, label, str(costs)[:80], f"it has {len(costs)} costs, not {width}"))
            continue
        status = STATUSES.get(int(value["status"])) if isinstance(value.get("status"), int | float) else None
        if status is None:
            read.problems.append(Problem(line, label, str(value.get("status")), "no status that CARP-S knows"))
            continue
        spent.add(n_trials)
        counts[status] += 1
        read.records.append(_record(line, n_trials, info, value, costs, status, config, counts, all_fidelities))
    names = config.objectives or tuple(["cost"] if width in (None, 1) else [f"cost_{i}" for i in range(width)])
    read.metrics = [(name, "min") for name in names]
    read.notes = _notes(counts, config, all_fidelities)
    return read


def _record(
    line: int,
    n_trials: float,
    info: dict[str, Any],
    value: dict[str, Any],
    costs: list[Any],
    status: str,
    config: RunConfig,
    counts: Counter[str],
    all_fidelities: bool,
) -> Record:
    budget = number_of(info.get("budget"))
    share = number_of(info.get("normalized_budget"))
    if share is None and budget is not None and config.max_fidelity:
        share = budget / config.max_fidelity
    is_part = share is not None and share < 1 - 1e-9 and not all_fidelities
    counts["part"] += is_part
    why = None if status == "ok" else status
    step = int(budget) if is_part and budget is not None and budget.is_integer() else None
    values = []
    for position, cost in enumerate(costs):
        number = None if why else number_of(cost)
        if not is_part:
            values.append(Value(position, number, None, why))
        elif step is not None:
            values.append(Value(position, number, step, why))
    attributes = {name: info[name] for name in INFO if info.get(name) is not None}
    attributes["n_trials"] = n_trials
    if why:
        attributes["cost_stored"] = value.get("cost")
    if is_part and step is None:
        attributes["cost"] = value.get("cost")
    for part in (info, value):
        extra = part.get("additional_info")
        if isinstance(extra, dict):
            attributes.update({f"additional_info.{name}": one for name, one in extra.items()})
    known = {"ok": "pruned" if is_part else "finished", "running": "running"}
    return Record(
        name=f"{n_trials:g}",
        number=line,
        status=known.get(status, "failed"),
        parameters=_named(info.get("config"), config, counts),
        values=values,
        attributes=attributes,
        started_at=moment_of(value.get("starttime")),
        ended_at=moment_of(value.get("endtime")),
        duration=number_of(value.get("time")),
        spent=n_trials,
    )


def _named(values: Any, config: RunConfig, counts: Counter[str]) -> dict[str, Any]:
    if isinstance(values, dict):
        return values
    listed = values if isinstance(values, list) else []
    named = config.space.named(listed) if config.space is not None else None
    if named is not None:
        return named
    counts["unnamed"] += 1
    return {f"x[{place}]": one for place, one in enumerate(listed)}


def _notes(counts: Counter[str], config: RunConfig, all_fidelities: bool) -> list[str]:
    notes = []
    bad = sorted((status, count) for status, count in counts.items() if status in ("failed", "timeout", "memory"))
    if bad:
        notes.append("Trials without a value (failed, timeout, memory): their logged cost is kept as an attribute.")
    if counts["part"]:
        notes.append(
            "Trials on less than the largest fidelity are pruned and spend budget without a value in the trace; "
            "--option fidelities=all takes their costs as CARP-S' own analysis does."
        )
    if all_fidelities and config.is_multifidelity:
        notes.append("Costs of every fidelity count alike, as in CARP-S' own analysis.")
    if counts["unnamed"]:
        notes.append("The log has bare values and the space does not name them: hyperparameters are x[0], x[1], …")
    return notes
