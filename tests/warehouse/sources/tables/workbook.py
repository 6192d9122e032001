"""Excel workbooks for tests. openpyxl writes numbers with 16 digits, so those of tests have fewer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def book(path: Path, sheets: dict[str, list[list[Any]]], merged: str = "") -> Path:
    """Write sheets by their names; skips the test where openpyxl is not installed."""
    made = pytest.importorskip("openpyxl").Workbook()
    made.remove(made.active)
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
        if merged:
            sheet.merge_cells(merged)
    made.save(path)
    return path
