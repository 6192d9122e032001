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


def optima_by_distance(optima: Sequence[Row], sign: float) -> list[Trace]:
    """Return the local optima as rings over the distance plot, a little aside so that they do not hide one another."""
    mine = [row for row in optima if not row["is_global"]]
    if not mine:
        return []
    return [
        {
            "type": "scatter", "mode": "markers", "name": "local optima",
            "x": [significant(spread(row), 4) for row in mine],
            "y": [significant(sign * row["loss"]) for row in mine],
            "customdata": [[row["configuration_id"], row["basin_size"]] for row in mine],
            "marker": {"symbol": "circle-open", "size": 7, "color": "@muted", "line": {"width": 1.2}},
            "hovertemplate": "configuration %{customdata[0]}, basin %{customdata[1]:,}: %{y}<extra></extra>",
        }
    ]  # fmt: skip


def spread(row: Row) -> float:
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
    """Return grouped horizontal bars: a hyperparameter each, one colour a column `(name, label, token)`."""
    return [
        {
            "type": "bar",
            "orientation": "h",
            "name": plot_text(label),
            "y": [plot_text(row["hyperparameter"], 26) for row in rows],
            "x": [significant(row[name]) for row in rows],
            "marker": {"color": token},
            "hovertemplate": "%{y}: %{x:.3~g}",
        }
        for name, label, token in columns
    ]


def matrix(
    rows: Sequence[Row], across: str, down: str, value: str, *, is_signed: bool = False, digits: int = 2,
    is_likeness: bool = False,
) -> list[Trace]:  # fmt: skip
    """Return a heat map of the rows; cells without a row stay empty.

    Colours of a likeness reach from 0, or what is below, to 1: 0.989 and 0.991 look the same.
    """
    xs, ys = (list(dict.fromkeys(row[name] for row in rows)) for name in (across, down))
    if set(xs) == set(ys):
        xs = ys
    cell = {(row[across], row[down]): significant(row[value]) for row in rows}
    colours: dict[str, Any] = {"zmid": 0, "colorscale": DIVERGING} if is_signed else {"colorscale": SCALE}
    if is_likeness:
        colours |= {"zmin": min([0.0, *(z for z in cell.values() if z is not None)]), "zmax": 1}
    return [
        {
            "type": "heatmap",
            "x": [plot_text(str(x)) for x in xs],
            "y": [plot_text(str(y)) for y in ys],
            "z": [[cell.get((x, y)) for x in xs] for y in ys],
            "texttemplate": f"%{{z:.{digits}~g}}" if len(xs) <= 12 else "",
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


def with_errors(rows: Sequence[Row], x: str, y: str, error: str) -> Trace:
    """Return points of two columns with two standard errors to either side."""
    return {
        "type": "scatter", "mode": "markers", "name": "ranks, sampled walks",
        "x": [row[x] for row in rows], "y": [significant(row[y]) for row in rows],
        "error_y": {
            "type": "data", "array": [significant(2 * (row[error] or 0.0), 3) for row in rows],
            "color": "@muted", "thickness": 1.2, "width": 4,
        },
        "marker": {"color": "@muted", "size": 6, "symbol": "diamond"}, "hovertemplate": "%{y:.4~g}",
    }  # fmt: skip


def changes(rows: Sequence[Row], aspects: Sequence[str]) -> list[Trace]:
    """Return one dot a pair of landscapes in the row of what they differ in, and a bar at each row's median."""
    from statistics import median

    found: list[Trace] = []
    for place, aspect in enumerate(aspects):
        mine = [row for row in rows if row["aspect"] == aspect]
        middle = significant(median(row["value"] for row in mine))
        found += [
            {
                "type": "scatter", "mode": "markers", "name": aspect, "showlegend": False,
                "x": [significant(row["value"]) for row in mine],
                # Dots lie apart by a fixed spread, so that equal ones are all seen.
                "y": [place + 0.55 * (((i * 0.618) % 1) - 0.5) for i in range(len(mine))],
                "customdata": [
                    [plot_text(row[name]) for name in ("landscape_a", "landscape_b", "context")] for row in mine
                ],
                "marker": {"color": "@accent", "size": 7, "opacity": 0.45},
                "hovertemplate": "%{customdata[0]}<br>%{customdata[1]}<br>%{customdata[2]}<br>%{x:.3f}<extra></extra>",
            },
            {
                "type": "scatter", "mode": "lines", "name": "median", "showlegend": False, "x": [middle, middle],
                "y": [place - 0.36, place + 0.36], "line": {"color": "@1", "width": 4},
                "hovertemplate": "median %{x:.3f}<extra></extra>",
            },
        ]  # fmt: skip
    return found
