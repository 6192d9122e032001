"""Meta-features worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris

from hpowh.analyses.evaluate import meta


def test_balance():
    assert meta.class_entropy(np.array([5, 5, 5])) == pytest.approx(1.0)
    assert meta.class_entropy(np.array([3, 1])) == pytest.approx(-(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25)))
    assert meta.imbalance_ratio(np.array([4, 4])) == pytest.approx(0.0)
    # k = 2, n = 4: IR = 1/2 (3/1 + 1/3) = 5/3, so 1 - 3/5
    assert meta.imbalance_ratio(np.array([3, 1])) == pytest.approx(0.4)


def test_fisher_overlap():
    """Two classes around 1 and 5, mean 3: between 4 * 4 = 16, within 4 * 1 = 4; 1 / (1 + 4)."""
    features = np.array([[0.0], [2.0], [4.0], [6.0]])
    assert meta.fisher_overlap(features, np.array([0, 0, 1, 1])) == pytest.approx(0.2)
    assert meta.fisher_overlap(np.array([[1.0], [1.0], [2.0], [2.0]]), np.array([0, 0, 1, 1])) == 0.0
    assert meta.fisher_overlap(np.ones((4, 1)), np.array([0, 0, 1, 1])) is None


def test_nearest_neighbour_error():
    features = np.array([[0.0], [1.0], [2.1], [3.0]])
    assert meta.nearest_neighbour_error(features, np.array([0, 0, 1, 1])) == 0.0
    assert meta.nearest_neighbour_error(features, np.array([0, 1, 0, 1])) == 1.0


def test_instance_hardness():
    """Six of one class beside six of another, far apart, one of them with the wrong class: its five neighbours differ,
    and each of these has it among its five."""
    features = np.concatenate([np.arange(6.0), 100 + np.arange(6.0)])[:, None]
    target = np.array([0] * 6 + [1] * 6)
    assert meta.instance_hardness(features, target) == 0.0
    target[0] = 1
    assert meta.instance_hardness(features, target) == pytest.approx((5 + 5) / 60)
    assert meta.instance_hardness(features[:5], target[:5]) is None


def test_feature_correlation():
    """x with -x is 1; each with the square of a centred x is 0: one of three pairs."""
    x = np.arange(-5.0, 6.0)
    assert meta.feature_correlation(np.column_stack([x, -x, x * x, np.ones(11)])) == pytest.approx(1 / 3)
    assert meta.feature_correlation(np.column_stack([x, np.ones(11)])) is None


def test_principal_share():
    line = np.arange(20.0)
    assert meta.principal_share(np.column_stack([line, 2 * line, -line, line])) == pytest.approx(0.25)
    assert meta.principal_share(np.ones((5, 3))) is None


def test_whole_data_sets():
    iris = meta.meta_features(*load_iris(return_X_y=True), is_classification=True)
    assert (iris["row_count"], iris["feature_count"], iris["class_count"]) == (150, 4, 3)
    assert iris["smallest_class_share"] == pytest.approx(1 / 3)
    assert iris["landmark_majority"] == pytest.approx(1 / 3)
    assert iris["landmark_stump"] == pytest.approx(2 / 3)
    numbers = meta.meta_features(*load_diabetes(return_X_y=True), is_classification=False)
    assert "class_count" not in numbers
    assert 0 < numbers["landmark_stump"] < numbers["landmark_linear"] < 1
