"""Anytime curves: a line and a band an algorithm, over the budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.charts.palette import Colours
from hpowh.reports.charts.plot import Trace, band, line
from hpowh.reports.names import plot_text

Row = Mapping[str, Any]

ALL, BEST = 16, 10
"""Up to `ALL` algorithms are told apart by colour and line style; of more, the `BEST` are, and the others are grey."""
CROWD_NOTE = f"Of more than {ALL} algorithms the {BEST} that end best are in colour, the others are grey."
POINTS = 15
"""Up to so many budgets are marked by points, or the last value would be no more than the end of a vertical line."""


def curves(
    rows: Sequence[Row],
    colours: Colours,
    *,
    x: str,
    middle: str,
    band_of: tuple[str, str] | None = None,
    highest: bool = False,
) -> list[Trace]:
    """Return one line, and one band where `band_of` names its lower and upper limit, for each algorithm in `rows`.

    Of more than `ALL` algorithms those that end best have their lines, and one grey trace holds all others.

    Args:
        rows: with the column `algorithm` and the named ones, in increasing order of `x` within an algorithm.
        highest: the highest value is the best, not the lowest.
    """
    by_algorithm: dict[str, list[Row]] = {}
    for row in rows:
        by_algorithm.setdefault(row["algorithm"], []).append(row)
    shown = set(by_algorithm)
    if len(by_algorithm) > ALL:
        shown = _best(by_algorithm, middle, highest=highest)
    crowd = [mine for name, mine in by_algorithm.items() if name not in shown]
    bands: list[Trace] = []
    lines: list[Trace] = []
    for name, mine in by_algorithm.items():
        if name not in shown:
            continue
        at = [row[x] for row in mine]
        token = colours.token(name)
        if band_of:
            low, high = ([row[limit] for row in mine] for limit in band_of)
            bands += band(name, at, low, high, token=token, steps=True)
        lines.append(line(name, at, [row[middle] for row in mine], token=token, dash=colours.dash(name), steps=True))
        if len(at) <= POINTS:
            lines[-1] |= {"mode": "lines+markers" if len(at) > 1 else "markers", "marker": {"color": token, "size": 5}}
    return [*([_grey(crowd, x, middle)] if crowd else []), *bands, *lines]


def dots(
    rows: Sequence[Row], colours: Colours, *, middle: str, band_of: tuple[str, str] | None = None
) -> dict[str, Any]:
    """Return data and layout of one dot an algorithm with its interval, the smallest value on top.

    For experiments whose values all stand at one budget, where curves would be points above each other.

    Args:
        rows: one an algorithm, with the column `algorithm` and the named ones; without a value there is no dot.
    """
    there = sorted((row for row in rows if row[middle] is not None), key=lambda row: (row[middle], row["algorithm"]))
    names = [plot_text(row["algorithm"]) for row in there]
    data: list[Trace] = []
    for name, row in zip(names, there, strict=True):
        token, value = colours.token(row["algorithm"]), row[middle]
        mark = {"type": "scatter", "mode": "markers", "name": name, "x": [value], "y": [name], "showlegend": False}
        mark |= {"marker": {"color": token, "size": 9}, "hovertemplate": "%{x:.4~g}"}
        limits = [row[limit] for limit in band_of or ()]
        if limits and None not in limits:
            ends = {"array": [limits[1] - value], "arrayminus": [value - limits[0]], "symmetric": False}
            mark["error_x"] = {"type": "data", "color": token, "thickness": 1.5, **ends}
        data.append(mark)
    order = {"type": "category", "categoryorder": "array", "categoryarray": names, "autorange": "reversed"}
    return {"data": data, "layout": {"yaxis": {**order, "automargin": True, "title": {"text": ""}}}}


def _best(by_algorithm: Mapping[str, Sequence[Row]], middle: str, *, highest: bool) -> set[str]:
    """Return the `BEST` algorithms by their last value; those without one come last."""
    last = {
        name: next((row[middle] for row in reversed(mine) if row[middle] is not None), None)
        for name, mine in by_algorithm.items()
    }
    sign = -1 if highest else 1
    ranked = sorted(last, key=lambda name: (last[name] is None, sign * (last[name] or 0.0), name))
    return set(ranked[:BEST])


def _grey(crowd: Sequence[Sequence[Row]], x: str, middle: str) -> Trace:
    """Return one trace with the lines of many algorithms, each ended by a gap."""
    at: list[Any] = []
    values: list[Any] = []
    for mine in crowd:
        at += [*(row[x] for row in mine), None]
        values += [*(row[middle] for row in mine), None]
    grey = line(f"the {len(crowd)} others", at, values, token="@muted/0.3", steps=True)
    grey["line"] |= {"width": 1}
    return grey | {"hoverinfo": "skip", "hovertemplate": None, "mode": "lines"}


def grouped(rows: Sequence[Row], *names: str) -> dict[tuple[Any, ...], list[Row]]:
    """Return the rows by their values of some columns, in order of appearance."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    return groups


def place(options: Sequence[Any], chosen: Any) -> int:
    """Return the position of an option, for the key of a chart's variant."""
    return list(options).index(chosen)
