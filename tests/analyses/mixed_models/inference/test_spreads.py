"""Tests of equal variances: their level under heavy tails, what they find, and what the model makes of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from hpowh.analyses.mixed_models.inference.compare import NotComparableError, compare_formulas
from hpowh.analyses.mixed_models.inference.contrasts import pairwise
from hpowh.analyses.mixed_models.inference.margins import marginal_means
from hpowh.analyses.mixed_models.inference.satterthwaite import satterthwaite
from hpowh.analyses.mixed_models.inference.spreads import interaction_test, mixture_sf, residual_test, widest_test
from hpowh.analyses.mixed_models.model.cells import Cells, cells_from_rows
from hpowh.analyses.mixed_models.model.fit import fit
from hpowh.analyses.mixed_models.model.subset import scaled_by
from hpowh.analyses.mixed_models.studies.fitting import fit_to_compare

PLAIN = "y ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
DIAGONAL = "y ~ algorithm + (1|benchmark) + diag(0+algorithm|benchmark)"


def cells_of(y: np.ndarray) -> Cells:
    b, a, _ = (index.ravel() for index in np.indices(y.shape))
    return cells_from_rows(y.ravel(), {"algorithm": np.array(list("ABCDEF"))[a], "benchmark": b}, {})


def drawn(
    rng: np.random.Generator, *, shape: tuple[int, int, int], spread: float = 1.0, interaction: float = 0.5
) -> Cells:
    """Draw an experiment whose benchmarks' spreads go from 1 to `spread`; A's interaction is `interaction`."""
    benchmarks, algorithms, seeds = shape
    effects = 0.5 * rng.standard_normal((benchmarks, algorithms))
    effects[:, 0] *= interaction / 0.5
    scale = spread ** np.linspace(0, 1, benchmarks)
    noise = rng.standard_normal((benchmarks, algorithms, seeds))
    return cells_of(rng.standard_normal(benchmarks)[:, None, None] + effects[:, :, None] + scale[:, None, None] * noise)


@pytest.mark.parametrize("tails", ["normal", "t3", "lognormal"])
def test_heavy_tails_are_not_taken_for_unequal_variances(tails):
    rng, count = np.random.default_rng(7), 400
    draw = {
        "normal": rng.standard_normal,
        "t3": lambda size: rng.standard_t(3, size),
        "lognormal": lambda size: np.exp(rng.standard_normal(size)),
    }[tails]
    hits = sum(residual_test(cells_of(draw((8, 4, 6)))).p_value < 0.05 for _ in range(count))
    assert stats.binom.ppf(1e-4, count, 0.05) <= hits <= stats.binom.isf(1e-4, count, 0.05)


def test_the_interaction_test_is_chi_squared():
    """The common variance is well away from zero, so the ratio has its textbook distribution."""
    rng, count = np.random.default_rng(8), 40
    p_values = []
    for _ in range(count):
        found = fit(PLAIN, drawn(rng, shape=(20, 3, 5), interaction=0.5))
        p_values.append(interaction_test(found)[0].p_value)
    assert stats.kstest(p_values, "uniform").pvalue > 1e-3


def test_a_variance_at_zero_has_a_mixture():
    assert mixture_sf(0.0, 3) == 1.0
    expected = sum(w * stats.chi2.sf(2.0, k) for w, k in ((3 / 8, 1), (3 / 8, 2), (1 / 8, 3)))
    assert mixture_sf(2.0, 3) == pytest.approx(expected)


def test_unlike_spreads_get_variances_of_their_own_and_an_unlike_algorithm_too():
    rng = np.random.default_rng(10)
    cells = drawn(rng, shape=(8, 3, 6), spread=50.0)
    chosen = fit_to_compare(PLAIN, cells)
    assert chosen.fit.classes is not None
    quick = fit_to_compare(PLAIN, cells, with_tests=False)  # leaves out a test that changes nothing, and only that
    assert (quick.tests, quick.said) == (chosen.tests, chosen.said)
    assert np.array_equal(quick.fit.theta, chosen.fit.theta) and satterthwaite(quick.fit) is satterthwaite(quick.fit)
    assert [test.is_used for test in chosen.tests] == [True, False]
    assert "own residual variance" in chosen.said[0]
    cells = drawn(rng, shape=(12, 4, 6), interaction=3.0)
    chosen = fit_to_compare(PLAIN, cells)
    assert chosen.fit.classes is None
    assert fit_to_compare(PLAIN, cells, with_tests=False).said == chosen.said
    assert [test.is_used for test in chosen.tests] == [False, True]
    assert str(chosen.fit.formula) == "y ~ algorithm + (1 | benchmark) + diag(0 + algorithm | benchmark)"
    equal = fit_to_compare(PLAIN, drawn(rng, shape=(12, 4, 6), interaction=3.0), variance="equal")
    assert (equal.fit.classes, equal.said) == (None, ())


def weighted(y: np.ndarray):
    return fit("y ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)", cells_of(y), variance="benchmark")


def test_the_widest_algorithm_is_found_by_an_exact_test():
    """The largest ratio by plain loops over algorithms, of the table as it is or scaled, whichever tells less."""
    y = np.random.default_rng(4).standard_normal((6, 4, 5)) * np.linspace(1, 9, 6)[:, None, None]
    found, ratios, ratios_of = weighted(y), [], []
    deviations = np.sqrt(y.var(axis=2, ddof=1).mean(axis=1))
    assert found.class_sds[found.classes.of_level] == pytest.approx(deviations, rel=0.2)  # so near are REML's
    for table in (y.mean(axis=2), y.mean(axis=2) / found.class_sds[found.classes.of_level][:, None]):
        each = []
        for k in range(4):
            rest = [j for j in range(4) if j != k]
            apart = [table[i, k] - sum(table[i, j] for j in rest) / 3 for i in range(6)]
            middle = sum(apart) / 6
            own = sum((one - middle) ** 2 for one in apart) / 5 * 3 / 4
            left = table[:, rest]
            left = left - left.mean(axis=0) - left.mean(axis=1, keepdims=True) + left.mean()
            each.append(own / ((left**2).sum() / 10))
        ratios.append(max(each))
        ratios_of.append(each.index(max(each)))
    test, name = widest_test(found)
    assert name == "ABCD"[ratios_of[ratios.index(min(ratios))]]
    assert test.statistic == pytest.approx(min(ratios), rel=1e-9)
    assert test.p_value == pytest.approx(min(1.0, 4 * stats.f.sf(min(ratios), 5, 10)))
    plain, _ = widest_test(fit(PLAIN, cells_of(y)))  # one residual variance: the table as it is
    assert plain.statistic == pytest.approx(ratios[0], rel=1e-9)
    assert np.isnan(widest_test(weighted(y[:, :2]))[0].p_value)


@pytest.mark.parametrize(("spread", "least", "most"), [(1.0, 0.0, 0.05), (5.0, 0.7, 1.0)])
def test_one_value_a_pair_does_not_hide_that_an_algorithm_varies_more(spread, least, most):
    rng, count, said = np.random.default_rng(3), 60, 0
    for _ in range(count):
        y = rng.standard_normal((8, 4, 1))
        y[:, 1] *= spread
        chosen = fit_to_compare("y ~ algorithm + (1|benchmark)", cells_of(y + rng.standard_normal((8, 1, 1))))
        told = [one for one in chosen.said if "varies more between benchmarks" in one]
        said += bool(told)
        assert not told or spread == 1.0 or told[0].startswith("B varies more")
        assert chosen.tests[1].is_used == (chosen.fit.own is not None) == (chosen.tests[1].p_value < 0.2)
    twice = np.repeat(y, 2, axis=2) + 0.1 * rng.standard_normal((8, 4, 2))  # several rows a pair: not that question
    assert not any(
        "varies more" in one for one in fit_to_compare("y ~ algorithm + (1|benchmark)", cells_of(twice)).said
    )
    assert stats.binom.ppf(1e-3, count, least) <= said <= stats.binom.isf(1e-3, count, most)


@pytest.mark.parametrize("goes_with_scale", [True, False])
@pytest.mark.parametrize("count", [30, pytest.param(600, marks=pytest.mark.slow)])
def test_unlike_scales_are_not_taken_for_a_wide_algorithm(goes_with_scale, count):
    rng, hits = np.random.default_rng(5), 0
    for _ in range(count):
        scale = 50.0 ** rng.uniform(size=(8, 1, 1))
        interaction = 0.5 * rng.standard_normal((8, 4, 1))
        y = interaction * (scale if goes_with_scale else 1.0) + scale * rng.standard_normal((8, 4, 6))
        hits += widest_test(weighted(y))[0].p_value < 0.2
    assert hits <= stats.binom.isf(1e-3, count, 0.2)


@pytest.mark.parametrize("count", [12, pytest.param(300, marks=pytest.mark.slow)])
def test_a_wide_algorithm_gets_its_own_variance_where_benchmarks_have_theirs(count):
    """One of six algorithms varies five times as much; residual deviations of five benchmarks differ fivefold."""
    rng, hits, separated = np.random.default_rng(6), 0, 0
    for _ in range(count):
        interaction = 0.5 * rng.standard_normal((5, 6, 1))
        interaction[:, 0] *= 5.0
        y = interaction + np.geomspace(0.4, 2.0, 5)[:, None, None] * rng.standard_normal((5, 6, 10))
        chosen = fit_to_compare(PLAIN, cells_of(y))
        assert chosen.fit.classes is not None
        separated += chosen.tests[1].is_used
        pairs = pairwise(chosen.fit, satterthwaite(chosen.fit), marginal_means(chosen.fit, "algorithm")[0], "tukey")
        hits += bool((pairs.p_adjusted < 0.05).any())
    assert separated >= 0.75 * count
    assert hits <= stats.binom.isf(1e-3, count, 0.07)  # 0.07 of 200; with one variance for all 0.17


@pytest.mark.parametrize(("algorithms", "seeds", "is_own"), [(3, 3, False), (2, 4, False), (2, 5, True), (4, 3, True)])
def test_weights_from_few_seeds_are_not_taken_by_themselves(algorithms, seeds, is_own):
    """A benchmark's own variance needs 8 degrees of freedom, algorithms x (seeds - 1)."""
    cells = drawn(np.random.default_rng(2), shape=(12, algorithms, seeds), spread=500.0)
    chosen = fit_to_compare(PLAIN, cells)
    assert chosen.tests[0].p_value < 0.01
    assert (chosen.fit.classes is not None) == is_own
    df = algorithms * (seeds - 1)
    assert any(f"own would rest on {df} degrees of freedom" in one for one in chosen.said) != is_own
    asked = fit_to_compare(PLAIN, cells, variance="benchmark")
    assert asked.fit.classes is not None
    assert any(f"as few as {df} degrees of freedom each: of such experiments" in one for one in asked.said) != is_own


@pytest.mark.parametrize(
    "count", [pytest.param(25, id="reduced"), pytest.param(600, id="full", marks=pytest.mark.slow)]
)
def test_the_level_is_held_with_few_seeds_on_unlike_scales(count):
    rng, hits = np.random.default_rng(3), 0
    for _ in range(count):
        found = fit_to_compare(PLAIN, drawn(rng, shape=(8, 3, 3), spread=200.0)).fit
        pairs = pairwise(found, satterthwaite(found), marginal_means(found, "algorithm")[0], "tukey")
        hits += bool((pairs.p_adjusted < 0.05).any())
    assert hits <= stats.binom.isf(0.001, count, 0.05)


@pytest.mark.parametrize("count", [6, pytest.param(300, marks=pytest.mark.slow)])
def test_power_on_unlike_scales_is_that_of_equal_ones(count):
    """One algorithm loses by as much as a benchmark's scale; scales go over 200-fold."""
    rng, found = np.random.default_rng(8), {"equal": 0, "benchmark": 0}
    for _ in range(count):
        y = rng.standard_normal((12, 4, 10)) + 0.5 * rng.standard_normal((12, 4, 1))
        y[:, 0] += 1.0
        cells = cells_of(y * 200.0 ** rng.uniform(size=(12, 1, 1)))
        for scale, each in (("equal", cells), ("benchmark", scaled_by(cells, "benchmark")[0])):
            fitted = fit_to_compare(PLAIN, each, variance="equal").fit
            means = marginal_means(fitted, "algorithm")[0]
            found[scale] += bool(pairwise(fitted, satterthwaite(fitted), means, "tukey").p_adjusted[:3].min() < 0.05)
    assert found["benchmark"] > 0.7 * count
    assert found["benchmark"] > found["equal"] + 0.25 * count


def test_lrt_takes_the_diagonal_for_the_wider_model():
    cells = drawn(np.random.default_rng(10), shape=(10, 3, 5), interaction=3.0)
    found = compare_formulas(PLAIN, DIAGONAL, cells)
    assert found.df == 2
    assert found.chi_square == pytest.approx(interaction_test(fit(PLAIN, cells))[0].statistic, abs=1e-6)
    with pytest.raises(NotComparableError):
        compare_formulas("y ~ algorithm + (0+algorithm|benchmark)", DIAGONAL, cells)
