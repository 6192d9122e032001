"""Which column of a table of trials is what: given by the user, else guessed from the names that tools use."""

from __future__ import annotations

from dataclasses import dataclass

from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.ingest.protocol import Request
from hpowh.warehouse.sources.roles import Role, direction_of, given_roles, guess_by_name

ROLES = ("name", "status", "started", "ended", "duration", "metric", "hyperparameter", "attribute", "ignore")
VOCABULARY = {
    "name": ("name", "trial", "trial_id", "run", "run_id", "id", "number"),
    "status": ("state", "status"),
    "started": ("created", "started_at", "start_time", "datetime_start", "started", "created_at"),
    "ended": ("ended_at", "end_time", "datetime_complete", "ended", "finished_at"),
    "duration": ("runtime", "duration", "duration_s", "time_s", "wall_time"),
}
METRICS = ("value", "objective", "loss", "val_loss", "score", "accuracy", "val_accuracy", "cost", "error", "metric")
CONFIG = ("config.", "config/", "params_", "params.", "param.", "hyperparameters.")
SUMMARY = ("summary.", "metrics.", "user_attrs_", "system_attrs_", "tags.")
WANDB = {"name", "state", "runtime", "created"}
WANDB_OWN = ("notes", "user", "tags", "sweep", "group", "job type", "commit", "github", "id", "hostname", "description",
             "end time", "updated", "agent", "host", "os", "python version", "gpu count", "gpu type", "cpu count",
             "command", "creator", "project", "entity")  # fmt: skip
"""Columns of W&B's own in the CSV of its page."""
STATUSES = {
    "finished": "finished", "complete": "finished", "completed": "finished", "success": "finished", "ok": "finished",
    "failed": "failed", "fail": "failed", "crashed": "failed", "killed": "failed", "error": "failed",
    "preempted": "failed", "timeout": "failed", "memout": "failed", "memoryout": "failed", "terminated": "failed",
    "running": "running", "preempting": "running", "started": "running",
    "pruned": "pruned", "stopped": "pruned", "early_stopped": "pruned",
    "waiting": "waiting", "pending": "waiting", "scheduled": "waiting", "queued": "waiting",
}  # fmt: skip
"""What tools call a trial's state (lower case) -> the warehouse's word."""


@dataclass(frozen=True)
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


def plan_of(columns: list[str], request: Request) -> Plan:
    """Return what every column is.

    Raises:
        UsageError: no column is the metric (say which), two columns play a role that only one can, or two columns
            would be the same hyperparameter.
    """
    kinds = dict.fromkeys(columns, "VARCHAR")
    roles = given_roles(request.mapping, kinds, ROLES, request.location)
    roles = guess_by_name(kinds, roles, VOCABULARY)
    for role in VOCABULARY:
        twice = [column for column, one in roles.items() if one.name == role]
        if len(twice) > 1:
            raise UsageError(
                f"Both {twice[0]!r} and {twice[1]!r} are {role}.", f"Give one of them: --map COLUMN={role}"
            )
    is_wandb = {column.lower() for column in columns} >= WANDB
    _find_metric(columns, roles, request.location)
    has_prefix = any(column.startswith(CONFIG) for column in columns)
    for column in columns:
        if column not in roles:
            roles[column] = _rest(column, has_prefix=has_prefix, is_wandb=is_wandb)
    ordered = {column: roles[column] for column in columns}
    option = request.options.get("direction")
    found = [(c, role.argument or _bare(c), c) for c, role in ordered.items() if role.name == "metric"]
    directions = {c: direction_of(name, option and str(option)) for c, name, _ in found}
    notes = [
        f"Assumed that {'lower' if directions[c][0] == 'min' else 'higher'} is better for {name!r} "
        "(say --direction min|max to be sure)."
        for c, name, _ in found
        if not directions[c][1]
    ]
    hyperparameters = {c: role.argument or _bare(c) for c, role in ordered.items() if role.name == "hyperparameter"}
    _refuse_doubles(hyperparameters)
    return Plan(
        ordered, [(c, directions[c][0]) for c, _, _ in found], [(name, directions[c][0]) for c, name, _ in found],
        hyperparameters, {c: r.argument or c for c, r in ordered.items() if r.name == "attribute"},
        "wandb" if is_wandb else "table", notes,
    )  # fmt: skip


def _find_metric(columns: list[str], roles: dict[str, Role], location: str) -> None:
    if any(role.name == "metric" for role in roles.values()):
        return
    lower = {_bare(column).lower(): column for column in columns if column not in roles}
    found = [lower[name] for name in METRICS if name in lower]
    if len(found) == 1:
        roles[found[0]] = Role("metric", None, "guessed from its name")
        return
    why = f"could be {', '.join(map(repr, found))}" if found else "none has a usual name"
    raise UsageError(
        f"{location}: which column is the metric? ({why})",
        f"Say --map COLUMN=metric. Columns: {', '.join(columns[:20])}{' …' if len(columns) > 20 else ''}.",
    )


def _rest(column: str, *, has_prefix: bool, is_wandb: bool) -> Role:
    if column.startswith(CONFIG):
        return Role("hyperparameter", None, "its prefix says so")
    if column.startswith(SUMMARY) or column.startswith("_"):
        return Role("attribute", None, "its prefix says so")
    if is_wandb and column[:1].isupper() and column.lower() in WANDB_OWN:
        return Role("attribute", None, "a column of W&B's own")
    if has_prefix:
        return Role("attribute", None, "other columns have the prefix of hyperparameters")
    return Role("hyperparameter", None, "every column without another role is one")


def _bare(column: str) -> str:
    """Return a column's name without the prefix that says what it is."""
    for prefix in (*CONFIG, *SUMMARY):
        if column.startswith(prefix) and len(column) > len(prefix):
            return column[len(prefix) :]
    return column


def _refuse_doubles(hyperparameters: dict[str, str]) -> None:
    seen: dict[str, str] = {}
    for column, name in hyperparameters.items():
        if name in seen:
            raise UsageError(
                f"The columns {seen[name]!r} and {column!r} would both be the hyperparameter {name!r}.",
                f"Rename one: --map {column}=hyperparameter:NAME, or --map {column}=ignore",
            )
        seen[name] = column
