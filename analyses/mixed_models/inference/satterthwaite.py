"""Degrees of freedom by Satterthwaite's approximation, for single contrasts and for joint tests.

A variance that is estimated as zero is not known to be zero, but the approximation takes it so: the contrast's error
is then the residual's with its many degrees of freedom, and of such experiments 12 to 48 % show a difference that is
not there. Where comparisons rest on that stratum alone, degrees of freedom end at its own (`stratum_df`): the pooled
error is then no smaller than the stratum's, and the test at least as careful as the stratum's.

Source: Kuznetsova, Brockhoff & Christensen (2017), lmerTest, section 3; Fai & Cornelius (1996) for joint F tests.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpowh.analyses.mixed_models.model.cells import Floats
from hpowh.analyses.mixed_models.model.fit import SMALL, Fit, dense_size, one_thread
from hpowh.analyses.statistics import distributions as stats

STEP = 1e-4
EIGEN_TOLERANCE = 1e-8
KEPT = "_satterthwaite"


@dataclass(frozen=True)
class Satterthwaite:
    """What degrees of freedom need: covariance of (theta, sigma) and how the fixed effects' covariance depends on them.

    `parameters` (m, m); `slopes` (m, p, p): derivative of the fixed effects' covariance; `covariance` (p, p); `most`:
    degrees of freedom are no more than this. `exact`: what they are, where every difference has its own spread.
    """

    parameters: Floats
    slopes: Floats
    covariance: Floats
    most: float = np.inf
    exact: float | None = None

    def df(self, contrasts: Floats) -> Floats:
        """Return the degrees of freedom (r,) of the contrasts (r, p): 2 v^2 / var(v)."""
        contrasts = np.atleast_2d(contrasts)
        if self.exact is not None:
            return np.full(len(contrasts), self.exact)
        variance = ((contrasts @ self.covariance) * contrasts).sum(axis=1)
        gradient = np.column_stack([((contrasts @ slope) * contrasts).sum(axis=1) for slope in self.slopes])
        spread = ((gradient @ self.parameters) * gradient).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.minimum(np.where(spread > 0, 2.0 * variance**2 / spread, np.inf), self.most)

    def joint_test(self, contrasts: Floats, beta: Floats) -> tuple[float, int, float, float]:
        """Return F, its two degrees of freedom and p of the hypothesis that every contrast (r, p) is zero."""
        contrasts = np.atleast_2d(contrasts)
        values, vectors = np.linalg.eigh(contrasts @ self.covariance @ contrasts.T)
        kept = values > EIGEN_TOLERANCE * values.max()
        rank = int(kept.sum())
        rotated = vectors[:, kept].T @ contrasts
        t_values = rotated @ beta / np.sqrt(values[kept])
        statistic = float(t_values @ t_values) / rank
        each = self.df(rotated)
        if rank == 1:
            df2 = float(each[0])
        elif np.ptp(each) < 1e-8 * float(each.mean()):
            df2 = float(each.mean())
        else:
            above = each[each > 2]
            expected = float((above / (above - 2)).sum())
            df2 = 2.0 * expected / (expected - rank) if expected > rank else 2.0
        return statistic, rank, df2, float(stats.f.sf(statistic, rank, df2))


def satterthwaite(fit: Fit) -> Satterthwaite:
    """Return the Satterthwaite quantities of a fit, by central differences of analytic gradients.

    A model without random effects has exact degrees of freedom, n - p, which the same formula gives. A fit keeps them:
    tables, tests and sentences about it ask for them again.
    """
    from contextlib import nullcontext

    kept: Satterthwaite | None = fit.__dict__.get(KEPT)
    if kept is None:
        with one_thread() if dense_size(fit.problem) <= SMALL else nullcontext():
            kept = fit.__dict__[KEPT] = _quantities(fit)
    return kept


def _quantities(fit: Fit) -> Satterthwaite:
    theta, sigma, likelihood = fit.theta, fit.sigma, fit.likelihood
    size, p = len(theta) + 1, fit.problem.p
    hessian = np.empty((size, size))
    slopes = np.empty((size, p, p))
    for i in range(size - 1):
        step = STEP * max(abs(float(theta[i])), 1e-2)
        sides = []
        for sign in (1.0, -1.0):
            beside = theta.copy()
            beside[i] += sign * step
            state = likelihood.state(beside)
            sides.append((likelihood.joint_gradient(state, beside, sigma), likelihood.unscaled_covariance(state)))
        (high, wide), (low, narrow) = sides
        hessian[i] = (high - low) / (2.0 * step)
        slopes[i] = sigma**2 * (wide - narrow) / (2.0 * step)
    # Sigma enters in closed form, so its differences need no further factorisation.
    step = STEP * sigma
    above = likelihood.joint_gradient(fit.state, theta, sigma + step)
    hessian[-1] = (above - likelihood.joint_gradient(fit.state, theta, sigma - step)) / (2.0 * step)
    slopes[-1] = 2.0 * sigma * fit.unscaled
    exact = None if fit.own is None else fit.own.blocks - 1.0
    return Satterthwaite(2.0 * _inverse(0.5 * (hessian + hessian.T)), slopes, fit.covariance, stratum_df(fit), exact)


def stratum_df(fit: Fit) -> float:
    """Return the degrees of freedom of the strata whose variance is estimated as zero; infinite where none counts.

    Two kinds count. Where levels have variances of their own over blocks (`diag`), each is known from its values on the
    blocks: blocks - 1. Where all fixed effects are of one interaction's factors, as algorithms' with
    (1 | benchmark:algorithm), its intercepts less what those factors take: (A - 1) (B - 1) where all pairs are there.
    In other models the degrees of freedom are those of lmerTest.
    """
    fixed = {name for term in fit.formula.fixed.terms for name in term}
    plain = {block.term.group[0]: len(block.levels) for block in fit.problem.blocks if len(block.term.group) == 1}
    most = np.inf
    for block in fit.singular_blocks:
        group = set(block.term.group)
        if block.term.is_diagonal:
            most = min(most, len(block.levels) - 1.0)
        elif block.width == 1 and len(group) > 1 and fixed and fixed <= group <= fixed | set(plain):
            taken = sum(plain[name] - 1 for name in group - fixed)
            most = min(most, float(len(block.levels) - fit.problem.p - taken))
    return most if most >= 1 else np.inf


def _inverse(hessian: Floats) -> Floats:
    """Invert the positive part: a direction without curvature (singular fit) carries no information."""
    scale = np.sqrt(np.maximum(np.abs(np.diag(hessian)), 1e-300))
    values, vectors = np.linalg.eigh(hessian / np.outer(scale, scale))
    kept = values > EIGEN_TOLERANCE * values.max()
    inverse = (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
    return inverse / np.outer(scale, scale)
