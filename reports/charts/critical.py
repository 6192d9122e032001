"""Critical-difference diagrams: algorithms on an axis from best to worst, bars over those that do not differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from unicodedata import east_asian_width

from hpowh.reports.blocks import Svg
from hpowh.reports.charts.svg import document, line, rect, text
from hpowh.reports.names import shorten
from hpowh.reports.numbers import brief

INK = {"class_": "svg-ink", "stroke": "currentColor"}

WIDTH, LEAST_AXIS, LEAST_MARGIN, AXIS, ROW, BAR = 760, 280, 120, 44, 24, 16
STUB, GAP, LETTER = 30, 6, 7.4
"""Pixels: of a name's line beyond the axis, between line and name, and of a letter (13 px; wide scripts take two)."""
TICKS = 5
LABEL = 32
"""Letters of a name, the middle left out where it is longer."""


def critical_difference(rows: Sequence[Mapping[str, Any]], *, better: str) -> Svg:
    """Draw one diagram from a table of groups.

    Args:
        rows: `group_number` (0: every algorithm in its place; 1, 2 …: the bars), `name`, `position` (1 is best) and
            `estimate` (where it stands on the axis). The best is on the left whatever the direction of the estimates.
        better: which direction is better, in words, for the axis.
    """
    placed = sorted((row for row in rows if row["group_number"] == 0), key=lambda row: row["position"])
    if not placed:
        return Svg(document(WIDTH, 40, [text(WIDTH / 2, 24, "There is nothing to compare.", text_anchor="middle")]))
    first, last = float(placed[0]["estimate"]), float(placed[-1]["estimate"])
    span = last - first or 1.0
    labels = [f"{shorten(row['name'], LABEL)} ({brief(float(row['estimate']))})" for row in placed]
    half = (len(placed) + 1) // 2
    start, beyond = _margin(labels[:half]), _margin(labels[half:])
    width = max(WIDTH, start + LEAST_AXIS + beyond)
    end_of_axis = width - beyond

    def x_of(value: float) -> float:
        return start + (end_of_axis - start) * (value - first) / span

    parts = _axis(first, span, x_of, better)
    numbers = sorted({row["group_number"] for row in rows} - {0})
    for place, number in enumerate(numbers):
        inside = [row for row in rows if row["group_number"] == number]
        low, high = (x_of(float(f(inside, key=lambda row: row["position"])["estimate"])) for f in (min, max))
        names = ", ".join(row["name"] for row in sorted(inside, key=lambda row: row["position"]))
        parts.append(
            rect(
                low - 5,
                AXIS + 8 + place * BAR,
                high - low + 10,
                6,
                title=f"no difference seen: {names}",
                fill="currentColor",
            )
        )
    top = AXIS + 16 + len(numbers) * BAR
    for i, (row, label) in enumerate(zip(placed, labels, strict=True)):
        is_left = i < half
        y = top + ROW * (i if is_left else len(placed) - 1 - i) + 12
        x, end = x_of(float(row["estimate"])), start - STUB if is_left else end_of_axis + STUB
        parts += [line(x, AXIS, x, y, **INK), line(x, y, end, y, **INK)]
        parts.append(text(end - GAP if is_left else end + GAP, y + 4, label, text_anchor="end" if is_left else "start"))
    return Svg(document(width, top + ROW * half + 20, parts))


def _margin(labels: Sequence[str]) -> float:
    """Return the room that the longest of the names on one side needs."""
    widths = [sum(2 if east_asian_width(char) in "WF" else 1 for char in label) for label in labels]
    return max(LEAST_MARGIN, STUB + 2 * GAP + LETTER * max(widths, default=0))


def _axis(first: float, span: float, x_of: Any, better: str) -> list[str]:
    parts = [line(x_of(first), AXIS, x_of(first + span), AXIS, **INK)]
    for tick in range(TICKS):
        value = first + span * tick / (TICKS - 1)
        parts += [
            line(x_of(value), AXIS - 5, x_of(value), AXIS, **INK),
            text(x_of(value), AXIS - 9, f"{brief(value)}", text_anchor="middle", font_size=11),
        ]
    parts.append(text(x_of(first), 14, f"best on the left ({better})", font_size=12))
    return parts
