"""Texts in which each run begins with a heading and goes on with lines of numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hpowh.warehouse.errors import IngestError


@dataclass
class Block:
    """One run's lines."""

    names: list[str]
    """The words of its heading."""
    rows: list[list[float]] = field(default_factory=list)


def blocks_of(raw: bytes, where: str, is_heading: Callable[[Sequence[str]], bool]) -> list[Block]:
    """Return the runs of a text. A last line without its end is being written, or was cut off: it is left out.

    Raises:
        IngestError: a line is neither a heading nor numbers, has other columns than its heading, or counts backwards.
    """
    found: list[Block] = []
    lines = raw.decode("utf-8", "replace").split("\n")
    for number, line in enumerate(lines[:-1], start=1):
        words = line.split()
        if not words:
            continue
        if is_heading(words):
            found.append(Block(words))
            continue
        if not found:
            raise IngestError(
                f"{where} begins with {line[:60]!r}.", "It is not as its tool writes it. Nothing was loaded."
            )
        found[-1].rows.append(_numbers(words, where, number, found[-1].rows))
    return found


def _numbers(words: Sequence[str], where: str, number: int, before: Sequence[Sequence[float]]) -> list[float]:
    try:
        row = [float(word) for word in words]
    except ValueError:
        raise IngestError(
            f"{where}: line {number:,} is no row of numbers: {' '.join(words)[:60]!r}.", "Nothing was loaded."
        ) from None
    if before and (row[0] < before[-1][0] or len(row) != len(before[-1])):
        raise IngestError(f"{where}: line {number:,} does not follow on the line before.", "Nothing was loaded.")
    return row
