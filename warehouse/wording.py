"""Counts in words."""

from __future__ import annotations


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun: `1 run`, `2 runs`; a verb may stand with it: `1 study has`, `2 studies have`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
