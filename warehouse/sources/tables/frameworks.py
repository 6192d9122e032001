"""Tables of results that programs write of their own runs, known by their columns.

Facts from mlr3's `as.data.table(benchmark)` and `$score()` (`iteration` counts the folds of a resampling), OpenML's
list of evaluations (`function` names the measure), Weka's experimenter (a row a run and fold, `Key_` before what tells
rows apart), the tables of lm-evaluation-harness, Nevergrad's benchmarks, and MLJAR's `leaderboard.csv`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from hpowh.warehouse.sources.tables.roles import Role


@dataclass(frozen=True)
class Framework:
    """One program: what a row is, the columns that only its table has, and the role of each that it is known by."""

    name: str
    row: str
    needed: frozenset[str]
    roles: dict[str, str]
    ignored_prefixes: tuple[str, ...] = ()


FRAMEWORKS = (
    Framework(
        "mlr3",
        "a learner on a task, or a fold of it",
        frozenset({"task_id", "learner_id", "resampling_id"}),
        {"task_id": "benchmark", "learner_id": "algorithm", "iteration": "seed", "nr": "ignore", "uhash": "ignore",
         "iters": "ignore", "resampling_id": "ignore", "warnings": "ignore", "errors": "ignore"},
    ),
    Framework(
        "OpenML",
        "an evaluation of a flow on a data set",
        frozenset({"run_id", "setup_id", "flow_name", "data_name", "function", "value"}),
        {"flow_name": "algorithm", "data_name": "benchmark", "function": "metric-name", "value": "value",
         "setup_id": "factor", "run_id": "ignore", "task_id": "ignore", "flow_id": "ignore", "data_id": "ignore",
         "upload_time": "ignore", "uploader": "ignore", "uploader_name": "ignore", "values": "ignore",
         "array_data": "ignore"},
    ),
    Framework(
        "Weka",
        "a scheme on a fold of a data set",
        frozenset({"Key_Dataset", "Key_Scheme", "Key_Run", "Percent_correct"}),
        {"Key_Dataset": "benchmark", "Key_Scheme": "algorithm", "Key_Run": "seed", "Key_Fold": "factor",
         "Key_Scheme_options": "factor", "Percent_correct": "value"},
        ("Key_", "Date_time", "Number_", "Percent_", "Kappa_", "Mean_", "Root_", "Relative_", "SF_", "KB_", "IR_",
         "True_", "False_", "F_measure", "Matthews_", "Area_", "Weighted_", "Unweighted_", "Elapsed_", "UserCPU_",
         "Serialized_", "Summary", "measure", "Coverage_", "Size_", "num_"),
    ),
    Framework(
        "lm-evaluation-harness",
        "a model's score on a task",
        frozenset({"Tasks", "n-shot", "Metric", "Value"}),
        {"Model": "algorithm", "Tasks": "benchmark", "Metric": "metric-name", "Value": "value", "n-shot": "factor",
         "Filter": "factor", "Version": "ignore", "Stderr": "ignore", "Groups": "ignore"},
    ),
    Framework(
        "Nevergrad",
        "an optimizer's run on a function",
        frozenset({"optimizer_name", "name", "budget", "loss", "pseudotime"}),
        {"optimizer_name": "algorithm", "name": "benchmark", "budget": "budget", "loss": "value", "seed": "seed",
         "elapsed_budget": "ignore", "elapsed_time": "ignore", "pseudotime": "ignore", "error": "ignore"},
    ),
    Framework(
        "MLJAR",
        "a model, with its score",
        frozenset({"name", "model_type", "metric_type", "metric_value"}),
        {"name": "algorithm", "metric_type": "metric-name", "metric_value": "value", "model_type": "ignore",
         "train_time": "ignore", "single_prediction_time": "ignore"},
    ),
)  # fmt: skip


def framework_of(columns: Collection[str]) -> Framework | None:
    """Return the program whose table of results has these columns; None where it is none that is known."""
    named = set(columns)
    return next((one for one in FRAMEWORKS if one.needed <= named), None)


def framework_roles(columns: Collection[str], given: Collection[str], constants: Collection[str]) -> dict[str, Role]:
    """Return the roles of the columns of a known table that nobody has given; empty where it is none."""
    found = framework_of(columns)
    if found is None:
        return {}
    why = f"as {found.name} writes it"
    free = [column for column in columns if column not in given]
    roles = {c: Role("ignore", None, why) for c in free if c.startswith(found.ignored_prefixes or "\0")}
    roles |= {c: Role(found.roles[c], None, why) for c in free if c in found.roles}
    return {column: role for column, role in roles.items() if role.name not in constants}
