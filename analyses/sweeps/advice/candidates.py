"""Configurations that could be run: spread over the space, and around the best."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.sweeps.advice.space import bounds, settable, snapped
from hpowh.analyses.sweeps.reading.columns import OTHER, Floats
from hpowh.analyses.sweeps.reading.patterns import deciders
from hpowh.analyses.sweeps.reading.prepare import Prepared

SPREAD, LOCAL = 3000, 3000
SCALES = (0.3, 0.1, 0.03, 0.01)
"""Steps around the best, as shares of a range."""

Bools = NDArray[np.bool_]


class Candidates:
    """Draws configurations that keep the pattern of a trial that was made.

    In a conditional space a configuration takes from one trial what is absent, and every hyperparameter that decides
    what is (the pattern); what is left is drawn anew.
    """

    def __init__(self, prepared: Prepared, random: np.random.Generator, beyond: float) -> None:
        self.prepared, self.random, self.beyond = prepared, random, beyond
        self.absent = np.column_stack([column.is_absent for column in prepared.used])
        self.keeps = deciders(prepared) if self.absent.any() else np.zeros(len(prepared.used), dtype=bool)

    def spread(self, count: int = SPREAD) -> tuple[Floats, Bools]:
        """Return configurations over the whole space as codes, and what each lacks."""
        base = self.random.integers(0, len(self.prepared.codes), count)
        return self._drawn(base, np.ones((count, len(self.prepared.used)), dtype=bool), None)

    def around(self, centres: Floats, absent: Bools, count: int) -> tuple[Floats, Bools]:
        """Return neighbours of configurations: some hyperparameters moved by steps of several sizes."""
        at = self.random.integers(0, len(centres), count)
        k = centres.shape[1]
        moved = self.random.random((count, k)) < np.maximum(
            1.5 / k, self.random.choice([0.2, 0.5, 1.0], count)[:, None]
        )
        return self._moved(centres[at].copy(), absent[at], moved, self.random.choice(SCALES, count))

    def _drawn(self, base: NDArray[np.int64], moved: Bools, scale: Floats | None) -> tuple[Floats, Bools]:
        return self._moved(self.prepared.codes[base].copy(), self.absent[base], moved, scale)

    def _moved(self, codes: Floats, absent: Bools, moved: Bools, scale: Floats | None) -> tuple[Floats, Bools]:
        count = len(codes)
        for j, column in enumerate(self.prepared.used):
            change = moved[:, j] & ~absent[:, j] & (not self.keeps[j])
            if column.kind == "categorical":
                fresh = self.random.choice(settable(column), count).astype(float)
            else:
                low, high = bounds(column, self.prepared.codes[:, j], self.beyond)
                fresh = self.random.uniform(low, high, count)
                if scale is not None:
                    fresh = np.clip(codes[:, j] + self.random.normal(size=count) * scale * (high - low), low, high)
                fresh = snapped(column, self.prepared.codes[:, j], fresh, self.beyond)
            codes[:, j] = np.where(change, fresh, codes[:, j])
        named = np.ones(count, dtype=bool)
        for j, column in enumerate(self.prepared.used):
            if OTHER in column.levels:
                named &= codes[:, j] != column.levels.index(OTHER)
        return codes[named], absent[named]
