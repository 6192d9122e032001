"""Moments, correlations and tests of two samples are scipy's, without its import."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from hpowh.analyses.statistics import association as own


@pytest.fixture(params=range(6), ids=["few", "ties", "tails", "far from zero", "tiny", "many"])
def pair(request):
    rng = np.random.default_rng(request.param)
    x, y = rng.standard_normal((2, (4, 60, 60, 60, 60, 5000)[request.param]))
    y = y + 0.5 * x
    if request.param == 1:
        x, y = np.round(x), np.round(y)
    return {2: (np.exp(3 * x), y**3), 3: (x + 1e4, y - 1e4), 4: (x * 1e-12, y * 1e9)}.get(request.param, (x, y))


def same(found, wanted):
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-300)


def test_moments(pair):
    x, y = pair
    same((own.skew(x), own.skew(y)), (stats.skew(x), stats.skew(y)))
    same((own.kurtosis(x), own.kurtosis(y)), (stats.kurtosis(x), stats.kurtosis(y)))
    assert np.isnan(own.skew(np.ones(5)))
    assert np.isnan(own.kurtosis(np.ones(5)))


def test_correlations(pair):
    x, y = pair
    same(own.pearson(x, y), tuple(stats.pearsonr(x, y)))
    same(own.spearman(x, y), tuple(stats.spearmanr(x, y)))
    same(own.kendall(x[:200], y[:200]), stats.kendalltau(x[:200], y[:200]).statistic)
    same(own.pearson(x, -x), tuple(stats.pearsonr(x, -x)))
    same(own.spearman(x, x), tuple(stats.spearmanr(x, x)))
    assert own.kendall(x[:200], -x[:200]) == pytest.approx(-1.0)


def test_spreads(pair):
    x, y = pair
    same(own.levene(x, y[:-1]), tuple(stats.levene(x, y[:-1], center="median")))


@pytest.mark.parametrize(
    "table", [[[3, 1], [1, 3]], [[8, 2], [1, 5]], [[0, 9], [4, 5]], [[40, 0], [0, 40]], [[700, 300], [650, 350]]]
)
def test_fishers_exact_test(table, monkeypatch):
    (a, b), (c, d) = table
    wanted = stats.fisher_exact(table, alternative="greater").pvalue
    np.testing.assert_allclose(own.fisher_greater(a, a + b, a + c, a + b + c + d), wanted, rtol=1e-11)
    monkeypatch.setattr(own, "MOST_COUNTED", 0)
    np.testing.assert_allclose(own.fisher_greater(a, a + b, a + c, a + b + c + d), wanted, rtol=1e-11)
