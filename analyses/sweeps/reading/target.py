"""What tree models are fitted to: the metric itself, or its ranks where a few extreme trials would decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hpowh.analyses.statistics.association import kurtosis
from hpowh.analyses.statistics.distributions import norm, rankdata
from hpowh.analyses.sweeps.reading.columns import Floats

KURTOSIS = 10.0
"""Above this excess kurtosis (a normal distribution has 0, an exponential one 6) the metric is heavy-tailed."""


@dataclass(frozen=True)
class Target:
    """The numbers that models see, and the way back."""

    kind: str
    """`value` or `rank`."""
    metric: Floats
    values: Floats

    def back(self, predictions: Floats) -> Floats:
        """Return predictions in the metric's own unit (ranks: by linear interpolation between the trials)."""
        if self.kind == "value":
            return predictions
        order = np.argsort(self.values, kind="stable")
        return np.interp(predictions, self.values[order], self.metric[order])


def choose_target(metric: Floats) -> Target:
    """Return the metric, or its normal scores (van der Waerden; ties share the mean rank) where it is heavy-tailed.

    Args:
        metric: finite.
    """
    if metric.size < 20 or np.ptp(metric) == 0 or kurtosis((metric - metric.mean()) / np.ptp(metric)) <= KURTOSIS:
        return Target("value", metric, metric)
    return Target("rank", metric, norm.ppf(rankdata(metric) / (metric.size + 1)))


@dataclass(frozen=True)
class Unit:
    """The metric's own unit: models see (metric - centre) / size, so that no answer hangs on the unit."""

    centre: float
    size: float

    @classmethod
    def of(cls, metric: Floats) -> Unit:
        """Return median and standard deviation; of a metric that does not vary the size is 1."""
        centre = float(np.median(metric))
        most = float(np.abs(metric - centre).max())
        return cls(centre, float(((metric - centre) / most).std()) * most if most > 0 else 1.0)

    def strip(self, metric: Floats) -> Floats:
        """Return the metric without its unit."""
        return np.asarray((metric - self.centre) / self.size)

    def back(self, values: Floats | float) -> Any:
        """Return numbers in the metric's unit."""
        return self.centre + self.size * values
