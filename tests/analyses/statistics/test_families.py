"""Families of comparisons of means against tables, scipy and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from hpowh.analyses.statistics import families
from hpowh.analyses.statistics.studentized import range_isf, range_sf


def equal(size: int) -> np.ndarray:
    return np.full((size, size), 0.5) + 0.5 * np.eye(size)


@pytest.mark.parametrize(("size", "value"), [(1, 2.09), (2, 2.38), (3, 2.54), (4, 2.65), (9, 2.95)])
def test_dunnetts_published_critical_values(size, value):
    """Dunnett (1964), Biometrics 20, table II: two-sided 5 %, 20 degrees of freedom."""
    assert families.dunnett_critical(equal(size), 20.0, 0.95) == pytest.approx(value, abs=0.006)


def test_dunnett_agrees_with_scipy_on_groups():
    rng = np.random.default_rng(2)
    groups = [rng.normal(shift, 1.0, 12) for shift in (0.0, 0.9, 0.3, 1.4)]
    theirs = stats.dunnett(*groups[1:], control=groups[0], rng=np.random.default_rng(0))
    pooled = np.sqrt(sum(g.var(ddof=1) for g in groups) / 4)
    t_values = np.array([(g.mean() - groups[0].mean()) / (pooled * np.sqrt(2 / 12)) for g in groups[1:]])
    ours = families.dunnett_p(t_values, equal(3), np.full(3, 44.0))
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
    assert families.max_abs_t_sf(2.5, correlation, 15.0) == pytest.approx(share, abs=4 * np.sqrt(share / 400_000))


@pytest.mark.parametrize(("size", "df", "q"), [(3, 20, 3.578), (4, 10, 4.327), (10, 120, 4.560)])
def test_tukeys_published_critical_values(size, df, q):
    """Upper 5 % points of the studentised range (Pearson & Hartley, table 29)."""
    assert families.tukey_critical(float(df), size, 0.95) * np.sqrt(2) == pytest.approx(q, abs=2e-3)
    assert families.tukey_p(np.array([q / np.sqrt(2)]), np.array([float(df)]), size)[0] == pytest.approx(0.05, abs=2e-4)


def test_tiny_tails_stay_positive_and_ordered():
    p = families.tukey_p(np.array([9.0, 15.0, 30.0]), np.full(3, 500.0), 3)
    assert (p > 0).all()
    assert (np.diff(p) < 0).all()
    assert p[1] < 1e-10


@pytest.mark.parametrize("df", [0.3, 1.0, 1.7, 2.0, 2.99])
def test_the_range_of_two_is_t_however_few_degrees_of_freedom_there_are(df):
    """Far out, too, where nested adaptive quadrature gives up with a warning."""
    for q in (0.3, 3.0, 100.0, 1e4):
        assert range_sf(q, 2, df) == pytest.approx(2.0 * stats.t.sf(q / np.sqrt(2), df), abs=1e-9)


@pytest.mark.parametrize("size", [3, 6, 40])
@pytest.mark.parametrize("df", [1.3, 2.2, 4.0, 22.0, 3000.0, 1e5])
def test_the_studentised_range_is_scipys(size, df):
    for q in (0.4, 2.5, 5.0):
        assert range_sf(q, size, df) == pytest.approx(float(stats.studentized_range.sf(q, size, df)), abs=5e-9)
    assert range_sf(range_isf(0.05, size, df), size, df) == pytest.approx(0.05, abs=1e-9)
