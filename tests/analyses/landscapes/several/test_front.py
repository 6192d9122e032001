"""Loss and cost together, beside plain loops; a front that hangs together and one that does not."""

from __future__ import annotations

import numpy as np
import pytest

from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.several.front import front_of, pareto

SHAPE, ORDINAL = (4, 3, 3), (True, False, True)


@pytest.mark.parametrize("seed", range(5))
def test_beside_loops(seed):
    rng = np.random.default_rng(seed)
    loss, cost = rng.integers(0, 6, SHAPE).astype(float), rng.integers(0, 6, SHAPE).astype(float)
    loss[rng.random(SHAPE) < 0.2 * (seed % 2)] = np.nan
    surface = Surface.from_grid(loss, ORDINAL)
    there = [at for at in np.ndindex(SHAPE) if not np.isnan(loss[at])]

    def beats(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
        return loss[a] <= loss[b] and cost[a] <= cost[b] and (loss[a] < loss[b] or cost[a] < cost[b])

    def near(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
        apart = [(x, y, o) for x, y, o in zip(a, b, ORDINAL, strict=True) if x != y]
        return len(apart) == 1 and (not apart[0][2] or abs(apart[0][0] - apart[0][1]) == 1)

    front = {a for a in there if not any(beats(b, a) for b in there)}
    local = {a for a in there if not any(beats(b, a) for b in there if near(a, b))}
    left, parts = set(front), []
    while left:
        part = [left.pop()]
        for one in part:
            more = {other for other in left if near(one, other)}
            left -= more
            part += more
        parts.append(len(part))
    found = front_of(surface, cost.ravel()[surface.ranks])
    assert (found.configuration_count, found.front_count) == (len(there), len(front))
    assert (found.local_count, found.component_count) == (len(local), len(parts))
    assert found.local_front_share == pytest.approx(len(front & local) / len(local))
    assert found.largest_share == pytest.approx(max(parts) / len(front))
    assert 1 / len(front) <= found.chance_largest_share <= 1


def test_a_front_along_an_axis_hangs_together_and_scattered_ones_no_more_than_chance():
    x, y = np.indices((30, 30))
    together = front_of(Surface.from_grid(x + 40.0 * y), (-x + 40.0 * y).ravel())
    assert (together.front_count, together.component_count, together.largest_share) == (30, 1, 1)
    assert together.chance_largest_share < 0.3
    rng = np.random.default_rng(0)
    shuffled = rng.permutation(900)
    apart = front_of(
        Surface.from_grid((x + 40.0 * y).ravel()[shuffled].reshape(30, 30)), (-x + 40.0 * y).ravel()[shuffled]
    )
    assert apart.front_count == 30 and apart.largest_share < 0.3


def test_equal_ones_stand_together():
    assert pareto(np.array([1.0, 1.0, 2.0, 0.0]), np.array([1.0, 1.0, 1.0, 5.0])).tolist() == [True, True, False, True]
