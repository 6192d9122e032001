"""When two losses count as equal: the neutrality threshold and how it was chosen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.grid.surface import Surface

DEFAULT = 0.01
"""1 %, as in arXiv 2311.14014 (of an accuracy; of the interquartile range where the metric is no share)."""
PER_CENT = 0.01
"""The threshold at which statements of the literature are judged; one of the curve."""
CURVE = (0.0, 1e-5, 1e-4, 3e-4, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
"""Thresholds of the neutrality curve, absolute for bounded metrics, else in units of the interquartile range."""


@dataclass(frozen=True)
class Epsilon:
    """A threshold on |difference of losses|, with the rule that gave it."""

    value: float
    rule: str
    unit: float = 1.0
    """What the curve's thresholds are multiplied by: 1, or the interquartile range."""


def choose_epsilon(surface: Surface, *, is_bounded: bool, given: str | float | None = None) -> Epsilon:
    """Return the threshold: the given one, else 0.01 for metrics bounded in [0, 1] and 0.01 IQR otherwise.

    Args:
        is_bounded: whether the metric's values lie in [0, 1].
        given: an absolute number, or a text such as `0.001` or `0.5%iqr` (percent of the interquartile range).

    Raises:
        LandscapeError: `given` is not such a number, or negative.
    """
    spread = surface.quantile(0.75) - surface.quantile(0.25)
    if given is None:
        if is_bounded:
            return Epsilon(DEFAULT, "0.01, the metric lies in [0, 1]")
        return Epsilon(DEFAULT * spread, "0.01 of the interquartile range", spread)
    unit = 1.0 if is_bounded else spread
    text = str(given).strip().lower()
    relative = text.endswith("%iqr")
    try:
        number = float(text.removesuffix("%iqr"))
    except ValueError:
        number = -1.0
    if not number >= 0 or not np.isfinite(number):
        raise LandscapeError(
            f"{given!r} is no neutrality threshold.", "Give a number such as 0.001, or a percentage such as 0.1%iqr."
        )
    if relative:
        return Epsilon(number / 100 * spread, f"{number:g} % of the interquartile range", unit)
    return Epsilon(number, f"{number:g}, given", unit)
