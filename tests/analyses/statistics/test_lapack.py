"""Cholesky routines without SciPy's package give what its functions give, to the last bit."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from scipy import linalg

from hpowh.analyses.statistics import lapack as own


def definite(size: int) -> np.ndarray:
    half = np.random.default_rng(size).standard_normal((size, size + 3))
    return half @ half.T


@pytest.mark.parametrize("size", [1, 2, 7, 64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_solutions_are_scipys_to_the_last_bit(size, order):
    root = np.array(np.linalg.cholesky(definite(size)), order=order)
    right = np.eye(size)
    whole = np.array(np.pad(root, 2), order=order)
    for matrix in (root, whole[2 : size + 2, 2 : size + 2]):  # a part of a larger one is stored in neither order
        assert (own.solve_triangular(matrix, right) == linalg.solve_triangular(matrix, right, lower=True)).all()


@pytest.mark.parametrize("size", [1, 5, 40])
def test_an_inverse_is_scipys_to_the_last_bit(size):
    matrix = definite(size)
    wanted = linalg.cho_solve(linalg.cho_factor(matrix, lower=True), np.eye(size))
    assert (own.inverse_definite(matrix) == wanted).all()


def test_what_has_no_solution_is_refused():
    with pytest.raises(np.linalg.LinAlgError):
        own.solve_triangular(np.diag([1.0, 0.0]), np.eye(2))
    with pytest.raises(np.linalg.LinAlgError):
        own.inverse_definite(np.diag([1.0, -1.0]))
    assert own.solve_triangular(np.zeros((0, 0)), np.zeros((0, 0))).shape == (0, 0)


def test_scipys_own_package_loads_afterwards_with_the_same_routines():
    program = (
        "import sys\n"
        "from hpowh.analyses.statistics import lapack as own\n"
        "assert 'scipy.linalg' not in sys.modules\n"
        "from scipy import linalg, stats\n"
        "from scipy.linalg import lapack\n"
        "assert lapack.dpotrf is own.lapack.dpotrf\n"
        "assert linalg.inv([[2.0]])[0, 0] == 0.5\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_where_they_are_not_compiled_apart_the_package_has_them(monkeypatch):
    monkeypatch.setattr(own, "_compiled", lambda name: None)
    assert own._routines("_flapack", "lapack", ("dpotrf",)).dpotrf is linalg.lapack.dpotrf
