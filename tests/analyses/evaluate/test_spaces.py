"""Levels, ranks and samples."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hpowh.analyses.evaluate.spaces import Dimension, Space, sample
from hpowh.analyses.evaluate.spec import dimension


def levels(name: str, of: tuple, kind: str = "ordinal", value_type: str = "int") -> Dimension:
    return Dimension(name=name, levels=of, kind=kind, value_type=value_type)


def space_of(*sizes: int) -> Space:
    return Space(tuple(levels(f"h{i}", tuple(range(size))) for i, size in enumerate(sizes)))


def test_the_last_hyperparameter_varies_fastest():
    space = space_of(2, 3, 4)
    cells = [tuple(space.parameters(rank).values()) for rank in range(24)]
    assert cells == list(itertools.product(range(2), range(3), range(4)))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 7), min_size=1, max_size=4), st.integers(1, 300), st.integers(0, 5))
def test_a_sample_has_its_size_and_no_cell_twice(sizes, count, seed):
    space = space_of(*sizes)
    for how in ("random", "sobol", "pairs"):
        ranks = list(sample(space, how, count, seed))
        assert len(ranks) == len(set(ranks)) == min(count, space.cardinality)
        assert all(0 <= rank < space.cardinality for rank in ranks)
        assert ranks == list(sample(space, how, count, seed))


def test_sobol_covers_every_level_evenly():
    """256 points on 16 x 8: each level of each hyperparameter as often as any other, within the cells met twice."""
    space = space_of(64, 64)
    ranks = np.array(sample(space, "sobol", 256, 0))
    counts = np.bincount(ranks // 64 // 8, minlength=8)
    assert counts.min() >= 28
    assert counts.max() <= 36


def test_pairs_meet_all_pairs_of_neighbours_alike():
    """Of 5 levels each pair of neighbours as often as any other, each axis in most rounds; and every cell as often."""
    space = space_of(*[5] * 8)
    ranks = np.array(sample(space, "pairs", 9000, 1))
    levels = ranks[:, None] // 5 ** np.arange(7, -1, -1) % 5
    assert np.abs(np.bincount(levels.ravel(), minlength=5) / levels.size - 0.2).max() < 0.02
    known = dict.fromkeys(ranks.tolist())
    low = np.zeros((8, 4))
    for axis in range(8):
        for rank, level in zip(ranks.tolist(), levels[:, axis].tolist(), strict=True):
            low[axis, min(level, 3)] += level < 4 and rank + 5 ** (7 - axis) in known
    each = low.sum(axis=0) / low.sum()
    assert np.abs(each - 0.25).max() < 0.03
    assert low.sum(axis=1).min() > 400


def test_kinds_and_types_of_levels():
    assert dimension("d", [4, 1, 2]) == levels("d", (1, 2, 4))
    assert dimension("c", [0.5, 1]) == levels("c", (0.5, 1.0), value_type="float")
    assert dimension("b", [True, False]) == levels("b", (True, False), "categorical", "bool")
    mixed = dimension("m", {"levels": [2, 4, "None"], "ordinal": True})
    assert (mixed.levels, mixed.kind, mixed.stored) == ((2, 4, None), "ordinal", ["2", "4", "None"])
    assert dimension("t", [[16], [32, 32]]).levels == ((16,), (32, 32))
    log = dimension("l", {"from": 1, "to": 16, "levels": 5, "log": True, "integer": True})
    assert (log.levels, log.scale) == ((1, 2, 4, 8, 16), "log")
