"""Whether compiling pays for a piece of work."""

from __future__ import annotations

from hpowh.analyses.compiling import is_on_disk

WITHOUT_CODE = 8
"""Compiling takes seconds: without machine code on disk it pays from so many times the work on."""

_done_without: dict[str, int] = {}
"""Work that each function was not compiled for, in this process."""


def pays(name: str, work: int, least: int) -> bool:
    """Return whether a compiled function pays for this work.

    With machine code on disk, from `least` on. Without, compiling costs as much as `WITHOUT_CODE` times that: it pays
    for a landscape so large, or once so much was done without it.

    Args:
        name: of a function in `kernels`.
    """
    if work < least:
        return False
    from hpowh.analyses.landscapes.grid import kernels

    if is_on_disk(getattr(kernels, name)):
        return True
    _done_without[name] = _done_without.get(name, 0) + work
    return _done_without[name] >= WITHOUT_CODE * least
