"""Optuna storages: SQLite files and journal files, one or a folder of them, read without the Optuna library."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, tzinfo
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.protocol import LoadContext, LoadReport, Preview, Request
from hpowh.warehouse.sources.optuna.content import Content
from hpowh.warehouse.sources.optuna.journal import read_journal
from hpowh.warehouse.sources.optuna.labels import ROLES, Labelling
from hpowh.warehouse.sources.optuna.sqlite import read_sqlite
from hpowh.warehouse.sources.sweeps.loader import load_sweeps
from hpowh.warehouse.sources.sweeps.tables import Trials, trial_schema

if TYPE_CHECKING:
    import duckdb
    import pyarrow

SQLITE_START = b"SQLite format 3\x00"
CHUNK = 1 << 20


class OptunaStorage:
    """`hpowh ingest optuna FILE`: every study a sweep; with an algorithm and a benchmark also a run.

    Options: `study_pattern`, `experiment`, `metric`, `space`, `time_zone` (`UTC`, `local` or a name such as
    `Europe/Berlin`). The mapping gives study user attributes a role (see `optuna_labels.ROLES`).
    """

    kind = "optuna"
    summary = "Optuna storage: an SQLite file, a journal file, or a folder of them"
    is_live = True

    def fingerprint(self, request: Request) -> str:
        """Return a hash over the files (and an SQLite file's write-ahead log)."""
        digest = sha256()
        for path in storage_files(request):
            digest.update(f"\n{path.name}\n".encode())
            for part in (path, path.with_name(f"{path.name}-wal")):
                if part.is_file():
                    with part.open("rb") as handle:
                        while chunk := handle.read(CHUNK):
                            digest.update(chunk)
        return digest.hexdigest()

    def preview(self, connection: duckdb.DuckDBPyConnection, request: Request) -> Preview:
        """Return which study attributes say what, the number of trials, and the first of them."""
        labelling = Labelling.of(request)
        mapping: dict[str, tuple[str, str, str]] = {}
        rows: list[tuple[Any, ...]] = []
        count, notes = 0, []
        with ExitStack() as stack:
            for content in _opened(request, stack):
                count += len(content.trial)
                notes += content.notes
                for study in content.studies:
                    labelling.sweep(study)
                    for name in study.user_attributes:
                        given = request.mapping.get(name)
                        guess = name if name in ROLES else "ignore"
                        mapping[name] = (name, given or guess, "given" if given else "by its name")
                for at, number, status, started_at, ended_at in content.trial[: max(0, 5 - len(rows))]:
                    rows.append((content.studies[at].name, number, status, started_at, ended_at))
        columns = ["study", "number", "status", "started_at", "ended_at"]
        return Preview(count, list(mapping.values()), columns, rows, notes + labelling.notes())

    def load(self, connection: duckdb.DuckDBPyConnection, request: Request, context: LoadContext) -> LoadReport:
        """Write sweeps, trials, runs and traces.

        Raises:
            IngestError: a file is no Optuna storage, is damaged, or is held by a writer; or two runs are the same.
        """
        context.progress("read", 0.0)
        labelling = Labelling.of(request)
        with ExitStack() as stack:
            stack.enter_context(no_collection())
            contents = list(_opened(request, stack))
            sweeps = [labelling.sweep(study) for content in contents for study in content.studies]
            loaded = load_sweeps(connection, sweeps, _joined(contents), context)
        notes = [note for content in contents for note in content.notes] + labelling.notes() + loaded.notes
        notes += sorted({sweep.time_note for sweep in sweeps if sweep.time_note})
        runs = f", {loaded.run_count:,} of them runs of an experiment" if loaded.run_count else ""
        notes.insert(0, f"{len(sweeps):,} {'study' if len(sweeps) == 1 else 'studies'}{runs}.")
        if loaded.resolved_count:
            notes.append(f"{loaded.resolved_count:,} trials are configurations of a known search space.")
        return LoadReport(loaded.trial_count, notes=notes)


@contextmanager
def no_collection() -> Iterator[None]:
    """Do not look for cycles meanwhile: rows are tuples of plain values, and looking through millions takes a fifth."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def storage_files(request: Request) -> list[Path]:
    """Return the storage files that a request means, in the order of their names.

    Raises:
        IngestError: there is none.
    """
    path = replace(request, location=request.location.removeprefix("sqlite:///")).path
    if not path.is_dir():
        return [path]
    found = [entry for entry in sorted(path.iterdir()) if entry.is_file() and _kind(entry) is not None]
    if not found:
        raise IngestError(f"The folder {path} holds no Optuna storage.", "Name a folder with SQLite or journal files.")
    return found


def _kind(path: Path) -> Callable[[Path, tzinfo | None, bool], Content] | None:
    """Return the reader for a file, by how it begins."""
    with path.open("rb") as handle:
        start = handle.read(len(SQLITE_START))
    if start == SQLITE_START:
        return read_sqlite
    return read_journal if start.startswith(b'{"op_code":') else None


def _opened(request: Request, stack: ExitStack) -> Iterator[Content]:
    zone, zone_given = _zone(request)
    for path in storage_files(request):
        reader = _kind(path)
        if reader is None:
            raise IngestError(
                f"{path} is neither an SQLite file nor an Optuna journal.",
                "Name the file that Optuna's storage URL names.",
            )
        content = reader(path, zone, zone_given)
        stack.callback(content.close)
        yield content


def _zone(request: Request) -> tuple[tzinfo | None, bool]:
    """Return the zone in which naive times are read (None: this machine's) and whether it was asked for."""
    asked = request.options.get("time_zone")
    if not asked or asked == "local":
        return None, bool(asked)
    if str(asked).upper() == "UTC":
        return UTC, True
    try:
        return ZoneInfo(str(asked)), True
    except (ZoneInfoNotFoundError, ValueError):
        raise UsageError(
            f"There is no time zone {asked!r}.", "Give UTC, local, or a name such as Europe/Berlin."
        ) from None


def _joined(contents: list[Content]) -> Trials:
    """Number studies and trials through over all files."""
    import pyarrow as pa

    parts, firsts, first_study, first_trial = [], [], 0, 0
    for content in contents:
        firsts.append(first_trial)
        studies, numbers, statuses, starts, ends = zip(*content.trial, strict=True) if content.trial else [()] * 5
        at = range(first_trial, first_trial + len(content.trial))
        columns = (at, [study + first_study for study in studies], map(str, numbers), numbers, statuses, starts, ends)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, trial_schema(), strict=True)]
        parts.append(pa.table(arrays, schema=trial_schema()))
        first_study += len(content.studies)
        first_trial += len(content.trial)
    trial = pa.concat_tables(parts)

    def shifted(part: str) -> Iterator[pyarrow.Table]:
        for first, content in zip(firsts, contents, strict=True):
            for table in getattr(content, part)():
                yield _shift(table, first)

    return Trials(
        trial=trial, parameters=shifted("parameters"), metrics=shifted("metrics"), attributes=shifted("attributes")
    )


def _shift(table: pyarrow.Table, first: int) -> pyarrow.Table:
    import pyarrow.compute as pc

    return table.set_column(0, "trial", pc.add(table.column("trial"), first)) if first else table


SOURCE = OptunaStorage()
