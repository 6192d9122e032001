"""Ingest: one source in, checked, in one transaction, with one row in the ledger.

What walks is imported when it is first taken: the list of sources in the help needs no DuckDB.
"""

from typing import TYPE_CHECKING, Any

from hpowh.warehouse.ingest.protocol import (
    LoadContext,
    LoadReport,
    Preview,
    Problem,
    Request,
    RowsRefusedError,
    Source,
)
from hpowh.warehouse.ingest.registry import find_source, sources

if TYPE_CHECKING:
    from hpowh.warehouse.ingest.walk import Outcome, ingest, planned_action, preview

__all__ = [
    "LoadContext",
    "LoadReport",
    "Outcome",
    "Preview",
    "Problem",
    "Request",
    "RowsRefusedError",
    "Source",
    "find_source",
    "ingest",
    "planned_action",
    "preview",
    "sources",
]


def __getattr__(name: str) -> Any:
    if name in ("Outcome", "ingest", "planned_action", "preview"):
        from hpowh.warehouse.ingest import walk

        return getattr(walk, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
