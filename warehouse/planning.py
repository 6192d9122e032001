"""Ask analyses what they would do without letting them do it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from hpowh.warehouse.results import AnalysisRun

PLANNED: ContextVar[list[AnalysisRun] | None] = ContextVar("planned", default=None)


class WouldComputeError(Exception):
    """An analysis stands before work that a plan does not do; what it would store is in the plan."""


@contextmanager
def planning() -> Iterator[list[AnalysisRun]]:
    """Within, `Warehouse.find_run` notes each run that is not stored, and `writing` is refused.

    A job that goes through many subjects (landscapes, sweeps) is told that each is stored, so that it names them all;
    a job that would read what is not there ends with `WouldComputeError` at its first.
    """
    found: list[AnalysisRun] = []
    token = PLANNED.set(found)
    try:
        yield found
    finally:
        PLANNED.reset(token)


def answer(run: AnalysisRun, stored: int | None) -> int | None:
    """Return what `find_run` says: the stored run, or within a plan, 0 in its place after noting it."""
    planned = PLANNED.get()
    if planned is None or stored is not None:
        return stored
    planned.append(run)
    return 0


def refuse() -> None:
    """Raise WouldComputeError within a plan."""
    if PLANNED.get() is not None:
        raise WouldComputeError
