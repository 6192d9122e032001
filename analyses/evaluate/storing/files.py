"""Files that are whole or absent, on file systems that several machines share."""

from __future__ import annotations

import os
import re
import socket
import uuid
from contextlib import suppress
from pathlib import Path


def host() -> str:
    """The name of this machine, as it stands in names of files."""
    return re.sub(r"[^A-Za-z0-9]+", "-", socket.gethostname().split(".")[0]) or "host"


def token() -> str:
    """A word that no other process on any machine writes; neither clocks nor process numbers are trusted for it."""
    return uuid.uuid4().hex[:12]


def place(final: Path, content: bytes) -> None:
    """Make a file appear with all of its content or not at all, over one that may be there."""
    draft = _written_aside(final, content)
    draft.replace(final)
    sync_folder(final.parent)


def place_first(final: Path, content: bytes) -> None:
    """Like `place`, but who comes first is kept: by a hard link, or where there are none by renaming."""
    draft = _written_aside(final, content)
    try:
        os.link(draft, final)
    except FileExistsError:
        pass
    except OSError:
        if not final.exists():
            draft.replace(final)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(final.parent)


def settle(draft: Path, final: Path) -> None:
    """Give a finished draft its name, after its content has reached the disk."""
    with draft.open("rb+") as handle:
        os.fsync(handle.fileno())
    draft.replace(final)
    sync_folder(final.parent)


def draft_of(final: Path) -> Path:
    """Return the name of a draft of a file that no other process uses."""
    return final.with_name(f".{final.name}.{host()}-{os.getpid()}-{token()}.tmp")


def _written_aside(final: Path, content: bytes) -> Path:
    draft = draft_of(final)
    with draft.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    return draft


def sync_folder(folder: Path) -> None:
    """Let names in a folder reach the disk, where the file system knows how."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sync(path: Path) -> None:
    """Let what was written into a file reach the disk."""
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
