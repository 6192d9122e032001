"""Seeds and counts in words."""

from __future__ import annotations

from collections.abc import Sequence


def seed_ranges(seeds: Sequence[int]) -> str:
    """Return seeds as text with runs of consecutive ones joined: `0-4, 7, 9-11`; empty text for none."""
    parts: list[str] = []
    start = previous = None
    for seed in [*sorted(set(seeds)), None]:
        if previous is not None and seed is not None and seed == previous + 1:
            previous = seed
            continue
        if previous is not None and start is not None:
            parts.append(str(start) if start == previous else f"{start}-{previous}")
        start = previous = seed
    return ", ".join(parts)


def listed(names: Sequence[str], limit: int = 5, between: str = ", ") -> str:
    """Return names joined by commas (or `between`), the first `limit` of them and how many more there are."""
    more = len(names) - limit
    return between.join(names[:limit]) + (f" and {more} more" if more > 0 else "")
