"""The files of a folder, a zip archive or a tar archive, by name; nothing is unpacked to the disk."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from posixpath import normpath
from typing import IO

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.bounds import read_rest, read_whole

ZIPS, TARS = (".zip",), (".tgz", ".tar.gz", ".tar", ".tar.bz2", ".tar.xz")
MOST_FILES = 200_000
"""Files of a folder or members of an archive."""
MOST_UNPACKED = 2**30
"""Bytes of a tar archive's members together: it is read from its beginning, so they are held."""
LOOKED_AT = 200
"""So many members of an archive are looked at to say what it is."""
Read = Callable[[], bytes]


def is_archive(path: Path) -> bool:
    """Say whether a file is called like an archive that can be looked into."""
    return path.name.lower().endswith((*ZIPS, *TARS)) and path.is_file()


def tree_of(path: Path, wanted: tuple[str, ...]) -> dict[str, Read]:
    """Return name -> how to read it, for the files whose names end so, in a folder or an archive, in order.

    Archives in a folder are looked into, too; their names are folders' then.

    Raises:
        IngestError: there are too many files, or an archive is damaged.
    """
    if path.is_file():
        return dict(sorted(_archive(path, wanted).items())) if is_archive(path) else {path.name: partial(_read, path)}
    found: dict[str, Read] = {}
    for number, one in enumerate(path.rglob("*")):
        if number > MOST_FILES:
            raise IngestError(f"{path} holds more than {MOST_FILES:,} files.", "Name one experiment's folder.")
        name = one.relative_to(path).as_posix()
        if is_archive(one):
            found |= {f"{name}/{inner}": read for inner, read in _archive(one, wanted).items()}
        elif name.endswith(wanted) and one.is_file():
            found[name] = partial(_read, one)
    return dict(sorted(found.items()))


def files_of(path: Path, wanted: tuple[str, ...]) -> list[Path]:
    """Return the files on the disk that `tree_of` reads."""
    if path.is_file():
        return [path]
    return sorted(one for one in path.rglob("*") if one.is_file() and (one.name.endswith(wanted) or is_archive(one)))


def first_names(path: Path) -> list[str]:
    """Return the first names in an archive; none where it cannot be read."""
    try:
        if path.name.lower().endswith(ZIPS):
            with zipfile.ZipFile(path) as archive:
                return [one.filename for one in archive.infolist()[:LOOKED_AT]]
        with tarfile.open(path) as packed:
            return [one.name for one in islice(packed, LOOKED_AT)]
    except (OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile, tarfile.TarError):
        return []


def _read(path: Path) -> bytes:
    try:
        return read_whole(path)
    except OSError as error:
        raise IngestError(f"{path} cannot be read: {error.strerror}.", "Nothing was loaded.") from None


def _archive(path: Path, wanted: tuple[str, ...]) -> dict[str, Read]:
    with _said(path):
        if path.name.lower().endswith(ZIPS):
            return {
                normpath(name): partial(_unzipped, path, name) for name in _zip_names(path) if name.endswith(wanted)
            }
        return {normpath(name): partial(_given, content) for name, content in _tar_members(path, wanted)}


def _given(content: bytes) -> bytes:
    return content


def _zip_names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    _refuse_many(path, len(members))
    if any(one.flag_bits & 1 for one in members):
        raise IngestError(f"{path} is encrypted.", "Unpack it first.")
    return [one.filename for one in members if not one.is_dir()]


def _unzipped(path: Path, name: str) -> bytes:
    with _said(path), zipfile.ZipFile(path) as archive, archive.open(name) as handle:
        return read_rest(handle, path)


def _tar_members(path: Path, wanted: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    left = MOST_UNPACKED
    with tarfile.open(path) as archive:
        for number, member in enumerate(archive):
            _refuse_many(path, number)
            if not member.isfile() or not member.name.endswith(wanted):
                continue
            handle: IO[bytes] | None = archive.extractfile(member)
            if handle is not None:
                content = read_rest(handle, path)
                left -= len(content)
                if left < 0:
                    raise IngestError(f"{path} unpacks to more than 1 GiB.", "Unpack it, and name the folder.")
                yield member.name, content


def _refuse_many(path: Path, count: int) -> None:
    if count > MOST_FILES:
        raise IngestError(f"{path} has more than {MOST_FILES:,} members.", "Nothing was loaded.")


@contextmanager
def _said(path: Path) -> Iterator[None]:
    """Turn what archives raise where they are damaged into a sentence."""
    try:
        yield
    except (
        OSError,
        EOFError,
        ValueError,
        zlib.error,
        zipfile.BadZipFile,
        tarfile.TarError,
        NotImplementedError,
    ) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0].rstrip(":.")
        raise IngestError(f"{path} cannot be unpacked: {first}.", "Is it whole? Nothing was loaded.") from None
