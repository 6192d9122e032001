"""Nothing that a model says hangs on the unit or the zero of its response."""

from __future__ import annotations

import numpy as np
import pytest

from hpowh.analyses.mixed_models.inference.contrasts import pairwise
from hpowh.analyses.mixed_models.inference.margins import marginal_means
from hpowh.analyses.mixed_models.inference.satterthwaite import satterthwaite
from hpowh.analyses.mixed_models.model.cells import DataError
from hpowh.analyses.mixed_models.model.fit import fit
from hpowh.analyses.mixed_models.studies.summary import explained_variance, variance_intervals

from ..conftest import cells_of, simulate

FORMULA = "y ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"


def numbers(rows: dict) -> dict[str, np.ndarray]:
    """Everything that a model says, as numbers without a unit or in units of the response."""
    found = fit(FORMULA, cells_of(FORMULA, rows))
    quantities = satterthwaite(found)
    pairs = pairwise(found, quantities, marginal_means(found, "algorithm")[0], "tukey")
    explained = explained_variance(found)
    bounds = [(i.lower, i.upper) for block in variance_intervals(found, quantities) for i in block]
    return {
        "free": np.array([*pairs.t_value, *pairs.df, *pairs.p_adjusted, explained.marginal, explained.conditional]),
        "in units": np.array([*pairs.estimate, *pairs.standard_error, found.sigma, *np.ravel(bounds)]),
        "modes": found.random_effects,
    }


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1e6, 1e12])
def test_a_unit_changes_nothing(seed, scale):
    rng = np.random.default_rng(seed)
    rows = simulate(rng, benchmarks=6, seeds=4, interaction_sd=(0.0, 0.5)[seed % 2], effect=(0.0, 0.3, 0.6))
    kept = rng.uniform(size=len(rows["y"])) < (1.0, 0.8)[seed // 2]
    rows = {name: values[kept] for name, values in rows.items()}
    plain, scaled = numbers(rows), numbers(rows | {"y": rows["y"] * scale})
    np.testing.assert_allclose(scaled["free"], plain["free"], rtol=1e-9)
    np.testing.assert_allclose(scaled["in units"], plain["in units"] * scale, rtol=1e-9)
    np.testing.assert_allclose(scaled["modes"], plain["modes"] * scale, rtol=1e-7, atol=1e-9 * scale)


@pytest.mark.parametrize("shift", [1e3, 1e6, 1e9])
def test_a_zero_elsewhere_changes_what_doubles_lose_at_most(shift):
    """Of a value near 1e9 doubles keep 1.2e-7; so do the numbers, about as many digits as the data."""
    rows = simulate(np.random.default_rng(5), benchmarks=6, seeds=4, effect=(0.0, 0.3, 0.6))
    moved = rows["y"] + shift
    plain, shifted = numbers(rows | {"y": moved - shift}), numbers(rows | {"y": moved})
    for name, values in plain.items():
        np.testing.assert_allclose(shifted[name], values, rtol=1e-9, atol=1e-12 + 4 * np.spacing(shift))


def test_a_tiny_response_is_no_constant_and_a_constant_is():
    rows = simulate(np.random.default_rng(6), benchmarks=4, seeds=3)
    assert fit(FORMULA, cells_of(FORMULA, rows | {"y": rows["y"] * 1e-13})).sigma > 0
    for constant in (0.0, 0.1, 1e9 / 3):
        with pytest.raises(DataError, match="constant"):
            fit(FORMULA, cells_of(FORMULA, rows | {"y": np.full(len(rows["y"]), constant)}))
