"""Journals: one line a finished unit, appended by the worker that finished it.

A unit is one configuration on one fold of one data set with one seed, all fidelities. A line is in the file when the
unit counts as finished, so a killed process loses none. A line that was cut off is passed over on reading.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Record:
    """What became of one unit."""

    group: int
    rank: int
    status: str
    """`ok`, or what stopped it: `failed`, `timeout`, `memory`."""
    reason: str | None
    seconds: list[float]
    """Training time of each fidelity that was finished."""
    values: list[list[list[float]]]
    """Fidelity x split x metric, as scorers return them; as many fidelities as were finished."""

    def line(self) -> bytes:
        """Return the record as one line of a journal."""
        facts = [getattr(self, name) for name in _FACTS]
        return (json.dumps(facts, separators=(",", ":")) + "\n").encode()


_FACTS = tuple(field.name for field in fields(Record))
_HEAD = re.compile(rb'\[(\d+),(\d+),"([a-z]+)",(null|"(?:[^"\\]|\\.)*"),.*\]\n')


def append(handle: int, record: Record) -> None:
    """Append one record by a single write to a file that was opened for appending."""
    os.write(handle, record.line())


def read_journal(path: Path) -> Iterator[Record]:
    """Yield the records of one journal; a last line that was cut off is left out."""
    with path.open("rb") as handle:
        for line in handle:
            if line.endswith(b"\n"):
                try:
                    yield Record(**dict(zip(_FACTS, json.loads(line), strict=True)))
                except (ValueError, TypeError):
                    continue


def read_heads(path: Path) -> Iterator[tuple[int, int, str, str | None]]:
    """Yield group, rank, status and reason of each whole line, without the values: several times as fast."""
    with path.open("rb") as handle:
        for line in handle:
            found = _HEAD.fullmatch(line)
            if found is not None:
                reason = None if found[4] == b"null" else json.loads(found[4])
                yield int(found[1]), int(found[2]), found[3].decode(), reason
