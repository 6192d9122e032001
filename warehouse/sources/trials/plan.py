"""Which column of a table of trials is what: given by the user, else guessed from the names that tools use."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.ingest.protocol import Request
from hpowh.warehouse.ingest.questions import Question, QuestionsError
from hpowh.warehouse.sources.tables.facts import facts_note
from hpowh.warehouse.sources.tables.indexes import WHY
from hpowh.warehouse.sources.tables.naming import (
    IDENTIFIERS,
    METRICS,
    NAMES,
    SPREADS,
    TIMES,
    UNIT,
    is_measured,
    is_result,
    plain_name,
    usual,
    with_spreads,
    words,
)
from hpowh.warehouse.sources.tables.roles import (
    Role,
    assumed,
    confined,
    direction_beside,
    direction_of,
    direction_question,
    given_roles,
    guess_by_name,
    only_columns,
)
from hpowh.warehouse.sources.trials.hyperopt import roles as hyperopt_roles
from hpowh.warehouse.sources.trials.objectives import objective, tool_roles
from hpowh.warehouse.sources.trials.told import (
    CONFIG,
    DEFAULT,
    IDENTIFIER,
    MEASURED,
    REPEAT,
    SUMMARY,
    UNLIKE,
    bare,
    left_notes,
)

ROLES = ("name", "status", "started", "ended", "duration", "metric", "hyperparameter", "attribute", "ignore")
USUAL = usual("name", "status", "started", "ended", "duration")
SECONDS = ("s", "sec", "secs", "second", "seconds")
SCIKIT_LEARN = "mean_fit_time"
"""A column of scikit-learn's `cv_results_`, whose hyperparameters have the prefix `param_`."""
OBJECTIVE = re.compile(r"values_\d+")
"""Columns of Optuna's data frame where a study has several objectives."""
METRIC = "metric:"
"""What DeepCAVE and AMLTK put before an objective."""
WANDB = {"name", "state", "runtime", "created"}
WANDB_OWN = ("notes", "user", "tags", "sweep", "group", "job type", "commit", "github", "id", "hostname", "description",
             "end time", "updated", "agent", "host", "os", "python version", "gpu count", "gpu type", "cpu count",
             "command", "creator", "project", "entity")  # fmt: skip
"""Columns of W&B's own in the CSV of its page."""
STATUSES = {
    "finished": "finished", "complete": "finished", "completed": "finished", "success": "finished", "ok": "finished",
    "succeeded": "finished", "done": "finished", "closed": "finished", "metricsunavailable": "finished",
    "failed": "failed", "fail": "failed", "crashed": "failed", "killed": "failed", "error": "failed",
    "preempted": "failed", "timeout": "failed", "memout": "failed", "memoryout": "failed", "terminated": "failed",
    "running": "running", "preempting": "running", "started": "running",
    "pruned": "pruned", "stopped": "pruned", "early_stopped": "pruned", "earlystopped": "pruned",
    "early-stopped": "pruned",
    "waiting": "waiting", "pending": "waiting", "scheduled": "waiting", "queued": "waiting",
}  # fmt: skip
"""What tools call a trial's state (lower case) -> the warehouse's word."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Every column's role, and what follows from them."""

    roles: dict[str, Role]
    metric_columns: list[tuple[str, str]]
    """(column, direction) in the order of the file."""
    metrics: list[tuple[str, str]]
    """(metric's name, direction) in the same order."""
    hyperparameters: dict[str, str]
    """Column -> name of the hyperparameter."""
    attributes: dict[str, str]
    tool: str
    notes: list[str]
    statuses = STATUSES

    def column(self, role: str) -> str | None:
        """Return the column that plays a role that only one can play."""
        return next((column for column, one in self.roles.items() if one.name == role), None)


def plan_of(
    columns: list[str],
    request: Request,
    counts: Callable[[str], tuple[int, int]],
    indexes: Callable[[list[str]], list[str]],
    outside: Callable[[list[str]], dict[str, str]] = lambda _own: {},
    unlike: Callable[[list[str], str], list[str]] = lambda _settings, _seeds: [],
    facts: Callable[[list[str]], dict[str, str]] = lambda _settings: {},
) -> Plan:
    """Return what every column is.

    Args:
        counts: of a column, how many cells are numbers and how many are something else (empty ones are neither).
        indexes: of some columns, which only count the rows.
        outside: beside some columns, which of the others no trial was given, with why (asked of W&B's tables).
        unlike: of some columns and one of seeds, which of the former differ between repeats of a configuration.
        facts: of some columns, which state a fact of the trial (a date, an identifier, a path), with what they hold.

    Raises:
        UsageError: no column is the metric (say which), two columns play a role that only one can, or two columns
            would be the same hyperparameter.
    """
    kinds = dict.fromkeys(columns, "VARCHAR")
    roles = given_roles(request.mapping, kinds, ROLES, request.location)
    is_wandb = {column.lower() for column in columns} >= WANDB
    free = [column for column in columns if column not in roles]
    roles = (hyperopt_roles(free) or tool_roles(free)) | roles
    roles = _guess(columns, roles, is_wandb=is_wandb)
    for role in USUAL:
        twice = [column for column, one in roles.items() if one.name == role]
        if len(twice) > 1:
            raise UsageError(
                f"Both {twice[0]!r} and {twice[1]!r} are {role}.", f"Give one of them: --map COLUMN={role}"
            )
    config = (*CONFIG, "param_") if SCIKIT_LEARN in columns else CONFIG
    measured, spreads = with_spreads(columns)
    results = [
        c
        for c in columns
        if c not in roles and not c.startswith(config) and (is_result(bare(c)) or c in measured) and not counts(c)[1]
    ]
    candidates = [c for c in columns if not c.startswith(config) and (counts(c) == (0, 0) or counts(c)[0])]
    _find_metric(candidates, roles, results, columns, request)
    has_prefix = any(column.startswith(config) for column in columns)
    only = only_columns(request.options, kinds, request.location)
    kept, why = confined(
        roles,
        "hyperparameter",
        only,
        lambda column: not is_result(bare(column)) and not is_measured(column) and not has_prefix,
    )
    rest = [column for column in columns if column not in roles]
    own = set(indexes([c for c in rest if not c.startswith(config)] if kept is None else []))
    taken = [*(c for c in columns if (c in roles and roles[c].name in USUAL) or c.lower() in WANDB_OWN), *own]
    is_of_wandb = (is_wandb or {"_step", "_runtime"} & {*columns}) and kept is None and not has_prefix
    kept_out = outside(taken) if is_of_wandb else {}
    beside, left = [], []
    for column in rest:
        one = _rest(column, config, has_prefix=has_prefix, is_wandb=is_wandb)
        if column in own:
            one = Role("ignore", None, WHY)
        elif kept is not None:
            one = Role("hyperparameter", None, "given") if column in kept else Role("attribute", None, why)
            left += [] if column in kept else [column]
        elif column in kept_out and one.name == "hyperparameter":
            one = Role("attribute", None, kept_out[column])
        elif column in (*results, *spreads) and one.name == "hyperparameter":
            one = Role("attribute", None, "named like a result")
            beside.append(column)
        roles[column] = one
    stated = _facts(roles, rest, facts)
    roles |= {column: Role("attribute", None, what) for column, what in stated.items()}
    roles |= _measured_by_content(roles, rest, unlike)
    ordered = {column: roles[column] for column in columns}
    option = request.options.get("direction")
    headed = {column: said for column in columns if (said := objective(column))}
    found = [
        (c, role.argument or (headed[c][0] if c in headed else bare(c, config)), c)
        for c, role in ordered.items()
        if role.name == "metric"
    ]
    directions = {
        c: (headed[c][1], True) if c in headed and not option else direction_of(name, option and str(option))
        for c, name, _ in found
    }
    unsaid = (name for c, name, _ in found if not directions[c][1])
    asked = [question for name in unsaid if (question := direction_question(name, option and str(option)))]
    if asked:
        raise QuestionsError(request.location, asked, columns)
    notes = [assumed(name, directions[c][0]) for c, name, _ in found if not directions[c][1]]
    notes += [*facts_note(stated, "kept as attributes", "hyperparameter"), *left_notes(ordered, left, beside, kept_out)]
    return Plan(
        roles=ordered,
        metric_columns=[(c, directions[c][0]) for c, _, _ in found],
        metrics=[(name, directions[c][0]) for c, name, _ in found],
        hyperparameters=_hyperparameters(ordered, config),
        attributes={c: r.argument or c for c, r in ordered.items() if r.name == "attribute"},
        tool="wandb" if is_wandb else "table",
        notes=notes,
    )


def _facts(roles: dict[str, Role], rest: list[str], facts: Callable[[list[str]], dict[str, str]]) -> dict[str, str]:
    """Return the facts among the columns that nothing but their content speaks against; not all of them."""
    free = [column for column in rest if roles[column].why == DEFAULT]
    found = facts(free) if free else {}
    others = [column for column, role in roles.items() if role.name == "hyperparameter" and column not in found]
    return found if others else {}


def _measured_by_content(
    roles: dict[str, Role], rest: list[str], unlike: Callable[[list[str], str], list[str]]
) -> dict[str, Role]:
    seeds = [column for column in rest if roles[column].why == REPEAT]
    free = [column for column in rest if roles[column].why == DEFAULT]
    differing = unlike(free, seeds[0]) if len(seeds) == 1 and free else []
    return dict.fromkeys(differing, Role("attribute", None, UNLIKE))


def _guess(columns: list[str], roles: dict[str, Role], *, is_wandb: bool) -> dict[str, Role]:
    """Return the roles given and those that a column's name says, without regard to spaces, case and unit.

    A duration in another unit than seconds is none; nor are W&B's own columns.
    """
    plain: dict[str, str] = {}
    for column in columns:
        name, unit = plain_name(column), UNIT.search(column)
        is_odd = name in USUAL["duration"] and unit is not None and unit[1].strip().lower() not in SECONDS
        if not is_odd and not (is_wandb and column.lower() in WANDB_OWN):
            plain.setdefault(name, column)
    given = {plain_name(column): role for column, role in roles.items()}
    found = guess_by_name(list(plain), given, USUAL)
    return roles | {plain[name]: role for name, role in found.items() if name not in given}


def _find_metric(
    candidates: list[str], roles: dict[str, Role], results: list[str], columns: list[str], request: Request
) -> None:
    if any(role.name == "metric" for role in roles.values()):
        return
    own = [column for column in candidates if OBJECTIVE.fullmatch(column) or column.startswith(METRIC)]
    if len(own) == 1 or (own and all(OBJECTIVE.fullmatch(column) or objective(column) for column in own)):
        roles |= {column: Role("metric", None, "its name says so") for column in own}
        return
    candidates = own or candidates
    plain = {plain_name(bare(column)): column for column in candidates if column not in roles}
    found = [plain[name] for name in METRICS if name in plain] or [c for c in results if not SPREADS & set(words(c))]
    if len(found) == 1:
        roles[found[0]] = Role("metric", None, "guessed from its name")
        return
    why = f"could be {', '.join(map(repr, found))}" if found else "none has a usual name"
    likely = found or sorted((column for column in candidates if column not in roles), key=_unlikely)
    asked = [Question(f"which column is the metric? ({why})", likely, "--map", "{}=metric")]
    asked += direction_beside(likely, request.options.get("direction"))
    raise QuestionsError(request.location, asked, columns)


def _unlikely(column: str) -> bool:
    """Whether nothing in a column's name tells that it may be a metric."""
    return not (column.startswith(SUMMARY) or plain_name(column) in NAMES["value"])


def _rest(column: str, config: tuple[str, ...], *, has_prefix: bool, is_wandb: bool) -> Role:
    if column.startswith(config):
        return Role("hyperparameter", None, "its prefix says so")
    if column.startswith(SUMMARY) or column.startswith("_"):
        return Role("attribute", None, "its prefix says so")
    if is_wandb and column[:1].isupper() and column.lower() in WANDB_OWN:
        return Role("attribute", None, "a column of W&B's own")
    if has_prefix:
        return Role("attribute", None, "other columns have the prefix of hyperparameters")
    if plain_name(column) in (name for role in TIMES for name in NAMES[role]):
        return Role("attribute", None, "a time, which no trial is given")
    if is_measured(column):
        return Role("attribute", None, MEASURED)
    if plain_name(column) in IDENTIFIERS:
        return Role("attribute", None, IDENTIFIER)
    if plain_name(column) in (*NAMES["seed"], *NAMES["fold"]):
        return Role("attribute", None, REPEAT)
    return Role("hyperparameter", None, DEFAULT)


def _hyperparameters(roles: dict[str, Role], config: tuple[str, ...]) -> dict[str, str]:
    """Return column -> name of the hyperparameter.

    Raises:
        UsageError: two columns would be the same one.
    """
    named = {c: role.argument or bare(c, config) for c, role in roles.items() if role.name == "hyperparameter"}
    seen: dict[str, str] = {}
    for column, name in named.items():
        if name in seen:
            raise UsageError(
                f"The columns {seen[name]!r} and {column!r} would both be the hyperparameter {name!r}.",
                f"Rename one: --map {column}=hyperparameter:NAME, or --map {column}=ignore",
            )
        seen[name] = column
    return named
