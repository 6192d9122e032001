"""The analysis of a sweep as it is commonly published: impute, dummies, correlation, least squares, a forest.

Drop the trials without a value, replace missing numbers by the mean, make a dummy of every level, correlate each column
with the metric, fit least squares to all of them without a constant, and take the impurity importance of 250 extremely
randomised trees. It is here so that published numbers can be checked to the digit, not because it is right: the dummies
of a category add up to the constant (the coefficients are then those of least length), repeats count as independent,
impurity prefers columns of many values, and one diverged trial can decide all three columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.statistics.distributions import t as student
from hpowh.analyses.sweeps.reading.columns import Floats, Raw

TREES = 250
MOST_LEVELS = 50
"""Texts of more levels than this (paths, names) are left out."""
TRUTH = {"true": 1.0, "false": 0.0}


@dataclass(frozen=True, kw_only=True)
class Published:
    """One column of the design: a number, or the dummy of a level."""

    hyperparameter: str
    level: str | None
    correlation: float | None
    """Pearson's, with the metric; None where the column does not vary."""
    coefficient: float
    standard_error: float | None
    t: float | None
    p: float | None
    """None where the trials are not more than the columns that are independent."""
    importance: float
    deviation: float
    """Over the trees."""


def published(raw: Sequence[Raw], metric: Floats, seed: int = 0) -> list[Published]:
    """Return the published analysis of the trials that have a value, numbers first, then dummies level by level.

    Columns are in the order of `raw`, levels in that of their text. A column is one of numbers where all its values
    are; one of true and false alone is 0 and 1 where no trial lacks it. A trial without a category has only zeros.

    Args:
        raw: the hyperparameters as found, one entry a trial.
        metric: one finite value a trial.
    """
    design, names = _design(raw)
    if not names or metric.size < 2:
        return []
    correlations = _correlations(design, metric)
    coefficient, error, free = _least_squares(design, metric)
    importance, deviation = _forest(design, metric, seed)
    found = []
    for j, (name, level) in enumerate(names):
        t = p = None
        if free > 0 and error[j] > 0:
            t = float(coefficient[j] / error[j])
            p = _two_sided(t, free)
        found.append(Published(
            hyperparameter=name, level=level, correlation=correlations[j], coefficient=float(coefficient[j]),
            standard_error=float(error[j]) if free > 0 else None, t=t, p=p, importance=float(importance[j]),
            deviation=float(deviation[j]),
        ))  # fmt: skip
    return found


def _design(raw: Sequence[Raw]) -> tuple[Floats, list[tuple[str, str | None]]]:
    """Return the columns (trials, columns) and of each its hyperparameter and level."""
    numbers: list[tuple[str, Floats]] = []
    dummies: list[tuple[str, str, Floats]] = []
    for one in raw:
        there = [text for text in one.text if text is not None]
        if not there:
            continue
        is_there = np.array([text is not None for text in one.text])
        if np.isfinite(one.number[is_there]).all():
            numbers.append((one.name, np.where(is_there, one.number, one.number[is_there].mean())))
        elif set(there) <= set(TRUTH) and is_there.all():
            numbers.append((one.name, np.array([TRUTH[text] for text in there])))
        elif len(levels := sorted(set(there))) <= MOST_LEVELS:
            texts = np.array(["" if text is None else text for text in one.text], dtype=object)
            dummies += [(one.name, level, ((texts == level) & is_there).astype(float)) for level in levels]
    columns = [column for _, column in numbers] + [column for *_, column in dummies]
    names: list[tuple[str, str | None]] = [(name, None) for name, _ in numbers]
    names += [(name, level) for name, level, _ in dummies]
    return (np.column_stack(columns) if columns else np.empty((0, 0))), names


def _correlations(design: Floats, metric: Floats) -> list[float | None]:
    x, y = design - design.mean(axis=0), metric - metric.mean()
    size = np.sqrt((x * x).sum(axis=0) * (y @ y))
    return [float(a / b) if b > 0 else None for a, b in zip(x.T @ y, size, strict=True)]


def _least_squares(design: Floats, metric: Floats) -> tuple[Floats, Floats, int]:
    """Return coefficients of least length, their standard errors, and the residual degrees of freedom."""
    inverse = np.linalg.pinv(design, rcond=1e-15)
    coefficient = inverse @ metric
    residual = metric - design @ coefficient
    free = metric.size - int(np.linalg.matrix_rank(design))
    spread = float(residual @ residual) / free if free > 0 else 0.0
    return coefficient, np.sqrt(np.maximum(np.diag(inverse @ inverse.T) * spread, 0.0)), free


def _two_sided(t: float, free: int) -> float:
    return float(2 * student.sf(abs(t), free))


def _forest(design: Floats, metric: Floats, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from sklearn.ensemble import ExtraTreesRegressor

    forest = ExtraTreesRegressor(TREES, random_state=seed).fit(design, metric)
    each = np.stack([tree.feature_importances_ for tree in forest.estimators_])
    return forest.feature_importances_, each.std(axis=0)
