"""What makes a sweep also a run of an experiment: what the tool says of it, and what the user says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.protocol import Request
from hpowh.warehouse.sources.sweeps.tables import RunLabel

ROLES = ("algorithm", "benchmark", "seed", "experiment", "search_space")
"""What `--set ROLE=VALUE` can say of every sweep of a source."""
OPTIONS = {"experiment": "experiment", "benchmark": "benchmark", "space": "search_space"}
"""Option of the command line -> the role that it gives."""
SHARED = (*OPTIONS, "constants", "direction")
"""Options that every source of sweeps understands."""


@dataclass(frozen=True)
class Label:
    """Where a sweep belongs."""

    run: RunLabel | None
    benchmark: str | None
    search_space: str | None


def check_options(request: Request, kind: str, own: tuple[str, ...] = ()) -> None:
    """Refuse what the source would not understand.

    Raises:
        UsageError: an option or a role of `--set` means nothing here.
    """
    unknown = sorted(set(request.options) - {*SHARED, *own})
    if unknown:
        known = ", ".join(sorted({*SHARED, *own} - {"constants"}))
        raise UsageError(f"The source {kind} has no option {unknown[0]!r}.", f"It has: {known}.")
    for role in request.options.get("constants", {}):
        if role not in ROLES:
            raise UsageError(f"{role!r} is no role that a sweep can have.", f"Roles: {', '.join(ROLES)}.")


def label_of(request: Request, said: Mapping[str, Any], where: str, factors: Mapping[str, str] | None = None) -> Label:
    """Return the label: what the user said stands above what the tool said (`said`: role -> value).

    Only a sweep with an algorithm and a benchmark is a run.

    Raises:
        IngestError: the seed is no whole number.
    """
    found = {role: str(said[role]) for role in ROLES if said.get(role) is not None}
    found.update({role: str(value) for role, value in request.options.get("constants", {}).items()})
    found.update({role: str(request.options[o]) for o, role in OPTIONS.items() if request.options.get(o)})
    run = None
    if "algorithm" in found and "benchmark" in found:
        experiment = found.get("experiment", request.name)
        seed = _seed(found["seed"], where) if "seed" in found else None
        run = RunLabel(experiment, found["algorithm"], found["benchmark"], seed, dict(factors or {}))
    return Label(run, found.get("benchmark"), found.get("search_space"))


def _seed(text: str, where: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise IngestError(f"{where}: the seed {text!r} is no whole number.", "Give one: --set seed=1") from None
