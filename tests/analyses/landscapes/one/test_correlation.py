"""Exact autocorrelation against the transition matrix written out, against pairs, and against long walks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpowh.analyses.landscapes.grid.engines import graph_of
from hpowh.analyses.landscapes.grid.graph import EdgeGraph
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.correlation import autocorrelation, edge_correlation, sampled_autocorrelation

LAGS = [1, 2, 3, 4, 5, 7]


def holed(seed: int) -> Surface:
    rng = np.random.default_rng(seed)
    grid = rng.random((4, 3, 5))
    grid[rng.random(grid.shape) < 0.2] = np.nan
    return Surface.from_grid(grid, [True, False, True])


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), engine=st.sampled_from(["numpy", "compiled"]))
def test_lag_k_equals_the_power_of_the_transition_matrix(brute: Any, seed: int, engine: str) -> None:
    surface = holed(seed)
    plain = brute(surface)
    ranks = surface.ranks.tolist()
    adjacency = np.array([[float(q in plain.near[r]) for q in ranks] for r in ranks])
    degree = adjacency.sum(axis=1)
    transition = adjacency / np.maximum(degree, 1)[:, None]
    weight = degree / degree.sum()
    mean = weight @ surface.loss
    centred = surface.loss - mean
    expected = [
        weight @ (centred * (np.linalg.matrix_power(transition, lag) @ centred)) / (weight @ centred**2) for lag in LAGS
    ]
    assert autocorrelation(graph_of(surface, engine=engine), surface.loss, LAGS) == pytest.approx(expected)


def test_lag_one_is_the_pearson_correlation_over_directed_pairs() -> None:
    surface = holed(1)
    graph = graph_of(surface, engine="numpy")
    assert isinstance(graph, EdgeGraph)
    expected = np.corrcoef(surface.loss[graph.source], surface.loss[graph.target])[0, 1]
    assert edge_correlation(graph, surface.loss) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["hpobench/vehicle", "hpolib/protein_structure"])
def test_long_sampled_walks_agree_within_their_error(real_table: Callable[[str], Surface], name: str) -> None:
    surface = real_table(name)
    graph = graph_of(surface, engine="numpy")
    assert isinstance(graph, EdgeGraph)
    values = surface.average_rank
    exact = autocorrelation(graph, values, LAGS)
    sampled = sampled_autocorrelation(graph, values, LAGS, seed=5, walks=1000, steps=300)
    for one, pair in zip(exact, sampled, strict=True):
        assert one is not None
        assert pair is not None
        estimate, error = pair
        assert 0 < error < 0.02
        assert abs(estimate - one) < 4 * error


def test_the_same_seed_walks_the_same_way() -> None:
    surface = holed(3)
    graph = graph_of(surface, engine="numpy")
    assert isinstance(graph, EdgeGraph)
    one, again, other = (sampled_autocorrelation(graph, surface.loss, [1], seed=seed) for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_losses_of_diverged_runs_do_not_overflow() -> None:
    grid = np.random.default_rng(0).random((5, 5))
    grid[2, 2] = 1e200
    found = edge_correlation(graph_of(Surface.from_grid(grid)), Surface.from_grid(grid).loss)
    assert found is not None
    assert -1 <= found <= 1


def test_a_constant_has_no_correlation() -> None:
    surface = Surface.from_grid(np.ones((3, 3)))
    assert autocorrelation(graph_of(surface), surface.loss, [1, 2]) == [None, None]
