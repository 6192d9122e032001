"""A random forest that stands in for a grid of which only a part was evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.grid.space import Space
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.fanova import Decomposition
from hpowh.analyses.landscapes.one.trees import forest_decomposition

MAX_PREDICTED = 500_000
"""Grid cells for which the forest is asked; of more its trees' boxes are decomposed."""
MIN_CONFIGURATIONS = 50
TREES = 64
DRAWN = 20_000
"""Random cells from which the variance of predictions is known where the grid is too large."""
TREE_SAMPLE = 5_000
"""Configurations that each tree is fitted to at most."""


@dataclass(frozen=True)
class Surrogate:
    """The forest's prediction for every configuration, and how far it can be trusted."""

    grid: NDArray[np.float64] | None
    """Predicted losses, one dimension per hyperparameter; None where the grid is too large."""
    r_squared: float
    """Out-of-bag coefficient of determination."""
    parts: Decomposition | None = None
    """Where the grid is too large: main effects and pairs, from the trees' boxes."""


def fit_surrogate(surface: Surface, values: NDArray[np.float64], *, seed: int) -> Surrogate:
    """Return a random forest's predictions for the whole grid, or its decomposition where that is too large.

    Args:
        values: one number per node (the losses or their ranks).

    Raises:
        LandscapeError: too few configurations, or a forest that explains nothing.
    """
    from sklearn.ensemble import RandomForestRegressor

    if surface.size < MIN_CONFIGURATIONS:
        raise LandscapeError(f"{surface.size} configurations are too few for a surrogate ({MIN_CONFIGURATIONS}).")
    forest = RandomForestRegressor(
        TREES,
        min_samples_leaf=2,
        max_features=0.7,
        max_samples=min(surface.size, TREE_SAMPLE),
        oob_score=True,
        random_state=seed,
        n_jobs=1,
    )
    forest.fit(encode(surface.space, surface.ranks), values)
    r_squared = float(forest.oob_score_)
    if not r_squared > 0:
        raise LandscapeError(f"a random forest explains nothing of the loss (out-of-bag R2 = {r_squared:.2f})")
    if surface.space.cardinality > MAX_PREDICTED:
        return Surrogate(None, r_squared, forest_decomposition(forest, surface.space, _variance(forest, surface, seed)))
    cells = encode(surface.space, np.arange(surface.space.cardinality))
    return Surrogate(forest.predict(cells).reshape(surface.space.shape), r_squared)


def _variance(forest: Any, surface: Surface, seed: int) -> float:
    """Return the variance of the predictions over the whole space, from random cells."""
    cells = np.random.default_rng(seed).integers(0, surface.space.cardinality, DRAWN)
    return float(forest.predict(encode(surface.space, cells)).var())


def encode(space: Space, ranks: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return features for trees: an ordinal's level as a number, a categorical's as one indicator per level."""
    columns = []
    for axis, (size, flag) in enumerate(zip(space.shape, space.ordinal, strict=True)):
        level = space.levels(ranks, axis)
        if flag or size <= 2:
            columns.append(level.astype(np.float32)[:, None])
        else:
            columns.append((level[:, None] == np.arange(size)).astype(np.float32))
    return np.concatenate(columns, axis=1)
