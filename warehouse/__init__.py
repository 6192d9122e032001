"""The warehouse: open, migrate, ingest, check and query one DuckDB file.

Its names are imported when they are first taken: the help of the command line needs no DuckDB.
"""

from typing import TYPE_CHECKING, Any

from hpowh.warehouse.errors import HpowhError

if TYPE_CHECKING:
    from hpowh.warehouse.results import AnalysisRun
    from hpowh.warehouse.store import Warehouse

__all__ = ["AnalysisRun", "HpowhError", "Warehouse"]
_PLACES = {"AnalysisRun": "hpowh.warehouse.results", "Warehouse": "hpowh.warehouse.store"}


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        from importlib import import_module

        return getattr(import_module(_PLACES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
