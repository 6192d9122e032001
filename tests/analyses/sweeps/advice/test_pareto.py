"""Fronts beside their definition, for one to four objectives; trade-offs of two metrics."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from hpowh.analyses.sweeps.advice.pareto import fronts, tradeoff


def dominates(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return all(x <= y for x, y in zip(a, b, strict=True)) and a != b


def peeled(losses: list[tuple[float, ...]]) -> list[int]:
    """Take away what no other dominates, again and again."""
    result = [0] * len(losses)
    left, number = set(range(len(losses))), 0
    while left:
        number += 1
        front = {i for i in left if not any(dominates(losses[j], losses[i]) for j in left)}
        for i in front:
            result[i] = number
        left -= front
    return result


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 4).flatmap(lambda k: st.lists(st.tuples(*[st.integers(0, 6)] * k), min_size=1, max_size=25)))
def test_fronts_equal_the_definition_for_any_number_of_objectives(losses):
    assert fronts(np.array(losses, dtype=float)).tolist() == peeled([tuple(map(float, one)) for one in losses])


@pytest.mark.parametrize("objectives", [2, 3])
def test_fronts_of_numbers_that_never_tie(objectives):
    losses = np.random.default_rng(objectives).normal(size=(120, objectives))
    assert fronts(losses).tolist() == peeled([tuple(row) for row in losses.tolist()])


def test_a_tradeoff_counts_the_trials_that_have_both():
    random = np.random.default_rng(1)
    first = random.normal(size=40)
    second = -first + 0.3 * random.normal(size=40)
    first[3], second[5] = np.nan, np.nan
    rest = [i for i in range(40) if i not in (3, 5)]
    found = tradeoff(first, second)
    rho = scipy.stats.spearmanr(first[rest], second[rest]).statistic
    assert (found.count, found.spearman, found.reason) == (38, pytest.approx(rho), None)
    assert found.lower < rho < found.upper < 0
    numbers = peeled(list(zip(first[rest].tolist(), second[rest].tolist(), strict=True)))
    assert found.front_count == numbers.count(1) != numbers.count(2)


def test_a_tradeoff_of_no_common_trial_has_a_reason():
    found = tradeoff(np.array([1.0, np.nan]), np.array([np.nan, 1.0]))
    assert (found.count, found.spearman, found.lower, found.upper, found.front_count) == (0, None, None, None, 0)
    assert "at least 4 are needed" in found.reason
