"""How a text file with one row a line is written: encoding, delimiter, header, comments, odd ends of lines."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import string
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.bounds import LONGEST_LINE, lines_of
from hpowh.warehouse.names import literal
from hpowh.warehouse.sources.tables.alike import UNSEEN, near_headings
from hpowh.warehouse.sources.tables.columns import unnamed

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_COLUMNS = 20_000
DELIMITERS = ",;\t|"
SAMPLE = 200
"""Rows whose number of fields is looked at."""
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""First bytes that say how the rest is encoded."""
NO_SIGNS = UNSEEN + string.whitespace + "\u00a0"
"""What is left out at the ends of a heading."""
READ_BY_DUCKDB = ("utf-8", "latin-1")


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a CSV file is written."""

    names: list[str]
    """Of the columns, as in the header; those without a name are `Unnamed: N`."""
    delimiter: str
    encoding: str
    skipped: int
    """Lines above the header that are no comments."""
    above: int
    """All lines above the header."""
    has_comments: bool
    extra: int
    """Empty fields that end every row though the header has no column for them."""
    has_percents: bool = False
    """Whether a field of the first rows ends with a percent sign."""
    notes: list[str] = field(default_factory=list)

    def scan(self, path: Path) -> str:
        """Return SQL that reads the rows as texts in the columns c0, c1, …; refused rows go to `reject_errors`."""
        width = len(self.names) + self.extra
        columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(width))
        above = f", skip = {self.skipped}" + (", comment = '#'" if self.has_comments else "")
        encoding = self.encoding if self.encoding in READ_BY_DUCKDB else "utf-8"
        return (
            f"read_csv({literal(str(path))}, columns = {{{columns}}}, auto_detect = false, header = true, "
            f"delim = {literal(self.delimiter)}, quote = '\"', escape = '\"', encoding = {literal(encoding)}, "
            f"store_rejects = true, rejects_limit = 0, strict_mode = true, "
            f"max_line_size = {LONGEST_LINE}, buffer_size = {BUFFER}{above})"
        )


BUFFER = 2 * LONGEST_LINE
"""Bytes that a thread reads at once: DuckDB's own choice, sixteen of the longest lines, leaves one thread all."""


def encoding_of(path: Path, options: Mapping[str, Any]) -> str:
    """Return the encoding as given, else as the first bytes say it, else UTF-8.

    Raises:
        UsageError: there is no such encoding.
    """
    given = options.get("encoding")
    if given:
        try:
            known = codecs.lookup(str(given)).name
        except LookupError:
            raise UsageError(f"There is no encoding {given!r}.", "Give utf-8, latin-1, utf-16, cp1252, …") from None
        return {"iso8859-1": "latin-1", "utf-8": "utf-8"}.get(known, known)
    with _bytes(path) as raw:
        start = raw.read(4)
    return next((name for mark, name in BYTE_ORDER_MARKS if start.startswith(mark)), "utf-8")


@contextmanager
def readable(path: Path, encoding: str) -> Iterator[Path]:
    """Give a file that DuckDB can read: the file itself, or while this lasts, a copy of it in UTF-8.

    Raises:
        IngestError: the bytes are not of that encoding.
    """
    if encoding in (*READ_BY_DUCKDB, "utf-8-sig"):
        yield path
        return
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.csv"
        try:
            with _bytes(path) as raw, copy.open("w", encoding="utf-8", newline="") as target:
                text = io.TextIOWrapper(raw, encoding=encoding, newline="")
                while part := text.read(1 << 20):
                    target.write(part)
        except UnicodeError as error:
            raise IngestError(f"{path} is not encoded as {encoding}: {error}.", "Give another --encoding") from None
        yield copy


def refuse_width(path: Path, count: int) -> None:
    """Raise IngestError where a table has more columns than can be looked at, one by one, while somebody waits."""
    if count > MOST_COLUMNS:
        raise IngestError(
            f"{path} has {count:,} columns; at most {MOST_COLUMNS:,} are read.",
            "Write a table of the columns that count.",
        )


def dialect_of(path: Path, options: Mapping[str, Any]) -> Dialect:
    """Return how a file is written, from its first rows.

    Raises:
        IngestError: it cannot be read, its header holds what is no text, or names a column twice.
        UsageError: there is no encoding of the name given.
    """
    try:
        encoding = encoding_of(path, options)
        with _bytes(path) as raw:
            text = io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="")
            said, skipped, above, has_comments, header = _above(text, path)
            delimiter = said or _delimiter(header)
            rows = csv.reader(_lines(header, text, path), delimiter=delimiter)
            written = next(rows, [])
            names = [name.strip(NO_SIGNS) for name in written]
            if names in ([], [""]):
                raise IngestError(f"{path} has no rows.", "Nothing was loaded. Its first line names the columns.")
            refuse_width(path, len(names))
            is_odd = bool(_twice(names)) or "" in names[1:] or all(map(_is_number, names))
            below = list(islice(rows, 3)) if is_odd else []
            widths, lasts, has_percents = _sampled(chain(below, rows))
    except (OSError, EOFError) as error:
        raise IngestError(f"{path} cannot be read: {error}.", "Is it complete?") from None
    except csv.Error as error:
        raise IngestError(f"{path}: its header is no line of CSV ({error}).", "Is it a text file?") from None
    _refuse_odd(path, names, encoding, below, written)
    _refuse_title(path, names, below, above)
    extra, notes = 0, near_headings(names)
    if widths and set(widths) == {len(names) + 1}:
        if any(lasts):
            names = ["", *names]
            notes.append("Every row has one field more than the header: the first is taken for an index.")
        else:
            extra = 1
    return Dialect(
        names=unnamed(names),
        delimiter=delimiter,
        encoding=encoding,
        skipped=skipped,
        above=above,
        has_comments=has_comments,
        extra=extra,
        has_percents=has_percents,
        notes=notes,
    )


def _delimiter(header: str) -> str:
    """Return the sign that occurs most in a header; blanks where no other does and names stand alone between them."""
    sign = max(DELIMITERS, key=header.count)
    alone = header.split()
    return " " if sign not in header and len(alone) > 1 and header.strip().split(" ") == alone else sign


def _bytes(path: Path) -> Any:
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")


def _above(text: io.TextIOWrapper, path: Path) -> tuple[str | None, int, int, bool, str]:
    """Read to the header.

    Return the delimiter that a line `sep=;` says, lines to skip, all lines above, whether there are comments, and it.

    Lines that begin with # are comments, except a last one that heads a row of numbers with as many fields.
    """
    said, skipped, comments, lines = None, 0, list[str](), lines_of(text, path)
    while True:
        line = next(lines, "")
        bare = line.strip()
        if bare.lower().startswith("sep=") and len(bare) == 5:
            said, skipped = bare[4], skipped + 1
        elif bare.startswith("#"):
            comments.append(line)
        elif bare or not line:
            break
        else:
            skipped += 1
    if comments and _heads(comments[-1], line, said):
        above = skipped + len(comments) - 1
        return said, above, above, False, comments[-1] + line
    return said, skipped, skipped + len(comments), bool(comments), line


def _heads(comment: str, row: str, said: str | None) -> bool:
    delimiter = said or _delimiter(row)
    fields = next(csv.reader([row], delimiter=delimiter), [])
    same = len(next(csv.reader([comment], delimiter=delimiter), [])) == len(fields)
    return same and any(_is_number(field) for field in fields)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _lines(first: str, text: io.TextIOWrapper, path: Path) -> Iterator[str]:
    yield from first.splitlines(keepends=True)
    yield from lines_of(text, path)


def _sampled(rows: Iterator[list[str]]) -> tuple[list[int], list[str], bool]:
    """Return of the first rows the number of fields, the last fields, and whether one ends with a percent sign.

    Empty lines and comments aside.
    """
    widths, lasts, has_percents = list[int](), list[str](), False
    try:
        for row in rows:
            if row and not row[0].startswith("#"):
                widths.append(len(row))
                lasts.append(row[-1].strip())
                has_percents |= any(cell.endswith("%") for cell in row)
            if len(widths) == SAMPLE:
                break
    except csv.Error:
        return widths, lasts, has_percents
    return widths, lasts, has_percents


def _twice(names: list[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if name and count > 1)


def _are_levels(below: list[list[str]]) -> bool:
    """Whether what stands below a header heads the columns, too, as pandas writes columns of several levels.

    Then one of the next lines names the index and is empty otherwise, or holds no number at all.
    """
    for row in below:
        filled = [cell.strip() != "" for cell in row]
        named = filled.index(False) if False in filled else len(filled)
        if 0 < named < len(row) and not any(filled[named:]):
            return True
    return bool(below) and not any(_is_number(cell) for cell in below[0])


def _lacks_a_header(names: list[str], below: list[list[str]]) -> bool:
    """Whether the first line is one of numbers with a fraction, as the next one is: whole numbers may be headings."""
    is_row = all(_is_number(name) for name in names) and any("." in name for name in names)
    return is_row and bool(below) and all(_is_number(cell) for cell in below[0] if cell.strip())


def _are_merged(names: list[str], below: list[list[str]]) -> bool:
    """Whether a second line heads the columns of which the first leaves some without a name, as merged cells do."""
    if len(below) < 2 or all(name.strip() for name in names[1:]) or len(below[0]) != len(names):
        return False
    first, *others = (cell.strip() for cell in below[0])
    is_head = first == "" and all(others) and not any(_is_number(cell) for cell in others)
    return is_head and any(_is_number(cell) for cell in below[1])


def _refuse_title(path: Path, names: list[str], below: list[list[str]], above: int) -> None:
    """Refuse a file in which a title stands above the header, as spreadsheets have it.

    Raises:
        IngestError: the first line leaves most columns without a name, and one of the next ones names all.
    """
    if sum(name != "" for name in names) * 2 > len(names):
        return
    for place, row in enumerate(below, start=above + 2):
        if len(row) == len(names) and all(cell.strip() and not _is_number(cell) for cell in row):
            raise IngestError(
                f"{path}: its first line is no header but a title ({next(filter(None, names), '')!r}); "
                f"line {place} looks like the header.",
                f"Delete the lines above it: tail -n +{place} {path.name} > table.csv",
            )


def _refuse_odd(path: Path, names: list[str], encoding: str, below: list[list[str]], written: list[str]) -> None:
    if any("\ufffd" in name for name in names):
        raise IngestError(
            f"{path}: its header is not encoded as {encoding}.", "Give its encoding: --encoding latin-1 (or cp1252, …)"
        )
    if any("\0" in name for name in names):
        raise IngestError(
            f"{path}: the header holds a NUL character.",
            "Is it a text file? If its encoding is UTF-16: --encoding utf-16",
        )
    if _lacks_a_header(names, below):
        heads = ",".join(f"column{place}" for place in range(1, len(names) + 1))
        raise IngestError(
            f"{path}: its first line holds numbers only ({', '.join(names[:3])}{' …' if len(names) > 3 else ''}), "
            "so there is no header.",
            f"Put a line with the columns' names above it: sed -i '1i {heads}' {path.name}",
        )
    twice = _twice(names)
    if (twice and _are_levels(below)) or _are_merged(names, below):
        raise IngestError(
            f"{path}: several lines head its columns, as pandas writes a table whose columns have levels.",
            "Write a row a value: frame.stack(list(range(frame.columns.nlevels))).rename('value').reset_index()"
            ".to_csv('long.csv', index=False)",
        )
    if twice:
        spelt = [name for name in written if name.strip(NO_SIGNS) == twice[0]]
        how = f" ({', '.join(map(repr, spelt))} differ in what nobody sees)" if len(set(spelt)) > 1 else ""
        raise IngestError(f"{path}: the header names {', '.join(twice)} twice{how}.", "Rename one of the columns.")
