"""Run a plan in worker processes: hand out chunks, watch the clock, survive what a model does to its process."""

from __future__ import annotations

import fcntl
import os
import random
import signal
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import IO, Any

from hpowh.analyses.evaluate.errors import SpecError
from hpowh.analyses.evaluate.forecast import Forecast
from hpowh.analyses.evaluate.journal import Record, RunFolder, Unit, append, read_journal
from hpowh.analyses.evaluate.plan import Plan
from hpowh.analyses.evaluate.worker import Job, work

CHUNK_SECONDS = 0.3
MOST_UNITS = 256
TICK = 0.2
ORPHAN_WAIT = 60.0
START_WAIT = 120.0
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@dataclass(frozen=True)
class Limits:
    """What one unit may take, and how many processes work; none of it changes a number."""

    workers: int
    timeout: float | None = None
    """Seconds for one fold of one configuration with all its fidelities."""
    memory: float | None = None
    """Megabytes that a worker may grow by."""
    paths: tuple[str, ...] = ()
    """Where a model's module may lie beside those installed."""


@dataclass
class Progress:
    """How far a run is."""

    done: int
    total: int
    remaining_seconds: float | None
    statuses: Counter[str] = field(default_factory=Counter)
    """What became of the units of this session."""
    resumed: int = 0
    """Units that were there before this session, in shards or in journals."""


@dataclass(kw_only=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    journal: Path
    group: int = -1
    ranks: deque[int] = field(default_factory=deque)
    since: float = 0.0
    is_ready: bool = False


def run(
    plan: Plan,
    folder: RunFolder,
    limits: Limits,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Progress:
    """Evaluate every unit of the plan that the folder does not hold yet, and move all of them into its shards.

    Interrupted (KeyboardInterrupt), it stops the workers, keeps what is finished, and raises on.

    Raises:
        SpecError: another process evaluates into this folder, or the workers cannot start.
    """
    with _alone(folder.path):
        done = folder.done()
        folder.compact(plan, done)
        session = _Session(plan, folder, limits, done, progress)
        try:
            session.work()
        finally:
            session.stop()
            folder.compact(plan, session.done)
        if len(session.done) != plan.unit_count:
            missing = plan.unit_count - len(session.done)
            raise SpecError(f"{missing:,} units are missing from {folder.path}.", "Run the same command again.")
        return session.state()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the folder; wait until workers that a killed process left behind have gone."""
    with (path / "lock").open("a") as lock, (path / "workers.lock").open("a") as left:
        if not _try_lock(lock):
            raise SpecError(f"Another process evaluates into {path}.", "Wait for it, or name another folder: --to DIR")
        until = time.monotonic() + ORPHAN_WAIT
        while not _try_lock(left):
            if time.monotonic() > until:
                raise SpecError(
                    f"A worker of an earlier run still holds {path}.", "End that process, or name another: --to DIR"
                )
            time.sleep(TICK)
        fcntl.flock(left, fcntl.LOCK_UN)
        yield


def _try_lock(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


class _Session:
    """The state of one run: queues, workers, what is done."""

    def __init__(
        self, plan: Plan, folder: RunFolder, limits: Limits, done: set[Unit], progress: Callable[[Progress], None]
    ) -> None:
        self.plan, self.folder, self.limits, self.done, self.tell = plan, folder, limits, done, progress
        self.groups = plan.groups
        self.returned: deque[tuple[int, deque[int]]] = deque()
        self.queues = [(number, self._pending(number)) for number in range(len(self.groups))]
        # All groups advance together, so that the forecast knows each of them early.
        random.Random(0).shuffle(self.queues)
        self.turn: deque[tuple[int, Iterator[int]]] = deque(self.queues)
        self.statuses: Counter[str] = Counter()
        self.resumed = len(done)
        there = Counter(number for number, _ in done)
        counts = {n: len(plan.models[g.model].ranks) - there[n] for n, g in enumerate(self.groups)}
        self.forecast = Forecast({n: (g.model, g.data) for n, g in enumerate(self.groups)}, counts, limits.workers)
        self.workers: list[_Worker] = []
        self.own: int | None = None
        self.started = 0

    def _pending(self, number: int) -> Iterator[int]:
        ranks = self.plan.models[self.groups[number].model].ranks
        return (rank for rank in ranks if (number, rank) not in self.done)

    def state(self) -> Progress:
        """Return how far the run is."""
        return Progress(len(self.done), self.plan.unit_count, self.forecast.seconds(), self.statuses, self.resumed)

    def work(self) -> None:
        """Work until nothing is left."""
        self.tell(self.state())
        count = min(self.limits.workers, self.plan.unit_count - len(self.done))
        for _ in range(count):
            self._start()
        while self.workers:
            ready = wait([worker.pipe for worker in self.workers], timeout=TICK)
            for worker in list(self.workers):
                if worker.pipe in ready:
                    self._listen(worker)
            self._watch_clocks()
            self.tell(self.state())

    def stop(self) -> None:
        """End all workers; what they have journalled counts."""
        for worker in self.workers:
            worker.process.kill()
        for worker in self.workers:
            worker.process.join()
            worker.pipe.close()
        self.workers.clear()
        if self.own is not None:
            os.close(self.own)
            self.own = None
        # The journals are read by compact(), which decides what is done.
        self.done = self.folder.done()

    def _start(self) -> None:
        context = get_context("spawn")
        self.started += 1
        journal = self.folder.journals / f"{time.time_ns()}-{os.getpid()}-{self.started}.jsonl"
        job = Job(
            plan=self.plan,
            folder=self.folder.path,
            journal=journal,
            memory=self.limits.memory,
            paths=self.limits.paths,
            parent=os.getpid(),
        )
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(job, theirs), daemon=True)
        with _one_thread_each():
            process.start()
        theirs.close()
        self.workers.append(_Worker(process=process, pipe=ours, journal=journal, since=time.monotonic()))

    def _listen(self, worker: _Worker) -> None:
        """Take what a worker has to say, and give it more to do."""
        try:
            while worker.pipe.poll():
                message = worker.pipe.recv()
                if message == "ready":
                    worker.is_ready = True
                else:
                    self._finished(worker, message)
        except (EOFError, OSError):
            self._lost(worker, None)
            return
        if worker.is_ready and not worker.ranks:
            self._give(worker)

    def _finished(self, worker: _Worker, message: tuple[int, int, str, str | None]) -> None:
        group, rank, status, _ = message
        now = time.monotonic()
        worker.ranks.popleft()
        self._count(group, rank, status, now - worker.since)
        worker.since = now

    def _count(self, group: int, rank: int, status: str, seconds: float) -> None:
        self.done.add((group, rank))
        self.statuses[status] += 1
        self.forecast.add(group, seconds)

    def _give(self, worker: _Worker) -> None:
        group, ranks = self._next_chunk()
        if not ranks:
            worker.pipe.close()
            worker.process.join()
            self.workers.remove(worker)
            return
        worker.group, worker.ranks, worker.since = group, ranks, time.monotonic()
        try:
            worker.pipe.send((group, list(ranks)))
        except OSError:
            self._lost(worker, None)

    def _next_chunk(self) -> tuple[int, deque[int]]:
        if self.returned:
            return self.returned.popleft()
        while self.turn:
            number, pending = self.turn[0]
            self.turn.rotate(-1)
            wanted = self.forecast.units_in(number, CHUNK_SECONDS, MOST_UNITS)
            ranks = deque(islice(pending, wanted))
            if ranks:
                return number, ranks
            self.turn.pop()  # rotated to the end, and empty
        return -1, deque()

    def _watch_clocks(self) -> None:
        now = time.monotonic()
        for worker in list(self.workers):
            if not worker.is_ready and now - worker.since > START_WAIT:
                raise SpecError("A worker process does not start.", "Is the machine out of memory?")
            if worker.ranks and self.limits.timeout is not None and now - worker.since > self.limits.timeout:
                worker.process.kill()
                self._lost(worker, "timeout")

    def _lost(self, worker: _Worker, cause: str | None) -> None:
        """A worker has ended: its journal says what it finished; the unit it was at is to blame, the rest go back."""
        worker.process.join()
        worker.pipe.close()
        self.workers.remove(worker)
        if not worker.is_ready:
            raise SpecError(
                f"A worker process ended while it started ({_how(worker.process)}).",
                'Its message stands above; a script that evaluates needs: if __name__ == "__main__":',
            )
        written = list(read_journal(worker.journal)) if worker.journal.is_file() else []
        by_unit = {(record.group, record.rank): record for record in written}
        while worker.ranks and (worker.group, worker.ranks[0]) in by_unit:
            record = by_unit[worker.group, worker.ranks[0]]
            self._count(record.group, worker.ranks.popleft(), record.status, 0.0)
        if worker.ranks:
            self._blame(worker, cause)
        if worker.ranks:
            self.returned.append((worker.group, worker.ranks))
        self._start()

    def _blame(self, worker: _Worker, cause: str | None) -> None:
        rank = worker.ranks.popleft()
        if cause == "timeout":
            status, reason = cause, f"took longer than {self.limits.timeout:g} s"
        elif worker.process.exitcode == -signal.SIGKILL:
            status, reason = "memory", "the process was killed by the system, as it does when memory runs out"
        else:
            status, reason = "failed", f"the model ended its process ({_how(worker.process)})"
        if self.own is None:
            path = self.folder.journals / f"{time.time_ns()}-{os.getpid()}-0.jsonl"
            self.own = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        append(self.own, Record(group=worker.group, rank=rank, status=status, reason=reason, seconds=[], values=[]))
        self._count(worker.group, rank, status, time.monotonic() - worker.since)


def _how(process: BaseProcess) -> str:
    code = process.exitcode
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let a process that is started in here use one thread: there are as many processes as cores."""
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


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
            draft = final.with_suffix(f".{os.getpid()}.tmp")
            with draft.open("wb") as handle:
                np.save(handle, array)
            draft.replace(final)
