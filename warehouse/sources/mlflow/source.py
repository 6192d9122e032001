"""MLflow tracking stores: an SQLite file or an `mlruns` folder, read without the mlflow library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.protocol import LoadContext, LoadReport, Preview, Request
from hpowh.warehouse.sources.mlflow.folder import FolderStore
from hpowh.warehouse.sources.mlflow.runs import OPTIONS, tracked_of
from hpowh.warehouse.sources.mlflow.sqlite import SqliteStore
from hpowh.warehouse.sources.trackers.load import check_options, load_tracked, preview_tracked
from hpowh.warehouse.sources.trackers.tracked import Tracked

if TYPE_CHECKING:
    import duckdb

SQLITE_START = b"SQLite format 3\x00"
CHUNK = 1 << 20


class Mlflow:
    """`hpowh ingest mlflow FILE|FOLDER`: every experiment a sweep, every run a trial.

    Options: `sweep` (only this experiment), `sweep_by` (`experiment`, or `parent`: nested runs are a sweep of their
    parent's), `deleted` (`skip` or `keep`), `server` (the address of MLflow's pages, which trials then link to),
    `direction`. Tags `algorithm`, `benchmark`, `seed` of an experiment make it also a run of an experiment of the
    warehouse.
    """

    kind = "mlflow"
    summary = "MLflow tracking store: an SQLite file, or a folder mlruns"
    is_live = True

    def fingerprint(self, request: Request) -> str:
        """Return a hash of the database (and its write-ahead log), or of all files of the folder."""
        path = _path(request)
        digest = sha256()
        files = FolderStore(path).files() if path.is_dir() else [path, path.with_name(f"{path.name}-wal")]
        for file in files:
            if file.is_file():
                digest.update(f"\n{file.name if path.is_file() else file.relative_to(path)}\n".encode())
                with file.open("rb") as handle:
                    while chunk := handle.read(CHUNK):
                        digest.update(chunk)
        return digest.hexdigest()

    def preview(self, connection: duckdb.DuckDBPyConnection, request: Request) -> Preview:
        """Return every name's role, the number of runs and the first of them."""
        with _opened(request) as tracked:
            return preview_tracked(tracked, request)

    def load(self, connection: duckdb.DuckDBPyConnection, request: Request, context: LoadContext) -> LoadReport:
        """Write sweeps and trials.

        Raises:
            IngestError: it is no MLflow store, or cannot be read.
            RowsRefusedError: a run's folder cannot be understood.
        """
        context.progress("read", 0.0)
        with _opened(request) as tracked:
            return load_tracked(connection, tracked, request, context)


def _path(request: Request) -> Path:
    return replace(request, location=request.location.removeprefix("sqlite:///").removeprefix("file://")).path


@contextmanager
def _opened(request: Request) -> Iterator[Tracked]:
    check_options("mlflow", request, OPTIONS)
    path = _path(request)
    if path.is_dir():
        yield tracked_of(FolderStore(path).read(), request)
        return
    with path.open("rb") as handle:
        if handle.read(len(SQLITE_START)) != SQLITE_START:
            raise IngestError(f"{path} is no SQLite file.", "Name MLflow's SQLite file, or its folder mlruns.")
    store = SqliteStore(path)
    try:
        yield tracked_of(store.read(), request)
    finally:
        store.close()


SOURCE = Mlflow()
