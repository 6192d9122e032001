"""lme4, lmerTest and emmeans on small experiments that the project draws: balanced or not, nested, with empty cells.

Their answers are kept in `tests/reference`, with the script that asked them. Tolerances: log-likelihoods 1e-8 relative;
fixed effects 1e-4 standard errors; variances 1e-3; degrees of freedom 1e-2 relative (lmerTest differentiates
numerically); p-values and ends of intervals 2e-3.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from hpowh.analyses.mixed_models.inference.compare import compare_formulas
from hpowh.analyses.mixed_models.inference.contrasts import (
    NUMBERS,
    Estimates,
    against_control,
    contrast_weights,
    custom,
    estimate_means,
    pairwise,
)
from hpowh.analyses.mixed_models.inference.margins import marginal_means
from hpowh.analyses.mixed_models.inference.satterthwaite import satterthwaite
from hpowh.analyses.mixed_models.model.cells import DataError
from hpowh.analyses.mixed_models.model.fit import Fit, finish, fit
from hpowh.analyses.mixed_models.model.optimise import Optimum

from ..conftest import cells_of
from .test_reference import answered_variances, theta_in_our_order, variances

REFERENCE = Path(__file__).resolve().parents[3] / "reference"
ANSWERS = json.loads((REFERENCE / "lme4_answers.json").read_text(encoding="utf-8"))
MODELS = {f"{one['data']}: {one['formula']}": one for one in ANSWERS["models"]}
MIXED = [name for name, one in MODELS.items() if "theta" in one["REML"]]


@pytest.fixture(scope="module")
def experiments() -> dict[str, dict[str, np.ndarray]]:
    """The columns of every experiment."""
    sys.path.insert(0, str(REFERENCE))
    try:
        import make_data
    finally:
        sys.path.remove(str(REFERENCE))
    columns = make_data.COLUMNS
    drawn = make_data.experiments()
    return {
        name: {c: np.array([row[i] for row in rows]) for i, c in enumerate(columns)} for name, rows in drawn.items()
    }


@pytest.fixture(scope="module")
def fits(experiments) -> dict[tuple[str, str], Fit]:
    """Every model, fitted by both criteria."""
    found = {}
    for name, one in MODELS.items():
        rows = experiments[one["data"]]
        assert (len(rows["y"]), rows["y"].mean()) == (one["n"], pytest.approx(one["mean_y"], rel=1e-12))
        cells = cells_of(one["formula"], rows)
        for criterion in ("ML", "REML"):
            found[name, criterion] = fit(one["formula"], cells, is_reml=criterion == "REML")
    return found


@pytest.mark.parametrize("criterion", ["ML", "REML"])
@pytest.mark.parametrize("name", MODELS)
def test_likelihood_and_criteria(name, criterion, fits):
    found, answer = fits[name, criterion], MODELS[name][criterion]
    assert found.log_likelihood == pytest.approx(answer["log_likelihood"], rel=1e-8)
    assert found.optimum.is_converged
    assert found.parameter_count == answer["parameters"]
    if criterion == "ML" or name in MIXED:
        assert (found.aic, found.bic) == (
            pytest.approx(answer["AIC"], abs=1e-4),
            pytest.approx(answer["BIC"], abs=1e-4),
        )


@pytest.mark.parametrize("criterion", ["ML", "REML"])
@pytest.mark.parametrize("name", MIXED)
def test_effects_and_variances(name, criterion, fits):
    found, answer = fits[name, criterion], MODELS[name][criterion]
    errors = np.array(list(answer["errors"].values()))
    assert found.term_names == list(answer["fixed"])
    assert np.abs((found.beta - list(answer["fixed"].values())) / errors).max() <= 1e-4
    assert found.standard_errors == pytest.approx(errors, rel=1e-3)
    assert found.sigma == pytest.approx(answer["sigma"], rel=1e-4)
    assert found.is_singular == answer["is_singular"]
    ours = variances(found)
    theirs = {(key[0].removesuffix(".1"), *key[1:]): value for key, value in answered_variances(answer).items()}
    assert {key: ours[key] for key in theirs} == pytest.approx(theirs, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize("name", [name for name in MIXED if "||" not in name])
def test_effects_at_lme4s_theta(name, fits):
    found, answer = fits[name, "REML"], MODELS[name]["REML"]
    theta = theta_in_our_order(found, answer)
    there = finish(found.likelihood, Optimum(theta, found.likelihood.deviance(theta), 0.0, True))
    assert there.log_likelihood == pytest.approx(answer["log_likelihood"], rel=1e-10)
    assert there.beta == pytest.approx(list(answer["fixed"].values()), abs=1e-7)
    assert there.standard_errors == pytest.approx(list(answer["errors"].values()), rel=1e-6)
    for block in there.problem.blocks:
        modes = there.random_effects[block.span].reshape(-1, block.width)
        ours = {frozenset(level.split(":")): mode for level, mode in zip(block.levels, modes, strict=True)}
        groups = {frozenset(group.split(":")): values for group, values in answer["modes"].items()}
        theirs = groups[frozenset(block.group.split(":"))]
        assert len(ours) == len(theirs)
        for level, mode in theirs.items():
            assert ours[frozenset(level.split(":"))] == pytest.approx(np.atleast_1d(mode), abs=1e-5)


@pytest.mark.parametrize("name", MIXED)
def test_degrees_of_freedom_of_effects(name, fits):
    found, answer = fits[name, "REML"], MODELS[name]["REML"]
    if found.is_singular:
        pytest.skip("on the boundary lmerTest's numerical Hessian and ours are different approximations")
    df = satterthwaite(found).df(np.eye(found.problem.p))
    assert df == pytest.approx(list(answer["df"].values()), rel=1e-2)


def held(found: Estimates, answer: list[dict], estimate: str) -> None:
    """Hold estimates, errors, degrees of freedom, p-values and intervals against a table of emmeans.

    Where a contrast cannot be estimated, emmeans adjusts the others as if it had been tested; here it is no member of
    the family, and p-values are adjusted by scipy's and statsmodels' own functions instead.
    """
    is_known = [row[estimate] is not None for row in answer]
    known = [row for row in answer if row[estimate] is not None]
    arrays = {name: getattr(found, name)[is_known] for name in NUMBERS}
    for name in NUMBERS:
        assert np.isnan(getattr(found, name)).tolist() == [not known for known in is_known]
    error, df, t_value = (np.array([row[name] for row in known]) for name in ("SE", "df", "t.ratio"))
    assert np.abs((arrays["estimate"] - numbers(known, estimate)) / error).max() <= 1e-4
    assert arrays["standard_error"] == pytest.approx(error, rel=1e-3)
    assert arrays["df"] == pytest.approx(df, rel=1e-2)
    assert arrays["t_value"] == pytest.approx(t_value, rel=1e-3, abs=1e-3)
    if all(is_known) or found.method == "none":
        assert arrays["p_adjusted"] == pytest.approx(numbers(known, "p.value"), abs=2e-3)
        if found.method != "holm":  # emmeans gives Bonferroni's interval beside Holm's p-values
            assert np.abs((arrays["lower"] - numbers(known, "lower.CL")) / error).max() <= 1e-2
            assert np.abs((arrays["upper"] - numbers(known, "upper.CL")) / error).max() <= 1e-2
    elif found.method == "holm":
        plain = 2 * stats.t.sf(np.abs(t_value), df)
        assert arrays["p_adjusted"] == pytest.approx(multipletests(plain, method="holm")[1], abs=2e-3)
    else:
        means = len({name for row in known for name in row["contrast"].split(" - ")})
        tails = stats.studentized_range.sf(np.abs(t_value) * np.sqrt(2), means, df)
        assert arrays["p_adjusted"] == pytest.approx(tails, abs=2e-3)


@pytest.mark.parametrize("by", [(), ("prior",)], ids=["algorithm", "algorithm by prior"])
@pytest.mark.parametrize("name", [name for name, one in MODELS.items() if "emmeans" in one["REML"]])
def test_means_and_contrasts(name, by, fits):
    found, answers = fits[name, "REML"], MODELS[name]["REML"]["emmeans"]
    if by and "algorithm | prior" not in answers:
        pytest.skip("the model has no prior")
    if found.is_singular:
        pytest.skip("on the boundary lmerTest's numerical Hessian and ours are different approximations")
    answer = answers["algorithm | prior" if by else "algorithm"]
    quantities = satterthwaite(found)
    for means in marginal_means(found, "algorithm", by=by):
        prior = means.setting.removeprefix("prior = ")
        mine = {kind: [row for row in table if not by or row["prior"] == prior] for kind, table in answer.items()}
        assert means.levels == tuple(row["algorithm"] for row in mine["means"])
        held(estimate_means(found, quantities, means), mine["means"], "emmean")
        for method in ("tukey", "holm"):
            pairs = pairwise(found, quantities, means, method)
            assert list(pairs.names) == [row["contrast"] for row in mine[method]]
            held(pairs, mine[method], "estimate")
        control = against_control(found, quantities, means, "B")
        assert list(control.names) == [row["contrast"] for row in mine["control"]]
        assert control.estimate == pytest.approx(numbers(mine["control"], "estimate"), abs=1e-4, nan_ok=True)
        assert control.p_value == pytest.approx(numbers(mine["control"], "p.value"), abs=2e-3, nan_ok=True)


def numbers(rows: list[dict], name: str) -> list[float]:
    return [np.nan if row[name] is None else row[name] for row in rows]


def test_data_with_an_empty_cell_have_means_that_cannot_be_estimated(fits):
    """C was never run with the prior `bad`: its mean over both priors is unknown, that with `at25` is not."""
    found = fits["empty: y ~ algorithm*prior + (1|benchmark)", "REML"]
    quantities = satterthwaite(found)
    (overall,) = marginal_means(found, "algorithm")
    assert overall.is_estimable == (True, True, False, True)
    good, bad = marginal_means(found, "algorithm", by=("prior",))
    assert (good.is_estimable, bad.is_estimable) == ((True,) * 4, (True, True, False, True))
    pairs = pairwise(found, quantities, overall, "tukey")
    unknown = [name for name, value in zip(pairs.names, pairs.estimate, strict=True) if np.isnan(value)]
    assert unknown == ["A - C", "B - C", "C - D"]
    assert np.isnan(against_control(found, quantities, overall, "C").p_value).all()
    texts = ["A - B", "A - C", "0.5*A + 0.5*D - B"]
    own = custom(found, quantities, overall, texts, "holm")
    alone = custom(found, quantities, overall, [texts[0], texts[2]], "holm")
    assert np.isnan(own.estimate).tolist() == [False, True, False]
    assert own.estimate[0] == pytest.approx(pairs.estimate[0])
    assert own.p_adjusted[[0, 2]] == pytest.approx(alone.p_adjusted)
    half = stats.t.ppf(0.975, own.df[0]) * own.standard_error[0]
    assert (own.lower[0], own.upper[0]) == pytest.approx((own.estimate[0] - half, own.estimate[0] + half))


@pytest.mark.parametrize("text", ["A - B?", "A - B C", "A -", "2*A - Z", "A - B)"])
def test_a_contrast_that_cannot_be_read_to_its_end_is_refused(text):
    with pytest.raises(DataError, match="Cannot read the contrast"):
        contrast_weights(text, ("A", "B", "C"))
    assert contrast_weights("0.5*A + .5*B - C", ("A", "B", "C")).tolist() == [0.5, 0.5, -1.0]


@pytest.mark.parametrize("ratio", ANSWERS["ratios"], ids=lambda one: f"{one['data']}: {one['full']}")
def test_likelihood_ratios(ratio, experiments):
    found = compare_formulas(
        ratio["null"], ratio["full"], cells_of(ratio["full"], experiments[ratio["data"]]), is_reml=False
    )
    assert found.chi_square == pytest.approx(ratio["chi_square"], rel=1e-6, abs=1e-6)
    assert found.df == ratio["df"]
    assert found.p_chi_square == pytest.approx(ratio["p"], rel=1e-5)
