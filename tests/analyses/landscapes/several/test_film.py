"""A landscape over fidelities, beside plain loops over sets."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.several.film import film

SHAPE, ORDINAL = (4, 5, 3), (True, True, False)


@pytest.mark.parametrize("seed", range(4))
def test_frames_beside_loops(seed):
    rng = np.random.default_rng(seed)
    grids = [rng.integers(0, 12, SHAPE).astype(float) for _ in range(3)]
    grids[0][rng.random(SHAPE) < 0.1] = np.nan
    frames = film([Surface.from_grid(grid, ORDINAL) for grid in grids])
    there = [at for at in np.ndindex(SHAPE) if not np.isnan(grids[0][at])]

    def best(grid: np.ndarray) -> set[tuple[int, ...]]:
        border = sorted(grid[at] for at in there)[math.ceil(0.1 * len(there)) - 1]
        return {at for at in there if grid[at] <= border}

    def optima(grid: np.ndarray) -> list[tuple[int, ...]]:
        return [at for at in there if grid[at] == min(grid[one] for one in there)]

    def moves(a: tuple[int, ...], b: tuple[int, ...]) -> int:
        return sum(abs(x - y) if o else int(x != y) for x, y, o in zip(a, b, ORDINAL, strict=True))

    final = best(grids[-1])
    for at, (grid, frame) in enumerate(zip(grids, frames, strict=True)):
        stays = set.intersection(final, *(best(other) for other in grids[at:]))
        assert frame.configuration_count == len(there)
        assert frame.kept_share == pytest.approx(len(final & best(grid)) / len(final))
        assert frame.persistent_share == pytest.approx(len(stays) / len(final))
        assert frame.best_share == pytest.approx(len(best(grid)) / len(there))
        assert frame.optimum_count == len(optima(grid))
        assert frame.optimum_distance == min(moves(a, b) for a in optima(grid) for b in optima(grids[-1]))
        worse = [np.mean([grids[-1][other] < grids[-1][one] for other in there]) for one in optima(grid)]
        assert frame.optimum_better_share == pytest.approx(np.mean(worse))
    assert (frames[-1].kept_share, frames[-1].optimum_distance, frames[-1].optimum_better_share) == (1, 0, 0)


def test_the_same_landscape_stays_and_unrelated_ones_keep_what_chance_keeps():
    rng = np.random.default_rng(9)
    grids = [rng.standard_normal((20, 20, 10)) for _ in range(2)]
    same = film([Surface.from_grid(grids[0])] * 3)
    assert all(frame.persistent_share == 1 and frame.optimum_distance == 0 for frame in same)
    low, _ = film([Surface.from_grid(grid) for grid in grids])
    assert low.kept_share == pytest.approx(low.best_share, abs=0.06)  # 400 of 4,000: 4 standard errors
    assert low.best_share == 0.1


def test_without_a_configuration_in_common_there_is_no_frame():
    one, other = np.ones((2, 2)), np.ones((2, 2))
    one[0] = np.nan
    other[1] = np.nan
    assert film([Surface.from_grid(one), Surface.from_grid(other)]) == []
