"""What a configuration also needs to be run: hyperparameters that no model sees."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.importance.dependence import own_unit
from hpowh.analyses.sweeps.reading.columns import Column, Floats
from hpowh.analyses.sweeps.reading.prepare import Prepared
from hpowh.analyses.sweeps.reading.rules import Value

TWIN = re.compile(r"^says the same as (.*?)(; |$)")


class Completion:
    """Adds to a configuration what never varied, what too few trials have, and what says the same as another.

    Of the first two it takes the value of the nearest trial that has the same hyperparameters: 4 layers want units for
    the fourth, also where four trials alone have them.
    """

    def __init__(self, prepared: Prepared, absent: NDArray[np.bool_], keeps: NDArray[np.bool_]) -> None:
        self.prepared, self.absent, self.keeps = prepared, absent, keeps
        size = len(prepared.codes)
        self.rest = [c for c in prepared.columns if c.role in ("constant", "sparse") and c.values.size == size]
        own = {column.name: column for column in prepared.used}
        found = {c.name: TWIN.match(c.note) for c in prepared.columns if c.role == "duplicate"}
        self.twins = [
            (own[match.group(1)], column)
            for column in prepared.columns
            if (match := found.get(column.name)) and match.group(1) in own
        ]
        self.spans = np.array([max(float(np.ptp(prepared.codes[:, j])), 1e-12) for j in range(len(prepared.used))])

    def of(self, codes: Floats, absent: NDArray[np.bool_]) -> dict[str, Value]:
        """Return the values of what no model sees of one configuration."""
        found: dict[str, Value] = {}
        at = {column.name: j for j, column in enumerate(self.prepared.used)}
        for first, twin in self.twins:
            j = at[first.name]
            value = None if absent[j] else _as_twin(first, twin, float(codes[j]))
            if value is not None:
                found[twin.name] = value
        if not self.rest:
            return found
        mine = self.prepared.codes
        alike = (self.absent == absent).all(axis=1) & (mine[:, self.keeps] == codes[self.keeps]).all(axis=1)
        rows = np.flatnonzero(alike) if alike.any() else np.arange(len(mine))
        row = int(rows[(np.abs(mine[rows] - codes) / self.spans).sum(axis=1).argmin()])
        for column in self.rest:
            if not column.is_absent[row]:
                found[column.name] = _set(column, float(column.values[row]))
        return found


def _set(column: Column, code: float) -> Value:
    number, text = own_unit(column, code)
    return (float(round(number)), text) if column.is_integer and number is not None else (number, text)


def _as_twin(first: Column, twin: Column, code: float) -> Value | None:
    """Return what a column has where the one that it repeats (up to scale, or names of levels) has a code."""
    if first.kind == "categorical":
        same = np.flatnonzero(first.values == code)
        return _set(twin, float(twin.values[same[0]])) if same.size else None
    low, high = int(np.nanargmin(first.values)), int(np.nanargmax(first.values))
    share = (code - first.values[low]) / (first.values[high] - first.values[low])
    return _set(twin, float(twin.values[low] + share * (twin.values[high] - twin.values[low])))
