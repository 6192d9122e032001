"""Joint F tests that hold their level in small unbalanced designs: Kenward & Roger's.

The covariance of the fixed effects is corrected for the variances' being estimates, and the F statistic is scaled and
given the denominator degrees of freedom that match its first two moments. The covariance matrix of the rows is linear
in variances, covariances and residual variances, so the terms with its second derivatives vanish. Everything is
computed on the cells' pseudo-rows: an orthogonal transformation of the rows, whose remaining ones (pure error) have no
design and count in the trace of the residual variance only.

Sources: Kenward & Roger (1997), Biometrics 53, 983-997; in the notation of Halekoh & Hojsgaard (2014), J. Stat. Softw.
59(9), whose R package pbkrtest has the same F, degrees of freedom and p.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpowh.analyses.mixed_models.inference.paired import GREENHOUSE_GEISSER, joint_f
from hpowh.analyses.mixed_models.inference.satterthwaite import Satterthwaite
from hpowh.analyses.mixed_models.model.cells import Floats
from hpowh.analyses.mixed_models.model.designs import as_dense
from hpowh.analyses.mixed_models.model.fit import Fit, one_thread
from hpowh.analyses.mixed_models.model.problem import lower_factors
from hpowh.analyses.statistics import distributions as stats
from hpowh.analyses.statistics.lapack import inverse_definite

MOST_PSEUDO_ROWS = 600
"""With more cells Satterthwaite's test is taken: the two differ in small designs only, and matrices are this large."""
MOST_PARAMETERS = 60
EIGEN_TOLERANCE = 1e-8
SMALL = 1e-10
KENWARD_ROGER, SATTERTHWAITE = "F (Kenward-Roger)", "F (Satterthwaite)"


@dataclass(frozen=True)
class JointTest:
    """An F test that several linear functions of the fixed effects are all zero, and by which method it was made."""

    statistic: float
    df1: int
    df2: float
    p_value: float
    method: str


@dataclass(frozen=True)
class KenwardRoger:
    """What the tests of one fit need, in units of the residual standard deviation.

    `covariance`, `adjusted` (p, p): of the fixed effects, and corrected; `changes` (m, p, p): the derivatives of the
    inverse of `covariance` by the variance parameters, with the minus sign of the paper; `parameters` (m, m): these
    parameters' covariance.
    """

    covariance: Floats
    adjusted: Floats
    changes: Floats
    parameters: Floats

    def joint_test(self, contrasts: Floats, beta: Floats) -> JointTest:
        """Return the test that contrasts (r, p) of the fixed effects (in residual SDs) are all zero."""
        contrasts = independent(contrasts, self.covariance)
        size = len(contrasts)
        theta = contrasts.T @ np.linalg.inv(contrasts @ self.covariance @ contrasts.T) @ contrasts
        parts = np.einsum("ij,jk,mkl,ln->min", theta, self.covariance, self.changes, self.covariance, optimize=True)
        traces = np.trace(parts, axis1=1, axis2=2)
        first = float(traces @ self.parameters @ traces)
        second = float(np.einsum("mn,mij,nji->", self.parameters, parts, parts, optimize=True))
        value = contrasts @ beta
        wald = float(value @ np.linalg.solve(contrasts @ self.adjusted @ contrasts.T, value)) / size
        scale, df2 = _matched(first, second, size)
        return JointTest(scale * wald, size, df2, float(stats.f.sf(scale * wald, size, df2)), KENWARD_ROGER)


def _matched(first: float, second: float, size: int) -> tuple[float, float]:
    """Return the factor of the Wald statistic and the denominator df that match its moments (the paper's section 3)."""
    if second < SMALL:
        return 1.0, np.inf
    if size == 1:
        return 1.0, 2.0 / second
    b = (first + 6.0 * second) / (2.0 * size)
    g = ((size + 1.0) * first - (size + 4.0) * second) / ((size + 2.0) * second)
    below = 3.0 * size + 2.0 * (1.0 - g)
    c1, c2, c3 = g / below, (size - g) / below, (size + 2.0 - g) / below
    v0, v1, v2 = 1.0 + c1 * b, 1.0 - c2 * b, 1.0 - c3 * b
    shrink = 1.0 - second / size
    if abs(v0) < SMALL:
        v0 = 0.0
    ratio = 1.0 if abs(v1) < SMALL else shrink / v1
    # With rho = ratio^2 v0 / (v2 size), df2 = 4 + (size + 2) / (size rho - 1).
    df2 = 4.0 + (size + 2.0) * v2 / (ratio**2 * v0 - v2) if ratio**2 * v0 != v2 else np.inf
    if not np.isfinite(df2) or df2 <= 0 or shrink <= 0:
        # Almost nothing is known of the variances: the moments do not exist, and the most careful F is taken.
        return 1.0, 1.0
    return (1.0 if abs(df2 - 2.0) < 1e-2 else df2 * shrink / (df2 - 2.0)) if df2 > 2.0 else 1.0, df2


def independent(contrasts: Floats, covariance: Floats) -> Floats:
    """Return contrasts that span the same hypotheses, none of them a combination of the others."""
    contrasts = np.atleast_2d(contrasts)
    values, vectors = np.linalg.eigh(contrasts @ covariance @ contrasts.T)
    return np.asarray(vectors[:, values > EIGEN_TOLERANCE * values.max()].T @ contrasts)


def kenward_roger(fit: Fit) -> KenwardRoger | None:
    """Return the quantities of a REML fit; None where the design is too large, or the fit not REML."""
    size = len(fit.problem.y)
    blocks = fit.problem.blocks
    count = sum(block.parameter_count for block in blocks) + (len(fit.classes) if fit.classes else 1)
    if not fit.is_reml or size > MOST_PSEUDO_ROWS or count > MOST_PARAMETERS or not fit.problem.p:
        return None
    with one_thread():
        return _quantities(fit, size)


def _quantities(fit: Fit, size: int) -> KenwardRoger:
    problem = fit.problem
    z, x = as_dense(problem.z), as_dense(problem.x)
    pieces: list[tuple[Floats, Floats]] = []
    variance = np.zeros((size, size))
    for block, factor in zip(problem.blocks, lower_factors(fit.theta, problem.blocks), strict=True):
        relative = factor @ factor.T
        effects = [z[:, block.offset + k : block.offset + block.size : block.width] for k in range(block.width)]
        for k in range(block.width):
            for m in range(k + 1):
                first, second = effects[k], effects[m]
                pair = (first, second) if k == m else (np.hstack([first, second]), np.hstack([second, first]))
                pieces.append(pair)
                variance += relative[k, m] * (pair[0] @ pair[1].T)
    ratios, row, unused = _residual_classes(fit, size)
    variance[np.diag_indices(size)] += ratios[row] ** 2
    inverse = inverse_definite(variance)
    whitened = inverse @ x
    derived = [first @ (second.T @ inverse) for first, second in pieces]
    derived += [np.where((row == k)[:, None], inverse, 0.0) for k in range(len(ratios))]
    covariance = np.asarray(np.linalg.inv(x.T @ whitened), dtype=np.float64)
    moved = [each @ x for each in derived]
    changes = np.array([-whitened.T @ each for each in moved])
    count = len(derived)
    crossed = np.array([[one.T @ inverse @ other for other in moved] for one in moved])
    traces = np.array([[float((one * other.T).sum()) for other in derived] for one in derived])
    own = np.arange(count - len(ratios), count)
    traces[own, own] += unused / ratios**4
    lost = np.einsum("ij,mnij->mn", covariance, crossed)
    product = changes @ covariance
    information = traces - 2.0 * lost + np.einsum("mij,nji->mn", product, product)
    parameters = 2.0 * np.linalg.pinv(0.5 * (information + information.T), rcond=1e-10, hermitian=True)
    between = crossed - np.einsum("mij,jk,nkl->mnil", changes, covariance, changes)
    correction = covariance @ np.einsum("mn,mnij->ij", parameters, between) @ covariance
    return KenwardRoger(covariance, covariance + 2.0 * correction, changes, parameters)


def _residual_classes(fit: Fit, size: int) -> tuple[Floats, np.ndarray, Floats]:
    """Return the classes' relative residual SDs, each pseudo-row's class, and each class's rows of pure error."""
    classes = fit.classes
    if classes is None:
        return np.ones(1), np.zeros(size, dtype=np.int64), np.array([float(fit.problem.row_count - size)])
    used = np.bincount(classes.row, minlength=len(classes))
    return fit.class_sds / fit.sigma, classes.row, classes.count - used


class JointTests:
    """The joint tests of one fit: Kenward and Roger's, or Satterthwaite's where the design is large or fitted by ML."""

    def __init__(self, fit: Fit, quantities: Satterthwaite) -> None:
        self.fit, self.quantities, self.found = fit, quantities, kenward_roger(fit)

    def of(self, contrasts: Floats) -> JointTest:
        """Return the test that contrasts (r, p) of the fixed effects are all zero."""
        if self.fit.own is not None:
            whole = independent(contrasts, self.fit.covariance)
            f, first, second, share = joint_f(self.fit.own, self.fit.beta, whole)
            p = float(stats.f.sf(f, share * first, share * second))
            return JointTest(f, first, second, p, f"{GREENHOUSE_GEISSER[:-1]}, epsilon {share:.2f})")
        if self.found is not None:
            return self.found.joint_test(contrasts, self.fit.beta / self.fit.sigma)
        statistic, df1, df2, p = self.quantities.joint_test(contrasts, self.fit.beta)
        return JointTest(statistic, df1, float(df2), p, SATTERTHWAITE)
