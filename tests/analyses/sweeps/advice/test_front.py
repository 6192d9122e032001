"""Several objectives: dominated volume beside its definition, knees known beforehand, suggestions that move a front."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import column

from hpowh.analyses.sweeps.advice.front import Box, dominated, hypervolumes, knee, suggest_for_front
from hpowh.analyses.sweeps.reading.prepare import prepare


def by_inclusion_and_exclusion(points: list[tuple[float, ...]]) -> float:
    """The volume of a union of boxes from each point to 1."""
    corners = [np.minimum(np.array(point), 1.0) for point in points]
    return float(
        sum(
            (-1) ** (size + 1) * np.prod(1 - np.max(some, axis=0))
            for size in range(1, len(corners) + 1)
            for some in combinations(corners, size)
        )
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4).flatmap(lambda d: st.lists(st.tuples(*[st.integers(0, 12)] * d), min_size=1, max_size=6)))
def test_the_dominated_volume_is_that_of_the_union_of_boxes(drawn):
    points = [tuple(one / 10 for one in point) for point in drawn]
    assert dominated(np.array(points)) == pytest.approx(by_inclusion_and_exclusion(points), abs=1e-12)


def test_it_grows_where_a_trial_enters_the_front_and_is_then_that_of_all_so_far():
    losses = np.random.default_rng(0).uniform(size=(40, 2))
    box = Box.of(losses)
    grown = hypervolumes(losses, box)
    volumes = [volume for _, volume in grown]
    assert volumes == sorted(volumes)
    assert 0 < volumes[-1] < 1
    for at, volume in grown:
        assert volume == pytest.approx(dominated(box.scaled(losses[: at + 1])))
    assert volumes[-1] == pytest.approx(dominated(box.scaled(losses)))
    scaled = hypervolumes(losses * [1e6, 1e-6] + 5, Box.of(losses * [1e6, 1e-6] + 5))
    assert [v for _, v in scaled] == pytest.approx(volumes)
    assert Box.of(np.column_stack([np.arange(5.0), np.ones(5)])) is None


def test_the_knee_is_where_the_front_bends_most_and_a_front_that_bends_outwards_has_none():
    x = np.linspace(0, 1, 11)
    bent = np.column_stack([x, (1 - x) ** 4])
    worse = np.array([[0.9, 0.9]])
    wanted = int(np.argmin(x + (1 - x) ** 4))
    assert knee(100 * np.vstack([worse, bent])) == wanted + 1
    assert knee(np.column_stack([x, 1 - x])) is None
    assert knee(np.column_stack([x, 1 - x**4])) is None
    assert knee(np.array([[0.0, 1.0], [1.0, 0.0]])) is None


def test_suggestions_for_the_front_enlarge_what_is_dominated():
    """Two losses that trade along x and both fall with y: the front is y = 0."""
    random = np.random.default_rng(1)
    x, y = random.uniform(size=30), random.uniform(0.2, 1, 30)
    prepared = prepare([column("x", x.tolist()), column("y", y.tolist())])

    def both(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.column_stack([x**2 + y, 1000 * ((1 - x) ** 2 + y)])

    losses = both(x, y)
    found = suggest_for_front(prepared, losses, 0)
    assert len(found) >= 5
    new = both(*(np.array([one.values[name][0] for one in found]) for name in ("x", "y")))
    box = Box.of(losses)
    assert dominated(box.scaled(np.vstack([losses, new]))) > dominated(box.scaled(losses)) + 0.05
    assert np.ptp([one.values["x"][0] for one in found]) > 0.5
    off = np.array([one.predicted for one in found]) - new
    assert (np.abs(off).mean(axis=0) < [0.15, 150]).all()
    noise = random.normal(size=(30, 2))
    assert len(suggest_for_front(prepared, noise[:5], 0)) == 0
