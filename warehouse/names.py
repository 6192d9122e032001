"""Names that come from data, made safe for SQL."""

from __future__ import annotations

import re

from hpowh.warehouse.errors import IngestError


def identifier(name: str) -> str:
    """Quote a name as an SQL identifier. Raises IngestError where it holds a NUL."""
    refuse_nul(name)
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text as an SQL string literal. Raises IngestError where it holds a NUL."""
    refuse_nul(text)
    return "'" + text.replace("'", "''") + "'"


def refuse_nul(text: str) -> None:
    """Raise IngestError where a name holds a NUL: in SQL a text ends there, and no file or page can have it."""
    if "\0" in text:
        raise IngestError(f"A name holds a NUL character: {text[:60]!r}.", "Give it another name where it comes from.")


def slug(name: str) -> str:
    """Turn a name into a lower-case SQL name of letters, digits and underscores that needs no quotes."""
    plain = re.sub(r"\W+", "_", name.strip().lower()).strip("_") or "unnamed"
    return f"_{plain}" if plain[0].isdigit() else plain
