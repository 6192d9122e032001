"""Copies of the blocks that DuckDB's next checkpoint writes over, beside the warehouse until it is through.

A checkpoint writes new blocks, and then one header that names them: killed in the midst, the file is as it was. Blocks
of metadata are the exception. Their free slots are filled, and a block that the old header needs is written over itself
(DuckDB's `MetadataManager::Flush`; seen in 1.5.6). Cut off within these 256 KB, by a kill or without power, the block
is of two halves, its checksum is wrong, and nothing opens the file any more. So such blocks are kept aside first, as
InnoDB's doublewrite buffer and PostgreSQL's full-page writes do, and who opens the file next puts them back.
"""

from __future__ import annotations

import glob
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from hpowh.warehouse.errors import HpowhError
from hpowh.warehouse.output import durable
from hpowh.warehouse.output.beside import logs_of

if TYPE_CHECKING:
    import duckdb

FIRST_BLOCK = 3 * 4096
"""Where blocks begin: after the main header and two headers of the database, of which the newer counts."""
HEADERS = 4096, FIRST_BLOCK
MAGIC = b"hpowh: blocks before a checkpoint\n"
HEAD = struct.Struct("<QQ")
"""Bytes of a block, and how many blocks follow."""
PLACE = struct.Struct("<Q")
OVERWRITTEN = "select block_id from pragma_metadata_info() where free_blocks between 1 and total_blocks - 1 order by 1"
BLOCK_SIZE = "select max(block_size) from pragma_database_size() where database_name = current_database()"
NUMBERS = count()
HELD: set[Path] = set()
"""Files of this process whose connection is still open: what it keeps aside is in use."""


class Guard:
    """Closes a writing connection in the end, and keeps aside what its checkpoints write over.

    `save` comes before whatever may checkpoint: a commit, a `checkpoint`, the closing of the last connection.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self._connection, self._path = connection, path.resolve()
        self._copy = self._path.with_name(f"{_stem(self._path)}{os.getpid()}-{next(NUMBERS)}")

    def __enter__(self) -> Self:
        return self

    def save(self) -> None:
        """Keep the blocks aside, on the disk; where the system cannot tell DuckDB's own file handle, nothing is done.

        Raises:
            HpowhError: the copy cannot be written; nothing was stored.
        """
        handle = _handle(self._path)
        if handle is None:
            return
        ((size,),) = self._connection.execute(BLOCK_SIZE).fetchall()
        blocks = [number for (number,) in self._connection.execute(OVERWRITTEN).fetchall()]
        if not blocks:
            return
        HELD.add(self._copy)
        content = [MAGIC, HEAD.pack(size, len(blocks)), _read(handle, *HEADERS)]
        for number in blocks:
            begin = FIRST_BLOCK + number * size
            content += [PLACE.pack(begin), _read(handle, begin, begin + size)]
        whole = b"".join(content)
        try:
            with self._copy.open("wb") as file:
                file.write(whole)
                file.write(sha256(whole).digest())
                file.flush()
                os.fsync(file.fileno())
            durable.flush_folder(self._copy.parent)
        except OSError as error:
            raise HpowhError(
                f"{self._copy} cannot be written: {error.strerror or error}; nothing was stored.",
                "Make room (disk, quota or file-size limit) and run again.",
            ) from None

    def settle(self, *, is_through: bool) -> None:
        """Remove what was kept aside; call it when the connection is closed.

        Args:
            is_through: whether there was no error. A checkpoint that failed may have left half a block.
        """
        HELD.discard(self._copy)
        if is_through:
            # DuckDB tells nobody of a checkpoint that fails while it closes: its log then stays, and so does the copy.
            if not any(log.exists() for log in logs_of(self._path)):
                durable.discard(self._copy)
        else:
            with suppress(HpowhError):  # then it is put back when the file is opened next
                put_back(self._path)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self.settle(is_through=kind is None)


def put_back(path: Path) -> None:
    """Undo what a checkpoint that did not come to its end has written over; where nobody has the file open.

    Raises:
        HpowhError: the file cannot be read, or what has to be put back not be written.
    """
    path, copies = path.resolve(), copies_of(path)
    if not copies or not HELD.isdisjoint(copies):
        return
    with _locked(path) as handle:
        if handle is None:
            return
        try:
            for copy in copies:
                with suppress(FileNotFoundError):  # somebody else was quicker
                    for begin, block in _overwritten(copy.read_bytes(), _read(handle, *HEADERS)):
                        os.pwrite(handle, block, begin)
                    os.fsync(handle)
                    durable.discard(copy)
        except OSError as error:
            raise HpowhError(
                f"A command was killed while it wrote {path}, and that cannot be undone: {error.strerror or error}.",
                "Make the file and its folder writable again (disk, quota); what has to be put back lies beside it.",
            ) from None


def copies_of(path: Path) -> list[Path]:
    """Return what was kept aside of a file, and is in use, or was left by who was killed."""
    path = path.resolve()
    return list(path.parent.glob(f"{glob.escape(_stem(path))}*"))


def _overwritten(content: bytes, headers: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield where each block of a copy belongs, and the block; none where that checkpoint never began, or is through.

    Args:
        content: of the copy.
        headers: of the file now: a checkpoint writes one of them last.
    """
    whole, digest = content[:-32], content[-32:]
    begin = len(MAGIC) + HEAD.size
    if (
        not whole.startswith(MAGIC)
        or sha256(whole).digest() != digest
        or whole[begin : begin + len(headers)] != headers
    ):
        return
    size, blocks = HEAD.unpack_from(whole, len(MAGIC))
    begin += len(headers)
    for at in range(begin, begin + blocks * (PLACE.size + size), PLACE.size + size):
        (place,) = PLACE.unpack_from(whole, at)
        yield place, whole[at + PLACE.size : at + PLACE.size + size]


def _stem(path: Path) -> str:
    return f".{path.name}.blocks-"


def _read(handle: int, begin: int, end: int) -> bytes:
    content = os.pread(handle, end - begin, begin)
    if len(content) < end - begin:
        raise OSError(f"the file ends at byte {begin + len(content):,}")
    return content


def _handle(path: Path) -> int | None:
    """Return this process's file handle of a file, None where there is none or the system does not list them.

    To open the file once more and close it would give up DuckDB's lock on it: such locks are a process's.
    """
    if not hasattr(os, "pread"):
        return None
    wanted = path.stat()
    with suppress(OSError):
        for entry in Path("/dev/fd").iterdir():
            with suppress(OSError):
                if os.path.samestat(os.fstat(int(entry.name)), wanted):
                    return int(entry.name)
    return None


@contextmanager
def _locked(path: Path) -> Iterator[int | None]:
    """Open a file under the lock that DuckDB takes to write; None where somebody has it, or it may not be written."""
    try:
        import fcntl

        handle = os.open(path, os.O_RDWR)
    except (ImportError, OSError):
        yield None
        return
    try:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield None
        else:
            yield handle
    finally:
        os.close(handle)
