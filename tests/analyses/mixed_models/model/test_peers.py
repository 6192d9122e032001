"""Second implementations: lme-python on what it covers, statsmodels for one grouping factor."""

from __future__ import annotations

import numpy as np
import pytest

from hpowh.analyses.mixed_models.model.fit import fit

from ..conftest import cells_of, simulate

lme_python = pytest.importorskip("lme_python", reason="lme-python is not installed")


@pytest.fixture(scope="module")
def rows() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(12)
    drawn = simulate(rng, benchmarks=9, seeds=6, seed_sd=0.4)
    x = rng.standard_normal(len(drawn["y"]))
    slope = 0.5 * rng.standard_normal(9)[np.unique(drawn["benchmark"], return_inverse=True)[1]]
    drawn["x"], drawn["y"] = x, drawn["y"] + (0.3 + slope) * x
    keep = rng.random(len(x)) < 0.9
    return {name: values[keep] for name, values in drawn.items()}


@pytest.mark.parametrize("is_reml", [True, False])
@pytest.mark.parametrize(
    "formula",
    [
        "y ~ algorithm + (1|benchmark)",
        "y ~ algorithm + (1|benchmark) + (1|seed)",
        "y ~ algorithm*x + (1+x|benchmark)",
        "y ~ algorithm + x + (1|benchmark) + (0+x|benchmark)",
    ],
)
def test_agrees_with_lme_python(formula, is_reml, rows):
    import polars as pl

    frame = pl.DataFrame({name: v.astype(str) if name == "seed" else v for name, v in rows.items()})
    theirs = lme_python.lmer(formula, frame, reml=is_reml)
    ours = fit(formula, cells_of(formula, rows), is_reml=is_reml)
    assert ours.log_likelihood == pytest.approx(theirs.log_likelihood, abs=1e-5)
    assert ours.log_likelihood >= theirs.log_likelihood - 1e-7
    assert len(ours.term_names) == len(theirs.fixed_names)
    assert np.abs((ours.beta - theirs.coefficients) / ours.standard_errors).max() < 1e-3
    assert ours.standard_errors == pytest.approx(theirs.beta_se, rel=2e-3)


@pytest.mark.shared
@pytest.mark.parametrize(
    "formula",
    [
        "value ~ algorithm + prior + (1|benchmark)",
        "value ~ algorithm*used_fidelity + (1+used_fidelity|benchmark)",
    ],
)
def test_agrees_with_lme_python_on_the_published_data(formula, priorband):
    import polars as pl

    names = ("algorithm", "benchmark", "prior", "used_fidelity", "value")
    theirs = lme_python.lmer(formula, pl.DataFrame({name: priorband[name] for name in names}))
    ours = fit(formula, cells_of(formula, priorband))
    assert ours.log_likelihood >= theirs.log_likelihood - 1e-6
    assert ours.log_likelihood == pytest.approx(theirs.log_likelihood, abs=1e-2)
    assert ours.beta == pytest.approx(theirs.coefficients, abs=1e-5)


@pytest.mark.parametrize("is_reml", [True, False])
def test_agrees_with_statsmodels_on_one_grouping_factor(is_reml, rows):
    pd = pytest.importorskip("pandas")
    mixed = pytest.importorskip("statsmodels.formula.api").mixedlm
    frame = pd.DataFrame(rows)
    theirs = mixed("y ~ algorithm", frame, groups=frame["benchmark"]).fit(reml=is_reml)
    ours = fit("y ~ algorithm + (1|benchmark)", cells_of("y ~ algorithm + (1|benchmark)", rows), is_reml=is_reml)
    assert ours.log_likelihood == pytest.approx(theirs.llf, abs=1e-4)
    assert ours.beta == pytest.approx(theirs.fe_params.to_numpy(), abs=1e-4)
    assert ours.standard_errors == pytest.approx(theirs.bse_fe.to_numpy(), rel=1e-3)
    assert ours.sigma**2 == pytest.approx(theirs.scale, rel=1e-3)
