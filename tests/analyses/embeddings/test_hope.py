"""The graph's vectors, against proximities worked out by hand and a whole decomposition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpowh.analyses.embeddings import hope
from hpowh.analyses.embeddings.hope import choose_decay, embed_graph, improving_matrix, katz
from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.grid.surface import Surface


def dense_proximity(surface: Surface, decay: float) -> np.ndarray:
    """The Katz proximity by inverting the whole matrix."""
    matrix = improving_matrix(surface).toarray()
    identity = np.eye(surface.size)
    return np.linalg.inv(identity - decay * matrix) - identity


def test_edges_point_to_what_is_no_worse():
    chain = Surface.from_grid(np.array([3.0, 1.0, 1.0, 2.0]))
    expected = [[0, 1, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
    assert improving_matrix(chain).toarray().tolist() == expected


def test_proximity_of_a_chain_is_the_decay_to_the_power_of_the_distance():
    chain = Surface.from_grid(np.arange(5.0))
    found = katz(improving_matrix(chain), 0.5, np.eye(5))
    expected = [[0.5 ** (i - j) if i > j else 0.0 for j in range(5)] for i in range(5)]
    assert found == pytest.approx(np.array(expected), abs=1e-12)


@given(st.integers(0, 1000), st.integers(2, 5))
@settings(max_examples=25, deadline=None)
def test_series_equals_the_inverse_with_ties_and_holes(seed: int, values: int):
    rng = np.random.default_rng(seed)
    grid = rng.integers(0, values, (5, 4, 3)).astype(float)
    grid[rng.random(grid.shape) < 0.2] = np.nan
    surface = Surface.from_grid(grid, [True, False, True])
    matrix = improving_matrix(surface)
    decay = choose_decay(matrix)
    found = katz(matrix, decay, np.eye(surface.size))
    expected = dense_proximity(surface, decay)
    assert found == pytest.approx(expected, abs=1e-7 * max(1.0, np.abs(expected).max()))


def test_a_decay_too_large_for_the_cycles_is_refused():
    tied = Surface.from_grid(np.array([1.0, 1.0, 0.0]))
    with pytest.raises(LandscapeError, match="does not converge"):
        katz(improving_matrix(tied), 1.5, np.eye(3))


def test_vectors_give_back_the_best_approximation_of_the_proximity(monkeypatch: pytest.MonkeyPatch):
    """Both ways, whole and by iterations, against NumPy's decomposition of the inverted matrix."""
    rng = np.random.default_rng(3)
    surface = Surface.from_grid(np.add.outer(np.arange(11.0) ** 2, np.arange(13.0)) + rng.random((11, 13)))
    proximity = dense_proximity(surface, choose_decay(improving_matrix(surface)))
    left, values, right = np.linalg.svd(proximity)
    best = (left[:, :6] * values[:6]) @ right[:6]
    for limit in (300, 10):
        monkeypatch.setattr(hope, "DENSE_UP_TO", limit)
        found = embed_graph(surface, dimension=6)
        assert found.vectors.shape == (143, 12)
        assert found.singular_values == pytest.approx(values[:6], rel=1e-6)
        assert found.vectors[:, :6] @ found.vectors[:, 6:].T == pytest.approx(best, abs=1e-4 * values[0])


def test_the_same_seed_gives_the_same_vectors():
    surface = Surface.from_grid(np.random.default_rng(1).random((9, 8, 7)))
    first, again = (embed_graph(surface, dimension=5, seed=4).vectors for _ in range(2))
    assert np.array_equal(first, again)


@pytest.mark.parametrize(
    ("surface", "message"),
    [
        (Surface.from_grid(np.ones((6, 6))), "All losses are equal"),
        (Surface.from_grid(np.arange(9.0)), "too few for 16 dimensions"),
        (Surface.from_grid(np.where(np.indices((9, 9)).sum(axis=0) % 2, np.nan, np.arange(81.0).reshape(9, 9))),
         "No two evaluated configurations are neighbours"),
    ],
)  # fmt: skip
def test_what_cannot_be_embedded_says_why(surface: Surface, message: str):
    with pytest.raises(LandscapeError, match=message):
        embed_graph(surface)
