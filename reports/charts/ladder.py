"""A ladder of models: the information criterion from step to step, with every candidate that was tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.charts.plot import Trace
from hpowh.reports.names import plot_text

Row = Mapping[str, Any]


def ladder(rows: Sequence[Row], criterion: str = "aic") -> list[Trace]:
    """Return the path of one direction and the candidates beside it, measured from the best model of all.

    Args:
        rows: `direction`, `step`, `action` (start, add, remove), `term`, `is_kept` and the criterion after the action;
            going up the kept row of a step is the next model, going down the one that is not kept is what left.
    """
    known = [row for row in rows if row[criterion] is not None]
    best = min((row[criterion] for row in known), default=0.0)
    path = [row for row in known if row["action"] == "start" or row["is_kept"] == (row["action"] == "add")]
    tried = [row for row in known if row not in path]
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "tried",
            "x": [row["step"] for row in tried],
            "y": [row[criterion] - best for row in tried],
            "customdata": [[_label(row)] for row in tried],
            "marker": {"color": "@muted/0.6", "size": 8, "symbol": "circle-open"},
            "hovertemplate": "%{customdata[0]}: %{y:.4~g}<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "lines+markers+text",
            "name": "taken",
            "x": [row["step"] for row in path],
            "y": [row[criterion] - best for row in path],
            "text": [_label(row) for row in path],
            "textposition": "top right",
            "customdata": [[_label(row)] for row in path],
            "line": {"color": "@accent", "width": 2},
            "marker": {"color": "@accent", "size": 10},
            "hovertemplate": "%{customdata[0]}: %{y:.4~g}<extra></extra>",
        },
    ]


def _label(row: Row) -> str:
    if row["action"] == "start":
        return "constant" if row["direction"] == "forward" else "all terms"
    return plot_text(f"{'+' if row['action'] == 'add' else '-'} {row['term']}", 40)
