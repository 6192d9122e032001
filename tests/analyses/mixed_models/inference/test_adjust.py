"""Families of comparisons against tables, second implementations and brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from hpowh.analyses.mixed_models.inference import adjust
from hpowh.analyses.mixed_models.inference.contrasts import (
    compact_letters,
    contrast_weights,
    critical_difference_groups,
)
from hpowh.analyses.mixed_models.inference.studentized import range_isf, range_sf
from hpowh.analyses.mixed_models.model.cells import DataError


def equal(size: int) -> np.ndarray:
    return np.full((size, size), 0.5) + 0.5 * np.eye(size)


@pytest.mark.parametrize(("size", "value"), [(1, 2.09), (2, 2.38), (3, 2.54), (4, 2.65), (9, 2.95)])
def test_dunnetts_published_critical_values(size, value):
    """Dunnett (1964), Biometrics 20, table II: two-sided 5 %, 20 degrees of freedom."""
    assert adjust.dunnett_critical(equal(size), 20.0, 0.95) == pytest.approx(value, abs=0.006)


def test_dunnett_agrees_with_scipy_on_groups():
    rng = np.random.default_rng(2)
    groups = [rng.normal(shift, 1.0, 12) for shift in (0.0, 0.9, 0.3, 1.4)]
    theirs = stats.dunnett(*groups[1:], control=groups[0], rng=np.random.default_rng(0))
    pooled = np.sqrt(sum(g.var(ddof=1) for g in groups) / 4)
    t_values = np.array([(g.mean() - groups[0].mean()) / (pooled * np.sqrt(2 / 12)) for g in groups[1:]])
    ours = adjust.dunnett_p(t_values, equal(3), np.full(3, 44.0))
    assert ours == pytest.approx(theirs.pvalue, abs=2e-4)


def test_quadrature_and_lattice_agree_without_one_common_factor():
    rng = np.random.default_rng(4)
    half = rng.standard_normal((4, 2))
    covariance = half @ half.T + np.eye(4)
    scale = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(scale, scale)
    draws = rng.standard_normal((400_000, 4)) @ np.linalg.cholesky(correlation).T
    draws /= np.sqrt(rng.chisquare(15, 400_000) / 15)[:, None]
    share = float((np.abs(draws).max(axis=1) > 2.5).mean())
    assert adjust.max_abs_t_sf(2.5, correlation, 15.0) == pytest.approx(share, abs=4 * np.sqrt(share / 400_000))


@pytest.mark.parametrize(("size", "df", "q"), [(3, 20, 3.578), (4, 10, 4.327), (10, 120, 4.560)])
def test_tukeys_published_critical_values(size, df, q):
    """Upper 5 % points of the studentised range (Pearson & Hartley, table 29)."""
    assert adjust.tukey_critical(float(df), size, 0.95) * np.sqrt(2) == pytest.approx(q, abs=2e-3)
    assert adjust.tukey_p(np.array([q / np.sqrt(2)]), np.array([float(df)]), size)[0] == pytest.approx(0.05, abs=2e-4)


def test_tiny_tails_stay_positive_and_ordered():
    p = adjust.tukey_p(np.array([9.0, 15.0, 30.0]), np.full(3, 500.0), 3)
    assert (p > 0).all()
    assert (np.diff(p) < 0).all()
    assert p[1] < 1e-10


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_and_benjamini_hochberg_agree_with_statsmodels(p_values):
    p = np.array(p_values)
    assert adjust.holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert adjust.benjamini_hochberg(p) == pytest.approx(multipletests(p, method="fdr_bh")[1])


def test_unknown_p_values_do_not_count():
    assert adjust.holm(np.array([0.01, np.nan, 0.04]))[[0, 2]] == pytest.approx([0.02, 0.04])


@settings(max_examples=60)
@given(st.integers(2, 7), st.integers(0, 2**21))
def test_letters_are_shared_exactly_without_a_difference(size, bits):
    different = np.zeros((size, size), dtype=bool)
    for n, (i, j) in enumerate(itertools.combinations(range(size), 2)):
        different[i, j] = different[j, i] = bool(bits >> n & 1)
    letters = compact_letters(np.arange(size)[::-1], different)
    for i, j in itertools.combinations(range(size), 2):
        assert bool(set(letters[i]) & set(letters[j])) != different[i, j]


def test_letters_begin_at_the_lowest_estimate():
    different = np.ones((3, 3), dtype=bool) & ~np.eye(3, dtype=bool)
    assert compact_letters(np.array([0.3, 0.1, 0.2]), different) == ["c", "a", "b"]


@settings(max_examples=60)
@given(st.integers(2, 7), st.integers(0, 2**21))
def test_bars_join_runs_without_any_difference_and_are_longest(size, bits):
    different = np.zeros((size, size), dtype=bool)
    for n, (i, j) in enumerate(itertools.combinations(range(size), 2)):
        different[i, j] = different[j, i] = bool(bits >> n & 1)
    bars = critical_difference_groups(range(size), different)
    runs = [
        tuple(range(a, b + 1))
        for a in range(size)
        for b in range(a + 1, size)
        if not any(different[i, j] for i, j in itertools.combinations(range(a, b + 1), 2))
    ]
    assert bars == [run for run in runs if not any(set(run) < set(other) for other in runs)]


def test_custom_contrasts_are_read():
    levels = ("HB", "PB", "RS")
    assert contrast_weights("HB - 0.5*PB - 0.5 * RS", levels).tolist() == [1.0, -0.5, -0.5]
    assert contrast_weights("-RS + PB", levels).tolist() == [0.0, 1.0, -1.0]
    with pytest.raises(DataError, match="Cannot read the contrast"):
        contrast_weights("HB - XX", levels)


@pytest.mark.parametrize("size", [3, 6, 40])
@pytest.mark.parametrize("df", [2.2, 4.0, 22.0, 3000.0, 1e5])
def test_the_studentised_range_is_scipys(size, df):
    for q in (0.4, 2.5, 5.0):
        assert range_sf(q, size, df) == pytest.approx(float(stats.studentized_range.sf(q, size, df)), abs=5e-9)
    assert range_sf(range_isf(0.05, size, df), size, df) == pytest.approx(0.05, abs=1e-9)
