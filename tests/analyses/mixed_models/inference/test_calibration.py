"""False-positive rates on experiments without effect lie in the binomial band around 5 %; the naive model's do not.

`make test` runs a reduced form with a wider band; the slow form has 500 experiments and more.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from hpowh.analyses.mixed_models.inference.anova import term_hypothesis
from hpowh.analyses.mixed_models.inference.contrasts import pairwise
from hpowh.analyses.mixed_models.inference.kenward_roger import JointTests
from hpowh.analyses.mixed_models.inference.margins import marginal_means
from hpowh.analyses.mixed_models.inference.power import Spread
from hpowh.analyses.mixed_models.inference.power import simulate as simulate_power
from hpowh.analyses.mixed_models.inference.satterthwaite import satterthwaite
from hpowh.analyses.mixed_models.model.cells import Cells, cells_from_rows
from hpowh.analyses.mixed_models.model.fit import fit
from hpowh.analyses.mixed_models.studies import presets
from hpowh.analyses.mixed_models.studies.presets import Setup

from ..conftest import cells_of, simulate

REDUCED, FULL = 20, 600
COUNTS = [pytest.param(REDUCED, id="reduced"), pytest.param(FULL, id="full", marks=pytest.mark.slow)]
DEFAULT = "y ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"


def in_band(found: int, count: int, rate: float = 0.05) -> bool:
    """The central 99.8 % of the binomial distribution."""
    low, high = stats.binom.ppf([0.001, 0.999], count, rate)
    return bool(low <= found <= high)


def smallest_p(formula: str, rows: dict) -> float:
    found = fit(formula, cells_of(formula, rows))
    return float(pairwise(found, satterthwaite(found), marginal_means(found, "algorithm")[0], "tukey").p_adjusted.min())


@pytest.mark.parametrize("count", COUNTS)
def test_the_default_contrast_holds_its_level(count):
    rng = np.random.default_rng(21)
    found = sum(smallest_p(DEFAULT, simulate(rng, benchmarks=12)) < 0.05 for _ in range(count))
    assert in_band(found, count), found


@pytest.mark.parametrize("count", COUNTS)
def test_the_naive_contrast_does_not(count):
    rng = np.random.default_rng(22)
    found = sum(
        smallest_p("y ~ algorithm + (1|benchmark)", simulate(rng, benchmarks=12, seeds=30)) < 0.05 for _ in range(count)
    )
    assert found / count > 0.4


def small_and_unbalanced(rng: np.random.Generator) -> Cells:
    """Draw 4 equal algorithms on 6 benchmarks: 30 % of the pairs have no run, the others one to five."""
    rows: list[tuple[str, int, float]] = []
    for b in range(6):
        level = rng.standard_normal()
        for a in "ABCD":
            there, effect, seeds = rng.random() >= 0.3, level + 0.3 * rng.standard_normal(), rng.integers(1, 6)
            rows += [(a, b, effect + rng.standard_normal()) for _ in range(seeds if there else 0)]
    algorithm, benchmark, y = (np.array(values) for values in zip(*rows, strict=True))
    return cells_from_rows(y, {"algorithm": algorithm, "benchmark": benchmark}, {})


@pytest.mark.parametrize("count", COUNTS)
def test_joint_tests_hold_their_level_in_small_unbalanced_designs(count):
    rng, hits, loose = np.random.default_rng(29), 0, 0
    for _ in range(count):
        found = fit(DEFAULT, small_and_unbalanced(rng))
        quantities, asked = satterthwaite(found), term_hypothesis(found, ("algorithm",))
        hits += JointTests(found, quantities).of(asked).p_value < 0.05
        loose += quantities.joint_test(asked, found.beta)[3] < 0.05
    assert hits <= stats.binom.isf(0.001, count, 0.05)
    assert hits <= loose


@pytest.mark.parametrize("count", COUNTS)
def test_the_seed_preset_holds_its_level(count):
    rng, overall, single = np.random.default_rng(23), 0, 0
    for _ in range(count):
        rows = simulate(rng, benchmarks=10, seeds=20)
        found = presets.seed_dependency(lambda formula, rows=rows: cells_of(formula, rows), Setup("y"))
        overall += found[0]["p_value"] < 0.05
        single += any(row["p_adjusted"] < 0.05 for row in found if row["p_adjusted"] is not None)
    # Few levels make the boundary's half at zero larger than one half: the test is slightly careful, never liberal.
    for hits in (overall, single):
        assert stats.binom.ppf(0.001, count, 0.03) <= hits <= stats.binom.ppf(0.999, count, 0.05), hits


@pytest.mark.parametrize("count", COUNTS)
def test_the_seed_preset_of_many_algorithms_holds_its_level(count, monkeypatch):
    monkeypatch.setattr(presets, "MOST_ALGORITHMS", 2)
    rng, overall = np.random.default_rng(28), 0
    for _ in range(count):
        rows = simulate(rng, benchmarks=10, seeds=20)
        found = presets.seed_dependency(lambda formula, rows=rows: cells_of(formula, rows), Setup("y"))[0]
        assert found["full_formula"].endswith("(1|seed) + (1|seed:algorithm)")
        overall += found["p_value"] < 0.05
    assert stats.binom.ppf(0.001, count, 0.03) <= overall <= stats.binom.ppf(0.999, count, 0.05), overall


@pytest.mark.parametrize("count", COUNTS)
def test_the_informativeness_preset_holds_its_level_over_all_benchmarks(count):
    rng, hits = np.random.default_rng(24), 0
    for _ in range(count):
        rows = simulate(rng, benchmarks=5, seeds=8, interaction_sd=0.0)
        found = presets.benchmark_informativeness(lambda formula, rows=rows: cells_of(formula, rows), Setup("y"))
        hits += any(row["is_significant"] for row in found)
    assert in_band(hits, count), hits


@pytest.mark.parametrize("count", COUNTS)
def test_the_budget_preset_holds_its_level(count):
    rng, simple, crossed = np.random.default_rng(25), 0, 0
    for _ in range(count):
        rows = with_budgets(rng)
        setup = Setup("y", has_repeats=True)
        found = presets.budget_effect(lambda formula, rows=rows: cells_of(formula, rows), setup)
        simple += found[0]["p_value"] < 0.05
        crossed += found[1]["p_value"] < 0.05
    assert in_band(simple, count), simple
    assert in_band(crossed, count), crossed


@pytest.mark.parametrize("count", COUNTS)
def test_the_feature_preset_holds_its_level(count):
    rng, hits = np.random.default_rng(26), 0
    for _ in range(count):
        rows = simulate(rng, benchmarks=12, seeds=4)
        rows["x"] = rng.standard_normal(12)[np.unique(rows["benchmark"], return_inverse=True)[1]]
        found = presets.feature_effects(lambda formula, rows=rows: cells_of(formula, rows), Setup("y", (), {"x": True}))
        hits += found[0]["p_value"] < 0.05
    assert in_band(hits, count), hits


def with_budgets(rng: np.random.Generator, slope: float = 0.0) -> dict:
    """Several budgets a run, with slopes that differ between benchmarks and between benchmark and algorithm."""
    shape = (8, 3, 5, 4)
    b, a, s, t = (index.ravel() for index in np.indices(shape))
    y = (
        rng.standard_normal(8)[b]
        + 0.5 * rng.standard_normal((8, 3))[b, a]
        + 0.5 * rng.standard_normal((8, 3, 5))[b, a, s]
        + (slope + 0.3 * rng.standard_normal(8)[b] + 0.3 * rng.standard_normal((8, 3))[b, a]) * t
        + 0.5 * rng.standard_normal(b.size)
    )
    return {
        "y": y,
        "algorithm": np.array(["A", "B", "C"])[a],
        "benchmark": np.array([f"b{i}" for i in range(8)])[b],
        "seed": s,
        "run": (b * 3 + a) * 5 + s,
        "budget": t.astype(float),
    }


def test_effects_that_are_there_are_found():
    rng = np.random.default_rng(31)
    rows = simulate(rng, benchmarks=10, seeds=20, interaction_sd=0.2)
    shift = np.where(rows["algorithm"] == "B", 1.2, 0.0) * rng.standard_normal(20)[rows["seed"]]
    rows["y"] = rows["y"] + shift
    found = presets.seed_dependency(lambda formula: cells_of(formula, rows), Setup("y"))
    verdicts = {row["subject"]: row["is_significant"] for row in found}
    assert verdicts == {"all algorithms": True, "within benchmarks": False, "A": False, "B": True, "C": False}

    rows = simulate(rng, benchmarks=5, seeds=20, interaction_sd=0.0)
    rows["y"] = rows["y"] + np.where((rows["benchmark"] != "b002") & (rows["algorithm"] == "A"), 1.5, 0.0)
    found = presets.benchmark_informativeness(lambda formula: cells_of(formula, rows), Setup("y"))
    assert [row["subject"] for row in found if not row["is_significant"]] == ["b002"]

    budgets = with_budgets(rng, slope=2.0)
    found = presets.budget_effect(lambda formula: cells_of(formula, budgets), Setup("y", has_repeats=True))
    assert [row["is_significant"] for row in found] == [True, False]


@pytest.mark.parametrize(
    "count", [pytest.param(80, id="reduced"), pytest.param(500, id="full", marks=pytest.mark.slow)]
)
def test_simulated_power_is_that_of_full_fits(count):
    """Known effects: the share found by complete REML fits matches the closed simulation."""
    spread = Spread(interaction=0.5, residual=1.0, algorithms=3)
    expected = float((simulate_power(spread, 12, 10, 0.8, 20_000, np.random.default_rng(1)) > 1).mean())
    rng, hits = np.random.default_rng(2), 0
    for _ in range(count):
        rows = simulate(rng, benchmarks=12, seeds=10, effect=(0.0, 0.8, 0.0))
        found = fit(DEFAULT, cells_of(DEFAULT, rows))
        p = pairwise(found, satterthwaite(found), marginal_means(found, "algorithm")[0], "tukey").p_adjusted
        hits += p[0] < 0.05
    assert in_band(hits, count, expected), (hits, expected)
