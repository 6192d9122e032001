"""Cells: pseudo-rows have the data's cross-products, whatever the offset."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpowh.analyses.mixed_models.model.cells import DataError, cells_from_rows, pseudo_rows
from hpowh.analyses.mixed_models.model.fit import fit

from ..conftest import cells_of, simulate


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(4, 60), st.integers(1, 4), st.booleans())
def test_pseudo_rows_have_the_cross_products_of_the_rows(seed, rows, levels, is_constant):
    rng = np.random.default_rng(seed)
    factor = rng.integers(0, levels, rows)
    x = np.full(rows, 2.5) if is_constant else rng.standard_normal(rows) + 3
    z, y = rng.standard_normal(rows), rng.standard_normal(rows)
    cells = cells_from_rows(y, {"f": factor}, {"x": x, "z": z}, [("x",), ("z",), ("x", "z")])
    pseudo = pseudo_rows(cells)
    for level in np.unique(factor):
        inside = factor == level
        design = np.column_stack([np.ones(rows), x, z, x * z])[inside]
        chosen = pseudo.cell == list(np.unique(factor)).index(level)
        basis = pseudo.basis[chosen]
        assert basis.T @ basis == pytest.approx(design.T @ design, rel=1e-8, abs=1e-8)
        assert basis.T @ pseudo.y[chosen] == pytest.approx(design.T @ (y - y.mean())[inside], rel=1e-7, abs=1e-7)
    total = ((y - y.mean()) ** 2).sum()
    assert float(pseudo.y @ pseudo.y) + pseudo.pure_error == pytest.approx(total, rel=1e-8)
    assert pseudo.pure_df + len(pseudo.y) == rows


@pytest.mark.parametrize("offset", [1e6, -1e9])
def test_an_offset_changes_the_intercept_only(offset):
    rows = simulate(np.random.default_rng(3))
    formula = "y ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"
    plain = fit(formula, cells_of(formula, rows))
    moved = fit(formula, cells_of(formula, rows | {"y": rows["y"] + offset}))
    assert moved.log_likelihood == pytest.approx(plain.log_likelihood, abs=2e-7 * max(1.0, abs(offset) / 1e7))
    # Adding 1e9 rounds every response to 1e-7.
    assert moved.beta[1:] == pytest.approx(plain.beta[1:], abs=1e-6 * max(1.0, abs(offset) / 1e8))
    assert moved.beta[0] == pytest.approx(plain.beta[0] + offset, rel=1e-12)


def test_rows_without_finite_values_are_left_out_and_counted():
    y = np.array([1.0, np.nan, 2.0, np.inf, 3.0, 4.0])
    x = np.array([1.0, 1.0, np.nan, 1.0, 2.0, 3.0])
    cells = cells_from_rows(y, {"f": list("aabbba")}, {"x": x}, [("x",)])
    assert (cells.row_count, cells.excluded) == (3, 3)
    with pytest.raises(DataError, match="finite response"):
        cells_from_rows(np.full(3, np.nan), {"f": list("aab")}, {})
