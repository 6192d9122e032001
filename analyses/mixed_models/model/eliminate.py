"""Models with many random effects: the largest block is block-diagonal, so it is eliminated before the dense part.

With M_l = (T'A_lT + I)^-1 and W_l = T M_l T' for every level l of the first block, the rest of the cross-products
become A_22 - A_21 W A_12 (a Schur complement), on which `dense` works as if there were no first block.
Rows of A_21 that are mostly zero (a factor nested in the first) stay sparse. Where the first block's levels are parts
of the next one's (runs within benchmark x algorithm), that one is still block-diagonal in the complement and is
eliminated likewise, so that what remains dense is small. Levels that only their response tells apart (runs of equal
length of one cell) are one level that stands for their mean, and contrasts in closed form (`alike`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from scipy import sparse

from hpowh.analyses.mixed_models.model.alike import Alike, alike
from hpowh.analyses.mixed_models.model.cells import Floats, Integers
from hpowh.analyses.mixed_models.model.dense import (
    Factorised,
    apply_factor,
    covariance_gradients,
    factorise,
    scale_columns,
)
from hpowh.analyses.mixed_models.model.designs import DENSE_ENTRIES
from hpowh.analyses.mixed_models.model.problem import Block, Problem
from hpowh.analyses.statistics.lapack import blas, solve_triangular

DENSE_SHARE = 0.04
"""A row of A_21 with a larger share of non-zeros is stored dense."""

LEAST_NESTED = 100
"""A next block with fewer effects than this stays in the dense part."""

FEW = 8
"""Up to so many non-zeros a column of A_21 are handled pair by pair."""

CHUNK = 2048
"""Levels whose products with a dense kernel are held at once."""


@dataclass(frozen=True, kw_only=True)
class Eliminated:
    """Cross-products around the first block: `a11` (L, k, k), `a21` (r, L k) split by density, `a22` (r, r).

    Where levels are `alike`, L counts groups of them.
    """

    first: Block
    rest: tuple[Block, ...]
    a11: Floats
    dense_rows: Integers
    sparse_rows: Integers
    dense: Floats
    thin: sparse.csr_matrix
    a22: Floats
    q: int
    p: int
    is_nested: bool = False
    """Whether every level of the first block belongs to one level of the next one, which is eliminated too."""
    alike: Alike | None = None

    @cached_property
    def inner_rest(self) -> tuple[Block, ...]:
        """The blocks that remain when the next one is eliminated as well."""
        return tuple(replace(block, offset=block.offset - self.rest[0].size) for block in self.rest[1:])

    def inner(self, complement: Floats) -> Eliminated:
        """Return the complement (A_22 less what the first block explains) as cross-products around the next block."""
        block, size = self.rest[0], self.rest[0].size
        levels = np.arange(len(block.levels))
        # The next block is still block-diagonal in the complement: only its diagonal blocks are taken.
        own = complement[:size, :size].reshape(len(levels), block.width, len(levels), block.width)
        rows = np.arange(len(complement) - size)
        return Eliminated(
            first=block,
            rest=self.inner_rest,
            a11=own[levels, :, levels, :],
            dense_rows=rows,
            sparse_rows=rows[:0],
            dense=complement[size:, :size],
            thin=_no_rows(size),
            a22=complement[size:, size:],
            q=self.q - size,
            p=self.p,
        )

    def times(self, weights: Floats) -> tuple[Floats, sparse.csr_matrix]:
        """Return A_21 times the block-diagonal weights (L, k, k): its dense rows and its sparse rows."""
        level_count, k = weights.shape[0], weights.shape[1]
        if k == 1:
            flat = weights[:, 0, 0]
            # Nothing times something costs as much as a little of something.
            return self.dense * flat, self.thin @ sparse.diags(flat) if len(self.sparse_rows) else self.thin
        part = self.dense.reshape(len(self.dense), level_count, k)
        heavy = np.einsum("rli,lij->rlj", part, weights).reshape(self.dense.shape)
        if not len(self.sparse_rows):
            return heavy, self.thin
        blocks = sparse.bsr_matrix((weights, np.arange(level_count), np.arange(level_count + 1)))
        return heavy, sparse.csr_matrix(self.thin @ blocks)

    def own_sum(self, values: Floats | None = None) -> Floats:
        """Return A_11, or other values (L, k, k), summed over the first block's levels (k, k)."""
        values = self.a11 if values is None else values
        summed: Floats = values.sum(axis=0) if self.alike is None else np.einsum("l,lij->ij", self.alike.count, values)
        return summed

    def complement(self, weights: Floats) -> Floats:
        """Return A_22 - A_21 W A_12 (r, r)."""
        out = self.a22.copy()
        if self.alike is not None:
            out[-1, -1] -= float(np.einsum("lij,lji->", weights, self.alike.spread))
        d, s = self.dense_rows, self.sparse_rows
        if weights.shape[1] == 1 and not len(s):
            # A matrix times its own transpose is half the work of a product of two.
            half = self.dense * np.sqrt(weights[:, 0, 0])
            return out - half @ half.T
        heavy, thin = self.times(weights)
        if len(d):
            out[np.ix_(d, d)] -= heavy @ self.dense.T
        if len(s):
            mixed = np.asarray(self.thin @ heavy.T)
            out[np.ix_(s, d)] -= mixed
            out[np.ix_(d, s)] -= mixed.T
            product = (thin @ self.thin.T).tocoo()
            out[s[product.row], s[product.col]] -= product.data
        return out

    def quadratic(self, kernel: Floats) -> Floats:
        """Return A_12 K A_21 on the first block's diagonal (L, k, k), for a symmetric K over all rows but the last."""
        level_count, k = self.a11.shape[0], self.a11.shape[1]
        d, s = self.dense_rows[self.dense_rows < len(kernel)], self.sparse_rows
        heavy = self.dense[: len(d)]
        out = np.zeros((level_count, k, k))
        if len(d):
            carried = kernel[np.ix_(d, d)] @ heavy
            if len(s):
                carried = carried + 2.0 * np.asarray((self.thin.T @ kernel[np.ix_(s, d)]).T)
            out += _by_level(heavy, carried, level_count, k)
        if len(s):
            out += _thin_quadratic(self.thin.T.tocsr(), kernel[np.ix_(s, s)], level_count, k)
        return 0.5 * (out + out.transpose(0, 2, 1))


@lru_cache(maxsize=8)
def _no_rows(size: int) -> sparse.csr_matrix:
    """Return a matrix without rows: one is as good as the next, and every evaluation needs one."""
    return sparse.csr_matrix((0, size))


def _by_level(left: Floats, right: Floats, level_count: int, k: int) -> Floats:
    if k == 1:
        return np.einsum("rl,rl->l", left, right)[:, None, None]
    rows = len(left)
    return np.einsum("rli,rlj->lij", left.reshape(rows, level_count, k), right.reshape(rows, level_count, k))


def _thin_quadratic(columns: sparse.csr_matrix, kernel: Floats, level_count: int, k: int) -> Floats:
    """Return sum over pairs of the few non-zeros of each column of A_21; `columns` is its transpose."""
    out = np.zeros((level_count, k, k))
    counts = np.diff(columns.indptr)
    most = int(counts.max(initial=0))
    if k == 1 and most <= FEW:
        # So few non-zeros a level that their pairs are looked up one by one.
        level = np.repeat(np.arange(level_count), counts)
        place = np.arange(len(level)) - columns.indptr[level]
        at, values = np.zeros((level_count, most), dtype=np.int64), np.zeros((level_count, most))
        at[level, place], values[level, place] = columns.indices, columns.data
        for i in range(most):
            for j in range(i + 1):
                twice = 1.0 if i == j else 2.0
                out[:, 0, 0] += twice * values[:, i] * values[:, j] * kernel[at[:, i], at[:, j]]
        return out
    for start in range(0, level_count, CHUNK):
        part = columns[start * k : min(level_count, start + CHUNK) * k]
        for j in range(k):
            carried = part[j::k] @ kernel
            for i in range(k):
                products = part[i::k].multiply(carried).sum(axis=1)
                out[start : start + CHUNK, i, j] = np.asarray(products).ravel()
    return out


def eliminate(problem: Problem) -> Eliminated:
    """Return the cross-products of a problem around its first (largest) block."""
    first = problem.blocks[0]
    border = sparse.csr_matrix(problem.y[:, None])
    z = sparse.csr_matrix(problem.z)
    z1 = z[:, : first.size].tocsr()
    others = sparse.hstack([z[:, first.size :], problem.x, border]).tocsr()
    level_count, k = len(first.levels), first.width
    own = (z1.T @ z1).tocoo()
    a11 = np.zeros((level_count, k, k))
    a11[own.row // k, own.row % k, own.col % k] = own.data
    a21 = sparse.csr_matrix(others.T @ z1)
    a22 = (others.T @ others).toarray()
    a22[-1, -1] += problem.pure_error
    together = alike(a11, a21)
    same = None
    if together is not None:
        same, a11, a21 = together
    share = np.diff(a21.indptr) / max(1, a21.shape[1])
    thick = share > DENSE_SHARE
    thick |= a21.shape[0] * a21.shape[1] <= DENSE_ENTRIES
    # Fixed effects and the response stay with the dense rows, so that the thin ones are random effects only.
    thick[problem.q - first.size :] = True
    dense_rows, sparse_rows = np.flatnonzero(thick), np.flatnonzero(~thick)
    rest, offset = [], 0
    for block in problem.blocks[1:]:
        rest.append(replace(block, offset=offset))
        offset += block.size
    return Eliminated(
        first=first,
        rest=tuple(rest),
        a11=a11,
        dense_rows=dense_rows,
        sparse_rows=sparse_rows,
        dense=a21[dense_rows].toarray(),
        thin=a21[sparse_rows].tocsr(),
        a22=a22,
        q=offset,
        p=problem.p,
        is_nested=bool(rest) and rest[0].size >= LEAST_NESTED and _is_within(a21[: rest[0].size], first, rest[0]),
        alike=same,
    )


def _is_within(between: sparse.csr_matrix, first: Block, second: Block) -> bool:
    """Whether no level of the first block meets two levels of the second, from their cross-products."""
    met = between.tocoo()
    pairs = np.unique(met.col // first.width * len(second.levels) + met.row // second.width)
    return len(np.unique(pairs // len(second.levels))) == len(pairs)


@dataclass(frozen=True, kw_only=True)
class Reduced:
    """The state of an eliminated model at one theta: the state of the rest, and the first block's weights.

    `second`: the cross-products of the rest, where its first block is eliminated too.
    """

    state: Factorised | Reduced
    complement: Floats
    inner: Floats
    weights: Floats
    log_det: float
    factor: Floats
    second: Eliminated | None = None

    @property
    def innermost(self) -> Factorised:
        """The dense state of what is not eliminated."""
        return self.state.innermost if isinstance(self.state, Reduced) else self.state


def reduce(parts: Eliminated, factors: Sequence[Floats]) -> Reduced:
    """Evaluate an eliminated model at the blocks' factors. Raises NotPositiveDefiniteError as `factorise` does."""
    factor = factors[0]
    k = len(factor)
    # M_l = (T'A_l T + I)^-1 for every level l; the determinants are positive, so their logarithms need no sign.
    inner_matrix = factor.T @ parts.a11 @ factor + np.eye(k)
    inner: Floats = np.asarray(np.linalg.inv(inner_matrix) if k > 1 else 1.0 / inner_matrix)
    log_dets = np.log(np.linalg.det(inner_matrix)) if k > 1 else np.log(inner_matrix[:, 0, 0])
    # W_l = T M_l T', and the Schur complement A_22 - A_21 W A_12.
    weights = np.asarray(factor @ inner @ factor.T, dtype=float)
    complement = parts.complement(weights)
    second = parts.inner(complement) if parts.is_nested else None
    state: Factorised | Reduced
    if second is None:
        state = factorise(complement, parts.rest, factors[1:], parts.q, parts.p)
    else:
        state = reduce(second, factors[1:])
    return Reduced(
        state=state,
        complement=complement,
        inner=inner,
        weights=weights,
        log_det=state.log_det + float(log_dets.sum() if parts.alike is None else parts.alike.count @ log_dets),
        factor=factor,
        second=second,
    )


def half_kernel(reduced: Reduced, parts: Eliminated, size: int) -> Floats:
    """Return H (size, size) with H'H = `kernel_of`; lower triangular where every block has one effect a level."""
    assert isinstance(reduced.state, Factorised)
    chol = reduced.state.chol[:size, :size]
    unit = scale_columns(np.eye(size), parts.rest, reduced.state.factors, parts.q).T
    return np.asarray(solve_triangular(chol, unit))


def kernel_of(reduced: Reduced, parts: Eliminated, size: int) -> Floats:
    """Return K (size, size) = Lambda S^-1 Lambda' over the rest's random effects (and the fixed ones)."""
    if reduced.second is None or not isinstance(reduced.state, Reduced):
        half = half_kernel(reduced, parts, size)
        return half.T @ half
    # The inverse of a matrix in blocks, with B = A_21 W (`shared`) of the second block and R the rest's kernel:
    # [[W + B'RB, -B'R], [-RB, R]].
    own = reduced.second.first.size
    rest = kernel_of(reduced.state, reduced.second, size - own)
    shared = reduced.second.times(reduced.state.weights)[0][: size - own]
    kernel = np.empty((size, size))
    kernel[own:, own:] = rest
    kernel[own:, :own] = -rest @ shared
    kernel[:own, own:] = kernel[own:, :own].T
    kernel[:own, :own] = -shared.T @ kernel[own:, :own]
    levels, k = reduced.state.weights.shape[:2]
    blocks = kernel[:own, :own].reshape(levels, k, levels, k)
    at = np.arange(levels)
    blocks[at, :, at, :] += reduced.state.weights
    return kernel


def _around(parts: Eliminated, reduced: Reduced, size: int) -> Floats:
    """Return A_12 K A_21 on the first block's diagonal; a triangular product where the structure allows it."""
    is_simple = parts.first.width == 1 and not len(parts.sparse_rows) and reduced.second is None
    if not is_simple or any(block.width > 1 for block in parts.rest):
        return parts.quadratic(kernel_of(reduced, parts, size))
    half = np.asfortranarray(half_kernel(reduced, parts, size))
    # BLAS wants columns: the transpose of A_21's rows is in that order as it is stored.
    carried = blas.dtrmm(1.0, half, parts.dense[:size].T, side=1, lower=1, trans_a=1)
    return np.einsum("lr,lr->l", carried, carried)[:, None, None]


def reduced_gradients(parts: Eliminated, reduced: Reduced, is_reml: bool, scale: float) -> list[Floats]:
    """Return the derivative of the deviance by each block's covariance, the eliminated block first."""
    q, p = parts.q, parts.p
    size = q + p if is_reml else q
    if reduced.second is not None and isinstance(reduced.state, Reduced):
        later = reduced_gradients(reduced.second, reduced.state, is_reml, scale)
    else:
        later = covariance_gradients(reduced.complement, parts.rest, reduced.innermost, is_reml, scale)
    # I - A W = (I + A T T')^-1, by Woodbury's identity.
    shrink = np.eye(parts.first.width) - parts.a11 @ reduced.weights
    around = _around(parts, reduced, size) if size else np.zeros_like(parts.a11)
    own = parts.own_sum(shrink @ parts.a11) - (shrink @ around @ shrink.transpose(0, 2, 1)).sum(axis=0)
    scores = np.einsum("lij,lj->li", shrink, _carried(parts, reduced))
    squares = scores.T @ scores
    if parts.alike is not None:
        squares += np.einsum("lij,ljm,lnm->in", shrink, parts.alike.spread, shrink, optimize=True)
    return [own - squares / scale, *later]


def first_effects(parts: Eliminated, reduced: Reduced) -> Floats:
    """Return the eliminated block's conditional modes, of every level that it was given (levels, k)."""
    weights, carried, same = reduced.weights, _carried(parts, reduced), parts.alike
    if same is not None:
        weights = weights[same.group]
        carried = (carried / np.sqrt(same.count)[:, None])[same.group] + same.away
    return np.einsum("lij,lj->li", weights, carried)


def first_variances(parts: Eliminated, reduced: Reduced, kernel: Floats) -> Floats:
    """Return the conditional variances of the eliminated block's effects, in units of the residual one (levels, k).

    `kernel`: `kernel_of` the rest's random effects.
    """
    around = parts.quadratic(kernel) if len(kernel) else np.zeros_like(parts.a11)
    if parts.alike is not None:
        around = around / parts.alike.count[:, None, None]
    own = np.einsum("lii->li", reduced.weights + reduced.weights @ around @ reduced.weights)
    return own if parts.alike is None else own[parts.alike.group]


def rest_effects(parts: Eliminated, reduced: Reduced) -> Floats:
    """Return the conditional modes (q,) of the blocks after the first."""
    if reduced.second is None or not isinstance(reduced.state, Reduced):
        return apply_factor(reduced.innermost.u, parts.rest, reduced.innermost.factors)
    own = first_effects(reduced.second, reduced.state).ravel()
    return np.concatenate([own, rest_effects(reduced.second, reduced.state)])


def _carried(parts: Eliminated, reduced: Reduced) -> Floats:
    """Return Z_1'(y - X beta - Z_2 b_2) (L, k)."""
    coefficients = np.concatenate([-rest_effects(parts, reduced), -reduced.innermost.beta, [1.0]])
    carried = coefficients[parts.dense_rows] @ parts.dense
    if len(parts.sparse_rows):
        carried = carried + parts.thin.T @ coefficients[parts.sparse_rows]
    return np.asarray(carried).reshape(len(parts.a11), parts.first.width)
