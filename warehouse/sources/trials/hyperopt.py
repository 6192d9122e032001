"""Hyperopt's trials as JSON: `json.dump(trials.trials, file, default=str)` has an object a trial.

Facts from Hyperopt's `base.py`: `misc.vals` holds a list of one value for each hyperparameter that the trial has, and
an empty one for each that it has not; states are 0 (new), 1 (running), 2 (done) and 3 (error).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hpowh.warehouse.sources.tables.roles import Role
from hpowh.warehouse.sources.trials.rows import Rows

VALUES, PLACES = "misc.vals.", "misc.idxs."
NEEDED = frozenset({"tid", "state", "result.loss"})
STATES = {"0": "waiting", "1": "running", "2": "finished", "3": "failed"}
PLACES_NOTE = (
    "Hyperopt keeps the places of choices (0, 1, …), not the choices: hyperparameters that are some are read as "
    "numbers. hyperopt.space_eval gives the choices themselves (see docs/bring-your-data.md)."
)
WHY = "as Hyperopt writes it"


def is_hyperopt(columns: Iterable[str]) -> bool:
    """Whether these are the columns of Hyperopt's trials."""
    listed = set(columns)
    return listed >= NEEDED and any(column.startswith(VALUES) for column in listed)


def unpack(rows: Rows) -> Rows:
    """Take values out of their lists and put states into words; other tables stay as they are."""
    if not is_hyperopt(rows.columns):
        return rows
    for row in rows.rows:
        row.update({name: _only(value) for name, value in row.items() if name.startswith(VALUES)})
        state = str(row.get("state"))
        row["state"] = STATES.get(state, state)
        if row["state"] == "finished" and row.get("result.status") == "fail":
            row["state"] = "failed"
    rows.notes.append(PLACES_NOTE)
    return rows


def _only(value: Any) -> Any:
    if isinstance(value, list) and len(value) < 2:
        return value[0] if value else None
    return value


def roles(columns: Iterable[str]) -> dict[str, Role]:
    """Return the role of every column of Hyperopt's trials; empty where they are none."""
    listed = list(columns)
    if not is_hyperopt(listed):
        return {}
    known = {"tid": "name", "state": "status", "result.loss": "metric", "book_time": "started", "refresh_time": "ended"}
    found = {column: Role(known.get(column, "attribute"), None, WHY) for column in listed}
    found |= {c: Role("hyperparameter", c.removeprefix(VALUES), WHY) for c in listed if c.startswith(VALUES)}
    return found | {c: Role("ignore", None, WHY) for c in listed if c.startswith(PLACES)}
