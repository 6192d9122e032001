"""What predictions of settings are worth: how much of them is found again in configurations that were not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpowh.analyses.sweeps.reading.columns import Floats

MAD = 1.4826
"""From the median absolute error to the standard deviation of a normal distribution; outliers do not decide."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A model by its predictions of configurations that no part of its fit has seen.

    The best of many predictions is the one that errs most to the good side: told as it stands, the setting to try next
    would promise 2.7 standard deviations where nothing matters.
    """

    mean: float
    slope: float
    """By how much of its distance from the mean what is predicted is found again, from 0 to 1."""
    unseen: float
    """Standard deviation of what is found around that."""
    r_squared: float

    def told(self, mean: float, deviation: float) -> tuple[float, float]:
        """Return a prediction and the standard deviation of a trial there as they can be told."""
        return self.mean + self.slope * (mean - self.mean), max(deviation, self.unseen)


def judged(guess: Floats, found: Floats, mean: float) -> Judged:
    """Return what predictions are worth.

    Args:
        guess: what was predicted of each configuration unseen, less the mean of those that were seen.
        found: what it gave, less the same.
        mean: of all.
    """
    size = float(guess @ guess)
    slope = float(np.clip(guess @ found / size, 0.0, 1.0)) if size > 0 else 0.0
    total = max(float(((found - found.mean()) ** 2).sum()), 1e-300)
    return Judged(
        mean=mean,
        slope=slope,
        unseen=MAD * float(np.median(np.abs(found - slope * guess))),
        r_squared=1 - float(((found - guess) ** 2).sum()) / total,
    )
