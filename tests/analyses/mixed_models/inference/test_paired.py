"""Tables of one value for each benchmark and algorithm, in which an algorithm varies more than the others."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from hpowh.analyses.mixed_models.inference.contrasts import pairwise
from hpowh.analyses.mixed_models.inference.margins import marginal_means
from hpowh.analyses.mixed_models.inference.satterthwaite import satterthwaite
from hpowh.analyses.mixed_models.studies.analysis import Question, describe, pair_statements
from hpowh.analyses.mixed_models.studies.fitting import Chosen, fit_to_compare
from hpowh.analyses.rankings.tiers import rank_sets

from ..conftest import DEFAULT, cells_of

FORMULA = DEFAULT.replace("value", "y")


def drawn(seed: int, blocks: int, size: int, wide: float, apart: float = 0.0) -> np.ndarray:
    """Draw a table (benchmarks, algorithms) whose last algorithm varies `wide` times as much; the second is worse."""
    rng = np.random.default_rng(seed)
    spread = np.r_[np.ones(size - 1), wide]
    table = 2.0 * rng.standard_normal((blocks, 1)) + spread * rng.standard_normal((blocks, size))
    table[:, 1] += apart
    return table


def rows_of(table: np.ndarray) -> dict[str, np.ndarray]:
    b, a = (index.ravel() for index in np.indices(table.shape))
    names = {"benchmark": np.array([f"b{i:02d}" for i in b]), "algorithm": np.array([f"a{i:02d}" for i in a])}
    return names | {"y": table.ravel()}


def compared(table: np.ndarray, **options: str) -> Chosen:
    return fit_to_compare(FORMULA, cells_of(FORMULA, rows_of(table)), **options)


def least_p(table: np.ndarray, **options: str) -> float:
    fit = compared(table, **options).fit
    return float(pairwise(fit, satterthwaite(fit), marginal_means(fit, "algorithm")[0], "tukey").p_adjusted.min())


def test_every_difference_has_the_paired_t_test_of_its_own_values():
    table = drawn(1, 8, 4, 5.0, 3.0)
    found = compared(table)
    assert "every difference is judged by its own spread over the 8 benchmarks" in found.said[1]
    tables = describe(found.fit, Question())
    places = itertools.combinations(range(4), 2)
    for row, (i, j) in zip(tables["lmem_contrast"], places, strict=True):
        known = stats.ttest_rel(table[:, i], table[:, j])
        ends = known.confidence_interval(1 - 0.05 / 6)
        assert (row["method"], row["df"]) == ("bonferroni", 7)
        assert [row["t_value"], row["p_value"]] == pytest.approx([known.statistic, known.pvalue], rel=1e-9)
        assert row["p_adjusted"] == pytest.approx(min(1.0, 6 * known.pvalue), rel=1e-9)
        assert [row["lower"], row["upper"]] == pytest.approx([ends.low, ends.high], rel=1e-9)
    errors = [row["standard_error"] for row in tables["lmem_marginal_mean"]]
    assert errors == pytest.approx(table.std(axis=0, ddof=1) / np.sqrt(8), rel=1e-9)
    # Greenhouse and Geisser's epsilon by the doubly centred covariance (Box 1954, theorem 6.1).
    covariance = np.cov(table, rowvar=False)
    centred = covariance - covariance.mean(axis=0) - covariance.mean(axis=1)[:, None] + covariance.mean()
    epsilon = np.trace(centred) ** 2 / (3 * (centred**2).sum())
    means = table.mean(axis=0)
    left = table - means - table.mean(axis=1, keepdims=True) + table.mean()
    f = 8 * ((means - means.mean()) ** 2).sum() / 3 / ((left**2).sum() / 21)
    (joint,) = tables["lmem_anova"]
    assert (joint["df1"], joint["df2"]) == (3, 21)
    assert joint["statistic"] == pytest.approx(f, rel=1e-9)
    assert joint["p_value"] == pytest.approx(stats.f.sf(f, 3 * epsilon, 21 * epsilon), rel=1e-9)
    assert f"epsilon {epsilon:.2f}" in joint["method"]


def test_a_new_benchmark_has_the_spread_of_the_difference():
    table = drawn(2, 12, 3, 6.0)
    (row, *_) = pair_statements(compared(table).fit, Question(), "algorithm", "model")
    apart = table[:, 0] - table[:, 1]
    assert row["standardised"] == pytest.approx(apart.mean() / apart.std(ddof=1), rel=1e-9)
    assert row["probability"] == pytest.approx(stats.norm.cdf(-apart.mean() / apart.std(ddof=1)), rel=1e-9)


def test_algorithms_that_vary_alike_are_compared_by_their_common_spread():
    table = next(one for one in (drawn(seed, 10, 4, 1.0) for seed in range(50)) if len(compared(one).said) == 1)
    assert describe(compared(table).fit, Question())["lmem_contrast"][0]["method"] == "tukey"
    asked = compared(table, variance="algorithm")
    assert asked.said[1].startswith("As asked")
    assert asked.fit.own is not None
    assert compared(drawn(1, 8, 4, 5.0), variance="equal").fit.own is None


def test_a_table_with_a_hole_has_no_paired_rows_and_says_what_that_means():
    table = drawn(3, 9, 4, 8.0)
    rows = rows_of(table)
    holed = {name: values[1:] for name, values in rows.items()}
    found = fit_to_compare(FORMULA, cells_of(FORMULA, holed))
    assert found.fit.own is None
    assert any("cannot have a variance of its own" in said for said in found.said)


@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_units_and_offsets_change_nothing(unit: float):
    table = drawn(4, 7, 3, 5.0, 1.0)
    assert least_p(unit * table) == pytest.approx(least_p(table), rel=1e-9)
    assert least_p(table + 1e6) == pytest.approx(least_p(table), rel=1e-6)


def test_tiers_and_pairs_say_the_same_of_every_pair():
    for seed in range(20):
        table = drawn(seed, 8, 4, 5.0, 2.5)
        fit = compared(table).fit
        if fit.own is None:
            continue
        means = marginal_means(fit, "algorithm")[0]
        pairs = pairwise(fit, satterthwaite(fit), means, "tukey")
        covariance = means.matrix @ fit.covariance @ means.matrix.T
        sets = rank_sets(means.matrix @ fit.beta, covariance, 7.0, is_apart=True)
        for at, (i, j) in enumerate(itertools.combinations(range(4), 2)):
            assert (sets.is_better[i, j] or sets.is_better[j, i]) == (pairs.p_adjusted[at] < 0.05)


@pytest.mark.parametrize("count", [150, pytest.param(2000, marks=pytest.mark.slow)])
def test_no_difference_is_found_where_there_is_none(count: int):
    """5 benchmarks, 6 algorithms, one five times as variable: taken as alike, 12 to 18 % of tables show something."""
    tables = [drawn(seed, 5, 6, 5.0) for seed in range(count)]
    found = sum(least_p(table) < 0.05 for table in tables)
    assert found <= stats.binom.ppf(0.999, count, 0.055)
    alike = sum(least_p(table, variance="equal") < 0.05 for table in tables[:150])
    assert alike > stats.binom.ppf(0.975, 150, 0.05)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("blocks", "size", "wide"), [(5, 6, 1.0), (5, 3, 1.0), (8, 6, 2.0), (12, 6, 1.0), (30, 5, 3.0)]
)
def test_choosing_by_the_data_costs_little_of_the_level(blocks: int, size: int, wide: float):
    found = sum(least_p(drawn(seed, blocks, size, wide)) < 0.05 for seed in range(1500))
    assert found / 1500 < 0.085
