"""Many landscapes in one go: in this process, in several, or elsewhere."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import replace
from typing import TypeVar

from hpowh.analyses.elsewhere.places import Place, PlaceError, local_place, one_thread
from hpowh.analyses.elsewhere.spread import spread
from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.characterise import Characterisation, Options, characterise

PARALLEL_FROM = 400_000
"""Configurations in total from which starting worker processes pays."""

Item = TypeVar("Item")
Result = tuple[Item, Surface | None, Characterisation | LandscapeError]


def worker_count(wanted: int, work: int, tasks: int) -> int:
    """Return how many processes to use: `wanted`, or for 0 one a core where there is enough work."""
    cores = len(os.sched_getaffinity(0))
    return max(1, min(wanted or (cores if work >= PARALLEL_FROM else 1), tasks))


def characterise_all(
    landscapes: Iterable[tuple[Item, Surface | LandscapeError, Options]],
    *,
    jobs: int = 1,
    on: Place | Executor | None = None,
) -> Iterator[Result[Item]]:
    """Yield each item with its surface and its characterisation, or with the error that it met, as they are finished.

    Args:
        landscapes: items with their surfaces, or with what kept these from being made, and options; taken in this
            process, a few items ahead of the workers.
        jobs: worker processes; 1 works in this one, in order. A script that asks for more needs the usual
            `if __name__ == "__main__":`, as the workers import it anew.
        on: where the workers are instead: a place, or an executor of the caller's.

    Raises:
        PlaceError: the workers cannot do the work.
    """
    if on is None and jobs == 1:
        for item, surface, options in landscapes:
            if isinstance(surface, LandscapeError):
                yield item, None, surface
            else:
                yield item, surface, _work(surface, options)
        return
    place = on or local_place(jobs)
    try:
        yield from _spread(landscapes, place)
    finally:
        if on is None and isinstance(place, Place):
            place.close()


def _spread(
    landscapes: Iterable[tuple[Item, Surface | LandscapeError, Options]], place: Place | Executor
) -> Iterator[Result[Item]]:
    refused: deque[Result[Item]] = deque()

    def pieces() -> Iterator[tuple[tuple[Item, Surface], tuple[Surface, Options]]]:
        for item, surface, options in landscapes:
            if isinstance(surface, LandscapeError):
                refused.append((item, None, surface))
            else:
                yield (item, surface), (surface, replace(options, threads=1))

    for (item, surface), found in spread(place, _work_alone, pieces()):
        while refused:
            yield refused.popleft()
        yield item, surface, LandscapeError(str(found)) if isinstance(found, PlaceError) else found
    yield from refused


def _work_alone(surface: Surface, options: Options) -> Characterisation | LandscapeError:
    """Work in a worker: its linear algebra uses one thread."""
    with one_thread():
        return _work(surface, options)


def _work(surface: Surface, options: Options) -> Characterisation | LandscapeError:
    try:
        return characterise(surface, options)
    except LandscapeError as error:
        return error
