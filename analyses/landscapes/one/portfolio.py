"""Many landscapes in one go: in this process or in several."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from typing import TypeVar

from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.characterise import Characterisation, Options, characterise

PARALLEL_FROM = 400_000
"""Configurations in total from which starting worker processes pays."""

AHEAD = 6
"""Landscapes for each worker that wait, so that none is idle while results are stored."""

Item = TypeVar("Item")
Result = tuple[Item, Surface | None, Characterisation | LandscapeError]


def worker_count(wanted: int, work: int, tasks: int) -> int:
    """Return how many processes to use: `wanted`, or for 0 one a core where there is enough work."""
    cores = len(os.sched_getaffinity(0))
    return max(1, min(wanted or (cores if work >= PARALLEL_FROM else 1), tasks))


def characterise_all(
    landscapes: Iterable[tuple[Item, Surface | LandscapeError, Options]], *, jobs: int = 1
) -> Iterator[Result[Item]]:
    """Yield each item with its surface and its characterisation, or with the error that it met, in order.

    Args:
        landscapes: items with their surfaces, or with what kept these from being made, and options; taken in this
            process, a few items ahead of the workers.
        jobs: worker processes; 1 works in this one. A script that asks for more needs the usual
            `if __name__ == "__main__":`, as the workers import it anew.
    """
    if jobs == 1:
        for item, surface, options in landscapes:
            if isinstance(surface, LandscapeError):
                yield item, None, surface
            else:
                yield item, surface, _work(surface, options)
        return
    waiting: deque[tuple[Item, Surface, Future]] = deque()
    # Spawned and not forked: a fork would copy the locks of the database's threads.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_start) as pool:
        for item, surface, options in landscapes:
            if isinstance(surface, LandscapeError):
                yield item, None, surface
                continue
            waiting.append((item, surface, pool.submit(_work, surface, replace(options, threads=1))))
            while len(waiting) > AHEAD * jobs:
                first, its_surface, future = waiting.popleft()
                yield first, its_surface, future.result()
        for first, its_surface, future in waiting:
            yield first, its_surface, future.result()


def _start() -> None:
    """Let a worker's linear algebra use one thread: there are as many workers as cores."""
    import numpy  # noqa: F401 - its BLAS must be there to be limited
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)


def _work(surface: Surface, options: Options) -> Characterisation | LandscapeError:
    try:
        return characterise(surface, options)
    except LandscapeError as error:
        return error
