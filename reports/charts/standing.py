"""Who is better, in one figure: means, the ranks that are not ruled out, and differences from the best, row by row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hpowh.reports.charts.plot import Trace, axis
from hpowh.reports.names import plot_text

Row = Mapping[str, Any]

PANELS = ((0.0, 0.34), (0.4, 0.6), (0.66, 1.0))
"""Where means, ranks and differences stand across the figure, as shares of its width."""
LABEL = 36


def standing(rows: Sequence[Row], token: Callable[[str], str], response: str) -> dict[str, Any]:
    """Return the traces and axes of three panels that share their rows, the best level on top.

    Args:
        rows: of `mixed_models/standing`, one model and setting; ranks and differences may be None.
        token: a level's colour.
        response: what the means are of, in words.
    """
    names = [plot_text(str(row["level"]), LABEL) for row in rows]
    colours = [token(str(row["level"])) for row in rows]
    differences = [row if row["difference"] is not None else {**row, "difference": 0.0} for row in rows]
    data = [
        _points(rows, names, colours, "estimate", "lower", "upper", "x", ""),
        *_ranks(rows, names, colours),
        _points(differences, names, colours, "difference", "difference_lower", "difference_upper", "x3", " difference"),
        _zero(names),
    ]
    way = {"min": "lower is better", "max": "higher is better"}.get(rows[0]["direction"] or "", "")
    count = len(rows)
    return {
        "data": data,
        "layout": {
            "xaxis": _titled(f"Mean {response}", way, PANELS[0]) | {"nticks": 5},
            "xaxis2": _titled("Rank", "1 is best", PANELS[1])
            | {"range": [0.5, count + 0.5], "tick0": 1, "dtick": max(1, count // 8)},
            "xaxis3": _titled("Difference", f"from {rows[0]['best']}", PANELS[2]) | {"nticks": 5},
            "yaxis": axis("", range=[count - 0.4, -0.7], automargin=True) | {"type": "category"},
            "hovermode": "closest",
        },
    }  # fmt: skip


def _titled(first: str, second: str, domain: tuple[float, float]) -> dict[str, Any]:
    """Return an axis whose title has two lines: three stand beside each other and must not meet."""
    return axis("", domain=list(domain)) | {"title": {"text": f"{plot_text(first)}<br>{plot_text(second, LABEL)}"}}


def _points(
    rows: Sequence[Row], names: list[str], colours: list[str], middle: str, lower: str, upper: str, on: str, what: str
) -> Trace:
    def arm(row: Row, end: str) -> float:
        return 0.0 if row[end] is None or row[middle] is None else abs(row[end] - row[middle])

    letters = [row["letters"] or "" for row in rows] if on == "x" else []
    return {
        "type": "scatter",
        "mode": "markers+text" if any(letters) else "markers",
        "text": letters,
        "textposition": "top center",
        "showlegend": False,
        "xaxis": on,
        "x": [row[middle] for row in rows],
        "y": names,
        "error_x": {
            "type": "data", "symmetric": False, "color": "@muted",
            "array": [arm(row, upper) for row in rows], "arrayminus": [arm(row, lower) for row in rows],
        },
        "marker": {"size": 9, "color": colours},
        "hovertemplate": f"%{{y}}:{what} %{{x:.4~g}} "
        "(+%{error_x.array:.3~g} / -%{error_x.arrayminus:.3~g})<extra></extra>",
    }  # fmt: skip


def _ranks(rows: Sequence[Row], names: list[str], colours: list[str]) -> list[Trace]:
    """Return the spans of ranks: a line a level from the first to the last rank that it may have."""
    return [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "showlegend": False,
            "xaxis": "x2",
            "x": [row["rank_lower"], row["rank_upper"]],
            "y": [name, name],
            "line": {"color": colour, "width": 6},
            "marker": {"color": colour, "size": 9, "symbol": "square"},
            "hovertemplate": f"%{{y}}: rank {row['rank_lower']} to {row['rank_upper']}<extra></extra>",
        }
        for row, name, colour in zip(rows, names, colours, strict=True)
        if row["rank_lower"] is not None
    ]


def _zero(names: list[str]) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines",
        "showlegend": False,
        "hoverinfo": "skip",
        "xaxis": "x3",
        "x": [0.0] * len(names),
        "y": names,
        "line": {"color": "@ink", "width": 1, "dash": "dot"},
    }
