"""Which columns of a table fit a terminal: numbers and headings are never broken, texts are where they are long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

GAP = 2
"""Spaces between columns."""
LEAST_TEXT = 16
"""A column of texts may be folded to so many letters, not to fewer."""
FEW_ROWS = 3
"""Up to so many rows are rather shown with one column a line than with columns left out."""
ELLIPSIS = "…"


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
