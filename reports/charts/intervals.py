"""Points with intervals, histograms with the expected curve, power curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import NormalDist
from typing import Any

from hpowh.reports.charts.plot import Trace, band, line
from hpowh.reports.names import plot_text
from hpowh.reports.numbers import percent

Row = Mapping[str, Any]


def intervals(rows: Sequence[Row], label: str, token: Callable[[str], str], *, middle: str = "estimate") -> list[Trace]:
    """Return one trace of points with asymmetric error bars from `lower` to `upper`; `token` colours a label."""
    shown = [row for row in rows if row[middle] is not None]
    up = [(row["upper"] - row[middle]) if row["upper"] is not None else 0 for row in shown]
    down = [(row[middle] - row["lower"]) if row["lower"] is not None else 0 for row in shown]
    return [
        {
            "type": "scatter",
            "mode": "markers+text" if any(row.get("letters") for row in shown) else "markers",
            "showlegend": False,
            "text": [row.get("letters") or "" for row in shown],
            "textposition": "middle right",
            "x": [plot_text(str(row[label])) for row in shown],
            "y": [row[middle] for row in shown],
            "error_y": {"type": "data", "symmetric": False, "array": up, "arrayminus": down, "color": "@muted"},
            "marker": {"size": 9, "color": [token(str(row[label])) for row in shown]},
            "hovertemplate": "%{y:.4~g} (+%{error_y.array:.3~g} / -%{error_y.arrayminus:.3~g})<extra></extra>",
        }
    ]


def bars_and_expected(rows: Sequence[Row]) -> list[Trace]:
    """Return a histogram from bins (`lower`, `upper`, NULL at open ends, `row_count`) and the `expected_count` line."""
    width = 0.5
    middles = [(row["upper"] - width / 2) if row["lower"] is None else row["lower"] + width / 2 for row in rows]
    return [
        {
            "type": "bar",
            "name": "found",
            "x": middles,
            "y": [row["row_count"] for row in rows],
            "width": width,
            "marker": {"color": "@accent/0.6"},
        },
        line("normal", middles, [row["expected_count"] for row in rows], token="@ink"),
    ]


def quantiles(rows: Sequence[Row]) -> list[Trace]:
    """Return the bins' upper bounds over the normal quantiles of the share below them, and the line of equality."""
    total = sum(row["row_count"] for row in rows)
    below, points = 0.0, []
    for row in rows:
        below += row["row_count"]
        if row["upper"] is not None and 0 < below < total:
            points.append((NormalDist().inv_cdf(below / total), row["upper"]))
    ends = [min((x for x, _ in points), default=0.0), max((x for x, _ in points), default=0.0)]
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "found",
            "x": [x for x, _ in points],
            "y": [y for _, y in points],
            "marker": {"color": "@accent", "size": 8},
            "hovertemplate": "normal %{x:.2f}, found %{y:.2f}<extra></extra>",
        },
        line("normal", ends, ends, token="@ink"),
    ]


def spread_by_fit(rows: Sequence[Row]) -> list[Trace]:
    """Return each cell's residual standard deviation over its fitted value, and the model's own (`sigma`) as a line."""
    shown = [row for row in rows if row["fitted"] is not None and row["variance"] is not None]
    fitted = [row["fitted"] for row in shown]
    sigma = next((row["sigma"] for row in shown), None)
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "cell",
            "x": fitted,
            "y": [float(row["variance"]) ** 0.5 for row in shown],
            "customdata": [[plot_text(str(row["cell"]), 80), row["row_count"]] for row in shown],
            "marker": {"color": "@accent/0.7", "size": 8},
            "hovertemplate": "%{customdata[0]} (%{customdata[1]} rows): %{y:.3~g}<extra></extra>",
        },
        line("the model's", [min(fitted, default=0.0), max(fitted, default=0.0)], [sigma, sigma], token="@ink"),
    ]


def curves_of_power(rows: Sequence[Row], wanted: float = 0.8) -> list[Trace]:
    """Return a line of `power` over `benchmark_count` with its interval for each `seed_count`, and the power wanted."""
    traces: list[Trace] = []
    for i, seeds in enumerate(dict.fromkeys(row["seed_count"] for row in rows)):
        mine = [row for row in rows if row["seed_count"] == seeds]
        counts, power = [row["benchmark_count"] for row in mine], [row["power"] for row in mine]
        name, token = f"{seeds} seeds", f"@{i % 8}"
        traces += band(name, counts, [r["lower"] for r in mine], [r["upper"] for r in mine], token=token)
        traces.append(line(name, counts, power, token=token))
    ends = [min(row["benchmark_count"] for row in rows), max(row["benchmark_count"] for row in rows)] if rows else []
    return [*traces, line(percent(wanted), ends, [wanted] * len(ends), token="@muted", dash="dot")]
