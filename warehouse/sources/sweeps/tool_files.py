"""Files that other tools write, perhaps at this moment: read whole or not at all, and never as pickles."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.bounds import read_whole, refuse_many_values
from hpowh.warehouse.ingest.protocol import Problem

TRIES = 4
LOOKED_AT = 5000
"""So many paths of a folder are looked at to say what it is."""
PAUSE = 0.25
"""Seconds between two tries to read a file that is being written anew."""


def fingerprint_of(paths: Iterable[Path], root: Path) -> str:
    """Return a hash of the files' places below the root (or beside it, where it is a file) and of their bytes."""
    digest = blake2b(digest_size=32)
    base = root if root.is_dir() else root.parent
    for path in sorted(paths):
        digest.update(f"\n{path.relative_to(base)}\n".encode("utf-8", "surrogateescape"))
        digest.update(_bytes(path))
    return digest.hexdigest()


def read_json(path: Path) -> Any:
    """Return the content of a JSON file (NaN and Infinity allowed, as Python writes them).

    A tool that writes the file anew leaves it incomplete for a moment; so it is tried a few times.

    Raises:
        IngestError: it cannot be read, or is not whole.
    """
    for left in reversed(range(TRIES)):
        try:
            raw = _bytes(path)
            refuse_many_values(raw, path)
            return json.loads(raw.decode("utf-8"))
        except ValueError as error:
            if left == 0:
                raise IngestError(
                    f"{path} is not whole: {error}.", "If a tuner writes to it, run again later; nothing was loaded."
                ) from None
            time.sleep(PAUSE)
    raise AssertionError


@dataclass
class Lines:
    """The objects of a file with one JSON object a line."""

    rows: list[tuple[int, dict[str, Any]]]
    """Line (from 1) and object."""
    problems: list[Problem] = field(default_factory=list)
    is_cut: bool = False
    """The last line has no end: it is being written, or was when the tool was killed. It is left out."""


def read_lines(path: Path, label: str) -> Lines:
    """Return the objects of a file of JSON lines; `label` names the file in problems.

    Raises:
        IngestError: it cannot be read at all.
    """
    found = Lines([])
    raw = _bytes(path)
    refuse_many_values(raw, path)
    texts = raw.split(b"\n")
    for number, text in enumerate(texts, start=1):
        if not text.strip():
            continue
        try:
            value = json.loads(text)
        except ValueError as error:
            if number == len(texts):
                found.is_cut = True
                continue
            why = f"no JSON: {error}"
            found.problems.append(Problem(number, label, text[:80].decode("utf-8", "replace"), why))
            continue
        if isinstance(value, dict):
            found.rows.append((number, value))
        else:
            found.problems.append(Problem(number, label, text[:80].decode("utf-8", "replace"), "no JSON object"))
    return found


def first_paths(folder: Path, most: int = LOOKED_AT) -> list[Path]:
    """Return the first paths below a folder: enough to say what it is, also of a home directory."""
    return list(islice(folder.rglob("*"), most))


def read_texts(path: Path) -> list[tuple[int, str]]:
    """Return the lines of a text that are not empty, with their numbers from 1.

    Raises:
        IngestError: it cannot be read at all.
    """
    texts = _bytes(path).decode("utf-8", "replace").split("\n")
    return [(number, text) for number, text in enumerate(texts, start=1) if text.strip()]


def _bytes(path: Path) -> bytes:
    try:
        return read_whole(path)
    except OSError as error:
        raise IngestError(f"{path} cannot be read: {error.strerror}.", "Nothing was loaded.") from None
