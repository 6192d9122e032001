"""Both engines, and the sorted form of sparse landscapes, against plain loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpowh.analyses import compiling
from hpowh.analyses.landscapes.errors import TooLargeError
from hpowh.analyses.landscapes.grid import edges
from hpowh.analyses.landscapes.grid.edges import neighbour_pairs
from hpowh.analyses.landscapes.grid.engines import graph_of
from hpowh.analyses.landscapes.grid.graph import EdgeGraph
from hpowh.analyses.landscapes.grid.space import Space
from hpowh.analyses.landscapes.grid.surface import Surface, stable_order
from hpowh.analyses.landscapes.one.nodes import Nodes, describe_nodes

from ....examples import few

EPSILON = 1.0


@st.composite
def surfaces(draw: st.DrawFn) -> Surface:
    """Small grids with many ties, any mixture of kinds, complete or with holes."""
    k = draw(st.integers(1, 4))
    shape = [draw(st.integers(1, 4)) for _ in range(k)]
    ordinal = [draw(st.booleans()) for _ in range(k)]
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    loss = rng.integers(0, draw(st.sampled_from([1, 3, 8, 1000])), int(np.prod(shape))).astype(float)
    holes = rng.random(loss.size) < draw(st.sampled_from([0.0, 0.0, 0.3, 0.85]))
    holes[rng.integers(loss.size)] = False
    loss[holes] = np.nan
    return Surface.make(Space.of(shape, ordinal), np.arange(loss.size), loss)


def check(surface: Surface, nodes: Nodes, plain: Any) -> None:
    ranks, scan, basins = surface.ranks.tolist(), nodes.scan, nodes.basins
    reachable = plain.monotone()
    best = min(plain.loss.values())
    optima = [r for r in ranks if plain.loss[r] == best]
    for i, r in enumerate(ranks):
        gaps = [plain.loss[q] - plain.loss[r] for q in plain.near[r]]
        assert nodes.degree[i] == len(gaps)
        assert scan.improving[i] == sum(g < 0 for g in gaps)
        assert scan.neutral[i] == sum(abs(g) <= EPSILON for g in gaps)
        assert scan.tied[i] == sum(g == 0 for g in gaps)
        assert scan.slope[i] == pytest.approx(sum(abs(g) for g in gaps))
        better = [q for q in plain.near[r] if plain.loss[q] < plain.loss[r]]
        expected = min(better, key=lambda q: (plain.loss[q], q)) if better else r
        assert ranks[scan.best[i]] == expected
        assert ranks[basins.plateau[i]] == min(plain.plateau(r))
        assert (ranks[basins.basin[i]], basins.steps[i]) == plain.descend(r)
        assert nodes.is_monotone[i] == (r in reachable)
        assert nodes.distance[i] == min(plain.distance(r, o) for o in optima)
    assert basins.sizes.sum() == surface.size


@settings(max_examples=few(120), deadline=None)
@given(surface=surfaces(), engine=st.sampled_from(["numpy", "compiled"]))
def test_every_node_column_equals_plain_loops(brute: Any, surface: Surface, engine: str) -> None:
    plain = brute(surface, EPSILON)
    nodes = describe_nodes(surface, graph_of(surface, engine=engine, threads=2), EPSILON)
    check(surface, nodes, plain)


@settings(max_examples=few(60), deadline=None)
@given(surface=surfaces(), engine=st.sampled_from(["numpy", "compiled"]))
def test_walks_are_powers_of_the_transition_matrix(brute: Any, surface: Surface, engine: str) -> None:
    """From neighbours found by plain loops: P = A / degree, <a, b> = sum of degree times a times b."""
    plain, ranks = brute(surface), surface.ranks.tolist()
    adjacent = np.array([[float(q in plain.near[r]) for q in ranks] for r in ranks])
    degree = adjacent.sum(axis=1)
    values = np.random.default_rng(1).normal(size=len(ranks))
    graph = graph_of(surface, engine=engine, threads=2)
    squares, products = graph.walk(values, 3)
    at = [values]
    for _ in range(3):
        at.append(adjacent @ at[-1] / np.maximum(degree, 1))
    assert squares == pytest.approx([float(degree @ (x * x)) for x in at[:3]], abs=1e-9)
    assert products == pytest.approx([float(degree @ (at[h] * at[h + 1])) for h in range(3)], abs=1e-9)
    assert graph.neighbour_sum(values) == pytest.approx(adjacent @ values)


@settings(max_examples=few(60), deadline=None)
@given(surface=surfaces())
def test_sorted_pairs_equal_shifted_ones(surface: Surface) -> None:
    """The form for sparse landscapes finds the same pairs as shifting the array of all cells."""
    ids = np.full(surface.space.cardinality, -1, dtype=np.int32)
    ids[surface.ranks] = np.arange(surface.size)
    shifted, by_sorting = edges._grid_pairs(surface.space, ids), edges._sorted_pairs(surface.space, surface.ranks)

    def as_set(pairs: edges.Pairs) -> set[tuple[int, ...]]:
        return set(zip(*(column.tolist() for column in pairs), strict=True))

    assert as_set(shifted) == as_set(by_sorting)
    assert len(by_sorting[0]) == len(as_set(by_sorting))


@settings(max_examples=few(40), deadline=None)
@given(surface=surfaces(), seed=st.integers(0, 1000))
def test_engines_agree_on_sums_and_thresholds(surface: Surface, seed: int) -> None:
    numpy, compiled = graph_of(surface, engine="numpy"), graph_of(surface, engine="compiled", threads=2)
    values = np.random.default_rng(seed).random(surface.size)
    np.testing.assert_allclose(numpy.neighbour_sum(values), compiled.neighbour_sum(values), rtol=1e-12, atol=1e-12)
    thresholds = np.array([0.0, 1.0, 2.5, 400.0])
    assert numpy.pairs_within(surface, thresholds).tolist() == compiled.pairs_within(surface, thresholds).tolist()
    assert numpy.degree.tolist() == compiled.degree.tolist()


def test_engines_agree_beyond_one_tile() -> None:
    """More cells than a tile of the compiled loops, degrees above 255, holes, ties."""
    rng = np.random.default_rng(3)
    loss = rng.integers(0, 500, 3 * 300 * 7).astype(float)
    loss[rng.random(loss.size) < 0.2] = np.nan
    surface = Surface.make(Space.of((3, 300, 7), (True, False, True)), np.arange(loss.size), loss)
    results = [describe_nodes(surface, graph_of(surface, engine=e, threads=2), 2.0) for e in ("numpy", "compiled")]
    assert results[0].degree.max() > 200
    for one, other in ((results[0].scan, results[1].scan), (results[0].basins, results[1].basins)):
        for name in one.__dataclass_fields__:
            if name == "slope":
                np.testing.assert_allclose(one.slope, other.slope, rtol=1e-12)
            else:
                np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    np.testing.assert_array_equal(results[0].is_monotone, results[1].is_monotone)


def test_a_large_dense_grid_chooses_the_compiled_engine_and_a_sparse_one_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shape = (20, 20, 20, 20, 10)
    dense = Surface.make(Space.of(shape, False), np.arange(1_600_000), np.arange(1_600_000.0))
    sparse = Surface.make(Space.of(shape, False), np.arange(0, 1_600_000, 1600), np.arange(1000.0))
    monkeypatch.setattr(compiling, "is_on_disk", lambda name: True)
    assert graph_of(dense).name == "compiled"
    assert isinstance(graph_of(sparse), EdgeGraph)


def test_too_many_pairs_are_refused_with_the_way_out() -> None:
    space = Space.of((20_000, 1_000), (False, True))
    with pytest.raises(TooLargeError, match=r"neighbour pairs.*ordinal"):
        neighbour_pairs(space, np.arange(12_000) * 1_000)


@settings(max_examples=few(40), deadline=None)
@given(values=st.lists(st.integers(-3, 3) | st.floats(-1, 1), min_size=1, max_size=60))
def test_the_order_is_stable(values: list[float]) -> None:
    array = np.array(values, dtype=float)
    np.testing.assert_array_equal(stable_order(array), np.argsort(array, kind="stable"))


def test_distance_by_transform_equals_distance_by_optimum() -> None:
    from hpowh.analyses.landscapes.one import distance

    rng = np.random.default_rng(0)
    loss = rng.integers(0, 6, 4 * 5 * 6 * 3).astype(float)
    loss[rng.random(loss.size) < 0.3] = np.nan
    surface = Surface.make(Space.of((4, 5, 6, 3), (True, False, True, False)), np.arange(loss.size), loss)
    assert surface.optima.size > 5
    np.testing.assert_array_equal(distance._by_optimum(surface), distance._by_transform(surface))


@settings(max_examples=few(30), deadline=None)
@given(seed=st.integers(0, 10_000), blocks=st.sampled_from([1, 3, 10**6]))
def test_shifts_as_blocks_and_as_flat_ones_give_the_same(seed: int, blocks: int) -> None:
    from hpowh.analyses.landscapes.grid import grid_graph

    rng = np.random.default_rng(seed)
    shape, ordinal = rng.integers(1, 5, 4).tolist(), [bool(x) for x in rng.integers(0, 2, 4)]
    loss = rng.integers(0, 9, int(np.prod(shape))).astype(float)
    surface = Surface.make(Space.of(shape, ordinal), np.arange(loss.size), loss)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grid_graph, "BLOCKS", blocks)
        found = grid_graph.GridGraph(surface.space)
    expected = EdgeGraph(surface.space, surface.ranks)
    one, other = found.scan(surface, EPSILON), expected.scan(surface, EPSILON)
    for name in one.__dataclass_fields__:
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-12, err_msg=name)
    np.testing.assert_array_equal(found.plateau_roots(surface, one.tied), expected.plateau_roots(surface, one.tied))
