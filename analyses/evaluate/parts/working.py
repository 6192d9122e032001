"""One part of a plan at work: its share of the chunks, then those of others, as long as there are any and time."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from hpowh.analyses.evaluate.forecast import Forecast
from hpowh.analyses.evaluate.parts.board import ALONE, PART, FolderBoard, Heartbeat, new_key, role_prefix
from hpowh.analyses.evaluate.parts.chunks import ChunkTable, make_chunks
from hpowh.analyses.evaluate.parts.probing import forecast_of
from hpowh.analyses.evaluate.parts.pulse import Pulse
from hpowh.analyses.evaluate.parts.sharing import NOBODY, Shares
from hpowh.analyses.evaluate.plan import Plan
from hpowh.analyses.evaluate.session import Limits, Piece, Session
from hpowh.analyses.evaluate.storing.bitmaps import Done
from hpowh.analyses.evaluate.storing.files import sync
from hpowh.analyses.evaluate.storing.folder import RunFolder
from hpowh.analyses.evaluate.storing.journal import read_heads

PIECE_SECONDS = 0.3
MOST_UNITS = 256
LONGEST_WAIT = 180.0
"""Seconds that an idle part waits to see whether others that hold chunks are dead."""
GRACE = 10.0
"""Seconds before the time limit from which nothing more is handed out, at most a tenth of the limit."""
WHY_DONE, WHY_LIMIT, WHY_SIGNAL = "done", "limit", "signal"


@dataclass(kw_only=True)
class PartState:
    """How far one part is."""

    done: int
    """Units that it finished, without those that it measured first."""
    share: int
    """Units of its own share that were not done when it began."""
    remaining_seconds: float | None
    statuses: Counter[str]
    resumed: int
    """Units of the whole plan that were done, as far as this part knows, when it began."""
    measured: int = 0
    """Units that it did before there were chunks, for the forecast that all parts share."""
    helped: int = 0
    """Chunks that it took from others' shares."""
    why: str = WHY_DONE
    """Why it ended: `done`, `limit` or `signal`."""


class PartSupply:
    """The units of one chunk after the other, as `sharing` chooses them."""

    def __init__(self, folder: RunFolder, shares: Shares, board: FolderBoard, done: Done, workers: int) -> None:
        self.folder, self.shares, self.board, self.done = folder, shares, board, done
        self.table: ChunkTable = shares.table
        self.resumed = len(done)
        self.statuses: Counter[str] = Counter()
        self.journals: Callable[[], list[Any]] = list
        """The journals that a chunk's lines may be in."""
        self._returned: deque[Piece] = deque()
        self._current: tuple[int, int, Iterator[int]] | None = None
        self._open: dict[int, int] = {}
        """Chunk -> units that were handed out, or will be, and are not finished."""
        self._chunk_of: dict[tuple[int, int], int] = {}
        self._waited_since: float | None = None
        self._own = frozenset(shares.share())
        left = self._left_of_share()
        self.share = sum(left.values())
        groups = range(len(self.table.counts))
        self.forecast = Forecast({group: done.layout.kind(group) for group in groups}, left, workers)

    def _left_of_share(self) -> dict[int, int]:
        """Return how many units of each group are this part's and not done; note all chunks that are."""
        sizes = self.done.layout.sizes
        left = dict.fromkeys(range(len(sizes)), 0)
        whole = []
        for chunk in range(len(self.table)):
            group = self.table.group_of(chunk)
            is_own = chunk in self._own
            if not self.done.counts[group] and not is_own:
                continue
            is_over = self.done.counts[group] == sizes[group]
            count = 0 if is_over else len(self.done.missing(*self.table.units(chunk)))
            left[group] += count if is_own else 0
            whole += [] if count else [chunk]
        self.shares.finished_before(whole)
        return left

    def state(self) -> PartState:
        """Return how far the part is."""
        return PartState(
            done=sum(self.statuses.values()),
            share=self.share,
            remaining_seconds=self.forecast.seconds(),
            statuses=self.statuses,
            resumed=self.resumed,
            helped=self.shares.helped,
        )

    def take(self) -> Piece | float:
        """Return a piece of the chunk at hand, or of the next one; or how long to wait."""
        if self._returned:
            return self._returned.popleft()
        while True:
            if self._current is not None:
                chunk, group, pending = self._current
                ranks = deque(islice(pending, self.forecast.units_in(group, PIECE_SECONDS, MOST_UNITS)))
                if ranks:
                    self._chunk_of.update(dict.fromkeys(((group, rank) for rank in ranks), chunk))
                    return group, ranks
                self._current = None
            choice = self.shares.next()
            if choice.chunk is None:
                return self._wait(choice.wait)
            self._waited_since = None
            self._open_chunk(choice.chunk, choice.before)

    def _wait(self, seconds: float) -> float:
        """Return how long to wait before asking again: not for ever, whatever others have left behind."""
        if not seconds:
            return 0.0
        now = self.board.now()
        self._waited_since = now if self._waited_since is None else self._waited_since
        return seconds if now - self._waited_since < LONGEST_WAIT else 0.0

    def _open_chunk(self, chunk: int, before: int) -> None:
        if before != NOBODY:
            note_journals(self.done, self.folder, self.board.key_of(before))
        group, ranks = self.table.units(chunk)
        pending = self.done.missing(group, ranks)
        if not pending:
            self.shares.finished(chunk)
            return
        if chunk not in self._own:
            self.forecast.expect(group, len(pending))
        self._open[chunk] = len(pending)
        self._current = (chunk, group, iter(pending))

    def give_back(self, group: int, ranks: deque[int]) -> None:
        """Take back a piece."""
        self._returned.append((group, ranks))

    def finished(self, group: int, rank: int, status: str, seconds: float) -> None:
        """Count a unit; the last of a chunk finishes it, after what was journalled has reached the disk."""
        self.done.add(group, rank)
        self.statuses[status] += 1
        self.forecast.add(group, seconds)
        chunk = self._chunk_of.pop((group, rank))
        self._open[chunk] -= 1
        if not self._open[chunk]:
            del self._open[chunk]
            for journal in self.journals():
                sync(journal)
            self.shares.finished(chunk)


def note_journals(done: Done, folder: RunFolder, prefix: str) -> None:
    """Add to `done` what the journals whose names begin so hold."""
    for journal in sorted(folder.journals.glob(f"{prefix}-*.jsonl")):
        for group, rank, *_ in read_heads(journal):
            done.add(group, rank)


@dataclass
class Alarm:
    """Whether a signal asked this process to end."""

    was_raised: bool = False
    session: Session | None = field(default=None, repr=False)

    def raise_it(self, *_: object) -> None:
        """Hand out nothing more."""
        self.was_raised = True
        if self.session is not None:
            self.session.stop_soon(GRACE)


@contextmanager
def heeding_terminate(alarm: Alarm) -> Iterator[None]:
    """End in order on SIGTERM meanwhile, as schedulers send it some time before SIGKILL."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, alarm.raise_it)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run_part(
    plan: Plan,
    folder: RunFolder,
    limits: Limits,
    index: int,
    parts: int,
    *,
    time_limit: float | None = None,
    began: float | None = None,
    progress: Callable[[PartState], None] = lambda _: None,
    notify: Callable[[str], None] = lambda _: None,
) -> PartState:
    """Evaluate one part's share of a plan and help the others; journals only, no shard is written.

    Args:
        index: which part, from 0.
        time_limit: seconds after `began` at which it ends in order.
        began: when the process began, on the monotonic clock; by default now.

    Raises:
        SpecError: `hpowh evaluate` without --part works in the folder, or the workers cannot start.
    """
    began = time.monotonic() if began is None else began
    heart = Heartbeat(key=new_key(PART, index, parts), role=PART, part=index + 1, of=parts, jobs=limits.workers)
    alarm = Alarm()
    hard = None if time_limit is None else began + time_limit
    soft = None if hard is None or time_limit is None else hard - min(GRACE, time_limit / 10)
    with heeding_terminate(alarm), Pulse(folder.path, heart, notify) as pulse:
        layout = plan.layout
        done = folder.done(layout)
        for prefix in (role_prefix(PART, index, parts), ALONE):
            note_journals(done, folder, prefix)
        known = len(done)
        until = min(value for value in (soft, float("inf")) if value is not None)
        means = forecast_of(plan, folder, limits, done, heart.key, until=until, alarm=alarm)
        board = FolderBoard(pulse.roster, heart, (table := make_chunks(layout, means)).name)
        shares = Shares(table=table, index=index, parts=parts, board=board, seed=hash(heart.key))
        supply = PartSupply(folder, shares, board, done, limits.workers)
        measured = len(done) - known
        session = Session(plan, folder, limits, supply, heart.key)
        supply.journals = session.journals
        session.soft, session.hard = soft, hard
        alarm.session = session

        def tell() -> None:
            pulse.update(supply.statuses, supply.forecast)
            progress(supply.state())

        try:
            if not alarm.was_raised and not session.is_stopping:
                session.work(limits.workers, tell)
        finally:
            session.stop()
            board.close()
            pulse.update(supply.statuses, supply.forecast)
            why = WHY_SIGNAL if alarm.was_raised else WHY_LIMIT if session.is_stopping else WHY_DONE
            pulse.end("ended" if why == WHY_DONE else "stopped")
        state = supply.state()
        state.why, state.measured = why, measured
        return state
