"""Levels of a random effect that only their response tells apart, such as the runs of one algorithm on one benchmark.

Of m levels with the same rows of all other columns, an orthonormal rotation makes one level that stands for their mean
(its cross-products with the other columns are theirs times the root of m) and m - 1 contrasts that no other column
touches: these add to the log determinant and to the residual sum of squares, in closed form. So sums over levels
become sums over groups of them. Source: Searle, Casella & McCulloch (1992), Variance Components, section 3.6 (balanced
classes); the determinant and the inverse of compound symmetry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hpowh.analyses.mixed_models.model.cells import Floats, Integers

if TYPE_CHECKING:
    from scipy import sparse

LEAST_SHARED = 2
"""Without so many levels a group on average, telling them apart costs more than it saves."""


@dataclass(frozen=True, kw_only=True)
class Alike:
    """Which of L levels go together in G groups.

    `group` (L,): each level's; `count` (G,): how many levels; `away` (L, k): what each level's Z'y is above the mean of
    its group; `spread` (G, k, k): the sums of their products.
    """

    group: Integers
    count: Floats
    away: Floats
    spread: Floats


def alike(a11: Floats, a21: sparse.csr_matrix) -> tuple[Alike, Floats, sparse.csr_matrix] | None:
    """Return the levels that go together, `a11` (G, k, k) and `a21` (r, G k) of the groups; None where too few do.

    Args:
        a11: cross-products (L, k, k) of each level's own columns.
        a21: cross-products (r, L k) of the other columns, of which the last is the response, with these.
    """
    from scipy import sparse

    level_count, k = a11.shape[:2]
    group = _equal(a11, a21[:-1])
    count = np.bincount(group).astype(float)
    if level_count < LEAST_SHARED * len(count):
        return None
    first = np.unique(group, return_index=True)[1]
    response = a21[-1].toarray().reshape(level_count, k)
    mean = np.stack([np.bincount(group, weights=response[:, i]) for i in range(k)], axis=1) / count[:, None]
    away = response - mean[group]
    spread = np.zeros((len(count), k, k))
    np.add.at(spread, group, away[:, :, None] * away[:, None, :])
    columns = (first[:, None] * k + np.arange(k)).ravel()
    root = np.repeat(np.sqrt(count), k)
    others = a21[:-1].tocsc()[:, columns] @ sparse.diags(root)
    together = sparse.csr_matrix(sparse.vstack([others, sparse.csr_matrix(mean.ravel() * root)]))
    return Alike(group=group, count=count, away=away, spread=spread), a11[first], together


def _equal(a11: Floats, others: sparse.csr_matrix) -> Integers:
    """Return a number (L,) for each level, the same where all cross-products are the same to the last bit."""
    k = a11.shape[1]
    columns = others.tocsc()
    columns.sort_indices()
    ends, rows, values = columns.indptr.tolist(), columns.indices, columns.data
    numbers: dict[tuple[bytes, bytes, bytes], int] = {}
    found = np.empty(len(a11), dtype=np.int64)
    for level, own in enumerate(a11):
        at = ends[level * k : level * k + k + 1]
        part = slice(at[0], at[-1])
        lengths = np.diff(at).tobytes() if k > 1 else b""
        key = (own.tobytes() + lengths, rows[part].tobytes(), values[part].tobytes())
        found[level] = numbers.setdefault(key, len(numbers))
    return found
