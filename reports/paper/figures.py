"""The figures of a paper as sheets: means, ranks and differences row by row, and a critical-difference diagram."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hpowh.reports.charts.palette import LIGHT
from hpowh.reports.names import shorten
from hpowh.reports.paper.drawing import BLACK, GREY, Dot, Line, Sheet, Text, line, text
from hpowh.reports.paper.study import Study
from hpowh.reports.paper.words import response
from hpowh.reports.pictures.drawing import width_of

Row = Mapping[str, Any]
Part = Line | Dot | Text

LETTERS = 22
"""Letters of a name, the middle left out where it is longer."""
NARROWER = 0.82
"""A text font is narrower than the screen's widest, which `width_of` measures."""


@dataclass(frozen=True)
class Look:
    """Width in points, size of the texts in points, and their font (`serif` or `sans`)."""

    width: float = 238.0
    size: float = 8.0
    font: str = "serif"


def round_ticks(low: float, high: float, most: int = 4) -> list[float]:
    """Return at most `most` + 1 round numbers (1, 2 or 5 times a power of ten apart) within the limits."""
    if not high > low:
        return [low]
    least = (high - low) / most
    power = 10.0 ** math.floor(math.log10(least))
    step = next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= least * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(place * step, 12) for place in range(first, last + 1)]


def tick_text(value: float) -> str:
    """Return a tick's number, with a true minus."""
    return f"{value:g}".replace("-", "\u2212")


def ranking_sheet(study: Study, look: Look) -> Sheet:
    """Return the figure with one row an algorithm, the best on top: mean, possible ranks, difference from the best."""
    rows, size = study.levels, look.size
    names = [shorten(str(row["level"]), LETTERS) for row in rows]
    left = min(0.32 * look.width, NARROWER * max(width_of(name, size) for name in names) + 4)
    has_ranks = rows[0]["rank_lower"] is not None
    shares = (0.4, 0.2, 0.4) if has_ranks else (0.5, 0.0, 0.5)
    gap, step = 1.2 * size, 1.7 * size
    room = look.width - left - 4 - gap * (2 if has_ranks else 1)
    ends, at = [], left + 4
    for share in shares:
        ends.append((at, at + share * room))
        at += share * room + (gap if share else 0)
    top, bottom = 0.6 * size, 0.6 * size + step * len(rows)
    heights = [top + step * (i + 0.5) for i in range(len(rows))]
    parts: list[Part] = [
        text(left, y + 0.33 * size, name, size, "end", is_bold=i == 0)
        for i, (y, name) in enumerate(zip(heights, names, strict=True))
    ]
    means = [(row["estimate"], row["lower"], row["upper"]) for row in rows]
    away = [(row["difference"] or 0.0, row["difference_lower"], row["difference_upper"]) for row in rows]
    arrow = {"min": "lower is better", "max": "higher is better"}.get(rows[0]["direction"] or "", "")
    parts += _panel(ends[0], heights, bottom, means, look, (f"Mean {response(study)}", arrow))
    if has_ranks:
        parts += _rank_panel(ends[1], heights, bottom, rows, look)
    best = shorten(str(rows[0]["best"]), 14)
    parts += _panel(ends[2], heights, bottom, away, look, ("Difference", f"from {best}"), zero=True)
    title = f"Means, ranks and differences of {study.experiment}"
    return Sheet(width=look.width, height=bottom + 4.2 * size, parts=parts, title=title, font=look.font)


def _panel(
    ends: tuple[float, float],
    heights: Sequence[float],
    bottom: float,
    values: Sequence[tuple[float, float | None, float | None]],
    look: Look,
    titles: tuple[str, str],
    *,
    zero: bool = False,
) -> list[Part]:
    known = [one for row in values for one in row if one is not None] + ([0.0] if zero else [])
    low, high = min(known), max(known)
    pad = 0.06 * (high - low or abs(high) or 1.0)
    low, high = low - pad, high + pad

    def place(value: float) -> float:
        return ends[0] + (ends[1] - ends[0]) * (value - low) / (high - low)

    parts: list[Part] = []
    if zero:
        parts.append(line(place(0.0), heights[0] - look.size, place(0.0), bottom, 0.5, GREY, is_dotted=True))
    for i, (y, (middle, lower, upper)) in enumerate(zip(heights, values, strict=True)):
        colour = LIGHT[0] if i == 0 else BLACK
        if lower is not None and upper is not None:
            parts.append(line(place(lower), y, place(upper), y, 0.8, colour))
        parts.append(Dot(place(middle), y, 0.24 * look.size, colour))
    most = 3 if ends[1] - ends[0] < 12 * look.size else 5
    return [*parts, *_axis(ends, bottom, round_ticks(low, high, most), place, look, titles)]


def _rank_panel(
    ends: tuple[float, float], heights: Sequence[float], bottom: float, rows: Sequence[Row], look: Look
) -> list[Part]:
    count = len(rows)

    def place(rank: float) -> float:
        return ends[0] + (ends[1] - ends[0]) * (rank - 0.5) / count

    parts: list[Part] = []
    for i, (y, row) in enumerate(zip(heights, rows, strict=True)):
        colour = LIGHT[0] if i == 0 else BLACK
        parts.append(
            line(place(row["rank_lower"] - 0.3), y, place(row["rank_upper"] + 0.3), y, 0.4 * look.size, colour)
        )
    every = max(1, math.ceil(count * 1.6 * look.size / (ends[1] - ends[0])))
    ticks = [float(rank) for rank in range(1, count + 1) if (rank - 1) % every == 0]
    return [*parts, *_axis(ends, bottom, ticks, place, look, ("Rank", "1 is best"))]


def _axis(
    ends: tuple[float, float],
    y: float,
    ticks: Sequence[float],
    place: Any,
    look: Look,
    titles: tuple[str, str],
) -> list[Part]:
    size, middle = look.size, 0.5 * (ends[0] + ends[1])
    parts: list[Part] = [line(ends[0], y, ends[1], y, 0.6)]
    for tick in ticks:
        parts += [
            line(place(tick), y, place(tick), y + 0.3 * size, 0.6),
            text(place(tick), y + 1.3 * size, tick_text(tick), 0.9 * size, "middle"),
        ]
    return [
        *parts,
        text(middle, y + 2.6 * size, titles[0], 0.95 * size, "middle"),
        text(middle, y + 3.7 * size, titles[1], 0.85 * size, "middle", colour="#444444"),
    ]


def cliques(rows: Sequence[Row]) -> list[tuple[int, int]]:
    """Return the first and last place of every longest run of levels that share a letter, two levels or more."""
    letters = sorted({letter for row in rows for letter in row["letters"] or ""})
    found = []
    for letter in letters:
        places = [i for i, row in enumerate(rows) if letter in (row["letters"] or "")]
        if len(places) > 1:
            found.append((places[0], places[-1]))
    return sorted(set(found))


def cd_sheet(study: Study, look: Look) -> Sheet:
    """Return the critical-difference diagram of the model's means: a bar joins algorithms of which no pair differs."""
    rows, size = study.levels, look.size
    half = (len(rows) + 1) // 2
    labels = [shorten(str(row["level"]), LETTERS) for row in rows]
    margins = [
        NARROWER * max((width_of(one, size) for one in side), default=0.0) + 1.4 * size
        for side in (labels[:half], labels[half:])
    ]
    start, end = min(margins[0], 0.36 * look.width), look.width - min(margins[1], 0.36 * look.width)
    best, worst = float(rows[0]["estimate"]), float(rows[-1]["estimate"])
    span = (worst - best) or 1.0

    def place(value: float) -> float:
        return start + (end - start) * (value - best) / span

    axis, bar = 3.6 * size, 0.9 * size
    way = {"min": "lower is better", "max": "higher is better"}.get(rows[0]["direction"] or "", "")
    parts: list[Part] = [
        text(0.5 * (start + end), 1.0 * size, f"Mean {response(study)} ({way})", 0.95 * size, "middle"),
        line(start, axis, end, axis, 0.6),
    ]
    for tick in round_ticks(min(best, worst), max(best, worst), 4):
        parts += [
            line(place(tick), axis - 0.35 * size, place(tick), axis, 0.6),
            text(place(tick), axis - 0.7 * size, tick_text(tick), 0.9 * size, "middle"),
        ]
    joined = cliques(rows)
    for number, (first, last) in enumerate(joined):
        y = axis + 0.8 * size + bar * number
        at = [place(float(rows[one]["estimate"])) for one in (first, last)]
        parts.append(line(min(at) - 1.5, y, max(at) + 1.5, y, 0.3 * size))
    top = axis + 1.2 * size + bar * len(joined)
    for i, (row, label) in enumerate(zip(rows, labels, strict=True)):
        is_left = i < half
        y = top + 1.35 * size * (i if is_left else len(rows) - 1 - i) + 0.8 * size
        x, side = place(float(row["estimate"])), start - 0.8 * size if is_left else end + 0.8 * size
        parts += [
            line(x, axis, x, y, 0.5),
            line(x, y, side, y, 0.5),
            text(
                side - 2 if is_left else side + 2, y + 0.33 * size, label, size, "end" if is_left else "start",
                is_bold=i == 0,
            ),
        ]  # fmt: skip
    title = f"Critical-difference diagram of {study.experiment}"
    height = top + 1.35 * size * half + 0.6 * size
    return Sheet(width=look.width, height=height, parts=parts, title=title, font=look.font)
