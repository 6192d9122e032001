"""Histograms whose bins were counted in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.charts.plot import Trace


def histogram(rows: Sequence[Mapping[str, Any]], *, token: str = "@accent") -> list[Trace]:
    """Return the outline of a histogram.

    Args:
        rows: increasing bins with `lower_edge`, `upper_edge` and `configurations`; bins between them that are missing
            hold nothing.
    """
    x: list[float] = []
    y: list[float] = []
    for row in rows:
        if x and row["lower_edge"] > x[-1]:
            y[-1] = 0
        elif x:
            x.pop()
            y.pop()
        x += [row["lower_edge"], row["upper_edge"]]
        y += [row["configurations"], 0]
    shape = {"shape": "hv", "color": token, "width": 1.5}
    hover = "from %{x:.4~g}: %{y:,}<extra></extra>"
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [x[0], *x],
            "y": [0, *y],
            "fill": "tozeroy",
            "fillcolor": f"{token}/0.25",
            "line": shape,
            "hovertemplate": hover,
            "showlegend": False,
        }
    ]


def marks(places: Sequence[tuple[str, float]], *, is_log: bool) -> list[dict[str, Any]]:
    """Return annotations that point at named places of the horizontal axis."""
    from math import log10

    return [
        {
            "x": log10(place) if is_log else place,
            "y": 0,
            "yref": "y",
            "text": text,
            "showarrow": True,
            "arrowhead": 0,
            "arrowcolor": "@muted",
            "ax": 0,
            "ay": -30 - 16 * index,
            "font": {"color": "@ink", "size": 12},
        }
        for index, (text, place) in enumerate(places)
    ]
