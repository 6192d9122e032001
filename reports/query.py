"""The rows behind a figure or a table, and their SQL as a reader may run it again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.names import literal

if TYPE_CHECKING:
    import polars


@dataclass(frozen=True)
class Query:
    """The rows behind a figure or table, and the SQL that anyone can run to get them again."""

    frame: polars.DataFrame
    sql: str

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries."""
        return self.frame.to_dicts()


def with_values(sql: str, parameters: Mapping[str, Any]) -> str:
    """Return the SQL with each `$name` replaced by its value as a literal."""

    def written(match: re.Match[str]) -> str:
        return sql_value(parameters[match[1]]) if match[1] in parameters else match[0]

    return re.sub(r"\$([a-z_]\w*)", written, sql)


def sql_value(value: Any) -> str:
    """Write a Python value as an SQL literal."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(sql_value(one) for one in value) + "]"
    return literal(str(value))
