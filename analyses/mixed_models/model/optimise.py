"""Minimise the profiled deviance: scaled starts, quasi-Newton descent, a curvature test at singular fits.

Theta is left unconstrained: the deviance does not change when a column of T changes sign, so a variance of zero is an
interior stationary point, and whether it is a minimum shows in the derivative by the covariance matrix, which must be
positive semidefinite there (the optimality condition on the cone of covariance matrices).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hpowh.analyses.mixed_models.model.cells import Floats
from hpowh.analyses.mixed_models.model.dense import NotPositiveDefiniteError
from hpowh.analyses.mixed_models.model.likelihood import FAILED, Likelihood
from hpowh.analyses.mixed_models.model.problem import lower_factors, theta_of
from hpowh.analyses.statistics.descent import Descent, descend

SCALES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
"""Multiples of the identity that may be tried as starts; the middle ones are, the outer ones while they are better."""
FIRST = (2, 3, 4)
GRADIENT_TOLERANCE = 2e-3
"""A gradient (per unit of theta) above this, at the end, is reported as not converged; lme4 uses the same figure."""
ESCAPES = 6
EM_STEPS = 2
EXACT = 1e-13
"""The promised decrease of the deviance at which a fit ends: theta is then known to 3e-7 of its standard error."""
FAR = 1e-9
"""The same above `HUGE` random effects besides the eliminated ones, where an evaluation takes seconds."""
HUGE = 800
ENOUGH = 1e-7
"""The same for simulations."""
ROUGH = 1e-3
"""The same for comparing starts."""


@dataclass(frozen=True)
class Optimum:
    """Where the search ended: theta, deviance, largest gradient, whether it counts as converged."""

    theta: Floats
    deviance: float
    gradient: float
    is_converged: bool


def minimise(
    likelihood: Likelihood, start: Floats | None = None, is_thorough: bool = True, is_polished: bool = True
) -> Optimum:
    """Return the minimum of the profiled deviance.

    Args:
        start: where to begin (a bootstrap replicate begins at the fitted model); by default several scales are tried.
        is_thorough: search from the two best scales and test singular fits for a way out.
        is_polished: go to the last digits (without: 1e-7 of deviance, enough for simulations).
    """
    blocks = likelihood.problem.blocks
    if sum(block.parameter_count for block in blocks) + len(likelihood.further) == 0:
        return Optimum(np.zeros(0), likelihood.deviance(np.zeros(0)), 0.0, True)
    unit = parameter_scales(likelihood)
    is_huge = likelihood.parts is not None and likelihood.parts.q > HUGE
    tolerance = (FAR if is_huge else EXACT) if is_polished else ENOUGH
    starts = [start] if start is not None else _starts(likelihood, is_thorough)
    if len(starts) > 1:
        rough = [_search(likelihood, _warmed(likelihood, theta), unit, ROUGH) for theta in starts]
        best = min(rough, key=lambda found: found.value)
        found = _search(likelihood, best.point * unit, unit, tolerance, best.hessian)
    else:
        theta = starts[0] if start is not None else _warmed(likelihood, starts[0])
        found = _search(likelihood, theta, unit, tolerance)
    if is_thorough:
        for _ in range(ESCAPES):
            away = _escape(likelihood, found.point * unit, found.value)
            if away is None:
                break
            found = _search(likelihood, away, unit, tolerance)
    theta = found.point * unit
    if not is_polished:
        return Optimum(theta, found.value, float(np.abs(found.gradient / unit).max()), found.is_converged)
    theta = _canonical(likelihood, theta, found.value)
    value, gradient = likelihood.value_and_gradient(theta)
    # A gradient is judged by the curvature: what the deviance could still lose is its square over that.
    curvature = max(1.0, float(np.abs(np.diag(found.hessian) / unit**2).max()))
    largest = float(np.abs(gradient).max())
    return Optimum(theta, value, largest, largest < GRADIENT_TOLERANCE * curvature)


def parameter_scales(likelihood: Likelihood) -> Floats:
    """Return the size (m,) that each entry of theta has where its effect moves the response as far as an intercept's.

    A slope's entries are divided by the root mean square of its covariate.
    """
    problem = likelihood.problem
    parts: list[Floats] = []
    for block, own in zip(problem.blocks, likelihood.block_sums(), strict=True):
        root = np.sqrt(np.maximum(np.diag(own), 1e-300) / problem.row_count)
        size = 1.0 / np.where(root > 0, root, 1.0)
        # Indicators of a factor's levels are on the intercept's scale already.
        size = np.where(block.is_slope, size, 1.0)
        parts.extend(size[j:] for j in range(block.width))
    return np.concatenate([*parts, np.ones(len(likelihood.further))])


def _search(
    likelihood: Likelihood, theta: Floats, unit: Floats, tolerance: float, hessian: Floats | None = None
) -> Descent:
    """Descend in parameters that are measured in `unit`.

    The deviance is measured from that of the raw spread, so that its rounding does not hang on the response's unit.
    """
    origin = likelihood.raw_deviance()

    def objective(point: Floats) -> tuple[float, Floats]:
        value, gradient = likelihood.value_and_gradient(point * unit)
        return value - origin, gradient * unit

    found = descend(objective, theta / unit, tolerance=tolerance, hessian=hessian)
    return replace(found, value=found.value + origin)


def _warmed(likelihood: Likelihood, theta: Floats) -> Floats:
    """Return where a few EM steps lead: with many rows a level, one gives each block about its own size.

    With G the deviance's derivative by a block's covariance S, the step is S - S G S / levels (Laird & Ware 1982).
    """
    blocks = likelihood.problem.blocks
    for _ in range(EM_STEPS):
        try:
            state = likelihood.state(theta)
        except NotPositiveDefiniteError:
            return theta
        gradients = likelihood.profiled_gradients(state)
        factors = []
        for block, factor, gradient in zip(blocks, lower_factors(theta, blocks), gradients, strict=True):
            covariance = factor @ factor.T
            factors.append(semidefinite_factor(covariance - covariance @ gradient @ covariance / len(block.levels)))
        theta = _with_factors(theta, factors)
    return theta


def _with_factors(theta: Floats, factors: Sequence[Floats]) -> Floats:
    """Return theta with other factors of the blocks; what comes after them stays."""
    changed = theta_of(factors)
    return np.concatenate([changed, theta[len(changed) :]])


def _starts(likelihood: Likelihood, is_thorough: bool) -> list[Floats]:
    """Return one or two starts: the best multiples of the identity, in the blocks' own scales."""
    blocks = likelihood.problem.blocks
    scales = parameter_scales(likelihood)
    one = theta_of([np.eye(block.width) for block in blocks]) * scales[: len(scales) - len(likelihood.further)]

    def start(i: int) -> Floats:
        return np.concatenate([one * SCALES[i], likelihood.further])

    values = {i: likelihood.deviance(start(i)) for i in FIRST}
    for step in (-1, 1):
        end = FIRST[0] if step < 0 else FIRST[-1]
        while 0 <= end + step < len(SCALES) and values[end] <= min(values.values()):
            end += step
            values[end] = likelihood.deviance(start(end))
    order = sorted((i for i in values if values[i] < FAILED), key=values.__getitem__) or [FIRST[-1]]
    is_doubled = is_thorough and len(one) > 1 and likelihood.parts is None
    return [start(i) for i in order[: 2 if is_doubled else 1]]


def _escape(likelihood: Likelihood, theta: Floats, value: float) -> Floats | None:
    """Return a better point beside a singular stationary point, or None where there is none."""
    try:
        state = likelihood.state(theta)
    except NotPositiveDefiniteError:
        return None
    blocks = likelihood.problem.blocks
    factors = lower_factors(theta, blocks)
    gradients = likelihood.profiled_gradients(state)
    for i, (gradient, factor) in enumerate(zip(gradients, factors, strict=True)):
        if np.linalg.svd(factor, compute_uv=False)[-1] > 1e-2:
            continue
        curvature, directions = np.linalg.eigh(0.5 * (gradient + gradient.T))
        if curvature[0] >= 0:
            continue
        direction = directions[:, 0]
        for length in (1e-4, 1e-3, 1e-2, 1e-1, 1.0):
            wider = list(factors)
            wider[i] = semidefinite_factor(factor @ factor.T + length**2 * np.outer(direction, direction))
            candidate = _with_factors(theta, wider)
            if likelihood.deviance(candidate) < value - 1e-8:
                return candidate
    return None


def semidefinite_factor(covariance: Floats) -> Floats:
    """Return a lower-triangular T with T T' = covariance for a positive semidefinite matrix of any rank."""
    if len(covariance) == 1:
        return np.sqrt(np.maximum(covariance, 0.0))
    values, vectors = np.linalg.eigh(covariance)
    upper = np.asarray(np.linalg.qr((vectors * np.sqrt(np.maximum(values, 0.0))).T, mode="r"))
    signs = np.where(np.diag(upper) < 0, -1.0, 1.0)
    return np.tril((upper * signs[:, None]).T)


def _canonical(likelihood: Likelihood, theta: Floats, value: float) -> Floats:
    """Return the same covariances with non-negative diagonals; a variance lost in rounding becomes zero."""
    factors = []
    for factor in lower_factors(theta, likelihood.problem.blocks):
        signs = np.where(np.diag(factor) < 0, -1.0, 1.0)
        clean = factor * signs
        if len(clean) == 1 and clean[0, 0] < 1e-6:
            clean = np.zeros((1, 1))
        factors.append(clean)
    candidate = _with_factors(np.asarray(theta), factors)
    return candidate if likelihood.deviance(candidate) <= value + 1e-7 else np.asarray(theta)
