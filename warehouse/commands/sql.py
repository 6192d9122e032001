"""`hpowh sql`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from hpowh.warehouse.console import MemoryOption, TimeoutOption, WaitOption, WarehouseOption, end_now, note
from hpowh.warehouse.errors import UsageError

FORMATS = ("table", "csv", "json", "parquet", "markdown", "latex")


def sql(
    query: Annotated[str | None, typer.Argument(help="The query; - or a pipe reads it from standard input.")] = None,
    named: Annotated[str | None, typer.Option("--query", "-q", help="A query of hpowh's own, by its name.")] = None,
    values: Annotated[
        list[str] | None, typer.Option("--set", "-s", metavar="NAME=VALUE", help="The value of $NAME; again for more.")
    ] = None,
    listed: Annotated[bool, typer.Option("--queries", help="List them: what one row of each is.")] = False,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Read the query from a file.")] = None,
    output: Annotated[str, typer.Option("--format", help="table, csv, json, parquet, markdown or latex.")] = "table",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the rows to this file.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Most rows to show as a table, markdown or latex; 0: all.")] = 100,
    timing: Annotated[bool, typer.Option("--timing", help="Say how long the query took.")] = False,
    unlocked: Annotated[
        bool, typer.Option("--unlocked", help="Let queries read other files, such as from 'runs.csv'.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="--out may overwrite a file that hpowh did not make.")] = False,
    timeout: TimeoutOption = 300.0,
    memory: MemoryOption = "2GB",
    warehouse: WarehouseOption = None,
    wait: WaitOption = 0.0,
) -> None:
    """Ask the warehouse in SQL; without a query, at a prompt.

    Only queries are answered: nothing can be changed, and no file, network or setting reached, unless --unlocked lets
    queries read files. --query NAME runs a query that hpowh itself uses, --set run=3 sets its $run. A VALUE is a
    number, true, false, null or a list where it is written as one in JSON; else a text (the text 2024 is '"2024"').
    """
    from hpowh.warehouse import queries
    from hpowh.warehouse.limits import Limits
    from hpowh.warehouse.parameters import parsed, refuse_others
    from hpowh.warehouse.query import prompt, run_query, write_rows
    from hpowh.warehouse.store import Warehouse

    if output not in FORMATS:
        raise UsageError(f"--format {output}: not known.", f"Formats: {', '.join(FORMATS)}.")
    if sum((query is not None, file is not None, named is not None, listed)) > 1:
        raise UsageError("Give one of these: the query, --file, --query, --queries.")
    if listed:
        if values:
            raise UsageError("--queries takes no --set.")
        write_rows(queries.catalogue(), output=output, out=out, force=force)
        return
    text = queries.text(named) if named is not None else _given(query, file)
    parameters = parsed(values or ())
    if text is not None:
        refuse_others(text, parameters)
    elif parameters:
        raise UsageError("At the prompt there is no --set.", "Give it with a query, --file or --query.")
    store = Warehouse(
        warehouse,
        wait=wait,
        locked_down=True,
        limits=Limits(timeout, memory),
        may_read_files=unlocked,
        notify=note,
        on_stuck=lambda sentence: end_now(f"Error: {sentence}", store.close_files),
    )
    with store:
        if text is None:
            prompt(store, output=output, limit=limit)
            return
        seconds = run_query(store, text, parameters or None, output=output, limit=limit, out=out, force=force)
    if timing:
        note(f"{seconds:.3f} s")


def _given(query: str | None, file: Path | None) -> str | None:
    """Return the SQL of the argument, a file or standard input; None where a person is to write it at the prompt."""
    if file is not None:
        if not file.is_file():
            raise UsageError(f"There is no file {file}.")
        try:
            query = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{file} cannot be read: {error}.") from None
    elif query == "-" or (query is None and not sys.stdin.isatty()):
        query = sys.stdin.read()
    if query is not None and not query.strip():
        raise UsageError("The query is empty.", 'Try: hpowh sql "select * from mart.source"')
    return query
