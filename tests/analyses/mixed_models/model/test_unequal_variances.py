"""Residual variances by benchmark and interaction variances by algorithm: R's nlme and glmmTMB, derivatives, edges."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hpowh.analyses.mixed_models.inference.satterthwaite import satterthwaite
from hpowh.analyses.mixed_models.model.cells import Cells, DataError, cells_from_rows
from hpowh.analyses.mixed_models.model.fit import fit
from hpowh.analyses.mixed_models.model.formula import FormulaError, parse_formula
from hpowh.analyses.mixed_models.model.subset import scaled_by
from hpowh.analyses.mixed_models.studies.summary import variance_intervals

FOLDER = Path(__file__).parents[3] / "reference"
DATA = json.loads((FOLDER / "unequal_variances_data.json").read_text(encoding="utf-8"))
ANSWERS = json.loads((FOLDER / "unequal_variances.json").read_text(encoding="utf-8"))["answers"]
PLAIN = "y ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
DIAGONAL = "y ~ algorithm + (1|benchmark) + diag(0+algorithm|benchmark)"


def cells_of(columns: dict) -> Cells:
    factors = {name: np.array(columns[name]) for name in ("algorithm", "benchmark")}
    return cells_from_rows(np.array(columns["y"]), factors, {})


def drawn(seed: int, spread: np.ndarray, algorithms: int = 3, seeds: int = 5) -> dict:
    rng = np.random.default_rng(seed)
    shape = (len(spread), algorithms, seeds)
    b, a, _ = (index.ravel() for index in np.indices(shape))
    y = rng.standard_normal(len(spread))[b] + spread[b] * rng.standard_normal(b.size)
    return {"y": y, "algorithm": np.array(list("ABCD"))[a], "benchmark": np.array([f"b{i}" for i in b])}


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("at", range(3))
def test_nlme_and_glmmtmb_agree(at, method):
    answer, cells = ANSWERS[at][method], cells_of(DATA[at])
    for name, formula, variance in (("residual", PLAIN, "benchmark"), ("interaction", DIAGONAL, None)):
        found, theirs = fit(formula, cells, is_reml=method == "REML", variance=variance), answer[name]
        best = max(theirs["log_likelihood"], theirs.get("log_likelihood_glmmTMB", -np.inf))
        assert found.log_likelihood >= best - 1e-9 * abs(best)
        assert found.log_likelihood == pytest.approx(best, abs=1e-6)
        np.testing.assert_allclose(found.standard_errors, theirs["standard_error"], rtol=1e-4)
        np.testing.assert_allclose(found.beta, theirs["estimate"], atol=1e-4 * found.standard_errors.max())
        if name == "residual":
            sds = found.class_sds[found.classes.of_level]
            np.testing.assert_allclose(sds, [theirs["sd"][b] for b in cells.levels["benchmark"]], rtol=1e-3)


@pytest.mark.parametrize("is_reml", [True, False])
def test_the_gradient_is_that_of_the_deviance(is_reml):
    found = fit(PLAIN, cells_of(DATA[1]), is_reml=is_reml, variance="benchmark")
    likelihood = found.likelihood
    theta = found.theta + 0.1 * np.random.default_rng(0).standard_normal(len(found.theta))
    steps = 1e-6 * np.eye(len(theta))
    differences = [(likelihood.deviance(theta + s) - likelihood.deviance(theta - s)) / 2e-6 for s in steps]
    np.testing.assert_allclose(likelihood.value_and_gradient(theta)[1], differences, atol=2e-6, rtol=1e-6)
    state = likelihood.state(theta)
    joint = likelihood.joint_gradient(state, theta, 1.3)

    def deviance(sigma: float) -> float:
        determinants = likelihood.deviance_at(state) - likelihood.degrees * (
            1.0 + np.log(2.0 * np.pi * state.residual / likelihood.degrees)
        )
        return determinants + likelihood.degrees * np.log(2.0 * np.pi * sigma**2) + state.residual / sigma**2

    assert joint[-1] == pytest.approx((deviance(1.3 + 1e-6) - deviance(1.3 - 1e-6)) / 2e-6, rel=1e-6)


def test_equal_variances_are_the_plain_model():
    """With the ratios held at one the deviance is that of one variance; estimated, it can only be lower."""
    cells = cells_of(drawn(3, np.ones(6)))
    plain, own = fit(PLAIN, cells), fit(PLAIN, cells, variance="benchmark")
    theta = np.concatenate([plain.theta, np.zeros(5)])
    assert own.likelihood.deviance(theta) == pytest.approx(plain.optimum.deviance, rel=1e-12)
    assert own.log_likelihood > plain.log_likelihood
    assert own.parameter_count == plain.parameter_count + 5


def test_a_benchmark_without_spread_shares_the_narrowest_ones_variance():
    rows = drawn(4, np.array([1.0, 2.0, 0.5, 3.0, 0.0]))
    rows["y"][rows["benchmark"] == "b4"] = 7.0
    found = fit(PLAIN, cells_of(rows), variance="benchmark")
    assert found.classes.sharing == ("b4",)
    assert found.classes.of_level[4] == found.classes.of_level[2] == 3
    assert found.optimum.is_converged
    assert np.isfinite(satterthwaite(found).df(np.eye(3))).all()
    with pytest.raises(DataError, match="Fewer than two levels"):
        fit(PLAIN, cells_of(drawn(5, np.array([1.0, 0.0, 0.0, 0.0]))), variance="benchmark")
    with pytest.raises(DataError, match="needs seed in the formula"):
        fit(PLAIN, cells_of(DATA[0]), variance="seed")


def test_intervals_of_the_residual_spreads_hold_the_truth():
    spread = np.exp(np.linspace(-2, 2, 8))
    held = total = 0
    for seed in range(15):
        found = fit(PLAIN, cells_of(drawn(seed, spread)), variance="benchmark")
        bounds = variance_intervals(found, satterthwaite(found))[-1]
        for level, k in enumerate(found.classes.of_level):
            held += bounds[k].lower <= spread[level] <= bounds[k].upper
            total += 1
    assert held / total > 0.88


def test_a_scaled_response_has_unit_spread_everywhere():
    rows = drawn(6, np.array([0.01, 1.0, 100.0]))
    scaled, sd = scaled_by(cells_of(rows), "benchmark")
    code = scaled.codes["benchmark"]
    variance = np.bincount(code, weights=scaled.scatter_y) / np.bincount(code, weights=scaled.count - 1)
    np.testing.assert_allclose(variance, 1.0)
    by_name = dict(zip([scaled.levels["benchmark"][i] for i in code], sd, strict=True))
    again = cells_of(rows | {"y": rows["y"] / np.array([by_name[name] for name in rows["benchmark"]])})
    np.testing.assert_allclose(scaled.mean_y + scaled.shift, again.mean_y + again.shift, rtol=1e-12)


def test_a_diagonal_term_is_written_as_in_glmmtmb():
    formula = parse_formula("y ~ a + diag(0 + a | b) + (1 | b)")
    assert str(formula) == "y ~ a + diag(0 + a | b) + (1 | b)"
    assert [term.is_diagonal for term in formula.random] == [True, False]
    assert parse_formula("y ~ diag + (1|b)").fixed.terms == (("diag",),)
    with pytest.raises(FormulaError):
        parse_formula("y ~ diag(0 + a | b")
