"""Pairs in numbers and words, joint tests, the analysis of variance."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from hpowh.analyses.mixed_models.inference.anova import term_hypothesis
from hpowh.analyses.mixed_models.inference.contrasts import pairwise
from hpowh.analyses.mixed_models.inference.kenward_roger import JointTests
from hpowh.analyses.mixed_models.inference.margins import marginal_means
from hpowh.analyses.mixed_models.inference.pairs import _matched, new_block_variances, noncentrality, on_new_block
from hpowh.analyses.mixed_models.inference.satterthwaite import satterthwaite
from hpowh.analyses.mixed_models.model.cells import DataError
from hpowh.analyses.mixed_models.model.fit import Fit, fit
from hpowh.analyses.mixed_models.studies.analysis import Question, pair_statements
from hpowh.analyses.mixed_models.studies.units import log_base

from ..conftest import cells_of, simulate

REFERENCE = Path(__file__).parents[3] / "reference"
DEFAULT = "y ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"


@pytest.fixture(scope="module")
def answers() -> list[tuple[Fit, dict]]:
    """What R says of small unbalanced data, with our fits."""
    rows = json.loads((REFERENCE / "kenward_roger_data.json").read_text(encoding="utf-8"))
    columns = {name: np.array([row[name] for row in rows]) for name in ("y", "a", "b", "p", "x")}
    found = json.loads((REFERENCE / "kenward_roger.json").read_text(encoding="utf-8"))
    return [(fit(one["formula"], cells_of(one["formula"], columns)), one) for one in found]


def test_joint_tests_equal_pbkrtest(answers):
    """F, denominator df and p of every term's coefficients; lme4 ends its search at 1e-5."""
    for found, answer in answers:
        tests = JointTests(found, satterthwaite(found))
        for one in answer["coefficients"]:
            names = set(one["term"].split(":"))
            chosen = [
                j
                for j, column in enumerate(found.problem.columns)
                if {*column.numeric, *(name for name, _ in column.levels)} == names
            ]
            test = tests.of(np.eye(found.problem.p)[chosen])
            assert (test.df1, test.method) == (one["ndf"], "F (Kenward-Roger)")
            assert [test.statistic, test.df2, test.p_value] == pytest.approx([one["F"], one["ddf"], one["p"]], rel=1e-4)


def test_the_analysis_of_variance_asks_of_means_over_the_other_factors(answers):
    """lmerTest's type III tests of a crossed factor; emmeans' of covariates at their means."""
    found, answer = answers[1]
    quantities = satterthwaite(found)
    for one in answer["third"]:
        f, df1, df2, p = quantities.joint_test(term_hypothesis(found, tuple(one["term"].split(":"))), found.beta)
        assert [f, df1, df2, p] == pytest.approx([one["F value"], one["NumDF"], one["DenDF"], one["Pr(>F)"]], rel=1e-4)
    found, answer = answers[2]
    for one in answer["joint"]:
        test = JointTests(found, satterthwaite(found)).of(term_hypothesis(found, tuple(one["model term"].split(":"))))
        assert test.statistic == pytest.approx(one["F.ratio"], abs=6e-4)


def test_a_term_is_tested_on_what_the_data_determine_of_it():
    rows = simulate(np.random.default_rng(1), benchmarks=6, seeds=4)
    rows["f"] = np.where(rows["seed"] % 2 == 0, "u", "v")
    kept = ~((rows["algorithm"] == "B") & (rows["f"] == "v"))
    rows = {name: values[kept] for name, values in rows.items()}
    found = fit("y ~ algorithm * f + (1|benchmark)", cells_of("y ~ algorithm * f + (1|benchmark)", rows))
    assert len(term_hypothesis(found, ("algorithm", "f"))) == 1
    one = fit("y ~ algorithm + (1|benchmark)", cells_of("y ~ algorithm + (1|benchmark)", rows))
    with pytest.raises(DataError, match="Nothing of"):
        term_hypothesis(one, ("benchmark",))


def test_on_a_new_benchmark_the_interval_is_that_of_the_noncentral_t():
    """Balanced: v = 2 (tau² + s²/n), and the share of the standard error in it is 1 / root of the benchmarks."""
    seeds, benchmarks = 4, 8
    rows = simulate(np.random.default_rng(3), benchmarks=benchmarks, seeds=seeds)
    found = fit(DEFAULT, cells_of(DEFAULT, rows))
    pairs = pairwise(found, satterthwaite(found), marginal_means(found, "algorithm")[0], "tukey")
    variance = new_block_variances(found, "benchmark", "algorithm", {}, [(0, 1), (0, 2), (1, 2)])
    (tau,) = [float(c[0, 0]) for b, c in found.block_covariances if "algorithm" in b.term.group]
    assert variance == pytest.approx([2 * (tau + found.sigma**2 / seeds)] * 3, rel=1e-9)
    probability, size = on_new_block(pairs, variance, "min")
    t, df = pairs.t_value[0], pairs.df[0]
    assert size[0].value == pytest.approx(t / np.sqrt(benchmarks), rel=1e-6)
    for end, share in ((size[0].lower, 0.975), (size[0].upper, 0.025)):
        assert stats.nct.cdf(t, df, end * np.sqrt(benchmarks)) == pytest.approx(share, abs=1e-5)
    assert probability[0].value == pytest.approx(stats.norm.cdf(-size[0].value))
    assert probability[0].lower == pytest.approx(stats.norm.cdf(-size[0].upper))
    turned, _ = on_new_block(pairs, variance, "max")
    assert turned[0].value == pytest.approx(1 - probability[0].value)


def unlike_scales(effect: float = 1.0) -> Fit:
    """One of eight benchmarks is a thousand times as wide; on each, B is better by the spread of its runs."""
    rows = simulate(np.random.default_rng(12), benchmarks=8, seeds=8, interaction_sd=0.0)
    wide = np.where(rows["benchmark"] == rows["benchmark"][0], 1000.0, 1.0)
    rows["y"] = wide * (rows["y"] - effect * (rows["algorithm"] == "B"))
    formula = "y ~ algorithm + benchmark + (1|benchmark:algorithm)"
    return fit(formula, cells_of(formula, rows), variance="benchmark")


def test_a_wide_benchmark_does_not_decide_what_a_new_one_is_like():
    """Truth: ahead where the mean of 8 runs is, Phi(1 / sqrt(2 / 8)) = 0.977 on each, the wide one included."""
    found = unlike_scales()
    pair = pair_statements(found, Question(), "algorithm", "model")[0]
    assert (pair["first"], pair["second"], pair["better"]) == ("A", "B", "B")
    assert pair["probability"] < 0.12  # the wide one, on which 1 in its unit is nothing, counts as one of eight
    assert pair["probability_lower"] < 0.03
    assert not pair["is_equivalent"] and pair["region"] < 0.15 and "median benchmark's" in pair["region_from"]
    assert pair["p_permutation_adjusted"] < 0.05
    alone = pair_statements(unlike_scales(0.0), Question(), "algorithm", "model")[0]
    assert 0.3 < alone["probability"] < 0.7


def test_matched_variance_is_that_of_the_mean_probability():
    each = np.array([0.04, 0.09, 400.0])
    for difference in (0.3, -0.3, 2.0, 30.0):
        wanted = stats.norm.cdf(abs(difference) / np.sqrt(each)).mean()
        assert stats.norm.cdf(abs(difference) / np.sqrt(_matched(each, difference))) == pytest.approx(wanted, rel=1e-9)
    assert _matched(each, 0.0) == pytest.approx(_matched(each, 1e-3), rel=1e-3)
    assert _matched(np.array([2.0, 2.0]), 1.0) == pytest.approx(2.0)


def test_what_all_algorithms_share_makes_no_region():
    rows = simulate(np.random.default_rng(3), benchmarks=8, seeds=4, interaction_sd=0.0)
    shared = np.random.default_rng(4).normal(0.0, 50.0, (100, 100))
    codes = [np.unique(rows[name], return_inverse=True)[1] for name in ("benchmark", "seed")]
    rows["y"] = rows["y"] + shared[codes[0], codes[1]]
    formula = f"{DEFAULT} + (1|benchmark:seed)"
    pair = pair_statements(fit(formula, cells_of(formula, rows)), Question(), "algorithm", "model")[0]
    assert pair["region"] == pytest.approx(0.1, rel=0.3)


def test_noncentrality_has_a_normal_limit():
    assert noncentrality(2.0, 1e9) == pytest.approx((2.0 - 1.959964, 2.0 + 1.959964), abs=1e-5)
    exact, limit = noncentrality(29.0, 400.0), noncentrality(29.0, 400.0, is_exact=False)
    assert exact == pytest.approx(limit, rel=5e-3)
    assert all(np.isfinite(noncentrality(500.0, 3.0)))


@pytest.mark.slow
def test_the_interval_of_being_ahead_holds_the_truth():
    rng, held, count = np.random.default_rng(5), 0, 300
    truth = float(stats.norm.cdf(0.5 / np.sqrt(2 * (0.25 + 1 / 3))))
    for _ in range(count):
        rows = simulate(rng, benchmarks=7, seeds=3, interaction_sd=0.5)
        rows["y"] = rows["y"] + 0.5 * (rows["algorithm"] == "B")
        found = fit(DEFAULT, cells_of(DEFAULT, rows))
        pairs = pairwise(found, satterthwaite(found), marginal_means(found, "algorithm")[0], "tukey")
        variance = new_block_variances(found, "benchmark", "algorithm", {}, [(0, 1), (0, 2), (1, 2)])
        one = on_new_block(pairs, variance, "min")[0][0]
        held += one.lower <= truth <= one.upper
    assert held / count >= stats.binom.ppf(0.001, count, 0.95) / count


def test_a_third_far_worse_algorithm_does_not_hide_how_two_differ():
    rows = simulate(np.random.default_rng(2), benchmarks=8, seeds=4, interaction_sd=0.2)
    rows["y"] = rows["y"] + 3.0 * (rows["algorithm"] == "B") + 300.0 * (rows["algorithm"] == "C")
    found = fit(DEFAULT, cells_of(DEFAULT, rows))
    pair = pair_statements(found, Question(), "algorithm", "model")[0]
    assert (pair["first"], pair["second"]) == ("A", "B")
    assert pair["p_permutation_adjusted"] < 0.05


def test_five_benchmarks_have_no_p_for_all_pairs_and_the_reason():
    rows = simulate(np.random.default_rng(2), benchmarks=5, seeds=4)
    pair = pair_statements(fit(DEFAULT, cells_of(DEFAULT, rows)), Question(), "algorithm", "model")[0]
    assert pair["p_permutation_adjusted"] is None and "fewer than 6" in pair["reason"]
    assert pair["p_permutation"] >= 2 / 2**5


def statements(effect: float = 0.0, response: str = "y", **question) -> list[dict]:
    rows = simulate(np.random.default_rng(2), benchmarks=8, seeds=4, interaction_sd=0.3)
    rows["y"] = rows["y"] + effect * (rows["algorithm"] == "B")
    formula = DEFAULT.replace("y ~", f"{response} ~")
    found = fit(formula, cells_of(formula, rows | {response: rows["y"]}))
    return pair_statements(found, Question(**question), "algorithm", "model")


def test_a_pair_says_who_is_better_in_the_direction_of_the_response():
    one = statements(3.0)[0]
    assert (one["better"], one["sentence"][:16]) == ("A", "A is better than")
    assert one["p_permutation"] == pytest.approx(2 / 2**8)
    assert one["permutation_count"] == 2**8
    assert one["p_permutation_adjusted"] < 0.01
    assert one["probability"] > 0.9
    other = statements(3.0, direction="max")[0]
    assert (other["better"], other["estimate"]) == ("B", one["estimate"])
    assert other["probability"] == pytest.approx(1 - one["probability"])


@pytest.mark.parametrize("effect", [1.5, -1.5])
def test_the_chance_on_a_new_benchmark_is_that_of_who_is_better(effect):
    for row in statements(effect):
        if row["better"] is not None:
            worse = row["second"] if row["better"] == row["first"] else row["first"]
            ahead = row["probability"] if row["better"] == row["first"] else 1.0 - row["probability"]
            assert ahead > 0.5
            assert f"{row['better']} is ahead of {worse} with probability {ahead:.2f} (" in row["sentence"]
    assert any(row["better"] == row["second"] for row in statements(effect))  # the pair's own order is another


def test_equivalence_is_claimed_where_the_region_holds_the_interval():
    wide, narrow = statements(region=5.0), statements()
    assert all(one["is_equivalent"] and "practically none" in one["sentence"] for one in wide)
    assert not any(one["is_equivalent"] for one in narrow)
    assert narrow[0]["region_from"].startswith("a tenth of the residual")
    ratios = statements(region=5.0, response="log_regret")[0], statements(region=0.1, response="log_regret")[0]
    assert "The ratio lies between 1e−5 and 100,000 (" in ratios[0]["sentence"]  # as the difference was
    assert "That the ratio lies between 0.794 and 1.26 (" in ratios[1]["sentence"]
    t = (wide[0]["estimate"] - 5.0) / ((wide[0]["upper"] - wide[0]["lower"]) / 2)
    assert t < -1 and wide[0]["p_equivalence"] < 0.05


def test_differences_of_logarithms_are_ratios():
    one = statements(0.5, response="log_regret")[0]
    assert one["ratio"] == pytest.approx(10 ** one["estimate"])
    assert f"regret of A is {one['ratio']:.3g} times that of B" in one["sentence"]
    named = {"ln(x)": np.e, "log10(a(b) + 1)": 10.0, "log2(x)": 2.0, "ln(x) - ln(y)": None, "value": None}
    assert {text: log_base(text) for text in named} == named
