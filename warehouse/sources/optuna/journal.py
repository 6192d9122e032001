"""Read an Optuna journal file: JSON lines of operations, replayed in order.

The operations and the rules of their replay (which of them are void) are those of Optuna's own
`optuna/storages/journal/_storage.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.bounds import lines_of
from hpowh.warehouse.sources.optuna.content import (
    METRIC_NAMES,
    Content,
    Study,
    attribute_table,
    aware,
    metric_table,
    parameter_table,
)
from hpowh.warehouse.sources.optuna.distributions import Distribution, Distributions

if TYPE_CHECKING:
    import pyarrow

STATUSES = ("running", "finished", "pruned", "failed", "waiting")
"""By the number of Optuna's `TrialState`."""
ENDED = ("finished", "pruned", "failed")
DIRECTIONS = (None, "min", "max")
"""By the number of Optuna's `StudyDirection`."""


@dataclass(kw_only=True)
class _Trial:
    study: int
    number: int
    status: str
    started_at: datetime | None
    ended_at: datetime | None = None
    values: list[float] | None = None
    parameters: dict[str, tuple[float, int]] = field(default_factory=dict)
    """Name -> stored number and code of its distribution."""
    between: dict[int, float] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)


def read_journal(path: Path, zone: tzinfo | None, zone_given: bool) -> Content:
    """Replay a journal file.

    Args:
        zone: where a time without a zone is read (None: this machine's); Optuna 5 writes the zone, older ones do not.

    Raises:
        IngestError: a line other than the last is damaged, or an operation is unknown.
    """
    replay = _Replay(zone)
    decode = json.JSONDecoder().decode
    notes = []
    with path.open("rb") as handle:
        cut = None
        for number, line in enumerate(lines_of(handle, path), start=1):
            if cut is not None:
                raise _damaged(path, *cut)
            try:
                log = decode(line.decode()) if line.endswith(b"\n") else None
            except ValueError as error:
                log, cut = None, (number, error)
            if log is None:
                cut = cut or (number, ValueError("the line does not end"))
                continue
            try:
                replay.apply(log)
            except (ValueError, KeyError, TypeError, IndexError) as error:
                raise _damaged(path, number, error) from None
    if cut is not None:
        notes.append(f"The last line of {path.name} is not finished (a writer was at work); it is left out.")
    for study in replay.studies.values():
        study.time_note = replay.time_note(zone_given)
    return replay.content(notes)


def _damaged(path: Path, number: int, error: Exception) -> IngestError:
    return IngestError(
        f"{path}, line {number:,}: not an operation of an Optuna journal ({error}).", "Nothing was loaded."
    )


class _Replay:
    """The state after the operations so far."""

    def __init__(self, zone: tzinfo | None) -> None:
        self.zone = zone
        self.is_naive = False
        self.distributions = Distributions()
        self.studies: dict[int, Study] = {}
        self.trials: list[_Trial] = []
        self.trial_counts: dict[int, int] = {}
        self.next_study = 0
        self.first: dict[tuple[int, str], Distribution] = {}
        self.accepted: set[tuple[int, str, int]] = set()
        self.operations: tuple[Callable[[dict[str, Any]], None], ...] = (
            self.create_study,
            self.delete_study,
            self.set_study_user_attribute,
            self.set_study_system_attribute,
            self.create_trial,
            self.set_parameter,
            self.set_state,
            self.set_between,
            self.set_attribute,
            self.nothing,
            self.nothing,
        )
        """By operation code; a trial's system attributes (9) and discarded trials (10) change nothing here."""

    def apply(self, log: dict[str, Any]) -> None:
        """Replay one operation."""
        code = log["op_code"]
        if not isinstance(code, int) or not 0 <= code < len(self.operations):
            raise ValueError(f"operation code {code!r} is unknown; a newer hpowh may know it")
        self.operations[code](log)

    def nothing(self, log: dict[str, Any]) -> None:
        """Pass over an operation."""

    def create_study(self, log: dict[str, Any]) -> None:
        """A second study of the same name is void."""
        if any(study.name == log["study_name"] for study in self.studies.values()):
            return
        self.studies[self.next_study] = Study(
            name=log["study_name"], directions=[DIRECTIONS[d] for d in log["directions"]]
        )
        self.trial_counts[self.next_study] = 0
        self.next_study += 1

    def delete_study(self, log: dict[str, Any]) -> None:
        """Its trials keep their ids but are no longer seen."""
        self.studies.pop(log["study_id"], None)

    def set_study_user_attribute(self, log: dict[str, Any]) -> None:
        if log["study_id"] in self.studies:
            self.studies[log["study_id"]].user_attributes.update(log["user_attr"])

    def set_study_system_attribute(self, log: dict[str, Any]) -> None:
        if log["study_id"] in self.studies and METRIC_NAMES in log["system_attr"]:
            self.studies[log["study_id"]].metric_names = log["system_attr"][METRIC_NAMES]

    def create_trial(self, log: dict[str, Any]) -> None:
        """A trial may come whole, when it was added and not run."""
        study = log["study_id"]
        if study not in self.studies:
            return
        trial = _Trial(
            study=study,
            number=self.trial_counts[study],
            status=STATUSES[log.get("state", 0)],
            started_at=self.moment(log["datetime_start"]),
        )
        trial.ended_at = self.moment(log.get("datetime_complete"))
        if log.get("values") is not None:
            trial.values = log["values"]
        elif log.get("value") is not None:
            trial.values = [log["value"]]
        texts = log.get("distributions", {})
        trial.parameters = {n: (v, self.distributions.code(texts[n])) for n, v in log.get("params", {}).items()}
        for name, (_, code) in trial.parameters.items():
            self.declare(study, name, code)
        trial.between = {int(step): value for step, value in log.get("intermediate_values", {}).items()}
        trial.attributes = dict(log.get("user_attrs", {}))
        self.trial_counts[study] += 1
        self.trials.append(trial)

    def declare(self, study: int, name: str, code: int) -> None:
        """Remember a distribution of a study's parameter."""
        if (study, name, code) in self.accepted:
            return
        self.accepted.add((study, name, code))
        distribution = self.distributions.known[code]
        self.first.setdefault((study, name), distribution)
        if study in self.studies:
            seen = self.studies[study].distributions.setdefault(name, [])
            if distribution not in seen:
                seen.append(distribution)

    def open_trial(self, log: dict[str, Any]) -> _Trial | None:
        """Return the trial that an operation names; None, so that it is void, where there is none or it has ended."""
        number = log["trial_id"]
        if number >= len(self.trials) or self.trials[number].status in ENDED:
            return None
        return self.trials[number]

    def set_parameter(self, log: dict[str, Any]) -> None:
        """A distribution that does not fit the parameter's earlier one is void."""
        if (trial := self.open_trial(log)) is None:
            return
        name, code = log["param_name"], self.distributions.code(log["distribution"])
        if (trial.study, name, code) not in self.accepted:
            first = self.first.get((trial.study, name))
            if first is not None and not first.is_compatible(self.distributions.known[code]):
                return
            self.declare(trial.study, name, code)
        trial.parameters[name] = (log["param_value_internal"], code)

    def set_state(self, log: dict[str, Any]) -> None:
        """A running trial cannot start again: another process has taken it."""
        if (trial := self.open_trial(log)) is None:
            return
        status = STATUSES[log["state"]]
        if status == "running":
            if trial.status == "running":
                return
            trial.started_at = self.moment(log["datetime_start"])
        if status in ENDED:
            trial.ended_at = self.moment(log["datetime_complete"])
        trial.status = status
        if log["values"] is not None:
            trial.values = log["values"]

    def set_between(self, log: dict[str, Any]) -> None:
        """The last value of a step counts."""
        if (trial := self.open_trial(log)) is not None:
            trial.between[log["step"]] = log["intermediate_value"]

    def set_attribute(self, log: dict[str, Any]) -> None:
        if (trial := self.open_trial(log)) is not None:
            trial.attributes.update(log["user_attr"])

    def moment(self, text: str | None) -> datetime | None:
        """Return a stored time, and remember whether one came without a zone."""
        moment = aware(text, self.zone)
        if text is not None and not self.is_naive:
            self.is_naive = datetime.fromisoformat(text).tzinfo is None
        return moment

    def time_note(self, zone_given: bool) -> str:
        """Say what was assumed about times."""
        if not self.is_naive:
            return "Times are stored with their zone."
        asked = ", as asked" if zone_given else ", as Optuna before 5 writes them"
        return f"Some times have no zone; read as {self.zone or 'local time of this machine'}{asked}."

    def content(self, notes: list[str]) -> Content:
        """Return what is there at the end."""
        at = {study: position for position, study in enumerate(self.studies)}
        kept = [trial for trial in self.trials if trial.study in at]

        def parameters() -> Iterator[pyarrow.Table]:
            found = [(i, name, v, code) for i, t in enumerate(kept) for name, (v, code) in t.parameters.items()]
            if found:
                trial, name, stored, codes = zip(*found, strict=True)
                yield parameter_table(self.distributions, trial, name, list(stored), list(codes))

        def metrics() -> Iterator[pyarrow.Table]:
            final = [(i, at_, None, v) for i, t in enumerate(kept) for at_, v in enumerate(t.values or ())]
            between = [(i, 0, step, v) for i, t in enumerate(kept) for step, v in t.between.items()]
            for found in (final, between):
                if found:
                    yield metric_table(*zip(*found, strict=True))

        def attributes() -> Iterator[pyarrow.Table]:
            found = [(i, name, json.dumps(v)) for i, t in enumerate(kept) for name, v in t.attributes.items()]
            if found:
                yield attribute_table(*zip(*found, strict=True))

        trial = [(at[t.study], t.number, t.status, t.started_at, t.ended_at) for t in kept]
        return Content(
            studies=list(self.studies.values()),
            trial=trial,
            parameters=parameters,
            metrics=metrics,
            attributes=attributes,
            close=lambda: None,
            notes=notes,
        )
