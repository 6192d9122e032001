"""The map of an analysed landscape, found by what the user calls it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hpowh.analyses.landscapes import job
from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.warehouse.errors import UsageError

if TYPE_CHECKING:
    from hpowh.analyses.landscapes.job import Selection
    from hpowh.warehouse import Warehouse


def analysed_map(warehouse: Warehouse, selection: Selection, *, runs: Sequence[str] | None = None) -> str:
    """Return the dimensional stacking map of one landscape as SVG.

    The landscape's analysis gives the order of the hyperparameters, the optima and, for each algorithm in `runs`
    (empty: for all), the path of the incumbent of its run with the median final regret.

    Raises:
        UsageError: the selection is not one landscape, or was not analysed, there is no such run on
            it, or its grid is too large.
    """
    from hpowh.reports.pictures.stored import stored_map
    from hpowh.warehouse import queries

    key = job.only_one(warehouse, selection)
    run = warehouse.sql(queries.text("ledger/newest_run"), {"job": job.JOB, "subject": key.subject}).one()
    if run is None:
        raise UsageError(
            f"{key.subject} was not analysed.", f"Run: hpowh analyse landscapes --benchmark {key.benchmark}"
        )
    try:
        return stored_map(warehouse, run, runs=runs, title=key.subject).markup
    except LandscapeError as error:
        raise UsageError(error.message, error.hint) from error
