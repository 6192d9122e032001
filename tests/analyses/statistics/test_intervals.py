"""Intervals beside statsmodels' and scipy's, and how often they hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from hpowh.analyses.statistics.intervals import pearson_interval, spearman_interval, wilson


@given(st.integers(1, 400), st.data(), st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_is_statsmodels(count, data, level):
    found = data.draw(st.integers(0, count))
    theirs = proportion_confint(found, count, alpha=1 - level, method="wilson")
    assert [float(end) for end in wilson(found / count, count, level)] == pytest.approx(theirs, abs=1e-12)


def test_wilson_takes_many_shares():
    low, high = wilson(np.array([0.0, 0.5, 1.0]), 10)
    assert low[0] == 0.0 and high[2] == 1.0 and high[0] == pytest.approx(1 - low[2])
    assert (low[1], high[1]) == pytest.approx(proportion_confint(5, 10, method="wilson"))


@pytest.mark.parametrize("n", [4, 5, 30])
def test_pearsons_is_scipys(n):
    random = np.random.default_rng(n)
    x = random.normal(size=n)
    for y in (x + random.normal(size=n), random.normal(size=n), -x):
        theirs = stats.pearsonr(x, y)
        assert pearson_interval(float(theirs.statistic), n) == pytest.approx(theirs.confidence_interval(), abs=1e-9)


def test_spearmans_holds_about_as_often_as_it_says():
    """Normal data with a Spearman correlation of 0.6 (Pearson 0.618), 20 pairs."""
    random = np.random.default_rng(7)
    pearson = 2 * math.sin(math.pi * 0.6 / 6)
    held = 0
    for _ in range(400):
        x = random.normal(size=20)
        y = pearson * x + math.sqrt(1 - pearson**2) * random.normal(size=20)
        low, high = spearman_interval(float(stats.spearmanr(x, y)[0]), 20)
        held += low <= 0.6 <= high
    assert 0.91 <= held / 400 <= 0.98


def test_a_perfect_order_of_few_is_not_certain():
    low, high = spearman_interval(1.0, 6)
    assert 0 < low < high < 1
    assert spearman_interval(-1.0, 6) == pytest.approx((-high, -low))
    assert spearman_interval(1.0, 60)[0] > low
