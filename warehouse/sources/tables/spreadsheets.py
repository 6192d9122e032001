"""A sheet of an Excel workbook as a CSV file, which is then read as any other: one way to understand what cells mean.

openpyxl (the extra `excel`) reads the cells: numbers in full, errors as they stand, merged cells and formulas by name.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hpowh.warehouse.errors import HpowhError, IngestError, UsageError
from hpowh.warehouse.ingest.bounds import MOST_BYTES, MOST_MEMBERS
from hpowh.warehouse.ingest.reading import reading

READ = (".xlsx", ".xlsm")
OTHERS = (".xls", ".xlsb", ".ods", ".numbers")
OPTIONS = ("sheet", "header")
"""Options that a workbook understands: which sheet, and which of its rows names the columns."""
MOST_TAGS = 5_000_000
"""Tags of a workbook's XML: three or four a cell, each cell 300 bytes in memory."""
MOST_PLACES = 20_000_000
"""Rows times columns of a sheet, empty places among them."""
EXPORT = (
    "Save its sheet as CSV (in Excel: File, Save as, CSV UTF-8; semicolons and decimal commas are understood), "
    "or in Python: pandas.read_excel(PATH).to_csv('table.csv', index=False)"
)
Row = Sequence[Any]


def refuse_others(path: Path) -> None:
    """Raise IngestError where a file is called like a spreadsheet that is not read."""
    if path.suffix.lower() in OTHERS:
        raise IngestError(f"{path} is a spreadsheet of a kind that is not read.", f"Save it as .xlsx. {EXPORT}")


@contextmanager
def sheet_as_csv(path: Path, options: Mapping[str, Any]) -> Iterator[Path]:
    """Give a CSV file with a sheet's rows, while this lasts; what is refused then names the workbook and its sheet.

    Raises:
        IngestError: it is no workbook, the extra is not installed, or the sheet has no heading or half a formula.
        UsageError: several sheets hold something and none was named, or the one named is not there.
    """
    title, rows = _sheet(path, options)
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "sheet.csv"
        with copy.open("w", encoding="utf-8", newline="") as target:
            target.write("sep=|\n")
            writer = csv.writer(target, delimiter="|", quoting=csv.QUOTE_ALL, lineterminator="\n")
            writer.writerows([_text(cell) for cell in row] for row in rows)
        try:
            yield copy
        except HpowhError as error:
            error.message = error.message.replace(str(copy), f"{path} (sheet {title!r})")
            error.args = (error.message,)
            raise


def _sheet(path: Path, options: Mapping[str, Any]) -> tuple[str, list[list[Any]]]:
    """Return a sheet's name, and its rows from the headings on without those and the columns that are empty."""
    book = _workbook(path, values=True)
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    filled = [title for title, sheet in sheets.items() if any(c is not None for row in _cells(sheet) for c in row)]
    title = str(options["sheet"]) if options.get("sheet") else None
    if title is None and len(filled) != 1:
        if not filled:
            raise IngestError(f"{path} has no rows.", "Nothing was loaded.")
        raise UsageError(
            f"{path} has {len(filled)} sheets: {', '.join(map(repr, filled))}.", "Say which: --option sheet=NAME"
        )
    title = title or filled[0]
    if title not in sheets:
        raise UsageError(f"{path} has no sheet {title!r}.", f"It has: {', '.join(map(repr, sheets))}.")
    cells = _cells(sheets[title])
    first = _heading(cells, options, path, title)
    _refuse_merged(sheets[title], first, path)
    _refuse_formulas(path, title, cells)
    wide = max((at for row in cells[first:] for at, cell in enumerate(row) if cell is not None), default=-1) + 1
    rows = [row[:wide] for row in cells[first:] if any(cell is not None for cell in row)]
    kept = [at for at in range(wide) if any(row[at] is not None for row in rows)]
    return title, [[row[at] for at in kept] for row in rows]


def _cells(sheet: Any) -> list[list[Any]]:
    """Return a sheet's cells from its first row and column on; texts of blanks only are empty.

    Raises:
        IngestError: a cell stands so far from the others that the places between are more than can be looked at.
    """
    if sheet.max_row * sheet.max_column > MOST_PLACES:
        raise IngestError(
            f"The sheet {sheet.title!r} reaches to row {sheet.max_row:,} and column {sheet.max_column:,}.",
            f"Is there a cell far from the table? Remove it, or: {EXPORT}",
        )
    return [
        [None if isinstance(cell, str) and not cell.strip() else cell for cell in row]
        for row in sheet.iter_rows(min_row=1, min_col=1, values_only=True)
    ]


def _workbook(path: Path, *, values: bool) -> Any:
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise IngestError(
            f"{path} is a spreadsheet, and what reads it is not installed.",
            f"pip install 'hpowh[excel]'. Or: {EXPORT}",
        ) from None
    with reading(str(path)):
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
        if len(members) > MOST_MEMBERS or sum(one.file_size for one in members) > MOST_BYTES:
            raise IngestError(f"{path} unpacks to more than is read at once.", EXPORT)
        _refuse_many_tags(path)
        return load_workbook(path, data_only=values)


def _refuse_many_tags(path: Path) -> None:
    """Raise IngestError where a workbook holds more than fits into memory: a cell takes far more there than in XML."""
    count = 0
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            with archive.open(member) as handle:
                while chunk := handle.read(1 << 20):
                    count += chunk.count(b"<")
                    if count > MOST_TAGS:
                        raise IngestError(f"{path} holds more cells than are read of a workbook.", EXPORT)


def _heading(cells: Sequence[Row], options: Mapping[str, Any], path: Path, title: str) -> int:
    """Return the place of the row that names the columns: the first that is not empty, or the one given."""
    said = options.get("header")
    if said is not None:
        if not str(said).isdecimal() or not 1 <= int(said) <= len(cells):
            raise UsageError(f"--option header={said}: the sheet has {len(cells):,} rows.", "Count them from 1.")
        return int(said) - 1
    first = next((at for at, row in enumerate(cells) if any(cell is not None for cell in row)), 0)
    widest = max((sum(cell is not None for cell in row) for row in cells[first + 1 :]), default=0)
    named = sum(cell is not None for cell in cells[first]) if cells else 0
    if named * 2 < widest:
        raise UsageError(
            f"{path}: row {first + 1} of the sheet {title!r} names {named} of {widest} columns.",
            "Say which row has the headings: --option header=ROW",
        )
    return first


def _refuse_merged(sheet: Any, first: int, path: Path) -> None:
    """Refuse merged cells in the headings or below: all but one of them are empty in the file."""
    merged = [str(one) for one in sheet.merged_cells.ranges if one.max_row > first]
    if merged:
        raise IngestError(
            f"{path}: cells of the sheet {sheet.title!r} are merged ({', '.join(sorted(merged)[:3])}); only the first "
            "of them holds a value.",
            "Unmerge them and fill in what they mean. Nothing was loaded.",
        )


def _refuse_formulas(path: Path, title: str, cells: Sequence[Row]) -> None:
    """Refuse formulas whose value is not in the file: a program wrote them, and no spreadsheet has computed them."""
    if not any(cell is None for row in cells for cell in row):
        return
    written = _cells(_workbook(path, values=False)[title])
    for number, (row, own) in enumerate(zip(cells, written, strict=False), start=1):
        for cell, text in zip(row, own, strict=False):
            if cell is None and isinstance(text, str) and text.startswith("="):
                raise IngestError(
                    f"{path}: the formula {text[:40]!r} in row {number} of the sheet {title!r} has no value there.",
                    "Open it in a spreadsheet program and save it. Nothing was loaded.",
                )


def _text(cell: Any) -> str:
    """Return a cell as a CSV file has it: numbers in full, times as ISO 8601, lengths of time as days and clock."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return repr(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ") if cell.time() != time() else cell.date().isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        clock = f"{cell.seconds // 3600:02}:{cell.seconds // 60 % 60:02}:{cell.seconds % 60:02}"
        return f"{cell.days} days {clock}" if cell.days else clock
    return str(cell)
