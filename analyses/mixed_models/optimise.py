"""Minimise the profiled deviance: scaled starts, quasi-Newton, a curvature test at singular fits, Newton at the end.

Theta is left unconstrained: the deviance does not change when a column of T changes sign, so a variance of zero is an
interior stationary point, and whether it is a minimum shows in the derivative by the covariance matrix, which must be
positive semidefinite there (the optimality condition on the cone of covariance matrices).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from hpowh.analyses.mixed_models.cells import Floats
from hpowh.analyses.mixed_models.dense import NotPositiveDefiniteError
from hpowh.analyses.mixed_models.likelihood import FAILED, Likelihood
from hpowh.analyses.mixed_models.problem import lower_factors, theta_of

SCALES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
"""Multiples of the identity that are tried as starts."""
GRADIENT_TOLERANCE = 2e-3
"""A gradient (per unit of theta) above this, at the end, is reported as not converged; lme4 uses the same figure."""
ESCAPES = 6
POLISHED_SIZE = 800
"""Up to this many random effects besides the eliminated ones the search ends with Newton steps."""


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
        is_polished: end with Newton steps (without: about 1e-6 of the deviance, enough for simulations).
    """
    blocks = likelihood.problem.blocks
    count = sum(block.parameter_count for block in blocks)
    if count == 0:
        return Optimum(np.zeros(0), likelihood.deviance(np.zeros(0)), 0.0, True)
    starts = [start] if start is not None else _starts(likelihood, is_thorough)
    found = [_descend(likelihood, theta) for theta in starts]
    theta, value = min(found, key=lambda pair: pair[1])
    if is_polished:
        theta, value = _polish(likelihood, theta, value)
    if is_thorough:
        for _ in range(ESCAPES):
            away = _escape(likelihood, theta, value)
            if away is None:
                break
            theta, value = _descend(likelihood, away)
            if is_polished:
                theta, value = _polish(likelihood, theta, value)
    if not is_polished:
        return Optimum(theta, value, np.nan, True)
    theta = _canonical(likelihood, theta)
    value, gradient = likelihood.value_and_gradient(theta)
    largest = float(np.abs(gradient).max())
    # A relative criterion: what the deviance could still lose, |g| times the step a unit of theta allows.
    return Optimum(theta, value, largest, largest < GRADIENT_TOLERANCE * max(1.0, _curvature(likelihood, theta)))


def _starts(likelihood: Likelihood, is_thorough: bool) -> list[Floats]:
    blocks = likelihood.problem.blocks
    unit = theta_of([np.eye(block.width) for block in blocks])
    scales = SCALES if likelihood.parts is None else (0.03, 0.1, 0.3, 1.0)
    values = np.array([likelihood.deviance(unit * scale) for scale in scales])
    order = np.argsort(values)
    best = int(order[0])
    starts = [unit * scales[best]]
    if is_thorough and len(unit) > 1 and likelihood.parts is None:
        local = [
            i
            for i in range(len(scales))
            if i != best
            and values[i] <= min(values[max(0, i - 1)], values[min(len(scales) - 1, i + 1)])
            and values[i] < FAILED
        ]
        starts += [unit * scales[i] for i in local[:2]] or [unit * scales[int(order[1])]]
    return starts


def _descend(likelihood: Likelihood, theta: Floats) -> tuple[Floats, float]:
    result = optimize.minimize(
        likelihood.value_and_gradient,
        theta,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-5, "maxcor": 20},
    )
    return result.x, float(result.fun)


def _hessian(likelihood: Likelihood, theta: Floats) -> Floats:
    size = len(theta)
    hessian = np.empty((size, size))
    for i in range(size):
        step = 1e-5 * max(1e-2, abs(theta[i]))
        shift = np.zeros(size)
        shift[i] = step
        above = likelihood.value_and_gradient(theta + shift)[1]
        below = likelihood.value_and_gradient(theta - shift)[1]
        hessian[i] = (above - below) / (2.0 * step)
    return 0.5 * (hessian + hessian.T)


def _polish(likelihood: Likelihood, theta: Floats, value: float) -> tuple[Floats, float]:
    """Newton steps on the analytic gradient: from about 1e-6 of the optimum to rounding.

    Very large problems do without: there a step costs several evaluations of seconds, for a deviance that is known to
    1e-13 of itself.
    """
    if likelihood.parts is not None and likelihood.parts.q > POLISHED_SIZE:
        return theta, value
    for _ in range(4):
        gradient = likelihood.value_and_gradient(theta)[1]
        if np.abs(gradient).max() < 1e-9 * max(1.0, abs(value)) ** 0.5:
            break
        values, vectors = np.linalg.eigh(_hessian(likelihood, theta))
        usable = values > 1e-8 * max(float(values.max()), 1e-300)
        step = -vectors[:, usable] @ ((vectors.T @ gradient)[usable] / values[usable])
        candidate = theta + step
        reached = likelihood.deviance(candidate)
        if not reached <= value + 1e-11 * abs(value):
            break
        moved = float(np.abs(step).max())
        theta, value = candidate, min(value, reached)
        if moved < 1e-9:
            break
    return theta, value


def _escape(likelihood: Likelihood, theta: Floats, value: float) -> Floats | None:
    """Return a better point beside a singular stationary point, or None where there is none."""
    try:
        state = likelihood.state(theta)
    except NotPositiveDefiniteError:
        return None
    blocks = likelihood.problem.blocks
    factors = lower_factors(theta, blocks)
    residual = likelihood._deviance_parts(state)[1]
    gradients = likelihood.covariance_gradients(state, residual / likelihood.degrees)
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
            candidate = theta_of(wider)
            if likelihood.deviance(candidate) < value - 1e-8:
                return candidate
    return None


def semidefinite_factor(covariance: Floats) -> Floats:
    """Return a lower-triangular T with T T' = covariance for a positive semidefinite matrix of any rank."""
    values, vectors = np.linalg.eigh(covariance)
    upper = np.asarray(np.linalg.qr((vectors * np.sqrt(np.maximum(values, 0.0))).T, mode="r"))
    signs = np.where(np.diag(upper) < 0, -1.0, 1.0)
    return np.tril((upper * signs[:, None]).T)


def _canonical(likelihood: Likelihood, theta: Floats) -> Floats:
    """Return the same covariances with non-negative diagonals; a variance lost in rounding becomes zero."""
    factors = []
    for factor in lower_factors(theta, likelihood.problem.blocks):
        signs = np.where(np.diag(factor) < 0, -1.0, 1.0)
        clean = factor * signs
        if len(clean) == 1 and clean[0, 0] < 1e-6:
            clean = np.zeros((1, 1))
        factors.append(clean)
    candidate = theta_of(factors)
    return candidate if likelihood.deviance(candidate) <= likelihood.deviance(theta) + 1e-7 else np.asarray(theta)


def _curvature(likelihood: Likelihood, theta: Floats) -> float:
    """Return the largest second derivative, by which a gradient is judged."""
    if likelihood.parts is not None or len(theta) > 15:
        return 1.0
    return float(np.abs(np.diag(_hessian(likelihood, theta))).max())
