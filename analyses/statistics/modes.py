"""Has a sample more than one mode? Silverman's test by the critical bandwidth.

The critical bandwidth is the smallest at which a Gaussian kernel density has one mode; where a sample has two groups it
must be large. The p-value is the share of samples drawn from that smoothed density that need more than one mode at the
same bandwidth. It is careful: without a second mode it is below 5 % in fewer than 5 % of samples (Hall & York 2001).
Source: Silverman (1981), J. R. Stat. Soc. B 43.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DRAWS = 500
GRID = 256
HALVINGS = 24
FEWEST = 8
FLAT = 1e-12
SHARPER = 0.5
"""Modes are placed at this share of the critical bandwidth, at which they have all but run together."""


@dataclass(frozen=True)
class Modes:
    """Where the two highest modes lie, at half the critical bandwidth, and the p-value of there being one mode only.

    None, with the reason, where the sample is too small or does not vary.
    """

    lower: float | None
    upper: float | None
    p_value: float | None
    reason: str | None = None


def two_modes(values: Floats, *, draws: int = DRAWS, seed: int = 0) -> Modes:
    """Return Silverman's test of one mode against more."""
    values = np.sort(np.asarray(values, dtype=np.float64))
    if len(values) < FEWEST:
        return Modes(None, None, None, f"fewer than {FEWEST} values")
    spread = float(values.std())
    if spread <= FLAT * max(1e-300, float(np.abs(values).max())):
        return Modes(None, None, None, "the values do not differ")
    unit = (values - values.mean()) / spread
    critical = _critical(unit)
    rng = np.random.default_rng(seed)
    # Rescaled to the sample's own variance, which smoothing alone would widen.
    shrink = 1.0 / np.sqrt(1.0 + critical**2)
    drawn = shrink * (rng.choice(unit, (draws, len(unit))) + critical * rng.standard_normal((draws, len(unit))))
    beyond = sum(_count(one, critical)[0] > 1 for one in drawn)
    places = _count(unit, SHARPER * critical)[1] * spread + values.mean()
    p_value = (1.0 + beyond) / (1.0 + draws)
    if len(places) < 2:
        return Modes(None, None, p_value)
    return Modes(float(places.min()), float(places.max()), p_value)


def _critical(unit: Floats) -> float:
    low, high = 0.0, 2.0
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _count(unit, middle)[0] > 1 else (low, middle)
    return high


def _count(unit: Floats, bandwidth: float) -> tuple[int, Floats]:
    """Return the number of modes of the kernel density, and where the two highest are."""
    grid = np.linspace(unit.min() - 3 * bandwidth, unit.max() + 3 * bandwidth, GRID)
    density = np.exp(-0.5 * ((grid[:, None] - unit) / bandwidth) ** 2).sum(axis=1)
    inner = density[1:-1]
    peaks = np.flatnonzero((inner > density[:-2]) & (inner >= density[2:]) & (inner > 1e-9 * density.max())) + 1
    highest = peaks[np.argsort(-density[peaks])[:2]]
    return len(peaks), grid[highest]
