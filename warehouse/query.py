"""Run one query for a person or a pipe, and the interactive prompt."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from hpowh.warehouse.console import note, print_table, show
from hpowh.warehouse.errors import HpowhError, UsageError

if TYPE_CHECKING:
    from hpowh.warehouse.relation import Relation
    from hpowh.warehouse.store import Warehouse

HISTORY = Path("~/.hpowh_history")


def run_query(store: Warehouse, query: str, *, output: str, limit: int, out: Path | None = None) -> float:
    """Run a query and write its rows; return the seconds until the last row.

    Raises:
        HpowhError: the query is wrong (DuckDB's message points at the place) or reaches for what is locked.
        UsageError: Parquet was asked for on a terminal.
    """
    if output == "parquet" and out is None and sys.stdout.isatty():
        raise UsageError("Parquet is not for a terminal.", "Give --out FILE, or redirect.")
    began = time.perf_counter()
    try:
        relation = store.sql(query)
        written = _write(relation, output, limit, out)
    except duckdb.PermissionException as error:
        raise HpowhError(
            f"Not allowed here: {_plain(error).splitlines()[0].removeprefix('Permission Error: ')}.",
            "hpowh sql is locked down; --unlocked lets it use files.",
        ) from None
    except duckdb.InvalidInputException as error:
        if "read-only" in str(error):
            raise HpowhError(
                "hpowh sql only reads.", "Results are written by hpowh ingest and hpowh analyse."
            ) from None
        raise HpowhError(_plain(error)) from None
    except duckdb.Error as error:
        raise HpowhError(_plain(error)) from None
    seconds = time.perf_counter() - began
    if written:
        note(written)
    return seconds


def _plain(error: duckdb.Error) -> str:
    return str(error).strip()


def _write(relation: Relation, output: str, limit: int, out: Path | None) -> str:
    """Write the rows; return a notice for the user, or an empty text."""
    if output == "parquet":
        import pyarrow.parquet as pq

        pq.write_table(relation.arrow(), str(out) if out else sys.stdout.buffer)
        return ""
    if out is not None:
        with out.open("w", newline="", encoding="utf-8") as handle, contextlib.redirect_stdout(handle):
            return _write(relation, output if output != "table" else "csv", 0, None)
    if output == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(relation.columns)
        for chunk in relation.chunks():
            writer.writerows(chunk)
        return ""
    if output == "json":
        return _write_json(relation)
    rows = relation.head(limit + 1 if limit else None)
    cut = bool(limit) and len(rows) > limit
    rows = rows[:limit] if cut else rows
    if output == "markdown":
        sys.stdout.write(markdown(relation.columns, rows))
    else:
        print_table(relation.columns, rows)
    return f"Only the first {limit:,} rows are shown (--limit 0 shows all)." if cut else ""


def _write_json(relation: Relation) -> str:
    """Write one JSON array of objects; NaN and infinities, which JSON lacks, become null."""

    def clean(value: Any) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            return None
        return value

    sys.stdout.write("[")
    first = True
    for chunk in relation.chunks():
        for row in chunk:
            record = {column: clean(value) for column, value in zip(relation.columns, row, strict=True)}
            sys.stdout.write(("" if first else ",") + "\n  " + json.dumps(record, default=str, ensure_ascii=False))
            first = False
    sys.stdout.write("\n]\n")
    return ""


def markdown(columns: list[str], rows: list[tuple[Any, ...]]) -> str:
    """Return rows as a Markdown table."""

    def cell(value: Any) -> str:
        return show(value).replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")

    text = io.StringIO()
    text.write("| " + " | ".join(cell(column) for column in columns) + " |\n")
    text.write("|" + " --- |" * len(columns) + "\n")
    for row in rows:
        text.write("| " + " | ".join(cell(value) for value in row) + " |\n")
    return text.getvalue()


def prompt(store: Warehouse, *, output: str, limit: int) -> None:
    """Read queries at a prompt until it is left; the history is kept between sessions."""
    import readline

    history = HISTORY.expanduser()
    with contextlib.suppress(OSError):
        readline.read_history_file(history)
    readline.set_history_length(2000)
    note("SQL on the warehouse, read-only. End a query with ; — .tables lists tables, .quit (or Ctrl-D) leaves.")
    try:
        _converse(store, output, limit)
    finally:
        with contextlib.suppress(OSError):
            readline.write_history_file(history)


def _converse(store: Warehouse, output: str, limit: int) -> None:
    waiting: list[str] = []
    while True:
        try:
            line = input("hpowh> " if not waiting else "   ...> ")
        except EOFError:
            print()
            return
        except KeyboardInterrupt:
            print()
            waiting = []
            continue
        word = line.strip()
        if not waiting and word in (".quit", ".exit", "exit", "quit"):
            return
        if not waiting and word == ".tables":
            print_table(["table", "one row is"], [(t.name, t.grain) for t in store.tables()])
            continue
        if word:
            waiting.append(line)
        if word.endswith(";"):
            try:
                seconds = run_query(store, "\n".join(waiting), output=output, limit=limit)
                note(f"{seconds:.3f} s")
            except (HpowhError, KeyboardInterrupt) as error:
                note(f"Error: {error}" if isinstance(error, HpowhError) else "Interrupted.")
            waiting = []
