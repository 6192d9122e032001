"""Small makers of Plotly data: lines with bands, bars, axes. Plain dictionaries; Plotly itself runs in the browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hpowh.reports.names import plot_text

Trace = dict[str, Any]

SCALE = "Cividis"
"""Colour scale for values in one direction; it reads the same in every colour blindness."""
DIVERGING = [[0.0, "@0"], [0.5, "@soft"], [1.0, "@1"]]
"""Colour scale around a middle: blue below, neutral, vermilion above."""


def line(
    name: str, x: Sequence[Any], y: Sequence[Any], *, token: str, dash: str = "solid", steps: bool = False
) -> Trace:
    """Return a line; `steps` holds each value until the next, as an incumbent does."""
    return {
        "type": "scatter",
        "mode": "lines" if len(x) > 1 else "markers",
        "name": plot_text(name),
        "legendgroup": plot_text(name, 200),
        "x": list(x),
        "y": list(y),
        "line": {"color": token, "width": 2, "dash": dash, "shape": "hv" if steps else "linear"},
        "marker": {"color": token, "size": 7},
        "hovertemplate": "%{y:.4~g}",
    }


def band(
    name: str, x: Sequence[Any], lower: Sequence[Any], upper: Sequence[Any], *, token: str, steps: bool = False
) -> list[Trace]:
    """Return the area between two curves, without legend and hover; where either is missing there is none."""
    kept = [
        (at, low, high) for at, low, high in zip(x, lower, upper, strict=True) if low is not None and high is not None
    ]
    shared: Trace = {
        "type": "scatter",
        "mode": "lines",
        "x": [at for at, _, _ in kept],
        "line": {"width": 0, "color": f"{token}/0", "shape": "hv" if steps else "linear"},
        "hoverinfo": "skip",
        "showlegend": False,
        "legendgroup": plot_text(name, 200),
    }
    filled = {"fill": "tonexty", "fillcolor": f"{token}/0.16"}
    return [shared | {"y": [low for _, low, _ in kept]}, shared | filled | {"y": [high for _, _, high in kept]}]


def axis(title: str, *, is_log: bool = False, **more: Any) -> dict[str, Any]:
    """Return an axis with its title; further Plotly attributes as keywords."""
    return {"title": {"text": plot_text(title, 90)}, "type": "log" if is_log else "linear", **more}


def spans_orders(values: Sequence[float | None], ratio: float = 100.0) -> bool:
    """Return whether all values are positive and span more than `ratio`: then a logarithmic axis reads better."""
    present = [value for value in values if value is not None]
    return bool(present) and min(present) > 0 and max(present) / min(present) > ratio
