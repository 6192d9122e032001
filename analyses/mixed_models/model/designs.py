"""Design matrices of pseudo-rows, dense where they are small, and what their cross-products say of the columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from hpowh.analyses.mixed_models.model.cells import Cells, Floats, Integers, PseudoRows
from hpowh.analyses.mixed_models.model.columns import ModelColumn

if TYPE_CHECKING:
    from scipy import sparse

    Matrix: TypeAlias = Floats | sparse.csr_matrix

DENSE_ENTRIES = 20_000
"""Up to this many entries a dense matrix is made and multiplied in less time than a sparse one is set up."""

ALIAS_TOLERANCE = 1e-11
"""A column whose part outside the span of the columns before it has less than this share of its square is dropped."""


def design(columns: Sequence[ModelColumn], cells: Cells, rows: PseudoRows) -> Matrix:
    """Return the pseudo-rows' model matrix (N, len(columns))."""
    return _matrix(*_entries(columns, cells, rows), shape=(len(rows.y), len(columns)))


def random_design(
    columns: Sequence[ModelColumn], codes: Integers, level_count: int, cells: Cells, rows: PseudoRows
) -> Matrix:
    """Return the design (N, level_count * len(columns)) of an effect for every level and column.

    `codes` (C,) are the cells' level numbers.
    """
    row, column, values = _entries(columns, cells, rows)
    at = codes[rows.cell][row] * len(columns) + column
    return _matrix(row, at, values, shape=(len(rows.y), len(columns) * level_count))


def _entries(columns: Sequence[ModelColumn], cells: Cells, rows: PseudoRows) -> tuple[Integers, Integers, Floats]:
    """Return row, column and value of what is not zero in a model matrix."""
    row_index, column_index, values = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0)]
    position = {product: i + 1 for i, product in enumerate(cells.monomials)}
    for j, column in enumerate(columns):
        value = rows.basis[:, position[column.numeric] if column.numeric else 0]
        chosen = value != 0
        for name, level in column.levels:
            chosen &= cells.codes[name][rows.cell] == level
        found = np.flatnonzero(chosen)
        row_index.append(found)
        column_index.append(np.full(len(found), j))
        values.append(value[found])
    return np.concatenate(row_index), np.concatenate(column_index), np.concatenate(values)


def _matrix(row: Integers, column: Integers, values: Floats, *, shape: tuple[int, int]) -> Matrix:
    if shape[0] * shape[1] <= DENSE_ENTRIES:
        dense = np.zeros(shape)
        dense[row, column] = values
        return dense
    from scipy import sparse

    return sparse.csr_matrix((values, (row, column)), shape=shape)


def side_by_side(designs: Sequence[Matrix]) -> Matrix:
    """Return the columns of all designs in one matrix."""
    if len(designs) == 1:
        return designs[0]
    if all(isinstance(each, np.ndarray) for each in designs):
        return np.hstack(designs)
    from scipy import sparse

    return sparse.hstack(designs).tocsr()


def as_dense(matrix: Matrix) -> Floats:
    """Return a matrix as a NumPy array."""
    return matrix if isinstance(matrix, np.ndarray) else np.asarray(matrix.toarray())


def gram_of(x: Matrix) -> Floats:
    """Return the cross-products (p, p) of a design's columns."""
    return as_dense(x.T @ x)


def estimable(gram: Floats) -> list[int]:
    """Return the columns that are not linear combinations of the ones before them, from their cross-products (p, p).

    An outer-product Cholesky of the correlations: what a column has outside the span of the kept ones before it stands
    on the diagonal when its turn comes.
    """
    scale = np.sqrt(np.diag(gram))
    inverse = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
    left = gram * inverse * inverse[:, None]
    keep: list[int] = []
    for j in range(len(left)):
        if left[j, j] > ALIAS_TOLERANCE:
            row = left[j, j:] / np.sqrt(left[j, j])
            left[j:, j:] -= row[:, None] * row
            keep.append(j)
    return keep


def null_space(gram: Floats, keep: Sequence[int]) -> Floats:
    """Return one vanishing combination of the columns for every dropped one (columns, dropped)."""
    lost = [j for j in range(len(gram)) if j not in set(keep)]
    null = np.zeros((len(gram), len(lost)))
    if not lost:
        return null
    if len(keep):
        null[np.ix_(keep, range(len(lost)))] = -np.linalg.lstsq(gram[np.ix_(keep, keep)], gram[np.ix_(keep, lost)])[0]
    null[lost, range(len(lost))] = 1.0
    return null
