"""Of which warehouse a packet is: its rows name benchmarks, metrics and sweeps by ids, which are that one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.names import identifier

if TYPE_CHECKING:
    from hpowh.warehouse.store import Warehouse

NAMED = ("benchmark", "metric", "algorithm", "search_space", "experiment", "sweep")
"""Tables of schema `core` whose ids stand in results, with the name behind each."""


def origin_of(warehouse: Warehouse) -> dict[str, Any]:
    """Return when the warehouse was made, and of each table of names the largest id and a digest of ids and names."""
    made = warehouse.sql("select strftime(created_at, '%Y-%m-%d %H:%M:%S.%f') from ops.warehouse").one()
    found: dict[str, Any] = {"created_at": made}
    for table in NAMED:
        last = warehouse.sql(f"select coalesce(max({_id(table)}), 0) from core.{table}").one()
        found[table] = [int(last), _names(warehouse, table, int(last))]
    return found


def is_of(warehouse: Warehouse, origin: Mapping[str, Any]) -> bool:
    """Return whether ids mean the same in a warehouse as where a packet was made; it may have more names by now."""
    made = origin_of(warehouse)["created_at"] if origin else None
    if not origin or origin.get("created_at") != made:
        return False
    return all(
        isinstance(origin.get(table), list) and _names(warehouse, table, int(origin[table][0])) == origin[table][1]
        for table in NAMED
    )


def _names(warehouse: Warehouse, table: str, last: int) -> str:
    """Return a digest of the ids up to `last` and their names; MD5 is the same in every version of DuckDB."""
    query = (
        f"select coalesce(md5(string_agg({_id(table)} || ':' || name, chr(10) order by {_id(table)})), '') "
        f"from core.{table} where {_id(table)} <= {last}"
    )
    return str(warehouse.sql(query).one())


def _id(table: str) -> str:
    return identifier(f"{table}_id")
