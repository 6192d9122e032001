"""Tails, quantiles, ranks and the signed-rank test are scipy's, without its import."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hpowh.analyses.statistics import distributions as own

X = np.array([-np.inf, -40.0, -3.0, -1e-3, 0.0, 1e-9, 0.7, 2.5, 30.0, 1e4, np.inf, np.nan])
P = np.array([1e-300, 1e-12, 0.025, 0.5, 0.975, 1 - 1e-12])
DF = [0.3, 1.0, 2.5, 27.0, 1e6]


def same(found, wanted):
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-300, equal_nan=True)


def test_the_normal():
    same(own.norm.sf(X), stats.norm.sf(X))
    same(own.norm.cdf(X), stats.norm.cdf(X))
    same(own.norm.ppf(P), stats.norm.ppf(P))


@pytest.mark.parametrize("df", [*DF, np.inf, 0.0, -1.0, np.nan])
def test_students_t(df):
    same(own.t.sf(X, df), stats.t.sf(X, df))
    if df != 0.3:  # so far out that both are beyond 1e300
        same(own.t.ppf(P, df), stats.t.ppf(P, df))
        same(own.t.isf(P[1:], df), stats.t.isf(P[1:], df))


@pytest.mark.parametrize("df", [*DF, 0.0, -1.0, np.nan])
def test_chi_squared(df):
    same(own.chi2.sf(X, df), stats.chi2.sf(X, df))
    if df in DF[1:]:
        same(own.chi2.ppf(P, df), stats.chi2.ppf(P, df))
        same(own.chi2.isf(P, df), stats.chi2.isf(P, df))


@pytest.mark.parametrize(("df1", "df2"), [(1, 9.5), (3, 27.0), (4, 1e6), (0, 5), (3, 0.0), (3, np.nan)])
def test_fishers_f(df1, df2):
    same(own.f.sf(X, df1, df2), stats.f.sf(X, df1, df2))


def test_f_over_an_infinite_denominator_is_chi_squared():
    same(own.f.sf(X, 3, np.inf), stats.chi2.sf(3 * X, 3))


def test_one_number_gives_one_number():
    for found in (own.t.sf(2.0, 5.0), own.chi2.sf(2.0, 5.0), own.f.sf(2.0, 2.0, 5.0), own.norm.sf(2.0)):
        assert np.ndim(found) == 0 and float(found) > 0


def test_the_binomial():
    k = np.arange(13)
    same(own.binom.pmf(k, 12, 0.5), stats.binom.pmf(k, 12, 0.5))


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=20))
def test_ranks(values):
    np.testing.assert_array_equal(own.rankdata(values), stats.rankdata(values))
    matrix = np.array([values, values[::-1]], dtype=float)
    np.testing.assert_array_equal(own.rankdata(matrix, axis=1), stats.rankdata(matrix, axis=1))


@given(st.lists(st.integers(-6, 6), min_size=2, max_size=25).filter(any))
def test_the_signed_rank_test_with_ties_and_zeros(values):
    difference = np.array(values, dtype=float)
    found = own.signed_rank(difference, is_exact=False)
    wanted = stats.wilcoxon(difference, zero_method="pratt", correction=False, method="approx")
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


@given(st.integers(2, 20), st.integers(0, 10**6))
def test_the_signed_rank_test_counts_all_signs(count, seed):
    rng = np.random.default_rng(seed)
    difference = rng.permutation(count) + 1.0
    difference *= rng.choice([-1.0, 1.0], count)
    wanted = stats.wilcoxon(difference, zero_method="pratt", method="exact")
    np.testing.assert_allclose(own.signed_rank(difference, is_exact=True), wanted, rtol=1e-12)


@given(st.floats(-5, 5), st.floats(0.01, 10), st.sampled_from([1, 3]))
def test_roots_are_found(at, slope, power):
    def function(x: float) -> float:
        return slope * np.sign(x - at) * abs(x - at) ** power

    counted = []
    found = own.root(lambda x: counted.append(x) or function(x), -7.0, 9.0)
    assert found == pytest.approx(at, abs=1e-9 if power == 1 else 1e-2)
    assert abs(function(found)) <= 1e-8
    assert len(counted) < 70


def test_ends_of_one_sign_have_no_root():
    with pytest.raises(ValueError, match="same sign"):
        own.root(lambda x: x * x + 1.0, -1.0, 1.0)
