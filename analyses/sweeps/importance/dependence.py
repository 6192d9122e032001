"""How the surrogate's prediction moves along one hyperparameter, or two, averaged over the trials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hpowh.analyses.sweeps.reading.columns import Column, Floats
from hpowh.analyses.sweeps.reading.prepare import Prepared

POINTS = 25
PAIR_POINTS = 15
TRIALS = 200
"""At most so many trials carry the average, drawn by the seed."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """One point of a curve: the hyperparameter's value in its own unit, or its level."""

    hyperparameter: str
    position: int
    numeric_value: float | None
    level: str | None
    mean: float
    lower: float
    upper: float
    """10 % and 90 % quantile of the individual (ICE) curves, each shifted to start from the same mean: how much the
    effect differs from trial to trial."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of the surface of a pair."""

    a: str
    b: str
    position_a: int
    position_b: int
    numeric_a: float | None
    numeric_b: float | None
    level_a: str | None
    level_b: str | None
    mean: float


Predict = Callable[[Floats], Floats]


def grid_of(column: Column, codes: Floats, points: int) -> Floats:
    """Return the codes at which a curve is drawn: all levels, all of few numbers, else evenly between the extremes."""
    if column.kind == "categorical":
        return np.arange(len(column.levels), dtype=float)
    distinct = np.unique(codes)
    return distinct if distinct.size <= points else np.linspace(distinct[0], distinct[-1], points)


def own_unit(column: Column, code: float) -> tuple[float | None, str | None]:
    """Return a code as the number or the level that it stands for."""
    if column.kind == "categorical":
        return None, column.levels[int(code)]
    return float(10**code) if column.is_log else float(code), None


def curves(prepared: Prepared, predict: Predict, which: list[int], seed: int) -> list[Point]:
    """Return partial dependence (Friedman 2001) with the spread of centred ICE curves (Goldstein et al. 2015)."""
    sample = _sample(prepared.codes, seed)
    result = []
    for j in which:
        column = prepared.used[j]
        grid = grid_of(column, prepared.codes[:, j], POINTS)
        ice = _predictions(prepared, predict, sample, {j: grid[:, None]}, grid.size)
        mean = ice.mean(axis=1)
        centred = ice - ice.mean(axis=0) + ice.mean()
        low, high = np.quantile(centred, [0.1, 0.9], axis=1)
        for at, code in enumerate(grid):
            number, level = own_unit(column, code)
            result.append(
                Point(
                    hyperparameter=column.name,
                    position=at,
                    numeric_value=number,
                    level=level,
                    mean=float(mean[at]),
                    lower=float(low[at]),
                    upper=float(high[at]),
                )
            )
    return result


def surface(prepared: Prepared, predict: Predict, a: int, b: int, seed: int) -> list[Cell]:
    """Return the partial dependence on a pair, on a grid of at most 15 x 15 (levels: all of them)."""
    sample = _sample(prepared.codes, seed)
    first, second = prepared.used[a], prepared.used[b]
    grid_a = grid_of(first, prepared.codes[:, a], PAIR_POINTS)
    grid_b = grid_of(second, prepared.codes[:, b], PAIR_POINTS)
    at_a, at_b = (m.ravel() for m in np.meshgrid(np.arange(grid_a.size), np.arange(grid_b.size), indexing="ij"))
    fixed = {a: grid_a[at_a][:, None], b: grid_b[at_b][:, None]}
    mean = _predictions(prepared, predict, sample[:50], fixed, at_a.size).mean(axis=1)
    result = []
    for i, j, value in zip(at_a, at_b, mean, strict=True):
        number_a, level_a = own_unit(first, grid_a[i])
        number_b, level_b = own_unit(second, grid_b[j])
        result.append(
            Cell(
                a=first.name,
                b=second.name,
                position_a=int(i),
                position_b=int(j),
                numeric_a=number_a,
                numeric_b=number_b,
                level_a=level_a,
                level_b=level_b,
                mean=float(value),
            )
        )
    return result


def _sample(codes: Floats, seed: int) -> Floats:
    if len(codes) <= TRIALS:
        return codes
    return codes[np.random.default_rng(seed).choice(len(codes), TRIALS, replace=False)]


def _predictions(prepared: Prepared, predict: Predict, sample: Floats, fixed: dict[int, Floats], count: int) -> Floats:
    """Return (points, trials): each trial's prediction with some hyperparameters replaced."""
    copies = np.repeat(sample[None], count, axis=0)
    for j, values in fixed.items():
        copies[:, :, j] = values
    flat = copies.reshape(-1, copies.shape[2])
    return predict(prepared.encode(flat)).reshape(count, -1)
