"""Permutation test of a likelihood ratio: the null model's residuals, made exchangeable, are shuffled and put back.

With V = I + Z L L' Z' estimated under the null model, the whitened residuals w = V^(-1/2) (y - X b) are exchangeable up
to the estimation of b and V whatever their distribution. Each replicate shuffles w, adds V^(1/2) w* to the fit and
computes the same statistic. Nothing is assumed about normality, so it cross-checks asymptotic mixture and bootstrap.
Sources: Lee & Braun (2012), Biometrics 68, for random effects; Freedman & Lane (1983), J. Bus. Econ. Stat. 1, and
Winkler et al. (2014), NeuroImage 92, for fixed effects.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from hpowh.analyses.mixed_models.inference.bootstrap import start_away_from_zero, start_of_full
from hpowh.analyses.mixed_models.inference.compare import Comparison, NotComparableError
from hpowh.analyses.mixed_models.model.cells import Floats
from hpowh.analyses.mixed_models.model.fit import Fit, one_thread
from hpowh.analyses.mixed_models.model.optimise import minimise
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


def permutation_test(comparison: Comparison, count: int, seed: int) -> Permutation:
    """Return the statistic's distribution over `count` shuffles of the null model's whitened residuals.

    Both models must have been fitted on cells that hold one row each.

    Raises:
        NotComparableError: a cell holds several rows, or there are more rows or random effects than can be shuffled.
    """
    null, full = comparison.null, comparison.full
    reason = refusal(null)
    if reason:
        raise NotComparableError(reason)
    fixed, white, half = whitened(null)
    rng = np.random.default_rng(seed)
    start_null, start_full = start_away_from_zero(null), start_of_full(full.problem, null)
    found = np.empty(count)
    with one_thread():
        for i in range(count):
            shuffled = rng.permutation(white)
            y = fixed + shuffled + half(shuffled)
            small = minimise(null.likelihood.with_response(y, 0.0), start_null, is_polished=False)
            wide = minimise(full.likelihood.with_response(y, 0.0), start_full, is_polished=False)
            found[i] = max(0.0, small.deviance - wide.deviance)
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
