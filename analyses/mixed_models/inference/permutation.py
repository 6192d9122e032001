"""Permutation test of a likelihood ratio: the null model's residuals, made exchangeable, are shuffled and put back.

With V = I + Z L L' Z' estimated under the null model, the whitened residuals w = V^(-1/2) (y - X b) are exchangeable up
to the estimation of b and V whatever their distribution. Each replicate shuffles w, adds V^(1/2) w* to the fit and
computes the same statistic. Nothing is assumed about normality, so it cross-checks asymptotic mixture and bootstrap.
Sources: Lee & Braun (2012), Biometrics 68, for random effects; Freedman & Lane (1983), J. Bus. Econ. Stat. 1, and
Winkler et al. (2014), NeuroImage 92, for fixed effects.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from hpowh.analyses.elsewhere.places import Place
from hpowh.analyses.mixed_models.inference.bootstrap import statistics_of
from hpowh.analyses.mixed_models.inference.compare import Comparison, NotComparableError
from hpowh.analyses.mixed_models.inference.replicates import Drawn, replicates
from hpowh.analyses.mixed_models.model.cells import Floats
from hpowh.analyses.mixed_models.model.fit import Fit
from hpowh.analyses.mixed_models.model.problem import lower_factors

MOST_ROWS = 250_000
"""More rows than this are not shuffled one by one."""
MOST_EFFECTS = 2_000
"""The whitening needs the eigenvectors of a matrix of the random effects' order."""
SMALL = 1e-9


@dataclass(frozen=True)
class Permutation:
    """Statistics of shuffled data, and the share of them at or above the observed one (counting that one too)."""

    statistics: Floats
    p_value: float


def permutation_test(
    comparison: Comparison,
    count: int,
    seed: int,
    on: Place | Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Permutation:
    """Return the statistic's distribution over `count` shuffles of the null model's whitened residuals.

    Both models must have been fitted on cells that hold one row each.

    Args:
        on: where the shuffled data are fitted instead of here. They are shuffled here, so the numbers are the same.
        progress: called with how many shuffles are done, and how many there are.

    Raises:
        NotComparableError: a cell holds several rows, or there are more rows or random effects than can be shuffled.
        PlaceError: the workers of `on` cannot do the work.
    """
    null, full = comparison.null, comparison.full
    reason = refusal(null)
    if reason:
        raise NotComparableError(reason)
    fixed, white, half = whitened(null)
    rng = np.random.default_rng(seed)

    def draw() -> tuple[Floats, float]:
        shuffled = rng.permutation(white)
        return fixed + shuffled + half(shuffled), 0.0

    found = np.array(replicates(statistics_of, (null, full), Drawn(count, draw), on, progress))
    beyond = int((found >= comparison.chi_square - SMALL).sum())
    return Permutation(found, (beyond + 1) / (count + 1))


def refusal(null: Fit) -> str | None:
    """Return why a fit's rows cannot be shuffled, or None."""
    problem = null.problem
    if (problem.cells.count != 1).any():
        return "a cell holds several rows, and only single rows can be shuffled"
    if problem.row_count > MOST_ROWS:
        return f"{problem.row_count} rows are more than the {MOST_ROWS} that are shuffled; take one row a run: --budget"
    if problem.q > MOST_EFFECTS:
        return f"{problem.q} random effects are more than the {MOST_EFFECTS} that the whitening can take"
    return None


def whitened(null: Fit) -> tuple[Floats, Floats, Callable[[Floats], Floats]]:
    """Return the fixed part of the centred response (N,), whitened residuals (N,), and w -> V^(1/2) w - w.

    With U = Z L and U'U = Q D Q', V^(k) = I + U Q [((1 + D)^k - 1) / D] Q' U' for any power k.
    """
    problem = null.problem
    fixed = np.asarray(problem.x @ (null.beta - problem.center * problem.constant))
    residual = problem.y - fixed
    factors = lower_factors(null.theta, problem.blocks)
    scales = [sparse.kron(sparse.eye(len(b.levels)), f) for b, f in zip(problem.blocks, factors, strict=True)]
    if not scales:
        return fixed, residual, np.zeros_like
    u = sparse.csr_matrix(problem.z @ sparse.block_diag(scales))
    values, vectors = np.linalg.eigh((u.T @ u).toarray())
    kept = values > SMALL * max(1.0, float(values.max()))
    values, vectors = values[kept], vectors[:, kept]

    def power(w: Floats, exponent: float) -> Floats:
        weight = ((1.0 + values) ** exponent - 1.0) / values
        return np.asarray(u @ (vectors @ (weight * (vectors.T @ (u.T @ w)))))

    return fixed, residual + power(residual, -0.5), lambda w: power(w, 0.5)
