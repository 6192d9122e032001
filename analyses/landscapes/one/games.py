"""Tunability and ablation as cooperative games of the hyperparameters, exact on a complete grid."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

MAX_PLAYERS = 20
"""A game of k hyperparameters has 2^k values."""


def tunability_game(grid: NDArray[np.float64], default: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the value of every set of hyperparameters: the loss saved when only these leave the default.

    `v(S) = loss(default) - min(loss where the others stay at the default)`: the tunability game of HyperSHAP (Wever et
    al. 2025), by search over the whole table and not by a surrogate.

    Args:
        grid: complete, one dimension per hyperparameter.
        default: the level of each hyperparameter.

    Returns:
        An array of shape (2,) * k; index 1 on an axis says that this hyperparameter is free.
    """
    value = grid
    # The axes are halved from the last to the first; the largest array is never much above the grid itself.
    for axis in reversed(range(grid.ndim)):
        value = np.stack([value.take(default[axis], axis=axis), value.min(axis=axis)], axis=axis)
    return grid[default] - value


def ablation_game(grid: NDArray[np.float64], default: tuple[int, ...], best: tuple[int, ...]) -> NDArray[np.float64]:
    """Return for every set the loss saved by taking these hyperparameters, and only these, from `best`.

    Returns:
        An array of shape (2,) * k, as `tunability_game`.
    """
    chosen = grid[np.ix_(*([d, b] for d, b in zip(default, best, strict=True)))]
    return grid[default] - chosen


def shapley_values(game: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each player's Shapley value (Shapley 1953); they add up to the value of all minus that of none."""
    k = game.ndim
    sizes = _coalition_sizes(k - 1)
    weight = np.array([factorial(s) * factorial(k - s - 1) / factorial(k) for s in range(k)])[sizes]
    return np.array([float(np.sum(weight * np.diff(game, axis=j).squeeze(j))) for j in range(k)])


def shapley_interactions(game: NDArray[np.float64]) -> dict[tuple[int, int], float]:
    """Return the Shapley interaction index of each pair (Grabisch and Roubens 1999).

    Positive where two hyperparameters gain more together than apart, 0 for those that do not interact.
    """
    k = game.ndim
    if k < 2:
        return {}
    sizes = _coalition_sizes(k - 2)
    weight = np.array([factorial(s) * factorial(k - s - 2) / factorial(k - 1) for s in range(k - 1)])[sizes]
    return {
        (a, b): float(np.sum(weight * np.diff(np.diff(game, axis=b), axis=a).squeeze((a, b))))
        for a, b in combinations(range(k), 2)
    }


def gains_alone(game: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what each player gains alone."""
    k = game.ndim
    return np.array([float(game[tuple(int(j == i) for j in range(k))]) for i in range(k)])


def _coalition_sizes(k: int) -> NDArray[np.int64]:
    """Return the number of members of each coalition of k players, shape (2,) * k."""
    sizes = np.zeros((2,) * k, dtype=np.int64)
    for axis in range(k):
        sizes += np.arange(2).reshape([-1 if j == axis else 1 for j in range(k)])
    return sizes
