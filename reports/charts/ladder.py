"""A ladder of models: the information criterion from step to step, with every candidate that was tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.charts.plot import Trace
from hpowh.reports.names import plot_text

Row = Mapping[str, Any]


def ladder(rows: Sequence[Row], criterion: str = "aic") -> list[Trace]:
    """Return the path of one direction, a row a step, and the candidates beside it.

    The axis is the criterion above the best model of the direction, plus 1, so that a logarithm can be taken.

    Args:
        rows: `direction`, `step`, `action` (start, add, remove), `term`, `is_kept` and the criterion after the action;
            going up the kept row of a step is the next model, going down the one that is not kept is what left.
    """
    known = [row for row in rows if row[criterion] is not None]
    best = min((row[criterion] for row in known), default=0.0)
    path = {row["step"]: row for row in known if row["action"] == "start" or row["is_kept"] == (row["action"] == "add")}
    tried = [row for row in known if row is not path.get(row["step"])]
    names = {step: f"{step}: {_label(row)}" for step, row in path.items()}
    names |= {row["step"]: f"{row['step']}: no further" for row in tried if row["step"] not in names}
    shared: Trace = {"type": "scatter", "hovertemplate": "%{customdata[0]}: %{x:.4~g}<extra></extra>"}

    def placed(chosen: Sequence[Row]) -> Trace:
        return {
            "x": [row[criterion] - best + 1.0 for row in chosen],
            "y": [names[row["step"]] for row in chosen],
            "customdata": [[_label(row)] for row in chosen],
        }

    taken = [path[step] for step in sorted(path)]
    return [
        shared
        | placed(taken)
        | {
            "mode": "lines+markers",
            "name": "taken",
            "line": {"color": "@accent", "width": 2},
            "marker": {"color": "@accent", "size": 10},
        },
        shared
        | placed(tried)
        | {
            "mode": "markers",
            "name": "tried",
            "marker": {"color": "@muted/0.8", "size": 8, "symbol": "circle-open"},
        },
    ]


def _label(row: Row) -> str:
    if row["action"] == "start":
        return "constant" if row["direction"] == "forward" else "all terms"
    return plot_text(f"{'+' if row['action'] == 'add' else '-'} {row['term']}", 40)
