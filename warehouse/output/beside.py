"""What lies beside a warehouse and belongs to it: DuckDB's logs, and blocks that a checkpoint writes over."""

from __future__ import annotations

import re
from pathlib import Path

from hpowh.warehouse.errors import HpowhError, UsageError

LOGS = (".wal", ".wal.recovery", ".wal.checkpoint")
"""Endings of where DuckDB keeps what is committed and not yet in the file."""
_BLOCKS = re.compile(r"\.(.+)\.blocks-.*", re.S)
"""What `preimages` keeps aside."""


def logs_of(path: Path) -> list[Path]:
    """Return where DuckDB keeps what is committed and not yet in the file at `path`."""
    return [path.with_name(f"{path.name}{ending}") for ending in LOGS]


def refuse_log_alone(path: Path) -> None:
    """Raise where a write-ahead log lies beside no warehouse: DuckDB would replay it into a new file of that name.

    Raises:
        HpowhError: there is such a log.
    """
    for log in logs_of(path):
        if log.exists() and not path.exists():
            raise HpowhError(
                f"There is no warehouse {path}, but the write-ahead log of one: {log}.",
                "It belongs to a file that was moved or removed. Put that file back, or move the log away.",
            )


def refuse_belongings(target: Path, *, option: str = "") -> None:
    """Raise where a file named `target` would be taken for a part of a warehouse, or is one.

    Args:
        option: how the user named it, for messages.

    Raises:
        UsageError: it is the name of a log or of blocks of a warehouse that is there, or a log whose warehouse is gone.
    """
    named = f"{option} {target}".strip()
    real = target.resolve()
    found = _BLOCKS.fullmatch(real.name)
    owners = [real.with_name(found[1])] if found else []
    owners += [real.with_name(real.name.removesuffix(ending)) for ending in LOGS if real.name.endswith(ending)]
    for owner in owners:
        if owner.is_file():
            raise UsageError(f"{named} would overwrite what belongs to {owner.name}.", "Name another file.")
        if real.is_file() and not found:
            raise UsageError(f"{named} is the log of a warehouse that was moved or removed.", "Name another file.")
