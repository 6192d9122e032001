"""Simulated sweeps with effects that are known, for the tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpowh.analyses.sweeps.reading.columns import Raw


def column(name: str, values, declared=None) -> Raw:
    """A column as the job reads it: numbers, texts, None where absent."""
    number = np.full(len(values), np.nan)
    text: list[str | None] = []
    for i, value in enumerate(values):
        missing = value is None or (isinstance(value, float) and np.isnan(value))
        text.append(None if missing else str(value))
        if not missing and not isinstance(value, str | bool):
            number[i] = float(value)
    return Raw(name, number, text, declared)


@dataclass
class Simulated:
    """A sweep of which only the finished trials are left, and what was planted."""

    raw: list[Raw]
    metric: np.ndarray
    strong = "rate"
    real = ("rate", "depth", "model", "a", "b")
    """Additive, additive and 30 % missing, categorical, and two that need each other."""
    nuisance = "rate_copy"
    irrelevant = ("noise1", "noise2", "noise3")


def sweep(seed: int, runs: int = 200) -> Simulated:
    """200 runs of which 20 % fail: additive effects, an interaction, a correlated nuisance, a conditional
    hyperparameter, irrelevant ones, 30 % missing values and heavy-tailed noise with a few diverged runs."""
    random = np.random.default_rng(seed)
    rate, depth, a, b = (random.uniform(-1, 1, runs) for _ in range(4))
    copy = 0.6 * rate + 0.8 * random.uniform(-1, 1, runs)
    model = random.choice(["m1", "m2", "m3"], runs)
    inner = np.where(model == "m1", random.uniform(-1, 1, runs), np.nan)
    noises = [random.uniform(-1, 1, runs) for _ in range(3)]
    metric = 4.0 * rate + 2.5 * depth + 7.0 * (a + 1) * (b + 1) / 4 + 3.0 * (model == "m2") + np.nan_to_num(inner)
    metric = metric + 0.4 * random.standard_t(3, runs)
    metric[random.random(runs) < 0.015] += 1000.0
    depth = np.where(random.random(runs) < 0.3, np.nan, depth)
    there = random.random(runs) > 0.2
    names = ("rate", "rate_copy", "depth", "a", "b", "model", "inner", "noise1", "noise2", "noise3")
    values = (rate, copy, depth, a, b, model, inner, *noises)
    raw = [column(n, [v.item() for v in np.asarray(one)[there]]) for n, one in zip(names, values, strict=True)]
    return Simulated(raw, metric[there])
