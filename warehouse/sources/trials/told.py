"""Columns of a table of trials that are no hyperparameters though nobody said so: why, and what is said of them."""

from __future__ import annotations

from hpowh.warehouse.sources.tables.indexes import WHY
from hpowh.warehouse.sources.tables.naming import NAMES, plain_name
from hpowh.warehouse.sources.tables.roles import Role, listed
from hpowh.warehouse.sources.trials.objectives import SMAC_WHY

CONFIG = ("config.", "config/", "config:", "params_", "params.", "params/", "param.", "hyperparameters.",
          "parameters.", "parameters/")  # fmt: skip
SUMMARY = ("summary.", "summary:", "metrics.", "metrics/", "metric:", "result.", "results.", "profile:", "user_attrs_",
           "system_attrs_", "tags.", "tags:", "sys/")  # fmt: skip
SPENT = frozenset({*NAMES["fidelity"], "step", "steps", "iteration", "iterations", "training_iteration"})
DEFAULT = "every column without another role is one"
MEASURED = "named like what a trial took or is, which is measured"
UNLIKE = "differs between repeats of a configuration, which a setting does not"
IDENTIFIER, REPEAT = "an identifier by its name", "a repeat by its name, not a setting"


def bare(column: str, config: tuple[str, ...] = CONFIG) -> str:
    """Return a column's name without the prefix that says what it is."""
    for prefix in (*config, *SUMMARY):
        if column.startswith(prefix) and len(column) > len(prefix):
            return column[len(prefix) :]
    return column


def is_spent(column: str) -> bool:
    """Whether a column is named like a step or a budget."""
    return plain_name(bare(column)) in SPENT


def left_notes(roles: dict[str, Role], left: list[str], beside: list[str], kept_out: dict[str, str]) -> list[str]:
    """Return sentences on the columns that are no hyperparameters though nobody said so."""
    notes = []
    ignored = [column for column, role in roles.items() if role.name == "ignore" and role.why == WHY]
    if ignored:
        notes.append(f"Left out as an index: {listed(ignored)} (--map COLUMN=hyperparameter keeps it).")
    named = [column for column, role in roles.items() if role.why in (IDENTIFIER, REPEAT)]
    if named:
        notes.append(
            f"Kept as attributes, because their names are those of identifiers, seeds or folds: {listed(named)} "
            "(--map COLUMN=hyperparameter if it is one)."
        )
    measured = [column for column, role in roles.items() if role.why == MEASURED]
    if measured:
        notes.append(
            f"Kept as attributes, because they are named like what a trial took or is: {listed(measured)} (--map "
            f"{measured[0] + '=metric'!r} for one more objective, =hyperparameter if it was set before the trial)."
        )
    differing = [column for column, role in roles.items() if role.why == UNLIKE]
    if differing:
        notes.append(
            f"Kept as attributes, because they differ between trials that are equal in all else but the seed: "
            f"{listed(differing)} (--map {differing[0] + '=hyperparameter'!r} if it was set before the trial)."
        )
    spent = [column for column, role in roles.items() if role.why == DEFAULT and is_spent(column)]
    if spent:
        notes.append(
            f"Hyperparameters, though named like a budget: {listed(spent)}. Models of the sweep compare trials across "
            "it (--map COLUMN=attribute leaves it out)."
        )
    facts = [column for column, role in roles.items() if role.why == SMAC_WHY and role.name == "attribute"]
    if facts:
        notes.append(f"Kept as attributes, as SMAC writes them of an evaluation: {listed(facts)}.")
    notes += _kept_out_note(kept_out, roles)
    if left:
        notes.append(f"Kept as attributes, because hyperparameters were named: {listed(left)}.")
    if beside:
        notes.append(
            f"Kept as attributes, because they are named like results: {', '.join(beside)} "
            f"(--map {beside[0] + '=metric'!r} for one more objective, =hyperparameter if it was set before the trial)."
        )
    return notes


def _kept_out_note(kept_out: dict[str, str], roles: dict[str, Role]) -> list[str]:
    """Return a sentence on the columns that W&B's tables say no trial was given."""
    told = {column: why for column, why in kept_out.items() if roles[column].why == why}
    if not told:
        return []
    why = "; ".join(dict.fromkeys(told.values()))
    return [f"Kept as attributes: {listed(list(told))} ({why}). --map COLUMN=hyperparameter keeps one."]
