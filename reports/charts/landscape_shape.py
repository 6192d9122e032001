"""Plotly data of a landscape's shape: rarity, slices, pair maps, the network in three views, the embedding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.charts.plot import Trace, band, line
from hpowh.reports.names import plot_text
from hpowh.reports.numbers import number, significant

Row = Mapping[str, Any]
PLACE_SCALE = "Viridis"
"""Places and ranks, dark for the best, as on the map."""
PLACE_BAR = {"title": {"text": "place<br>(0 best)"}, "thickness": 12, "len": 0.8}


def rare(rows: Sequence[Row]) -> list[Trace]:
    """Return which share of the configurations lies within a gap of the best."""
    return [
        {
            "type": "scatter", "mode": "lines", "name": "configurations", "showlegend": False,
            "x": [significant(row["gap"]) for row in rows if row["gap"] > 0],
            "y": [significant(row["share"], 4) for row in rows if row["gap"] > 0],
            "customdata": [row["configurations"] for row in rows if row["gap"] > 0],
            "line": {"color": "@accent", "width": 2, "shape": "hv"},
            "hovertemplate": "within %{x:.3~g}: %{y:.3~%} (%{customdata:,})<extra></extra>",
        }
    ]  # fmt: skip


def slices(rows: Sequence[Row], goal: str = "global optimum") -> list[Trace]:
    """Return one hyperparameter's curves over its levels: of all configurations, and through the best one."""
    x = level_names([row["label"] for row in rows])
    column = {
        name: [significant(row[name]) for row in rows] for name in ("low", "middle", "high", "best", "through_best")
    }
    through = line("only this one changed, from the best", x, column["through_best"], token="@1", dash="dash")
    found = [
        *band("middle 80 %", x, column["low"], column["high"], token="@accent"),
        line("median of all others' settings", x, column["middle"], token="@accent"),
        line("best of all others' settings", x, column["best"], token="@2", dash="dot"),
        through,
    ]
    for trace in found:
        if trace["mode"] == "lines" and trace.get("showlegend", True):
            trace["mode"] = "lines+markers"
    at = [(label, value) for label, value, row in zip(x, column["best"], rows, strict=True) if row["is_level_of_best"]]
    mark = {
        "type": "scatter", "mode": "markers", "name": goal,
        "x": [label for label, _ in at], "y": [value for _, value in at], "hoverinfo": "skip",
        "marker": {"symbol": "star", "size": 14, "color": "@warn", "line": {"color": "@surface", "width": 1}},
    }  # fmt: skip
    return [*found, mark]


def pair_map(rows: Sequence[Row], place: str, value: str) -> list[Trace]:
    """Return two hyperparameters' levels as a heat map, coloured by a place in [0, 1], with the value in the hover."""
    across = sorted({row["part_b"] for row in rows})
    down = sorted({row["part_a"] for row in rows})
    cells = {(row["part_a"], row["part_b"]): row for row in rows}
    labels = {("a", row["part_a"]): row["label_a"] for row in rows}
    labels |= {("b", row["part_b"]): row["label_b"] for row in rows}

    def column(name: str) -> list[list[Any]]:
        return [[significant(cells[a, b][name], 4) if (a, b) in cells else None for b in across] for a in down]

    return [
        {
            "type": "heatmap",
            "x": level_names([labels["b", b] for b in across]),
            "y": level_names([labels["a", a] for a in down]),
            "z": column(place),
            "customdata": column(value),
            "zmin": 0, "zmax": 1, "colorscale": PLACE_SCALE, "colorbar": PLACE_BAR, "hoverongaps": False,
            "hovertemplate": "%{y}, %{x}<br>place %{z:.3f}<br>value %{customdata:.4~g}<extra></extra>",
        }
    ]  # fmt: skip


def pair_layout(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the axes of a pair's heat map."""
    first = rows[0]
    return {
        "xaxis": {"title": {"text": plot_text(first["name_b"])}, "type": "category"},
        "yaxis": {"title": {"text": plot_text(first["name_a"])}, "type": "category"},
    }


def level_names(labels: Sequence[str | None]) -> list[str]:
    """Return levels' labels for an axis: long numbers rounded where that keeps them apart, the position where none."""
    for rounded in (True, False):
        names = [str(i) if label is None else _short(label, rounded) for i, label in enumerate(labels)]
        if len(set(names)) == len(names):
            return names
    return [f"{name} ({i})" for i, name in enumerate(names)]  # equal labels would fall onto one place of the axis


def _short(label: str, is_rounded: bool) -> str:
    if is_rounded and len(label) > 7:
        try:
            return f"{float(label):.3g}"
        except ValueError:
            pass
    return plot_text(label, 14)


def network(optima: Sequence[Row], edges: Sequence[Row], places: Mapping[int, tuple[float, float]]) -> list[Trace]:
    """Return a local optima network: optima at `places`, sized by basin, coloured by the place of their loss."""
    found: list[Trace] = []
    for name, token, improving in (
        ("escape to a worse optimum", "@muted/0.25", False),
        ("escape to a better optimum", "@1/0.4", True),
    ):
        x: list[float | None] = []
        y: list[float | None] = []
        for edge in edges:
            if bool(edge["is_improving"]) == improving:
                (x0, y0), (x1, y1) = places[edge["from_id"]], places[edge["to_id"]]
                x += [significant(x0, 4), significant(x1, 4), None]
                y += [significant(y0, 4), significant(y1, 4), None]
        found.append(
            {
                "type": "scatter", "mode": "lines", "name": name, "x": x, "y": y, "hoverinfo": "skip",
                "line": {"color": token, "width": 1.4 if improving else 1},
            }
        )  # fmt: skip
    largest = max((row["basin_size"] for row in optima), default=1)
    for name, is_global in (("local optimum", False), ("global optimum", True)):
        mine = [row for row in optima if bool(row["is_global"]) == is_global]
        at = [places[row["configuration_id"]] for row in mine]
        colour: dict[str, Any] = {"color": "@warn", "symbol": "star"}
        if not is_global:
            colour = {
                "color": [significant(row["loss_place"], 4) for row in mine], "colorscale": PLACE_SCALE,
                "cmin": 0, "cmax": max([row["loss_place"] for row in optima] or [1.0]) or 1.0,
                "colorbar": PLACE_BAR, "symbol": "circle",
            }  # fmt: skip
        found.append(
            {
                "type": "scatter", "mode": "markers", "name": name,
                "x": [significant(x, 4) for x, _ in at], "y": [significant(y, 4) for _, y in at],
                "customdata": [
                    [row["configuration_id"], row["basin_size"], number(row["value"]), row["optimum_distance"]]
                    for row in mine
                ],
                "marker": {
                    **colour, "line": {"color": "@surface", "width": 1}, "opacity": 0.95,
                    "size": [(11 if is_global else 6) + 24 * (row["basin_size"] / largest) ** 0.5 for row in mine],
                },
                "hovertemplate": "configuration %{customdata[0]}<br>value %{customdata[2]}<br>basin "
                "%{customdata[1]:,}<br>%{customdata[3]} moves to the optimum<extra></extra>",
            }
        )  # fmt: skip
    return found


def plane(
    cells: Sequence[Row], optima: Sequence[Row], paths: Mapping[str, Sequence[Row]], tokens: Mapping[str, str],
    goal: str = "global optimum",
) -> list[Trace]:  # fmt: skip
    """Return an embedding: the interpolated surface, optima (the best ones named `goal`), and the incumbents' ways."""
    columns = {row["column_number"]: row["x"] for row in cells}
    rows = {row["row_number"]: row["y"] for row in cells}
    first, last = min(columns), max(columns)
    low, high = min(rows), max(rows)
    z: list[list[float | None]] = [[None] * (last - first + 1) for _ in range(high - low + 1)]
    for row in cells:
        z[row["row_number"] - low][row["column_number"] - first] = round(row["place"], 3)
    step_x = (columns[last] - columns[first]) / max(1, last - first)
    step_y = (rows[high] - rows[low]) / max(1, high - low)
    found: list[Trace] = [
        {
            "type": "heatmap", "z": z, "x0": columns[first], "dx": step_x, "y0": rows[low], "dy": step_y,
            "zmin": 0, "zmax": 1, "colorscale": PLACE_SCALE, "colorbar": PLACE_BAR, "hoverongaps": False,
            "hovertemplate": "mean place %{z:.3f}<extra></extra>",
        }
    ]  # fmt: skip
    for algorithm, way in paths.items():
        found.append(
            {
                "type": "scatter", "mode": "lines+markers", "name": plot_text(f"incumbent of {algorithm}"),
                "x": [significant(row["x"], 4) for row in way], "y": [significant(row["y"], 4) for row in way],
                "line": {"color": tokens[algorithm], "width": 2}, "hoverinfo": "name",
                "marker": {
                    "color": tokens[algorithm], "line": {"color": "#ffffff", "width": 1.5},
                    "size": [7] * (len(way) - 1) + [14],
                },
            }
        )  # fmt: skip
    for name, is_global in (("local optimum", False), (goal, True)):
        mine = [row for row in optima if bool(row["is_global"]) == is_global]
        if not mine:
            continue
        found.append(
            {
                "type": "scatter", "mode": "markers", "name": name,
                "x": [significant(row["x"], 4) for row in mine], "y": [significant(row["y"], 4) for row in mine],
                "customdata": [[row["configuration_id"], number(row["value"])] for row in mine],
                "marker": {
                    "symbol": "star" if is_global else "circle-open",
                    "size": 8 if not is_global else 14 if len(mine) < 10 else 10,
                    "color": "#e4572e", "line": {"color": "#ffffff" if is_global else "#e4572e", "width": 1.5},
                },
                "hovertemplate": "configuration %{customdata[0]}<br>value %{customdata[1]}<extra></extra>",
            }
        )  # fmt: skip
    return found
