"""The bars of a critical-difference diagram."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def bars(order: Sequence[str], different: Collection[frozenset[str]]) -> list[tuple[str, ...]]:
    """Return the longest runs of neighbours in `order` in which no pair is among the `different` ones.

    Every pair inside a run is looked at, not only its ends; runs of one and runs inside a longer run are left out.
    """
    found: list[tuple[int, int]] = []
    for start in range(len(order)):
        end = start
        while end + 1 < len(order) and not any(
            frozenset((order[k], order[end + 1])) in different for k in range(start, end + 1)
        ):
            end += 1
        if end > start and not any(low <= start and end <= high for low, high in found):
            found.append((start, end))
    return [tuple(order[start : end + 1]) for start, end in found]
