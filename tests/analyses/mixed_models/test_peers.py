"""Second implementations: lme-python on what it covers, statsmodels for one grouping factor."""

from __future__ import annotations

import numpy as np
import pytest

from .conftest import simulate

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
