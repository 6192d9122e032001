"""Many landscapes in one go: in this process or in several."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from typing import TypeVar

from hpowh.analyses.landscapes.characterise import Characterisation, Options, characterise
from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.surface import Surface

PARALLEL_FROM = 400_000
"""Configurations in total from which starting worker processes pays."""

Item = TypeVar("Item")
Result = tuple[Item, Surface | None, Characterisation | LandscapeError]


def worker_count(wanted: int, work: int, tasks: int) -> int:
    """Return how many processes to use: `wanted`, or for 0 one a core where there is enough work."""
    cores = len(os.sched_getaffinity(0))
    return max(1, min(wanted or (cores if work >= PARALLEL_FROM else 1), tasks))


def characterise_all(
    items: Sequence[Item],
    load: Callable[[Item], Surface],
    options: Callable[[Item], Options],
    *,
    jobs: int = 1,
) -> Iterator[Result[Item]]:
    """Yield each item with its surface and its characterisation, or with the error that it met, in order.

    Args:
        load: returns an item's landscape; called in this process, a few items ahead of the workers.
        jobs: worker processes; 1 works in this one. A script that asks for more needs the usual
            `if __name__ == "__main__":`, as the workers import it anew.
    """
    if jobs == 1:
        for item in items:
            surface = _loaded(load, item)
            if isinstance(surface, LandscapeError):
                yield item, None, surface
            else:
                yield item, surface, _work(surface, options(item))
        return
    waiting: deque[tuple[Item, Surface, Future]] = deque()
    # Spawned and not forked: a fork would copy the locks of the database's threads.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for item in items:
            surface = _loaded(load, item)
            if isinstance(surface, LandscapeError):
                yield item, None, surface
                continue
            waiting.append((item, surface, pool.submit(_work, surface, replace(options(item), threads=1))))
            while len(waiting) > 2 * jobs:
                first, its_surface, future = waiting.popleft()
                yield first, its_surface, future.result()
        for first, its_surface, future in waiting:
            yield first, its_surface, future.result()


def _loaded(load: Callable[[Item], Surface], item: Item) -> Surface | LandscapeError:
    try:
        return load(item)
    except LandscapeError as error:
        return error


def _work(surface: Surface, options: Options) -> Characterisation | LandscapeError:
    try:
        return characterise(surface, options)
    except LandscapeError as error:
        return error
