"""The walk of one ingest: fingerprint, load and check in one transaction, ledger, views."""

from __future__ import annotations

import json
import os
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from hpowh.warehouse import queries
from hpowh.warehouse.checks.seal import seal_source
from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.declared import other_name
from hpowh.warehouse.ingest.protocol import LoadContext, LoadReport, Preview, Request, Source
from hpowh.warehouse.ingest.reading import reading, refuse_special_files
from hpowh.warehouse.ingest.rejects import write_rejects
from hpowh.warehouse.ingest.remove import remove_source
from hpowh.warehouse.limits import limited
from hpowh.warehouse.migrate import program_version
from hpowh.warehouse.views import refresh_generated_views

if TYPE_CHECKING:
    import duckdb

    from hpowh.warehouse.store import Warehouse

PLACE = "place"
"""Key of a source's options under which stands a hash of where it was loaded from."""
MEMORY_LIMIT = 10**9
"""Bytes: DuckDB's own share while ingesting; beyond it DuckDB writes to disk, so memory stays bounded for any file."""


@dataclass(kw_only=True)
class Outcome:
    """What came of one ingest."""

    action: str
    """`load`, `replace`, `update` or `unchanged`."""
    source_id: int
    name: str
    row_count: int
    refused_count: int = 0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)


def _silent(_message: str, _share: float | None) -> None:
    return


def ingest(
    warehouse: Warehouse,
    source: Source,
    request: Request,
    *,
    replace_old: bool = False,
    replace_changed: bool = False,
    progress: Callable[[str, float | None], None] = _silent,
) -> Outcome:
    """Load one source in one transaction; the same content a second time is noticed and left alone.

    Args:
        replace_old: load anew even where the content is the same.
        replace_changed: let changed content take the place of the old, as a live source's always does.

    Raises:
        RowsRefusedError: rows are not acceptable and no `reject_to` was given; nothing was loaded.
        IngestError: the source cannot be read, or changed while it was read; nothing was loaded.
        WarehouseLockedError: another process has the warehouse open.
    """
    began, started_at = time.perf_counter(), datetime.now(UTC)
    progress("fingerprint", None)
    refuse_special_files(request.location)
    with reading(request.location):
        content = source.fingerprint(request)
    fingerprint = _identity(source, request, content)
    same = _already_loaded(warehouse.connection, source, fingerprint)
    if same and not replace_old:
        source_id, name, rows, when = same
        other = "" if name == request.name else f" as {name!r}"
        warehouse.fold_log()
        note = f"Already loaded{other} on {when:%Y-%m-%d %H:%M}; nothing to do."
        return Outcome(
            action="unchanged",
            source_id=source_id,
            name=name,
            row_count=rows,
            notes=[note],
            seconds=time.perf_counter() - began,
        )
    with warehouse.writing() as connection:
        connection.execute(f"set memory_limit = '{limited(MEMORY_LIMIT)}'")
        old = _namesake(connection, source, request)
        action = _action(connection, source, request, old, replace_old or replace_changed, warehouse.path.parent)
        source_id = _announce(connection, source, request, fingerprint, warehouse.path.parent)
        if old is not None:
            remove_source(connection, old)
        with reading(request.location):
            report = source.load(connection, request, LoadContext(source_id, progress))
        report.notes += odd_times(connection, source_id)
        progress("check", None)
        if not source.is_live and source.fingerprint(request) != content:
            raise IngestError(
                f"{request.location} changed while it was read; nothing was loaded.",
                "Run again when nothing writes to it.",
            )
        _acknowledge(connection, report, source_id, action, started_at)
        seal_source(connection, source_id)
        refresh_generated_views(connection)
        if report.refused and request.reject_to:
            write_rejects(request, report)
        progress("commit", None)
    return Outcome(
        action=action,
        source_id=source_id,
        name=request.name,
        row_count=report.row_count,
        refused_count=report.refused_count,
        seconds=time.perf_counter() - began,
        notes=report.notes,
    )


def planned_action(warehouse: Warehouse, source: Source, request: Request) -> str:
    """Return what `ingest` with `replace_changed` would do: `load`, `replace`, `update` or `unchanged`.

    Raises:
        IngestError: the source cannot be read.
    """
    refuse_special_files(request.location)
    with reading(request.location):
        fingerprint = _identity(source, request, source.fingerprint(request))
    if _already_loaded(warehouse.connection, source, fingerprint):
        return "unchanged"
    if _namesake(warehouse.connection, source, request) is None:
        return "load"
    return "update" if source.is_live else "replace"


def preview(source: Source, request: Request) -> Preview:
    """Return what a load would do; reads the source, touches no warehouse."""
    import duckdb

    refuse_special_files(request.location)
    with duckdb.connect(config={"memory_limit": limited(MEMORY_LIMIT)}) as scratch, reading(request.location):
        return source.preview(scratch, replace(request))


def _identity(source: Source, request: Request, content: str) -> str:
    """The content and how it is read: another mapping of the same file is another load."""
    how = json.dumps([source.kind, dict(request.mapping), dict(request.options)], sort_keys=True, default=str)
    return sha256(f"{content}\n{how}".encode()).hexdigest()


def _already_loaded(
    connection: duckdb.DuckDBPyConnection, source: Source, fingerprint: str
) -> tuple[int, str, int, datetime] | None:
    rows = connection.execute(
        "select source_id, name, row_count, ingested_at from core.source where kind = ? and fingerprint = ?",
        [source.kind, fingerprint],
    ).fetchall()
    return rows[0] if rows else None


def _namesake(connection: duckdb.DuckDBPyConnection, source: Source, request: Request) -> int | None:
    rows = connection.execute(
        "select source_id from core.source where kind = ? and name = ?", [source.kind, request.name]
    ).fetchall()
    return rows[0][0] if rows else None


def _place(request: Request, home: Path) -> str:
    """Return what tells one place from another, without telling where it is: a published copy holds it.

    It is the way from the warehouse's folder: a folder that is moved with warehouse and sources stays one place.
    """
    path = Path(request.location)
    where = os.path.relpath(path.resolve(), home.resolve()) if path.exists() else request.location
    return sha256(where.encode()).hexdigest()[:16]


def _action(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    request: Request,
    old: int | None,
    replace_old: bool,
    home: Path,
) -> str:
    if old is None:
        return "load"
    if replace_old:
        return "replace"
    if source.is_live:
        uri, options = connection.execute("select uri, options from core.source where source_id = ?", [old]).fetchall()[
            0
        ]
        place = json.loads(options).get(PLACE)
        if place == _place(request, home) if place else Path(uri).name == Path(request.location).name:
            return "update"
        raise IngestError(
            f"The source {request.name!r} ({source.kind}) was loaded from another place, {uri}; "
            f"{request.location} would take its place.",
            f"Give it a name of its own: --as {shlex.quote(other_name(request.location, request.name))}; "
            "or load it in place of the old one: --replace",
        )
    raise IngestError(
        f"There is already a source {request.name!r} ({source.kind}) with other content or another mapping.",
        "Load it anew with --replace, or give it another name with --as NAME.",
    )


def _announce(
    connection: duckdb.DuckDBPyConnection, source: Source, request: Request, fingerprint: str, home: Path
) -> int:
    used = connection.execute(queries.text("ledger/next_source")).fetchall()[0][0]
    options = json.dumps(
        {"mapping": dict(request.mapping), PLACE: _place(request, home), **request.options}, sort_keys=True, default=str
    )
    connection.execute(
        "insert into core.source values (?, ?, ?, ?, ?, 0, 0, ?, now(), ?)",
        [used, source.kind, request.name, request.location, fingerprint, options, program_version()],
    )
    return int(used)


def odd_times(connection: duckdb.DuckDBPyConnection, source_id: int) -> list[str]:
    """Return a note where trials ended before they started: two machines' clocks differed, or one was set back."""
    count, name = connection.execute(
        "select count(*), min(name) from core.trial where source_id = ? and ended_at < started_at", [source_id]
    ).fetchall()[0]
    if not count:
        return []
    rows = "1 trial" if count == 1 else f"{count:,} trials"
    return [
        f"{rows} ended before starting, such as {name}: the clocks of two machines differ. Times are kept as found."
    ]


def _acknowledge(
    connection: duckdb.DuckDBPyConnection, report: LoadReport, source_id: int, action: str, started_at: datetime
) -> None:
    connection.execute(
        "update core.source set row_count = ?, refused_count = ? where source_id = ?",
        [report.row_count, report.refused_count, source_id],
    )
    number = connection.execute("select coalesce(max(ingest_id), 0) + 1 from ops.ingest").fetchall()[0][0]
    connection.execute(
        "insert into ops.ingest values (?, ?, ?, ?, ?, ?, now(), ?)",
        [number, source_id, action, report.row_count, report.refused_count, started_at, json.dumps(report.notes)],
    )
