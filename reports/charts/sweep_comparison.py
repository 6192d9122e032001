"""Charts that set several sweeps side by side: best so far, importances, where the best trials lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.blocks import Plot
from hpowh.reports.charts.plot import SCALE, axis, line, spans_orders
from hpowh.reports.names import plot_text
from hpowh.reports.numbers import better

Row = Mapping[str, Any]


def _split(rows: Sequence[Row], *keys: str) -> dict[tuple[Any, ...], list[Row]]:
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return found


def courses(rows: Sequence[Row]) -> Plot:
    """Return the best value so far of every sweep by trials with a value; the reader chooses the metric."""
    by_metric = _split(rows, "metric")
    variants = {}
    for at, mine in enumerate(by_metric.values()):
        sweeps = list(dict.fromkeys(row["sweep"] for row in mine))
        data = [
            line(
                name,
                [r["trial"] for r in mine if r["sweep"] == name],
                [r["best"] for r in mine if r["sweep"] == name],
                token=f"@{i % 8}",
                dash=("solid", "8px,3px")[i // 8 % 2],
                steps=True,
            )
            for i, name in enumerate(sweeps)
        ]
        title = f"Best {mine[0]['metric']} so far ({better(mine[0]['direction'])})"
        is_log = spans_orders([row["best"] for row in mine], 30.0)
        variants[str(at)] = {"data": data, "layout": {"yaxis": axis(title, is_log=is_log)}}
    layout = {"xaxis": axis("Trials with a value"), "hovermode": "closest"}
    return Plot(variants, layout, (("Metric", [name for (name,) in by_metric]),), ("x", "y"))


def importances(rows: Sequence[Row], most: int) -> Plot:
    """Return a map of hyperparameters by sweeps, coloured by permutation importance; the reader chooses the metric."""
    by_metric = _split(rows, "metric")
    variants = {}
    height = 0
    for at, mine in enumerate(by_metric.values()):
        names = list(dict.fromkeys(row["hyperparameter"] for row in mine))[:most]
        sweeps = list(dict.fromkeys(row["sweep"] for row in mine))
        cells = {(row["hyperparameter"], row["sweep"]): row for row in mine}
        trace = {
            "type": "heatmap",
            "x": [plot_text(name, 30) for name in sweeps],
            "y": [plot_text(name, 30) for name in names],
            "z": [[cells[n, s]["importance"] if (n, s) in cells else None for s in sweeps] for n in names],
            "text": [[_short(cells[n, s]["importance"]) if (n, s) in cells else "" for s in sweeps] for n in names],
            "texttemplate": "%{text}",
            "colorscale": SCALE,
            "zmin": 0,
            "xgap": 2,
            "ygap": 2,
            "hoverinfo": "x+y+text",
            "colorbar": {"title": {"text": "Importance"}},
        }
        variants[str(at)] = {"data": [trace]}
        height = max(height, 32 * len(names) + 150)
    layout = {
        "hovermode": "closest",
        "xaxis": {"type": "category", "automargin": True},
        "yaxis": {"type": "category", "autorange": "reversed", "automargin": True},
    }
    return Plot(variants, layout, (("Metric", [name for (name,) in by_metric]),), height=max(260, height))


def _short(value: float) -> str:
    return f"{0.0 if abs(value) < 0.005 else value:.2f}"


def ranges(rows: Sequence[Row]) -> Plot:
    """Return, per metric and hyperparameter (the reader chooses), where each sweep's best trials lie.

    Numbers: the range of the best trials as a thick line over the range that was tried. Categories: the share of each
    level among the best.
    """
    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    names = list(dict.fromkeys(row["hyperparameter"] for row in rows))
    variants: dict[str, dict[str, Any]] = {}
    for (metric, name), mine in _split(rows, "metric", "hyperparameter").items():
        numbers = [row for row in mine if row["level"] is None]
        drawn = _number_ranges(name, numbers) if numbers else _shares(name, mine)
        variants[f"{metrics.index(metric)},{names.index(name)}"] = drawn
    layout = {"yaxis": {"type": "category", "automargin": True}, "hovermode": "closest"}
    return Plot(variants, layout, (("Metric", metrics), ("Hyperparameter", names)), height=360)


def _number_ranges(name: str, rows: Sequence[Row]) -> dict[str, Any]:
    def parts(low: str, high: str) -> tuple[list[Any], list[Any]]:
        x = [value for row in rows for value in (row[low], row[high], None)]
        return x, [value for row in rows for value in (plot_text(row["sweep"], 30), plot_text(row["sweep"], 30), None)]

    data = []
    kinds = (
        ("tried", "tried_lower", "tried_upper", "@muted/0.5", 2),
        ("interval of the ends (95 %)", "lower_from", "upper_to", "@1/0.45", 6),
        ("middle 80 % of the best", "lower", "upper", "@1", 10),
    )
    for title, low, high, token, width in kinds:
        x, y = parts(low, high)
        data.append(
            {
                "type": "scatter", "mode": "lines", "name": title, "x": x, "y": y,
                "line": {"color": token, "width": width}, "hovertemplate": "%{x:.4~g}",
            }
        )  # fmt: skip
    room = {"range": [-0.6, len(rows) - 0.4]}
    return {"data": data, "layout": {"xaxis": axis(name, is_log=all(row["is_log"] for row in rows)), "yaxis": room}}


def _shares(name: str, rows: Sequence[Row]) -> dict[str, Any]:
    sweeps = list(dict.fromkeys(row["sweep"] for row in rows))
    data = []
    for at, (level,) in enumerate(_split(rows, "level")):
        mine = {row["sweep"]: row for row in rows if row["level"] == level}
        data.append(
            {
                "type": "bar", "orientation": "h", "name": plot_text(level, 30), "marker": {"color": f"@{at % 8}"},
                "y": [plot_text(one, 30) for one in sweeps],
                "x": [mine[one]["share"] if one in mine else None for one in sweeps], "hoverinfo": "x+y+name",
            }
        )  # fmt: skip
    return {"data": data, "layout": {"xaxis": axis(f"{name}: share among the best"), "barmode": "stack"}}
