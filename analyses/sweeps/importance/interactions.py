"""Pairs that matter only together: products of two features, found by a test and given to the trees as features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.statistics.distributions import t
from hpowh.analyses.sweeps.reading.columns import Floats
from hpowh.analyses.sweeps.reading.prepare import Feature

LEVEL = 0.05
"""A product is taken where its p-value, adjusted for all products looked at, is below this."""
MOST = 10
"""At most so many products are taken, the clearest."""
SHORTLIST = 50
"""So many products are tested exactly; a quick correlation chooses them among all."""
LEAST = 30
"""Fewer trials than this are not searched for products."""


@dataclass(frozen=True, kw_only=True)
class Product:
    """The product of two centred features of different hyperparameters."""

    first: int
    second: int
    """Columns of the one-hot matrix."""
    centre_first: float
    centre_second: float
    partial: float
    """Partial correlation of the product with the metric, given both features and their squares."""
    p_adjusted: float
    """Bonferroni over all products of two features."""


def append(one_hot: Floats, products: Sequence[Product]) -> Floats:
    """Return the matrix with one more column a product."""
    if not products:
        return one_hot
    extra = [(one_hot[:, p.first] - p.centre_first) * (one_hot[:, p.second] - p.centre_second) for p in products]
    return np.column_stack([one_hot, *extra])


def screen(one_hot: Floats, features: Sequence[Feature], values: Floats) -> list[Product]:
    """Return the products that explain what no hyperparameter explains alone, the clearest first.

    Greedy trees look at one feature at a time, so that two hyperparameters without a main effect (x*y around 0) are
    invisible at the root. The screen takes the residuals of a least-squares fit of every feature and every square,
    correlates them with every product of two features, and tests the strongest by their partial correlation given
    both features and both squares (so that two correlated inputs do not pass a square off as an interaction).

    Args:
        one_hot: (trials, features), finite.
        values: what the trees are fitted to.
    """
    n = values.size
    mean, deviation = one_hot.mean(axis=0), one_hot.std(axis=0)
    varies = np.flatnonzero(deviation > 0)
    owner = np.array([features[int(i)].hyperparameter for i in varies], dtype=np.int64)
    if n < LEAST or np.unique(owner).size < 2 or np.ptp(values) == 0:
        return []
    z = (one_hot[:, varies] - mean[varies]) / deviation[varies]
    residual = _unexplained(z, np.array([features[int(i)].level is None for i in varies], dtype=np.bool_), values)
    strength = np.abs(_correlations(z, residual))
    strength[owner[:, None] >= owner[None, :]] = 0.0
    looked_at = int((owner[:, None] < owner[None, :]).sum())
    at_most = min(SHORTLIST, strength.size - 1)
    best = np.argpartition(-strength, at_most, axis=None)[:at_most]
    products = []
    for a, b in zip(*np.unravel_index(np.sort(best), strength.shape), strict=True):
        if strength[a, b] <= 0:
            continue
        partial, p = _partial(z[:, a], z[:, b], residual)
        adjusted = min(1.0, p * looked_at)
        if adjusted < LEVEL:
            i, j = int(varies[a]), int(varies[b])
            products.append(
                Product(
                    first=i,
                    second=j,
                    centre_first=float(mean[i]),
                    centre_second=float(mean[j]),
                    partial=partial,
                    p_adjusted=adjusted,
                )
            )
    return sorted(products, key=lambda one: (one.p_adjusted, -abs(one.partial), one.first, one.second))[:MOST]


def _unexplained(z: Floats, is_number: NDArray[np.bool_], values: Floats) -> Floats:
    """Return the residuals of least squares on all features and squares, or of a ridge where those are too many."""
    squares = z[:, is_number] ** 2
    design = np.column_stack([z, squares - squares.mean(axis=0)])
    centred = values - values.mean()
    strength = 1e-6 if design.shape[1] < values.size / 3 else float(values.size)
    system = design @ design.T if design.shape[1] > values.size else design.T @ design
    system.flat[:: len(system) + 1] += strength
    if design.shape[1] > values.size:
        return centred - design @ (design.T @ np.linalg.solve(system, centred))
    return centred - design @ np.linalg.solve(system, design.T @ centred)


def _correlations(z: Floats, residual: Floats) -> Floats:
    """Return the correlation of the residual with the product of every two columns; 0 where a product is constant."""
    n = residual.size
    product_mean = z.T @ z / n
    squares = z**2
    spread = np.sqrt(np.maximum(squares.T @ squares / n - product_mean**2, 0.0))
    joint = (z * residual[:, None]).T @ z / n - residual.mean() * product_mean
    scale = spread * residual.std()
    return np.divide(joint, scale, out=np.zeros_like(joint), where=scale > 1e-12)


def _partial(a: Floats, b: Floats, residual: Floats) -> tuple[float, float]:
    """Return the partial correlation of a*b with the residual given a, b and their squares, and its p-value."""
    base = np.column_stack([np.ones_like(a), a, b, a**2, b**2])
    both = np.column_stack([a * b, residual])
    left = both - base @ np.linalg.lstsq(base, both, rcond=None)[0]
    scale = float(np.sqrt((left**2).sum(axis=0).prod()))
    if scale <= 1e-12:
        return 0.0, 1.0
    r = float(np.clip(left[:, 0] @ left[:, 1] / scale, -1.0, 1.0))
    free = a.size - 6
    if free < 1:
        return r, 1.0
    return r, float(2 * t.sf(abs(r) * np.sqrt(free / max(1e-15, 1 - r * r)), free))
