"""Forest plots: estimates with intervals one under the other beside a reference, and p-values beside their level."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from hpowh.reports.charts.plot import Trace, axis
from hpowh.reports.names import plot_text
from hpowh.reports.numbers import p_value

Row = Mapping[str, Any]
AnyRow = TypeVar("AnyRow", bound=Row)

LEAST_P = 1e-12
"""Smaller p-values are drawn here, at the edge."""
ROW_HEIGHT, FRAME_HEIGHT = 26, 130
LABEL = 60
MOST_ROWS = 60
"""More rows than this cannot be read in one figure."""


def height(count: int) -> int:
    """Return the height in pixels of a figure with so many rows."""
    return FRAME_HEIGHT + ROW_HEIGHT * max(count, 3)


def clearest(rows: Sequence[AnyRow], doubt: Callable[[AnyRow], float | None]) -> list[AnyRow]:
    """Return the `MOST_ROWS` rows of least doubt (a p-value), in the order that they are in; None is the most doubt."""
    if len(rows) <= MOST_ROWS:
        return list(rows)
    doubts = [doubt(row) for row in rows]
    order = sorted(range(len(rows)), key=lambda i: (doubts[i] is None, doubts[i] or 0.0))
    return [rows[i] for i in sorted(order[:MOST_ROWS])]


def left_out(count: int, what: str) -> tuple[str, ...]:
    """Return the note of a figure that draws the clearest of `count` rows; none where all are drawn."""
    return (f"Of {count:,} {what} the {MOST_ROWS} clearest are drawn; the table has all.",) if count > MOST_ROWS else ()


def rows_axis() -> dict[str, Any]:
    """Return the axis of the rows' names, the first one on top."""
    return axis("", autorange="reversed", automargin=True) | {"type": "category"}


def p_axis(title: str) -> dict[str, Any]:
    """Return the logarithmic axis of p-values."""
    return axis(title, is_log=True, nticks=6, exponentformat="power")


def forest(
    rows: Sequence[Row], label: str, *, middle: str, lower: str, upper: str, tokens: Sequence[str], reference: float
) -> list[Trace]:
    """Return points with horizontal intervals, the first row on top, and a vertical line at the reference.

    Args:
        rows: rows without a `middle` are left out.
        label: the column with a row's name; `middle`, `lower`, `upper`: those with its numbers.
        tokens: the colour of every row.
        reference: where the line is drawn, such as the difference of zero.
    """
    shown = [(row, token) for row, token in zip(rows, tokens, strict=True) if row[middle] is not None]
    names = _unlike([plot_text(str(row[label]), LABEL) for row, _ in shown])
    up = [row[upper] - row[middle] if row[upper] is not None else 0 for row, _ in shown]
    down = [row[middle] - row[lower] if row[lower] is not None else 0 for row, _ in shown]
    points: Trace = {
        "type": "scatter",
        "mode": "markers",
        "showlegend": False,
        "x": [row[middle] for row, _ in shown],
        "y": names,
        "error_x": {"type": "data", "symmetric": False, "array": up, "arrayminus": down, "color": "@muted"},
        "marker": {"size": 9, "color": [token for _, token in shown]},
        "hovertemplate": "%{y}: %{x:.4~g} (+%{error_x.array:.3~g} / -%{error_x.arrayminus:.3~g})<extra></extra>",
    }
    return [upright(reference, names), points]


def p_values(
    rows: Sequence[Row], label: str, columns: Mapping[str, str], *, level: float = 0.05, symbols: bool = False
) -> list[Trace]:
    """Return p-values on one line a row, one trace a column, and the level as a vertical line.

    Args:
        columns: from a trace's name to its column; p-values below `LEAST_P` are drawn there, as triangles.
        symbols: whether traces differ in symbol and colour (several methods), or points by significance (one).
    """
    names = _unlike([plot_text(str(row[label]), LABEL) for row in rows])
    traces = [upright(level, names, "5 %")]
    for i, (name, column) in enumerate(columns.items()):
        known = [(label_, row[column]) for label_, row in zip(names, rows, strict=True) if row[column] is not None]
        plain = SYMBOLS[i % len(SYMBOLS)] if symbols else "circle"
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": plot_text(name),
                "showlegend": symbols,
                "x": [max(p, LEAST_P) for _, p in known],
                "y": [label_ for label_, _ in known],
                "customdata": [[p_value(p)] for _, p in known],
                "marker": {
                    "size": 10,
                    "color": f"@{i}" if symbols else ["@accent" if p < level else "@muted" for _, p in known],
                    "symbol": ["triangle-left" if p < LEAST_P else plain for _, p in known],
                },
                "hovertemplate": "%{y}: p %{customdata[0]}<extra>%{fullData.name}</extra>",
            }
        )
    return traces


SYMBOLS = ("circle", "diamond", "square", "cross")


def shares(rows: Sequence[Row], label: str, columns: Mapping[str, tuple[str, str]]) -> list[Trace]:
    """Return stacked horizontal bars: from a part's name to its column and colour."""
    names = _unlike([plot_text(str(row[label]), LABEL) for row in rows])
    return [
        {
            "type": "bar",
            "orientation": "h",
            "name": plot_text(name),
            "x": [row[column] for row in rows],
            "y": names,
            "marker": {"color": token},
            "hovertemplate": "%{y}: %{x:.3f}<extra>%{fullData.name}</extra>",
        }
        for name, (column, token) in columns.items()
    ]


def _unlike(names: Sequence[str]) -> list[str]:
    """Return the names made unlike each other: equal ones would share a line."""
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name + "\u200b" * (seen[name] - 1))
    return out


def upright(at: float, names: Sequence[str], name: str = "") -> Trace:
    """Return a dotted vertical line through all of the named rows; with a name it is in the legend.

    It goes through every row, because the rows stand in the order in which the traces name them first.
    """
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "showlegend": bool(name),
        "x": [at] * len(names),
        "y": list(names),
        "line": {"color": "@ink", "width": 1, "dash": "dot"},
        "hoverinfo": "skip",
    }
