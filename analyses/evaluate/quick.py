"""Shorter ways through scikit-learn for trees and gradient boosting, by its public interface, to the same numbers.

On small data most of the time of a fit or a prediction goes into looking at the input, which was checked when the data
were loaded, and into predicting the same rows once a metric. Tests compare every number with the long way.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.evaluate.folds import Fold
from hpowh.analyses.evaluate.metrics import Known, Scorer


def is_tree(model: Any) -> bool:
    """Return whether a model is one of scikit-learn's decision trees itself (not a class derived from one)."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    return type(model) in (DecisionTreeClassifier, DecisionTreeRegressor)


def known_to_tree(model: Any, narrow: NDArray[np.float32], scorer: Any) -> Known:
    """Return what a fitted decision tree predicts for rows in single precision, passing down the tree once."""
    if not isinstance(scorer, Scorer):
        return Known()
    if not scorer.needs_probabilities:
        return Known(model.predict(narrow, check_input=False)) if scorer.needs_predicted else Known()
    probabilities = model.predict_proba(narrow, check_input=False)
    return Known(model.classes_.take(np.argmax(probabilities, axis=1)), probabilities)


def is_boosting(model: Any) -> bool:
    """Return whether a model is scikit-learn's gradient boosting itself, whose stages can all be had at once."""
    from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

    return type(model) in (GradientBoostingClassifier, GradientBoostingRegressor)


def boosting_steps(
    model: Any, fold: Fold, steps: Sequence[int], scorer: Any
) -> Iterator[tuple[float, dict[str, Known]]]:
    """Fit once and yield, for each number of trees, the seconds until then and what is predicted for each split.

    While a step's result is looked at, the model itself holds the trees of that step only.
    """
    marks: dict[int, float] = {}
    began = time.perf_counter()

    def note(stage: int, *_: Any) -> bool:
        marks[stage + 1] = time.perf_counter() - began
        return False

    model.set_params(n_estimators=steps[-1])
    model.fit(fold.features["train"], fold.targets["train"], monitor=note)
    last = time.perf_counter() - began
    trees = model.estimators_
    stages = {split: _stages(model, features, steps, scorer) for split, features in fold.features.items()}
    for number, step in enumerate(steps):
        model.estimators_ = trees[:step]
        # With `n_iter_no_change` a training may end before a step: it then has all its trees from there on.
        seconds = last if step == steps[-1] else marks.get(step, last)
        yield seconds, {split: found[number] for split, found in stages.items()}
    model.estimators_ = trees


def _stages(model: Any, features: NDArray[np.float64], steps: Sequence[int], scorer: Any) -> list[Known]:
    """Return what is predicted at each step; nothing where the scorer asks the model itself."""
    if not isinstance(scorer, Scorer):
        return [Known()] * len(steps)
    predicted = _pick(model.staged_predict(features), steps) if scorer.needs_predicted else {}
    probabilities = _pick(model.staged_predict_proba(features), steps) if scorer.needs_probabilities else {}
    return [Known(predicted.get(step), probabilities.get(step)) for step in steps]


def _pick(stages: Iterator[NDArray], steps: Sequence[int]) -> Mapping[int, NDArray]:
    """Return the stages that are steps; a step beyond the last stage has the last."""
    found: dict[int, NDArray] = {}
    values = None
    for number, values in enumerate(stages, start=1):
        if number in steps:
            found[number] = values.copy()
    return found | {step: values for step in steps if step not in found and values is not None}
