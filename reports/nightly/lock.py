"""One nightly build at a time for each folder of builds."""

from __future__ import annotations

import errno
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from hpowh.warehouse.errors import HpowhError, WarehouseLockedError

NAME = ".lock"


@dataclass(frozen=True)
class Holder:
    """The process that holds, or left behind, a lock."""

    pid: int
    host: str
    started_at: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, started {self.started_at}"


class BuildLockedError(WarehouseLockedError):
    """Another nightly build of the same site is running."""


@contextmanager
def build_lock(folder: Path, *, wait: float = 0.0, notify: Callable[[str], None] = print) -> Iterator[Holder | None]:
    """Hold the lock of a folder of builds; give who left it behind without finishing, if anybody did.

    The kernel lets go of the lock when its holder ends in whatever way, so that a lock of a dead process is never in
    the way; what is written in the file only says who it was.

    Raises:
        BuildLockedError: another build still holds it after `wait` seconds; names it.
        HpowhError: the folder cannot be written, or the file system has no locks.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / NAME).open("a+", encoding="utf-8")
    except OSError as error:
        raise HpowhError(
            f"Cannot write {folder}: {error.strerror}.", "Check the folder's owner, mode and disk."
        ) from None
    with handle:
        _take(handle, folder, wait, notify)
        left = _read(handle)
        _write(handle, Holder(os.getpid(), socket.gethostname(), f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"))
        yield left
        handle.truncate(0)  # only here: a build that ends otherwise leaves its name


def _take(handle: IO[str], folder: Path, wait: float, notify: Callable[[str], None]) -> None:
    try:
        import fcntl
    except ImportError:
        raise HpowhError("Nightly builds need a system with flock (Linux, macOS, BSD).") from None
    deadline, told = time.monotonic() + wait, False
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise HpowhError(f"Cannot lock {folder / NAME}: {error.strerror}.", "Use a local disk.") from None
        holder = _read(handle)
        message = f"Another build of {folder} is running ({holder or 'it is just starting'})."
        if time.monotonic() >= deadline:
            raise BuildLockedError(message, "Let it finish, or give --wait SECONDS to wait for it.")
        if not told:
            notify(f"{message} Waiting up to {wait:g} s.")
            told = True
        time.sleep(min(0.2, max(0.0, deadline - time.monotonic())))


def _read(handle: IO[str]) -> Holder | None:
    handle.seek(0)
    try:
        return Holder(**json.loads(handle.read()))
    except (ValueError, TypeError):
        return None


def _write(handle: IO[str], holder: Holder) -> None:
    handle.seek(0)
    handle.truncate(0)
    handle.write(json.dumps(asdict(holder)))
    handle.flush()
