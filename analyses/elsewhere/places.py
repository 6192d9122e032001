"""Where workers are: `--on local:4`, `--on dask://HOST:PORT`, `--on scheduler.json`, an executor of the caller's."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hpowh.analyses.refusal import RefusalError

WAYS = "Ways: local:4, dask://HOST:8786, or the path of Dask's scheduler file."
WORKER_WAIT = 60.0
"""Seconds that Dask's first worker may take to come."""
PATIENCE = 60.0
"""Seconds that an executor has to answer."""
LOST = frozenset((
    "KilledWorker",  # Dask
    "WorkerCrashedError", "ActorDiedError", "RayActorError", "OutOfMemoryError", "NodeDiedError",  # Ray
    "UncompletedJobError", "FailedJobError",  # submitit
))  # fmt: skip
"""How executors call it that a worker has gone with its piece, beside the standard library's own errors."""


class PlaceError(RefusalError):
    """There is no such place, or its workers cannot do the work."""


@dataclass(kw_only=True)
class Place:
    """Where workers are."""

    make: Callable[[], Executor]
    """Gives an executor; called again where one breaks."""
    width: Callable[[], int]
    """How many tasks it does at a time, as of now."""
    close: Callable[[], None] = lambda: None
    words: str = ""
    """What the user is told about it."""


def is_lost_worker(error: BaseException) -> bool:
    """Return whether an executor's error means that a worker was lost, which the work itself can bring about.

    Any other error (a worker without hpowh, a plan that cannot be sent) is the executor's.
    """
    return isinstance(error, BrokenExecutor | CancelledError) or any(one.__name__ in LOST for one in type(error).mro())


def answers(executor: Executor) -> bool:
    """Return whether an executor does anything at all: a whole number from nothing."""
    try:
        return bool(executor.submit(int).result(timeout=PATIENCE) == 0)
    except (Exception, CancelledError):  # noqa: BLE001 - by whatever error: it gives no answer, and that is asked
        return False


def place_of(text: str) -> Place:
    """Return the place that a text means.

    Raises:
        PlaceError: it means none, Dask is not installed, or nobody answers there.
    """
    local = re.fullmatch(r"local:(\d{1,4})", text)
    if local is not None and int(local[1]) > 0:
        return local_place(int(local[1]))
    if text.startswith("dask://"):
        return _dask(address="tcp://" + text.removeprefix("dask://"))
    if Path(text).is_file():
        return _dask(scheduler_file=text)
    raise PlaceError(f"--on {text}: there is no such place.", WAYS)


def local_place(count: int) -> Place:
    """Return a pool of so many processes on this machine."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    made: list[Executor] = []

    def make() -> Executor:
        made.append(ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=one_thread))
        return made[-1]

    def close() -> None:
        for pool in made:
            pool.shutdown(wait=False, cancel_futures=True)

    return Place(make=make, width=lambda: count, close=close, words=f"On {count} processes of this machine.")


def given_place(executor: Executor, width: int = 0) -> Place:
    """Return the place that a user's own executor is; it is not shut down.

    Args:
        width: how many tasks it does at a time; 0: as many as this machine has cores.
    """
    count = width or len(os.sched_getaffinity(0))
    return Place(make=lambda: executor, width=lambda: count)


def one_thread() -> AbstractContextManager[Any]:
    """Let linear algebra use one thread from now on, or within the context: there are as many workers as cores."""
    import numpy  # noqa: F401 - its BLAS must be there to be limited
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)


def _dask(**where: str) -> Place:
    try:
        from distributed import Client
    except ImportError:
        raise PlaceError("Dask is not installed.", "pip install 'hpowh[cluster]'") from None
    named = " ".join(where.values())
    try:
        client: Any = Client(**where, timeout="20s", set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise PlaceError(f"No Dask scheduler answers at {named}: {error}", WAYS) from None
    try:
        client.wait_for_workers(1, timeout=WORKER_WAIT)
    except TimeoutError:
        client.close()
        raise PlaceError(f"Dask's scheduler at {named} has no worker.", "Start some: dask worker …") from None
    return Place(
        make=lambda: client.get_executor(pure=False),
        width=lambda: sum(client.nthreads().values()),
        close=client.close,
        words=f"On Dask at {named}; its dashboard: {client.dashboard_link}",
    )
