"""A worker process: takes chunks of units, evaluates them, journals each as it is finished."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import warnings
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpowh.analyses.evaluate.plan import Plan
from hpowh.analyses.evaluate.storing.journal import Record, append

if TYPE_CHECKING:
    from hpowh.analyses.evaluate.folds import Fold

KEPT_FOLDS = 2
"""Folds whose rows stay in memory; the units of a chunk share one."""
REASON_LENGTH = 300
ORPHAN_CHECK = 0.5


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a worker needs to know; `paths` are added to where modules are found."""

    plan: Plan
    folder: Path
    journal: Path
    memory: float | None
    paths: tuple[str, ...]
    parent: int


def data_path(folder: Path, number: int, what: str) -> Path:
    """Return where the arrays of a data set lie for the workers."""
    return folder / "data" / f"{number}-{what}.npy"


def work(job: Job, pipe: Connection) -> None:
    """Evaluate chunks, (number of the group, ranks), until the pipe is closed; the answer comes unit by unit."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; the parent decides
    _outlive_terminate()
    threading.Thread(target=_leave_with, args=(job.parent,), daemon=True).start()
    warnings.simplefilter("ignore")
    sys.path[:0] = [path for path in job.paths if path not in sys.path]
    lock = _hold(job.folder)
    import sklearn

    sklearn.set_config(assume_finite=True)  # the data were checked once
    evaluator = Evaluator(job.plan, job.folder)
    handle = os.open(job.journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    evaluator.warm_up()
    if job.memory:
        limit_memory(job.memory)
    pipe.send("ready")
    while True:
        try:
            number, ranks = pipe.recv()
        except (EOFError, OSError):
            break
        for rank in ranks:
            record = evaluator.evaluate(number, rank)
            append(handle, record)
            try:
                pipe.send((record.group, record.rank, record.status, record.reason))
            except OSError:
                return
    os.close(handle)
    lock.close()


def _hold(folder: Path) -> Any:
    """Hold a shared lock as long as this process may write: who resumes on this machine waits for it."""
    import fcntl

    handle = (folder / "workers.lock").open("a")
    with suppress(OSError):  # a file system without locks
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return handle


def _outlive_terminate() -> None:
    """A scheduler sends SIGTERM to a whole job: the parent decides. A process that a model forks ends by it as ever."""
    mine = os.getpid()

    def decide(number: int, frame: object) -> None:
        del frame
        if os.getpid() != mine:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, decide)


def _leave_with(parent: int) -> None:
    """End this process soon after its parent has gone, even where a model hangs."""
    while os.getppid() == parent:
        time.sleep(ORPHAN_CHECK)
    os._exit(1)


def limit_memory(megabytes: float) -> None:
    """Let this process grow by so much and no more: beyond it allocations fail with MemoryError."""
    import resource

    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        there = pages * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        there = 0
    limit = int(there + megabytes * 2**20)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


class Evaluator:
    """Evaluates units; folds of the last groups stay in memory."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._folder = folder
        self._groups = plan.groups
        self._folds: OrderedDict[tuple[int, int, int], Fold] = OrderedDict()
        self._scorers: dict[tuple[int, int], Any] = {}
        self._accepted: set[tuple[int, int]] = set()
        """Model and rank of configurations that scikit-learn has once looked at and trained."""

    def warm_up(self) -> None:
        """Import what the models need, before the clock of a timeout runs."""
        from hpowh.analyses.evaluate import folds, training  # noqa: F401
        from hpowh.analyses.evaluate.models import load_class

        for number in range(len(self._plan.models)):
            load_class(self._plan.models[number].recipe.import_path)
            self._scorer(number, 0)

    def evaluate(self, number: int, rank: int) -> Record:
        """Return what became of one unit; whatever a model raises is part of that."""
        from sklearn import config_context

        from hpowh.analyses.evaluate.training import train

        group = self._groups[number]
        model = self._plan.models[group.model]
        seconds: list[float] = []
        values: list[list[list[float]]] = []
        try:
            fold = self._fold(group.data, group.seed, group.fold)
            parameters = model.space.parameters(rank)
            scorer = self._scorer(group.model, group.data)
            # Its parameters are the same on every fold: what was accepted once need not be looked at again.
            with config_context(skip_parameter_validation=(group.model, rank) in self._accepted):
                for scored in train(model.recipe, parameters, group.seed, fold, model.fidelities, scorer):
                    seconds.append(scored.seconds)
                    values.append(scored.values)
        except MemoryError as error:
            return Record(group=number, rank=rank, status="memory", reason=_say(error), seconds=seconds, values=values)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a third party's model may raise anything
            return Record(group=number, rank=rank, status="failed", reason=_say(error), seconds=seconds, values=values)
        self._accepted.add((group.model, rank))
        return Record(group=number, rank=rank, status="ok", reason=None, seconds=seconds, values=values)

    def _scorer(self, model: int, data: int) -> Any:
        if (model, data) not in self._scorers:
            from hpowh.analyses.evaluate.metrics import Scorer
            from hpowh.analyses.evaluate.models import load_class

            built = load_class(self._plan.models[model].recipe.import_path)()
            self._scorers[model, data] = Scorer(built, list(self._plan.metrics), self._plan.class_counts[data])
        return self._scorers[model, data]

    def _fold(self, data: int, seed: int, fold: int) -> Fold:
        key = (data, seed, fold)
        if key not in self._folds:
            import numpy as np

            from hpowh.analyses.evaluate.folds import make_fold

            while len(self._folds) >= KEPT_FOLDS:
                self._folds.popitem(last=False)
            self._folds[key] = make_fold(
                np.load(data_path(self._folder, data, "features"), mmap_mode="r"),
                np.load(data_path(self._folder, data, "target")),
                fold,
                is_classification=self._plan.task == "classification",
                folds=self._plan.folds,
                seed=seed,
                validation=self._plan.validation,
            )
        self._folds.move_to_end(key)
        return self._folds[key]


def _say(error: BaseException) -> str:
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= REASON_LENGTH else text[: REASON_LENGTH - 1] + "…"
