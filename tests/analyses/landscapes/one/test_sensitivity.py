"""Thinned and merged landscapes are those of the thinned and merged tables."""

from __future__ import annotations

import numpy as np

from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.characterise import Options, characterise
from hpowh.analyses.landscapes.one.sensitivity import MEASURES, sensitivity, variants


def test_variants_are_the_tables_written_out() -> None:
    grid = np.random.default_rng(0).normal(size=(5, 3, 4))
    grid[0, 0, 0] = np.nan
    made = dict(variants(Surface.from_grid(grid, (True, True, False))))
    first = made["every other level of every axis, from the first"]
    np.testing.assert_array_equal(first.dense().reshape(3, 3, 2), grid[::2, :, ::2])
    second = made["every other level of every axis, from the second"]
    np.testing.assert_array_equal(second.dense().reshape(2, 3, 2), grid[1::2, :, 1::2])
    merged = made["neighbouring levels of every ordered axis merged"].dense().reshape(3, 3, 4)
    assert merged[0, 0, 0] == grid[1, 0, 0]  # its other half was never evaluated
    np.testing.assert_allclose(merged[1], grid[2:4].mean(axis=0))
    np.testing.assert_array_equal(merged[2], grid[4])
    assert set(made) >= {"every other level of x0", "every other level of x2"}
    assert "every other level of x1" not in made


def test_rows_are_the_portraits_of_the_variants() -> None:
    surface = Surface.from_grid(np.random.default_rng(1).normal(size=(6, 4, 5)))
    rows = sensitivity(surface, Options(epsilon="0.3"))
    whole = characterise(surface, Options(epsilon="0.3"))
    assert rows[0]["variant"] == "as it is"
    assert [rows[0][name] for name in MEASURES] == [whole.value(name) for name in MEASURES]
    assert rows[-1]["variant"] == "epsilon 0.9 in place of 0.3"
    assert rows[-1]["neutrality"] == characterise(surface, Options(epsilon="0.9")).value("neutrality")
    assert rows[1]["configurations"] == 3 * 2 * 3


def test_a_landscape_of_two_levels_has_no_thinner_one() -> None:
    rows = sensitivity(Surface.from_grid(np.random.default_rng(2).normal(size=(2, 2, 2, 2))), Options(epsilon="0.1"))
    assert [row["variant"] for row in rows[1:]] == ["epsilon 0.0333 in place of 0.1", "epsilon 0.3 in place of 0.1"]
