"""Write refused rows beside the load, with the reason for each."""

from __future__ import annotations

import csv

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.protocol import LoadReport, Request


def write_rejects(request: Request, report: LoadReport) -> None:
    """Write one CSV line a refused row: position, column, value, reason.

    Raises:
        IngestError: the file cannot be written; the load is then undone.
    """
    if request.reject_to is None:
        return
    try:
        with request.reject_to.open("w", newline="", encoding="utf-8") as handle:
            writer = csv.writer(handle)
            writer.writerow(["row", "column", "value", "reason"])
            writer.writerows((p.row, p.column, p.value, p.reason) for p in report.refused)
    except OSError as error:
        raise IngestError(f"Cannot write the refused rows to {request.reject_to}: {error.strerror}.") from None
