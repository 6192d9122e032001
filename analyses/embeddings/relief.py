"""A surface through scattered points of the plane, and how far a picture can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GRID = 140
"""Cells along the longer side of the picture."""
REACH = 1.2
"""Standard deviation of the Gaussian weights, in cells."""
LEAST_WEIGHT = 0.05
"""A cell is drawn where the weights of the points around it sum up to this: one point about two cells away."""


@dataclass(frozen=True)
class Relief:
    """A regular grid over the plane."""

    x: NDArray[np.float64]
    """Middles of the columns."""
    y: NDArray[np.float64]
    """Middles of the rows."""
    value: NDArray[np.float64]
    """Row by column: the weighted mean of the values near a cell's middle, NaN where there are no points."""
    weight: NDArray[np.float64]
    """Row by column: the sum of the weights."""
    share_explained: float
    """Share of the values' variance that the surface explains at the points."""


def interpolate(points: NDArray[np.float64], values: NDArray[np.float64], grid: int = GRID) -> Relief:
    """Return the surface of Gaussian-weighted means (Nadaraya and Watson 1964) over square cells.

    Args:
        points: (n, 2), where the values lie.
        values: (n,), finite.
        grid: cells along the longer side.
    """
    from scipy.ndimage import gaussian_filter

    low, high = points.min(axis=0), points.max(axis=0)
    cell = float((high - low).max()) / (grid - 6) or 1.0
    shape = np.ceil((high - low) / cell).astype(int) + 6  # columns, rows: a margin of three cells around
    origin = (low + high) / 2 - shape * cell / 2
    place = np.floor((points - origin) / cell).astype(int)
    count, total = np.zeros(shape[::-1]), np.zeros(shape[::-1])
    np.add.at(count, (place[:, 1], place[:, 0]), 1.0)
    np.add.at(total, (place[:, 1], place[:, 0]), values)
    scale = 2 * np.pi * REACH**2  # makes the weight of a point at the middle of its cell 1
    weight = scale * gaussian_filter(count, REACH, mode="constant", truncate=3.0)
    total = scale * gaussian_filter(total, REACH, mode="constant", truncate=3.0)
    surface = np.full(weight.shape, np.nan)
    near = weight >= LEAST_WEIGHT
    surface[near] = total[near] / weight[near]
    residual = values - surface[place[:, 1], place[:, 0]]
    variance = float(np.var(values))
    explained = 1.0 - float(np.mean(residual**2)) / variance if variance > 0 else float("nan")
    x, y = (origin[i] + cell * (np.arange(shape[i]) + 0.5) for i in (0, 1))
    return Relief(x, y, surface, weight, explained)


def neighbours_kept(
    points: NDArray[np.float64], first: NDArray[np.int32], second: NDArray[np.int32], *, among: int = 50
) -> float:
    """Return the share of neighbour pairs of which one is among the other's nearest points in the plane.

    Args:
        points: (n, 2).
        first, second: the undirected pairs, as positions.
        among: how many nearest points count; by chance a share of about `2 * among / n` of the pairs would.
    """
    from scipy.spatial import cKDTree

    among = min(among, len(points) - 1)
    tree = cKDTree(points)
    # The distance to the last of the nearest points decides: no lists of neighbours have to be searched.
    radius = tree.query(points, k=among + 1)[0][:, -1]
    apart = np.linalg.norm(points[first] - points[second], axis=1)
    return float(np.mean(apart <= np.maximum(radius[first], radius[second])))
