"""Pieces of an analysis on somebody else's workers: sent as they are asked for, given back as they are finished."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from hpowh.analyses.elsewhere.places import Place, PlaceError, answers, given_place, is_lost_worker
from hpowh.analyses.refusal import RefusalError

AHEAD = 2
"""Pieces for each worker, so that none waits for the next."""
TRIES = 2
"""So often a piece may cost the worker that does it alone."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass
class _Piece(Generic[Item]):
    item: Item
    arguments: tuple[Any, ...]
    tries: int = 0


def as_place(on: Place | Executor) -> Place:
    """Return a place as it is, an executor of the caller's as one."""
    return on if isinstance(on, Place) else given_place(on)


def spread(
    on: Place | Executor, work: Callable[..., Result], pieces: Iterable[tuple[Item, tuple[Any, ...]]]
) -> Iterator[tuple[Item, Result | PlaceError]]:
    """Yield each piece's item with what `work` made of its arguments, in the order in which they are finished.

    Args:
        work: a function of a module, which the workers import; what it does must depend on its arguments alone.
        pieces: items, which stay here, and arguments, which travel; taken a few ahead of the workers.

    Returns:
        A `PlaceError` instead of a result where a piece has cost its worker twice; the others go on.

    Raises:
        PlaceError: the workers cannot do the work at all, or the executor has gone.
    """
    flight: _Flight[Item, Result] = _Flight(as_place(on), work)
    try:
        yield from flight.fly(iter(pieces))
    finally:
        flight.cancel()


class _Flight(Generic[Item, Result]):
    """Pieces in flight on an executor."""

    def __init__(self, place: Place, work: Callable[..., Result]) -> None:
        self._place, self._work = place, work
        self._executor = place.make()
        self._flying: dict[Future[Result], _Piece[Item]] = {}
        self._suspects: deque[_Piece[Item]] = deque()
        """What was on its way when a worker was lost: tried one at a time."""

    def fly(self, pieces: Iterator[tuple[Item, tuple[Any, ...]]]) -> Iterator[tuple[Item, Result | PlaceError]]:
        """Send and receive until nothing is left."""
        while True:
            self._send(pieces)
            if not self._flying:
                return
            is_alone = len(self._flying) == 1
            came, _ = wait(self._flying, return_when=FIRST_COMPLETED)
            is_broken = False
            for future in sorted(came, key=lambda one: _error_of(one) is not None):  # what is finished is kept first
                piece = self._flying.pop(future)
                error = _error_of(future)
                if error is None:
                    yield piece.item, future.result()
                    continue
                is_broken = isinstance(error, BrokenExecutor) or is_broken
                if self._is_given_up(piece, error, is_alone=is_alone):
                    yield (
                        piece.item,
                        PlaceError(f"Its worker was lost {TRIES} times ({type(error).__name__}: {error})."),
                    )
            if is_broken:
                self._again()

    def cancel(self) -> None:
        """Let go of what is on its way."""
        for future in self._flying:
            future.cancel()
        self._flying.clear()

    def _send(self, pieces: Iterator[tuple[Item, tuple[Any, ...]]]) -> None:
        if self._suspects:
            if not self._flying:
                self._submit(self._suspects.popleft())
            return
        while len(self._flying) < AHEAD * max(1, self._place.width()):
            piece = next(pieces, None)
            if piece is None:
                return
            self._submit(_Piece(*piece))

    def _submit(self, piece: _Piece[Item]) -> None:
        try:
            self._flying[self._executor.submit(self._work, *piece.arguments)] = piece
        except (BrokenExecutor, RuntimeError) as error:
            raise PlaceError(f"The executor takes no more work: {error}", "What was finished is kept.") from None

    def _is_given_up(self, piece: _Piece[Item], error: BaseException, *, is_alone: bool) -> bool:
        """Note an error; return whether it is this piece's, and not that of one that flew beside it.

        Raises:
            PlaceError: it is no piece's, but the workers' or the executor's.
            RefusalError: as the work itself raised it.
        """
        if isinstance(error, RefusalError):
            raise error
        if not is_lost_worker(error):
            raise PlaceError(
                f"The workers cannot do the work: {type(error).__name__}: {error}", "They need this hpowh."
            ) from error
        if not isinstance(error, BrokenExecutor) and not answers(self._executor):
            raise PlaceError(
                f"The executor does not answer ({type(error).__name__}: {error}).",
                "What was finished is kept; when it is there again, start the same command again.",
            )
        piece.tries += is_alone
        if piece.tries >= TRIES:
            return True
        self._suspects.append(piece)
        return False

    def _again(self) -> None:
        """Go on with a fresh executor: everything that was on its way is tried alone."""
        self._suspects.extend(self._flying.values())
        self.cancel()
        fresh = self._place.make()
        if fresh is self._executor:
            raise PlaceError("The executor has broken; what was finished is kept.", "Make another and go on.")
        self._executor = fresh


def _error_of(future: Future[Any]) -> BaseException | None:
    try:
        return future.exception()
    except CancelledError as error:
        return error
