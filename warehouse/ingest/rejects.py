"""Write refused rows beside the load, with the reason for each."""

from __future__ import annotations

import csv
from pathlib import Path

from hpowh.warehouse.ingest.protocol import LoadReport, Request
from hpowh.warehouse.output.targets import written_file


def write_rejects(request: Request, report: LoadReport) -> None:
    """Write one CSV line a refused row: position, column, value, reason.

    Raises:
        UsageError: the file is the source itself, a warehouse, or one that hpowh did not make; it stays as it is, and
            the load is undone.
        HpowhError: the file cannot be written; the load is then undone.
    """
    if request.reject_to is None:
        return
    with (
        written_file(
            request.reject_to, option="--reject-to", sources=[Path(request.location)], is_forceable=False
        ) as place,
        place.open("w", newline="", encoding="utf-8") as handle,
    ):
        writer = csv.writer(handle)
        writer.writerow(["row", "column", "value", "reason"])
        writer.writerows((p.row, p.column, p.value, p.reason) for p in report.refused)
