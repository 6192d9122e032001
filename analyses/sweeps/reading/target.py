"""What tree models are fitted to: the metric itself, or its ranks where a few extreme trials would decide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
    from scipy.stats import kurtosis, norm, rankdata

    if metric.size < 20 or np.ptp(metric) == 0 or kurtosis((metric - metric.mean()) / np.ptp(metric)) <= KURTOSIS:
        return Target("value", metric, metric)
    return Target("rank", metric, norm.ppf(rankdata(metric) / (metric.size + 1)))
