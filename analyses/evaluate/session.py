"""Worker processes: hand out pieces, watch the clock, survive what a model does to its process."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Protocol

from hpowh.analyses.evaluate.errors import SpecError
from hpowh.analyses.evaluate.plan import Plan
from hpowh.analyses.evaluate.storing.folder import RunFolder
from hpowh.analyses.evaluate.storing.journal import Record, append, read_journal
from hpowh.analyses.evaluate.worker import Job, work

TICK = 0.2
START_WAIT = 120.0
KILL_WAIT = 1.0
"""Seconds before a killed worker's unit is blamed: who kills a whole job kills this process a moment later."""
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

Piece = tuple[int, deque[int]]
"""A group, and the ranks of its units that one worker does next."""


class Supply(Protocol):
    """Where the units come from."""

    def take(self) -> Piece | float:
        """Return what a worker does next; or seconds after which to ask again; 0.0: nothing is left."""

    def give_back(self, group: int, ranks: deque[int]) -> None:
        """Take back what a worker was given and has not done."""

    def finished(self, group: int, rank: int, status: str, seconds: float) -> None:
        """Note what became of a unit; it stands in a journal."""


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
    ask_at: float = 0.0
    """When it asks again for something to do, where there was nothing just then."""
    since: float = 0.0
    is_ready: bool = False


class Session:
    """Some workers and what they are at."""

    def __init__(
        self, plan: Plan, folder: RunFolder, limits: Limits, supply: Supply, key: str, *, first: int = 0
    ) -> None:
        """Take over what is to be done.

        Args:
            key: what the names of the journals begin with; no other process has it.
            first: where the numbers of its journals begin, if the process has more than one session.
        """
        self.first = self.started = first
        self.plan, self.folder, self.limits, self.supply, self.key = plan, folder, limits, supply, key
        self.workers: list[_Worker] = []
        self.own: int | None = None
        self.soft: float | None = None
        """From then on (monotonic clock) nothing more is handed out."""
        self.hard: float | None = None
        """Then what is still at work is ended, and not blamed."""

    @property
    def is_stopping(self) -> bool:
        """Whether nothing more is handed out."""
        return self.soft is not None and time.monotonic() >= self.soft

    def stop_soon(self, grace: float) -> None:
        """Hand out no more, and end in so many seconds what is still at work then."""
        now = time.monotonic()
        self.soft = min(now, self.soft or now)
        self.hard = min(now + grace, self.hard or now + grace)

    def work(self, count: int, tell: Callable[[], None]) -> None:
        """Work with so many processes until nothing is left, or as long as there is time.

        Args:
            tell: called a few times a second.
        """
        for _ in range(count):
            self._start()
        while self.workers:
            ready = wait([worker.pipe for worker in self.workers], timeout=TICK)
            for worker in list(self.workers):
                if worker.pipe in ready:
                    self._listen(worker)
                elif worker.is_ready and not worker.ranks and time.monotonic() >= worker.ask_at:
                    self._give(worker)
            if self.hard is not None and time.monotonic() >= self.hard:
                return
            self._watch_clocks()
            tell()

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

    def journals(self) -> list[Path]:
        """Return the journals that this session has written."""
        return sorted(self.folder.journals.glob(f"{self.key}-*.jsonl"))

    def _journal(self, number: int) -> Path:
        return self.folder.journals / f"{self.key}-{number:05d}.jsonl"

    def _start(self) -> None:
        context = get_context("spawn")
        self.started += 1
        journal = self._journal(self.started)
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
        self.supply.finished(group, rank, status, now - worker.since)
        worker.since = now

    def _give(self, worker: _Worker) -> None:
        piece = 0.0 if self.is_stopping else self.supply.take()
        if isinstance(piece, float):
            worker.ask_at = time.monotonic() + piece
            if not piece:
                worker.pipe.close()
                worker.process.join()
                self.workers.remove(worker)
            return
        group, ranks = piece
        worker.group, worker.ranks, worker.since = group, ranks, time.monotonic()
        try:
            worker.pipe.send((group, list(ranks)))
        except OSError:
            self._lost(worker, None)

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
        if not worker.is_ready and self.is_stopping:
            return
        if not worker.is_ready:
            raise SpecError(
                f"A worker process ended while it started ({_how(worker.process)}).",
                'Its message stands above; a script that evaluates needs: if __name__ == "__main__":',
            )
        written = list(read_journal(worker.journal)) if worker.journal.is_file() else []
        by_unit = {(record.group, record.rank): record for record in written}
        while worker.ranks and (worker.group, worker.ranks[0]) in by_unit:
            record = by_unit[worker.group, worker.ranks[0]]
            self.supply.finished(record.group, worker.ranks.popleft(), record.status, 0.0)
        if self.is_stopping:  # whoever ends this job may have ended the worker, too
            return
        if worker.ranks:
            self._blame(worker, cause)
        if worker.ranks:
            self.supply.give_back(worker.group, worker.ranks)
        self._start()

    def _blame(self, worker: _Worker, cause: str | None) -> None:
        rank = worker.ranks.popleft()
        if cause == "timeout":
            status, reason = cause, f"took longer than {self.limits.timeout:g} s"
        elif worker.process.exitcode == -signal.SIGKILL:
            time.sleep(KILL_WAIT)
            status, reason = "memory", "the process was killed by the system, as it does when memory runs out"
        else:
            status, reason = "failed", f"the model ended its process ({_how(worker.process)})"
        if self.own is None:
            self.own = os.open(self._journal(self.first), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        append(self.own, Record(group=worker.group, rank=rank, status=status, reason=reason, seconds=[], values=[]))
        self.supply.finished(worker.group, rank, status, time.monotonic() - worker.since)


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
