"""LAPACK's routines for Cholesky factors, as SciPy has them compiled, without its package around them.

`import scipy.linalg` loads thirty modules, which takes as long as a small model; the compiled ones that are needed here
need only NumPy. Where SciPy has them elsewhere, its package is imported after all.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def _compiled(name: str) -> ModuleType | None:
    """Return one of SciPy's compiled modules under its own name, so that `scipy.linalg` finds it loaded."""
    full = f"scipy.linalg.{name}"
    if full in sys.modules:
        return sys.modules[full]
    spec = PathFinder.find_spec(full, [str(Path(scipy.__file__).parent / "linalg")])
    if spec is None or spec.loader is None:
        return None
    module = module_from_spec(spec)
    sys.modules[full] = module
    spec.loader.exec_module(module)
    return module


def _routines(name: str, public: str, needed: tuple[str, ...]) -> Any:
    """Return what has the routines: SciPy's compiled module, or the public one that stands for it."""
    found = _compiled(name)
    if found is not None and all(hasattr(found, each) for each in needed):
        return found
    from importlib import import_module

    return import_module(f"scipy.linalg.{public}")


lapack = _routines("_flapack", "lapack", ("dpotrf", "dpotrs", "dtrtrs"))
blas = _routines("_fblas", "blas", ("dtrmm",))


def solve_triangular(matrix: Floats, right: Floats) -> Floats:
    """Return the solution of a lower triangular system, to the last bit as `scipy.linalg.solve_triangular` has it.

    Raises:
        numpy.linalg.LinAlgError: the matrix is singular.
    """
    if not matrix.size or not right.size:
        return np.empty_like(right)
    # LAPACK wants columns: what is not stored so is solved by its transpose.
    if matrix.flags.f_contiguous:
        found, info = lapack.dtrtrs(matrix, right, lower=1, trans=0)
    else:
        found, info = lapack.dtrtrs(matrix.T, right, lower=0, trans=1)
    if info != 0:
        raise np.linalg.LinAlgError("singular matrix")
    return np.asarray(found)


def cholesky(matrix: Floats) -> Floats:
    """Return the lower Cholesky factor of a positive definite matrix; above the diagonal anything may stand.

    Raises:
        numpy.linalg.LinAlgError: it is not positive definite.
    """
    chol, info = lapack.dpotrf(matrix, lower=1, clean=0)
    if info != 0:
        raise np.linalg.LinAlgError("the matrix is not positive definite")
    return np.asarray(chol)


def solve_cholesky(chol: Floats, right: Floats) -> Floats:
    """Return the solution of a system of which `chol` is the matrix's lower Cholesky factor."""
    return np.asarray(lapack.dpotrs(chol, right, lower=1)[0])


def inverse_definite(matrix: Floats) -> Floats:
    """Return the inverse of a positive definite matrix by its Cholesky factor.

    Raises:
        numpy.linalg.LinAlgError: it is not positive definite.
    """
    return solve_cholesky(cholesky(matrix), np.eye(len(matrix)))
