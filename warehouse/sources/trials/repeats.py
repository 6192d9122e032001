"""What differs between repeats of a configuration is measured, not set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

FEWEST = 5
"""So many configurations at least are repeated."""
NEARLY = 0.9
"""Share of them that ran with every seed; some may be missing."""


def unlike_between_repeats(rows: Sequence[dict[str, Any]], settings: Sequence[str], seeds: str) -> list[str]:
    """Return those of the settings that would tell the repeats of a configuration apart.

    Where each configuration ran with each of s seeds, a setting has at most as many values as rows / s. If the others
    make groups in which every seed is once, those with more values were measured.
    """
    count = len({str(row.get(seeds)) for row in rows})
    if count < 2:
        return []
    unlike = [one for one in settings if len({str(row.get(one)) for row in rows}) * count > len(rows) * (2 - NEARLY)]
    rest = [one for one in settings if one not in unlike]
    if not unlike or not rest:
        return []
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for row in rows:
        groups[tuple(str(row.get(one)) for one in rest)].append(str(row.get(seeds)))
    if len(groups) < FEWEST or any(len(set(of)) < len(of) for of in groups.values()):
        return []
    return unlike if sum(len(of) == count for of in groups.values()) >= NEARLY * len(groups) else []
