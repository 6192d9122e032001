"""Hydra's config.yaml: a dictionary, and the values behind `${a.b}`. No resolver is run and no class is made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.bounds import read_whole
from hpowh.warehouse.ingest.reading import load_yaml

REFERENCE = re.compile(r"\$\{([A-Za-z_][\w.]*)\}")
DEPTH = 20
"""How many references may stand behind one another."""


def parse_yaml(text: str, where: str) -> dict[str, Any]:
    """Return a YAML mapping of plain values.

    Raises:
        IngestError: it is none.
    """
    import yaml

    try:
        found = load_yaml(text)
    except IngestError as error:
        raise IngestError(f"{where}: {error.message}", error.hint) from None
    except yaml.YAMLError as error:
        raise IngestError(f"{where} is no YAML: {' '.join(str(error).split())}.", "Nothing was loaded.") from None
    if not isinstance(found, dict):
        raise IngestError(f"{where} is no mapping.", "It should be what Hydra writes.")
    return found


def read_config(path: Path) -> dict[str, Any]:
    """Return a config.yaml.

    Raises:
        IngestError: it cannot be read or is no mapping.
    """
    try:
        return parse_yaml(read_whole(path).decode("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise IngestError(f"{path} cannot be read: {error}.", "Nothing was loaded.") from None


def value_at(config: Mapping[str, Any], place: str) -> Any:
    """Return the value at `a.b.c` with its references replaced, None where there is none.

    A reference to a resolver (`${now:%Y}`) or to nothing stays as it is.
    """
    return resolve(config, _at(config, place))


def resolve(config: Mapping[str, Any], value: Any, depth: int = DEPTH) -> Any:
    """Return a value with the references in it replaced."""
    if isinstance(value, dict):
        return {key: resolve(config, one, depth) for key, one in value.items()}
    if isinstance(value, list):
        return [resolve(config, one, depth) for one in value]
    if not isinstance(value, str) or depth == 0:
        return value
    whole = REFERENCE.fullmatch(value)
    if whole:
        found = _at(config, whole[1])
        return value if found is None else resolve(config, found, depth - 1)

    def text(match: re.Match[str]) -> str:
        found = _at(config, match[1])
        return match[0] if found is None else str(resolve(config, found, depth - 1))

    return REFERENCE.sub(text, value)


def _at(config: Mapping[str, Any], place: str) -> Any:
    found: Any = config
    for part in place.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found
