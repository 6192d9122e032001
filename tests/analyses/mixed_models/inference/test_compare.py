"""Likelihood-ratio tests: published figures, refusals, boundary distributions, the bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from hpowh.analyses.mixed_models.inference.bootstrap import bootstrap_test, simulate_response
from hpowh.analyses.mixed_models.inference.compare import (
    Boundary,
    NotComparableError,
    boundary_of,
    compare,
    compare_formulas,
    cone_draws,
    has_same_fixed_part,
)
from hpowh.analyses.mixed_models.model.designs import as_dense
from hpowh.analyses.mixed_models.model.fit import fit
from hpowh.analyses.mixed_models.model.formula import parse_formula

from ..conftest import cells_of, simulate

BASE = "value ~ algorithm + (1|benchmark)"


@pytest.mark.shared
@pytest.mark.parametrize(
    ("null", "full", "statistic", "df"),
    [
        (BASE, "value ~ algorithm + used_fidelity + (1|benchmark)", 1955.0920, 1),
        (BASE, "value ~ algorithm + algorithm:used_fidelity + (1|benchmark)", 2577.7241, 3),
        (
            "value ~ algorithm + used_fidelity + (1|benchmark)",
            "value ~ algorithm + algorithm:used_fidelity + (1|benchmark)",
            622.6321,
            2,
        ),
    ],
)
def test_published_ratios(null, full, statistic, df, priorband):
    found = compare_formulas(null, full, cells_of(full, priorband))
    assert found.chi_square == pytest.approx(statistic, abs=1e-4)
    assert found.df == df
    assert found.p_value == pytest.approx(stats.chi2.sf(found.chi_square, df))


@pytest.mark.shared
def test_all_ratios_of_the_reference_file(reference, priorband):
    formulas = {name: model["formula"] for name, model in reference["models"].items()}
    for row in reference["glrt"]:
        null, full = formulas[row["null"]], formulas[row["alt"]]
        found = compare_formulas(null, full, cells_of(full, priorband), is_reml=False)
        # lme4 stopped short on m10, so the ratio may be larger here, by as much.
        assert found.chi_square == pytest.approx(row["chisq"], abs=5e-6, rel=1e-9)
        assert found.df == row["df"]


@pytest.mark.parametrize(
    ("null", "full", "reason"),
    [
        ("y ~ seed", "y ~ algorithm", "seed is only in the smaller"),
        ("y ~ algorithm + (1|seed)", "y ~ algorithm*seed + (1|benchmark)", "no random effect of the larger"),
        ("y ~ algorithm", "y ~ (0+algorithm|seed)", "fixed part is not inside"),
        ("y ~ algorithm", "y ~ algorithm", "no parameter more"),
        ("y ~ algorithm + (1|benchmark)", "y ~ algorithm + (1|benchmark:seed)", "no random effect of the larger"),
        ("y ~ algorithm + (1|benchmark:seed)", "y ~ algorithm*seed + (1|benchmark)", "no random effect of the larger"),
        ("y ~ 1 + (1+algorithm|benchmark:seed)", "y ~ algorithm + (0+seed|benchmark)", "only in|no random effect"),
        ("y ~ algorithm + (1+algorithm|seed)", "y ~ algorithm + (1|seed)", "no random effect of the larger"),
    ],
)
def test_refuses_what_is_not_nested(null, full, reason):
    rows = simulate(np.random.default_rng(1), benchmarks=4, seeds=4)
    with pytest.raises(NotComparableError, match=reason):
        compare_formulas(null, full, cells_of(f"{full} + (1|benchmark) + (1|seed) + algorithm", rows))


def test_refuses_other_rows_responses_and_criteria():
    rows = simulate(np.random.default_rng(1), benchmarks=4, seeds=4)
    small, wide = "y ~ 1 + (1|benchmark)", "y ~ algorithm + (1|benchmark)"
    cells, fewer = cells_of(wide, rows), cells_of(wide, {name: v[:-1] for name, v in rows.items()})
    other = cells_of(wide, rows | {"y": rows["y"] * 2})
    full = fit(wide, cells, is_reml=False)
    with pytest.raises(NotComparableError, match="different rows"):
        compare(fit(small, fewer, is_reml=False), full)
    with pytest.raises(NotComparableError, match="not the same numbers"):
        compare(fit(small, other, is_reml=False), full)
    with pytest.raises(NotComparableError, match="REML"):
        compare(fit(small, cells), full)
    with pytest.raises(NotComparableError, match="use ML"):
        compare_formulas(small, wide, cells, is_reml=True)


@pytest.mark.parametrize(
    ("null", "full", "free", "cones"),
    [
        ("y ~ 1 + (1|benchmark)", "y ~ algorithm + (1|benchmark)", 2, ()),
        ("y ~ algorithm + (1|benchmark)", "y ~ algorithm + (1|benchmark) + (1|seed)", 0, (1,)),
        ("y ~ algorithm + (1|benchmark)", "y ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)", 0, (1,)),
        ("y ~ algorithm + (1|benchmark)", "y ~ algorithm + (1+x|benchmark)", 1, (1,)),
        ("y ~ algorithm + (1|benchmark)", "y ~ algorithm + (1+x|benchmark) + (1|seed)", 1, (1, 1)),
        ("y ~ 1 + (1|benchmark)", "y ~ algorithm + (1|benchmark) + (1+x|seed)", 2, (2,)),
        ("y ~ algorithm", "y ~ algorithm + (1|benchmark)", 0, (1,)),
        ("y ~ algorithm + (1|benchmark:algorithm)", "y ~ algorithm + (0+algorithm|benchmark)", 5, ()),
    ],
)
def test_what_is_free_and_what_begins_at_a_boundary(null, full, free, cones):
    """By counting: fixed effects and covariances are free, a new variance or matrix begins at zero.

    (1 | benchmark:algorithm) is (0 + algorithm | benchmark) of equal variances without correlations, so inside: from
    one number to the six of three algorithms all five more are free.
    """
    rng = np.random.default_rng(1)
    rows = simulate(rng, benchmarks=5, seeds=3)
    rows["x"] = rng.normal(size=len(rows["y"]))
    one, other = (fit(formula, cells_of(f"{full} + x", rows), is_reml=False) for formula in (null, full))
    assert boundary_of(one, other) == Boundary(free, cones)
    found = compare(one, other)
    assert found.df == free + sum(k * (k + 1) // 2 for k in cones)
    assert found.p_value == pytest.approx(Boundary(free, cones).sf(found.chi_square))
    assert found.distribution == Boundary(free, cones).text()
    assert found.p_value <= found.p_chi_square


def test_equal_fixed_parts_are_compared_by_reml_and_others_by_maximum_likelihood():
    rows = simulate(np.random.default_rng(2), benchmarks=5, seeds=3)
    base, wider, more = (
        f"y ~ {fixed} + (1|benchmark){random}" for fixed, random in (("1", ""), ("algorithm", ""), ("1", " + (1|seed)"))
    )
    cells = cells_of(f"{wider} + (1|seed)", rows)
    assert not compare_formulas(base, wider, cells).full.is_reml
    assert compare_formulas(base, more, cells).full.is_reml
    assert not compare_formulas(base, more, cells, is_reml=False).full.is_reml


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("y ~ a*b + (1|g)", "y ~ b + a + b:a + (1|h)", True),
        ("y ~ a", "y ~ 0 + a", False),
        ("y ~ a", "y ~ a + b", False),
        ("y ~ 1 + (1|g)", "y ~ 1", True),
    ],
)
def test_the_same_fixed_part_however_it_is_written(one, other, is_same):
    assert has_same_fixed_part(parse_formula(one), parse_formula(other)) is is_same


def test_distributions_in_words_and_far_out():
    assert Boundary(3, ()).text() == "chi2(3)"
    assert Boundary(0, (1,)).text() == "0.5 chi2(0) + 0.5 chi2(1)"
    assert Boundary(1, (3, 2)).text() == "projection on the cone of 3x3, 2x2 covariance matrices + chi2(1)"
    assert Boundary(0, (3,)).text() == "projection on the cone of 3x3 covariance matrices"
    draws = cone_draws(1, (3,))
    assert Boundary(1, (3,)).sf(4.0) == pytest.approx((draws >= 4.0).mean())
    # Beyond the draws: half of the two largest tails, an upper bound of the mixture.
    assert Boundary(1, (3,)).sf(80.0) == pytest.approx((stats.chi2.sf(80, 7) + stats.chi2.sf(80, 6)) / 2)


def test_a_new_matrix_of_order_three_is_drawn_as_the_projection():
    """Two moments by a second way: the squared length is the sum of squares of the positive eigenvalues."""
    rng = np.random.default_rng(5)
    noise = rng.normal(size=(20_000, 3, 3))
    symmetric = np.tril(noise, -1) / np.sqrt(2)
    symmetric = symmetric + symmetric.transpose(0, 2, 1) + noise * np.eye(3)
    lengths = (np.linalg.eigvalsh(symmetric).clip(0) ** 2).sum(axis=1)
    draws = cone_draws(0, (3,))
    assert draws.mean() == pytest.approx(3.0, abs=0.03)  # half of the six dimensions, by symmetry
    assert lengths.mean() == pytest.approx(draws.mean(), abs=0.1)
    assert np.quantile(lengths, 0.9) == pytest.approx(np.quantile(draws, 0.9), rel=0.05)


def test_boundary_mixtures_of_known_form():
    assert Boundary(0, (1,)).weights == {0: 0.5, 1: 0.5}
    assert Boundary(2, (1,)).weights == {2: 0.5, 3: 0.5}
    assert Boundary(0, (1, 1)).weights == {0: 0.25, 1: 0.5, 2: 0.25}
    assert sum(Boundary(1, (2, 1)).weights.values()) == pytest.approx(1.0)
    assert Boundary(0, (1,)).sf(2.7055) == pytest.approx(0.05, abs=1e-4)
    assert Boundary(0, (1,)).sf(0.0) == 1.0


def test_the_cone_of_order_two_is_circular():
    """The closed weights against the projection of random matrices, and the general draws with it."""
    draws = cone_draws(0, (2,))
    for value in (1.0, 3.0, 6.0):
        share = float((draws >= value).mean())
        assert Boundary(0, (2,)).sf(value) == pytest.approx(share, abs=4 * np.sqrt(share / len(draws)))


def test_simulated_responses_have_the_models_moments():
    rows = simulate(np.random.default_rng(8), benchmarks=6, seeds=8)
    found = fit("y ~ algorithm + (1|benchmark)", cells_of("y ~ algorithm + (1|benchmark)", rows))
    rng = np.random.default_rng(0)
    draws = [simulate_response(found, rng) for _ in range(4000)]
    residual_df = found.problem.rows.pure_df
    pure = np.array([p for _, p in draws])
    assert pure.mean() == pytest.approx(found.sigma**2 * residual_df, rel=4 * np.sqrt(2 / residual_df / 4000))
    y = np.array([y for y, _ in draws])
    spread = np.cov(y.T)
    z = as_dense(found.problem.z)
    expected = found.sigma**2 * (np.eye(len(z)) + found.theta[0] ** 2 * z @ z.T)
    assert np.abs(spread - expected).max() <= 6 * np.diag(expected).max() / np.sqrt(4000)


SEED_EFFECT = {"df": 49, "error_df": 3600 - 36 - 49}
"""PriorBand at budget 10: 50 seeds, crossed and balanced with 3 algorithms x 12 benchmarks, and 3,600 rows."""


def exact_ratio(f):
    """The REML ratio of one variance in a balanced design, as a function of F = mean square / error mean square."""
    d, e = SEED_EFFECT["df"], SEED_EFFECT["error_df"]
    return np.where(f > 1, (d + e) * np.log((d * f + e) / (d + e)) - d * np.log(f), 0.0)


def test_the_exact_distribution_of_the_seed_effect():
    """Finitely many seeds: half the ratios and a little more are zero, and the 95 % quantile is below the limit's."""
    d, e = SEED_EFFECT["df"], SEED_EFFECT["error_df"]
    assert stats.f.cdf(1, d, e) == pytest.approx(0.526, abs=0.002)
    assert exact_ratio(stats.f.isf(0.05, d, e)) == pytest.approx(2.499, abs=0.002)
    # With ever more seeds the quantile goes to the mixture's 2.71, where half the ratios are zero.
    f = stats.chi2.isf(0.05, 10**7) / 10**7
    assert 10**7 * (f - 1 - np.log(f)) == pytest.approx(stats.chi2.isf(0.1, 1), abs=0.01)


@pytest.mark.shared
@pytest.mark.parametrize(
    "count", [pytest.param(250, id="reduced"), pytest.param(5000, id="full", marks=pytest.mark.slow)]
)
def test_bootstrap_has_the_exact_distribution_of_the_seed_effect(count, priorband):
    rows = {name: values[priorband["used_fidelity"] == 10] for name, values in priorband.items()}
    null = "normalized_regret ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
    full = f"{null} + (1|seed)"
    found = compare_formulas(null, full, cells_of(full, rows))
    simulated = bootstrap_test(found, count, seed=3)
    assert simulated.p_value == pytest.approx(1 / (count + 1))
    f = stats.f(SEED_EFFECT["df"], SEED_EFFECT["error_df"])
    assert in_band((simulated.statistics < 1e-5).sum(), count, f.cdf(1))
    for upper in (0.3, 0.1, 0.05, 0.01):
        assert in_band((simulated.statistics > exact_ratio(f.isf(upper))).sum(), count, upper), upper
    # The asymptotic mixture is a little careful: less than 5 % lie above its 95 % quantile, 2.71.
    assert (simulated.statistics > stats.chi2.isf(0.1, 1)).sum() <= stats.binom.ppf(0.999, count, 0.05)


def in_band(hits, count, rate):
    """The central 99.8 % of the binomial distribution."""
    return stats.binom.ppf(0.001, count, rate) <= hits <= stats.binom.ppf(0.999, count, rate)
