"""All models of the published experiment against lme4, lmerTest and emmeans.

Tolerances: log-likelihood 1e-9 relative or higher; fixed effects 1e-6 standard errors; standard errors and variances
1e-3 relative; degrees of freedom 1e-2; p-values 1e-4. Where lme4 stopped below the optimum (its theta is not ours), the
same numbers are compared at lme4's theta as well, which is the sharper test.
"""

from __future__ import annotations

import numpy as np
import pytest

from hpowh.analyses.mixed_models.inference.contrasts import estimate_means, pairwise
from hpowh.analyses.mixed_models.inference.margins import marginal_means
from hpowh.analyses.mixed_models.inference.satterthwaite import satterthwaite
from hpowh.analyses.mixed_models.model.fit import Fit, finish, fit
from hpowh.analyses.mixed_models.model.optimise import Optimum

from ..conftest import cells_of

pytestmark = pytest.mark.shared
MODELS = [f"m{i:02d}" for i in range(14)] + ["s01", "s02", "s03", "k01", "k02", "k03"]
FILTERS = {
    "all": lambda d: np.ones(len(d["seed"]), bool),
    "used_fidelity==10": lambda d: d["used_fidelity"] == 10,
    "used_fidelity==10 & as.integer(as.character(seed))<10": lambda d: (d["used_fidelity"] == 10) & (d["seed"] < 10),
    "used_fidelity %in% c(4,8,12) & as.integer(as.character(seed))<5": lambda d: (
        np.isin(d["used_fidelity"], (4, 8, 12)) & (d["seed"] < 5)
    ),
}


@pytest.fixture(scope="module", params=[(name, c) for name in MODELS for c in ("ML", "REML")], ids="-".join)
def case(request, reference, priorband) -> tuple[Fit, dict]:
    name, criterion = request.param
    model = reference["models"][name]
    keep = FILTERS[model["filter"]](priorband)
    cells = cells_of(model["formula"], {column: values[keep] for column, values in priorband.items()})
    assert cells.row_count == model["n"]
    return fit(model["formula"], cells, is_reml=criterion == "REML"), model[criterion]


def test_log_likelihood_is_lme4s_or_higher(case):
    found, answer = case
    best = answer.get("lme4_local_optimum", {}).get("best_known_logLik", answer["logLik"])
    assert found.log_likelihood >= best - 1e-9 * abs(best)
    if "lme4_local_optimum" not in answer and answer.get("conv_messages") is None:
        assert found.log_likelihood == pytest.approx(answer["logLik"], rel=1e-8)
    assert found.optimum.is_converged
    if "df" in answer:
        assert found.parameter_count == answer["df"]
    if "df" in answer and "lme4_local_optimum" not in answer:
        assert found.aic == pytest.approx(answer["AIC"], abs=0.01)
        assert found.bic == pytest.approx(answer["BIC"], abs=0.01)


def test_estimates_at_lme4s_theta(case):
    found, answer = case
    if "theta" not in answer or "lme4_local_optimum" in answer:
        pytest.skip("no theta to compare at: a linear model, or the file says to skip this entry's")
    theta = theta_in_our_order(found, answer)
    there = finish(found.likelihood, Optimum(theta, found.likelihood.deviance(theta), 0.0, True))
    errors = np.array(list(answer["se"].values()))
    assert np.abs(there.beta - list(answer["fixef"].values())).max() <= 1e-6 * errors.max()
    assert there.standard_errors == pytest.approx(errors, rel=1e-5)
    assert there.sigma == pytest.approx(answer["sigma"], rel=1e-6)
    assert there.log_likelihood == pytest.approx(answer["logLik"], rel=1e-9)


def test_fixed_effects_and_variances(case):
    found, answer = case
    if "fixef" not in answer or "lme4_local_optimum" in answer:
        pytest.skip("the file has no estimates for this entry, or says to skip them")
    assert found.term_names == list(answer["fixef"])
    errors = np.array(list(answer["se"].values()))
    # With a singular fit the likelihood is flat: lme4's estimate is as far off as its likelihood is below ours.
    tolerance = 1e-6 if not found.is_singular else 5e-5
    assert np.abs((found.beta - list(answer["fixef"].values())) / errors).max() <= tolerance
    assert found.standard_errors == pytest.approx(errors, rel=1e-3)
    if "varcorr" in answer:
        assert found.is_singular == answer["singular"]
        assert variances(found) == pytest.approx(answered_variances(answer), rel=1e-3, abs=1e-6)


def test_conditional_modes(case):
    found, answer = case
    if "ranef" not in answer or "lme4_local_optimum" in answer or found.is_singular:
        pytest.skip("no conditional modes to compare")
    theirs = {tuple(sorted(name.split(":"))): values for name, values in answer["ranef"].items()}
    for block in found.problem.blocks:
        group = theirs[tuple(sorted(block.group.split(":")))]
        modes = found.random_effects[block.span].reshape(-1, block.width)
        place = {frozenset(level.split(":")): i for i, level in enumerate(group["levels"])}
        order = [place[frozenset(level.split(":"))] for level in block.levels]
        expected = np.array(group["modes"], dtype=float).reshape(modes.shape)[order]
        spread = np.array(group["cond_sd"], dtype=float).reshape(modes.shape)[order]
        sds = found.random_effect_sds[block.span].reshape(modes.shape)
        assert modes == pytest.approx(expected, abs=2e-4 * np.abs(expected).max())
        assert sds == pytest.approx(spread, rel=1e-3)


def test_degrees_of_freedom_and_p_values(case):
    found, answer = case
    if "coef_satterthwaite" not in answer or "lme4_local_optimum" in answer:
        pytest.skip("the file has no degrees of freedom for this entry, or says to skip them")
    quantities = satterthwaite(found)
    df = quantities.df(np.eye(found.problem.p))
    assert df == pytest.approx(answer["coef_satterthwaite"]["df"], rel=1e-2)
    if "emmeans_satterthwaite" not in answer:
        return
    expected = answer["emmeans_satterthwaite"]
    means = marginal_means(found, "algorithm")[0]
    each, pairs = estimate_means(found, quantities, means), pairwise(found, quantities, means, "tukey")
    error = column(expected["emm"], "SE")
    assert np.abs((each.estimate - column(expected["emm"], "emmean")) / error).max() <= 1e-6
    assert each.standard_error == pytest.approx(error, rel=1e-3)
    assert each.df == pytest.approx(column(expected["emm"], "df"), rel=1e-2)
    assert np.abs((each.lower - column(expected["emm"], "lower.CL")) / error).max() <= 5e-3
    assert list(pairs.names) == [row["contrast"] for row in expected["contrasts_tukey"]]
    assert pairs.p_adjusted == pytest.approx(column(expected["contrasts_tukey"], "p.value"), abs=1e-4)
    assert pairs.df == pytest.approx(column(expected["contrasts_tukey"], "df"), rel=1e-2)
    spread = np.array(column(expected["contrasts_tukey"], "SE"))
    assert np.abs((pairs.upper - column(expected["contrasts_tukey"], "upper.CL")) / spread).max() <= 5e-3


def theta_in_our_order(found: Fit, answer: dict) -> np.ndarray:
    """lme4 orders terms by their number of levels, we by their number of effects; the names tell them apart."""
    by_group: dict[tuple[str, ...], list[float]] = {}
    for name, value in answer["theta"].items():
        by_group.setdefault(tuple(sorted(name.split(".")[0].split(":"))), []).append(value)
    return np.concatenate([by_group[tuple(sorted(block.group.split(":")))] for block in found.problem.blocks])


def variances(found: Fit) -> dict:
    out = {("Residual",): found.sigma**2}
    for block, covariance in found.block_covariances:
        for i, term in enumerate(block.columns):
            out[(*sorted(block.group.split(":")), term)] = covariance[i, i]
    return out


def answered_variances(answer: dict) -> dict:
    out = {}
    for row in answer["varcorr"]:
        if row["grp"] == "Residual":
            out[("Residual",)] = row["vcov"]
        elif row["var2"] is None:
            out[(*sorted(row["grp"].split(":")), row["var1"])] = row["vcov"]
    return out


def column(rows: list[dict], name: str) -> list[float]:
    return [row[name] for row in rows]
