"""W&B run folders without their `.wandb` file: what config.yaml and wandb-summary.json still say.

The file is often too large to be kept, is deleted once it was synced, and before W&B 0.10 there was none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.sources.sweeps.hydra_config import read_config
from hpowh.warehouse.sources.sweeps.records import moment_of
from hpowh.warehouse.sources.sweeps.tool_files import read_json

CONFIG, SUMMARY, METADATA = "config.yaml", "wandb-summary.json", "wandb-metadata.json"
FOLDER = re.compile(r"(?:offline-)?run-(\d{8}_\d{6})-(.+)")
"""Name of a run's folder: when it began, and the run's id."""


@dataclass(frozen=True, kw_only=True)
class LeftRun:
    """One run of which only these files are there."""

    run_id: str
    folder: Path
    started: datetime | None
    ended: datetime | None
    config: dict[str, Any]
    summary: dict[str, Any]
    has_summary: bool
    metadata: dict[str, Any]


def left_folders(folder: Path) -> list[Path]:
    """Return the run folders at and below a folder that have a configuration or a summary, and no `.wandb` file."""
    if not folder.is_dir():
        return []
    found = {one.resolve().parent.parent for name in (CONFIG, SUMMARY) for one in folder.rglob(f"files/{name}")}
    return sorted(one for one in found if FOLDER.fullmatch(one.name) and not any(one.glob("*.wandb")))


def left_files(folder: Path) -> list[Path]:
    """Return every file of these that is read."""
    return [
        path
        for one in left_folders(folder)
        for name in (CONFIG, SUMMARY, METADATA)
        if (path := one / "files" / name).is_file()
    ]


def read_left(folder: Path) -> LeftRun:
    """Return what a run's folder still says.

    Raises:
        IngestError: a file is not whole.
    """
    files = folder / "files"
    summary = _object(files / SUMMARY)
    metadata = _object(files / METADATA)
    match = FOLDER.fullmatch(folder.name)
    written = datetime.strptime(match[1], "%Y%m%d_%H%M%S").replace(tzinfo=UTC) if match else None
    return LeftRun(
        run_id=match[2] if match else folder.name,
        folder=folder,
        started=_time(metadata.get("startedAt")) or written,
        ended=moment_of(summary.get("_timestamp")),
        config=_values(read_config(files / CONFIG)) if (files / CONFIG).is_file() else {},
        summary=summary,
        has_summary=(files / SUMMARY).is_file(),
        metadata=metadata,
    )


def _values(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return name -> value: W&B writes each with a description."""
    return {
        name: one["value"] if isinstance(one, Mapping) and "value" in one else one
        for name, one in config.items()
        if isinstance(name, str)
    }


def _object(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    found = read_json(path)
    if not isinstance(found, dict):
        raise IngestError(f"{path} is no JSON object.", "Nothing was loaded.")
    return found


def _time(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
