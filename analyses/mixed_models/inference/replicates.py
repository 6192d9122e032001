"""Many fits of the same kind (simulated, shuffled): here or elsewhere, with the same numbers in the same order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from hpowh.analyses.elsewhere.places import Place, PlaceError
from hpowh.analyses.elsewhere.spread import spread
from hpowh.analyses.mixed_models.model.fit import one_thread

CHUNK = 20
"""Replicates that travel together; what a worker costs that is lost."""
Draw = TypeVar("Draw")
Found = TypeVar("Found")


@dataclass(frozen=True)
class Drawn(Generic[Draw]):
    """So many draws, each made when its turn comes: they need not all be in memory at once."""

    count: int
    make: Callable[[], Draw]


def replicates(
    work: Callable[..., list[Found]],
    shared: tuple[Any, ...],
    draws: Drawn[Draw],
    on: Place | Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Found]:
    """Return what `work(*shared, draws)` finds for each draw, in their order.

    Args:
        work: a function of a module, which treats every draw by itself.
        shared: what all replicates have in common.
        draws: made here and in order, so that the numbers do not depend on who works.
        on: where to work instead of here.
        progress: called with how many replicates are done, and how many there are.

    Raises:
        PlaceError: the workers of `on` cannot do the work, or a chunk has cost its worker twice.
    """
    found: dict[int, list[Found]] = {}
    done = 0
    for start, some in _chunks(work, shared, draws, on):
        found[start] = some
        done += len(some)
        if progress is not None:
            progress(done, draws.count)
    return [one for start in sorted(found) for one in found[start]]


def _chunks(
    work: Callable[..., list[Found]], shared: tuple[Any, ...], draws: Drawn[Draw], on: Place | Executor | None
) -> Iterator[tuple[int, list[Found]]]:
    pieces = (
        (start, (work, shared, [draws.make() for _ in range(min(CHUNK, draws.count - start))]))
        for start in range(0, draws.count, CHUNK)
    )
    if on is None:
        for start, arguments in pieces:
            yield start, _work(*arguments)
        return
    for start, some in spread(on, _work, pieces):
        if isinstance(some, PlaceError):
            raise PlaceError(f"Replicates {start + 1} to {start + CHUNK}: {some.message}", "Nothing was stored.")
        yield start, some


def _work(work: Callable[..., list[Found]], shared: tuple[Any, ...], draws: Sequence[Draw]) -> list[Found]:
    with one_thread():
        return work(*shared, draws)
