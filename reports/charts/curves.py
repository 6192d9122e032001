"""Anytime curves: a line and a band an algorithm, over the budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.charts.palette import Colours
from hpowh.reports.charts.plot import Trace, band, line

Row = Mapping[str, Any]


def curves(
    rows: Sequence[Row], colours: Colours, *, x: str, middle: str, lower: str | None = None, upper: str | None = None
) -> list[Trace]:
    """Return one line, and one band where `lower` and `upper` are named, for each algorithm in `rows`.

    Args:
        rows: with the column `algorithm` and the named ones, in increasing order of `x` within an algorithm.
    """
    by_algorithm: dict[str, list[Row]] = {}
    for row in rows:
        by_algorithm.setdefault(row["algorithm"], []).append(row)
    bands: list[Trace] = []
    lines: list[Trace] = []
    for name, mine in by_algorithm.items():
        at = [row[x] for row in mine]
        token = colours.token(name)
        if lower and upper:
            low, high = [row[lower] for row in mine], [row[upper] for row in mine]
            bands += band(name, at, low, high, token=token, steps=True)
        lines.append(line(name, at, [row[middle] for row in mine], token=token, dash=colours.dash(name), steps=True))
    return bands + lines


def grouped(rows: Sequence[Row], *names: str) -> dict[tuple[Any, ...], list[Row]]:
    """Return the rows by their values of some columns, in order of appearance."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    return groups


def place(options: Sequence[Any], chosen: Any) -> int:
    """Return the position of an option, for the key of a chart's variant."""
    return list(options).index(chosen)
