"""How far the parts of a folder are: read only, at any time, while they work."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from hpowh.analyses.evaluate.parts.board import BEAT, PART, Heartbeat, Roster, is_gone, spent_by_kind
from hpowh.analyses.evaluate.parts.probing import read_forecast
from hpowh.analyses.evaluate.progress import duration
from hpowh.analyses.evaluate.storing.bitmaps import Done, seconds_left
from hpowh.analyses.evaluate.storing.folder import RunFolder
from hpowh.analyses.evaluate.storing.journal import read_heads
from hpowh.analyses.evaluate.storing.layout import read_layout

QUIET = 4 * BEAT
"""Seconds without a heartbeat, by this machine's clock, after which a part is called silent."""
MOST_NAMES = 5


@dataclass(kw_only=True)
class Status:
    """How far a folder of evaluations is."""

    units: int
    done: int
    """Units that shards or journals hold."""
    collected: int
    """Those of them that shards hold."""
    failed: Counter[str] = field(default_factory=Counter)
    """Status -> units, of what has not been collected."""
    reason: str | None = None
    """Why most of those failed."""
    working: list[Heartbeat] = field(default_factory=list)
    silent: list[Heartbeat] = field(default_factory=list)
    """Neither ended nor heard of for a while: killed, or cut off."""
    ended: list[Heartbeat] = field(default_factory=list)
    stopped: list[Heartbeat] = field(default_factory=list)
    """Ended in order because their time was up."""
    seconds: float | None = None
    """Seconds of work that are left, for one process."""

    @property
    def processes(self) -> int:
        """Worker processes of the parts that work."""
        return sum(heart.jobs for heart in self.working)

    def lines(self, folder: Path) -> list[str]:
        """Return the status as sentences."""
        share = f"{100 * self.done / self.units:.1f} %" if self.units else "100 %"
        if self.done < self.units and share == "100.0 %":
            share = "99.9 %"
        found = [
            f"{folder}: {self.done:,} of {self.units:,} units done ({share}), {self.collected:,} of them collected."
        ]
        if self.failed:
            many = ", ".join(f"{count:,} {status}" for status, count in sorted(self.failed.items()))
            found.append(f"Not collected yet and not measured: {many}. Mostly: {self.reason}")
        counts = (
            (self.working, "at work"), (self.ended, "ended"), (self.stopped, "stopped for their time was up"),
            (self.silent, "silent"),
        )  # fmt: skip
        found.append(
            "Parts: " + ", ".join(f"{len(some):,} {what}" for some, what in counts if some or what == "at work") + "."
        )
        for heart in self.silent[:MOST_NAMES]:
            since = duration(max(0.0, time.time() - heart.written))
            found.append(f"  part {heart.part}/{heart.of} on {heart.host} was last heard of {since} ago.")
        if len(self.silent) > MOST_NAMES:
            found.append(f"  and {len(self.silent) - MOST_NAMES:,} more.")
        return [*found, self._outlook(folder)]

    def _outlook(self, folder: Path) -> str:
        if self.done == self.units:
            home = "" if self.collected == self.units else f" Bring it home: hpowh collect {folder}"
            return f"Nothing is left to do.{home}"
        if self.seconds is None:
            return "How long it takes is not known yet: nothing has been measured."
        work = f"{self.seconds / 3600:,.1f} hours of one process" if self.seconds >= 5400 else duration(self.seconds)
        if not self.processes:
            return f"Left: {work}, and nobody is at work. Start the parts again; what is done stays done."
        plural = "the one process at work" if self.processes == 1 else f"the {self.processes:,} processes at work"
        each = duration(self.seconds / self.processes)
        return f"Left: {work}; about {each} with {plural}."


def status_of(path: Path) -> Status:
    """Return how far a folder of evaluations is.

    Raises:
        SpecError: it is no such folder.
    """
    layout, folder = read_layout(path), RunFolder(path)
    done = folder.done(layout)
    status = Status(units=layout.unit_count, done=0, collected=len(done))
    reasons: Counter[str] = Counter()
    for journal in folder.journal_paths():
        _count(journal, done, status, reasons)
    status.done = len(done)
    status.reason = reasons.most_common(1)[0][0] if reasons else None
    roster, now = Roster(path), time.time()
    hearts = roster.all()
    for heart in hearts:
        if heart.role == PART:
            age = now - heart.written
            is_silent = is_gone(heart) or age > QUIET
            over = {"ended": status.ended, "stopped": status.stopped}.get(heart.state)
            where = over if over is not None else status.silent if is_silent else status.working
            where.append(heart)
    status.seconds = seconds_left(done, {**(read_forecast(folder) or {}), **spent_by_kind(hearts)})
    return status


def _count(journal: Path, done: Done, status: Status, reasons: Counter[str]) -> None:
    try:
        for group, rank, what, reason in read_heads(journal):
            if done.add(group, rank) and what != "ok":
                status.failed[what] += 1
                reasons[reason or what] += 1
    except FileNotFoundError:  # collected meanwhile
        return
