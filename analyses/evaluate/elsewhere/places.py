"""Where the workers of an evaluation are: `--on local:4`, `--on dask://HOST:PORT`, `--on scheduler.json`."""

from __future__ import annotations

import re
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from hpowh.analyses.evaluate.elsewhere.executing import Place
from hpowh.analyses.evaluate.errors import SpecError

WAYS = "Ways: local:4, dask://HOST:8786, or the path of Dask's scheduler file."
WORKER_WAIT = 60.0
"""Seconds that Dask's first worker may take to come."""


def place_of(text: str) -> Place:
    """Return the place that a text means.

    Raises:
        SpecError: it means none, Dask is not installed, or nobody answers there.
    """
    local = re.fullmatch(r"local:(\d{1,4})", text)
    if local is not None and int(local[1]) > 0:
        return local_place(int(local[1]))
    if text.startswith("dask://"):
        return _dask(address="tcp://" + text.removeprefix("dask://"))
    if Path(text).is_file():
        return _dask(scheduler_file=text)
    raise SpecError(f"--on {text}: there is no such place.", WAYS)


def local_place(count: int) -> Place:
    """Return a pool of so many processes on this machine."""
    made: list[Executor] = []

    def make() -> Executor:
        made.append(ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_one_thread))
        return made[-1]

    def close() -> None:
        for pool in made:
            pool.shutdown(wait=False, cancel_futures=True)

    return Place(make=make, width=lambda: count, close=close, words=f"On {count} processes of this machine.")


def given_place(executor: Executor, width: int) -> Place:
    """Return the place that a user's own executor is; it is not shut down."""
    return Place(make=lambda: executor, width=lambda: width)


def _one_thread() -> None:
    import numpy  # noqa: F401 - its BLAS must be there to be limited
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)


def _dask(**where: str) -> Place:
    try:
        from distributed import Client
    except ImportError:
        raise SpecError("Dask is not installed.", "pip install 'hpowh[cluster]'") from None
    named = " ".join(where.values())
    try:
        client: Any = Client(**where, timeout="20s", set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise SpecError(f"No Dask scheduler answers at {named}: {error}", WAYS) from None
    try:
        client.wait_for_workers(1, timeout=WORKER_WAIT)
    except TimeoutError:
        client.close()
        raise SpecError(f"Dask's scheduler at {named} has no worker.", "Start some: dask worker …") from None
    return Place(
        make=lambda: client.get_executor(pure=False),
        width=lambda: sum(client.nthreads().values()),
        close=client.close,
        words=f"On Dask at {named}; its dashboard: {client.dashboard_link}",
    )
