"""Which units are done: a bit a unit, so that fifty-five million of them take seven megabytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.evaluate.storing.layout import Layout

Unit = tuple[int, int]
"""(number of the group, rank of the configuration)."""


class Places:
    """Where a rank stands among the ranks of its model."""

    def __init__(self, ranks: Sequence[int]) -> None:
        self.count = len(ranks)
        self._is_whole = isinstance(ranks, range)
        if not self._is_whole:
            values = np.asarray(ranks, dtype=np.int64)
            self._order = np.argsort(values, kind="stable")
            self._sorted = values[self._order]

    def of(self, rank: int) -> int:
        """Return the place of a rank, or -1 where the plan has no such configuration."""
        if self._is_whole:
            return rank if 0 <= rank < self.count else -1
        at = int(np.searchsorted(self._sorted, rank))
        return int(self._order[at]) if at < self.count and self._sorted[at] == rank else -1

    def of_many(self, ranks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the places of ranks; -1 for those that the plan does not have."""
        if self._is_whole:
            return np.where((ranks >= 0) & (ranks < self.count), ranks, -1)
        at = np.minimum(np.searchsorted(self._sorted, ranks), self.count - 1)
        return np.where(self._sorted[at] == ranks, self._order[at], -1)


class Done:
    """A set of units of one layout."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._places = [Places(ranks) for ranks in layout.ranks]
        self._models = [model for model, *_ in layout.groups]
        self._bits = [bytearray(max(1, (size + 7) // 8)) for size in layout.sizes]
        self.counts = [0] * len(layout.groups)
        """How many units of each group are done."""

    def __len__(self) -> int:
        return sum(self.counts)

    def __contains__(self, unit: Unit) -> bool:
        group, rank = unit
        place = self._place(group, rank)
        return place >= 0 and bool(self._bits[group][place >> 3] >> (place & 7) & 1)

    def _place(self, group: int, rank: int) -> int:
        return self._places[self._models[group]].of(rank) if 0 <= group < len(self._models) else -1

    def add(self, group: int, rank: int) -> bool:
        """Note that a unit is done; return whether that is new (a unit that the plan does not have never is)."""
        place = self._place(group, rank)
        if place < 0:
            return False
        bits, mask = self._bits[group], 1 << (place & 7)
        if bits[place >> 3] & mask:
            return False
        bits[place >> 3] |= mask
        self.counts[group] += 1
        return True

    def add_many(self, group: int, ranks: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Note different units of one group; return which of them are new."""
        if not 0 <= group < len(self._models):
            return np.zeros(len(ranks), dtype=bool)
        places = self._places[self._models[group]].of_many(ranks)
        bits = np.frombuffer(self._bits[group], dtype=np.uint8)
        at, mask = np.maximum(places, 0) >> 3, (1 << (np.maximum(places, 0) & 7)).astype(np.uint8)
        is_new = (places >= 0) & ((bits[at] & mask) == 0)
        np.bitwise_or.at(bits, at[is_new], mask[is_new])
        self.counts[group] += int(is_new.sum())
        return is_new

    def left(self, group: int, ranks: Sequence[int]) -> Iterator[int]:
        """Yield those of some ranks of a group that are not done when their turn comes."""
        return (rank for rank in ranks if (group, rank) not in self)

    def missing(self, group: int, ranks: Sequence[int]) -> list[int]:
        """Return those of some ranks of a group that are not done, at once."""
        wanted = np.asarray(ranks, dtype=np.int64)
        places = np.maximum(self._places[self._models[group]].of_many(wanted), 0)
        bits = np.frombuffer(self._bits[group], dtype=np.uint8)
        found: list[int] = wanted[(bits[places >> 3] >> (places & 7).astype(np.uint8)) & 1 == 0].tolist()
        return found

    def packed(self) -> NDArray[np.uint8]:
        """Return all bits, group after group, each begun on a new byte."""
        return np.frombuffer(b"".join(self._bits), dtype=np.uint8)

    def unpack(self, packed: NDArray[np.uint8]) -> bool:
        """Take over what `packed` returned; return whether it fits this layout."""
        if packed.size != sum(map(len, self._bits)):
            return False
        start = 0
        for group, bits in enumerate(self._bits):
            bits[:] = packed[start : start + len(bits)].tobytes()
            self.counts[group] = int.from_bytes(bits, "little").bit_count()
            start += len(bits)
        return True


def seconds_left(done: Done, means: Mapping[tuple[int, int], float]) -> float | None:
    """Return the seconds of work that are left, by the mean time of a unit of each kind; None where none is known."""
    if not means:
        return None
    average = sum(means.values()) / len(means)
    sizes = done.layout.sizes
    return sum(
        (size - done.counts[group]) * means.get(done.layout.kind(group), average) for group, size in enumerate(sizes)
    )
