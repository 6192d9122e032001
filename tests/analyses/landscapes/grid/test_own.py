"""Levels without a value: which take part, and that identities stay those of the search space."""

from __future__ import annotations

import numpy as np
import pytest

from hpowh.analyses.landscapes.grid.own import empty_sentences, own_levels
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.characterise import Options, characterise

OPTIONS = Options(default=0)
SMALL = np.random.default_rng(0).random((3, 4))


def test_a_landscape_is_over_the_levels_that_it_has() -> None:
    """Rows 1, 4 and 5 of seven: the same numbers as the three rows alone, under the space's own identities."""
    grid = np.full((7, 4), np.nan)
    grid[[1, 4, 5]] = SMALL
    ranks = np.flatnonzero(~np.isnan(grid.ravel()))
    whole = Surface.from_grid(grid)
    tried = Surface.make(whole.space, ranks, grid.ravel()[ranks])
    found, alone = characterise(tried, OPTIONS), characterise(Surface.from_grid(SMALL), Options())
    assert found.value("coverage") == 1
    first, second = (result.tables["landscape_metric"] for result in (found, alone))
    assert first["value"] == second["value"]
    lines = np.array([1, 4, 5])
    for name, column in (("landscape_node", "basin_id"), ("landscape_optimum", "configuration_id")):
        mine, other = (np.asarray(result.tables[name][column]) for result in (found, alone))
        np.testing.assert_array_equal(mine, lines[other // 4] * 4 + other % 4)
    masked, plain = (result.tables["landscape_node"]["best_neighbour_id"] for result in (found, alone))
    np.testing.assert_array_equal(np.ma.getmaskarray(masked), np.ma.getmaskarray(plain))
    # The default (0, 0) is no configuration of this landscape: no gain can be measured from it.
    assert found.tables["landscape_importance"]["tunability_alone"][0] is None
    assert [(one.level, one.failed) for one in found.empty] == [(0, 0), (2, 0), (3, 0), (6, 0)]
    (sentence,) = empty_sentences(found.empty, {})
    assert "of x0 4 levels of the search space were never tried" in sentence


def test_a_level_that_never_succeeded_is_named_and_takes_no_part() -> None:
    grid = np.random.default_rng(1).random((2, 10, 10))
    three = np.concatenate([grid, np.full((1, 10, 10), np.nan)])
    found = characterise(Surface.from_grid(three, (False, True, True)), Options(has_network=False))
    alone = characterise(Surface.from_grid(grid, (False, True, True)), Options(has_network=False))
    for name in ("variance_main", "variance_ranks_higher", "assortativity_rank", "n_lo", "coverage"):
        assert found.value(name) == alone.value(name)
    assert empty_sentences(found.empty, {0: ["linear", "rbf", "boom"]}) == [
        "x0 = boom never succeeded (100 of 100): such levels take no part."
    ]


def test_a_thin_sample_keeps_levels_that_it_may_have_missed() -> None:
    """Twelve of 200 cells hit nine of ten rows: the tenth is absent by chance, unless all that was tried failed."""
    rng = np.random.default_rng(2)
    whole = Surface.from_grid(rng.random((10, 20)))
    ranks = np.sort(rng.choice(180, 12, replace=False))
    thin = Surface.make(whole.space, ranks, whole.loss[ranks])
    assert own_levels(thin) is None
    tried = Surface.make(whole.space, [*ranks, 185, 190], np.append(whole.loss[ranks], [np.nan, np.inf]))
    own = own_levels(tried)
    assert own is not None
    assert [(one.level, one.failed) for one in own.empty if one.position == 0] == [(9, 2)]
    np.testing.assert_array_equal(own.whole(own.surface.ranks), ranks)


@pytest.mark.parametrize("rank", [4, 7, 23])
def test_ranks_go_there_and_back(rank: int) -> None:
    grid = np.full((6, 4), np.nan)
    grid[1:] = np.random.default_rng(3).random((5, 4))
    own = own_levels(Surface.make(Surface.from_grid(grid).space, np.arange(4, 24), grid[1:].ravel()))
    assert own is not None
    inner = own.inner(rank)
    assert inner is not None and int(own.whole(np.array([inner]))[0]) == rank
    assert own.inner(2) is None
