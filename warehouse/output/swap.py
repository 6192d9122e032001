"""A built folder takes the place of the old one in a single step, or not at all."""

from __future__ import annotations

import ctypes
import errno
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hpowh.warehouse.output import durable

EXCHANGE = 2
"""RENAME_EXCHANGE of renameat2(2)."""
AT_FDCWD = -100


@contextmanager
def replaced_folder(target: Path) -> Iterator[Path]:
    """Give an empty folder beside `target`; on leaving it takes its place, on an error it is thrown away.

    At every moment `target` is the whole old folder or the whole new one, where the file system can exchange two names
    (Linux); elsewhere there is an instant between two renames in which it is absent. What is in the folder is flushed
    to the disk before it gets its name.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(target)
    fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}-building-{os.getpid()}-", dir=target.parent))
    try:
        yield fresh
        fresh.chmod(0o755)
        durable.flush_tree(fresh)
        if not target.exists():
            fresh.rename(target)
        elif not exchange(fresh, target):
            aside = Path(tempfile.mkdtemp(prefix=f".{target.name}-building-{os.getpid()}-", dir=target.parent))
            target.rename(aside / "site")
            fresh.rename(target)
            fresh = aside
        durable.flush_folder(target.parent)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def remove_abandoned(target: Path) -> None:
    """Remove what builds of `target` left behind when they were killed; a build that still runs keeps its folder."""
    prefix = f".{target.name}-building-"
    for folder in target.parent.glob(f"{glob.escape(prefix)}*"):
        process = folder.name.removeprefix(prefix).split("-")[0]
        if process.isdigit() and not is_running(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def remove_abandoned_files(target: Path, what: str) -> None:
    """Remove `.NAME.WHAT-PROCESS` beside `target`, and their logs, where that process does not run any more."""
    for left in target.parent.glob(f"{glob.escape(f'.{target.name}.{what}-')}*"):
        process = left.name.rpartition("-")[2].removesuffix(".wal")
        if process.isdigit() and not is_running(int(process)):
            durable.discard(left)


def is_running(process: int) -> bool:
    """Return whether there is a process of this number."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one system call; False where that does not exist. Raises OSError where it fails."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        return False
    done = libc.renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), EXCHANGE)
    if done == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), str(other))
