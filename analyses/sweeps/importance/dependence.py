"""How the surrogate's prediction moves along one hyperparameter, or two, averaged over the trials."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.reading.columns import MISSING, OTHER, Column, Floats
from hpowh.analyses.sweeps.reading.patterns import deciders
from hpowh.analyses.sweeps.reading.prepare import Prepared

POINTS = 25
PAIR_POINTS = 15
TRIALS = 100
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
    """Return partial dependence (Friedman 2001) with the spread of centred ICE curves (Goldstein et al. 2015).

    It is the mean over trials that have the hyperparameter, and, where it decides what else is there, at each value
    over those whose pattern goes with that value: no point rests on configurations that cannot be.
    """
    result = []
    branch = Branch.of(prepared)
    for j in which:
        column = prepared.used[j]
        rows = _sample(branch.having(j), seed)
        if not rows.size:
            continue
        grid = grid_of(column, prepared.codes[branch.having(j), j], POINTS)
        grid = grid[[not column.levels or column.levels[int(code)] not in (MISSING, OTHER) for code in grid]]
        allowed = np.stack([branch.allowed(j, code)[rows] for code in grid])
        ice = _predictions(prepared, predict, prepared.codes[rows], {j: grid[:, None]}, grid.size)
        ice = np.where(allowed, ice, np.nan)
        kept = allowed.any(axis=1)
        grid, ice = grid[kept], ice[kept]
        mean = np.nanmean(ice, axis=1)
        centred = ice - np.nanmean(ice, axis=0) + np.nanmean(ice) if allowed.all() else ice
        low, high = np.nanquantile(centred, [0.1, 0.9], axis=1)
        for at, code in enumerate(grid):
            number, level = own_unit(column, code)
            result.append(
                Point(
                    hyperparameter=column.name,
                    position=at,
                    numeric_value=number,
                    level=level,
                    mean=float(mean[at]),
                    lower=float(min(low[at], mean[at])),
                    upper=float(max(high[at], mean[at])),
                )
            )
    return result


def surface(prepared: Prepared, predict: Predict, a: int, b: int, seed: int) -> list[Cell]:
    """Return the partial dependence on a pair, on a grid of at most 15 x 15 (levels: all of them).

    Cells that no trial's pattern allows are left out.
    """
    branch = Branch.of(prepared)
    rows = _sample(np.flatnonzero(~prepared.used[a].is_absent & ~prepared.used[b].is_absent), seed)[:50]
    if not rows.size:
        return []
    first, second = prepared.used[a], prepared.used[b]
    grid_a = grid_of(first, prepared.codes[rows if first.levels else branch.having(a), a], PAIR_POINTS)
    grid_b = grid_of(second, prepared.codes[rows if second.levels else branch.having(b), b], PAIR_POINTS)
    at_a, at_b = (m.ravel() for m in np.meshgrid(np.arange(grid_a.size), np.arange(grid_b.size), indexing="ij"))
    fixed = {a: grid_a[at_a][:, None], b: grid_b[at_b][:, None]}
    found = _predictions(prepared, predict, prepared.codes[rows], fixed, at_a.size)
    on_a = np.stack([branch.allowed(a, code)[rows] for code in grid_a])
    on_b = np.stack([branch.allowed(b, code)[rows] for code in grid_b])
    allowed = on_a[at_a] & on_b[at_b]
    result = []
    for i, j, values, here in zip(at_a, at_b, found, allowed, strict=True):
        number_a, level_a = own_unit(first, grid_a[i])
        number_b, level_b = own_unit(second, grid_b[j])
        if not here.any() or MISSING in (level_a, level_b):
            continue
        value = float(values[here].mean())
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
                mean=value,
            )
        )
    return result


@dataclass(frozen=True)
class Branch:
    """Which patterns of absence go with which values of the hyperparameters that decide them."""

    prepared: Prepared
    pattern: NDArray[np.int64]
    """Per configuration the number of its pattern."""
    decides: NDArray[np.bool_]

    @classmethod
    def of(cls, prepared: Prepared) -> Branch:
        """Return the patterns of all configurations."""
        absent = np.column_stack([column.is_absent for column in prepared.used])
        _, pattern = np.unique(absent, axis=0, return_inverse=True)
        decides = deciders(prepared) if absent.any() else np.zeros(absent.shape[1], dtype=bool)
        return cls(prepared, pattern.ravel(), decides)

    def having(self, j: int) -> NDArray[np.int64]:
        """Return the configurations that have a hyperparameter."""
        return np.flatnonzero(~self.prepared.used[j].is_absent)

    def allowed(self, j: int, code: float) -> NDArray[np.bool_]:
        """Return the configurations in which a hyperparameter may take a value without changing what else is there."""
        column = self.prepared.used[j]
        if not self.decides[j]:
            return ~column.is_absent
        own = self.having(j)
        values = self.prepared.codes[own, j]
        nearest = values[np.abs(values - code).argmin()]
        return np.isin(self.pattern, self.pattern[own[values == nearest]]) & ~column.is_absent


def _sample(rows: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    if rows.size <= TRIALS:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, TRIALS, replace=False))


def _predictions(prepared: Prepared, predict: Predict, sample: Floats, fixed: dict[int, Floats], count: int) -> Floats:
    """Return (points, trials): each trial's prediction with some hyperparameters replaced."""
    copies = np.repeat(sample[None], count, axis=0)
    for j, values in fixed.items():
        copies[:, :, j] = values
    flat = copies.reshape(-1, copies.shape[2])
    return predict(prepared.encode(flat)).reshape(count, -1)
