"""Plotly data of evaluated grids: agreement over fidelities, train against test, intervals of correlations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.charts.palette import DASHES, LIGHT
from hpowh.reports.charts.plot import SCALE, Trace, line
from hpowh.reports.names import plot_text
from hpowh.reports.numbers import significant

Row = Mapping[str, Any]


def over_fidelities(rows: Sequence[Row], name: str, label: str) -> list[Trace]:
    """Return one line a benchmark of the column `name` over the fidelities."""
    traces = []
    for index, benchmark in enumerate(dict.fromkeys(row[label] for row in rows)):
        mine = [row for row in rows if row[label] == benchmark and row[name] is not None]
        if not mine:
            continue
        x, y = [row["fidelity"] for row in mine], [significant(row[name]) for row in mine]
        dash = DASHES[index // len(LIGHT) % len(DASHES)]
        traces.append(line(benchmark, x, y, token=f"@{index % len(LIGHT)}", dash=dash) | {"mode": "lines+markers"})
    return traces


def train_against_test(rows: Sequence[Row], name: str, stride: int, labels: Sequence[str]) -> list[Trace]:
    """Return one dot a configuration, coloured by its level of one hyperparameter, and the line of no gap."""
    levels = [row["configuration_id"] // stride % len(labels) for row in rows]
    x, y = ([significant(row[column]) for row in rows] for column in ("train_value", "test_value"))
    ends = [min([*x, *y]), max([*x, *y])]
    named = [plot_text(label, 24) for label in labels]
    # Few levels are named beside the colour bar; of many, five.
    ticks = list(range(len(labels))) if len(labels) <= 8 else [i * (len(labels) - 1) // 4 for i in range(5)]
    equal: Trace = {
        "type": "scatter", "mode": "lines", "x": ends, "y": ends, "name": "test = train", "hoverinfo": "skip",
        "line": {"color": "@muted", "width": 1, "dash": "dot"}, "showlegend": False,
    }  # fmt: skip
    dots: Trace = {
        "type": "scatter", "mode": "markers", "x": x, "y": y, "name": plot_text(name), "showlegend": False,
        "customdata": [[named[level], row["configuration_id"]] for level, row in zip(levels, rows, strict=True)],
        "marker": {
            "size": 7, "opacity": 0.85, "line": {"width": 0.6, "color": "@muted"}, "color": levels, "colorscale": SCALE,
            "cmin": 0, "cmax": max(1, len(labels) - 1),
            "colorbar": {
                "title": {"text": plot_text(name, 24)}, "tickvals": ticks, "ticktext": [named[i] for i in ticks],
                "thickness": 12,
            },
        },
        "hovertemplate": "train %{x}<br>test %{y}<br>%{customdata[0]}, configuration %{customdata[1]}<extra></extra>",
    }  # fmt: skip
    return [equal, dots]


def lower_against_full(rows: Sequence[Row]) -> list[Trace]:
    """Return one dot a configuration: its value at a lower fidelity and at the full one, and the line of no change."""
    x, y = ([significant(row[column]) for row in rows] for column in ("lower_value", "full_value"))
    ends = [min([*x, *y]), max([*x, *y])]
    equal: Trace = {
        "type": "scatter", "mode": "lines", "x": ends, "y": ends, "name": "equal", "hoverinfo": "skip",
        "line": {"color": "@muted", "width": 1, "dash": "dot"}, "showlegend": False,
    }  # fmt: skip
    dots: Trace = {
        "type": "scatter", "mode": "markers", "x": x, "y": y, "name": "configurations", "showlegend": False,
        "customdata": [row["configuration_id"] for row in rows], "marker": {"size": 6, "color": "@accent/0.6"},
        "hovertemplate": "there %{x}<br>full %{y}<br>configuration %{customdata}<extra></extra>",
    }  # fmt: skip
    return [equal, dots]


def intervals(rows: Sequence[Row], label: str) -> list[Trace]:
    """Return one correlation a row with its interval, the first on top."""
    kept = list(reversed(rows))
    middle = [significant(row["coefficient"]) for row in kept]
    return [
        {
            "type": "scatter", "mode": "markers", "x": middle, "y": [plot_text(str(row[label]), 60) for row in kept],
            "name": "correlation", "showlegend": False, "marker": {"color": "@accent", "size": 8},
            "error_x": {
                "type": "data", "symmetric": False, "color": "@accent", "thickness": 1.5,
                "array": [significant(row["upper"] - row["coefficient"]) for row in kept],
                "arrayminus": [significant(row["coefficient"] - row["lower"]) for row in kept],
            },
            "hovertemplate": "%{y}: %{x:.3f}<extra></extra>",
        }
    ]  # fmt: skip
