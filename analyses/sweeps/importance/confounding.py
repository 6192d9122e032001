"""How the hyperparameters go with each other: where two were not varied apart, their effects cannot be told apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpowh.analyses.statistics.distributions import rankdata
from hpowh.analyses.sweeps.reading.columns import Column, Floats

CONFOUNDED = 0.7
"""From this strength on (half of the variance shared) two hyperparameters are called confounded."""
WORTH = 0.3
"""Weaker pairs are not listed."""
LEAST_COMMON = 10
MOST = 500
"""At most so many pairs are listed, the strongest."""


@dataclass(frozen=True)
class Pair:
    """The association of two hyperparameters in [0, 1] (sign kept for two numeric ones)."""

    a: str
    b: str
    method: str
    """`spearman`, `eta` (numeric with categorical) or `cramer` (bias-corrected V of two categorical ones)."""
    coefficient: float
    count: int

    @property
    def is_confounded(self) -> bool:
        """Whether the two can hardly be told apart."""
        return abs(self.coefficient) >= CONFOUNDED


def associate(columns: list[Column]) -> list[Pair]:
    """Return the pairs of used columns with an association of at least `WORTH`, the strongest first.

    Pairs with fewer than 10 trials in common are left out.
    """
    pairs = [*_numeric_pairs(columns), *_mixed_pairs(columns)]
    kept = [pair for pair in pairs if abs(pair.coefficient) >= WORTH and pair.count >= LEAST_COMMON]
    return sorted(kept, key=lambda pair: -abs(pair.coefficient))[:MOST]


def _numeric_pairs(columns: list[Column]) -> list[Pair]:
    numeric = [column for column in columns if column.kind == "numeric"]
    missing = [bool(np.isnan(column.values).any()) for column in numeric]
    whole = [column for column, lacks in zip(numeric, missing, strict=True) if not lacks]
    pairs = []
    if len(whole) > 1 and whole[0].values.size >= LEAST_COMMON:
        rho = np.atleast_2d(np.corrcoef(np.stack([rankdata(column.values) for column in whole])))
        pairs = [
            Pair(whole[i].name, whole[j].name, "spearman", float(rho[i, j]), whole[i].values.size)
            for i, j in zip(*np.nonzero(np.triu(np.abs(rho) >= WORTH, 1)), strict=True)
        ]
    for i, a in enumerate(numeric):
        for j, b in enumerate(numeric[i + 1 :], start=i + 1):
            if not (missing[i] or missing[j]):
                continue
            both = ~np.isnan(a.values) & ~np.isnan(b.values)
            count = int(both.sum())
            if count < LEAST_COMMON or np.ptp(a.values[both]) == 0 or np.ptp(b.values[both]) == 0:
                continue
            (rho_ab,) = np.corrcoef(rankdata(a.values[both]), rankdata(b.values[both]))[:1, 1]
            pairs.append(Pair(a.name, b.name, "spearman", float(rho_ab), count))
    return pairs


def _mixed_pairs(columns: list[Column]) -> list[Pair]:
    pairs = []
    for i, a in enumerate(columns):
        for b in columns[i + 1 :]:
            kinds = {a.kind, b.kind}
            if kinds == {"numeric"}:
                continue
            if kinds == {"categorical"}:
                both = ~np.isnan(a.tested) & ~np.isnan(b.tested)
                if both.any():
                    strength = cramer(a.values[both], b.values[both])
                    pairs.append(Pair(a.name, b.name, "cramer", strength, int(both.sum())))
                continue
            number, level = (a, b) if a.kind == "numeric" else (b, a)
            there = ~np.isnan(number.values) & ~np.isnan(level.tested)
            root = _eta(level.values[there], number.values[there])
            if root is not None:
                pairs.append(Pair(a.name, b.name, "eta", root, int(there.sum())))
    return pairs


def _eta(levels: Floats, numbers: Floats) -> float | None:
    """Return the root of the adjusted share of variance between levels (0 where chance alone explains it)."""
    codes, at = np.unique(levels, return_inverse=True)
    n, k = numbers.size, codes.size
    if k < 2 or n <= k + 1 or np.ptp(numbers) == 0:
        return None
    means = np.bincount(at, numbers) / np.bincount(at)
    share = ((numbers - means[at]) ** 2).sum() / ((numbers - numbers.mean()) ** 2).sum()
    return float(np.sqrt(max(0.0, 1 - share * (n - 1) / (n - k))))


def cramer(a: Floats, b: Floats) -> float:
    """Return Cramer's V with Bergsma's (2013) bias correction: near 0 for independent columns of any size."""
    _, at_a = np.unique(a, return_inverse=True)
    _, at_b = np.unique(b, return_inverse=True)
    r, c, n = int(at_a.max()) + 1, int(at_b.max()) + 1, a.size
    table = np.bincount(at_a * c + at_b, minlength=r * c).reshape(r, c)
    expected = table.sum(1, keepdims=True) * table.sum(0, keepdims=True) / n
    phi = float(((table - expected) ** 2 / expected).sum()) / n
    phi = max(0.0, phi - (r - 1) * (c - 1) / (n - 1))
    r_true, c_true = r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)
    smaller = min(r_true, c_true) - 1
    return float(min(1.0, np.sqrt(phi / smaller))) if smaller > 0 else 0.0
