"""Compile a function once, keep the machine code on disk, and know whether compiling pays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

WITHOUT_CODE = 8
"""Compiling takes seconds: without machine code on disk it pays from so many times the work on."""

_done_without: dict[str, int] = {}
"""Work that each function was not compiled for, in this process."""


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


def pays(name: str, work: int, least: int) -> bool:
    """Return whether a compiled function pays for this work.

    With machine code on disk, from `least` on. Without, compiling costs as much as `WITHOUT_CODE` times that: it pays
    for a landscape so large, or once so much was done without it.

    Args:
        name: of a function in `kernels`.
    """
    if work < least:
        return False
    if is_on_disk(name):
        return True
    _done_without[name] = _done_without.get(name, 0) + work
    return _done_without[name] >= WITHOUT_CODE * least


def is_on_disk(name: str) -> bool:
    """Return whether machine code of a function in `kernels` is kept that is newer than the source."""
    from hpowh.analyses.landscapes import kernels

    function = getattr(kernels, name)
    folder = function.stats.cache_path
    source = Path(kernels.__file__)
    if folder is None or not source.is_file():
        return False
    pattern = f"kernels.{name}-*.nbi"
    return any(index.stat().st_mtime >= source.stat().st_mtime for index in Path(folder).glob(pattern))
