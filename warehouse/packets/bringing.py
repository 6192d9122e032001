"""Bring packets home: what they hold becomes rows of the warehouse, in one process, any number of times."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.packets.origin import is_of
from hpowh.warehouse.packets.packet import ENDING, Packet, PacketError, Request, identity, read_packet
from hpowh.warehouse.packets.store import DONE

if TYPE_CHECKING:
    from hpowh.warehouse.results import AnalysisRun
    from hpowh.warehouse.store import Warehouse

Planned = Callable[[Request], Sequence["AnalysisRun"]]
"""What a command would compute in the warehouse at home as it is now."""
BATCH = 64 << 20
"""Bytes of packets that are stored by one transaction."""


@dataclass(kw_only=True)
class Brought:
    """What became of the packets of a folder."""

    stored: int = 0
    known: int = 0
    """Their analyses are in the warehouse already."""
    stale: list[Packet] = field(default_factory=list)
    """The warehouse has other data by now: a run would give something else."""
    outdated: list[Packet] = field(default_factory=list)
    """Of the same data, but the command would ask something else by now, such as of another model that was fitted."""
    foreign: list[Packet] = field(default_factory=list)
    """Of another warehouse, or of a copy in which ids mean something else."""
    damaged: list[str] = field(default_factory=list)
    home: list[Path] = field(default_factory=list)
    """Files whose analyses are in the warehouse now."""


def packets_of(folder: Path) -> list[Path]:
    """Return the packets below a folder, by name."""
    return sorted(path for path in folder.rglob(f"*{ENDING}") if not path.name.startswith("."))


def holds_packets(folder: Path) -> bool:
    """Return whether parts of an analysis left anything below a folder."""
    return any(True for ending in (ENDING, DONE) for _ in folder.rglob(f"*{ending}"))


def bring_home(
    home: Warehouse, paths: Iterable[Path], planned: Planned, turn: Callable[[Request], int] = lambda _: 0
) -> Brought:
    """Store the packets whose analyses the warehouse lacks, in the order in which it would have made them itself.

    A packet is taken where the same command, asked of the warehouse at home, would make just this analysis: the same
    job, version, parameters, seed, and the same input. So nothing that is out of date gets in.

    Args:
        turn: requests of a lower number are stored before the others are planned, whatever came home first: what these
            ask may hang on what those found.

    Raises:
        WarehouseLockedError: another process has the warehouse open.
    """
    found, fresh, same = Brought(), dict[tuple[Any, ...], tuple[Packet, Path]](), dict[str, bool]()
    for path in paths:
        try:
            packet = read_packet(path, has_tables=False)
        except PacketError as error:
            found.damaged.append(str(error))
            continue
        text = json.dumps(packet.origin, sort_keys=True)
        if text not in same:
            same[text] = is_of(home, packet.origin)
        if not same[text]:
            found.foreign.append(packet)
        elif home.find_run(packet.run) is not None:
            found.known += 1
            found.home.append(path)
        else:
            fresh[identity(packet.run)] = packet, path
    requests = dict.fromkeys(packet.request for packet, _ in fresh.values())
    inputs = set()
    for number in sorted({turn(request) for request in requests}):
        runs = [run for request in requests if turn(request) == number for run in planned(request)]
        inputs |= {_input(run) for run in runs}
        _store(home, [fresh.pop(key) for key in dict.fromkeys(map(identity, runs)) if key in fresh], found)
    for packet, _ in fresh.values():
        (found.outdated if _input(packet.run) in inputs else found.stale).append(packet)
    return found


def _input(run: AnalysisRun) -> tuple[Any, ...]:
    """Return what an analysis is of, and by which code, whatever is asked."""
    return (run.job, run.subject, run.job_version, run.input_fingerprint)


def _store(home: Warehouse, chosen: Sequence[tuple[Packet, Path]], found: Brought) -> None:
    """Store packets, some at a time; what is stored stays so where a later one is damaged, or the process is killed."""
    batch: list[tuple[Packet, Path]] = []
    size = 0

    def flush() -> None:
        if batch:
            home.save_runs([(packet.run, packet.tables) for packet, _ in batch], keep=batch[0][0].keep)
            found.stored += len(batch)
            found.home.extend(path for _, path in batch)
            batch.clear()

    for head, path in chosen:
        if batch and (head.keep != batch[0][0].keep or size > BATCH):
            flush()
            size = 0
        try:
            batch.append((read_packet(path), path))
            size += path.stat().st_size
        except PacketError as error:
            found.damaged.append(str(error))
    flush()


@dataclass(frozen=True)
class Ended:
    """What is known of the parts that answered the same requests on the same copy."""

    requests: tuple[Request, ...]
    count: int
    missing: tuple[int, ...]
    """Parts that have not ended in order."""
    refused: frozenset[str]
    """Subjects that the data do not allow to analyse."""
    origin: Mapping[str, Any]


def ended_parts(folder: Path) -> list[Ended]:
    """Return which parts have ended, for everything that was asked; of several numbers of parts the most complete."""
    known: dict[tuple[Any, ...], dict[int, Mapping[str, Any]]] = {}
    for path in sorted(folder.rglob(f"*{DONE}")):
        try:
            head = json.loads(path.read_text(encoding="utf-8"))
            requests = tuple(Request(command, tuple(arguments)) for command, arguments in head["requests"])
            number, count = head["part"]
            known.setdefault((requests, count), {})[int(number)] = head
        except (OSError, ValueError, KeyError, TypeError):
            continue  # no note of a part
    best: dict[tuple[Request, ...], Ended] = {}
    for (requests, count), heads in known.items():
        missing = tuple(number for number in range(1, count + 1) if number not in heads)
        refused = frozenset(subject for head in heads.values() for subject in head.get("refused", ()))
        ended = Ended(requests, count, missing, refused, next(iter(heads.values()))["origin"])
        if requests not in best or len(missing) < len(best[requests].missing):
            best[requests] = ended
    return list(best.values())
