"""Which hyperparameters decide what else is there, and which numbers keep to the values that were tried."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.reading.columns import Column, Floats
from hpowh.analyses.sweeps.reading.conditions import decides
from hpowh.analyses.sweeps.reading.prepare import Prepared

FEW = 5
"""A number of which at most so many values were tried, over trials enough for more, keeps to these values."""
GRID_LIMIT = 20
"""Up to so many distinct numbers, a numeric hyperparameter without a declared range counts as a list of levels."""


def tried_values(column: Column, beyond: float = 0.0) -> Floats | None:
    """Return the values to which a number keeps, on its scale; None where any of its range can be set."""
    found = column.values[~np.isnan(column.values)]
    tried = np.unique(found)
    is_declared = column.declared is not None and column.declared.lower is not None
    if column.declared is not None and column.declared.step:
        return None
    is_few = tried.size <= FEW and found.size >= 3 * tried.size
    is_grid = not is_declared and not beyond and tried.size <= GRID_LIMIT and found.size >= 2 * tried.size
    return tried if is_few or is_grid else None


def deciders(prepared: Prepared) -> NDArray[np.bool_]:
    """Return which hyperparameters decide what else is there: absence of another is a function of them.

    A category decides where each of its levels has the other always or never; a number, where in its order absence
    changes at most twice. Where nothing alone decides, all categories and all numbers of few values do.
    """
    used = prepared.used
    deciding = np.zeros(len(used), dtype=bool)
    # What too few trials have is no feature, but a configuration that wants it cannot be run without it.
    sparse = [c for c in prepared.columns if c.role == "sparse" and c.values.size == len(prepared.codes)]
    for j, column in enumerate([*used, *sparse]):
        absent = column.is_absent
        if not absent.any():
            continue
        found = [i for i, other in enumerate(used) if i != j and decides(other, absent)]
        always = [i for i in found if not used[i].is_absent.any()]
        if found:
            deciding[always or found] = True
        elif column.is_used:
            deciding |= [c.kind == "categorical" or tried_values(c) is not None for c in used]
    return deciding
