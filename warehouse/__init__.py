"""The warehouse: open, migrate, ingest, check and query one DuckDB file."""

from hpowh.warehouse.errors import HpowhError
from hpowh.warehouse.results import AnalysisRun
from hpowh.warehouse.store import Warehouse

__all__ = ["AnalysisRun", "HpowhError", "Warehouse"]
