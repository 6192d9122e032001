"""What Ray Tune's reports mean: metrics, final and intermediate values, what became of a trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.ingest.protocol import Request
from hpowh.warehouse.sources.ray_tune.files import Experiment, TrialFiles
from hpowh.warehouse.sources.sweeps.records import Record, Value, moment_of, number_of
from hpowh.warehouse.sources.tables.roles import assumed, direction_of, parse_role
from hpowh.warehouse.sources.trials.rows import flatten

STATUSES = {
    "TERMINATED": "finished",
    "ERROR": "failed",
    "RUNNING": "running",
    "PAUSED": "running",
    "PENDING": "waiting",
}
"""Ray's trial status -> the warehouse's word."""
ROLES = ("metric", "attribute", "ignore")
OWN = {
    "timestamp", "checkpoint_dir_name", "done", "training_iteration", "trial_id", "date", "time_this_iter_s",
    "time_total_s", "pid", "hostname", "node_ip", "time_since_restore", "iterations_since_restore", "experiment_id",
    "experiment_tag", "should_checkpoint", "timesteps_total", "timesteps_this_iter", "timesteps_since_restore",
    "episodes_total", "episodes_this_iter", "warmup_time", "trainable_name",
}  # fmt: skip
"""Keys that Ray adds to every report."""
LOST = ("date", "timestamp", "pid", "trial_id", "done", "trainable_name")
"""Of these, what is not kept as an attribute."""


@dataclass(frozen=True)
class Metrics:
    """Which reported keys are metrics."""

    keys: list[str]
    named: list[tuple[str, str]]
    """(name, direction) in the same order."""
    ignored: frozenset[str]

    @staticmethod
    def check(request: Request) -> None:
        """Refuse roles that there are not."""
        for key, role in request.mapping.items():
            parse_role(role, ROLES, key)


def report(line: dict[str, Any]) -> dict[str, Any]:
    """Return one report's keys, nested ones joined by dots, without the configuration that Ray repeats in each."""
    return dict(flatten({key: value for key, value in line.items() if key != "config"}))


def metrics_of(experiment: Experiment, trials: Sequence[TrialFiles], request: Request) -> tuple[Metrics, list[str]]:
    """Return the metrics: given, else the one of TuneConfig, else the only number that is reported.

    Raises:
        UsageError: none is given and several could be meant, or a given one was never reported.
    """
    reported: dict[str, bool] = {}
    for trial in trials:
        for _, line in trial.lines.rows:
            for key, value in report(line).items():
                reported[key] = reported.get(key, False) or number_of(value) is not None
    roles = {key: parse_role(text, ROLES, key) for key, text in request.mapping.items()}
    unknown = sorted(set(roles) - set(reported)) if reported else []
    numbers = sorted(key for key, is_number in reported.items() if is_number and key not in OWN)
    if unknown:
        raise UsageError(f"No trial reports {unknown[0]!r}.", f"Reported numbers: {', '.join(numbers) or 'none'}.")
    keys = [key for key, role in roles.items() if role.name == "metric"]
    if not keys and experiment.metric:
        keys = [experiment.metric.replace("/", ".")]
    if not keys and len(numbers) == 1:
        keys = numbers
    if not keys and reported:
        raise UsageError(
            f"{experiment.folder}: which reported number is the metric?",
            f"Say --map KEY=metric. Reported: {', '.join(numbers[:20]) or 'no number'}.",
        )
    option = request.options.get("direction")
    named, notes = [], []
    for key in keys:
        name = (roles[key].argument if key in roles else None) or key
        direction, is_given = direction_of(name, option and str(option))
        named.append((name, direction))
        if not is_given:
            notes.append(assumed(name, direction, "Ray's files do not say; --direction min|max"))
    ignored = frozenset(key for key, role in roles.items() if role.name == "ignore")
    return Metrics(keys, named, ignored), notes


def _iterations(trial: TrialFiles) -> int:
    return max((int(line.get("training_iteration") or 0) for _, line in trial.lines.rows), default=0)


def stopped_early(trials: Sequence[TrialFiles]) -> set[int]:
    """Return (by `id`) the trials that were ended before the longest one.

    Ray calls them TERMINATED as it calls those that ran to their end. Its scheduler marks the last report with `done`;
    a function that returns by itself leaves no such mark. A trial with a stopping criterion of the user's is not one.
    """
    longest = max((_iterations(trial) for trial in trials), default=0)
    return {
        id(trial)
        for trial in trials
        if trial.state.get("status") == "TERMINATED"
        and trial.lines.rows
        and trial.lines.rows[-1][1].get("done") is True
        and _iterations(trial) < longest
        and not trial.state.get("stopping_criterion")
    }


def stop_note(trials: Sequence[TrialFiles], is_pruned: bool) -> list[str]:
    """Return a sentence on the trials that were ended early."""
    count = len(stopped_early(trials))
    if not count:
        return []
    if is_pruned:
        other = "--option stopped=finished takes their last values as final"
        return [f"{count} trials were ended early by a scheduler (Ray says TERMINATED): pruned here; {other}."]
    return [f"{count} trials were ended early; their last values count as final, as asked."]


def _status(trial: TrialFiles, early: set[int]) -> str:
    if id(trial) in early:
        return "pruned"
    known = STATUSES.get(str(trial.state.get("status")))
    if known:
        return known
    if trial.error is not None:
        return "failed"
    return "finished" if trial.lines.rows and trial.lines.rows[-1][1].get("done") is True else "running"


def record_of(number: int, trial: TrialFiles, metrics: Metrics, early: set[int]) -> Record:
    """Return one trial; its final value is what it reported last."""
    status = _status(trial, early)
    reports = [report(line) for _, line in trial.lines.rows]
    values = []
    for position, key in enumerate(metrics.keys):
        last = None
        for place, one in enumerate(reports, start=1):
            value = number_of(one.get(key))
            if value is not None:
                step = number_of(one.get("training_iteration"))
                values.append(Value(position, value, place if step is None else int(step)))
                last = value
        if status == "finished":
            values.append(Value(position, last))
    seen: dict[tuple[int, int | None], Value] = {(one.position, one.step): one for one in values}
    last_report = reports[-1] if reports else {}
    attributes = {k: v for k, v in last_report.items() if k not in {*metrics.keys, *metrics.ignored, *LOST}}
    if trial.error is not None:
        attributes["error"] = trial.error
    started, ended = _times(trial, last_report, status)
    name = trial.state.get("trial_id") or (trial.state["folder"].name if trial.state["folder"] else str(number))
    return Record(
        name=str(name),
        number=number,
        status=status,
        parameters=trial.config,
        values=list(seen.values()),
        attributes=attributes,
        started_at=started,
        ended_at=ended,
        duration=number_of(last_report.get("time_total_s")),
    )


def _times(trial: TrialFiles, last: dict[str, Any], status: str) -> tuple[Any, Any]:
    """Return start and end; Ray keeps seconds since 1970."""
    started = moment_of(trial.state.get("start_time"))
    ended = moment_of(trial.state.get("last_result_time") or last.get("timestamp"))
    if started is not None and ended is not None and ended < started:
        ended = None
    return started, None if status in ("running", "waiting") else ended
