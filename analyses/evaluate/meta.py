"""Meta-features of a data set: size, balance, landmarkers, simple measures of complexity.

Complexity measures follow Lorena et al. (2019), "How Complex Is Your Classification Problem?", ACM Computing Surveys
52(5): F1, N3, T2, T4, C1, C2. Instance hardness is kDN of Smith, Martinez and Giraud-Carrier (2014), "An Instance Level
Analysis of Data Complexity", Machine Learning 95. Landmarkers are cross-validated scores (accuracy, or R² for numbers)
of models without choices.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_ROWS = 2_000
"""Landmarkers, N3 and kDN look at so many rows at most (the first of a permutation with seed 0)."""
NEIGHBOURS = 5
"""Neighbours of a row that instance hardness asks."""
MOST_COLUMNS = 500
"""Correlations are those of so many features at most (the first of a permutation with seed 0)."""


def meta_features(features: NDArray[np.float64], target: NDArray, *, is_classification: bool) -> dict[str, float]:
    """Return `{meta-feature: value}`; one that is undefined for these data is left out.

    Where values are missing their share is one, and the others are those of the data with each at its column's median.
    """
    rows, columns = features.shape
    absent = np.isnan(features)
    missing = {"missing_share": float(absent.mean())} if absent.any() else {}
    features = _filled(features, absent)
    found: dict[str, float | None] = {
        "row_count": float(rows),
        "feature_count": float(columns),
        "features_per_row": columns / rows,
        "constant_feature_count": float(np.count_nonzero(features.min(axis=0) == features.max(axis=0))),
        "principal_share": principal_share(features),
        "feature_correlation": feature_correlation(features),
        **missing,
    }
    if is_classification:
        counts = np.bincount(target)
        found |= {
            "class_count": float(counts.size),
            "smallest_class_share": float(counts.min() / rows),
            "class_entropy": class_entropy(counts),
            "imbalance_ratio": imbalance_ratio(counts),
            "fisher_overlap": fisher_overlap(features, target),
        }
    keep = np.random.default_rng(0).permutation(rows)[:MOST_ROWS] if rows > MOST_ROWS else slice(None)
    few, few_target = features[keep], target[keep]
    if is_classification:
        found["nearest_neighbour_error"] = nearest_neighbour_error(few, few_target)
        found["instance_hardness"] = instance_hardness(few, few_target)
    found |= _landmarkers(few, few_target, is_classification)
    return {name: value for name, value in found.items() if value is not None and math.isfinite(value)}


def _filled(features: NDArray[np.float64], absent: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the features with each missing value at its column's median, 0 where a column has none."""
    if not absent.any():
        return features
    whole = features.copy()
    for column in np.flatnonzero(absent.any(axis=0)):
        known = whole[~absent[:, column], column]
        whole[absent[:, column], column] = np.median(known) if known.size else 0.0
    return whole


def class_entropy(counts: NDArray) -> float:
    """Return C1: the entropy of the class shares divided by that of equal shares (1 is balanced)."""
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log(shares)).sum() / math.log(counts.size))


def imbalance_ratio(counts: NDArray) -> float:
    """Return C2: 0 for equal classes, towards 1 for one that is nearly all."""
    n, k = counts.sum(), counts.size
    ratio = (k - 1) / k * float((counts / (n - counts)).sum())
    return 1.0 - 1.0 / ratio


def fisher_overlap(features: NDArray[np.float64], target: NDArray) -> float | None:
    """Return F1: 1 / (1 + the largest discriminant ratio of a feature); 1 where no feature separates the classes."""
    mean = features.mean(axis=0)
    between, within = np.zeros(features.shape[1]), np.zeros(features.shape[1])
    for label in np.unique(target):
        members = features[target == label]
        centre = members.mean(axis=0)
        between += members.shape[0] * (centre - mean) ** 2
        within += ((members - centre) ** 2).sum(axis=0)
    if np.any((within == 0) & (between > 0)):
        return 0.0
    usable = within > 0
    return float(1.0 / (1.0 + (between[usable] / within[usable]).max())) if usable.any() else None


def nearest_neighbour_error(features: NDArray[np.float64], target: NDArray) -> float:
    """Return N3: the share of rows whose nearest other row (standardised features) is of another class."""
    return float(np.mean(target[_nearest(features, 1)[:, 0]] != target))


def instance_hardness(features: NDArray[np.float64], target: NDArray) -> float | None:
    """Return the mean of kDN: the share of a row's 5 nearest other rows (standardised features) of another class.

    None with 5 rows or fewer.
    """
    if target.size <= NEIGHBOURS:
        return None
    return float(np.mean(target[_nearest(features, NEIGHBOURS)] != target[:, None]))


def _nearest(features: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Return the nearest other rows of each row, nearest first (n, count)."""
    from sklearn.neighbors import NearestNeighbors

    spread = features.std(axis=0)
    scaled = (features - features.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    found: NDArray[np.int64] = NearestNeighbors(n_neighbors=count).fit(scaled).kneighbors(return_distance=False)
    return found


def feature_correlation(features: NDArray[np.float64]) -> float | None:
    """Return the mean absolute correlation of two features; None with fewer than two that vary."""
    usable = features[:, features.std(axis=0) > 0]
    if usable.shape[1] > MOST_COLUMNS:
        usable = usable[:, np.random.default_rng(0).permutation(usable.shape[1])[:MOST_COLUMNS]]
    if usable.shape[1] < 2:
        return None
    table = np.atleast_2d(np.corrcoef(usable, rowvar=False))
    return float(np.abs(table[np.triu_indices(usable.shape[1], 1)]).mean())


def principal_share(features: NDArray[np.float64]) -> float | None:
    """Return T4: the share of the dimensions whose principal components hold 95 % of the standardised variance."""
    spread = features.std(axis=0)
    usable = features[:, spread > 0]
    if not usable.shape[1]:
        return None
    scaled = (usable - usable.mean(axis=0)) / usable.std(axis=0)
    values = np.linalg.svd(scaled, compute_uv=False) ** 2
    needed = int(np.searchsorted(np.cumsum(values) / values.sum(), 0.95 - 1e-12)) + 1
    return needed / features.shape[1]


def _landmarkers(features: NDArray[np.float64], target: NDArray, is_classification: bool) -> dict[str, float | None]:
    from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score

    folds = min(5, int(np.bincount(target).min())) if is_classification else 5
    if folds < 2 or features.shape[0] < 10:
        return {}
    cv: Any = (StratifiedKFold if is_classification else KFold)(folds, shuffle=True, random_state=0)
    scoring = "accuracy" if is_classification else "r2"
    found: dict[str, float | None] = {}
    for name, model in _simple_models(is_classification).items():
        found[f"landmark_{name}"] = float(cross_val_score(model, features, target, cv=cv, scoring=scoring).mean())
    return found


def _simple_models(is_classification: bool) -> dict[str, Any]:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import Ridge
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    if is_classification:
        return {
            "majority": DummyClassifier(),
            "stump": DecisionTreeClassifier(max_depth=1, random_state=0),
            "naive_bayes": GaussianNB(),
            "linear": make_pipeline(StandardScaler(), LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.1)),
            "nearest_neighbour": make_pipeline(StandardScaler(), KNeighborsClassifier(1)),
        }
    return {
        "stump": DecisionTreeRegressor(max_depth=1, random_state=0),
        "linear": make_pipeline(StandardScaler(), Ridge()),
        "nearest_neighbour": make_pipeline(StandardScaler(), KNeighborsRegressor(1)),
    }
