"""Signs that a metric was declared in the wrong direction."""

from __future__ import annotations

import re

from hpowh.analyses.landscapes.grid.surface import Surface

HIGHER = re.compile(r"(^|_)(acc|accuracy|auc|auroc|f1|precision|recall|score|r2|reward|bleu|map)($|_)")
LOWER = re.compile(r"(^|_)(loss|error|err|mse|rmse|mae|nll|perplexity|regret|time|latency|cost|size)($|_)")
ROUNDING = 1e-12
"""Share of the values below which the distance between the quartiles is rounding error."""
FAR = 1000.0
"""Interquartile ranges between the best and the median that a good configuration hardly has."""


def implausible_direction(surface: Surface, metric: str, direction: str) -> str | None:
    """Return a sentence where the declared direction looks wrong, else None.

    Two signs: a name that says otherwise (`val_loss` to be maximised), and a best loss that lies thousands of
    interquartile ranges beyond the median: what a diverged run looks like when it is taken for the best.
    """
    name = metric.lower()
    against = (direction == "min" and HIGHER.search(name) and not LOWER.search(name)) or (
        direction == "max" and LOWER.search(name) and not HIGHER.search(name)
    )
    if against:
        other = "max" if direction == "min" else "min"
        return f"The metric {metric!r} is declared as {direction!r}, but by its name it should be {other!r}."
    low, median, high = (surface.quantile(probability) for probability in (0.25, 0.5, 0.75))
    best = float(surface.loss[surface.optima[0]])
    spread = high - low
    # Means that are equal on paper differ by rounding: that is no range to measure by.
    if spread > ROUNDING * (abs(low) + abs(high)) and median - best > FAR * spread:
        value = -best if direction == "max" else best
        return (
            f"The best value, {value:.6g}, lies {(median - best) / spread:,.0f} interquartile ranges beyond the "
            f"median: is {metric!r} really to be {'maximised' if direction == 'max' else 'minimised'}?"
        )
    return None
