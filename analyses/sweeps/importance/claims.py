"""What may be said of a metric: every test on which a sentence rests, held together to one level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hpowh.analyses.statistics.multiplicity import holm
from hpowh.analyses.sweeps.importance.effects import Effect

LEVEL = 0.05
LITTLE = 0.1
"""A hyperparameter whose share of the variance is below this with 95 % confidence is said to matter little."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One test: what it is of, its p-value, and Holm's adjustment over all of the metric."""

    kind: str
    """`hyperparameter` (alone), `model` (predicts unseen configurations), `product` (the clearest of two), `near_best`
    (what stands out most among the best trials)."""
    hyperparameter: str | None
    p: float | None
    p_adjusted: float | None
    holds: bool


def weigh(
    effects: Sequence[Effect], model: float | None, product: float | None, near_best: float | None
) -> list[Claim]:
    """Return all tests of a metric with Holm's adjustment: chance writes any sentence in at most 5 % of sweeps.

    Args:
        model: p that the model predicts unseen configurations.
        product: p of the clearest product, adjusted for all products.
        near_best: p of the hyperparameter that stands out most among the best trials, adjusted for all.
    """
    found: list[tuple[str, str | None, float | None]] = [("hyperparameter", e.hyperparameter, e.p) for e in effects]
    found += [("model", None, model), ("product", None, product), ("near_best", None, near_best)]
    there = [i for i, (_, _, p) in enumerate(found) if p is not None]
    adjusted = dict(zip(there, holm(np.array([found[i][2] for i in there], dtype=float)).tolist(), strict=True))
    return [
        Claim(kind=kind, hyperparameter=name, p=p, p_adjusted=adjusted.get(i), holds=adjusted.get(i, 1.0) < LEVEL)
        for i, (kind, name, p) in enumerate(found)
    ]
