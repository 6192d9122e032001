"""Pieces come back whole and once, whatever becomes of the workers; who is to blame is found out one at a time."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, Executor, Future
from concurrent.futures.process import BrokenProcessPool

import pytest

from hpowh.analyses.elsewhere.places import Place, PlaceError
from hpowh.analyses.elsewhere.spread import AHEAD, spread


class KilledWorker(Exception):  # noqa: N818 - the name is what counts
    """As Dask calls it."""


class Losing(Executor):
    """Does everything at once; loses the worker at the calls named, and always where a piece is deadly."""

    def __init__(self, lost: set[int] = frozenset(), deadly: int = -1, error: Exception | None = None) -> None:
        self.lost, self.deadly, self.error = lost, deadly, error or KilledWorker("gone")
        self.done: list[int] = []
        self.calls = 0

    def submit(self, function, /, *arguments):
        future: Future = Future()
        self.calls += bool(arguments)
        if arguments and (self.calls in self.lost or self.deadly in arguments):
            future.set_exception(self.error)
        else:  # without arguments it is only asked whether it answers
            self.done.extend(arguments)
            future.set_result(function(*arguments))
        return future


def square(number: int) -> int:
    return number * number


def pieces(count: int = 9):
    return ((f"item {i}", (i,)) for i in range(count))


def place_of(*executors: Executor, width: int = 2) -> Place:
    left = list(executors)
    return Place(make=lambda: left.pop(0) if len(left) > 1 else left[0], width=lambda: width)


EXPECTED = {f"item {i}": i * i for i in range(9)}


def test_every_piece_comes_back_once():
    found = list(spread(place_of(Losing()), square, pieces()))
    assert dict(found) == EXPECTED
    assert len(found) == 9


def test_pieces_are_taken_no_further_ahead_than_the_workers_need():
    taken = []

    def noted():
        for piece in pieces(50):
            taken.append(piece)
            yield piece

    coming = spread(place_of(Losing(), width=3), square, noted())
    next(coming)
    assert len(taken) == AHEAD * 3
    coming.close()


def test_a_lost_worker_costs_its_pieces_and_nothing_else():
    executor = Losing({2, 3, 6})
    assert dict(spread(place_of(executor), square, pieces())) == EXPECTED
    assert executor.calls <= 9 + 3 and sorted(executor.done) == list(range(9))


def test_a_piece_that_costs_its_worker_twice_is_given_up_and_no_other():
    found = dict(spread(place_of(Losing(deadly=4)), square, pieces()))
    assert isinstance(found.pop("item 4"), PlaceError)
    assert found == {name: value for name, value in EXPECTED.items() if name != "item 4"}


def test_a_broken_pool_is_made_anew():
    broken = BrokenProcessPool("a child died")
    found = dict(spread(place_of(Losing({3}, error=broken), Losing()), square, pieces()))
    assert found == EXPECTED


def test_a_broken_executor_of_the_callers_ends_the_work():
    with pytest.raises(PlaceError, match="has broken"):
        list(spread(Losing({1}, error=BrokenExecutor("gone")), square, pieces()))


def test_what_is_the_workers_fault_is_said_at_once_after_what_was_finished():
    coming = spread(place_of(Losing({2}, error=ModuleNotFoundError("No module named 'hpowh'"))), square, pieces())
    seen = [next(coming) for _ in range(3)]  # the first, third and fourth; the second failed
    with pytest.raises(PlaceError, match="cannot do the work: ModuleNotFoundError"):
        next(coming)
    assert sorted(name for name, _ in seen) == ["item 0", "item 2", "item 3"]
