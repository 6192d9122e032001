"""The likelihood of a model whose residual variance differs between classes of rows.

With D the diagonal matrix of the classes' squared standard deviations relative to the first one's, rows are divided by
the root of D, the log determinant gains log|D|, and everything else is as with one variance. By the logarithm of a
class's relative standard deviation d_k the deviance has the derivative

    2 (n_k - leverage_k) - 2 (residual sum of squares_k) / (d_k^2 s^2),

where leverage_k is the trace of the class's part of M (M'M + J)^-1 M' with M the scaled [Z Lambda, X] and J the
identity on the random effects (under ML without X), and the residuals are the conditional ones, pure error included.
Source: Pinheiro & Bates (2000), section 5.1.3 (`varIdent` of R's nlme); the derivative by the envelope theorem.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from hpowh.analyses.mixed_models.model.cells import DataError, Floats
from hpowh.analyses.mixed_models.model.classes import Classes
from hpowh.analyses.mixed_models.model.dense import (
    Factorised,
    NotPositiveDefiniteError,
    apply_factor,
    covariance_gradients,
    factorise,
    scale_columns,
    solve_lower,
    theta_gradient,
)
from hpowh.analyses.mixed_models.model.designs import as_dense, gram_of, side_by_side
from hpowh.analyses.mixed_models.model.eliminate import Reduced
from hpowh.analyses.mixed_models.model.likelihood import FAILED, Likelihood, dense_cross
from hpowh.analyses.mixed_models.model.problem import lower_factors

MOST_EFFECTS = 1200
"""With more random effects than this the dense factorisation would take minutes."""


@dataclass(frozen=True, kw_only=True)
class Weighted(Factorised):
    """A state with the cross-products of the scaled rows and the classes' relative standard deviations."""

    cross: Floats
    ratios: Floats


@dataclass(kw_only=True)
class WeightedLikelihood(Likelihood):
    """Deviance and derivatives; theta ends with the logarithms of the classes' relative standard deviations."""

    classes: Classes | None = None

    def __post_init__(self) -> None:
        if self.problem.q > MOST_EFFECTS:
            raise DataError(
                f"{self.problem.q:,} random effects are more than a model with unequal residual variances takes "
                f"({MOST_EFFECTS:,})."
            )
        self.cross = dense_cross(self.problem)
        self.whole = np.column_stack([as_dense(side_by_side([self.problem.z, self.problem.x])), self.problem.y])

    @property
    def own(self) -> Classes:
        """The classes."""
        assert self.classes is not None
        return self.classes

    @property
    def further(self) -> Floats:
        return self.own.start

    def state(self, theta: Floats) -> Weighted:
        """Factorise at theta."""
        self.evaluations += 1
        q, p = self.problem.q, self.problem.p
        log_ratios = theta[len(theta) - len(self.own) + 1 :]
        ratios = self.own.ratios(log_ratios)
        if not np.isfinite(ratios).all() or ratios.min() <= 0:
            raise NotPositiveDefiniteError
        cross = gram_of(self.whole / ratios[self.own.row][:, None])
        cross[-1, -1] += float((self.own.pure / ratios**2).sum())
        found = factorise(cross, self.problem.blocks, lower_factors(theta, self.problem.blocks), q, p)
        return Weighted(
            **{each.name: getattr(found, each.name) for each in fields(found) if each.name != "log_det"},
            log_det=found.log_det + 2.0 * float(self.own.count[1:] @ log_ratios),
            cross=cross,
            ratios=ratios,
        )

    def covariance_gradients(self, state: Factorised | Reduced, scale: float) -> list[Floats]:
        """Return the deviance's derivative by each block's relative covariance."""
        assert isinstance(state, Weighted)
        return covariance_gradients(state.cross, self.problem.blocks, state, self.is_reml, scale)

    def ratio_gradient(self, state: Weighted, scale: float) -> Floats:
        """Return the derivative by the logarithms of the relative standard deviations (K - 1,)."""
        q, size = self.problem.q, self.problem.q + (self.problem.p if self.is_reml else 0)
        row, k = self.own.row, len(self.own)
        scaled = self.whole[:, :size] / state.ratios[row][:, None]
        half = solve_lower(state.chol, size, scale_columns(scaled, self.problem.blocks, state.factors, q).T.copy())
        leverage = np.bincount(row, weights=(half**2).sum(axis=0), minlength=k)
        effects = np.concatenate([apply_factor(state.u, self.problem.blocks, state.factors), state.beta])
        residual = self.whole[:, -1] - self.whole[:, :-1] @ effects
        squares = np.bincount(row, weights=residual**2, minlength=k) + self.own.pure
        return np.asarray(2.0 * (self.own.count - leverage) - 2.0 * squares / (state.ratios**2 * scale))[1:]

    def value_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        """Return the profiled deviance and its derivative by theta."""
        try:
            state = self.state(theta)
        except NotPositiveDefiniteError:
            return FAILED, np.zeros_like(theta)
        scale = state.residual / self.degrees
        by_blocks = theta_gradient(self.covariance_gradients(state, scale), state.factors)
        return self.deviance_at(state), np.concatenate([by_blocks, self.ratio_gradient(state, scale)])

    def joint_gradient(self, state: Factorised | Reduced, theta: Floats, sigma: float) -> Floats:
        """Return the derivative by (theta, sigma) of the deviance in which sigma is not profiled out."""
        assert isinstance(state, Weighted)
        by_blocks = theta_gradient(self.covariance_gradients(state, sigma**2), state.factors)
        by_ratios = self.ratio_gradient(state, sigma**2)
        by_sigma = 2.0 * self.degrees / sigma - 2.0 * state.residual / sigma**3
        return np.concatenate([by_blocks, by_ratios, [by_sigma]])
