"""Reading what others wrote: whatever is wrong with it becomes one sentence with file, cause and next step."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hpowh.warehouse.errors import HpowhError, IngestError

MOST_NODES = 1_000_000
"""A YAML text may come to so many values when its aliases are written out."""
MOST_DEPTH = 200
"""So deep YAML may be nested."""
MOST_TEXT = 300
"""Characters of a reader's message that are shown."""
HINT = "Nothing was loaded. Check that the file is whole and of this kind; --debug shows where the reading ended."


@contextmanager
def reading(location: str) -> Iterator[None]:
    """Turn anything that a reader raises into an IngestError that names what was read.

    What a user can act on already, interruptions, and what is wrong with the warehouse's own disk passes as it is.
    """
    try:
        yield
    except (HpowhError, MemoryError):
        raise
    except Exception as error:
        if _is_of_the_warehouse(error):
            raise
        raise IngestError(f"{location} cannot be read: {cause(error)}.", HINT) from error


def _is_of_the_warehouse(error: Exception) -> bool:
    """Return whether an error is about writing the warehouse (a full disk), a plan, or an interruption."""
    import duckdb

    from hpowh.warehouse.planning import WouldComputeError

    if isinstance(error, WouldComputeError | duckdb.InterruptException | duckdb.FatalException):
        return True
    text = str(error)
    if isinstance(error, RuntimeError) and "interrupted" in text:
        return True
    words = ("No space left", "disk full", "Could not write", "max_temp_directory_size")
    return isinstance(error, duckdb.Error) and any(word in text for word in words)


def cause(error: Exception) -> str:
    """Return in words what an error of a reader means."""
    import duckdb

    if isinstance(error, RecursionError):
        return "something in it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return f"it is no {error.encoding} (byte 0x{error.object[error.start]:02x} at {error.start:,}); give --encoding"
    if isinstance(error, UnicodeEncodeError):
        return "a name in it cannot be written as UTF-8"
    if isinstance(error, OverflowError):
        return "a number in it is too large"
    if isinstance(error, duckdb.OutOfMemoryException):
        return "a row or a cell of it is too large for the memory, or this process may have too little of it"
    if isinstance(error, duckdb.ParserException):
        return "a name in it holds characters that no name may have, such as NUL, or it has another encoding"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'a file in it'}: {error.strerror}"
    text = (str(error).strip().splitlines() or [""])[0]
    text = text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + "…"
    return f"{text} ({type(error).__name__})" if text else type(error).__name__


def refuse_special_files(location: str) -> None:
    """Raise where the location is, or a folder holds, a pipe, a device or a socket: reading one may never end.

    Raises:
        IngestError: names it.
    """
    path = Path(location)
    if path.is_dir():
        for folder, _, names in os.walk(path):
            for name in names:
                _refuse_special(Path(folder, name))
    elif path.exists():
        _refuse_special(path)


def _refuse_special(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # a link to nothing: its reader says so
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise IngestError(f"{path} is no regular file but a pipe, a device or a socket.", "Write it to a file first.")


def load_yaml(text: str) -> Any:
    """Return what a YAML text holds, read safely and within bounds.

    Raises:
        yaml.YAMLError: it is no YAML.
        IngestError: it refers to itself, is nested too deeply, or its aliases come to too many values.
    """
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _expanded(node, {}, [])
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _expanded(node: Any, known: dict[int, int], above: list[int]) -> int:
    """Return how many values a node is when every alias in it is written out."""
    import yaml

    if id(node) in known:
        return known[id(node)]
    if id(node) in above:
        raise IngestError("The YAML refers to itself.", HINT)
    if len(above) > MOST_DEPTH:
        raise IngestError(f"The YAML is nested more than {MOST_DEPTH} deep.", HINT)
    above.append(id(node))
    size = 1
    if isinstance(node, yaml.SequenceNode):
        size += sum(_expanded(one, known, above) for one in node.value)
    elif isinstance(node, yaml.MappingNode):
        size += sum(_expanded(key, known, above) + _expanded(value, known, above) for key, value in node.value)
    above.pop()
    if size > MOST_NODES:
        raise IngestError(f"The YAML comes to more than {MOST_NODES:,} values by its aliases.", HINT)
    known[id(node)] = size
    return size
