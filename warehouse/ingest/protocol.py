"""What a source has to offer, and what the ingest walk gives to it.

A source reads one outside format and nothing else. Its `load` is called inside the one transaction of the ingest: it
may stage as it likes (temporary tables), must add `context.source_id` to every fact, and raises to undo everything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from hpowh.warehouse.errors import IngestError

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Request:
    """What the user asked to load."""

    location: str
    """A path, or a name where the source is no file (a package, a service)."""
    name: str
    """What the source is called in the warehouse (`--as`); by default the file's stem."""
    mapping: Mapping[str, str] = field(default_factory=dict)
    """Column -> role, as given by `--map` or `hpowh.toml`; the rest is guessed."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What else the kind of source understands, such as `direction`, `experiment`, `space`, `levels`."""
    reject_to: Path | None = None
    """Where refused rows go; None: one refused row refuses the whole load."""

    @property
    def path(self) -> Path:
        """The location as a path.

        Raises:
            IngestError: there is nothing at that place, or it cannot be read.
        """
        path = Path(self.location)
        if not path.exists():
            raise IngestError(f"There is no file {path}.", "Check the path.")
        if path.is_file():
            try:
                with path.open("rb") as handle:
                    if not handle.read(1):
                        raise IngestError(f"{path} is empty.", "Nothing was loaded.")
            except PermissionError:
                raise IngestError(f"No permission to read {path}.", "Check the file's owner and mode.") from None
        return path


@dataclass(frozen=True)
class Problem:
    """Why one row is refused."""

    row: int
    """Position in the source, counted from 1 without the header."""
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        return f"row {self.row:,}, column {self.column!r}, value {self.value!r}: {self.reason}"


def _kinds(problems: list[Problem]) -> list[list[Problem]]:
    """Return the problems by column and reason, in the order of the first of each."""
    kinds: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        kinds.setdefault((problem.column, problem.reason), []).append(problem)
    return list(kinds.values())


def _alike(problems: list[Problem]) -> str:
    """Return the first of some problems of one kind, and where the others are."""
    first, *others = problems
    if not others:
        return str(first)
    places = ", ".join(f"{problem.row:,} ({problem.value!r})" for problem in others)
    return f"{first}; likewise row{'s' if len(others) > 1 else ''} {places}"


class RowsRefusedError(IngestError):
    """Some rows are not acceptable; carries the first of them."""

    def __init__(self, location: str, count: int, problems: list[Problem], hint: str = "") -> None:
        self.count, self.problems = count, problems
        first = problems[:5]
        shown = "; ".join(_alike(kind) for kind in _kinds(first))
        more = f" (and {count - len(first):,} more)" if count > len(first) else ""
        rows = "row is" if count == 1 else "rows are"
        super().__init__(
            f"{location}: {count:,} {rows} not acceptable: {shown}{more}. Nothing was loaded.",
            hint or "Correct them, or load the rest with --reject-to FILE.",
        )


@dataclass
class LoadContext:
    """What `load` gets from the walk."""

    source_id: int
    progress: Callable[[str, float | None], None]
    """Call with a short sentence and the share done (0 to 1), or None where it is not known."""


@dataclass
class LoadReport:
    """What `load` did."""

    row_count: int
    """Rows of the source that were accepted."""
    refused: list[Problem] = field(default_factory=list)
    refused_count: int = 0
    notes: list[str] = field(default_factory=list)
    """Sentences for the user: what was assumed, left out, or looks odd."""


@dataclass
class Preview:
    """What a load would do, without doing it."""

    row_count: int
    mapping: list[tuple[str, str, str]]
    """(column, role, why): why is `given`, or the reason of the guess."""
    columns: list[str]
    rows: list[tuple[Any, ...]]
    """The first rows as found."""
    notes: list[str] = field(default_factory=list)


class Source(Protocol):
    """One kind of source. Instances are stateless; third parties add theirs as entry points in `hpowh.sources`.

    A source may also have `recognises(path: Path) -> str | None`: why a file or folder is one of its kind, None where
    it is not. `hpowh ingest PATH` asks all of them.
    """

    kind: str
    """The word after `hpowh ingest`."""
    summary: str
    """One line for `hpowh ingest --help`."""
    is_live: bool
    """True where the outside thing keeps growing (a tuner's storage): changed content replaces without `--replace`.

    It may also change while it is read: `load` must then take a consistent snapshot that is not older than what
    `fingerprint` saw, so that the next ingest notices what came after.
    """

    def fingerprint(self, request: Request) -> str:
        """Return a hash of the content that would be read. Raises IngestError where there is none."""

    def preview(self, connection: duckdb.DuckDBPyConnection, request: Request) -> Preview:
        """Return the mapping, the row count and the first rows. `connection` is a scratch database in memory."""

    def load(self, connection: duckdb.DuckDBPyConnection, request: Request, context: LoadContext) -> LoadReport:
        """Write the facts; called inside a transaction on the warehouse."""
