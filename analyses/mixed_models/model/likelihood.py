"""The profiled deviance of a model and its derivatives, whichever way its cross-products are stored.

Source: Bates et al. (2015), equations 34 (ML) and 42 (REML); log-likelihoods follow lme4's constants.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from hpowh.analyses.mixed_models.model import eliminate as el
from hpowh.analyses.mixed_models.model.cells import Floats
from hpowh.analyses.mixed_models.model.dense import (
    Factorised,
    NotPositiveDefiniteError,
    apply_factor,
    covariance_gradients,
    factorise,
    level_sums,
    theta_gradient,
)
from hpowh.analyses.mixed_models.model.designs import gram_of, side_by_side
from hpowh.analyses.mixed_models.model.problem import Block, Problem, lower_factors
from hpowh.analyses.statistics.lapack import solve_triangular

FAILED = 1e300
"""The deviance where the factorisation fails, so that a line search steps back."""


@dataclass(kw_only=True)
class Likelihood:
    """Deviance and derivatives of one problem; counts its evaluations."""

    problem: Problem
    is_reml: bool
    cross: Floats | None = None
    parts: el.Eliminated | None = None
    evaluations: int = field(default=0)
    own_sums: list[Floats] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.cross is not None or self.parts is not None:
            return
        if self.problem.is_eliminated:
            self.parts = el.eliminate(self.problem)
        else:
            self.cross = dense_cross(self.problem)

    def with_response(self, y: Floats, pure_error: float) -> Likelihood:
        """Return the likelihood of the same design for another (centred) response."""
        other = self.problem.with_response(y, pure_error)
        if self.cross is None:
            return Likelihood(problem=other, is_reml=self.is_reml)
        cross = self.cross.copy()
        right = np.concatenate([self.problem.z.T @ y, self.problem.x.T @ y])
        cross[-1, :-1] = cross[:-1, -1] = right
        cross[-1, -1] = float(y @ y) + pure_error
        return Likelihood(problem=other, is_reml=self.is_reml, cross=cross, own_sums=self.own_sums)

    @property
    def further(self) -> Floats:
        """Where the parameters after the blocks' begin: none, with one residual variance."""
        return np.zeros(0)

    @property
    def degrees(self) -> int:
        """What the residual sum of squares is divided by: n under ML, n - p under REML."""
        return self.problem.row_count - (self.problem.p if self.is_reml else 0)

    def block_sums(self) -> list[Floats]:
        """Return each block's Z'Z summed over its levels (width, width)."""
        if self.own_sums is None:
            if self.parts is not None:
                rest = [level_sums(self.parts.a22, block) for block in self.parts.rest]
                self.own_sums = [self.parts.own_sum(), *rest]
            else:
                assert self.cross is not None
                self.own_sums = [level_sums(self.cross, block) for block in self.problem.blocks]
        return self.own_sums

    def state(self, theta: Floats) -> Factorised | el.Reduced:
        """Factorise at theta."""
        self.evaluations += 1
        factors = lower_factors(theta, self.problem.blocks)
        if self.parts is not None:
            return el.reduce(self.parts, factors)
        assert self.cross is not None
        return factorise(self.cross, self.problem.blocks, factors, self.problem.q, self.problem.p)

    def _deviance_parts(self, state: Factorised | el.Reduced) -> tuple[float, float]:
        """Return the log determinants that count, and the penalised residual sum of squares."""
        inner = state.innermost if isinstance(state, el.Reduced) else state
        return state.log_det + (inner.log_det_x if self.is_reml else 0.0), inner.residual

    def deviance_at(self, state: Factorised | el.Reduced) -> float:
        """Return -2 log-likelihood of a state, residual variance profiled out."""
        determinants, residual = self._deviance_parts(state)
        residual = max(residual, np.finfo(float).tiny)
        return determinants + self.degrees * (1.0 + float(np.log(2.0 * np.pi * residual / self.degrees)))

    def raw_deviance(self) -> float:
        """Return the deviance of independent rows about zero: what the response's unit adds to any deviance."""
        total = float(self.problem.y @ self.problem.y) + self.problem.pure_error
        total = max(total, np.finfo(float).tiny)
        return self.degrees * (1.0 + float(np.log(2.0 * np.pi * total / self.degrees)))

    def deviance(self, theta: Floats) -> float:
        """Return the profiled deviance, or `FAILED` where rounding makes it impossible."""
        try:
            return self.deviance_at(self.state(theta))
        except NotPositiveDefiniteError:
            return FAILED

    def covariance_gradients(self, state: Factorised | el.Reduced, scale: float) -> list[Floats]:
        """Return the deviance's derivative by each block's relative covariance; `scale` is the residual variance."""
        if isinstance(state, el.Reduced):
            assert self.parts is not None
            return el.reduced_gradients(self.parts, state, self.is_reml, scale)
        assert self.cross is not None
        return covariance_gradients(self.cross, self.problem.blocks, state, self.is_reml, scale, self.block_sums())

    def profiled_gradients(self, state: Factorised | el.Reduced) -> list[Floats]:
        """Return the derivatives by each block's relative covariance, residual variance profiled out."""
        return self.covariance_gradients(state, self._deviance_parts(state)[1] / self.degrees)

    def value_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        """Return the profiled deviance and its derivative by theta."""
        try:
            state = self.state(theta)
        except NotPositiveDefiniteError:
            return FAILED, np.zeros_like(theta)
        gradients = self.profiled_gradients(state)
        return self.deviance_at(state), theta_gradient(gradients, lower_factors(theta, self.problem.blocks))

    def joint_gradient(self, state: Factorised | el.Reduced, theta: Floats, sigma: float) -> Floats:
        """Return the derivative by (theta, sigma) of the deviance in which sigma is not profiled out.

        `state` is that at theta.
        """
        _, residual = self._deviance_parts(state)
        gradients = self.covariance_gradients(state, sigma**2)
        by_theta = theta_gradient(gradients, lower_factors(theta, self.problem.blocks))
        return np.append(by_theta, 2.0 * self.degrees / sigma - 2.0 * residual / sigma**3)

    def unscaled_covariance(self, state: Factorised | el.Reduced) -> Floats:
        """Return the fixed effects' covariance divided by the residual variance (p, p)."""
        inner = state.innermost if isinstance(state, el.Reduced) else state
        size = inner.q + inner.p
        root = inner.chol[inner.q : size, inner.q : size]
        half = solve_triangular(root, np.eye(inner.p))
        return half.T @ half

    def random_effects(self, state: Factorised | el.Reduced) -> Floats:
        """Return the conditional modes b (q,)."""
        if isinstance(state, el.Reduced):
            assert self.parts is not None
            first = el.first_effects(self.parts, state).ravel()
            return np.concatenate([first, el.rest_effects(self.parts, state)])
        return apply_factor(state.u, self.problem.blocks, state.factors)

    def conditional_variances(self, state: Factorised | el.Reduced) -> Floats:
        """Return the conditional variances of b given the parameters, divided by the residual variance (q,)."""
        if isinstance(state, el.Reduced):
            assert self.parts is not None
            return _reduced_variances(self.parts, state)
        q = self.problem.q
        return _dense_variances(state.chol[:q, :q], state, self.problem.blocks)


def dense_cross(problem: Problem) -> Floats:
    """Return the cross-products of [Z X y] (q + p + 1 square), pure error included."""
    both = side_by_side([problem.z, problem.x])
    size = problem.q + problem.p
    cross = np.zeros((size + 1, size + 1))
    cross[:size, :size] = gram_of(both)
    cross[:size, size] = cross[size, :size] = both.T @ problem.y
    cross[size, size] = float(problem.y @ problem.y) + problem.pure_error
    return cross


def _dense_variances(chol: Floats, state: Factorised, blocks: Sequence[Block]) -> Floats:
    half = solve_triangular(chol, np.eye(len(chol)))
    found = np.zeros(len(chol))
    for block, factor in zip(blocks, state.factors, strict=True):
        part = half[:, block.span].reshape(len(chol), -1, block.width) @ factor.T
        found[block.span] = (part**2).sum(axis=0).ravel()
    return found


def _reduced_variances(parts: el.Eliminated, state: el.Reduced) -> Floats:
    q = parts.q
    kernel = el.kernel_of(state, parts, q) if q else np.zeros((0, 0))
    return np.concatenate([el.first_variances(parts, state, kernel).ravel(), np.diag(kernel)])
