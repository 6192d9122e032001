"""What one row of a table of trials is: tables whose rows are steps of trials, or trials on several data sets."""

from __future__ import annotations

import shlex

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.questions import Question, QuestionsError
from hpowh.warehouse.sources.tables.naming import plain_name
from hpowh.warehouse.sources.trials.plan import Plan
from hpowh.warehouse.sources.trials.rows import Rows
from hpowh.warehouse.sources.trials.told import DEFAULT, IDENTIFIER, bare, is_spent

CONFIGURATIONS = ("config_id", "config_hash", "config_key", "configuration_id", "configuration_hash", "conf_id")
"""Identifiers of a configuration, which has one row in a table of trials."""
DATA_SETS = ("dataset", "data_set", "dataset_name", "data_set_name", "data_name", "benchmark", "benchmark_name",
             "task_id", "openml_task_id", "instance", "instance_name", "env_id")  # fmt: skip
"""Names of what trials ran on, which is no setting of a model."""


def refuse_curves(rows: Rows, plan: Plan, location: str) -> None:
    """Refuse a table with a row a step of each trial: its steps would be trials, and the step a hyperparameter.

    Raises:
        IngestError: names repeat, and a column named like a step or a budget tells the repeats apart.
    """
    name = plan.column("name")
    if name is None:
        of = [column for column, role in plan.roles.items() if role.why == IDENTIFIER]
        name = next((column for column in of if plain_name(column) in CONFIGURATIONS), None)
    if name is None:
        return
    key = [name, *(column for column in plan.hyperparameters if _is_of_data(column))]
    filled = [row for row in rows.rows if row.get(name) not in (None, "")]
    trials = len({tuple(str(row.get(one)) for one in key) for row in filled})
    if trials == len(filled):
        return
    for column in filter(is_spent, plan.hyperparameters):
        rest = [other for other in plan.hyperparameters if other not in (column, *key)]
        settings = {tuple(str(row.get(other)) for other in (*key, *rest)) for row in filled}
        # Of a successive halving most trials have one row; but a trial has the same settings in all of its rows.
        if len(settings) > trials and trials * 2 > len(filled):
            continue
        told = {tuple(str(row.get(one)) for one in (*key, column)) for row in filled}
        if len(told) == len(filled):
            raise IngestError(
                f"{location}: {name!r} names {trials:,} trials in {len(filled):,} rows, told apart by {column!r}; "
                "a table of trials has one row a trial.",
                "Keep one row a trial (its last or its best), or say that each row is a trial of its own: "
                f"--map {shlex.quote(name + '=attribute')}",
            )


def ask_of_data_sets(rows: Rows, plan: Plan, location: str) -> None:
    """Ask what a column is that names what the trials ran on: what is tuned on one says little of another.

    Raises:
        QuestionsError: such a column has several values, and nobody said that it is a setting.
    """
    asked = []
    for column in plan.hyperparameters:
        found = {str(row[column]) for row in rows.rows if row.get(column) not in (None, "")}
        if plan.roles[column].why == DEFAULT and _is_of_data(column) and len(found) > 1:
            what = (
                f"{column!r} names {len(found):,} data sets or tasks; is it a setting? What is tuned on one says "
                "little of another: a file for each is surer (=attribute: all are one sweep)."
            )
            asked.append(Question(what, (column,), "--map", "{}=hyperparameter"))
    if asked:
        raise QuestionsError(location, asked, rows.columns)


def _is_of_data(column: str) -> bool:
    return plain_name(bare(column)) in DATA_SETS
