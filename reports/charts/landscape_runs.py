"""Plotly data of optimiser runs on a landscape: shares, places, progress, ends, optima carried over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.charts.palette import Colours
from hpowh.reports.charts.plot import Trace, line
from hpowh.reports.names import plot_text
from hpowh.reports.numbers import brief, percent, significant

Row = Mapping[str, Any]


def by_algorithm(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Return rows by their algorithm, in the order of first appearance."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["algorithm"], []).append(row)
    return found


def strips(rows: Sequence[Row], column: str, colours: Colours) -> list[Trace]:
    """Return one dot a run and a bar at each algorithm's mean."""
    found: list[Trace] = []
    for place, (algorithm, mine) in enumerate(by_algorithm(rows).items()):
        values = [row[column] for row in mine if row[column] is not None]
        token = colours.token(algorithm)
        # Runs lie beside one another by a fixed spread, so that equal ones are all seen.
        spread = [place + 0.5 * (((i * 0.618) % 1) - 0.5) for i in range(len(values))]
        found.append(
            {
                "type": "scatter", "mode": "markers", "name": plot_text(algorithm), "showlegend": False,
                "x": spread, "y": [significant(float(value)) for value in values],
                "marker": {"color": token, "size": 8, "opacity": 0.6, "symbol": colours.symbol(algorithm)},
                "hovertemplate": "%{y:.3~g}",
            }
        )  # fmt: skip
        if values:
            mean = significant(sum(map(float, values)) / len(values))
            found.append(
                {
                    "type": "scatter", "mode": "lines", "x": [place - 0.36, place + 0.36], "y": [mean, mean],
                    "name": "mean", "showlegend": False, "line": {"color": token, "width": 4},
                    "hovertemplate": "mean %{y:.3~g}<extra></extra>",
                }
            )  # fmt: skip
    return found


def strip_axis(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the axis of the algorithms under `strips`."""
    names = list(by_algorithm(rows))
    return {
        "tickvals": list(range(len(names))),
        "ticktext": [plot_text(name, 24) for name in names],
        "range": [-0.6, len(names) - 0.4],
        "zeroline": False,
    }


def places(rows: Sequence[Row], colours: Colours) -> list[Trace]:
    """Return which share of each algorithm's evaluations was at least so good, beside uniform sampling."""
    found = [
        line(algorithm, [significant(row["place"], 4) for row in mine], [row["share"] for row in mine],
             token=colours.token(algorithm), dash=colours.dash(algorithm))
        for algorithm, mine in by_algorithm(rows).items()
    ]  # fmt: skip
    low = min((row["place"] for row in rows), default=0.001)
    steps = [low * (1 / low) ** (i / 40) for i in range(41)]
    uniform = line("any configuration", steps, steps, token="@muted", dash="dot")
    for trace in [*found, uniform]:
        trace["hovertemplate"] = "%{y:.0%}"
    return [*found, uniform]


def progress(rows: Sequence[Row], column: str, colours: Colours) -> list[Trace]:
    """Return a value over the course of the runs, one line an algorithm."""
    return [
        {
            **line(
                algorithm,
                [(row["first_trial"] + row["last_trial"]) / 2 for row in mine],
                [significant(row[column], 4) for row in mine],
                token=colours.token(algorithm),
                dash=colours.dash(algorithm),
            ),
            "mode": "lines+markers",
            "hovertemplate": "%{y:.3~g}",
        }
        for algorithm, mine in by_algorithm(rows).items()
    ]


def ends(rows: Sequence[Row], most: int = 12) -> list[Trace]:
    """Return how many runs of each algorithm ended in which basin; rare ones together, the best optimum first."""
    total = {row["optimum"]: row["all_runs"] for row in rows}
    kept = sorted(total, key=lambda one: (-total[one], one))[:most]
    order = [one for one in dict.fromkeys(row["optimum"] for row in rows) if one in kept]
    about = {row["optimum"]: row for row in rows}
    names = list(by_algorithm(rows))
    count = {(row["algorithm"], row["optimum"]): row["runs"] for row in rows}
    z = [[count.get((name, one), 0) for one in order] for name in names]
    titles = [_basin(about[one]) for one in order]
    hover = [[_about(about[one]) for one in order] for _ in names]
    rest = [sum(count.get((name, one), 0) for one in total if one not in kept) for name in names]
    if any(rest):
        titles.append(f"{len(total) - len(kept)} others")
        for row, more in zip(z, rest, strict=True):
            row.append(more)
        for texts in hover:
            texts.append("all other basins")
    return [
        {
            "type": "heatmap", "x": titles, "y": [plot_text(name, 24) for name in names], "z": z, "customdata": hover,
            "colorscale": [[0, "@soft"], [1, "@accent"]], "texttemplate": "%{z}", "showscale": False, "xgap": 2,
            "ygap": 2, "hovertemplate": "%{y}: %{z} runs<br>%{customdata}<extra></extra>",
        }
    ]  # fmt: skip


def _basin(row: Row) -> str:
    if row["is_global"]:
        return f"\u2605 {row['optimum']}"
    return str(row["optimum"]) if row["optimum_place"] is None else f"{row['optimum_place']}. {row['optimum']}"


def _about(row: Row) -> str:
    if row["basin_share"] is None:
        return "not listed among the optima"
    return f"value {brief(row['value'], 5)}, basin of {percent(row['basin_share'], 2)} of the configurations"


def carried(rows: Sequence[Row]) -> list[Trace]:
    """Return what other benchmarks' best configurations cost here, as bars."""
    known = [row for row in rows if row["regret_relative"] is not None]
    return [
        {
            "type": "bar", "orientation": "h", "name": "cost", "showlegend": False,
            "y": [plot_text(row["from_benchmark"], 32) for row in known],
            "x": [significant(row["regret_relative"], 4) for row in known],
            "customdata": [[row["share_better"] or 0.0, row["optimum_distance"]] for row in known],
            "marker": {"color": "@accent"},
            "hovertemplate": "%{x:.1%} of the way from best to median<br>%{customdata[0]:.1%} of the configurations "
            "are better<br>%{customdata[1]} moves from the optimum<extra></extra>",
        }
    ]  # fmt: skip
