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

from hpowh.warehouse import queries
from hpowh.warehouse.console import note, print_table, show
from hpowh.warehouse.errors import HpowhError, UsageError
from hpowh.warehouse.limits import HINT as LIMIT_HINT
from hpowh.warehouse.output.latex import latex_table
from hpowh.warehouse.output.targets import written_file
from hpowh.warehouse.relation import Relation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hpowh.warehouse.store import Warehouse

HISTORY = Path("~/.hpowh_history")


def run_query(
    store: Warehouse,
    text: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    output: str,
    limit: int,
    out: Path | None = None,
    force: bool = False,
) -> float:
    """Run the queries of a text and write their rows; return the seconds until the last row.

    As a table, markdown or latex the rows of every query are shown, one after the other; else there is one query.

    Args:
        parameters: the values of `$name` in the text.

    Raises:
        HpowhError: a query is wrong (DuckDB's message points at the place), or is none.
        LimitError: a query took too long or too much memory.
        UsageError: Parquet was asked for on a terminal, several queries in a form that holds the rows of one, or `out`
            is something that must not be overwritten.
    """
    _refuse_terminal(output, out)
    began = time.perf_counter()
    try:
        written = _write_somewhere(store.each(text, parameters), output, limit, out, force=force)
    except duckdb.PermissionException as error:
        raise HpowhError(
            f"Not allowed here: {_plain(error).splitlines()[0].removeprefix('Permission Error: ')}.",
            "hpowh sql is locked down; --unlocked lets it read files.",
        ) from None
    except duckdb.OutOfMemoryException as error:
        raise HpowhError(f"The query needs more memory: {_plain(error).splitlines()[0]}", LIMIT_HINT) from None
    except duckdb.Error as error:
        if "Query interrupted" in str(error):
            raise
        raise HpowhError(_plain(error)) from None
    seconds = time.perf_counter() - began
    if written:
        note(written)
    return seconds


def write_rows(columns: Mapping[str, list[str]], *, output: str, out: Path | None = None, force: bool = False) -> None:
    """Write texts that are in no warehouse, in any of the forms that a query's rows may have.

    Raises:
        UsageError: Parquet was asked for on a terminal, or `out` is something that must not be overwritten.
    """
    _refuse_terminal(output, out)
    listed = ", ".join(f"unnest(${name}) as {name}" for name in columns)
    relation = Relation(duckdb.connect().execute(f"select {listed}", dict(columns)))
    _write_somewhere([relation], output, 0, out, force=force)


def _refuse_terminal(output: str, out: Path | None) -> None:
    if output == "parquet" and out is None and sys.stdout.isatty():
        raise UsageError("Parquet is not for a terminal.", "Give --out FILE, or redirect.")


def _write_somewhere(relations: Iterable[Relation], output: str, limit: int, out: Path | None, *, force: bool) -> str:
    """Write the rows to a file, or to standard output where none is named; return a notice, or an empty text."""
    if out is None:
        return _write_all(relations, output, limit)
    with written_file(out, option="--out", force=force) as place:
        return _write_file(relations, "csv" if output == "table" else output, place)


def _plain(error: duckdb.Error) -> str:
    return str(error).strip()


def _write_all(relations: Iterable[Relation], output: str, limit: int) -> str:
    """Write the rows of all queries to standard output; return a notice for the user, or an empty text."""
    notices = []
    for position, relation in enumerate(_with_columns(relations)):
        if position and output not in ("table", "markdown", "latex"):
            raise UsageError(f"Several queries give no single {output}.", "Run them one by one, or as a table.")
        if position:
            print()
        notices.append(_write(relation, output, limit))
    return next((notice for notice in notices if notice), "")


def _with_columns(relations: Iterable[Relation]) -> Iterator[Relation]:
    """Leave out what has no rows by its nature, such as SET VARIABLE, unless nothing else comes."""
    return (relation for relation in relations if relation.columns != ["Success"])


def _write_file(relations: Iterable[Relation], output: str, place: Path) -> str:
    """Write the rows of one query to a file."""
    if output == "parquet":
        import pyarrow.parquet as pq

        found = list(_with_columns(relations))
        if len(found) != 1:
            raise UsageError("Several queries give no single parquet.", "Run them one by one.")
        pq.write_table(found[0].arrow(), str(place))
        return ""
    with place.open("w", newline="", encoding="utf-8") as handle, contextlib.redirect_stdout(handle):
        return _write_all(relations, output, 0)


def _write(relation: Relation, output: str, limit: int) -> str:
    """Write the rows to standard output; return a notice for the user, or an empty text."""
    if output == "parquet":
        import pyarrow.parquet as pq

        pq.write_table(relation.arrow(), sys.stdout.buffer)
        return ""
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
    elif output == "latex":
        sys.stdout.write(latex_table(relation.columns, rows))
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
    note("SQL on the warehouse, read-only. End a query with ; — .help says more, .quit (or Ctrl-D) leaves.")
    try:
        _converse(store, output, limit)
    finally:
        with contextlib.suppress(OSError):
            readline.write_history_file(history)


HELP = (
    ("SELECT …;", "answer a query; it may take several lines"),
    (".tables", "list the tables and views, and what one row of each is"),
    (".columns TABLE", "list the columns of one, such as .columns mart.run_regret"),
    (".queries", "list the queries that hpowh's own pages ask, by name"),
    (".query NAME", "ask one of them that needs no value; with values: hpowh sql --query NAME --set name=value"),
    (".help", "this"),
    (".quit", "leave; Ctrl-D does, too. Ctrl-C interrupts a query or drops what was typed"),
)


def _command(store: Warehouse, line: str, output: str, limit: int) -> None:
    """Carry out a line that begins with a dot; what it does not know is said."""
    word, _, rest = line.rstrip(";").partition(" ")
    name = rest.strip()
    try:
        if word == ".tables":
            print_table(["table", "one row is"], [(t.name, t.grain) for t in store.tables()])
        elif word == ".help":
            print_table(["type", "to"], list(HELP))
        elif word == ".columns" and name:
            print_table(["column", "type"], list(store.columns(name)))
        elif word == ".queries":
            print_table(["query", "one row is"], [(one, queries.find(one).grain) for one in queries.names()])
        elif word == ".query" and name:
            note(f"{run_query(store, queries.find(name).text, output=output, limit=limit):.3f} s")
        else:
            note(f"{line!r} is no command here; .help lists those there are.")
    except HpowhError as error:
        note(f"Error: {error}")


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
        if not waiting and word.startswith("."):
            _command(store, word, output, limit)
            continue
        if word:
            waiting.append(line)
        if word.endswith(";"):
            try:
                seconds = run_query(store, "\n".join(waiting), output=output, limit=limit)
                note(f"{seconds:.3f} s")
            except HpowhError as error:
                note(f"Error: {error}")
            except (KeyboardInterrupt, duckdb.InterruptException, RuntimeError) as error:
                if isinstance(error, RuntimeError) and "interrupted" not in str(error):
                    raise
                note("Interrupted.")
            waiting = []
