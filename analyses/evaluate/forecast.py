"""How long the rest will take: the mean time of a unit, model by model and data set by data set."""

from __future__ import annotations

from collections.abc import Mapping


class Forecast:
    """Counts what is left of each group and what units of its kind took."""

    def __init__(self, kinds: Mapping[int, tuple[int, int]], left: Mapping[int, int], workers: int) -> None:
        """Take over what is to be done.

        Args:
            kinds: group -> (model, data set); groups of one kind take about as long.
            left: group -> how many of its units are not done.
        """
        self._kinds = kinds
        self._left = dict(left)
        self._workers = workers
        self._spent: dict[tuple[int, int], tuple[float, int]] = {}

    def add(self, group: int, seconds: float) -> None:
        """Note that a unit of a group is done and how long it took."""
        total, count = self._spent.get(self._kinds[group], (0.0, 0))
        self._spent[self._kinds[group]] = (total + seconds, count + 1)
        self._left[group] -= 1

    def mean(self, group: int) -> float | None:
        """Return the mean seconds of a unit like those of the group, or None where none is done."""
        total, count = self._spent.get(self._kinds[group], (0.0, 0))
        return total / count if count else None

    def expect(self, group: int, count: int) -> None:
        """Note that so many more units of a group are to be done."""
        self._left[group] += count

    def spent(self) -> dict[str, tuple[float, int]]:
        """Return seconds and number of the units that were done, by `MODEL,DATA`."""
        return {f"{model},{data}": sums for (model, data), sums in dict(self._spent).items()}

    def means(self) -> dict[tuple[int, int], float]:
        """Return the mean seconds of a unit of each kind of which one is done."""
        return {kind: total / count for kind, (total, count) in self._spent.items() if count}

    def units_in(self, group: int, seconds: float, most: int) -> int:
        """Return how many units of a group take about so long: few at first, and fewer when little is left."""
        mean = self.mean(group)
        wanted = 2 if mean is None else int(seconds / max(mean, 1e-6))
        total_left = sum(self._left.values())
        return max(1, min(wanted, most, -(-total_left // (2 * self._workers))))

    def seconds(self) -> float | None:
        """Return the seconds that remain with all workers busy, or None where nothing is known yet."""
        known = [total / count for total, count in self._spent.values() if count]
        if not known:
            return None
        average = sum(known) / len(known)
        remaining = 0.0
        for group, left in self._left.items():
            mean = self.mean(group)
            remaining += left * (average if mean is None else mean)
        return remaining / self._workers
