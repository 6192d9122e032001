"""Confidence bands: known cases, coverage of the truth, and missing values."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import bootstrap, norm

from hpowh.analyses.statistics.bands import bootstrap_mean_band, stratified_normal_band


def test_equal_values_have_a_band_of_no_width():
    lower, upper = bootstrap_mean_band(np.full((5, 3), 2.5))
    assert lower == pytest.approx([2.5] * 3) and upper == pytest.approx([2.5] * 3)


def test_one_run_has_no_band():
    lower, upper = bootstrap_mean_band(np.array([[1.0, 2.0]]))
    assert np.isnan(lower).all() and np.isnan(upper).all()


def test_a_budget_with_one_value_has_no_band_and_the_others_do():
    lower, upper = bootstrap_mean_band(np.array([[1.0, np.nan], [2.0, 5.0], [4.0, np.nan]]))
    assert 1.0 <= lower[0] < upper[0] <= 4.0
    assert np.isnan(lower[1]) and np.isnan(upper[1])


def test_bootstrap_agrees_with_another_implementation():
    values = np.random.default_rng(3).gamma(2.0, size=(40, 1))
    lower, upper = bootstrap_mean_band(values, draws=20_000)
    other = bootstrap((values[:, 0],), np.mean, n_resamples=20_000, method="percentile", random_state=1)
    assert lower[0] == pytest.approx(other.confidence_interval.low, rel=0.01)
    assert upper[0] == pytest.approx(other.confidence_interval.high, rel=0.01)


def test_bootstrap_is_the_same_for_the_same_seed_only():
    values = np.random.default_rng(1).normal(size=(12, 2))
    assert bootstrap_mean_band(values, seed=4)[0].tolist() == bootstrap_mean_band(values, seed=4)[0].tolist()
    assert bootstrap_mean_band(values, seed=4)[0].tolist() != bootstrap_mean_band(values, seed=5)[0].tolist()


def test_stratified_band_by_hand():
    # Two benchmarks with means 1 and 3; s = 2 over n = 4, s = 3 over n = 9: variance (1 + 1) / 4.
    mean, lower, upper = stratified_normal_band(
        np.array([[1.0], [3.0]]), np.array([[2.0], [3.0]]), np.array([[4.0], [9.0]])
    )
    half = norm.ppf(0.975) * np.sqrt(0.5)
    assert (mean[0], lower[0], upper[0]) == pytest.approx((2.0, 2.0 - half, 2.0 + half))


def test_a_benchmark_with_one_run_takes_the_band_away_but_not_the_mean():
    mean, lower, upper = stratified_normal_band(
        np.array([[1.0], [3.0]]), np.array([[2.0], [np.nan]]), np.array([[4.0], [1.0]])
    )
    assert mean[0] == 2.0
    assert np.isnan(lower[0]) and np.isnan(upper[0])


def test_stratified_band_covers_the_truth_as_often_as_it_says():
    random, hits = np.random.default_rng(0), 0
    for _ in range(400):
        values = random.normal([[0.0], [1.0], [5.0]], [[1.0], [2.0], [0.5]], size=(3, 30))
        counts = np.full((3, 1), 30.0)
        _, lower, upper = stratified_normal_band(
            values.mean(axis=1, keepdims=True), values.std(axis=1, ddof=1, keepdims=True), counts
        )
        hits += bool(lower[0] <= 2.0 <= upper[0])
    assert 0.91 <= hits / 400 <= 0.98
