"""Ingest: one source in, checked, in one transaction, with one row in the ledger."""

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
