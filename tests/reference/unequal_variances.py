"""Write the experiments that `unequal_variances.R` fits: python unequal_variances.py > unequal_variances_data.json."""

from __future__ import annotations

import json

import numpy as np


def draw(seed: int, benchmarks: int, algorithms: int, seeds: int, share: float) -> dict[str, list]:
    """Draw runs whose residual spread differs by benchmark and whose interaction differs by algorithm."""
    rng = np.random.default_rng(seed)
    scale = np.exp(rng.uniform(-1.0, 1.5, benchmarks))
    interaction = np.array([0.8, 1.0, 2.0, 0.9])[:algorithms]
    y = (
        1.5 * rng.standard_normal(benchmarks)[:, None, None]
        + (interaction * rng.standard_normal((benchmarks, algorithms)))[:, :, None]
        + scale[:, None, None] * rng.standard_normal((benchmarks, algorithms, seeds))
        + 0.4 * np.arange(algorithms)[None, :, None]
    )
    b, a, _ = (index.ravel() for index in np.indices(y.shape))
    kept = rng.uniform(size=b.size) < share
    return {
        "y": y.ravel()[kept].tolist(),
        "algorithm": np.array(list("ABCD"))[a[kept]].tolist(),
        "benchmark": [f"b{i:02d}" for i in b[kept]],
    }


if __name__ == "__main__":
    print(json.dumps([draw(1, 8, 3, 6, 1.0), draw(2, 12, 4, 5, 0.8), draw(5, 6, 2, 10, 0.9)]))
