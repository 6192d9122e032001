"""How much of a file, a line or an archive is read into memory: what is more is refused before it is there."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, AnyStr

from hpowh.warehouse.errors import IngestError

MOST_BYTES = 256 * 2**20
"""Bytes of a file, or of a member of an archive, that is read as a whole (JSON, YAML, logs of tuners)."""
LONGEST_LINE = 16 * 2**20
"""Bytes (of a text: characters) of one line."""
MOST_MEMBERS = 1000
"""Members of an archive."""
MOST_VALUES = 30_000_000
"""Values of a JSON text that is read as a whole: each takes many times the bytes that it is written with."""
MOST_CELLS = 50_000_000
"""Cells of a table whose rows are held at once, as those of trials are."""
_NOTHING = "Nothing was loaded. Is it a file of this kind?"


def read_whole(path: Path, most: int | None = None) -> bytes:
    """Return the bytes of a file.

    Args:
        most: refuse what is larger; by default MOST_BYTES.

    Raises:
        IngestError: it holds more than may be read.
        OSError: it cannot be read.
    """
    with path.open("rb") as handle:
        return read_rest(handle, path, most)


def read_rest(handle: IO[AnyStr], path: Path, most: int | None = None) -> AnyStr:
    """Return what is left of an open file, perhaps unpacked while it is read. Raises IngestError where that is more."""
    most = MOST_BYTES if most is None else most
    found = handle.read(most + 1)
    if len(found) > most:
        raise IngestError(f"{path} holds more than {_size(most)}, which is not read at once.", _NOTHING)
    return found


def refuse_many_values(text: bytes | str, path: Path) -> None:
    """Raise IngestError where a JSON text may hold more values than are held at once.

    Each value but the first of a list or an object follows a comma, so commas and brackets bound their number.
    """
    if len(text) <= MOST_VALUES:
        return
    count = (
        sum(text.count(sign) for sign in (b",", b"[", b"{"))
        if isinstance(text, bytes)
        else sum(text.count(sign) for sign in (",", "[", "{"))
    )
    if count > MOST_VALUES:
        raise IngestError(f"{path} holds more than {MOST_VALUES:,} values, which are not held at once.", _NOTHING)


def refuse_many_cells(count: int, path: Path) -> None:
    """Raise IngestError where the rows of a table hold more cells than are held at once."""
    if count > MOST_CELLS:
        raise IngestError(
            f"{path} holds more than {MOST_CELLS:,} cells, and trials are held at once.",
            "Load it in parts (--as NAME each), or as runs or a grid, which may be as large as the disk.",
        )


def lines_of(handle: IO[AnyStr], path: Path) -> Iterator[AnyStr]:
    """Yield the lines of an open file, with their ends. Raises IngestError where one is too long."""
    while line := handle.readline(LONGEST_LINE):
        if len(line) >= LONGEST_LINE:
            raise IngestError(f"{path} has a line longer than {_size(LONGEST_LINE)}.", _NOTHING)
        yield line


def only_member(archive: zipfile.ZipFile, path: Path) -> bytes:
    """Return the first member of a zip archive, unpacked in memory: its name is not used.

    Raises:
        IngestError: there are too many members, or it unpacks to more than may be read.
        zipfile.BadZipFile, IndexError, EOFError: it is damaged or empty.
    """
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise IngestError(f"{path} has more than {MOST_MEMBERS:,} members.", _NOTHING)
    if members[0].flag_bits & 1:
        raise IngestError(f"{path} is encrypted.", "Unpack it first.")
    with archive.open(members[0]) as handle:
        return read_rest(handle, path)


def _size(count: int) -> str:
    return f"{count >> 20:,} MiB" if count >= 1 << 20 else f"{count:,} bytes"
