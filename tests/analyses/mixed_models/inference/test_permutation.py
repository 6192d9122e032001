"""Permutation test of a likelihood ratio: the algebra of whitening, its level, its power, what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from hpowh.analyses.mixed_models.inference.bootstrap import bootstrap_test
from hpowh.analyses.mixed_models.inference.compare import NotComparableError, compare_formulas
from hpowh.analyses.mixed_models.inference.permutation import permutation_test, whitened
from hpowh.analyses.mixed_models.model.designs import as_dense
from hpowh.analyses.mixed_models.model.fit import fit
from hpowh.analyses.mixed_models.model.problem import lower_factors

from ..conftest import cells_of, simulate

GROUPS = "(1|benchmark) + (1|benchmark:algorithm)"
TESTS = {
    "fixed": (f"y ~ 1 + {GROUPS}", f"y ~ algorithm + {GROUPS}"),
    "random": (f"y ~ algorithm + {GROUPS}", f"y ~ algorithm + {GROUPS} + (1|seed)"),
}


def single_rows(formula: str, rows: dict):
    """Cells of one row each."""
    return cells_of(f"{formula} + (1|row)", rows | {"row": np.arange(len(rows["y"]))})


def compared(kind: str, rows: dict):
    null, full = TESTS[kind]
    return compare_formulas(null, full, single_rows(full, rows))


def skewed(rng: np.random.Generator, **options) -> dict:
    """An experiment without effects whose errors are exponential."""
    rows = simulate(rng, benchmarks=8, seeds=8, **options)
    return rows | {"y": rows["y"] + 2.0 * rng.standard_exponential(len(rows["y"]))}


@pytest.mark.parametrize("formula", ["y ~ algorithm + (1|benchmark)", "y ~ 1 + (1+x|benchmark) + (1|seed)"])
def test_whitening_is_the_inverse_root_of_the_models_covariance(formula):
    rng = np.random.default_rng(3)
    rows = simulate(rng, benchmarks=5, seeds=4, seed_sd=0.5)
    rows["x"] = rng.standard_normal(len(rows["y"]))
    found = fit(formula, single_rows(formula, rows))
    problem = found.problem
    spread = np.eye(len(problem.y))
    for block, factor in zip(problem.blocks, lower_factors(found.theta, problem.blocks), strict=True):
        z = as_dense(problem.z[:, block.span])
        spread += z @ np.kron(np.eye(len(block.levels)), factor @ factor.T) @ z.T
    fixed, white, half = whitened(found)
    values, vectors = np.linalg.eigh(spread)
    assert white == pytest.approx((vectors / np.sqrt(values)) @ vectors.T @ (problem.y - fixed), abs=1e-8)
    assert fixed + white + half(white) == pytest.approx(problem.y, abs=1e-8)


@pytest.mark.parametrize("kind", list(TESTS))
@pytest.mark.parametrize(
    "count", [pytest.param(15, id="reduced"), pytest.param(500, id="full", marks=pytest.mark.slow)]
)
def test_the_level_is_held_with_errors_that_are_not_normal(kind, count):
    rng = np.random.default_rng(40)
    hits = sum(permutation_test(compared(kind, skewed(rng)), 39, seed=i).p_value <= 0.05 for i in range(count))
    assert stats.binom.ppf(0.001, count, 0.025) <= hits <= stats.binom.ppf(0.999, count, 0.05), hits


def test_effects_that_are_there_are_found():
    rng = np.random.default_rng(41)
    fixed = compared("fixed", simulate(rng, benchmarks=12, seeds=8, effect=(0.0, 2.0, 0.0)))
    assert permutation_test(fixed, 99, seed=1).p_value == pytest.approx(0.01)
    rows = simulate(rng, benchmarks=8, seeds=12)
    rows["y"] = rows["y"] + rng.standard_normal(12)[rows["seed"]]
    assert permutation_test(compared("random", rows), 99, seed=1).p_value == pytest.approx(0.01)


@pytest.mark.slow
def test_agrees_with_bootstrap_and_mixture_on_a_doubtful_effect():
    """Normal data, an effect of middling size: three ways to one p-value."""
    rng = np.random.default_rng(49)
    rows = simulate(rng, benchmarks=8, seeds=20)
    rows["y"] = rows["y"] + 0.21 * rng.standard_normal(20)[rows["seed"]]
    found = compared("random", rows)
    assert 0.005 < found.p_value < 0.3
    count = 400
    error = 4 * np.sqrt(found.p_value * (1 - found.p_value) / count)
    shuffled, simulated = permutation_test(found, count, seed=2).p_value, bootstrap_test(found, count, seed=2).p_value
    assert shuffled == pytest.approx(found.p_value, abs=error + 0.03)
    assert shuffled == pytest.approx(simulated, abs=1.5 * error)


def test_refuses_cells_of_several_rows():
    rows = simulate(np.random.default_rng(1), benchmarks=4, seeds=4)
    null, full = TESTS["fixed"]
    with pytest.raises(NotComparableError, match="several rows"):
        permutation_test(compare_formulas(null, full, cells_of(full, rows)), 9, seed=0)


@pytest.mark.shared
def test_priorbands_seed_effect_survives_shuffling(priorband):
    rows = {name: values[priorband["used_fidelity"] == 10] for name, values in priorband.items()}
    null = "normalized_regret ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
    rows["row"] = np.arange(len(rows["value"]))
    found = compare_formulas(null, f"{null} + (1|seed)", cells_of(f"{null} + (1|seed) + (1|row)", rows))
    assert permutation_test(found, 49, seed=1).p_value == pytest.approx(0.02)
