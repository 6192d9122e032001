"""Files and folders that survive a power cut: flushed before they get their name, and their folder after it."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import count
from pathlib import Path


def flush_file(path: Path) -> None:
    """Have the content of a file on the disk. Raises OSError where that fails."""
    with path.open("rb") as handle:
        os.fsync(handle.fileno())


def flush_folder(path: Path) -> None:
    """Have the names in a folder on the disk, where the system can do that."""
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    except OSError:
        return  # Windows opens no folder; one that cannot be read cannot be flushed
    try:
        os.fsync(number)
    except OSError:
        return  # some network file systems know no such thing
    finally:
        os.close(number)


def flush_tree(folder: Path) -> None:
    """Have all files of a folder, and their names, on the disk. Files with several names are taken as they are:
    they were flushed when they were made.

    Raises:
        OSError: a file cannot be flushed.
    """
    for where, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(where, name)
            if not path.is_symlink() and path.stat().st_nlink == 1:
                flush_file(path)
        flush_folder(Path(where))


def free_name(path: Path) -> Path:
    """Return the path, or where that is taken one with a number: two of the same second are both kept."""
    names = (path if number == 1 else path.with_name(f"{path.name}-{number}") for number in count(1))
    return next(name for name in names if not os.path.lexists(name))


def replace(fresh: Path, target: Path) -> None:
    """Give a whole file its name: at every moment, also after a power cut, `target` is the old or the new one.

    Raises:
        OSError: it cannot be flushed or renamed.
    """
    flush_file(fresh)
    fresh.replace(target)
    flush_folder(target.parent)


def discard(*paths: Path) -> None:
    """Remove what was half written, as far as that is possible.

    A file system that is read-only refuses it even where there is nothing; why the writing failed is what counts.
    """
    for path in paths:
        with suppress(OSError):
            path.unlink()
