"""`hpowh tables`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from hpowh.warehouse.console import JsonOption, WaitOption, WarehouseOption, open_warehouse, print_table
from hpowh.warehouse.errors import UsageError


def tables(
    name: Annotated[str | None, typer.Argument(help="A schema (core, mart, result, ops, space) or a table.")] = None,
    count: Annotated[bool, typer.Option("--count", help="Count the rows of views too (it may take a while).")] = False,
    warehouse: WarehouseOption = None,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """List tables and views with what one row of each is; or the columns of one."""
    with open_warehouse(warehouse, wait) as store:
        listed = store.tables(count_views=count)
        if name and "." in name:
            _describe(store.columns(name), as_json)
            return
        if name:
            listed = [table for table in listed if table.name.partition(".")[0] == name]
            if not listed:
                raise UsageError(f"There is no schema {name!r}.", "Schemas: core, mart, result, ops, space.")
    if as_json:
        print(json.dumps([asdict(table) for table in listed]))
        return
    rows = [(table.name, table.kind, "" if table.rows is None else f"{table.rows:,}", table.grain) for table in listed]
    print_table(["name", "kind", "rows", "one row is"], [tuple(row) for row in rows])


def _describe(columns: list[tuple[str, str]], as_json: bool) -> None:
    if as_json:
        print(json.dumps([{"column": column, "type": kind} for column, kind in columns]))
        return
    print_table(["column", "type"], [tuple(column) for column in columns])
