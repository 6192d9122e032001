"""What the paper's authors compute, against igraph and plain loops."""

from __future__ import annotations

from typing import Any

import igraph
import numpy as np
import pytest

from hpowh.analyses.landscapes.grid.engines import graph_of
from hpowh.analyses.landscapes.grid.graph import EdgeGraph
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one import authors
from hpowh.analyses.landscapes.one.characterise import Options, characterise


def table(seed: int, holes: int = 0) -> Surface:
    """A small grid of few distinct values, so that many neighbours are tied."""
    rng = np.random.default_rng(seed)
    grid = np.round(rng.normal(size=(4, 3, 5)), 1) * 1e3
    grid.ravel()[rng.choice(60, holes, replace=False)] = np.nan
    return Surface.from_grid(grid, (True, False, True))


@pytest.mark.parametrize(("seed", "holes"), [(0, 0), (1, 0), (2, 9), (3, 52)])
def test_l_ast_is_the_assortativity_of_the_directed_graph_of_improvements(brute: Any, seed: int, holes: int) -> None:
    surface = table(seed, holes)
    plain = brute(surface)
    ranks = list(plain.loss)
    edges = [
        (ranks.index(a), ranks.index(b))
        for a, near in plain.near.items()
        for b in near
        if plain.loss[b] < plain.loss[a]
    ]
    losses = list(plain.loss.values())
    expected = igraph.Graph(len(ranks), edges, directed=True).assortativity(losses, losses, directed=True)
    assert authors.directed_assortativity(surface) == pytest.approx(expected, abs=1e-12)


def test_without_improvement_there_is_none() -> None:
    result = characterise(Surface.from_grid(np.ones((3, 4))), Options())
    metrics = result.tables["landscape_metric"]
    at = list(metrics["name"]).index("l_ast_authors")
    assert metrics["value"][at] is None and metrics["reason"][at]
    assert result.value("rho_a_authors") is None


def test_short_walks_are_centred_each_about_itself() -> None:
    """On noise a walk of 20 nodes about its own mean has an autocorrelation of about -1/20, on a slope a high one."""
    rng = np.random.default_rng(0)
    noise = Surface.from_grid(rng.normal(size=(30, 30, 30)))
    graph = graph_of(noise, engine="numpy")
    assert isinstance(graph, EdgeGraph)
    assert authors.short_walks(graph, noise.loss, seed=0) == pytest.approx(-0.05, abs=0.12)
    slope = Surface.from_grid(np.add.outer(np.arange(30.0), np.add.outer(np.arange(30.0), np.arange(30.0))))
    found = authors.short_walks(graph, slope.loss, seed=0)
    assert found is not None and 0.5 < found < 0.95


def test_neutrality_and_distance_are_correlated_at_every_threshold() -> None:
    """The curve at a threshold is what an analysis at that threshold finds."""
    surface = Surface.from_grid(np.random.default_rng(1).random((5, 4, 3)), (True, False, True))
    curve = characterise(surface, Options(is_bounded=True)).tables["landscape_neutrality"]
    for at, ndc in zip(curve["epsilon"], curve["ndc_spearman"], strict=True):
        alone = characterise(surface, Options(is_bounded=True, epsilon=float(at), has_importance=False))
        assert ndc == (None if alone.value("ndc_spearman") is None else pytest.approx(alone.value("ndc_spearman")))
    assert sum(one is not None for one in curve["ndc_spearman"]) >= 3
