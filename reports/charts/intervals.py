"""Points with intervals, histograms with the expected curve, power curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hpowh.reports.charts.plot import Trace, line
from hpowh.reports.names import plot_text

Row = Mapping[str, Any]


def intervals(rows: Sequence[Row], label: str, token: Callable[[str], str], *, middle: str = "estimate") -> list[Trace]:
    """Return one trace of points with asymmetric error bars from `lower` to `upper`; `token` colours a label."""
    shown = [row for row in rows if row[middle] is not None]
    up = [(row["upper"] - row[middle]) if row["upper"] is not None else 0 for row in shown]
    down = [(row[middle] - row["lower"]) if row["lower"] is not None else 0 for row in shown]
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "showlegend": False,
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


def curves_of_power(rows: Sequence[Row]) -> list[Trace]:
    """Return a line of `power` over `benchmark_count` for each `seed_count`."""
    traces = []
    for i, seeds in enumerate(dict.fromkeys(row["seed_count"] for row in rows)):
        mine = [row for row in rows if row["seed_count"] == seeds]
        counts, power = [row["benchmark_count"] for row in mine], [row["power"] for row in mine]
        traces.append(line(f"{seeds} seeds", counts, power, token=f"@{i % 8}"))
    return traces
