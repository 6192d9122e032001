"""The cross-products of a model: everything that the likelihood needs, at a size that does not depend on the rows.

Source: Bates et al. (2015), section 3: the penalised least-squares problem and its augmented cross-product matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hpowh.analyses.mixed_models.model.cells import Cells, DataError, Floats, Integers, PseudoRows, pseudo_rows
from hpowh.analyses.mixed_models.model.columns import ModelColumn, model_columns
from hpowh.analyses.mixed_models.model.designs import (
    design,
    estimable,
    gram_of,
    null_space,
    random_design,
    side_by_side,
)
from hpowh.analyses.mixed_models.model.formula import Formula, RandomTerm

if TYPE_CHECKING:
    from hpowh.analyses.mixed_models.model.designs import Matrix

DENSE_LIMIT = 500
"""Up to this many random effects one dense Cholesky is fastest; above, the largest block is eliminated first."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """One random-effect term: `width` effects for each of the group's levels, at `offset` in the random effects.

    `is_slope`: which of the effects multiply a covariate.
    """

    group: str
    columns: tuple[str, ...]
    levels: tuple[str, ...]
    offset: int
    term: RandomTerm
    is_slope: tuple[bool, ...]

    @cached_property
    def width(self) -> int:
        return len(self.columns)

    @cached_property
    def size(self) -> int:
        return self.width * len(self.levels)

    @cached_property
    def parameter_count(self) -> int:
        return self.width * (self.width + 1) // 2

    @cached_property
    def span(self) -> slice:
        return slice(self.offset, self.offset + self.size)


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A model on its cells.

    `z` (N, q), `x` (N, p), `y` (N,) are the pseudo-rows' design and response; `pure_error` is the sum of squares that
    no column can explain. `columns` are the estimable ones of `all_columns`; `null_space` (all, dropped) are the
    combinations of `all_columns` that vanish on the data: a linear function is estimable when it is orthogonal to them.
    Estimates are of the response minus `center`; `constant` (p,) are the coefficients that make X a constant 1.
    """

    formula: Formula
    cells: Cells
    rows: PseudoRows
    blocks: tuple[Block, ...]
    columns: tuple[ModelColumn, ...]
    dropped: tuple[str, ...]
    all_columns: tuple[ModelColumn, ...]
    null_space: Floats
    z: Matrix
    x: Matrix
    y: Floats
    pure_error: float
    center: float
    constant: Floats
    row_count: int

    @property
    def q(self) -> int:
        """Number of random effects."""
        return int(self.z.shape[1])

    @property
    def p(self) -> int:
        """Number of estimable fixed effects."""
        return int(self.x.shape[1])

    @property
    def is_eliminated(self) -> bool:
        """Whether the first block is eliminated before the dense Cholesky."""
        return self.q > DENSE_LIMIT

    def with_response(self, y: Floats, pure_error: float, center: float = 0.0) -> Problem:
        """Return the same design with another response (a bootstrap replicate)."""
        return replace(self, y=y, pure_error=pure_error, center=center)


def build_problem(formula: Formula, cells: Cells) -> Problem:
    """Return the problem of a formula on its cells.

    Raises:
        DataError: a factor has one level only, a grouping factor has one level, or there are fewer rows than effects.
    """
    _check_levels(formula, cells)
    rows = pseudo_rows(cells)
    columns = model_columns(formula.fixed, cells.term_levels)
    x_all = design(columns, cells, rows)
    if cells.row_count <= len(columns):
        raise DataError(f"{cells.row_count} rows cannot carry {len(columns)} fixed effects and a variance.")
    gram_all = gram_of(x_all)
    keep = estimable(gram_all)
    x = x_all if len(keep) == x_all.shape[1] else x_all[:, keep]
    blocks, z = random_part(formula, cells, rows)
    one = rows.basis[:, 0]
    gram = gram_all[np.ix_(keep, keep)]
    constant = np.linalg.lstsq(gram, np.asarray(x.T @ one), rcond=None)[0] if len(keep) else np.zeros(0)
    # Indicators add up to a constant with whole coefficients: what is left of them would be multiplied by the mean.
    whole = np.round(constant)
    constant = np.where(np.abs(constant - whole) < 1e-9, whole, constant)
    has_constant = bool(len(keep)) and bool(np.abs(x @ constant - one).max() < 1e-8 * np.abs(one).max())
    center = cells.response_mean
    y = rows.y if has_constant else rows.y + center * one
    return Problem(
        formula=formula,
        cells=cells,
        rows=rows,
        blocks=blocks,
        columns=tuple(columns[i] for i in keep),
        dropped=tuple(column.name for i, column in enumerate(columns) if i not in set(keep)),
        all_columns=tuple(columns),
        null_space=null_space(gram_all, keep),
        z=z,
        x=x,
        y=y,
        pure_error=rows.pure_error,
        center=center if has_constant else 0.0,
        constant=constant if has_constant else np.zeros(len(keep)),
        row_count=cells.row_count,
    )


def _check_levels(formula: Formula, cells: Cells) -> None:
    for term in (*formula.fixed.terms, *(t for random in formula.random for t in random.expression.terms)):
        for name in term:
            if name in cells.term_levels and len(cells.levels[name]) < 2:
                raise DataError(
                    f"The factor {name} has one level only ({', '.join(cells.levels[name])}) in the selected rows; "
                    "leave it out of the formula or select more."
                )
    for group in formula.grouping:
        if all(len(cells.levels[name]) < 2 for name in group):
            name = ":".join(group)
            raise DataError(
                f"The grouping factor {name} has one level only; a variance needs two or more. Without its random "
                f"effects a model speaks of this {name} alone."
            )


def group_codes(group: Sequence[str], cells: Cells) -> tuple[Integers, tuple[str, ...]]:
    """Return each cell's level number of a grouping factor, and the names of the levels that occur."""
    code = np.zeros(len(cells.count), dtype=np.int64)
    for name in group:
        code = code * len(cells.levels[name]) + cells.codes[name]
    present, code = np.unique(code, return_inverse=True)
    parts = []
    for name in reversed(group):
        levels = cells.levels[name]
        parts.append([levels[i] for i in (present % len(levels)).tolist()])
        present = present // len(levels)
    names = tuple(":".join(pieces) for pieces in zip(*reversed(parts), strict=True))
    return code.astype(np.int64), names


def effects_besides_largest(formula: Formula, cells: Cells) -> int:
    """Return how many random effects a model has besides those of its largest term: what a fit's time hangs on."""
    sizes = [
        len(group_codes(random.group, cells)[1]) * len(model_columns(random.expression, cells.term_levels))
        for random in formula.random
    ]
    return sum(sizes) - max(sizes, default=0)


def random_part(formula: Formula, cells: Cells, rows: PseudoRows) -> tuple[tuple[Block, ...], Matrix]:
    """Return the random-effect blocks, largest first, and their design (N, q). Raises DataError."""
    made: list[tuple[Block, Matrix]] = []
    for random in formula.random:
        columns = model_columns(random.expression, cells.term_levels)
        if not columns:
            raise DataError(f"The random-effect term {random} has no effect before the bar.")
        codes, names = group_codes(random.group, cells)
        if len(names) >= cells.row_count:
            raise DataError(
                f"The grouping factor {':'.join(random.group)} has a level for each of the {cells.row_count} rows: "
                "its variance cannot be told from the residual's."
            )
        # A diagonal term is as many terms as it has columns, each with its own variance.
        for part in [[column] for column in columns] if random.is_diagonal else [columns]:
            block = Block(
                group=":".join(random.group),
                columns=tuple(column.name for column in part),
                levels=names,
                offset=0,
                term=random,
                is_slope=tuple(bool(column.numeric) for column in part),
            )
            made.append((block, random_design(part, codes, len(names), cells, rows)))
    made.sort(key=lambda pair: -pair[0].size)
    offset, blocks = 0, []
    for block, _ in made:
        blocks.append(replace(block, offset=offset))
        offset += block.size
    return tuple(blocks), side_by_side([z for _, z in made]) if made else np.zeros((len(rows.y), 0))


def lower_factors(theta: Floats, blocks: Sequence[Block]) -> list[Floats]:
    """Return each block's lower-triangular relative covariance factor T (width, width), filled column by column."""
    factors, at = [], 0
    for block in blocks:
        if block.width == 1:
            factors.append(np.array([[theta[at]]]))
            at += 1
            continue
        factor = np.zeros((block.width, block.width))
        for j in range(block.width):
            size = block.width - j
            factor[j:, j] = theta[at : at + size]
            at += size
        factors.append(factor)
    return factors


def theta_of(factors: Sequence[Floats]) -> Floats:
    """Return the parameters of the blocks' factors, the inverse of `lower_factors`."""
    parts = [factor[j:, j] for factor in factors for j in range(len(factor))]
    return np.concatenate(parts) if parts else np.zeros(0)
