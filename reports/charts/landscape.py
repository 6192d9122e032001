"""Plotly data of a landscape: fitness against distance, basins, network, importances, matrices, curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.charts.plot import DIVERGING, SCALE, Trace, band, line
from hpowh.reports.names import plot_text
from hpowh.reports.numbers import significant

Row = Mapping[str, Any]


def by_distance(rows: Sequence[Row], sign: float) -> list[Trace]:
    """Return the median, the middle 80 % and the best value at each distance; `sign` turns losses into values."""
    x = [row["distance"] for row in rows]
    column = {name: [significant(sign * row[name]) for row in rows] for name in ("low", "middle", "high", "lowest")}
    return [
        *band("middle 80 %", x, column["low"], column["high"], token="@accent"),
        line("median", x, column["middle"], token="@accent"),
        line("best", x, column["lowest"], token="@1", dash="dot"),
    ]


def network(optima: Sequence[Row], edges: Sequence[Row], sign: float) -> list[Trace]:
    """Return the optima by distance and value, sized by basin, joined by each one's likeliest improving escape."""
    place = {row["configuration_id"]: (_spread(row), significant(sign * row["loss"])) for row in optima}
    x: list[float | None] = []
    y: list[float | None] = []
    for edge in edges:
        if edge["from_id"] in place and edge["to_id"] in place:
            x += [place[edge["from_id"]][0], place[edge["to_id"]][0], None]
            y += [place[edge["from_id"]][1], place[edge["to_id"]][1], None]
    lines: Trace = {
        "type": "scatter", "mode": "lines", "x": x, "y": y, "name": "likeliest improving escape", "hoverinfo": "skip",
        "line": {"color": "@muted/0.4", "width": 1},
    }  # fmt: skip
    largest = max((row["basin_size"] for row in optima), default=1)
    found = [lines]
    for name, token, is_global in (("local optimum", "@accent", False), ("global optimum", "@1", True)):
        mine = [row for row in optima if bool(row["is_global"]) == is_global]
        found.append(
            {
                "type": "scatter", "mode": "markers", "name": name,
                "x": [place[row["configuration_id"]][0] for row in mine],
                "y": [place[row["configuration_id"]][1] for row in mine],
                "customdata": [[row["configuration_id"], row["basin_size"]] for row in mine],
                "marker": {
                    "color": f"{token}/0.7", "symbol": "star" if is_global else "circle",
                    "size": [5 + 22 * (row["basin_size"] / largest) ** 0.5 for row in mine],
                },
                "hovertemplate": "configuration %{customdata[0]}<br>basin %{customdata[1]:,}<br>%{y}<extra></extra>",
            }
        )  # fmt: skip
    return found


def _spread(row: Row) -> float:
    """Return the distance, moved aside a little by the id, so that optima at one distance do not hide one another."""
    return float(row["optimum_distance"]) + ((row["configuration_id"] * 0.618) % 1 - 0.5) * 0.6 * (not row["is_global"])


def basins(optima: Sequence[Row]) -> list[Trace]:
    """Return basin sizes from the largest on, the global optimum's marked."""
    return [
        {
            "type": "bar",
            "name": "basin",
            "showlegend": False,
            "x": [row["place"] for row in optima],
            "y": [row["basin_size"] for row in optima],
            "marker": {"color": ["@1" if row["is_global"] else "@accent" for row in optima]},
            "hovertemplate": "%{x}. basin: %{y:,} configurations<extra></extra>",
        }
    ]


def bars(rows: Sequence[Row], columns: Sequence[tuple[str, str, str]]) -> list[Trace]:
    """Return grouped bars: a hyperparameter each, one colour a column `(name, label, token)`."""
    return [
        {
            "type": "bar",
            "name": plot_text(label),
            "x": [plot_text(row["hyperparameter"]) for row in rows],
            "y": [significant(row[name]) for row in rows],
            "marker": {"color": token},
            "hovertemplate": "%{x}: %{y:.3f}",
        }
        for name, label, token in columns
    ]


def matrix(rows: Sequence[Row], across: str, down: str, value: str, *, is_signed: bool = False) -> list[Trace]:
    """Return a heat map of the rows; cells without a row stay empty."""
    xs, ys = (list(dict.fromkeys(row[name] for row in rows)) for name in (across, down))
    if set(xs) == set(ys):
        xs = ys
    cell = {(row[across], row[down]): significant(row[value]) for row in rows}
    colours = {"zmid": 0, "colorscale": DIVERGING} if is_signed else {"colorscale": SCALE}
    return [
        {
            "type": "heatmap",
            "x": [plot_text(str(x)) for x in xs],
            "y": [plot_text(str(y)) for y in ys],
            "z": [[cell.get((x, y)) for x in xs] for y in ys],
            "texttemplate": "%{z:.2~g}" if len(xs) <= 12 else "",
            "hovertemplate": "%{x}<br>%{y}<br>%{z:.4~g}<extra></extra>",
            "hoverongaps": False,
            **colours,
        }
    ]


def curve(name: str, rows: Sequence[Row], x: str, y: str, *, token: str = "@accent", dash: str = "solid") -> Trace:
    """Return one line of two columns."""
    return line(
        name, [significant(row[x]) for row in rows], [significant(row[y]) for row in rows], token=token, dash=dash
    )
