"""How large a trained model is: the numbers that it predicts from."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

METRIC = "parameter_count"
UNIT = "parameters"


def parameter_count(model: Any) -> float:
    """Return how many numbers a fitted model holds to predict from; NaN where it does not show them.

    Nodes of trees (a threshold or what a leaf predicts; of boosting those of the trees that answer), coefficients and
    intercepts, support vectors with their weights, weights of networks. Of a pipeline its last step counts.
    """
    steps = getattr(model, "steps", None)
    if isinstance(steps, list) and steps:
        return parameter_count(steps[-1][1])
    for count in (_booster, _trees, _weights):
        found = count(model)
        if found is not None:
            return float(found)
    return math.nan


def _booster(model: Any) -> int | None:
    """Count the nodes of XGBoost's and LightGBM's trees, up to the iteration at which they answer."""
    package = type(model).__module__.partition(".")[0]
    if package == "xgboost":
        booster = model.get_booster()
        last = booster.attr("best_iteration")
        kept = booster if last is None else booster[: int(last) + 1]
        return sum(tree.count("\n") for tree in kept.get_dump())
    if package == "lightgbm":
        last = model.booster_.best_iteration
        trees = model.booster_.dump_model(num_iteration=last if last > 0 else None)["tree_info"]
        return sum(2 * int(tree["num_leaves"]) - 1 for tree in trees)
    return None


def _trees(model: Any) -> int | None:
    if hasattr(model, "tree_"):
        return int(model.tree_.node_count)
    if hasattr(model, "_predictors"):  # HistGradientBoosting: no public name
        return sum(int(tree.nodes.shape[0]) for stage in model._predictors for tree in stage)
    members = getattr(model, "estimators_", None)
    if members is None:
        return None
    counts = [parameter_count(one) for one in np.ravel(np.asarray(members, dtype=object))]
    return None if any(math.isnan(one) for one in counts) else int(sum(counts))


def _weights(model: Any) -> int | None:
    if hasattr(model, "coefs_"):
        return sum(one.size for one in [*model.coefs_, *model.intercepts_])
    if hasattr(model, "support_vectors_"):
        return int(model.support_vectors_.size + model.dual_coef_.size + np.size(model.intercept_))
    if hasattr(model, "coef_"):
        return int(np.size(model.coef_) + np.size(getattr(model, "intercept_", ())))
    if hasattr(model, "network_"):  # of `cnn`
        return sum(one.numel() for one in model.network_.parameters())
    return None
