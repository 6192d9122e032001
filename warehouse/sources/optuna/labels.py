"""Which study attributes make a study a run of an experiment: given, from the study's name, or by their own name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.protocol import Request
from hpowh.warehouse.sources.optuna.content import Study
from hpowh.warehouse.sources.optuna.distributions import describe, text_of
from hpowh.warehouse.sources.sweeps.tables import RunLabel, Sweep
from hpowh.warehouse.wording import plural

ROLES = ("algorithm", "benchmark", "seed", "experiment", "metric", "search_space", "parameters")
"""What a study's user attribute (or a part of its name) can say; an attribute of that name says it unasked.

`parameters` is `values` (the default) or `levels`: then a trial's parameter is the number of an ordinal level.
"""
OTHER_ROLES = ("factor", "ignore")
OPTIONS = {"experiment": "experiment", "benchmark": "benchmark", "metric": "metric", "space": "search_space"}
"""Option of the request -> the role that it gives to every study."""
OTHER_OPTIONS = ("study_pattern", "time_zone", "constants")


@dataclass(kw_only=True)
class Labelling:
    """How the studies of one request are labelled."""

    request: Request
    pattern: re.Pattern[str] | None = None
    unmatched: list[str] = field(default_factory=list)
    """Studies whose names do not fit the pattern."""
    nameless: int = 0
    """Studies with an objective that nobody named."""
    ranged: int = 0
    """Parameters whose range changed from trial to trial."""
    unused: set[str] = field(default_factory=set)
    """Study attributes that say nothing here."""

    @classmethod
    def of(cls, request: Request) -> Labelling:
        """Check the request's mapping and options.

        Raises:
            UsageError: a role, an option or the pattern cannot mean anything.
        """
        unknown = sorted(set(request.options) - set(OPTIONS) - set(OTHER_OPTIONS))
        if unknown:
            raise UsageError(
                f"The source optuna has no option {', '.join(unknown)}.",
                f"Options: {', '.join([*OPTIONS, 'study_pattern', 'time_zone'])}.",
            )
        for role in request.options.get("constants", {}):
            if role not in ROLES:
                raise UsageError(f"{role!r} is no role that a study can have.", f"Roles: {', '.join(ROLES)}.")
        for attribute, role in request.mapping.items():
            if role not in (*ROLES, *OTHER_ROLES):
                raise UsageError(
                    f"{role!r} is no role for the study attribute {attribute!r}.",
                    f"Roles: {', '.join((*ROLES, *OTHER_ROLES))}.",
                )
        pattern = request.options.get("study_pattern")
        return cls(request=request, pattern=compile_pattern(str(pattern)) if pattern else None)

    def roles_of(self, study: Study) -> tuple[dict[str, str], dict[str, str]]:
        """Return what the study says (role -> text) and its factors (name -> text)."""
        said: dict[str, str] = {}
        factors: dict[str, str] = {}
        if self.pattern is not None:
            match = self.pattern.fullmatch(study.name)
            if match:
                said.update(match.groupdict())
            else:
                self.unmatched.append(study.name)
        for attribute, value in study.user_attributes.items():
            role = self.request.mapping.get(attribute, attribute if attribute in ROLES else "unused")
            if role == "factor":
                factors[attribute] = text_of(value)
            elif role in ROLES:
                said[role] = text_of(value)
            elif role == "unused":
                self.unused.add(attribute)
        said.update({role: str(value) for role, value in self.request.options.get("constants", {}).items()})
        said.update({role: str(self.request.options[o]) for o, role in OPTIONS.items() if self.request.options.get(o)})
        return said, factors

    def sweep(self, study: Study) -> Sweep:
        """Return the study as a sweep; with an algorithm and a benchmark it is also a run.

        Raises:
            IngestError: the study's seed is no whole number.
        """
        said, factors = self.roles_of(study)
        run = None
        if "algorithm" in said and "benchmark" in said:
            experiment = said.get("experiment", self.request.name)
            run = RunLabel(experiment, said["algorithm"], said["benchmark"], _seed(study, said), factors)
        parameters = []
        for name, distributions in study.distributions.items():
            parameter, differs = describe(name, distributions)
            parameters.append(parameter)
            self.ranged += differs
        return Sweep(
            name=study.name,
            tool="optuna",
            metrics=self.metrics(study, said.get("metric")),
            parameters=parameters,
            run=run,
            benchmark=said.get("benchmark"),
            search_space=said.get("search_space"),
            holds_levels=said.get("parameters") == "levels",
            time_note=study.time_note,
        )

    def metrics(self, study: Study, named: str | None) -> list[tuple[str, str]]:
        """Return name and direction of each objective.

        Optuna's objectives have no name of their own. One that nobody named is called after its direction, because a
        metric of the warehouse has one direction.
        """
        directions = [direction or "min" for direction in study.directions]
        if named and len(directions) == 1:
            names = [named]
        elif study.metric_names and len(study.metric_names) == len(directions):
            names = study.metric_names
        else:
            self.nameless += 1
            several = len(directions) > 1
            names = [f"objective_{d}" + (f"_{i}" if several else "") for i, d in enumerate(directions)]
        return list(zip(names, directions, strict=True))

    def notes(self) -> list[str]:
        """Return sentences for the user."""
        found = []
        if self.unmatched:
            shown = ", ".join(sorted(self.unmatched)[:3])
            found.append(
                f"{plural(len(self.unmatched), 'study does', 'studies do')} not fit the study pattern, such as {shown}."
            )
        if self.nameless:
            found.append(
                f"{plural(self.nameless, 'study names', 'studies name')} no objective; it is called objective_min or "
                "objective_max. Name it by a study attribute metric, by set_metric_names, or by the option metric."
            )
        if self.ranged:
            found.append(f"{plural(self.ranged, 'parameter')} changed range between trials; the widest is stored.")
        if self.unused:
            names = ", ".join(sorted(self.unused))
            found.append(f"Study attributes left out: {names}. --map NAME=factor makes one a run factor.")
        return found


def compile_pattern(text: str) -> re.Pattern[str]:
    """Turn `{algorithm}--{benchmark}--{seed}` into a regular expression.

    Raises:
        UsageError: a name in braces is no role, or occurs twice.
    """
    parts = re.split(r"\{(\w*)\}", text)
    roles = parts[1::2]
    wrong = sorted({role for role in roles if role not in ROLES or roles.count(role) > 1})
    if wrong or not roles:
        raise UsageError(
            f"The study pattern {text!r} cannot be used" + (f" because of {', '.join(wrong)}." if wrong else "."),
            f"Put each of these at most once in braces: {', '.join(ROLES)}.",
        )
    written = [re.escape(part) if i % 2 == 0 else _group(part) for i, part in enumerate(parts)]
    return re.compile("".join(written))


def _group(role: str) -> str:
    return f"(?P<{role}>" + (r"-?\d+" if role == "seed" else ".+?") + ")"


def _seed(study: Study, said: Mapping[str, Any]) -> int | None:
    if "seed" not in said:
        return None
    try:
        return int(said["seed"])
    except ValueError:
        raise IngestError(
            f"The study {study.name!r} has the seed {said['seed']!r}, which is no whole number.",
            "Map another attribute to it, or none: --map seed=ignore",
        ) from None
