"""The deviance against the multivariate normal density, its gradient against differences, elimination against dense."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from hpowh.analyses.mixed_models.inference.satterthwaite import satterthwaite
from hpowh.analyses.mixed_models.model import designs
from hpowh.analyses.mixed_models.model import problem as problem_module
from hpowh.analyses.mixed_models.model.cells import DataError
from hpowh.analyses.mixed_models.model.designs import as_dense
from hpowh.analyses.mixed_models.model.fit import fit
from hpowh.analyses.mixed_models.model.formula import parse_formula
from hpowh.analyses.mixed_models.model.likelihood import Likelihood
from hpowh.analyses.mixed_models.model.problem import build_problem, lower_factors

from ..conftest import cells_of, simulate

FORMULAS = [
    "y ~ algorithm + (1|benchmark)",
    "y ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)",
    "y ~ algorithm*x + (1+x|benchmark)",
    "y ~ x + (0+algorithm|benchmark) + (1|seed)",
    "y ~ algorithm + (x||benchmark)",
]


@pytest.fixture(scope="module")
def rows() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(11)
    drawn = simulate(rng, benchmarks=6, seeds=4)
    drawn["x"] = rng.standard_normal(len(drawn["y"]))
    drawn["y"] = drawn["y"] + 0.3 * drawn["x"]
    keep = rng.random(len(drawn["y"])) < 0.85
    return {name: values[keep] for name, values in drawn.items()}


def dense_design(formula: str, rows: dict[str, np.ndarray]):
    """Build X and Z row by row, without cells: one cell a row."""
    numbered = rows | {"row": np.arange(len(rows["y"]))}
    cells = cells_of(formula + " + (1|row)", numbered)
    parsed = parse_formula(formula)
    problem = build_problem(parsed, cells)
    order = cells.codes["row"][problem.rows.cell]
    first = np.array([np.flatnonzero(order == i)[0] for i in range(len(rows["y"]))])
    return problem, as_dense(problem.x)[first], as_dense(problem.z)[first]


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("is_reml", [False, True])
def test_deviance_is_that_of_the_multivariate_normal(formula, is_reml, rows):
    found = fit(formula, cells_of(formula, rows), is_reml=is_reml)
    problem, x, z = dense_design(formula, rows)
    factors = lower_factors(found.theta, found.problem.blocks)
    covariance = np.eye(len(x)) * found.sigma**2
    for block, factor in zip(problem.blocks, factors, strict=True):
        part = z[:, block.span]
        covariance += found.sigma**2 * part @ np.kron(np.eye(len(block.levels)), factor @ factor.T) @ part.T
    mean = x @ found.beta
    expected = stats.multivariate_normal(mean, covariance).logpdf(rows["y"])
    if is_reml:
        _, determinant = np.linalg.slogdet(x.T @ np.linalg.solve(covariance, x))
        expected += 0.5 * x.shape[1] * np.log(2 * np.pi) - 0.5 * determinant
    assert found.log_likelihood == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("is_reml", [False, True])
@pytest.mark.parametrize("limit", [500, 0], ids=["dense", "eliminated"])
def test_gradient_is_the_derivative(formula, is_reml, limit, rows, monkeypatch):
    monkeypatch.setattr(problem_module, "DENSE_LIMIT", limit)
    likelihood = Likelihood(problem=build_problem(parse_formula(formula), cells_of(formula, rows)), is_reml=is_reml)
    rng = np.random.default_rng(1)
    size = sum(block.parameter_count for block in likelihood.problem.blocks)
    for theta in (rng.uniform(0.2, 1.2, size), np.zeros(size), rng.uniform(-1, 1, size)):
        _, gradient = likelihood.value_and_gradient(theta)
        for i in range(size):
            step = np.zeros(size)
            step[i] = 1e-5
            difference = (likelihood.deviance(theta + step) - likelihood.deviance(theta - step)) / 2e-5
            assert gradient[i] == pytest.approx(difference, rel=1e-5, abs=1e-5)


def joint_deviance(x, z, y, blocks, theta, sigma, is_reml):
    """-2 log-likelihood at any residual deviation, of the normal density of all rows; fixed effects at their best."""
    covariance = np.eye(len(y)) * sigma**2
    for block, factor in zip(blocks, lower_factors(theta, blocks), strict=True):
        part = z[:, block.span]
        covariance += sigma**2 * part @ np.kron(np.eye(len(block.levels)), factor @ factor.T) @ part.T
    inverse = np.linalg.inv(covariance)
    information = x.T @ inverse @ x
    residual = y - x @ np.linalg.solve(information, x.T @ inverse @ y)
    count = len(y) - (x.shape[1] if is_reml else 0)
    found = np.linalg.slogdet(covariance)[1] + residual @ inverse @ residual + count * np.log(2 * np.pi)
    return found + (np.linalg.slogdet(information)[1] if is_reml else 0.0)


@pytest.mark.parametrize("formula", [FORMULAS[1], FORMULAS[2]])
@pytest.mark.parametrize("is_reml", [False, True])
@pytest.mark.parametrize("limit", [500, 0], ids=["dense", "eliminated"])
def test_joint_gradient_is_the_derivative_of_the_normal_density(formula, is_reml, limit, rows, monkeypatch):
    """By theta and sigma, away from the best sigma too: what Satterthwaite's degrees of freedom are made of."""
    monkeypatch.setattr(problem_module, "DENSE_LIMIT", limit)
    few = {name: values[rows["seed"] < 2] for name, values in rows.items()}
    likelihood = Likelihood(problem=build_problem(parse_formula(formula), cells_of(formula, few)), is_reml=is_reml)
    problem, x, z = dense_design(formula, few)
    size = sum(block.parameter_count for block in problem.blocks)
    at = np.append(np.random.default_rng(3).uniform(0.3, 1.1, size), 0.8)

    def deviance(point):
        return joint_deviance(x, z, few["y"], problem.blocks, point[:-1], point[-1], is_reml)

    found = likelihood.joint_gradient(likelihood.state(at[:-1]), at[:-1], at[-1])
    for i in range(size + 1):
        step = np.zeros(size + 1)
        step[i] = 1e-5
        wanted = (deviance(at + step) - deviance(at - step)) / 2e-5
        assert found[i] == pytest.approx(wanted, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("formula", FORMULAS)
def test_cross_products_of_a_blocks_levels_are_the_same_both_ways(formula, rows, monkeypatch):
    """Z'Z summed over a block's levels, from the dense cross-products, by elimination, and from Z itself."""
    problem = build_problem(parse_formula(formula), cells_of(formula, rows))
    z = as_dense(problem.z)
    for limit in (500, 0):
        monkeypatch.setattr(problem_module, "DENSE_LIMIT", limit)
        found = Likelihood(problem=problem, is_reml=True).block_sums()
        for block, sums in zip(problem.blocks, found, strict=True):
            columns = z[:, block.span].reshape(len(z), -1, block.width)
            assert sums == pytest.approx(np.einsum("nli,nlj->ij", columns, columns))


def test_another_response_of_the_same_design(rows, monkeypatch):
    """A likelihood that is given another response equals one that was made for it."""
    formula = FORMULAS[1]
    problem = build_problem(parse_formula(formula), cells_of(formula, rows))
    y = np.random.default_rng(4).normal(size=problem.y.size)
    theta = np.array([0.7, 0.4])
    for limit in (500, 0):
        monkeypatch.setattr(problem_module, "DENSE_LIMIT", limit)
        other = Likelihood(problem=problem, is_reml=True).with_response(y, 3.0)
        fresh = Likelihood(problem=problem.with_response(y, 3.0), is_reml=True)
        assert other.deviance(theta) == pytest.approx(fresh.deviance(theta), rel=1e-12)
        assert other.raw_deviance() == pytest.approx(
            other.degrees * (1 + np.log(2 * np.pi * (y @ y + 3.0) / other.degrees))
        )
        assert other.value_and_gradient(theta)[1] == pytest.approx(fresh.value_and_gradient(theta)[1], rel=1e-9)


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("share", [0.04, 2.0], ids=["dense rows", "sparse rows"])
def test_elimination_agrees_with_the_dense_path(formula, share, rows, monkeypatch):
    cells = cells_of(formula, rows)
    dense = fit(formula, cells)
    monkeypatch.setattr(problem_module, "DENSE_LIMIT", 0)
    monkeypatch.setattr("hpowh.analyses.mixed_models.model.eliminate.DENSE_SHARE", share)
    monkeypatch.setattr("hpowh.analyses.mixed_models.model.eliminate.DENSE_ENTRIES", 0)
    other = fit(formula, cells)
    assert other.likelihood.parts is not None
    assert dense.likelihood.parts is None
    assert other.log_likelihood == pytest.approx(dense.log_likelihood, rel=1e-11)
    assert other.beta == pytest.approx(dense.beta, abs=1e-6)
    assert other.random_effects == pytest.approx(dense.random_effects, abs=2e-5)
    assert other.random_effect_sds == pytest.approx(dense.random_effect_sds, abs=2e-5)
    identity = np.eye(dense.problem.p)
    assert satterthwaite(other).df(identity) == pytest.approx(satterthwaite(dense).df(identity), rel=1e-3)


NESTED = [
    "y ~ algorithm + (1|benchmark:seed) + (1|benchmark)",
    "y ~ algorithm*x + (1|benchmark:seed) + (1|benchmark) + (1|seed)",
    "y ~ x + (1+x|benchmark:seed) + (1+x|benchmark) + (1|algorithm)",
    "y ~ algorithm + (1|benchmark:seed) + (0+algorithm|benchmark)",
]


@pytest.mark.parametrize("formula", NESTED)
@pytest.mark.parametrize("is_reml", [False, True])
@pytest.mark.parametrize("share", [0.04, 2.0], ids=["dense rows", "sparse rows"])
def test_a_nested_block_is_eliminated_as_well(formula, is_reml, share, rows, monkeypatch):
    problem = build_problem(parse_formula(formula), cells_of(formula, rows))
    dense = Likelihood(problem=problem, is_reml=is_reml)
    monkeypatch.setattr(problem_module, "DENSE_LIMIT", 0)
    monkeypatch.setattr("hpowh.analyses.mixed_models.model.eliminate.DENSE_SHARE", share)
    monkeypatch.setattr("hpowh.analyses.mixed_models.model.eliminate.DENSE_ENTRIES", 0)
    monkeypatch.setattr("hpowh.analyses.mixed_models.model.eliminate.LEAST_NESTED", 1)
    nested = Likelihood(problem=problem, is_reml=is_reml)
    assert nested.parts is not None
    assert nested.parts.is_nested
    rng = np.random.default_rng(2)
    size = sum(block.parameter_count for block in problem.blocks)
    for theta in (rng.uniform(0.2, 1.2, size), rng.uniform(-1, 1, size), np.zeros(size)):
        one, other = dense.state(theta), nested.state(theta)
        assert nested.deviance_at(other) == pytest.approx(dense.deviance_at(one), rel=1e-11)
        assert nested.value_and_gradient(theta)[1] == pytest.approx(
            dense.value_and_gradient(theta)[1], rel=1e-7, abs=1e-7
        )
        assert nested.unscaled_covariance(other) == pytest.approx(dense.unscaled_covariance(one), rel=1e-8)
        assert nested.random_effects(other) == pytest.approx(dense.random_effects(one), abs=1e-8)
        assert nested.conditional_variances(other) == pytest.approx(
            dense.conditional_variances(one), rel=1e-7, abs=1e-10
        )


ALIKE = [
    "y ~ algorithm + (1|run) + (1|benchmark)",
    "y ~ algorithm + (1|run) + (1|benchmark:algorithm) + (1|benchmark)",
    "y ~ algorithm*x + (1+x|run) + (1+x|benchmark)",
    "y ~ x + (0+x|run) + (0+algorithm|benchmark)",
]


@pytest.fixture(scope="module")
def points() -> dict[str, np.ndarray]:
    """Draw runs of two, three or four points: those of one algorithm on one benchmark differ in nothing else."""
    rng = np.random.default_rng(21)
    drawn = simulate(rng, benchmarks=5, seeds=9)
    length = 2 + drawn["seed"] % 3
    points = {name: np.repeat(values, length) for name, values in drawn.items()}
    points["run"] = np.repeat(np.arange(len(length)), length)
    points["x"] = np.concatenate([np.arange(size) for size in length]).astype(float)
    points["y"] = points["y"] + rng.normal(size=len(length))[points["run"]] + rng.normal(size=len(points["x"]))
    return points


@pytest.mark.parametrize("formula", ALIKE)
@pytest.mark.parametrize("is_reml", [False, True])
@pytest.mark.parametrize(("least", "entries"), [(1, 0), (1000, 0), (1000, 9999)], ids=["nested", "one", "dense"])
def test_runs_that_only_their_response_tells_apart_are_summed_by_groups(
    formula, is_reml, least, entries, points, monkeypatch
):
    problem = build_problem(parse_formula(formula), cells_of(formula, points))
    dense = Likelihood(problem=problem, is_reml=is_reml)
    monkeypatch.setattr(problem_module, "DENSE_LIMIT", 0)
    monkeypatch.setattr("hpowh.analyses.mixed_models.model.eliminate.LEAST_NESTED", least)
    monkeypatch.setattr("hpowh.analyses.mixed_models.model.eliminate.DENSE_ENTRIES", entries)
    grouped = Likelihood(problem=problem, is_reml=is_reml)
    assert grouped.parts is not None
    assert grouped.parts.alike is not None
    assert len(grouped.parts.a11) == 5 * 3 * 3  # benchmarks, algorithms, lengths
    rng = np.random.default_rng(2)
    size = sum(block.parameter_count for block in problem.blocks)
    for theta in (rng.uniform(0.2, 1.2, size), rng.uniform(-1, 1, size), np.zeros(size)):
        one, other = dense.state(theta), grouped.state(theta)
        assert grouped.deviance_at(other) == pytest.approx(dense.deviance_at(one), rel=1e-12)
        assert grouped.value_and_gradient(theta)[1] == pytest.approx(
            dense.value_and_gradient(theta)[1], rel=1e-9, abs=1e-9
        )
        assert grouped.joint_gradient(other, theta, 0.8) == pytest.approx(
            dense.joint_gradient(one, theta, 0.8), rel=1e-9, abs=1e-9
        )
        assert grouped.unscaled_covariance(other) == pytest.approx(dense.unscaled_covariance(one), rel=1e-10)
        assert grouped.random_effects(other) == pytest.approx(dense.random_effects(one), abs=1e-10)
        assert grouped.conditional_variances(other) == pytest.approx(
            dense.conditional_variances(one), rel=1e-9, abs=1e-12
        )
    for mine, theirs in zip(grouped.block_sums(), dense.block_sums(), strict=True):
        assert mine == pytest.approx(theirs, rel=1e-12)


def test_levels_that_differ_in_anything_else_stay_apart(points, monkeypatch):
    monkeypatch.setattr(problem_module, "DENSE_LIMIT", 0)
    unlike = points | {"x": points["x"] + points["run"] / 7}
    formula = "y ~ algorithm + x + (1|run) + (1|benchmark)"
    likelihood = Likelihood(problem=build_problem(parse_formula(formula), cells_of(formula, unlike)), is_reml=True)
    assert likelihood.parts is not None
    assert likelihood.parts.alike is None
    assert len(likelihood.parts.a11) == 5 * 3 * 9


def test_crossed_blocks_are_not_taken_for_nested(rows, monkeypatch):
    monkeypatch.setattr(problem_module, "DENSE_LIMIT", 0)
    monkeypatch.setattr("hpowh.analyses.mixed_models.model.eliminate.LEAST_NESTED", 1)
    formula = "y ~ algorithm + (1|benchmark) + (1|seed)"
    likelihood = Likelihood(problem=build_problem(parse_formula(formula), cells_of(formula, rows)), is_reml=True)
    assert likelihood.parts is not None
    assert not likelihood.parts.is_nested


def test_a_start_at_zero_is_left(rows):
    """Theta = 0 is a stationary point of every model; a search that begins there must not end there."""
    from hpowh.analyses.mixed_models.model.optimise import minimise

    formula = "y ~ algorithm + (0+algorithm|benchmark)"
    likelihood = Likelihood(problem=build_problem(parse_formula(formula), cells_of(formula, rows)), is_reml=True)
    best = minimise(likelihood)
    stuck = minimise(likelihood, np.zeros(6))
    assert stuck.deviance == pytest.approx(best.deviance, abs=1e-6)
    assert likelihood.deviance(np.zeros(6)) > best.deviance + 1.0


def test_anova_of_a_balanced_design():
    """REML of a balanced two-way layout is the analysis of variance: mean squares give the components and F."""
    rows = simulate(np.random.default_rng(5), benchmarks=8, algorithms=3, seeds=6)
    formula = "y ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
    found = fit(formula, cells_of(formula, rows))
    y = rows["y"].reshape(8, 3, 6)
    cell, by_a, by_b, grand = y.mean(2), y.mean((0, 2)), y.mean((1, 2)), y.mean()
    ms_error = ((y - cell[:, :, None]) ** 2).sum() / (8 * 3 * 5)
    inter = cell - by_a - by_b[:, None] + grand
    ms_inter = 6 * (inter**2).sum() / (7 * 2)
    ms_a = 48 * ((by_a - grand) ** 2).sum() / 2
    ms_b = 18 * ((by_b - grand) ** 2).sum() / 7
    components = {block.group: covariance[0, 0] for block, covariance in found.block_covariances}
    assert found.sigma**2 == pytest.approx(ms_error, rel=1e-7)
    assert components["benchmark:algorithm"] == pytest.approx((ms_inter - ms_error) / 6, rel=1e-6)
    assert components["benchmark"] == pytest.approx((ms_b - ms_inter) / 18, rel=1e-6)
    statistic, df1, df2, p = satterthwaite(found).joint_test(np.eye(3)[1:], found.beta)
    assert (statistic, df1, df2) == (pytest.approx(ms_a / ms_inter, rel=1e-6), 2, pytest.approx(14, rel=1e-5))
    assert p == pytest.approx(stats.f.sf(ms_a / ms_inter, 2, 14), rel=1e-4)


@pytest.mark.parametrize("formula", [*FORMULAS, "y ~ algorithm"])
def test_dense_and_sparse_designs_are_the_same_model(formula, rows, monkeypatch):
    dense = fit(formula, cells_of(formula, rows))
    assert isinstance(dense.problem.x, np.ndarray)
    monkeypatch.setattr(designs, "DENSE_ENTRIES", 0)
    sparse = fit(formula, cells_of(formula, rows))
    assert not isinstance(sparse.problem.x, np.ndarray)
    assert (as_dense(sparse.problem.x) == dense.problem.x).all()
    assert (as_dense(sparse.problem.z) == dense.problem.z).all()
    assert sparse.log_likelihood == pytest.approx(dense.log_likelihood, rel=1e-12)
    assert sparse.beta == pytest.approx(dense.beta, rel=1e-8)


def test_rows_that_are_fitted_exactly_are_refused_after_a_few_looks(monkeypatch: pytest.MonkeyPatch):
    """Without residual variance the deviance has no end; the search must not walk on the spot."""
    looks = []
    state = Likelihood.state
    monkeypatch.setattr(Likelihood, "state", lambda self, theta: looks.append(0) or state(self, theta))
    rng = np.random.default_rng(3)
    for _ in range(10):
        looks.clear()
        levels = np.repeat(rng.standard_normal(5), 2)
        rows = {"y": levels, "algorithm": np.array(["a", "b"] * 5), "benchmark": np.repeat(np.arange(5), 2)}
        with pytest.raises(DataError, match="every row exactly"):
            fit("y ~ algorithm + (1|benchmark)", cells_of("y ~ algorithm + (1|benchmark)", rows))
        assert len(looks) < 300
