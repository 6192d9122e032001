"""Charts of a sweep: parallel coordinates that brush, importance beside correlation, slices, contour, history."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.blocks import Plot
from hpowh.reports.charts.plot import SCALE, axis, line, spans_orders
from hpowh.reports.names import plot_text, shorten
from hpowh.reports.numbers import number

Row = Mapping[str, Any]
ABSENT = "(none)"
TICKS = 5


def plain(value: float, digits: int = 3) -> str:
    """Return a number as short as it goes: whole ones without decimals."""
    return number(int(value)) if float(value).is_integer() and abs(value) < 1e6 else number(float(value), digits)


def dimension(label: str, values: Sequence[Any], *, is_log: bool = False) -> dict[str, Any]:
    """Return one axis of parallel coordinates: numbers (with their logarithm where asked) or categories.

    A trial without a value gets a place of its own below the others, marked `(none)`.
    """
    present = [value for value in values if value is not None]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in present) and present:
        return _numeric(label, values, is_log=is_log and min(present) > 0)
    levels = sorted({str(value) for value in present})
    place = {level: i for i, level in enumerate(levels)}
    ticks = [(float(i), shorten(level, 24)) for level, i in place.items()]  # Plotly shows these as plain text
    if len(present) < len(values):
        ticks.insert(0, (-1.0, ABSENT))
    return {
        "label": plot_text(label, 24),
        "values": [-1 if value is None else place[str(value)] for value in values],
        "tickvals": [at for at, _ in ticks],
        "ticktext": [text for _, text in ticks],
        "range": [ticks[0][0] - 0.2, ticks[-1][0] + 0.2],
    }


def _numeric(label: str, values: Sequence[Any], *, is_log: bool) -> dict[str, Any]:
    shown = [None if v is None else math.log10(v) if is_log else float(v) for v in values]
    present = [v for v in shown if v is not None]
    low, high = min(present), max(present)
    span = (high - low) or 1.0
    distinct = sorted(set(present))
    at = distinct if len(distinct) <= TICKS + 2 else [low + span * i / (TICKS - 1) for i in range(TICKS)]
    ticks = [(v, plain(10**v if is_log else v)) for v in at]
    absent = low - 0.12 * span
    if len(present) < len(shown):
        ticks.insert(0, (absent, ABSENT))
    return {
        "label": plot_text(f"{label} (log)" if is_log else label, 24),
        "values": [absent if v is None else float(f"{v:.4g}") for v in shown],
        "tickvals": [v for v, _ in ticks],
        "ticktext": [text for _, text in ticks],
        "range": [min(v for v, _ in ticks), high if high > low else low + 1],
    }


def parallel(
    dimensions: Sequence[dict[str, Any]],
    colour: Sequence[float],
    *,
    higher_is_better: bool,
    table: str,
    keys: list[int],
) -> Plot:
    """Return parallel coordinates whose brushes select whole trials, here and in a table.

    Args:
        table: id of the table block whose first column holds `keys`.
        keys: of each line, its trial's number.
    """
    ordered = sorted(colour)
    trace = {
        "type": "parcoords",
        "dimensions": list(dimensions),
        "line": {
            "color": list(colour),
            "colorscale": SCALE,
            "reversescale": not higher_is_better,
            "cmin": ordered[int(0.02 * (len(ordered) - 1))],
            "cmax": ordered[math.ceil(0.98 * (len(ordered) - 1))],
            "showscale": True,
        },
        "labelfont": {"color": "@ink"},
        "tickfont": {"color": "@ink"},
        "rangefont": {"color": "@ink/0"},
        "unselected": {"line": {"color": "@muted", "opacity": 0.06}},
    }
    layout = {"meta": {"table": table, "keys": keys}, "margin": {"l": 70, "r": 30, "t": 60, "b": 24}}
    return Plot({"": {"data": [trace]}}, layout, height=440)


def matters(rows: Sequence[Row]) -> Plot:
    """Return importance (left) beside correlation (right), one line a hyperparameter, the most important on top."""
    names = [plot_text(row["hyperparameter"], 30) for row in rows]
    shared = {"type": "bar", "orientation": "h", "y": names, "hoverinfo": "x+y", "showlegend": False}
    importance = {
        **shared,
        "x": [row["permutation"] for row in rows],
        "error_x": {"array": [row["permutation_sd"] or 0 for row in rows], "color": "@muted", "thickness": 1},
        "marker": {"color": "@0"},
    }
    correlation = {
        **shared,
        "x": [row["correlation"] for row in rows],
        "xaxis": "x2",
        "error_x": {
            "symmetric": False,
            "array": [_gap(row["correlation_upper"], row["correlation"]) for row in rows],
            "arrayminus": [_gap(row["correlation"], row["correlation_lower"]) for row in rows],
            "color": "@muted",
            "thickness": 1,
        },
        "marker": {"color": "@1"},
    }
    layout = {
        "xaxis": axis("Importance (permutation)", domain=[0, 0.46]),
        "xaxis2": axis("Correlation (eta squared for categories)", domain=[0.54, 1], gridcolor="@line"),
        "yaxis": {"autorange": "reversed", "automargin": True},
        "hovermode": "closest",
    }
    return Plot({"": {"data": [importance, correlation]}}, layout, height=max(220, 34 * len(rows) + 110))


def _gap(high: float | None, low: float | None) -> float:
    return 0.0 if high is None or low is None else max(0.0, high - low)


def slices(
    points: Mapping[str, Sequence[tuple[Any, float]]],
    curves: Mapping[str, Sequence[Row]],
    logs: Mapping[str, bool],
    metric: str,
) -> Plot:
    """Return, per hyperparameter (a selector), every trial's value and the surrogate's mean curve over it."""
    names = list(curves)
    variants: dict[str, dict[str, Any]] = {}
    for at, name in enumerate(names):
        curve = curves[name]
        is_level = curve[0]["level"] is not None
        x = [plot_text(row["level"]) if is_level else row["numeric_value"] for row in curve]
        mine = [(plot_text(str(v)) if is_level else v, value) for v, value in points.get(name, ()) if v is not None]
        dots = {
            "type": "scatter", "mode": "markers", "name": "trials",
            "x": [v for v, _ in mine], "y": [y for _, y in mine],
            "marker": {"color": "@0/0.45", "size": 6}, "hovertemplate": "%{y:.4~g}",
        }  # fmt: skip
        mean = line("model's mean", x, [row["mean"] for row in curve], token="@1")
        mean["mode"] = "lines+markers"
        spread = {
            "type": "scatter", "mode": "lines", "line": {"width": 0, "color": "@1/0"}, "hoverinfo": "skip",
            "showlegend": False, "x": x,
        }  # fmt: skip
        band = [
            spread | {"y": [row["lower"] for row in curve]},
            spread | {"y": [row["upper"] for row in curve], "fill": "tonexty", "fillcolor": "@1/0.16"},
        ]
        kind = {"type": "category"} if is_level else {}
        variants[str(at)] = {
            "data": [dots, *band, mean],
            "layout": {"xaxis": axis(name, is_log=logs.get(name, False) and not is_level) | kind},
        }
    return Plot(variants, {"yaxis": axis(metric), "hovermode": "closest"}, (("Hyperparameter", names),), ("y",))


def contour(rows: Sequence[Row], metric: str, logs: Mapping[str, bool], *, higher_is_better: bool) -> Plot:
    """Return the surrogate's mean over a pair as a heat map with cells at the values that were asked."""
    a, b = rows[0]["hyperparameter_a"], rows[0]["hyperparameter_b"]
    x = list(dict.fromkeys(_own(row, "a") for row in rows))
    y = list(dict.fromkeys(_own(row, "b") for row in rows))
    values = {(row["position_a"], row["position_b"]): row["mean"] for row in rows}
    is_plain = all(not isinstance(v, str) for v in (*x, *y))
    trace = {
        "type": "contour" if is_plain and len(x) > 3 and len(y) > 3 else "heatmap",
        "x": x,
        "y": y,
        "z": [[values.get((i, j)) for i in range(len(x))] for j in range(len(y))],
        "colorscale": SCALE,
        "reversescale": not higher_is_better,
        "colorbar": {"title": {"text": plot_text(metric, 24)}},
    }
    layout = {"hovermode": "closest", "xaxis": _pair_axis(a, x, logs), "yaxis": _pair_axis(b, y, logs)}
    return Plot({"": {"data": [trace]}}, layout)


def _own(row: Row, which: str) -> Any:
    level = row[f"level_{which}"]
    return row[f"numeric_{which}"] if level is None else plot_text(level)


def _pair_axis(name: str, values: Sequence[Any], logs: Mapping[str, bool]) -> dict[str, Any]:
    if isinstance(values[0], str):
        return axis(name) | {"type": "category"}
    return axis(name, is_log=logs.get(name, False))


def history(rows: Sequence[Row], metric: str, *, higher_is_better: bool) -> Plot:
    """Return each trial's value by its number, and the best so far."""
    best: list[float] = []
    for row in rows:
        value = row["value"]
        pick = max if higher_is_better else min
        best.append(pick(best[-1], value) if best else value)
    numbers = [row["number"] for row in rows]
    dots = {
        "type": "scatter", "mode": "markers", "name": "trials", "x": numbers, "y": [row["value"] for row in rows],
        "marker": {"color": "@0/0.5", "size": 6}, "hovertemplate": "%{y:.4~g}",
    }  # fmt: skip
    layout = {"xaxis": axis("Trial"), "yaxis": axis(metric, is_log=spans_orders([row["value"] for row in rows], 30.0))}
    return Plot({"": {"data": [dots, line("best so far", numbers, best, token="@1", steps=True)]}}, layout, (), ("y",))


def scatter(
    rows: Sequence[Row], x: tuple[str, str], y: tuple[str, str], *, marked: Sequence[bool] | None = None
) -> Plot:
    """Return a scatter of two columns (name, axis title); marked ones are joined by a step and named `front`."""
    flags = list(marked) if marked is not None else [False] * len(rows)

    def dots(chosen: bool, name: str, token: str) -> dict[str, Any]:
        mine = [row for row, flag in zip(rows, flags, strict=True) if flag is chosen]
        return {
            "type": "scatter", "mode": "markers", "name": name,
            "x": [r[x[0]] for r in mine], "y": [r[y[0]] for r in mine],
            "marker": {"color": token, "size": 9 if chosen else 6},
        }  # fmt: skip

    data = [dots(False, "trials", "@0/0.5"), *([dots(True, "front", "@1")] if marked is not None else [])]
    layout = {"hovermode": "closest", "showlegend": marked is not None}
    layout |= {"xaxis": axis(x[1], is_log=spans_orders([r[x[0]] for r in rows])), "yaxis": axis(y[1])}
    return Plot({"": {"data": data}}, layout, (), ("x", "y"))
