"""Run a plan on one machine: every unit that the folder does not hold yet, by worker processes."""

from __future__ import annotations

import errno
import fcntl
import os
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any

from hpowh.analyses.elsewhere.places import Place
from hpowh.analyses.evaluate.elsewhere.executing import ExecutorSession
from hpowh.analyses.evaluate.errors import SpecError
from hpowh.analyses.evaluate.forecast import Forecast
from hpowh.analyses.evaluate.parts.board import ALONE, Heartbeat, new_key
from hpowh.analyses.evaluate.parts.collecting import Collector
from hpowh.analyses.evaluate.parts.pulse import Pulse
from hpowh.analyses.evaluate.plan import Plan
from hpowh.analyses.evaluate.session import Limits, Piece, Progress, Session
from hpowh.analyses.evaluate.storing.bitmaps import Done
from hpowh.analyses.evaluate.storing.files import draft_of
from hpowh.analyses.evaluate.storing.folder import RunFolder

CHUNK_SECONDS = 0.3
TRAVEL_SECONDS = 2.0
"""How long a piece takes that travels to another machine."""
MOST_UNITS = 256
TICK = 0.2
ORPHAN_WAIT = 60.0


def run(
    plan: Plan,
    folder: RunFolder,
    limits: Limits,
    progress: Callable[[Progress], None] = lambda _: None,
    on: Place | None = None,
) -> Progress:
    """Evaluate every unit of the plan that the folder does not hold yet, and move all of them into its shards.

    Interrupted (KeyboardInterrupt), it stops the workers, keeps what is finished, and raises on.

    Args:
        on: somebody else's workers; None: processes of one's own.

    Raises:
        SpecError: another process evaluates into this folder, or the workers cannot start.
    """
    heart = Heartbeat(key=new_key(ALONE), role=ALONE, jobs=limits.workers)
    with _alone(folder.path), Pulse(folder.path, heart) as pulse:
        collector = Collector(folder, plan.layout, pulse.roster, heart.key)
        collector.collect()
        width = limits.workers if on is None else on.width()
        supply = GroupSupply(plan, collector.done, width, CHUNK_SECONDS if on is None else TRAVEL_SECONDS)
        own = Session(plan, folder, limits, supply, heart.key)
        away = ExecutorSession(plan, folder, limits.paths, supply, heart.key) if on is not None else None

        def tell() -> None:
            pulse.update(supply.statuses, supply.forecast)
            progress(supply.state())

        try:
            progress(supply.state())
            if on is not None and away is not None:
                away.work(on, tell)
            else:
                own.work(min(limits.workers, plan.unit_count - len(supply.done)), tell)
        finally:
            (own if away is None else away).stop()
            pulse.end()
            collector.collect()
        missing = plan.unit_count - len(collector.done)
        if missing:
            raise SpecError(f"{missing:,} units are missing from {folder.path}.", "Run the same command again.")
        return supply.state()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the folder; wait until workers that a killed process left behind have gone."""
    with (path / "lock").open("a") as lock, (path / "workers.lock").open("a") as left:
        if not _try_lock(lock):
            raise SpecError(f"Another process evaluates into {path}.", "Wait for it, or name another folder: --out DIR")
        until = time.monotonic() + ORPHAN_WAIT
        while not _try_lock(left):
            if time.monotonic() > until:
                raise SpecError(
                    f"A worker of an earlier run still holds {path}.", "End that process, or name another: --out DIR"
                )
            time.sleep(TICK)
        left.close()
        yield


def _try_lock(handle: IO[str]) -> bool:
    """Take a lock; where the file system knows none, heartbeats alone tell who else works here."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
    return True


class GroupSupply:
    """All units that are not done, all groups advancing together."""

    def __init__(self, plan: Plan, done: Done, workers: int, piece: float = CHUNK_SECONDS) -> None:
        self.done = done
        self._piece = piece
        self.total = plan.unit_count
        self.resumed = len(done)
        self.statuses: Counter[str] = Counter()
        self._returned: deque[Piece] = deque()
        layout = done.layout
        groups = range(len(layout.groups))
        turn = [(number, done.left(number, layout.ranks_of(number))) for number in groups]
        # All groups advance together, so that the forecast knows each of them early.
        random.Random(0).shuffle(turn)
        self._turn: deque[tuple[int, Iterator[int]]] = deque(turn)
        left = {number: size - done.counts[number] for number, size in enumerate(layout.sizes)}
        self.forecast = Forecast({number: layout.kind(number) for number in groups}, left, workers)

    def state(self) -> Progress:
        """Return how far the run is."""
        return Progress(len(self.done), self.total, self.forecast.seconds(), self.statuses, self.resumed)

    def take(self) -> Piece | float:
        """Return a piece of the next group that has one."""
        if self._returned:
            return self._returned.popleft()
        while self._turn:
            number, pending = self._turn[0]
            self._turn.rotate(-1)
            ranks = deque(islice(pending, self.forecast.units_in(number, self._piece, MOST_UNITS)))
            if ranks:
                return number, ranks
            self._turn.pop()  # rotated to the end, and empty
        return 0.0

    def give_back(self, group: int, ranks: deque[int]) -> None:
        """Take back a piece."""
        self._returned.append((group, ranks))

    def finished(self, group: int, rank: int, status: str, seconds: float) -> None:
        """Count a unit."""
        self.done.add(group, rank)
        self.statuses[status] += 1
        self.forecast.add(group, seconds)


def worker_count(wanted: int) -> int:
    """Return how many processes to use: `wanted`, or for 0 one a core."""
    return wanted or len(os.sched_getaffinity(0))


def default_memory(workers: int) -> float | None:
    """Return the megabytes that each worker may grow by where the spec says nothing: its part of 80 % of the memory."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None
    return 0.8 * total / 2**20 / workers


def store_data(folder: Path, arrays: Sequence[tuple[Any, Any]]) -> None:
    """Write the arrays of the data sets where the workers map them into memory."""
    import numpy as np

    from hpowh.analyses.evaluate.worker import data_path

    (folder / "data").mkdir(exist_ok=True)
    for number, (features, target) in enumerate(arrays):
        for what, array in (("features", features), ("target", target)):
            final = data_path(folder, number, what)
            if final.exists():  # whole, and of this plan, whose hash has that of the data
                continue
            draft = draft_of(final)
            with draft.open("wb") as handle:
                np.save(handle, array)
            draft.replace(final)
