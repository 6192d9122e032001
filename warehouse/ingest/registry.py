"""Which kinds of source there are: the program's own by their folders, third parties' from entry points."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.resources import files

from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.ingest.protocol import Source

SOURCES = "hpowh.warehouse.sources"
FIRST = ("runs", "grid", "trials", "features")
"""Tables that a user wrote come before the tools, which follow by their names."""


@cache
def own() -> dict[str, str]:
    """Return kind -> module of the program's own sources; the module's `SOURCE` is the instance.

    Each folder with a `source.py` is one, and its kind is the folder's name with hyphens.
    """
    folders = sorted(entry.name for entry in files(SOURCES).iterdir() if entry.joinpath("source.py").is_file())
    kinds = {folder.replace("_", "-"): f"{SOURCES}.{folder}.source" for folder in folders}
    return {kind: kinds[kind] for kind in (*FIRST, *sorted(set(kinds) - set(FIRST)))}


def sources() -> list[str]:
    """Return the names of all kinds of source; a third party's that is called like one of our own is not reached."""
    return [*own(), *sorted({entry.name for entry in entry_points(group="hpowh.sources")} - set(own()))]


def find_source(kind: str) -> Source:
    """Return the source of this kind.

    Raises:
        UsageError: there is none; lists those there are.
    """
    if kind in own():
        source: Source = import_module(own()[kind]).SOURCE
        return source
    for entry in entry_points(group="hpowh.sources"):
        if entry.name == kind:
            loaded: Source = entry.load()
            return loaded
    raise UsageError(f"There is no source {kind!r}.", f"Sources: {', '.join(sources())}.")
