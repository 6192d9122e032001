"""Comparisons in which every difference has its own spread over the benchmarks: tables of one value each.

With one value for each benchmark and algorithm an algorithm that varies more than the others cannot have a variance
component of its own: it is the residual. The rows of such a table, one a benchmark, are a sample of a multivariate
normal distribution with any covariance S; a difference of two algorithms is then judged by a paired t test, exact with
B - 1 degrees of freedom, and several by Bonferroni's inequality, since their standard errors are estimated apart.
Several differences together are tested by the univariate F of repeated measures with Box's correction.
Sources: Box (1954), Ann. Math. Stat. 25, and Greenhouse & Geisser (1959), Psychometrika 24 (the correction); Dunn
(1961), J. Am. Stat. Assoc. 56 (Bonferroni's intervals).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hpowh.analyses.mixed_models.inference.margins import marginal_means
from hpowh.analyses.mixed_models.inference.spreads import LEAST_ALGORITHMS, LEAST_BLOCKS, MOST_ALGORITHMS
from hpowh.analyses.mixed_models.model.cells import Floats
from hpowh.analyses.mixed_models.model.fit import Fit, OwnSpreads

GREENHOUSE_GEISSER = "F (Greenhouse-Geisser)"
LEAST_SHARE = 1e-12
"""Of the widest difference's variance: one below it is rounding, and no test is made of it."""


def with_own_spreads(found: Fit, block: str = "benchmark", factor: str = "algorithm") -> Fit | None:
    """Return a fit whose differences between algorithms have standard errors of their own; None where it has no such.

    The model must be `y ~ algorithm + (1 | benchmark)` and hold one value for each pair of the two. Estimates stay as
    they are (means over the benchmarks); only their covariance and degrees of freedom are those of the rows.
    """
    cells, formula = found.problem.cells, found.formula
    plain = (
        len(formula.random) == 1 and formula.random[0].group == (block,) and str(formula.random[0].expression) == "1"
    )
    if not plain or formula.fixed.terms != ((factor,),) or not formula.fixed.intercept or found.classes is not None:
        return None
    shape = len(cells.levels[block]), len(cells.levels[factor])
    if shape[0] < LEAST_BLOCKS or not LEAST_ALGORITHMS <= shape[1] <= MOST_ALGORITHMS:
        return None
    if len(cells.count) != shape[0] * shape[1] or (cells.count != 1).any() or cells.monomials:
        return None
    table = np.empty(shape)
    table[cells.codes[block], cells.codes[factor]] = cells.mean_y
    covariance = np.cov(table, rowvar=False)
    spread = np.diag(covariance)[:, None] + np.diag(covariance)[None, :] - 2.0 * covariance
    off = spread[~np.eye(shape[1], dtype=bool)]
    if not off.min() > LEAST_SHARE * off.max():
        return None  # two algorithms with the same values up to a constant have no spread to judge by
    back: Floats = np.asarray(np.linalg.inv(marginal_means(found, factor)[0].matrix), dtype=np.float64)
    unscaled = back @ (covariance / shape[0]) @ back.T / found.sigma**2
    return replace(found, unscaled=unscaled, own=OwnSpreads(covariance, shape[0], back))


def joint_f(own: OwnSpreads, beta: Floats, contrasts: Floats) -> tuple[float, int, float, float]:
    """Return F of the hypothesis that independent contrasts (r, p) of the fixed effects are all zero.

    Returns:
        F, its degrees of freedom where all differences vary alike, and by how much both are to be multiplied (epsilon).
    """
    # Of the means (A,), orthonormal: the statistic does not hang on which contrasts span the hypothesis.
    of_means = np.atleast_2d(contrasts) @ own.from_means
    basis = np.linalg.qr(of_means.T)[0].T
    means = np.linalg.solve(own.from_means, beta)
    wide = basis @ own.covariance @ basis.T
    rank, trace = len(basis), float(np.trace(wide))
    share = trace**2 / (rank * float((wide**2).sum()))
    value = basis @ means
    return own.blocks * float(value @ value) / trace, rank, rank * (own.blocks - 1.0), share
