"""Compile a function once, keep the machine code on disk, and know whether it is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def compiled(function: Callable[..., Any]) -> Any:
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


def is_on_disk(function: Any) -> bool:
    """Return whether machine code of a compiled function is kept that is newer than its source."""
    folder = function.stats.cache_path
    source = Path(function.py_func.__code__.co_filename)
    if folder is None or not source.is_file():
        return False
    pattern = f"{source.stem}.{function.__name__}-*.nbi"
    return any(index.stat().st_mtime >= source.stat().st_mtime for index in Path(folder).glob(pattern))
