"""The part of a page that says whether its answer can be trusted: one line, and behind it all that was noted."""

from __future__ import annotations

from collections.abc import Sequence

from hpowh.reports.blocks import Block, Fold, Prose, Warnings
from hpowh.warehouse.wording import plural

TITLE = "Can this be trusted?"
KEEP = "What to keep in mind"


def trust(warnings: Sequence[str], blocks: Sequence[Block] = (), *, good: str) -> Block:
    """Return the part: how much there is to keep in mind and the first of it, or `good` where nothing was noted.

    Args:
        warnings: sentences that a reader must know before trusting the numbers, the gravest first.
        blocks: what else was checked, or what the answer rests on.
        good: the line of a page that has no warning.
    """
    line = good
    if warnings:
        line = warnings[0] if len(warnings) == 1 else f"{plural(len(warnings), 'thing')} to keep in mind: {warnings[0]}"
    if not warnings and not blocks:
        return Prose(TITLE, [good], id="trust")
    return Fold(id="trust", title=TITLE, verdict=line, blocks=[Warnings(warnings, KEEP), *blocks])
