"""Names that come from data, made safe for SQL."""

from __future__ import annotations

import re


def identifier(name: str) -> str:
    """Quote a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def slug(name: str) -> str:
    """Turn a name into a lower-case SQL name of letters, digits and underscores that needs no quotes."""
    plain = re.sub(r"\W+", "_", name.strip().lower()).strip("_") or "unnamed"
    return f"_{plain}" if plain[0].isdigit() else plain
