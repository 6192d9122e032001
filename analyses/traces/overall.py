"""The mean over benchmarks: one curve an algorithm and factor setting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.statistics.bands import stratified_normal_band
from hpowh.analyses.traces.axis import NEARLY, thin

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """The spread over seeds of one algorithm on one benchmark under one setting; arrays over the benchmark's axis."""

    benchmark_id: int
    algorithm_id: int
    setting: str
    budgets: Floats
    regret: Floats
    regret_sd: Floats
    regret_count: Floats
    rank: Floats
    rank_sd: Floats
    rank_count: Floats


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The mean over benchmarks of one algorithm under one setting; arrays over `position`."""

    algorithm_id: int
    setting: str
    unit: str
    position: Floats
    benchmark_count: int
    regret: tuple[Floats, Floats, Floats]
    rank: tuple[Floats, Floats, Floats]


def common_positions(cells: Sequence[Cell]) -> tuple[Floats, str]:
    """Return the positions at which benchmarks are averaged, and their unit.

    The unit is `budget` where the axes of all benchmarks end at nearly the same budget (the shortest within a tenth
    of the longest), else `fraction`: budget divided by the last budget of the benchmark's axis. Positions are those of
    the benchmarks' own axes that every benchmark covers, thinned; empty where the axes do not meet.
    """
    axes = {cell.benchmark_id: cell.budgets for cell in cells}
    last = [axis[-1] for axis in axes.values()]
    unit = "budget" if min(last) >= NEARLY * max(last) else "fraction"
    scaled = [axis if unit == "budget" else axis / axis[-1] for axis in axes.values()]
    lower, upper = max(axis[0] for axis in scaled), min(axis[-1] for axis in scaled)
    union = np.unique(np.concatenate(scaled))
    between = union[(union >= lower) & (union <= upper)]
    return (thin(between)[0] if between.size else between), unit


def mean_over_benchmarks(cells: Sequence[Cell]) -> tuple[list[Curve], dict[str, list[int]]]:
    """Average the cells over benchmarks, within each setting.

    A benchmark counts for a setting only when every algorithm of that setting has runs and a defined normalised regret
    there, so that all curves of a setting rest on the same benchmarks. At a position the value is the one at the last
    budget of the benchmark's axis not above it (an incumbent holds until it is improved).

    Returns:
        The curves, and `{setting: benchmark ids left out}`.
    """
    if not cells:
        return [], {}
    position, unit = common_positions(cells)
    curves: list[Curve] = []
    left_out: dict[str, list[int]] = {}
    for setting in sorted({cell.setting for cell in cells}):
        mine = [cell for cell in cells if cell.setting == setting]
        algorithms = sorted({cell.algorithm_id for cell in mine})
        defined = {(cell.benchmark_id, cell.algorithm_id) for cell in mine if not np.isnan(cell.regret).all()}
        benchmarks = sorted({cell.benchmark_id for cell in mine})
        kept = [one for one in benchmarks if all((one, algorithm) in defined for algorithm in algorithms)]
        if len(kept) < len(benchmarks):
            left_out[setting] = [one for one in benchmarks if one not in kept]
        if not kept or not position.size:
            continue
        for algorithm in algorithms:
            chosen = [cell for cell in mine if cell.algorithm_id == algorithm and cell.benchmark_id in kept]
            curves.append(_average(chosen, position, unit))
    return curves, left_out


def _average(cells: list[Cell], position: Floats, unit: str) -> Curve:
    where = []
    for cell in cells:
        axis = cell.budgets if unit == "budget" else cell.budgets / cell.budgets[-1]
        where.append(np.searchsorted(axis, position, side="right") - 1)

    def stack(name: str) -> Floats:
        return np.stack([getattr(cell, name)[index] for cell, index in zip(cells, where, strict=True)])

    return Curve(
        algorithm_id=cells[0].algorithm_id,
        setting=cells[0].setting,
        unit=unit,
        position=position,
        benchmark_count=len(cells),
        regret=stratified_normal_band(stack("regret"), stack("regret_sd"), stack("regret_count")),
        rank=stratified_normal_band(stack("rank"), stack("rank_sd"), stack("rank_count")),
    )
