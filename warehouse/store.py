"""`Warehouse`: one DuckDB file, read through SQL, written in short transactions."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import duckdb

from hpowh.warehouse import gate, planning
from hpowh.warehouse.catalogue import Table, list_columns, list_tables
from hpowh.warehouse.connection import READ_ONLY, connect, explain
from hpowh.warehouse.elsewhere.published import is_elsewhere
from hpowh.warehouse.errors import HpowhError, NotAWarehouseError, UsageError
from hpowh.warehouse.limits import Limits, Watch
from hpowh.warehouse.locked import PrivateFolder, locked_connection
from hpowh.warehouse.migrate import IDENTITY, check_revision, initialise, refuse_foreign
from hpowh.warehouse.output.beside import logs_of
from hpowh.warehouse.output.preimages import Guard
from hpowh.warehouse.relation import Relation, Rows
from hpowh.warehouse.results import AnalysisRun, find_run, save_runs
from hpowh.warehouse.views import recreate_views, views_are_current

if TYPE_CHECKING:
    from types import TracebackType

DEFAULT_PATH = "hpowh.duckdb"
FEW_ROWS = 10_000
COPY_IDENTITY = "published copy of hpowh"
"""What a copy says of itself: publishing may replace it. One that is written becomes a warehouse of its own."""


def default_path() -> Path:
    """Return the warehouse meant when none is named: `$HPOWH_WAREHOUSE`, else `hpowh.duckdb` here."""
    return Path(os.environ.get("HPOWH_WAREHOUSE", DEFAULT_PATH))


class Warehouse:
    """A hpowh warehouse.

    Reading uses one read-only connection that is opened when first needed; several processes can read at once. DuckDB
    lets one process write and then nobody else read, so `writing()` closes the reader, opens the file for one
    transaction and lets it go again.

    Example:
        >>> with Warehouse("hpowh.duckdb") as warehouse:
        ...     frame = warehouse.sql("select * from mart.source").pl()
    """

    keeps_results = True
    """Whether what is saved can be read here afterwards."""
    reads_back = False
    """Whether what is written stays open for reading until `close`: for a command that ends with what it has stored."""

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        wait: float = 0.0,
        locked_down: bool = False,
        limits: Limits | None = None,
        may_read_files: bool = False,
        notify: Callable[[str], None] | None = None,
        on_stuck: Callable[[str], None] | None = None,
    ) -> None:
        """Name the warehouse; it is opened when first used.

        Args:
            path: the DuckDB file, or a published folder of Parquet (here, or at s3://…), which is only read; by default
                `$HPOWH_WAREHOUSE`, else `hpowh.duckdb`.
            wait: seconds to wait for a lock held by another process.
            locked_down: only queries are answered (see `gate`), and they cannot reach files, the network, extensions or
                settings; `writing` and `connection` are refused. For SQL that others wrote.
            limits: what a query may take; only of a warehouse that is locked down. By default 5 minutes and 2 GB.
            may_read_files: a query of a warehouse that is locked down may read other files all the same.
            notify: called with a sentence when waiting begins.
            on_stuck: called from another thread, with a sentence, when a query does not heed that it was interrupted.

        Raises:
            NotAWarehouseError: there is no such file.
        """
        self.path = Path(path) if path is not None else default_path()
        self.wait = wait
        self.locked_down = locked_down
        self._limits, self._may_read_files, self._on_stuck = limits or Limits(), may_read_files, on_stuck
        self._notify = notify
        self._reader: duckdb.DuckDBPyConnection | None = None
        self._written = ExitStack()
        self._watch: Watch | None = None
        self._folder: PrivateFolder | None = None
        if not self.path.is_file() and not is_elsewhere(self.path):
            raise NotAWarehouseError(f"There is no warehouse at {self.path}.", "Make one: hpowh init")

    @classmethod
    def create(cls, path: str | Path | None = None, *, wait: float = 0.0) -> Warehouse:
        """Create the warehouse at `path`, or upgrade the one that is there, and return it."""
        where = Path(path) if path is not None else default_path()
        initialise(where, wait=wait)
        return cls(where, wait=wait)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the reading connection; the next read opens it again."""
        if self._watch is not None:
            self._watch.stop()
            self._watch = None
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        self._written.close()
        if self._folder is not None:
            self._folder.remove()
            self._folder = None

    def close_files(self) -> None:
        """Remove temporary files while a query still runs, because the process is about to end."""
        if self._folder is not None:
            self._folder.remove()

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The read-only native connection. Raises what opening can raise: locked, not a warehouse, wrong version.

        Raises:
            UsageError: the warehouse is locked down; on the native connection any SQL would run.
        """
        if self.locked_down:
            raise UsageError("A warehouse that is locked down gives no connection.", "Ask it with .sql(query).")
        return self._opened()

    def _opened(self) -> duckdb.DuckDBPyConnection:
        if self._reader is None:
            if self.locked_down:
                self._folder = PrivateFolder()
                reader = locked_connection(
                    self.path,
                    self._limits,
                    self._folder.path,
                    may_read_files=self._may_read_files,
                    wait=self.wait,
                    notify=self._notify,
                )
            else:
                reader = connect(self.path, read_only=True, wait=self.wait, notify=self._notify)
            try:
                check_revision(reader, self.path)
                if self._notify and not is_elsewhere(self.path) and not views_are_current(reader):
                    self._notify("The views are those of another version of hpowh; renew them with hpowh init.")
            except Exception:
                reader.close()
                raise
            self._reader = reader
        return self._reader

    def sql(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> Relation:
        """Run one query and return its rows, as a `Relation` with `.pl()`, `.arrow()`, `.df()` and `.rows()`.

        Of several statements the rows of the last are returned.

        Raises:
            duckdb.Error: the query is wrong; DuckDB's message points at the place.
            NotAdmittedError: the warehouse is locked down, and this is no query.
            LimitError: the warehouse is locked down, and the query took too long or too much.
        """
        if not self.locked_down:
            return Relation(self.connection.execute(query, parameters))
        *_, last = self.each(query, parameters)
        return last

    def each(self, text: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> Iterator[Relation]:
        """Run the queries of a text one by one and yield the rows of each; of a warehouse that is locked down.

        Raises:
            UsageError: there is no query in the text.
            Whatever `sql` raises.
        """
        gate.admitted(text, may_read_files=self._may_read_files)
        connection = self._opened()
        if self._watch is None:
            self._watch = Watch(connection, self._limits, self._on_stuck)
        statements = connection.extract_statements(text)
        if not statements:
            raise UsageError("The query is empty.", 'Try: hpowh sql "select * from mart.source"')
        self._watch.begin()
        for statement in statements:
            with self._watch.running():
                cursor = connection.execute(statement, parameters if statement is statements[-1] else None)
            if statement.type != duckdb.StatementType.CREATE:  # the first step of a PIVOT
                yield Relation(cursor, self._watch.running)

    def tables(self, *, count_views: bool = False) -> list[Table]:
        """Return all tables and views, with what one row of each is."""
        return list_tables(self._opened(), count_views=count_views)

    def columns(self, name: str) -> list[tuple[str, str]]:
        """Return (column, type) of the table or view `schema.name`. Raises UsageError where there is none."""
        return list_columns(self._opened(), name)

    @contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Hold the file for one transaction: commit on leaving, roll back on an error.

        Raises:
            WarehouseLockedError: another process has the warehouse open.
        """
        planning.refuse()
        if self.locked_down:
            raise UsageError("A warehouse that is locked down is not written.", "Open it without locked_down.")
        self.refuse_read_only()
        self.close()
        refuse_foreign(self.path, self.wait)
        writer = connect(self.path, read_only=False, wait=self.wait, notify=self._notify)
        with ExitStack() as ending:
            guard = ending.enter_context(Guard(writer, self.path))
            check_revision(writer, self.path)
            writer.execute("set preserve_insertion_order = false")
            writer.begin()
            try:
                writer.execute("update ops.warehouse set identity = ? where identity = ?", [IDENTITY, COPY_IDENTITY])
                if not views_are_current(writer):
                    recreate_views(writer)
                yield writer
                guard.save()
                writer.commit()
                if self.reads_back:
                    writer.execute("set preserve_insertion_order = true")
                    self._reader, self._written = writer, ending.pop_all()
            except BaseException as failure:
                _roll_back(writer)
                if isinstance(failure, duckdb.TransactionException) and "Could not write" in str(failure):
                    raise explain(failure, self.path) from failure
                if isinstance(failure, duckdb.IOException | duckdb.OutOfMemoryException):
                    raise explain(failure, self.path) from failure
                raise

    @property
    def is_read_only(self) -> bool:
        """Whether it is a published folder, into which nothing is written."""
        return is_elsewhere(self.path)

    def refuse_read_only(self) -> None:
        """Raise UsageError where nothing can be written, before work whose results would be lost."""
        if self.is_read_only:
            raise UsageError(f"{self.path} is a published folder, which is only read.", READ_ONLY)

    def fold_log(self) -> None:
        """Bring into the file what a killed process committed and left in the log beside it; where that can be done.

        For commands that may write and find that they need not.
        """
        if planning.PLANNED.get() is not None or not any(log.exists() for log in logs_of(self.path)):
            return
        self.close()
        try:
            writer = connect(self.path, read_only=False)
        except HpowhError:
            return  # held, or not to be written: the log stays, and nothing is lost
        with Guard(writer, self.path) as guard:
            guard.save()
            writer.execute("checkpoint")

    def find_run(self, run: AnalysisRun) -> int | None:
        """Return the id of a stored analysis run with the same job, subject, version, parameters, seed and input."""
        return planning.answer(run, find_run(self.connection, run))

    def save_run(self, run: AnalysisRun, tables: Mapping[str, Any], *, keep: int = 2) -> int:
        """Store an analysis run and its result tables in one transaction.

        Args:
            tables: `{"trace_point": frame}`: each an Arrow table, Polars frame or `Rows` with columns of that table in
                schema `result`, without `analysis_run_id`. A column of the table that a frame lacks becomes NULL.
            keep: how many runs of the same job, subject and parameters stay; older ones are removed.

        Returns:
            The new `analysis_run_id`.
        """
        return self.save_runs([(run, tables)], keep=keep)[0]

    def save_runs(self, runs: Sequence[tuple[AnalysisRun, Mapping[str, Any]]], *, keep: int = 2) -> list[int]:
        """Store several analysis runs and their result tables in one transaction, as `save_run` stores one.

        Returns:
            The new analysis run ids, in order.
        """
        with self.writing() as connection:
            rows = [table for _, tables in runs for table in tables.values()]
            if all(isinstance(table, Rows) for table in rows) and sum(table.height for table in rows) < FEW_ROWS:
                connection.execute("set threads = 1")  # to wake the others takes longer than to write so few rows
            return save_runs(connection, runs, keep=keep)


def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    """Undo; DuckDB has already done so after some errors, and then there is nothing to undo."""
    try:
        connection.rollback()
    except duckdb.TransactionException:
        return
