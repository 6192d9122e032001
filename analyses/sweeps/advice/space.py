"""The space of suggestions: ranges, and values that can be set."""

from __future__ import annotations

import numpy as np

from hpowh.analyses.sweeps.reading.columns import MISSING, OTHER, Column, Floats
from hpowh.analyses.sweeps.reading.patterns import tried_values


def bounds(column: Column, codes: Floats, beyond: float = 0.0) -> tuple[float, float]:
    """Return the ends, on the used scale, between which suggestions stay: the declared range, else what was tried.

    Args:
        beyond: by which share of its width the range is widened at either end, where the reader asked for that.
            Numbers that were all positive (or not negative) stay so.
    """
    low, high = _declared_bounds(column, codes)
    if not beyond:
        return low, high
    more = beyond * (high - low)
    floor = -np.inf if column.is_log or low < 0 else low / 2 if low > 0 else 0.0
    return max(low - more, floor), high + more


def _declared_bounds(column: Column, codes: Floats) -> tuple[float, float]:
    declared = column.declared
    if declared and declared.lower is not None and declared.upper is not None:
        low, high = declared.lower, declared.upper
        return (float(np.log10(low)), float(np.log10(high))) if column.is_log else (low, high)
    return float(codes.min()), float(codes.max())


def snapped(column: Column, codes: Floats, values: Floats, beyond: float) -> Floats:
    """Return values that can be set: on the declared step, whole where all are, among few tried numbers."""
    declared = column.declared
    low, high = bounds(column, codes, beyond)
    if declared and declared.step and declared.lower is not None:
        plain = 10**values if column.is_log else values
        plain = declared.lower + np.floor((plain - declared.lower) / declared.step + 0.5) * declared.step
        top = np.inf if declared.upper is None or beyond else declared.upper
        plain = np.where(plain > top * (1 + 1e-12), plain - declared.step, plain)
        return np.log10(plain) if column.is_log else plain
    tried = tried_values(column, beyond)
    if tried is not None:
        return tried[np.abs(values[:, None] - tried[None, :]).argmin(axis=1)]
    if column.is_integer:
        plain = np.round(10**values if column.is_log else values)
        inside = np.clip(plain, np.ceil((10**low if column.is_log else low) - 1e-9),
                         np.floor((10**high if column.is_log else high) + 1e-9))  # fmt: skip
        return np.log10(inside) if column.is_log else inside
    return values


def settable(column: Column) -> list[int]:
    """Return the levels that anyone could try: the collected rare ones are none, nor is absence."""
    return [i for i, level in enumerate(column.levels) if level not in (OTHER, MISSING)]
