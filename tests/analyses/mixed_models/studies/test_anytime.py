"""All budgets at once: the band, who leads from when, and that nothing is found where nothing is."""

from __future__ import annotations

import itertools
import json
from functools import partial

import numpy as np
import pytest
from scipy import stats

from hpowh.analyses.mixed_models.job import analyse_lmem
from hpowh.analyses.mixed_models.studies.anytime import Curves, anytime_rows
from hpowh.analyses.mixed_models.studies.job import analyse_anytime, analyse_power
from hpowh.analyses.statistics.simultaneous import simultaneous
from hpowh.warehouse.errors import UsageError

from ....analyses.traces.conftest import fill_runs

BUDGETS = (1.0, 2.0, 4.0, 8.0)


def curves(rng: np.random.Generator, effect: np.ndarray, benchmarks: int = 10) -> Curves:
    """A minus B is the effect at each budget, with random walks of the benchmarks' own around it."""
    walks = np.cumsum(rng.standard_normal((benchmarks, len(BUDGETS), 3)), axis=1)
    means = walks + rng.standard_normal((benchmarks, 1, 1)) * 5
    means[:, :, 0] += effect
    return Curves(("A", "B", "C"), BUDGETS, means)


def test_one_mean_has_the_t_distribution():
    values = np.random.default_rng(0).standard_normal((8, 1)) + 0.8
    found = simultaneous(values)
    t = stats.ttest_1samp(values[:, 0], 0.0)
    assert found.p_adjusted[0] == pytest.approx(t.pvalue, abs=0.02)
    assert found.critical == pytest.approx(stats.t.ppf(0.975, 7), rel=0.15)


def test_all_flips_of_one_mean_are_the_exact_test():
    values = np.array([[3.0], [1.0], [2.0], [4.0], [0.5], [-0.7]])
    sums = [abs(np.dot(signs, values[:, 0])) for signs in itertools.product((-1, 1), repeat=6)]
    exact = np.mean(np.array(sums) >= abs(values.sum()) - 1e-9)
    assert simultaneous(values).p_adjusted[0] == pytest.approx(exact)


@pytest.mark.parametrize("count", [60, pytest.param(1000, marks=pytest.mark.slow)], ids=["reduced", "whole"])
def test_the_band_holds_all_truths_at_once(count):
    rng, held, truth = np.random.default_rng(8), 0, np.linspace(-2.0, 3.0, 12)
    for _ in range(count):
        values = truth + np.cumsum(rng.standard_normal((10, 12)), axis=1) / np.sqrt(np.arange(1, 13))
        found = simultaneous(values)
        held += bool(((found.lower <= truth) & (truth <= found.upper)).all())
        assert ((found.p_adjusted < 0.05) <= ((found.lower > 0) | (found.upper < 0))).all()
    assert held / count >= stats.binom.ppf(0.001, count, 0.95) / count


def test_equal_columns_cost_nothing_and_independent_ones_do():
    values = np.random.default_rng(1).standard_normal((12, 1))
    alone, same = simultaneous(values), simultaneous(np.repeat(values, 40, axis=1))
    many = simultaneous(np.random.default_rng(2).standard_normal((12, 40)))
    assert same.critical == pytest.approx(alone.critical, rel=1e-9)
    assert many.critical > 1.5 * alone.critical


def test_columns_that_cannot_be_judged_are_no_members():
    values = np.random.default_rng(3).standard_normal((9, 3))
    values[5:, 1] = np.nan
    values[:, 2] = 1.0
    found = simultaneous(values)
    assert np.isfinite(found.p_adjusted).tolist() == [True, False, False]
    assert found.critical == pytest.approx(simultaneous(values[:, :1]).critical)


def test_who_leads_from_when():
    rows = anytime_rows(curves(np.random.default_rng(4), np.array([9.0, 0.0, -12.0, -12.0])), "value", "min")
    pair = rows["lmem_anytime_pair"][0]
    assert (pair["leader"], pair["from_budget"], pair["is_at_all_budgets"]) == ("A", 4.0, False)
    assert (pair["ahead_count_first"], pair["ahead_count_second"]) == (2, 1)
    assert "B is ahead of A at budget 1; A is ahead of B from budget 4 on" in pair["sentence"]
    assert "cannot be told apart" in rows["lmem_anytime_pair"][2]["sentence"]
    turned = anytime_rows(curves(np.random.default_rng(4), np.array([9.0, 0.0, -12.0, -12.0])), "value", "max")
    assert turned["lmem_anytime_pair"][0]["leader"] == "B"
    always = anytime_rows(curves(np.random.default_rng(5), np.full(4, -40.0)), "log_regret", "min")
    assert always["lmem_anytime_pair"][0]["is_at_all_budgets"]
    assert "the regret of A is" in always["lmem_anytime_pair"][0]["sentence"]


def test_one_budget_is_not_all_of_them():
    drawn = curves(np.random.default_rng(5), np.full(4, -40.0))
    one = Curves(drawn.algorithms, BUDGETS[:1], drawn.means[:, :1])
    found = anytime_rows(one, "value", "min")["lmem_anytime_pair"]
    assert found[0]["sentence"].startswith("A is ahead of B at the only budget that all runs have; there A - B = ")
    assert "cannot be told apart at the only budget that all runs have (corrected p" in found[2]["sentence"]


@pytest.mark.parametrize("count", [40, pytest.param(1000, marks=pytest.mark.slow)], ids=["reduced", "whole"])
def test_nothing_is_found_where_nothing_is(count):
    rng, hits = np.random.default_rng(6), 0
    for _ in range(count):
        drawn = curves(rng, np.zeros(4), benchmarks=int(rng.choice([6, 8, 12]))).means
        apart = (drawn[:, :, [0, 0, 1]] - drawn[:, :, [1, 2, 2]]).reshape(len(drawn), -1)
        found = simultaneous(apart, seed=int(rng.integers(1 << 30)))
        hits += bool((found.p_adjusted < 0.05).any())
    assert hits <= stats.binom.isf(0.001, count, 0.05)


def test_of_a_warehouse(warehouse):
    rng, points = np.random.default_rng(7), []
    for b in range(6):
        for algorithm, gain in (("A", 3.0), ("B", 0.0)):
            for seed in range(2):
                for budget in BUDGETS:
                    value = 20.0 - gain * (budget > 2) + 0.3 * rng.standard_normal() - budget
                    points.append((algorithm, f"b{b}", seed, budget, value))
    fill_runs(warehouse, points, experiment="x", metric="value", direction="min")
    outcome = analyse_anytime(warehouse, response="value")
    pair = outcome.tables["lmem_anytime_pair"].to_dicts()[0]
    assert (pair["leader"], pair["from_budget"], pair["budget_count"]) == ("A", 4.0, 4)
    assert outcome.tables["lmem_anytime"]["budget"].to_list() == list(BUDGETS)
    with pytest.raises(UsageError, match="needs 6 benchmarks"):
        analyse_anytime(warehouse, response="value", where="benchmark in ('b0', 'b1')")


def test_what_was_fitted_is_what_is_asked_of_all_budgets(warehouse):
    """A model of the metric beside bands of a regret would be two answers to what a reader takes for one question."""
    rng = np.random.default_rng(8)
    points = [
        (algorithm, f"b{b}", seed, budget, 20.0 - gain * budget + rng.standard_normal())
        for b in range(6) for algorithm, gain in (("A", 2.0), ("B", 0.0)) for seed in range(3) for budget in (1, 2, 3)
    ]  # fmt: skip
    fill_runs(warehouse, points, experiment="x", metric="value", direction="min")

    def responses() -> set[str]:
        studies = (analyse_anytime, partial(analyse_power, count=100))
        return {parameters_of(warehouse, study(warehouse))["response"] for study in studies}

    assert responses() == {"normalized_regret"}
    analyse_lmem(warehouse, "log_regret ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)", budget="final")
    assert responses() == {"log_regret"}


def parameters_of(warehouse, outcome) -> dict:
    text = "select parameters from ops.analysis_run where analysis_run_id = $run"
    return json.loads(warehouse.sql(text, {"run": outcome.analysis_run_id}).one())
