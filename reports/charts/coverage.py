"""The coverage matrix: benchmarks down, algorithms (and settings) across, a cell for how many seeds are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hpowh.reports.blocks import Svg
from hpowh.reports.charts.svg import document, line, rect, text
from hpowh.reports.names import shorten

ROW, COLUMN, HEAD, GAP = 26, 56, 24, 14
CHARACTER = 7.4
"""Width of a character of a benchmark's name, to leave enough room before the first column."""
TITLE = 150
"""Characters of a cell's tooltip."""
SLANT = 0.8
"""Height and breadth of a slanted name, as a share of its length: 45 degrees, and some more for capitals."""


def coverage_matrix(rows: Sequence[Mapping[str, Any]]) -> Svg:
    """Return the matrix of one experiment.

    Args:
        rows: with `benchmark`, `setting`, `algorithm`, `run_count`, `expected_seed_count`, `missing` (seeds as
            text) and `missing_count`.
    """
    settings = sorted({row["setting"] for row in rows})
    algorithms = list(dict.fromkeys(row["algorithm"] for row in rows))
    benchmarks = sorted({row["benchmark"] for row in rows})
    longest = CHARACTER * max(len(shorten(name, 24)) for name in algorithms)
    is_slanted = longest > COLUMN - 8
    rise = SLANT * longest if is_slanted else HEAD - 10
    top = (HEAD if any(settings) else 0) + rise + (28 if is_slanted else 18)
    left = 18 + CHARACTER * max(len(shorten(name, 32)) for name in benchmarks)
    across = [(setting, algorithm) for setting in settings for algorithm in algorithms]
    x_of = {pair: left + index * COLUMN + (index // len(algorithms)) * GAP for index, pair in enumerate(across)}
    y_of = {name: top + index * ROW for index, name in enumerate(benchmarks)}
    parts = _head(settings, algorithms, x_of, top, is_slanted=is_slanted)
    for name, y in y_of.items():
        parts.append(text(left - 10, y + 17, shorten(name, 32), text_anchor="end"))
    for row in rows:
        parts += _cell(row, x_of[row["setting"], row["algorithm"]], y_of[row["benchmark"]])
    width = max(x_of.values()) + COLUMN + 4 + (rise - COLUMN / 2 + 14 if is_slanted else 0)
    return Svg(document(width, top + ROW * len(benchmarks) + 4, parts))


def _head(
    settings: Sequence[str],
    algorithms: Sequence[str],
    x_of: Mapping[tuple[str, str], float],
    top: float,
    *,
    is_slanted: bool,
) -> list[str]:
    """Return the names above the columns: upright where they fit, else slanted."""
    parts = []
    for setting in settings:
        start = x_of[setting, algorithms[0]]
        wide = len(algorithms) * COLUMN
        if setting:
            parts.append(text(start + wide / 2, 15, shorten(setting, wide // 8), text_anchor="middle", font_weight=600))
            parts.append(line(start, 23, start + wide - 4, 23))
        for algorithm in algorithms:
            at = x_of[setting, algorithm] + COLUMN / 2 - 2
            if is_slanted:
                turned = f"rotate(-45 {at:.1f} {top - 8:.1f})"
                parts.append(text(at, top - 8, shorten(algorithm, 24), transform=turned))
            else:
                parts.append(text(at, top - 10, algorithm, text_anchor="middle"))
    return parts


def _cell(row: Mapping[str, Any], x: float, y: float) -> list[str]:
    """Return one cell: full where no seed is missing, partly filled, or empty; always with its number."""
    missing = row["missing"]
    expected = max(row["expected_seed_count"], 1)
    share = 0.0 if row["run_count"] == 0 else 1 - row["missing_count"] / expected
    about = f"{row['algorithm']} on {row['benchmark']}{', ' + row['setting'] if row['setting'] else ''}: "
    about += f"{row['run_count']} runs; " + (f"missing seeds {missing}" if missing else "no seed missing")
    wide, tall = COLUMN - 4, ROW - 4
    parts = [rect(x, y, wide, tall, title=shorten(about, TITLE), class_="svg-soft")]
    if share > 0:
        fill = "svg-full" if share == 1 else "svg-part"
        parts.append(rect(x, y, wide * share, tall, class_=fill, pointer_events="none"))
    kind = "svg-muted" if row["run_count"] == 0 else "svg-text"
    label = "\u2013" if row["run_count"] == 0 else str(row["run_count"])
    parts.append(text(x + wide / 2, y + 15.5, label, text_anchor="middle", class_=kind, pointer_events="none"))
    return parts
