"""A random forest that stands in for a grid of which only a part was evaluated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.grid.space import Space
from hpowh.analyses.landscapes.grid.surface import Surface, require_cells

MAX_PREDICTED = 500_000
"""Grid cells for which the forest is asked."""
MIN_CONFIGURATIONS = 50
TREES = 64
TREE_SAMPLE = 5_000
"""Configurations that each tree is fitted to at most."""


@dataclass(frozen=True)
class Surrogate:
    """The forest's prediction for every configuration, and how far it can be trusted."""

    grid: NDArray[np.float64]
    """Predicted losses, one dimension per hyperparameter."""
    r_squared: float
    """Out-of-bag coefficient of determination."""


def fit_surrogate(surface: Surface, values: NDArray[np.float64], *, seed: int) -> Surrogate:
    """Return a random forest's predictions for the whole grid.

    Args:
        values: one number per node (the losses or their ranks).

    Raises:
        LandscapeError: too few configurations, too large a grid, or a forest that explains nothing.
    """
    from sklearn.ensemble import RandomForestRegressor

    if surface.size < MIN_CONFIGURATIONS:
        raise LandscapeError(f"{surface.size} configurations are too few for a surrogate ({MIN_CONFIGURATIONS}).")
    require_cells(surface.space, MAX_PREDICTED)
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
    cells = encode(surface.space, np.arange(surface.space.cardinality))
    return Surrogate(forest.predict(cells).reshape(surface.space.shape), r_squared)


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
