"""Work on somebody else's executor: Dask's, a pool of processes, anything that is a `concurrent.futures.Executor`.

Pieces travel to wherever the executor has its workers, lines of a journal travel back and are stored as they come. The
workers see the run folder (its `data/`) under the same path.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from hpowh.analyses.elsewhere.places import Place, answers, is_lost_worker
from hpowh.analyses.evaluate.errors import SpecError
from hpowh.analyses.evaluate.plan import Plan
from hpowh.analyses.evaluate.session import Supply
from hpowh.analyses.evaluate.storing.folder import RunFolder
from hpowh.analyses.evaluate.storing.journal import Record, append
from hpowh.analyses.evaluate.worker import Evaluator, data_path

AHEAD = 2
"""Pieces for each worker, so that none waits for the next."""
TRIES = 2
"""So often a unit may cost its worker before it is recorded as failed."""
TICK = 1.0
_here = threading.local()

Done = tuple[Record, float]
"""What became of a unit, and the seconds that it took."""


class UnseenFolderError(Exception):
    """A worker does not see the run folder."""


def evaluate_piece(plan: Plan, folder: str, paths: tuple[str, ...], group: int, ranks: list[int]) -> list[Done]:
    """Evaluate units of one group in this process; what an executor's worker is asked to do.

    Raises:
        UnseenFolderError: the run folder is not to be seen from here.
    """
    import sys

    from sklearn import config_context

    if not data_path(Path(folder), plan.groups[group].data, "features").is_file():
        raise UnseenFolderError(folder)
    sys.path[:0] = [path for path in paths if path not in sys.path]
    key = (folder, plan.name, plan.digests)
    if getattr(_here, "key", None) != key:
        _here.key, _here.evaluator = key, Evaluator(plan, Path(folder))
    found = []
    with config_context(assume_finite=True):  # the data were checked once
        for rank in ranks:
            began = time.monotonic()
            record = _here.evaluator.evaluate(group, rank)
            found.append((record, time.monotonic() - began))
    return found


class ExecutorSession:
    """Pieces in flight on an executor."""

    def __init__(self, plan: Plan, folder: RunFolder, paths: tuple[str, ...], supply: Supply, key: str) -> None:
        # The ranks are not needed to evaluate one; without them the plan is small, however many there are.
        models = tuple(replace(model, ranks=range(0)) for model in plan.models)
        self._plan = replace(plan, models=models)
        self._folder, self._paths, self._supply = folder, paths, supply
        self._flying: dict[Future[list[Done]], tuple[int, deque[int]]] = {}
        self._suspects: deque[tuple[int, int]] = deque()
        """Units that were on their way when a worker was lost: tried one at a time."""
        self._tries: Counter[tuple[int, int]] = Counter()
        path = folder.journals / f"{key}-00001.jsonl"
        self._journal = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def work(self, place: Place, tell: Callable[[], None]) -> None:
        """Work until nothing is left.

        Args:
            tell: called whenever something has come back, and every second.

        Raises:
            SpecError: the workers do not see the folder, or the executor is of no use.
        """
        executor, breaks = place.make(), 0
        while True:
            self._send(executor, place.width())
            if not self._flying:
                return
            came, _ = wait(self._flying, timeout=TICK, return_when=FIRST_COMPLETED)
            is_broken = False
            for future in came:
                is_broken = self._come(future, executor) or is_broken
            if is_broken:
                breaks += 1
                for future, (group, ranks) in self._flying.items():
                    future.cancel()
                    self._suspects.extend((group, rank) for rank in ranks)
                self._flying.clear()
                executor = self._again(place, executor)
            tell()

    def _again(self, place: Place, broken: Executor) -> Executor:
        fresh = place.make()
        if fresh is broken:
            raise SpecError("The executor has broken; what was finished is stored.", "Make another and go on.")
        return fresh

    def _send(self, executor: Executor, width: int) -> None:
        while self._suspects:
            if self._flying:
                return
            self._fly(executor, *self._one(self._suspects.popleft()))
            return
        while len(self._flying) < AHEAD * max(1, width):
            piece = self._supply.take()
            if isinstance(piece, float):
                return
            self._fly(executor, *piece)

    @staticmethod
    def _one(unit: tuple[int, int]) -> tuple[int, deque[int]]:
        return unit[0], deque([unit[1]])

    def _fly(self, executor: Executor, group: int, ranks: deque[int]) -> None:
        try:
            future = executor.submit(
                evaluate_piece, self._plan, str(self._folder.path.resolve()), self._paths, group, list(ranks)
            )
        except (BrokenExecutor, RuntimeError) as error:
            raise SpecError(f"The executor takes no more work: {error}", "What was finished is stored.") from None
        self._flying[future] = (group, ranks)

    def _come(self, future: Future[list[Done]], executor: Executor) -> bool:
        """Store what has come back; return whether the executor broke."""
        group, ranks = self._flying.pop(future)
        try:
            found = future.result()
        except UnseenFolderError as error:
            raise SpecError(
                f"The workers do not see {error}.", "Name a folder that all of them see under this path: --out DIR"
            ) from None
        except (Exception, CancelledError) as error:
            if not is_lost_worker(error):
                raise SpecError(
                    f"The executor's workers cannot do the work: {type(error).__name__}: {error}. No configuration is "
                    "blamed for it; what was finished is stored.",
                    "They need this hpowh and your models; then start the same command again.",
                ) from error
            self._suspect(group, ranks, error, executor)
            return isinstance(error, BrokenExecutor)
        for record, seconds in found:
            append(self._journal, record)
            self._supply.finished(record.group, record.rank, record.status, seconds)
        return False

    def _suspect(self, group: int, ranks: deque[int], error: BaseException, executor: Executor) -> None:
        """A worker was lost with a piece: each unit is tried alone, and blamed when that costs a worker, too.

        Raises:
            SpecError: it is not the worker that has gone, but the executor: then nobody is blamed.
        """
        if len(ranks) > 1:
            self._suspects.extend((group, rank) for rank in ranks)
            return
        unit = (group, ranks[0])
        self._tries[unit] += 1
        if self._tries[unit] < TRIES:
            self._suspects.append(unit)
            return
        if not isinstance(error, BrokenExecutor) and not answers(executor):
            raise SpecError(
                f"The executor does not answer ({type(error).__name__}: {error}); what was finished is stored.",
                "When it is there again, start the same command again.",
            )
        reason = f"the model ended its worker ({type(error).__name__})"
        append(self._journal, Record(group=group, rank=unit[1], status="failed", reason=reason, seconds=[], values=[]))
        self._supply.finished(group, unit[1], "failed", 0.0)

    def stop(self) -> None:
        """Let go of what is on its way; what has come back is stored."""
        for future in self._flying:
            future.cancel()
        self._flying.clear()
        with suppress(OSError):
            os.close(self._journal)
