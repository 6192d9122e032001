"""The first load makes the warehouse; where that load fails there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hpowh.warehouse.errors import HpowhError
from hpowh.warehouse.store import Warehouse


@contextmanager
def made_if_missing(where: Path, *, wait: float = 0.0) -> Iterator[bool]:
    """Make the warehouse at `where` if there is none, and remove it again where what follows fails.

    Yields:
        Whether it was made. What was filled meanwhile, by whomever, stays.
    """
    is_new = not where.exists()
    if is_new:
        Warehouse.create(where, wait=wait).close()
    try:
        yield is_new
    except BaseException:
        if is_new:
            with suppress(HpowhError, OSError):  # why the load failed is what counts
                _remove_empty(where)
        raise


def _remove_empty(where: Path) -> None:
    with Warehouse(where) as store:
        is_empty = not store.sql("select count(*) from core.source").one()
    if is_empty:
        where.unlink(missing_ok=True)
