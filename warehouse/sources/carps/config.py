"""What a CARP-S run's Hydra configuration says: optimiser, task, seed, objectives, fidelity, search space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hpowh.warehouse.sources.sweeps.configspace import Space, read_space
from hpowh.warehouse.sources.sweeps.hydra_config import value_at

SPACES = ("task.input_space.configuration_space.d", "task.input_space.configuration_space",
          "task.objective_function.configuration_space.d")  # fmt: skip
MAX_FIDELITY = ("task.input_space.fidelity_space.max_fidelity", "task.max_budget")
OBJECTIVES = ("task.output_space.objectives", "task.objectives")


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """One run's settings; what the configuration does not say is None."""

    optimizer: str | None = None
    task: str | None = None
    suite: str | None = None
    """CARP-S calls it benchmark_id: a family of tasks."""
    seed: Any = None
    objectives: tuple[str, ...] = ()
    max_fidelity: float | None = None
    is_multifidelity: bool = False
    space: Space | None = None
    features: dict[str, Any] = field(default_factory=dict)
    """Meta-features of the task."""


def run_config(config: Mapping[str, Any], where: str) -> RunConfig:
    """Return what a configuration says.

    Raises:
        IngestError: it holds a search space that cannot be understood.
    """
    definition = next((one for place in SPACES if _is_space(one := value_at(config, place))), None)
    objectives = next((one for place in OBJECTIVES if (one := value_at(config, place))), ())
    most = next((one for place in MAX_FIDELITY if (one := value_at(config, place)) is not None), None)
    metadata = value_at(config, "task.metadata")
    features = {
        name: value
        for name, value in (metadata if isinstance(metadata, dict) else {}).items()
        if not name.startswith("_") and isinstance(value, int | float | str | bool)
    }
    suite = value_at(config, "benchmark_id")
    if suite is not None:
        features["suite"] = suite
    return RunConfig(
        optimizer=value_at(config, "optimizer_id"),
        task=value_at(config, "task_id"),
        suite=suite,
        seed=value_at(config, "seed"),
        objectives=tuple(str(one) for one in objectives),
        max_fidelity=float(most) if isinstance(most, int | float) else None,
        is_multifidelity=bool(value_at(config, "task.input_space.fidelity_space.is_multifidelity")),
        space=read_space(definition, where) if definition is not None else None,
        features=features,
    )


def _is_space(found: Any) -> bool:
    return isinstance(found, dict) and isinstance(found.get("hyperparameters"), list)
