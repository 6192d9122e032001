"""The warehouse's tables as SQLAlchemy metadata: the model that the revisions in `migrations/` arrive at."""

from hpowh.warehouse.schema import (
    core,
    embedding,
    landscape,
    landscape_grid,
    landscape_methods,
    lmem,
    ops,
    rankings,
    sweep,
    sweep_results,
    traces,
)
from hpowh.warehouse.schema.base import METADATA, SCHEMAS

__all__ = [
    "METADATA", "SCHEMAS", "core", "embedding", "landscape", "landscape_grid", "landscape_methods", "lmem", "ops",
    "rankings", "sweep", "sweep_results", "traces",
]  # fmt: skip
