"""Compile a function once and keep the machine code on disk, wherever there is a place for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Return the function compiled by numba when first called, without the interpreter's lock.

    numba keeps the machine code in `__pycache__` beside the module, or where that is read-only (an installation by the
    administrator) in the user's cache folder, or in `NUMBA_CACHE_DIR`. Where none can be written, it says so by an
    error: then the code is compiled in each process anew.
    """
    from numba import njit

    try:
        return njit(function, cache=True, nogil=True)
    except RuntimeError:
        return njit(function, nogil=True)
