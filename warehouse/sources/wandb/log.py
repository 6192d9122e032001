"""The record log of a `.wandb` file: LevelDB's log format with W&B's header and checksum.

Layout: 7 bytes `:W&B`, 0xBEE1 (little-endian), version 0; then blocks of 32 KiB (the header is part of the first).
A block holds chunks: CRC32 (of type and data), length (16 bits), type, data; fewer than 7 bytes at its end are padding.
A record is one chunk (FULL) or FIRST, MIDDLE …, LAST. LevelDB's own format has a masked CRC32C; W&B writes the plain
CRC32 of IEEE 802.3, as zlib computes it. Source: LevelDB, doc/log_format.md; files written by wandb 0.31.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

HEADER = b":W&B\xe1\xbe"
VERSION = 0
BLOCK = 32 * 1024
CHUNK = struct.Struct("<IHB")
"""Checksum, length, type: 7 bytes."""
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4
MOST_RECORD = 64 * 2**20
"""Bytes of one record; W&B's own are far smaller."""


class NoLogError(ValueError):
    """The file does not begin as a `.wandb` file does."""


class RecordLog:
    """The records of one file up to its end, or up to what is damaged; then `damage` says what and where."""

    def __init__(self, path: Path, end: int | None = None) -> None:
        """Look at the header.

        Args:
            end: where to stop, so that a second reading of a growing file sees what the first saw.

        Raises:
            NoLogError: it is no `.wandb` file, or one of an unknown version.
            OSError: it cannot be read.
        """
        self.path = path
        self.damage: str | None = None
        self.end = path.stat().st_size if end is None else end
        with path.open("rb") as handle:
            start = handle.read(len(HEADER) + 1)
        if start[: len(HEADER)] != HEADER[: len(start)]:
            raise NoLogError("it does not begin as a .wandb file does")
        self.is_begun = len(start) > len(HEADER)
        """False where not even the header is there yet."""
        if self.is_begun and start[-1] != VERSION:
            raise NoLogError(f"its format version is {start[-1]}; this program knows {VERSION}")

    def records(self) -> Iterator[bytes]:
        """Yield every whole record in front of the first damage."""
        self.damage = None
        parts: list[bytes] = []
        size = 0
        with self.path.open("rb") as handle:
            at = len(HEADER) + 1
            block, data = 0, handle.read(BLOCK)
            while at < self.end:
                if at // BLOCK != block:
                    block, data = at // BLOCK, handle.read(BLOCK)
                inside = at % BLOCK
                if BLOCK - inside < CHUNK.size:
                    at += BLOCK - inside
                    continue
                chunk = self._chunk(data, inside, at)
                if chunk is None:
                    return
                kind, content = chunk
                at += CHUNK.size + len(content)
                if (kind in (FULL, FIRST)) != (not parts):
                    self.damage = f"a record without its beginning or its end before byte {at:,}"
                    return
                size = len(content) + (size if parts else 0)
                if size > MOST_RECORD:
                    self.damage = f"a record longer than {MOST_RECORD:,} bytes before byte {at:,}"
                    return
                parts.append(content)
                if kind in (FULL, LAST):
                    yield parts[0] if len(parts) == 1 else b"".join(parts)
                    parts = []
        if parts:
            self.damage = f"cut off at byte {self.end:,}, within a record"

    def _chunk(self, block: bytes, inside: int, at: int) -> tuple[int, bytes] | None:
        """Return type and data of the chunk at a place of the block, or None after noting the damage."""
        room = min(len(block), self.end - (at - inside))
        if inside + CHUNK.size > room:
            self.damage = f"cut off at byte {self.end:,}, within the head of a record"
            return None
        checksum, length, kind = CHUNK.unpack_from(block, inside)
        start = inside + CHUNK.size
        if start + length > BLOCK or kind not in (FULL, FIRST, MIDDLE, LAST):
            self.damage = f"no record begins at byte {at:,}, where one should"
            return None
        if start + length > room:
            self.damage = f"cut off at byte {self.end:,}, within a record"
            return None
        if zlib.crc32(block[start - 1 : start + length]) != checksum:
            self.damage = f"the checksum of the record at byte {at:,} is wrong"
            return None
        return kind, block[start : start + length]
