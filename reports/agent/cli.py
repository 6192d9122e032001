"""The command `hpowh mcp`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from hpowh.warehouse.console import MemoryOption, TimeoutOption, WaitOption, WarehouseOption, note
from hpowh.warehouse.errors import HpowhError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: hpowh mcp --warehouse results.duckdb")(mcp)


def mcp(
    limit: Annotated[int, typer.Option(min=1, help="Most rows of one answer.")] = 200,
    timeout: TimeoutOption = 60.0,
    memory: MemoryOption = "2GB",
    warehouse: WarehouseOption = None,
    wait: WaitOption = 10.0,
) -> None:
    """Let a language model ask the warehouse, over standard input and output (Model Context Protocol); it only reads.

    Its tools list tables, columns, queries and findings, and answer SQL as hpowh sql does: queries, and nothing else.
    Programs that speak the protocol start this command themselves; needs pip install 'hpowh[agent]'.
    """
    from importlib.util import find_spec

    from hpowh.reports.agent.answers import Asked
    from hpowh.warehouse.limits import Limits
    from hpowh.warehouse.store import Warehouse

    if find_spec("mcp") is None:
        raise HpowhError(
            "Speaking the Model Context Protocol needs the package mcp, which is not installed.",
            "Install it: pip install 'hpowh[agent]'",
        )
    limits = Limits(timeout, memory)
    with Warehouse(warehouse, wait=wait, locked_down=True, limits=limits) as store:
        store.tables()  # what is wrong with it is said now, not at the first question
        path = store.path
    from hpowh.reports.agent.server import build

    if sys.stdin.isatty():
        note("Waiting for a program that speaks the Model Context Protocol on standard input; Ctrl-C ends it.")
    build(Asked(path, limits, limit, wait)).run("stdio")
