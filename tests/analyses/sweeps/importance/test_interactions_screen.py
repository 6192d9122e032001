"""The screen for products beside statsmodels and scikit-learn: every product, tested one by one."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import scipy.stats
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import column
from sklearn.linear_model import Ridge

from hpowh.analyses.sweeps.importance.interactions import LEAST, append, screen
from hpowh.analyses.sweeps.reading.prepare import prepare

SEEDS = st.integers(0, 10**6)


def plain_screen(matrix: np.ndarray, owners: list[int], is_number: list[bool], values: np.ndarray):
    """Every product of features of two hyperparameters: partial correlation given both features and their squares
    with what all features and squares leave (by a ridge where they are a third of the trials), Bonferroni's p-value."""
    z = (matrix - matrix.mean(axis=0)) / matrix.std(axis=0)
    everything = np.column_stack([z, z[:, is_number] ** 2])
    ridge = Ridge(1e-6 if 3 * everything.shape[1] < len(values) else len(values))
    left = values - ridge.fit(everything, values).predict(everything)
    pairs = [(i, j) for i, j in combinations(range(z.shape[1]), 2) if owners[i] != owners[j]]
    result = {}
    for i, j in pairs:
        a, b = z[:, i], z[:, j]
        known = [np.ones(len(a)), a, b]
        known += [one**2 for one, number in ((a, is_number[i]), (b, is_number[j])) if number]
        fit = sm.OLS(left, np.column_stack([*known, a * b])).fit()
        free = len(a) - 6
        r = fit.tvalues[-1] / np.sqrt(fit.tvalues[-1] ** 2 + fit.df_resid)
        p = 2 * scipy.stats.t.sf(abs(r) * np.sqrt(free / (1 - r * r)), free)
        result[i, j] = (r, min(1.0, p * len(pairs)))
    return result


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.sampled_from([30, 33, 34, 120]))
def test_products_are_those_of_least_squares(seed, n):
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, 4))
    kind = random.choice(["a", "b", "c"], n)
    values = x[:, 0] * x[:, 1] + np.where(kind == "a", 1.0, -0.3) * x[:, 2] + x[:, 3] ** 2 + random.normal(size=n)
    prepared = prepare([*(column(f"x{j}", x[:, j].tolist()) for j in range(4)), column("kind", kind.tolist())])
    owners = [feature.hyperparameter for feature in prepared.features]
    wanted = plain_screen(prepared.one_hot, owners, [f.level is None for f in prepared.features], values)
    found = screen(prepared.one_hot, prepared.features, values)
    clear = sorted((p, pair) for pair, (_, p) in wanted.items() if p < 0.05)[:10]
    assert [(one.first, one.second) for one in found] == [pair for _, pair in clear]
    for one in found:
        partial, p = wanted[one.first, one.second]
        assert (one.partial, one.p_adjusted) == (pytest.approx(partial), pytest.approx(p, rel=1e-4))
        assert one.centre_first == pytest.approx(prepared.one_hot[:, one.first].mean())
        assert one.centre_second == pytest.approx(prepared.one_hot[:, one.second].mean())


def test_more_features_than_trials_are_screened_all_the_same():
    random = np.random.default_rng(3)
    x = random.normal(size=(60, 80))
    prepared = prepare([column(f"x{j}", x[:, j].tolist()) for j in range(80)])
    found = screen(prepared.one_hot, prepared.features, 5 * x[:, 3] * x[:, 70])
    assert [(one.first, one.second) for one in found][:1] == [(3, 70)]


def test_no_product_of_too_little():
    random = np.random.default_rng(4)
    x = random.normal(size=(LEAST, 2))
    prepared = prepare([column("a", x[:, 0].tolist()), column("b", x[:, 1].tolist())])
    value = x[:, 0] * x[:, 1]
    assert len(screen(prepared.one_hot, prepared.features, value)) == 1
    assert screen(prepared.one_hot[:-1], prepared.features, value[:-1]) == []
    assert screen(prepared.one_hot, prepared.features, np.ones(LEAST)) == []
    assert screen(prepared.one_hot[:, :1], prepared.features[:1], value) == []
    assert append(prepared.one_hot, []) is prepared.one_hot
