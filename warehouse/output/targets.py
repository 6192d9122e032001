"""Where a command may write: every output option asks here, so that none destroys what it did not make."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hpowh.warehouse.connection import is_database
from hpowh.warehouse.errors import HpowhError, UsageError
from hpowh.warehouse.output import durable
from hpowh.warehouse.output.beside import refuse_belongings
from hpowh.warehouse.output.swap import remove_abandoned_files

MOST_LINES = 2000
"""So many files are remembered as made by hpowh."""


def made_file() -> Path:
    """Return where it is noted which files hpowh made: `hpowh/made.jsonl` in the user's folder for states."""
    home = os.environ.get("XDG_STATE_HOME")
    return (Path(home) if home else Path("~/.local/state").expanduser()) / "hpowh" / "made.jsonl"


@contextmanager
def written_file(
    target: Path, *, option: str, force: bool = False, sources: Sequence[Path] = (), is_forceable: bool = True
) -> Iterator[Path]:
    """Give a path to write to; on leaving, the file takes the place of `target`, on an error it is thrown away.

    A device or a pipe, such as /dev/stdout, is written to as it is.

    Args:
        option: how the user named the target, for messages.
        force: overwrite a file that hpowh did not make. A warehouse is never overwritten.
        sources: files and folders that are being read.
        is_forceable: whether the command has --force, for the message.

    Raises:
        UsageError: the target is a warehouse, a folder, what is being read, or a file that hpowh did not make.
        HpowhError: it cannot be written.
    """
    refuse_precious(target, option=option, force=force, sources=sources, is_forceable=is_forceable)
    if target.exists() and not target.is_file():
        yield target
        return
    real = target.resolve()  # a link stays a link
    remove_abandoned_files(real, "partial")
    partial = real.with_name(f".{real.name}.partial-{os.getpid()}")
    try:
        yield partial
        if real.exists():
            partial.chmod(stat.S_IMODE(real.stat().st_mode))
        durable.replace(partial, real)
    except OSError as error:
        raise HpowhError(f"Cannot write {target}: {error.strerror or error}.", "What was there is as it was.") from None
    finally:
        durable.discard(partial)
    remember(real)


def refuse_precious(
    target: Path, *, option: str, force: bool = False, sources: Sequence[Path] = (), is_forceable: bool = True
) -> None:
    """Raise where writing a file to `target` would destroy something; see `written_file`."""
    if target.is_dir():
        raise UsageError(f"{option} {target}: this is a folder.", "Name a file.")
    if target.is_block_device():
        raise UsageError(f"{option} {target}: this is a disk.", "Name a file.")
    real = target.resolve()
    for source in sources:
        if source.exists() and real.is_relative_to(source.resolve()) and (real.exists() or source.is_file()):
            raise UsageError(f"{option} {target} would overwrite the source.", "Name another file.")
    refuse_belongings(target, option=option)
    if not real.is_file():
        return
    if _is_database(real):
        raise UsageError(f"{option} {target} would overwrite a warehouse.", "Name another file.")
    if not force and not was_made(real):
        how = "Name another file, or give --force." if is_forceable else "Name another file, or remove it first."
        raise UsageError(f"{option} {target} would overwrite a file that hpowh did not make.", how)


def refuse_folder(folder: Path, *, option: str, mark: str, what: str, besides: Sequence[str] = ()) -> None:
    """Raise where filling or replacing a folder would touch what hpowh did not make.

    Args:
        option: how the user named it, for messages.
        mark: a file that hpowh writes into such folders, and that tells them from others.
        what: what such a folder is, for messages.
        besides: names that may be there without the mark, as a killed command leaves them.

    Raises:
        UsageError: it is a file (perhaps a warehouse), or holds something and no mark.
    """
    if folder.exists() and not folder.is_dir():
        precious = "a warehouse" if folder.is_file() and _is_database(folder) else "a file"
        raise UsageError(f"{option} {folder} is {precious}.", "Name a new or empty folder.")
    if not folder.is_dir() or (folder / mark).is_file():
        return
    if any(entry.name not in besides for entry in folder.iterdir()):
        raise UsageError(f"{option} {folder} holds files that are no {what} of hpowh.", "Name a new or empty folder.")


def _is_database(path: Path) -> bool:
    try:
        return is_database(path)
    except OSError:
        return True  # what cannot be read is not overwritten either


def was_made(path: Path) -> bool:
    """Return whether hpowh wrote this file and nobody has changed it since."""
    known = _remembered().get(str(path))
    return known is not None and known == _state(path)


def remember(path: Path) -> None:
    """Note that hpowh wrote this file. Where the note cannot be written, --force is asked for the next time."""
    notes = made_file()
    try:
        notes.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps([str(path), _state(path)]) + "\n"
        if len(_lines(notes)) < MOST_LINES:
            with notes.open("a", encoding="utf-8") as handle:
                handle.write(line)
            return
        kept = [json.dumps([name, state]) + "\n" for name, state in _remembered().items() if Path(name).is_file()]
        fresh = notes.with_name(f".{notes.name}.{os.getpid()}")
        fresh.write_text("".join([*kept[-MOST_LINES // 2 :], line]), encoding="utf-8")
        durable.replace(fresh, notes)
    except OSError:
        return


def _state(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def _lines(notes: Path) -> list[str]:
    try:
        return notes.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _remembered() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for line in _lines(made_file()):
        try:
            name, state = json.loads(line)
        except (ValueError, TypeError):
            continue  # a line that was cut off
        found.pop(name, None)
        found[name] = state
    return found
