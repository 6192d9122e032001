"""Do runs of different algorithms that share a seed on a benchmark go together?

Where a seed fixes the split or the starting points, it moves all algorithms alike. A model without that takes what they
share for noise, and sees less than the data show; one with `(1|benchmark:seed)` compares within seeds. The test is the
analysis of variance of a benchmark's runs by algorithm and seed (F of the seeds against algorithm x seed).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpowh.analyses.mixed_models.model.cells import Cells, Floats
from hpowh.analyses.statistics import distributions as stats

TOGETHER = "with the same seed on a benchmark go together"
"""In the sentence that says so."""
LEVEL, LEAST = 0.001, 0.2
"""It is said below this p-value, and from this correlation on."""


@dataclass(frozen=True)
class Sharing:
    """The intraclass correlation of runs that share benchmark and seed, F test included."""

    correlation: float
    statistic: float
    df1: int
    df2: int
    p_value: float


def sharing(cells: Cells, keys: tuple[str, ...]) -> Sharing | None:
    """Return how far runs of one block (`keys`: benchmark, seed, factors) go together; None where none is shared.

    Blocks count that hold all algorithms of their benchmark (and factors); each benchmark is measured in its spread.
    """
    group = _codes(cells, [name for name in keys if name != "seed"])
    block, algorithm = _codes(cells, list(keys)), cells.codes["algorithm"]
    sizes = np.zeros(int(group.max()) + 1)
    for one in range(len(sizes)):
        sizes[one] = len(np.unique(algorithm[group == one]))
    whole = (np.bincount(block)[block] == sizes[group]) & (sizes[group] > 1)
    if not whole.any():
        return None
    group, block, algorithm, y = group[whole], block[whole], algorithm[whole], cells.mean_y[whole]
    own = np.unique(group * (int(algorithm.max()) + 1) + algorithm, return_inverse=True)[1]
    left = y - _means(own, y)
    left /= np.maximum(np.sqrt(_means(group, left**2)), 1e-300)
    between = _means(block, left)
    counts, per = np.bincount(group), sizes[np.unique(group)]
    seeds = counts[counts > 0] / per
    df1, df2 = int((seeds - 1).sum()), int(((seeds - 1) * (per - 1)).sum())
    if df1 < 1 or df2 < 1 or not np.isfinite(left).all() or not left.any():
        return None
    shared, rest = float((between**2).sum()) / df1, float(((left - between) ** 2).sum()) / df2
    correlation = (shared - rest) / (shared + (float(per.mean()) - 1.0) * rest)
    statistic = shared / rest if rest > 0 else float("inf")
    p_value = float(stats.f.sf(statistic, df1, df2)) if np.isfinite(statistic) else 0.0
    return Sharing(correlation, statistic, df1, df2, p_value)


def sharing_sentence(found: Sharing | None) -> str | None:
    """Return what a model without the seeds leaves out, None where runs that share one are no more alike."""
    if found is None or found.p_value >= LEVEL or found.correlation < LEAST:
        return None
    return (
        f"Runs of different algorithms {TOGETHER} (correlation {found.correlation:.2f}): what they share counts as "
        "noise here, so less is seen than these data can show; with (1|benchmark:seed) in the formula algorithms are "
        "compared within seeds."
    )


def _codes(cells: Cells, names: list[str]) -> np.ndarray:
    code = np.zeros(len(cells.count), dtype=np.int64)
    for name in names:
        code = code * len(cells.levels[name]) + cells.codes[name]
    return np.unique(code, return_inverse=True)[1]


def _means(code: np.ndarray, values: Floats) -> Floats:
    """Return for each row the mean of its group."""
    counts = np.bincount(code)
    return np.asarray((np.bincount(code, values) / np.maximum(counts, 1))[code])
