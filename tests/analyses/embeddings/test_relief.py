"""The interpolated surface and the measures of how far a picture can be trusted."""

from __future__ import annotations

import numpy as np
import pytest

from hpowh.analyses.embeddings.relief import interpolate, neighbours_kept
from hpowh.analyses.landscapes.grid.edges import neighbour_pairs
from hpowh.analyses.landscapes.grid.surface import Surface


def test_a_plane_is_given_back():
    points = np.stack(np.meshgrid(np.linspace(0, 4, 161), np.linspace(0, 2, 81)), axis=-1).reshape(-1, 2)
    relief = interpolate(points, points @ [0.3, -0.2] + 1.0, grid=46)
    assert relief.value.shape == (relief.y.size, relief.x.size)
    inside = np.ix_((relief.y > 0.5) & (relief.y < 1.5), (relief.x > 0.5) & (relief.x < 3.5))
    expected = np.add.outer(-0.2 * relief.y, 0.3 * relief.x) + 1.0
    assert relief.value[inside] == pytest.approx(expected[inside], abs=0.01)
    assert relief.share_explained > 0.98


def test_where_there_is_no_point_there_is_no_surface():
    rng = np.random.default_rng(0)
    points = np.concatenate((rng.normal(0, 1, (500, 2)), rng.normal(30, 1, (500, 2))))
    relief = interpolate(points, np.repeat([0.0, 1.0], 500))
    assert relief.value[relief.y.searchsorted(0), relief.x.searchsorted(0)] == 0.0
    assert relief.value[relief.y.searchsorted(30), relief.x.searchsorted(30)] == 1.0
    assert np.isnan(relief.value[relief.y.searchsorted(15), relief.x.searchsorted(15)])
    assert np.isnan(relief.value).mean() > 0.8


def test_one_point_has_the_weight_one_at_its_cell():
    relief = interpolate(np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([2.0, 4.0]))
    assert np.nanmax(relief.weight) == pytest.approx(1.0, abs=0.02)
    assert set(np.unique(relief.value[np.isfinite(relief.value)]).round(9)) == {2.0, 4.0}


def test_equal_values_have_no_share_and_equal_points_one_cell():
    same = interpolate(np.random.default_rng(0).random((50, 2)), np.ones(50))
    assert np.isnan(same.share_explained)
    heap = interpolate(np.zeros((50, 2)), np.arange(50.0))
    assert np.nanmax(heap.value) == pytest.approx(24.5)


def test_a_grid_drawn_as_a_grid_keeps_its_neighbours_and_a_shuffled_one_does_not():
    surface = Surface.from_grid(np.random.default_rng(0).random((30, 30)))
    points = np.stack(np.unravel_index(surface.ranks, (30, 30)), axis=1).astype(float)
    first, second, _ = neighbour_pairs(surface.space, surface.ranks)
    assert neighbours_kept(points, first, second, among=8) == 1.0
    shuffled = np.random.default_rng(1).permutation(points)
    assert neighbours_kept(shuffled, first, second, among=8) < 0.05
