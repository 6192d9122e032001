"""A warehouse that is only read: what is computed on it becomes packets, for the warehouse at home."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.errors import HpowhError, UsageError
from hpowh.warehouse.output import durable
from hpowh.warehouse.packets.origin import origin_of
from hpowh.warehouse.packets.packet import Packet, Request, aside, identity, packet_name, write_packet
from hpowh.warehouse.store import Warehouse
from hpowh.warehouse.wording import plural

if TYPE_CHECKING:
    import duckdb

    from hpowh.warehouse.packets.parts import Part
    from hpowh.warehouse.results import AnalysisRun

ELSEWHERE = 0
"""Stands for an analysis run's number where it is in no warehouse: another part's, in a packet, or left to home."""
DONE = ".done"


@dataclass
class Tally:
    """What became of the analyses that a part met."""

    written: int = 0
    there: int = 0
    """Packets that were there already, of an earlier start of this part or of another."""
    of_others: int = 0
    stored: int = 0
    """Up to date in the copy itself."""
    left: int = 0
    """Rest on results of all parts: made by `hpowh collect`."""


class PacketWarehouse(Warehouse):
    """A warehouse whose analyses are shared out to parts; this part's results become packets in a folder.

    The analyses that are not up to date are dealt out in turn, in the order in which the jobs ask for them, which is
    the same for all parts of one copy.
    """

    keeps_results = False

    def __init__(
        self,
        path: str | Path | None,
        *,
        folder: Path,
        part: Part,
        wait: float = 0.0,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        """Name the copy that is read, the folder of packets (made if need be) and the part.

        Raises:
            NotAWarehouseError: there is no such copy.
            HpowhError: the folder cannot be made.
        """
        super().__init__(path, wait=wait, notify=notify)
        self.folder, self.part = folder, part
        self.tally = Tally()
        self.requests: list[Request] = []
        self._met: dict[tuple[Any, ...], int] = {}
        self._left: set[tuple[Any, ...]] = set()
        self._open: dict[tuple[Any, ...], str] = {}
        self._origin: dict[str, Any] | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HpowhError(f"--packets {folder}: the folder cannot be made: {error.strerror}.") from None

    @property
    def origin(self) -> dict[str, Any]:
        """Of which warehouse the copy is."""
        if self._origin is None:
            self._origin = origin_of(self)
        return self._origin

    def ask(self, request: Request) -> None:
        """Say what is asked next; packets name it, so that home can ask the same."""
        self.requests.append(request)

    def find_run(self, run: AnalysisRun) -> int | None:
        """Return None where this part has to make the analysis, else its number in the copy or `ELSEWHERE`."""
        stored = super().find_run(run)
        if stored is not None:
            self.tally.stored += 1
            return stored
        key = identity(run)
        if run.rests_on_results:
            self.tally.left += key not in self._left
            self._left.add(key)
            return ELSEWHERE
        is_met = key in self._met
        if not self.part.has(self._met.setdefault(key, len(self._met))):
            self.tally.of_others += not is_met
            return ELSEWHERE
        if (self.folder / packet_name(run, self.origin)).exists():
            self.tally.there += not is_met
            return ELSEWHERE
        self._open[key] = run.subject
        return None

    def save_runs(self, runs: Sequence[tuple[AnalysisRun, Mapping[str, Any]]], *, keep: int = 2) -> list[int]:
        """Write a packet for each analysis; return `ELSEWHERE` for each."""
        for run, tables in runs:
            packet = Packet(run=run, tables=tables, keep=keep, request=self.requests[-1], origin=self.origin)
            write_packet(self.folder, packet)
            self._open.pop(identity(run), None)
            self.tally.written += 1
        return [ELSEWHERE] * len(runs)

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Refuse: the copy is only read."""
        raise UsageError(f"With --packets {self.path} is only read.", "Leave --packets away to write into it.")
        yield

    def finish(self) -> str:
        """Note in the folder that this part has ended in order; return what became of it, in a sentence.

        Raises:
            HpowhError: the note cannot be written.
        """
        digest = Request("", tuple(str(request) for request in self.requests)).digest
        target = self.folder / f"{digest}.{self.part.number}-of-{self.part.count}{DONE}"
        head = {
            "requests": [[request.command, list(request.arguments)] for request in self.requests],
            "part": [self.part.number, self.part.count],
            "refused": sorted(self._open.values()),
            "origin": self.origin,
            "host": socket.gethostname(),
            "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        partial = aside(target)
        try:
            partial.write_text(json.dumps(head, indent=1) + "\n", encoding="utf-8")
            durable.replace(partial, target)
        except OSError as error:
            raise HpowhError(f"Cannot write {target}: {error.strerror or error}.") from None
        finally:
            durable.discard(partial)
        return self._said()

    def _said(self) -> str:
        tally = self.tally
        facts = [
            (tally.there, "there already"),
            (tally.of_others, "for other parts"),
            (tally.stored, "up to date in the copy"),
            (tally.left, "left to hpowh collect"),
        ]
        more = "".join(f"; {count:,} {text}" for count, text in facts if count)
        return f"Part {self.part}: {plural(tally.written, 'packet')} written to {self.folder}{more}."
