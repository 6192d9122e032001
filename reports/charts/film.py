"""Small multiples: a panel a benchmark, over its fidelities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.charts.plot import line
from hpowh.reports.names import plot_text
from hpowh.reports.numbers import significant

Row = Mapping[str, Any]
Trace = dict[str, Any]
COLUMNS, ROW_HEIGHT, GAP = 3, 190, 0.09
SERIES = (
    ("persistent_share", "in the best here and from here on", "@accent", "solid"),
    ("kept_share", "in the best here", "@2", "dash"),
    ("best_share", "by chance", "@muted", "dot"),
)


def panels(rows: Sequence[Row], label: str) -> tuple[list[Trace], dict[str, Any], int]:
    """Return traces, layout and height: of each benchmark three shares over the fidelities, and how far the optimum is.

    The fidelities stand side by side, whatever their distances. Above each one are the moves from its optimum to the
    full fidelity's.
    """
    names = list(dict.fromkeys(row[label] for row in rows))
    wide = min(COLUMNS, len(names))
    high = -(-len(names) // wide)
    traces: list[Trace] = []
    layout: dict[str, Any] = {
        "annotations": [], "showlegend": True, "margin": {"b": 80},
        "legend": {"orientation": "h", "y": -0.28 / high, "yanchor": "top"},
    }  # fmt: skip
    width, height = (1 + GAP) / wide - GAP, (1 + 2 * GAP) / high - 2 * GAP
    for at, name in enumerate(names):
        mark = "" if at == 0 else str(at + 1)
        mine = [row for row in rows if row[label] == name]
        x = ["full" if row["fidelity"] is None else f"{row['fidelity']:g}" for row in mine]
        left, top = (at % wide) * (width + GAP), 1 - (at // wide) * (height + 2 * GAP)
        layout[f"xaxis{mark}"] = {"domain": [left, left + width], "anchor": f"y{mark}", "type": "category"}
        layout[f"yaxis{mark}"] = {"domain": [max(0.0, top - height), top], "anchor": f"x{mark}", "range": [0, 1.18]}
        layout["annotations"].append(
            {"text": plot_text(name, 30), "x": left, "y": top, "xref": "paper", "yref": "paper", "showarrow": False,
             "xanchor": "left", "yanchor": "bottom"}
        )  # fmt: skip
        for column, said, token, dash in SERIES:
            trace = line(said, x, [significant(row[column]) for row in mine], token=token, dash=dash)
            traces.append(
                trace | {"mode": "lines+markers", "xaxis": f"x{mark}", "yaxis": f"y{mark}", "showlegend": at == 0,
                         "legendgroup": column}
            )  # fmt: skip
        traces.append(
            {"type": "scatter", "mode": "text", "x": x, "y": [1.1] * len(mine), "name": "moves to the optimum",
             "text": [str(row["optimum_distance"]) for row in mine], "xaxis": f"x{mark}", "yaxis": f"y{mark}",
             "showlegend": False, "hovertemplate": "%{text} moves from this optimum to the full one<extra></extra>"}
        )  # fmt: skip
    return traces, layout, 130 + ROW_HEIGHT * high
