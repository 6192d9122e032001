"""Load a data frame or a path into a warehouse that may not be there yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hpowh.reports.door.html import listed, paragraph
from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.protocol import Request
from hpowh.warehouse.names import literal
from hpowh.warehouse.wording import plural

if TYPE_CHECKING:
    from hpowh.warehouse import Warehouse

FRAME = "data frame"


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What became of one `ingest`."""

    action: str
    """`load`, `replace`, `update` or `unchanged`."""
    kind: str
    name: str
    row_count: int
    refused_count: int
    notes: list[str]
    """What was assumed, left out, or looks odd."""

    def __str__(self) -> str:
        refused = f", {self.refused_count:,} refused" if self.refused_count else ""
        return f"{self.name} ({self.kind}): {self.action}, {plural(self.row_count, 'row')}{refused}"

    def _repr_html_(self) -> str:
        return paragraph(str(self)) + listed(self.notes)


@dataclass(frozen=True)
class FrameRequest(Request):
    """A table that was in memory: it has a name in place of a location, and a file for as long as it is read."""

    file: Path = field(default=Path(), kw_only=True)

    @property
    def path(self) -> Path:
        """The file that holds the table."""
        return self.file


def load(
    warehouse: Warehouse,
    data: Any,
    kind: str | None = None,
    *,
    name: str | None = None,
    mapping: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    replace: bool = False,
    reject_to: str | Path | None = None,
) -> Loaded:
    """Load a Polars, pandas or Arrow table, or what lies at a path, and return what became of it.

    Raises:
        UsageError: this is no table and no path, or its kind cannot be told.
        IngestError: its rows are not acceptable; nothing was loaded.
    """
    from hpowh.warehouse.ingest import find_source, ingest

    given = {key: value for key, value in (options or {}).items() if value is not None}
    with _request(data, name, mapping or {}, given, Path(reject_to) if reject_to else None) as request:
        chosen = kind or _kind(request)
        outcome = ingest(warehouse, find_source(chosen), request, replace_old=replace)
    return Loaded(
        action=outcome.action,
        kind=chosen,
        name=outcome.name,
        row_count=outcome.row_count,
        refused_count=outcome.refused_count,
        notes=outcome.notes,
    )


@contextmanager
def _request(
    data: Any, name: str | None, mapping: Mapping[str, str], options: Mapping[str, Any], reject_to: Path | None
) -> Iterator[Request]:
    from hpowh.warehouse.ingest.declared import stem

    if isinstance(data, str | Path):
        yield Request(str(data), name or stem(str(data)), mapping, options, reject_to)
        return
    with TemporaryDirectory(prefix="hpowh-") as folder:
        file = Path(folder) / "frame.parquet"
        write_frame(data, file)
        yield FrameRequest(FRAME, name or "frame", mapping, options, reject_to, file=file)


def write_frame(data: Any, file: Path) -> None:
    """Write a table in memory to a Parquet file. Raises UsageError where it is none, or has an index with names."""
    import duckdb

    names = [name for name in getattr(getattr(data, "index", None), "names", ()) or () if name is not None]
    if names:
        raise UsageError(
            f"The index {', '.join(map(repr, names))} of the data frame would not be loaded.",
            "Make columns of it: frame.reset_index()",
        )
    with duckdb.connect() as scratch:
        try:
            scratch.execute("set threads = 1")  # the same table is the same file
            scratch.register("frame", data)
            scratch.execute(f"copy (select * from frame) to {literal(str(file))} (format parquet)")
        except (duckdb.Error, TypeError, ValueError) as error:
            raise UsageError(
                f"A {type(data).__name__} cannot be loaded: {str(error).splitlines()[0]}",
                "Give a Polars, pandas or Arrow table, or the path of a file.",
            ) from None


def _kind(request: Request) -> str:
    """Return the kind of source that the content is of. Raises UsageError where that is not plain."""
    from hpowh.warehouse.ingest.recognise import recognise
    from hpowh.warehouse.ingest.registry import sources

    if not request.path.exists():
        raise IngestError(f"There is no file {request.location}.", "Check the path.")
    found = recognise(request.path)
    if len(found) == 1:
        return found[0].kind
    why = "; ".join(f"{one.kind}: {one.why}" for one in found) or "nothing in it is known"
    raise UsageError(
        f"{request.location}: its kind cannot be told ({why}).",
        f'Say it, such as kind="{found[0].kind if found else "runs"}". Kinds: {", ".join(sources())}.',
    )
