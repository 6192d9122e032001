"""Which columns of a table fit a terminal: numbers and headings are never broken, texts are where they are long."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

GAP = 2
"""Spaces between columns."""
LEAST_TEXT = 16
"""A column of texts may be folded to so many letters, not to fewer."""
FEW_ROWS = 3
"""Up to so many rows are rather shown with one column a line than with columns left out."""
ELLIPSIS = "…"
NARROW = re.compile(r"(?! )[\x20-\x7e\xa1-\xac\xae-\u02ff\u0370-\u0377\u0391-\u03a1\u03a3-\u0482−–—…≤≥×]*(?<! )|")
"""Text without a blank at its ends, of letters that are one place wide each wherever they are shown."""


@dataclass(frozen=True)
class Fit:
    """How a table is shown: the places of its columns (None: here some are left out), or one column a line."""

    shown: Sequence[int | None]
    left_out: Sequence[int] = ()
    is_upright: bool = False


def fit(least: Sequence[int], row_count: int, width: int) -> Fit:
    """Return how columns fit into `width` letters.

    Args:
        least: the letters that each column needs at least.
        row_count: how many rows there are.
    """
    whole = range(len(least))
    if _needed(least) <= width:
        return Fit(list(whole))
    if row_count <= FEW_ROWS:
        return Fit([], is_upright=True)
    head: list[int] = []
    tail: list[int] = []
    # Outside in: the first columns say which row it is, the last ones often what came out.
    for place in (at for pair in zip(whole, reversed(whole), strict=True) for at in pair):
        if place in head or place in tail:
            continue
        kept = [least[at] for at in (*head, *tail, place)]
        if _needed([*kept, len(ELLIPSIS)]) > width:
            break
        (head if place < len(least) / 2 else tail).append(place)
    if not head:
        return Fit([], is_upright=True)
    left = [at for at in whole if at not in head and at not in tail]
    return Fit([*head, None, *sorted(tail)], left)


def least_width(heading: str, cells: Sequence[str], is_text: bool) -> int:
    """Return how many letters a column needs: all of a number, and of a text what it may be folded to."""
    longest = max((len(line) for cell in cells for line in (cell.splitlines() or [""])), default=0)
    return max(len(heading), min(longest, LEAST_TEXT) if is_text else longest)


def _needed(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * max(0, len(widths) - 1)


def aligned(columns: Sequence[str], cells: Sequence[Sequence[str]], title: str, most: int) -> list[str] | None:
    """Return the lines of a table that is as wide as its content, as rich prints it where nothing has to be folded.

    Rich takes as long to import as a small analysis. None where it is needed: letters that are not one place wide,
    several lines in a cell, a title wider than the table, more than `most` letters a line, or nothing at all.
    """
    if not columns or not all(NARROW.fullmatch(text) for row in (columns, [title], *cells) for text in row):
        return None
    widths = [max(len(name), *(len(row[at]) for row in cells), 0) for at, name in enumerate(columns)]
    whole = _needed(widths)
    if whole > most or len(title) > whole:
        return None
    gap = " " * GAP
    lines = [gap.join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in (columns, *cells)]
    if title:
        left = (whole - len(title)) // 2
        lines.insert(0, " " * left + title + " " * (whole - len(title) - left))
    return lines
