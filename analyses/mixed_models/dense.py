"""One evaluation of a model whose cross-products fit a dense matrix: Cholesky, deviance parts, derivatives.

Source: Bates et al. (2015), sections 3.2-3.4: with C = [L'Z'ZL + I, L'Z'X; X'ZL, X'X] the log determinants and the
penalised residual sum of squares are read from the diagonal of the Cholesky factor of C bordered by the response.
The derivative with respect to a block's covariance S = T T' is Z'PZ - Z'ee'Z/scale summed over levels, and 2 (that) T
with respect to T; it exists at T = 0, which the derivative in T hides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack, solve_triangular

from hpowh.analyses.mixed_models.cells import Floats
from hpowh.analyses.mixed_models.problem import Block


class NotPositiveDefiniteError(ArithmeticError):
    """The cross-products lost definiteness to rounding at these parameters."""


@dataclass(frozen=True)
class Factorised:
    """The state at one theta: log|H|, log|R_X'R_X|, penalised residual sum of squares, Cholesky factor, effects."""

    log_det: float
    log_det_x: float
    residual: float
    chol: Floats
    effects: Floats
    factors: list[Floats]
    q: int
    p: int

    @property
    def u(self) -> Floats:
        """Spherical random effects (q,)."""
        return self.effects[: self.q]

    @property
    def beta(self) -> Floats:
        """Fixed effects (p,) of the centred response."""
        return self.effects[self.q :]


def scale_columns(matrix: Floats, blocks: Sequence[Block], factors: Sequence[Floats], q: int) -> Floats:
    """Return `matrix` (r, >= q) times the block-diagonal relative covariance factor in its first q columns."""
    if all(block.width == 1 for block in blocks):
        scale = np.ones(matrix.shape[1])
        for block, factor in zip(blocks, factors, strict=True):
            scale[block.span] = factor[0, 0]
        return matrix * scale
    out = matrix.copy()
    rows = len(matrix)
    for block, factor in zip(blocks, factors, strict=True):
        part = matrix[:, block.span].reshape(rows, len(block.levels), block.width)
        out[:, block.span] = (part @ factor).reshape(rows, block.size)
    return out


def apply_factor(u: Floats, blocks: Sequence[Block], factors: Sequence[Floats]) -> Floats:
    """Return the random effects b = Lambda u (q,)."""
    out = np.empty_like(u)
    for block, factor in zip(blocks, factors, strict=True):
        out[block.span] = (u[block.span].reshape(-1, block.width) @ factor.T).ravel()
    return out


def factorise(cross: Floats, blocks: Sequence[Block], factors: Sequence[Floats], q: int, p: int) -> Factorised:
    """Factorise the augmented cross-products (q + p + 1 square, response last).

    Raises:
        NotPositiveDefiniteError: rounding left the matrix indefinite.
    """
    scaled = scale_columns(cross, blocks, factors, q)
    scaled = scale_columns(np.ascontiguousarray(scaled.T), blocks, factors, q)
    diagonal = np.arange(q)
    scaled[diagonal, diagonal] += 1.0
    chol, info = lapack.dpotrf(scaled.T, lower=1, clean=1, overwrite_a=1)
    if info != 0:
        raise NotPositiveDefiniteError
    size = q + p
    roots = np.diag(chol)
    effects = solve_triangular(chol[:size, :size], chol[size, :size], lower=True, trans="T", check_finite=False)
    logs = np.log(roots[:size])
    return Factorised(
        2.0 * float(logs[:q].sum()),
        2.0 * float(logs[q:].sum()),
        float(roots[size] ** 2),
        chol,
        effects,
        list(factors),
        q,
        p,
    )


def penalised_score(cross: Floats, blocks: Sequence[Block], state: Factorised) -> Floats:
    """Return Z'e (q,) with e = y - X beta - Z Lambda u."""
    q, p = state.q, state.p
    b = apply_factor(state.u, blocks, state.factors)
    return cross[:q, q + p] - cross[:q, q : q + p] @ state.beta - cross[:q, :q] @ b


def level_sums(matrix: Floats, block: Block) -> Floats:
    """Return the sum over a block's levels of its diagonal (width, width) blocks."""
    part = matrix[block.span, block.span].reshape(len(block.levels), block.width, len(block.levels), block.width)
    return (
        np.einsum("liaj,la->ij", part, np.eye(len(block.levels)))
        if block.width > 1
        else np.atleast_2d(np.trace(matrix[block.span, block.span]))
    )


def covariance_gradients(
    cross: Floats, blocks: Sequence[Block], state: Factorised, is_reml: bool, scale: float
) -> list[Floats]:
    """Return, for each block, the derivative (width, width) of the deviance by its relative covariance matrix.

    Args:
        scale: what the squared scores are divided by: the residual variance.
    """
    q, p = state.q, state.p
    size = q + p if is_reml else q
    left = scale_columns(np.ascontiguousarray(cross[:q, :size]), blocks, state.factors, q).T
    inner = solve_triangular(state.chol[:size, :size], left, lower=True, check_finite=False)
    score = penalised_score(cross, blocks, state)
    found = []
    for block in blocks:
        part = inner[:, block.span].reshape(size, len(block.levels), block.width)
        explained = np.einsum("mli,mlj->ij", part, part) if block.width > 1 else np.atleast_2d((part * part).sum())
        scores = score[block.span].reshape(-1, block.width)
        found.append(level_sums(cross, block) - explained - scores.T @ scores / scale)
    return found


def theta_gradient(covariance: Sequence[Floats], factors: Sequence[Floats]) -> Floats:
    """Return the derivative by theta from the derivatives by the covariances: 2 G T, lower triangle by columns."""
    parts: list[Floats] = []
    for gradient, factor in zip(covariance, factors, strict=True):
        full = 2.0 * gradient @ factor
        parts.extend(full[j:, j] for j in range(len(factor)))
    return np.concatenate(parts) if parts else np.zeros(0)
