"""The published analysis, beside the published code."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from planted import column
from sklearn.ensemble import ExtraTreesRegressor

from hpowh.analyses.sweeps.importance.published import MOST_LEVELS, published
from hpowh.analyses.sweeps.reading.columns import Raw


def sweep(n: int = 80) -> tuple[list[Raw], pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(5)
    layer = np.where(random.random(n) < 0.3, np.nan, random.integers(8, 256, n).astype(float))
    frame = pd.DataFrame({
        "activation": random.choice(["relu", "elu", "tanh"], n), "batch": random.choice([16.0, 32.0, 64.0], n),
        "layer": layer, "nesterov": random.random(n) < 0.5, "optimizer": random.choice(["adam", "sgd"], n),
        "rate": 10 ** random.uniform(-5, -1, n),
    })  # fmt: skip
    frame.loc[frame.index[:4], "optimizer"] = None
    y = np.log10(frame["rate"]) ** 2 + (frame["optimizer"] == "sgd") + random.normal(size=n)
    raw = []
    for name in frame:
        values = [None if pd.isna(v) else str(v).lower() if isinstance(v, bool) else v for v in frame[name].tolist()]
        raw.append(column(name, values))
    return raw, frame, y.to_numpy()


def test_it_is_what_the_published_code_gives():
    raw, frame, y = sweep()
    filled = frame.fillna(frame.mean(numeric_only=True))
    design = pd.get_dummies(filled).astype(float)
    fit = sm.OLS(y, design).fit()
    forest = ExtraTreesRegressor(250, random_state=0).fit(design, y)
    found = published(raw, y)
    names = [one.hyperparameter if one.level is None else f"{one.hyperparameter}_{one.level}" for one in found]
    assert names == list(design)
    assert [one.correlation for one in found] == pytest.approx(design.corrwith(pd.Series(y)).tolist(), rel=1e-12)
    assert [one.coefficient for one in found] == pytest.approx(fit.params.tolist(), rel=1e-9)
    assert [one.standard_error for one in found] == pytest.approx(fit.bse.tolist(), rel=1e-9)
    assert [one.t for one in found] == pytest.approx(fit.tvalues.tolist(), rel=1e-8)
    assert [one.p for one in found] == pytest.approx(fit.pvalues.tolist(), rel=1e-7)
    assert [one.importance for one in found] == forest.feature_importances_.tolist()
    spread = np.std([tree.feature_importances_ for tree in forest.estimators_], axis=0)
    assert [one.deviation for one in found] == pytest.approx(spread.tolist())


def test_more_columns_than_trials_have_coefficients_and_no_test():
    random = np.random.default_rng(0)
    raw = [column(f"x{j}", random.uniform(size=4).tolist()) for j in range(6)]
    found = published(raw, random.normal(size=4))
    assert [(one.standard_error, one.t, one.p) for one in found] == [(None, None, None)] * 6
    assert all(np.isfinite(one.coefficient) for one in found)


def test_what_never_varies_has_no_correlation_and_texts_of_many_levels_are_left_out():
    names = [f"path{i}" for i in range(MOST_LEVELS + 1)]
    raw = [column("path", names), column("same", [1.0] * len(names)), column("empty", [None] * len(names))]
    (found,) = published(raw, np.arange(len(names), dtype=float))
    assert (found.hyperparameter, found.correlation) == ("same", None)
    assert published(raw[:1], np.arange(len(names), dtype=float)) == []
