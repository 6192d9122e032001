"""Depths of local optima, against flooding a landscape cell by cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.characterise import Options, characterise


def flooded(plain: Any, start: int) -> float:
    """How high water must rise from an optimum until it reaches a cell better than it."""
    inside, height = {start}, plain.loss[start]
    while True:
        rim = {q for r in inside for q in plain.near[r]} - inside
        if not rim:
            return float("inf")
        lowest = min(rim, key=lambda q: (plain.loss[q], q))
        height = max(height, plain.loss[lowest])
        if plain.loss[lowest] < plain.loss[start]:
            return float(height - plain.loss[start])
        inside.add(lowest)


@pytest.mark.parametrize(("seed", "holes"), [(0, 0), (1, 0), (2, 12)])
def test_an_optimum_is_as_deep_as_one_must_climb_to_leave_it(brute: Any, seed: int, holes: int) -> None:
    rng = np.random.default_rng(seed)
    grid = rng.normal(size=(6, 3, 5))
    grid.ravel()[rng.choice(90, holes, replace=False)] = np.nan
    surface = Surface.from_grid(grid, (True, False, True))
    kept = {"is_kept": True}
    found = characterise(surface, Options(has_network=False, has_importance=False, epsilon="0.3")).tables
    plain = brute(surface)
    optima = found["landscape_optimum"]
    for rank, depth in zip(optima["configuration_id"], optima["persistence"], strict=True):
        expected = flooded(plain, int(rank))
        assert np.isnan(depth) if np.isinf(expected) else depth == pytest.approx(expected)
        kept[str(rank)] = bool(expected > 0.3)
    if not holes:
        at = list(found["landscape_metric"]["name"]).index("n_lo_deep")
        assert found["landscape_metric"]["value"][at] == sum(kept.values()) - 1


def test_a_plateau_counts_once_and_equal_optima_are_told_apart_by_their_place() -> None:
    """0 0 | 2 | 0 | 1 | 5: two optima of loss 0; the second must climb 2 to the first, which has nowhere to go."""
    surface = Surface.from_grid(np.array([0.0, 0, 2, 0, 1, 5]))
    optima = characterise(surface, Options()).tables["landscape_optimum"]
    assert optima["configuration_id"].tolist() == [0, 3]
    assert np.isnan(optima["persistence"][0]) and optima["persistence"][1] == 2
