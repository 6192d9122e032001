"""Write refused rows beside the load, with the reason for each."""

from __future__ import annotations

import csv
from pathlib import Path

from hpowh.warehouse.connection import is_database
from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.protocol import LoadReport, Request


def write_rejects(request: Request, report: LoadReport) -> None:
    """Write one CSV line a refused row: position, column, value, reason.

    Raises:
        UsageError: the file is the source itself, or a warehouse; it stays as it is, and the load is undone.
        IngestError: the file cannot be written; the load is then undone.
    """
    if request.reject_to is None:
        return
    _refuse_precious(request.reject_to, Path(request.location))
    try:
        with request.reject_to.open("w", newline="", encoding="utf-8") as handle:
            writer = csv.writer(handle)
            writer.writerow(["row", "column", "value", "reason"])
            writer.writerows((p.row, p.column, p.value, p.reason) for p in report.refused)
    except OSError as error:
        raise IngestError(f"Cannot write the refused rows to {request.reject_to}: {error.strerror}.") from None


def _refuse_precious(target: Path, source: Path) -> None:
    if not target.is_file():
        return
    if source.exists() and target.resolve().is_relative_to(source.resolve()):
        raise UsageError(f"--reject-to {target} would overwrite the source.", "Name another file.")
    if is_database(target):
        raise UsageError(f"--reject-to {target} would overwrite a warehouse.", "Name another file.")
