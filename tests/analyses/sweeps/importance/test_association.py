"""Correlations, confounding and least squares against second implementations and cases with known answers."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from planted import column

from hpowh.analyses.sweeps.importance.confounding import associate, cramer
from hpowh.analyses.sweeps.importance.correlate import correlate, eta_squared
from hpowh.analyses.sweeps.importance.linear import ALIASED, design, fit_linear
from hpowh.analyses.sweeps.reading.prepare import prepare


def test_pearson_and_spearman_and_their_intervals():
    random = np.random.default_rng(1)
    x = random.normal(size=50)
    y = 0.5 * x + random.normal(size=50)
    values = [v if i >= 5 else None for i, v in enumerate(x.tolist())]
    pearson, spearman = correlate([prepare([column("x", values)]).used[0]], y)
    there = scipy.stats.pearsonr(x[5:], y[5:])
    interval = there.confidence_interval()
    assert (pearson.coefficient, pearson.p, pearson.count) == (pytest.approx(there[0]), pytest.approx(there[1]), 45)
    assert (pearson.lower, pearson.upper) == (pytest.approx(interval.low), pytest.approx(interval.high))
    rho = scipy.stats.spearmanr(x[5:], y[5:])[0]
    error = np.sqrt((1 + rho**2 / 2) / 42)
    assert spearman.coefficient == pytest.approx(rho)
    assert np.arctanh(spearman.upper) - np.arctanh(spearman.lower) == pytest.approx(2 * 1.959964 * error)


def test_the_share_between_levels_is_that_of_the_anova_and_its_interval_inverts_the_noncentral_f():
    random = np.random.default_rng(2)
    levels = np.repeat([0.0, 1.0, 2.0], 20)
    y = levels * 0.8 + random.normal(size=60)
    found = eta_squared("k", levels, y)
    f, p = scipy.stats.f_oneway(*(y[levels == v] for v in range(3)))
    assert found.coefficient == pytest.approx(1 - (1 - 2 * f / (2 * f + 57)) * 59 / 57)
    assert found.p == pytest.approx(p)
    for limit, share in ((found.lower, 0.975), (found.upper, 0.025)):
        size = 60 * limit / (1 - limit)
        assert scipy.stats.ncf.cdf(f, 2, 57, size) == pytest.approx(share, abs=1e-5)


def test_a_share_lies_in_its_interval_and_is_not_too_large_where_nothing_matters():
    """The plain eta squared would be 0.13 on average for twenty levels of 150 trials, outside its interval in most."""
    random = np.random.default_rng(0)
    shares = []
    for count, levels in ((40, 2), (40, 8), (150, 20)):
        for _ in range(60):
            found = eta_squared("k", np.arange(count) % float(levels), random.normal(size=count))
            assert found.lower <= found.coefficient <= found.upper
            if levels == 20:
                shares.append(found.coefficient)
    assert np.mean(shares) < 0.05


def test_too_few_trials_have_a_reason_instead_of_a_number():
    rows = correlate([prepare([column("x", [1.0, 2.0, 3.0, 4.0, 5.0])]).used[0]], np.ones(5))
    assert [(row.coefficient, row.reason) for row in rows] == [
        (None, "the metric does not vary among these trials")
    ] * 2


def test_confounding_of_every_kind():
    random = np.random.default_rng(3)
    x = random.uniform(size=200)
    kind = np.where(x > 0.5, "high", "low")
    raw = [
        column("x", x.tolist()),
        column("near_x", (x + 0.05 * random.normal(size=200)).tolist()),
        column("kind", kind.tolist()),
        column("kind2", [k if random.random() < 0.95 else "low" for k in kind]),
        column("free", random.uniform(size=200).tolist()),
        column("free_kind", random.choice(["a", "b", "c"], 200).tolist()),
    ]
    pairs = associate(list(prepare(raw).used))
    found = {frozenset((p.a, p.b)): (p.method, p.is_confounded) for p in pairs}
    assert found[frozenset(("x", "near_x"))] == ("spearman", True)
    assert found[frozenset(("x", "kind"))] == ("eta", True)
    assert found[frozenset(("kind", "kind2"))] == ("cramer", True)
    assert not any("free" in pair or "free_kind" in pair for pair in found)


def test_cramer_of_identical_and_of_independent_columns():
    a = np.repeat([0.0, 1.0, 2.0], 30)
    assert cramer(a, a) == pytest.approx(1.0)
    assert cramer(a, np.tile([0.0, 1.0, 2.0], 30)) == 0.0


def mixed(n: int = 120):
    random = np.random.default_rng(4)
    x, z = random.normal(size=n), random.uniform(1, 5, n)
    kind = random.choice(["p", "q", "r"], n)
    y = 2 * x - z + (kind == "q") + random.normal(size=n)
    return prepare([column("x", x.tolist()), column("z", z.tolist()), column("kind", kind.tolist())]), y


def test_least_squares_equals_statsmodels_on_the_same_matrix():
    import pandas as pd
    import statsmodels.formula.api as smf
    from statsmodels.stats.outliers_influence import variance_inflation_factor

    prepared, y = mixed()
    fit = fit_linear(prepared, y)
    frame = pd.DataFrame(prepared.codes, columns=["x", "z", "kind"]).assign(y=y)
    other = smf.ols("y ~ x + z + C(kind)", frame).fit()
    for name in ("coefficient", "standard_error", "t", "p"):
        theirs = {"coefficient": other.params, "standard_error": other.bse, "t": other.tvalues, "p": other.pvalues}[
            name
        ]
        ours = dict(zip([t.term for t in fit.terms], [getattr(t, name) for t in fit.terms], strict=True))
        assert ours["x"] == pytest.approx(theirs["x"], rel=1e-9)
        assert ours["z"] == pytest.approx(theirs["z"], rel=1e-9)
        levels = prepared.used[2].levels
        assert ours[f"kind={levels[1]}"] == pytest.approx(theirs["C(kind)[T.1.0]"], rel=1e-9)
    assert fit.r_squared == pytest.approx(other.rsquared)
    matrix, _ = design(prepared)
    assert [t.vif for t in fit.terms[1:]] == pytest.approx(
        [variance_inflation_factor(matrix, j) for j in range(1, matrix.shape[1])]
    )
    standard = smf.ols("y ~ x + z + C(kind)", frame.assign(y=(y - y.mean()) / y.std(), x=frame.x / frame.x.std(ddof=0)))
    assert fit.terms[1].standardised == pytest.approx(standard.fit().params["x"])


def test_left_out_r_squared_is_that_of_refitting_without_each_trial():
    prepared, y = mixed(30)
    matrix, _ = design(prepared)
    error = base = 0.0
    for i in range(30):
        rest = np.arange(30) != i
        error += (y[i] - matrix[i] @ np.linalg.lstsq(matrix[rest], y[rest], rcond=None)[0]) ** 2
        base += (y[i] - y[rest].mean()) ** 2
    assert fit_linear(prepared, y).r_squared_left_out == pytest.approx(1 - error / base)


def test_drop_is_what_refitting_without_the_hyperparameter_loses():
    prepared, y = mixed()
    fit = fit_linear(prepared, y)
    matrix, terms = design(prepared)
    keep = [i for i, t in enumerate(terms) if t.hyperparameter != "kind"]
    rest = y - matrix[:, keep] @ np.linalg.lstsq(matrix[:, keep], y, rcond=None)[0]
    assert fit.drop["kind"] == pytest.approx(fit.r_squared - (1 - rest @ rest / ((y - y.mean()) ** 2).sum()))


def test_a_linear_combination_is_named_and_the_others_estimated():
    random = np.random.default_rng(6)
    x, z = random.normal(size=40), random.normal(size=40)
    prepared = prepare([column("x", x.tolist()), column("z", z.tolist()), column("sum", (x + z).tolist())])
    fit = fit_linear(prepared, x + random.normal(size=40))
    assert [(t.coefficient is None, t.reason) for t in fit.terms] == [(False, None)] * 3 + [(True, ALIASED)]


def test_more_terms_than_trials_have_a_reason():
    random = np.random.default_rng(7)
    raw = [column(f"x{i}", random.normal(size=10).tolist()) for i in range(12)]
    fit = fit_linear(prepare(raw), random.normal(size=10))
    assert fit.reason == "10 trials are too few for 13 terms"
    assert all(t.coefficient is None and t.reason == fit.reason for t in fit.terms)
