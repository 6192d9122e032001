"""Leaderboards that AutoML tools write of their models: a row a model, its score, and what it took.

They look like a table of methods by tasks and are none: `fit_time` is no task. Facts from AutoGluon's
`TabularPredictor.leaderboard` (every score is better when higher, whatever the metric) and H2O's `aml.leaderboard`
(sorted by the first metric).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from hpowh.warehouse.sources.tables.roles import Role

AUTOGLUON = re.compile(
    r"eval_metric|(pred|fit)_(time|num_rows|order)\w*|pred_time_\w+|stack_level|can_infer|score_(val|test|holdout)"
    r"|num_features|num_models\w*|memory_size\w*|compile_time|child_\w+|ancestors|descendants|num_(ancestors|descendants)"
)
"""What AutoGluon says of a model beside the score that counts."""
SCORES = ("score_test", "score_val")
"""AutoGluon's scores; that on data which no model was chosen by comes first."""
H2O_METRICS = (
    "auc", "logloss", "aucpr", "mean_per_class_error", "rmse", "mse", "mae", "rmsle", "mean_residual_deviance",
)  # fmt: skip
H2O_FACTS = ("training_time_ms", "predict_time_per_row_ms", "algo")
FEWEST_H2O = 3
"""So many of H2O's metrics make a leaderboard of its."""


@dataclass(frozen=True)
class AutoMl:
    """A tool's leaderboard: the tool, the columns of model and score, and those that only describe the model."""

    tool: str
    model: str
    score: str
    facts: tuple[str, ...]


def automl_table(columns: Collection[str]) -> AutoMl | None:
    """Return what an AutoML tool's leaderboard has in its columns; None where it is none."""
    named = set(columns)
    score = next((one for one in SCORES if one in named), None)
    if score and "model" in named and {"fit_time", "pred_time_val", "stack_level", "fit_order"} & named:
        facts = tuple(c for c in columns if c != score and AUTOGLUON.fullmatch(c))
        return AutoMl("AutoGluon", "model", score, facts)
    metrics = [c for c in columns if c in H2O_METRICS]
    if "model_id" in named and len(metrics) >= FEWEST_H2O:
        facts = tuple(c for c in columns if c in (*metrics[1:], *H2O_FACTS))
        return AutoMl("H2O", "model_id", metrics[0], facts)
    return None


def automl_roles(columns: Collection[str], given: Collection[str], constants: Collection[str]) -> dict[str, Role]:
    """Return the roles of the columns of an AutoML tool's leaderboard that nobody has given; empty where it is none."""
    found = automl_table(columns)
    if found is None:
        return {}
    why = f"{found.tool}'s leaderboard"
    roles = {column: Role("ignore", None, f"a fact of the model, in {why}") for column in found.facts}
    roles |= {} if "algorithm" in constants else {found.model: Role("algorithm", None, why)}
    roles[found.score] = Role("value", None, f"the score that counts, in {why}")
    return {column: role for column, role in roles.items() if column not in given}
