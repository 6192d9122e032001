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

from hpowh.analyses.mixed_models.model.cells import Floats
from hpowh.analyses.mixed_models.model.problem import Block
from hpowh.analyses.statistics.lapack import lapack


class NotPositiveDefiniteError(ArithmeticError):
    """The cross-products lost definiteness to rounding at these parameters."""


@dataclass(frozen=True, kw_only=True)
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
        return matrix * column_scales(blocks, factors, matrix.shape[1])
    out = matrix.copy()
    rows = len(matrix)
    for block, factor in zip(blocks, factors, strict=True):
        part = matrix[:, block.span].reshape(rows, len(block.levels), block.width)
        out[:, block.span] = (part @ factor).reshape(rows, block.size)
    return out


def column_scales(blocks: Sequence[Block], factors: Sequence[Floats], size: int) -> Floats:
    """Return what every column (size,) is multiplied by, where each block has one effect a level."""
    scale = np.ones(size)
    for block, factor in zip(blocks, factors, strict=True):
        scale[block.span] = factor[0, 0]
    return scale


def scale_both(cross: Floats, blocks: Sequence[Block], factors: Sequence[Floats], q: int) -> Floats:
    """Return the symmetric `cross` with its first q rows and columns times the relative covariance factor."""
    if all(block.width == 1 for block in blocks):
        scale = column_scales(blocks, factors, len(cross))
        return cross * scale * scale[:, None]
    half = scale_columns(cross, blocks, factors, q)
    return scale_columns(np.ascontiguousarray(half.T), blocks, factors, q)


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
    # The Cholesky factor of [[S'Z'ZS + I, S'Z'X, S'Z'y], [., X'X, X'y], [., ., y'y]] with S = Lambda has all that the
    # deviance needs on its diagonal: the first q roots give log|S'Z'ZS + I|, the next p that of the fixed effects'
    # complement, and the last root, squared, is the penalised residual sum of squares.
    scaled = scale_both(cross, blocks, factors, q)
    diagonal = np.arange(q)
    scaled[diagonal, diagonal] += 1.0
    chol, info = lapack.dpotrf(scaled.T, lower=1, clean=1, overwrite_a=1)
    if info != 0:
        raise NotPositiveDefiniteError
    size = q + p
    roots = np.diag(chol)
    effects = solve_lower(chol, size, chol[size, :size], is_transposed=True)
    logs = np.log(roots[:size])
    return Factorised(
        log_det=2.0 * float(logs[:q].sum()),
        log_det_x=2.0 * float(logs[q:].sum()),
        residual=float(roots[size] ** 2),
        chol=chol,
        effects=effects,
        factors=list(factors),
        q=q,
        p=p,
    )


def penalised_score(cross: Floats, blocks: Sequence[Block], state: Factorised) -> Floats:
    """Return Z'e (q,) with e = y - X beta - Z Lambda u."""
    q, p = state.q, state.p
    b = apply_factor(state.u, blocks, state.factors)
    return cross[:q, q + p] - cross[:q, q : q + p] @ state.beta - cross[:q, :q] @ b


def solve_lower(chol: Floats, size: int, right: Floats, *, is_transposed: bool = False) -> Floats:
    """Solve with the leading (size, size) part of a Cholesky factor; `right` (size,) or (size, m) may be overwritten.

    SciPy's `solve_triangular` does the same; its checks take longer than the work on a small model.
    """
    if not size or not right.size:
        return right
    found, info = lapack.dtrtrs(chol[:size, :size], right, lower=1, trans=int(is_transposed))
    if info != 0:
        raise NotPositiveDefiniteError
    return np.asarray(found)


def level_sums(matrix: Floats, block: Block) -> Floats:
    """Return the sum over a block's levels of its diagonal (width, width) blocks."""
    if block.width == 1:
        return np.atleast_2d(np.trace(matrix[block.span, block.span]))
    part = matrix[block.span, block.span].reshape(len(block.levels), block.width, len(block.levels), block.width)
    return np.einsum("lilj->ij", part)


def covariance_gradients(
    cross: Floats,
    blocks: Sequence[Block],
    state: Factorised,
    is_reml: bool,
    scale: float,
    own: Sequence[Floats] | None = None,
) -> list[Floats]:
    """Return, for each block, the derivative (width, width) of the deviance by its relative covariance matrix.

    Args:
        scale: what the squared scores are divided by: the residual variance.
        own: each block's `level_sums`, where the caller keeps them from one evaluation to the next.
    """
    q, p = state.q, state.p
    size = q + p if is_reml else q
    left = scale_columns(np.ascontiguousarray(cross[:q, :size]), blocks, state.factors, q).T
    inner = solve_lower(state.chol, size, left).T
    score = penalised_score(cross, blocks, state)
    found = []
    for i, block in enumerate(blocks):
        part, scores = inner[block.span], score[block.span]
        sums = level_sums(cross, block) if own is None else own[i]
        if block.width == 1:
            found.append(sums - np.vdot(part, part) - (scores @ scores) / scale)
            continue
        by_effect = part.reshape(-1, block.width, size).transpose(1, 0, 2).reshape(block.width, -1)
        each = scores.reshape(-1, block.width)
        found.append(sums - by_effect @ by_effect.T - each.T @ each / scale)
    return found


def theta_gradient(covariance: Sequence[Floats], factors: Sequence[Floats]) -> Floats:
    """Return the derivative by theta from the derivatives by the covariances: 2 G T, lower triangle by columns."""
    parts: list[Floats] = []
    for gradient, factor in zip(covariance, factors, strict=True):
        full = 2.0 * gradient @ factor
        parts.extend(full[j:, j] for j in range(len(factor)))
    return np.concatenate(parts) if parts else np.zeros(0)
