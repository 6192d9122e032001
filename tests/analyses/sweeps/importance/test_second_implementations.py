"""Adjusted p-values, independent columns and confounding beside statsmodels, scipy and plain algebra."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import statsmodels.formula.api as smf
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from planted import column
from statsmodels.stats.multitest import multipletests

from hpowh.analyses.sweeps.importance.confounding import CONFOUNDED, MOST, WORTH, Pair, associate, cramer
from hpowh.analyses.sweeps.importance.correlate import correlate, eta_squared, pearson, spearman
from hpowh.analyses.sweeps.importance.linear import fit_linear, independent, inflation
from hpowh.analyses.sweeps.reading.prepare import prepare

SEEDS = st.integers(0, 10**6)


def any_sweep(seed: int, n: int, strength: float):
    """Three numbers, one of them with gaps, and two categories; the metric follows one of each."""
    random = np.random.default_rng(seed)
    x, y, z = random.normal(size=(3, n))
    kind, other = random.choice(["a", "b", "c"], n), random.choice(["u", "v"], n)
    gaps = [v if random.random() < 0.8 else None for v in z.tolist()]
    raw = [column("x", x.tolist()), column("kind", kind.tolist()), column("y", y.tolist()), column("z", gaps)]
    raw.append(column("other", other.tolist()))
    return raw, strength * (x + (kind == "a")) + random.normal(size=n)


@settings(max_examples=6, deadline=None)
@given(SEEDS, st.integers(8, 40), st.sampled_from([0.0, 0.3, 2.0]))
def test_adjusted_p_values_are_those_of_statsmodels(seed, n, strength):
    """Holm over the hyperparameters, once with Pearson's r and once with Spearman's rho; categories stand in both."""
    raw, metric = any_sweep(seed, n, strength)
    rows = correlate(list(prepare(raw).used), metric)
    adjusted: dict[int, float] = {}
    for method in ("pearson", "spearman"):
        members = [i for i, row in enumerate(rows) if row.method in (method, "eta2") and row.p is not None]
        for i, p in zip(members, multipletests([rows[i].p for i in members], method="holm")[1], strict=True):
            adjusted[i] = max(adjusted.get(i, 0.0), p)
    assert [row.p_adjusted for row in rows] == [
        None if row.p is None else pytest.approx(adjusted[i]) for i, row in enumerate(rows)
    ]
    assert all(row.p_adjusted >= row.p for row in rows if row.p is not None)


@pytest.mark.parametrize(("x", "y", "reason"), [
    ([1.0, 2.0, 4.0], [1.0, 3.0, 2.0], "3 trials have a value, at least 4 are needed"),
    ([1.0, 1.0, 1.0, 1.0], [1.0, 3.0, 2.0, 0.0], "the hyperparameter does not vary among these trials"),
    ([1.0, 3.0, 2.0, 0.0], [1.0, 1.0, 1.0, 1.0], "the metric does not vary among these trials"),
])  # fmt: skip
def test_no_correlation_has_a_reason_and_no_number(x, y, reason):
    for method in (pearson, spearman):
        found = method("x", np.array(x), np.array(y))
        assert (found.reason, found.coefficient, found.p, found.p_adjusted) == (reason, None, None, None)
        assert found.count == len(x)


def test_four_trials_have_an_interval():
    found = pearson("x", np.array([1.0, 2, 3, 4]), np.array([1.0, 3, 2, 4]))
    known = scipy.stats.pearsonr([1, 2, 3, 4], [1, 3, 2, 4])
    assert (found.coefficient, found.p) == (pytest.approx(known.statistic), pytest.approx(known.pvalue))
    assert found.lower == pytest.approx(known.confidence_interval().low)


def test_a_perfect_line_keeps_its_interval_finite():
    found = pearson("x", np.arange(6.0), 3 * np.arange(6.0) - 1)
    assert found.coefficient == pytest.approx(1.0)
    assert 0.99 < found.lower <= found.upper <= 1.0


@pytest.mark.parametrize("metric", [[1.0, 1, 1, 2, 2, 2, 5, 5, 5], [1.0, 1, 1, 2, 2, 2, 5, 5, 5 + 1e-9]])
def test_levels_that_explain_all_or_nearly_all(metric):
    found = eta_squared("k", np.repeat([0.0, 1.0, 2.0], 3), np.array(metric))
    assert (found.coefficient, found.upper) == (pytest.approx(1.0), pytest.approx(1.0, abs=1e-3))
    assert found.p < 1e-12


def test_levels_that_explain_nothing_have_an_interval_from_zero():
    levels, metric = np.tile([0.0, 1.0], 10), np.repeat(np.arange(10.0), 2)
    found = eta_squared("k", levels, metric)
    assert (found.coefficient, found.lower, found.p) == (pytest.approx(0.0, abs=1e-12), 0.0, pytest.approx(1.0))
    assert found.upper == pytest.approx(0.0, abs=1e-6)  # F = 0 lies below any noncentral share


def test_as_many_levels_as_trials_have_a_reason():
    found = eta_squared("k", np.arange(5.0), np.arange(5.0))
    assert (found.coefficient, found.reason) == (None, "5 trials for 5 levels")


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_a_column_is_kept_where_the_rank_grows_whatever_its_scale(seed):
    """Columns of scales from 1e-12 to 1e12, some of them sums of earlier ones, some zero."""
    random = np.random.default_rng(seed)
    rows, columns = 30, int(random.integers(2, 9))
    matrix = random.normal(size=(rows, columns))
    for j in range(1, columns):
        if random.random() < 0.4:
            matrix[:, j] = matrix[:, :j] @ random.integers(-2, 3, j)
    expected, rank = [], 0
    for j in range(columns):
        grown = int(np.linalg.matrix_rank(matrix[:, : j + 1], tol=1e-8))
        if grown > rank:
            expected.append(j)
        rank = grown
    assert independent(matrix * 10.0 ** random.integers(-12, 13, columns)) == expected


def test_one_hyperparameter_alone_inflates_nothing():
    random = np.random.default_rng(2)
    x = random.normal(size=20)
    fit = fit_linear(prepare([column("x", x.tolist())]), x + random.normal(size=20))
    assert [term.vif for term in fit.terms] == [None, pytest.approx(1.0)]
    assert inflation(np.ones((5, 1))) == [None]


def test_a_level_is_set_beside_the_mean_of_all_trials_of_other_levels():
    """With one category alone: means of the rows, and the t-test of that contrast with what varies within levels."""
    random = np.random.default_rng(6)
    kind = np.repeat(["a", "b", "c"], [9, 6, 5])
    metric = np.array([{"a": 0.0, "b": 1.5, "c": 0.4}[one] for one in kind]) + random.normal(size=20)
    found = fit_linear(prepare([column("kind", kind.tolist())]), metric).levels
    within = sum(((metric[kind == one] - metric[kind == one].mean()) ** 2).sum() for one in "abc") / (20 - 3)
    for name, level in zip("abc", ("", "b", "c"), strict=True):  # the most frequent one is the reference
        own, others = metric[kind == name], metric[kind != name]
        difference = own.mean() - others.mean()
        error = np.sqrt(within * (1 / len(own) + 1 / len(others)))
        p = 2 * scipy.stats.t.sf(abs(difference) / error, 17)
        assert found["kind", level] == (pytest.approx(difference), pytest.approx(p))


def plain_association(a: pd.Series, b: pd.Series) -> tuple[str, float, int]:
    """Spearman's rho, the root of the adjusted R squared, or Bergsma's V, over the trials that have both."""
    both = pd.DataFrame({"a": a, "b": b}).dropna()
    numbers = [name for name in "ab" if pd.api.types.is_numeric_dtype(both[name])]
    if len(numbers) == 2:
        return "spearman", scipy.stats.spearmanr(both.a, both.b).statistic, len(both)
    if numbers:
        level = "a" if numbers == ["b"] else "b"
        share = smf.ols(f"{numbers[0]} ~ C({level})", both).fit().rsquared_adj
        return "eta", max(0.0, share) ** 0.5, len(both)
    table = pd.crosstab(both.a, both.b).to_numpy()
    n, (r, c) = len(both), table.shape
    phi = scipy.stats.chi2_contingency(table, correction=False).statistic / n
    phi = max(0.0, phi - (r - 1) * (c - 1) / (n - 1))
    size = min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1
    return "cramer", min(1.0, (phi / size) ** 0.5), n


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.integers(12, 80))
def test_associations_are_those_of_scipy_and_statsmodels(seed, n):
    random = np.random.default_rng(seed)
    x = random.normal(size=n)
    near, far = x + random.normal(size=n) * random.choice([0.2, 1.0]), -x + random.normal(size=n)
    kind = np.where(x + random.normal(size=n) > 0, "a", np.where(random.random(n) < 0.5, "b", "c"))
    other = np.where(random.random(n) < 0.8, kind, "a")
    gaps = [v if random.random() < 0.7 else None for v in near.tolist()]
    raw = [column("x", x.tolist()), column("kind", kind.tolist()), column("near", gaps), column("far", far.tolist()),
           column("other", other.tolist())]  # fmt: skip
    used = list(prepare(raw).used)
    assume(len(used) == len(raw))  # a level that is too rare is left out
    found = {one.name: one.text if used[i].kind == "categorical" else one.number for i, one in enumerate(raw)}
    frame = pd.DataFrame(found)
    wanted = {}
    for a, b in combinations([one.name for one in used], 2):
        method, strength, count = plain_association(frame[a], frame[b])
        if abs(strength) >= WORTH and count >= 10:
            wanted[a, b] = (method, pytest.approx(strength), count)
    found = associate(used)
    assert {(pair.a, pair.b): (pair.method, pair.coefficient, pair.count) for pair in found} == wanted
    strengths = [abs(pair.coefficient) for pair in found]
    assert strengths == sorted(strengths, reverse=True)


def test_pairs_of_nine_trials_are_left_out_and_of_ten_are_not():
    x = np.linspace(0, 1, 40)
    for there, is_listed in ((9, False), (10, True)):
        gaps = [float(v) if i < there else None for i, v in enumerate(x)]
        used = list(prepare([column("x", x.tolist()), column("gaps", [g and g**2 + 0.1 for g in gaps])]).used)
        levels = list(prepare([column("kind", ["a" if v < 0.13 else "b" for v in x]), column("gaps", gaps)]).used)
        assert [bool(associate(used)), bool(associate(levels))] == [is_listed, is_listed]


def test_what_does_not_vary_where_both_are_is_no_pair():
    x = [1.0] * 15 + [2.0] * 15
    half = [0.1 * i if i < 15 else None for i in range(30)]
    kind = ["a"] * 15 + ["b"] * 15
    raw = [column("x", x), column("half", half), column("kind", kind), column("flat", [3.0] * 15 + [None] * 14 + [4.0])]
    pairs = {(pair.a, pair.b) for pair in associate(list(prepare(raw).used))}
    assert not any("half" in pair for pair in pairs)


def test_the_strongest_pairs_are_listed_up_to_a_number():
    base = np.linspace(0, 1, 30)
    random = np.random.default_rng(0)
    raw = [column(f"x{i}", (base + 0.3 * random.normal(size=30)).tolist()) for i in range(40)]
    used = list(prepare(raw).used)
    found = associate(used)
    table = pd.DataFrame({one.name: one.values for one in used}).corr(method="spearman").to_numpy()
    everything = table[np.triu_indices(40, 1)].tolist()
    assert len(found) == MOST
    assert [pair.coefficient for pair in found] == pytest.approx(sorted(everything, reverse=True)[:MOST])


def test_confounded_from_the_limit_on_in_either_direction():
    limits = [Pair("a", "b", "spearman", value, 20).is_confounded for value in (CONFOUNDED, -CONFOUNDED, 0.699)]
    assert limits == [True, True, False]


def test_cramer_of_a_constant_column_is_zero():
    assert cramer(np.zeros(20), np.tile([0.0, 1.0], 10)) == 0.0
