"""Weights & Biases: folders of offline runs, or a project or sweep through the online API."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.protocol import LoadContext, LoadReport, Preview, Request
from hpowh.warehouse.sources.trackers.load import check_options, load_tracked, preview_tracked
from hpowh.warehouse.sources.trackers.tracked import Tracked
from hpowh.warehouse.sources.wandb.files import fingerprint_files, read_files

if TYPE_CHECKING:
    import duckdb

OPTIONS = ("unfinished", "history", "samples", "base_url")
ONLINE = re.compile(r"[^/\\\s.~][^/\\\s]*/[^/\\]+(/[^/\\\s]+)?")
"""ENTITY/PROJECT or ENTITY/PROJECT/SWEEP."""


class Wandb:
    """`hpowh ingest wandb FOLDER|FILE|ENTITY/PROJECT[/SWEEP]`: every run a trial, every sweep (or project) a sweep.

    Options: `unfinished` (`running` or `failed`: what runs without an end are), `sweep` (only this one), `direction`;
    online also `history` (`sampled`, `full` or `none`), `samples` (points a run) and `base_url`.
    """

    kind = "wandb"
    summary = "Weights & Biases: offline run folders (.wandb files), or ENTITY/PROJECT[/SWEEP] online"
    is_live = True

    def fingerprint(self, request: Request) -> str:
        """Return a hash of the files, or of what the server says of every run."""
        if is_online(request):
            from hpowh.warehouse.sources.wandb.api import fingerprint_online

            return fingerprint_online(request)
        return fingerprint_files(request.path)

    def preview(self, connection: duckdb.DuckDBPyConnection, request: Request) -> Preview:
        """Return every name's role, the number of runs and the first of them."""
        return preview_tracked(_opened(request), request)

    def load(self, connection: duckdb.DuckDBPyConnection, request: Request, context: LoadContext) -> LoadReport:
        """Write sweeps and trials.

        Raises:
            RowsRefusedError: a file is no run, or a run's metric is no number.
            IngestError: there is nothing to read, or the server refuses.
        """
        context.progress("read", 0.0)
        return load_tracked(connection, _opened(request), request, context)


def is_online(request: Request) -> bool:
    """Return whether the location is a project of the server: no file of that name, and it looks like one."""
    return not Path(request.location).exists() and ONLINE.fullmatch(request.location) is not None


def _opened(request: Request) -> Tracked:
    check_options("wandb", request, OPTIONS)
    unfinished = str(request.options.get("unfinished") or "running")
    if unfinished not in ("running", "failed"):
        raise UsageError(f"--option unfinished={unfinished}: not understood.", "Say running or failed.")
    if is_online(request):
        from hpowh.warehouse.sources.wandb.api import read_online

        return read_online(request, unfinished)
    if not Path(request.location).exists():
        raise IngestError(
            f"There is no file or folder {request.location}.", "Check the path, or say ENTITY/PROJECT for W&B online."
        )
    tracked = read_files(request.path)
    for run in tracked.runs:
        if run.status == "running":
            run.status = unfinished
    return tracked


SOURCE = Wandb()
