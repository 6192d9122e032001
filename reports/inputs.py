"""What a page was made from: every answer it got from the warehouse, so that a later build can tell if it stands.

A page is a function of the program, of the site's frame (its list of pages) and of the answers to its queries. While
it is built each query, the tables behind it and a hash of its answer are noted. Later the page stands when the frame is
the same and every noted query gives the same answer; a query is not even asked again where no table behind it changed
(the verifying traces of Mokhov, Mitchell, Peyton Jones: Build Systems à la Carte, 2018, section 4.2.2).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hpowh.warehouse import queries
from hpowh.warehouse.names import identifier
from hpowh.warehouse.relation import Relation
from hpowh.warehouse.results import AnalysisRun, find_run
from hpowh.warehouse.store import Warehouse

if TYPE_CHECKING:
    import duckdb
    import polars as pl

SCHEMAS = ("core", "result", "ops", "mart", "space")
UNKNOWN = "?"
"""Stands for a table that cannot be told apart by its content; what reads it is always asked again."""


@dataclass(frozen=True)
class Asked:
    """One query of a page, and a hash of the answer in the form (`rows`, `pl`, …) in which it was read."""

    sql: str
    parameters: str
    form: str
    answer: str


@dataclass
class Notes:
    """All that a page asked while it was built."""

    asked: dict[tuple[str, str, str], Asked] = field(default_factory=dict)
    """(SQL, parameters as JSON, form) -> what was asked; the same question twice has the same answer."""
    seen: dict[str, str] = field(default_factory=dict)
    """What else of the site it looked at -> a hash of that."""

    @property
    def is_repeatable(self) -> bool:
        """Whether every question can be asked again from what was noted."""
        return all(asked.parameters != UNKNOWN for asked in self.asked.values())


class WatchedWarehouse(Warehouse):
    """A warehouse that notes what is asked of it while somebody watches; it reads through the one it is given."""

    def __init__(self, warehouse: Warehouse) -> None:
        super().__init__(warehouse.path, wait=warehouse.wait)
        self._warehouse = warehouse
        self.notes: Notes | None = None

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The read-only connection of the warehouse that is watched."""
        return self._warehouse.connection

    def close(self) -> None:
        """Close the reading connection of the warehouse that is watched."""
        self._warehouse.close()

    @contextmanager
    def watching(self, notes: Notes | None) -> Iterator[None]:
        """Note everything that is asked within; None: nothing."""
        before, self.notes = self.notes, notes
        try:
            yield
        finally:
            self.notes = before

    def sql(self, query: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> Relation:
        """Run one query; its answer is noted when it is read."""
        found = super().sql(query, parameters)
        return found if self.notes is None else WatchedRelation(found, query, written(parameters), self.notes)

    def find_run(self, run: AnalysisRun) -> int | None:
        """Return the id of a stored analysis run; as a question of its own, since which runs there are matters."""
        found = find_run(self.connection, run)
        if self.notes is not None:
            _note(self.notes, queries.text("ledger/same_run"), json.dumps(run.identity), "one", found)
        return found


class WatchedRelation(Relation):
    """The result of a query whose answer is noted in the form in which it is read."""

    def __init__(self, found: Relation, sql: str, parameters: str, notes: Notes) -> None:
        self._cursor, self._running = found._cursor, found._running
        self.columns = found.columns
        self._question = (sql, parameters)
        self._notes = notes

    def _noted(self, form: str, answer: Any) -> Any:
        _note(self._notes, *self._question, form, answer)
        return answer

    def pl(self) -> pl.DataFrame:
        """Return the rows as a Polars data frame."""
        frame: pl.DataFrame = self._noted("pl", super().pl())
        return frame

    def arrow(self) -> Any:
        """Return the rows as an Arrow table."""
        return self._noted("arrow", super().arrow())

    def df(self) -> Any:
        """Return the rows as a pandas data frame."""
        return self._noted("df", super().df())

    def rows(self) -> list[tuple[Any, ...]]:
        """Return the rows as tuples."""
        rows: list[tuple[Any, ...]] = self._noted("rows", super().rows())
        return rows

    def head(self, most: int | None) -> list[tuple[Any, ...]]:
        """Return at most `most` rows; what was left unread cannot be noted, so the page is always built anew."""
        self._notes.asked[("", UNKNOWN, "head")] = Asked("", UNKNOWN, "head", "")
        return super().head(most)

    def chunks(self, size: int = 10_000) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows in lists."""
        rows = self.rows()
        yield from (rows[start : start + size] for start in range(0, len(rows), size))

    def numpy(self) -> dict[str, Any]:
        """Return the columns as NumPy arrays."""
        columns: dict[str, Any] = self._noted("numpy", super().numpy())
        return columns

    def one(self) -> Any:
        """Return the first value of the first row, or None where there is no row."""
        return self._noted("one", super().one())


def _note(notes: Notes, sql: str, parameters: str, form: str, answer: Any) -> None:
    notes.asked[sql, parameters, form] = Asked(sql, parameters, form, hash_of(answer, form))


def written(parameters: Sequence[Any] | Mapping[str, Any] | None) -> str:
    """Return parameters as JSON, or `UNKNOWN` where they are not plain values."""
    try:
        given = dict(parameters) if isinstance(parameters, Mapping) else parameters and list(parameters)
        text = json.dumps(given, allow_nan=False)
    except (TypeError, ValueError):
        return UNKNOWN
    return text if json.loads(text) == given else UNKNOWN


def hash_of(answer: Any, form: str) -> str:
    """Return a hash of an answer; equal answers in the same form have equal hashes."""
    if form == "pl":
        flat = not any(kind.is_nested() or str(kind) in ("Object", "Binary") for kind in answer.schema.values())
        content = answer.write_csv(null_value="\x00") if flat else repr(answer.to_dict(as_series=False))
        text = f"{answer.schema}\n{content}"
    elif form == "arrow":
        text = f"{answer.schema}\n{answer.to_pydict()!r}"
    elif form == "df":
        text = f"{answer.dtypes.to_dict()!r}\n{answer.to_dict('list')!r}"
    elif form == "numpy":
        text = repr({name: (str(column.dtype), column.tolist()) for name, column in answer.items()})
    else:
        text = repr(answer)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


NAMED: dict[str, frozenset[str]] = {}
"""What `Tables` found that texts name: it hangs on the text alone, and pages ask the same in every build."""
MOST_NAMED = 2_000


def _tables_in(tree: dict[str, Any]) -> set[str]:
    """Return the tables that a statement names, as DuckDB parsed it."""
    if tree.get("error"):
        return {UNKNOWN}
    found: set[str] = set()
    pending: list[Any] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            if node.get("type") == "BASE_TABLE" and node.get("schema_name"):
                found.add(f"{node['schema_name']}.{node['table_name']}")
            elif node.get("type") == "TABLE_FUNCTION":
                name = node["function"].get("function_name")
                found |= set() if name in ("range", "generate_series", "unnest") else {UNKNOWN}
            pending += node.values()
        elif isinstance(node, list):
            pending += node
    return found


class Tables:
    """The state of a warehouse's tables, by which a query need not be asked again."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._columns = _columns(connection)
        self._views = {
            f"{schema}.{name}": text
            for schema, name, text in connection.execute(
                "select schema_name, view_name, sql from duckdb_views() where not internal"
            ).fetchall()
        }
        self._states: dict[str, str] = {}
        self._read: dict[str, frozenset[str]] = {}

    def state_of(self, sql: str) -> dict[str, str]:
        """Return every table and view that a query reads, through views too, with the state it is in."""
        if sql not in self._read:
            self._read[sql] = self._reads(sql)
        return {name: self._state(name) for name in self._read[sql]}

    def _reads(self, sql: str) -> frozenset[str]:
        found: set[str] = set()
        pending = [sql]
        while pending:
            names = self._named(pending.pop())
            for name in names - found:
                if name in self._views:
                    pending.append(re.sub(r"^CREATE VIEW .*? AS (?=WITH|SELECT|FROM|\()", "", self._views[name]))
            found |= names
        return frozenset(found)

    def _named(self, sql: str) -> frozenset[str]:
        """Return the tables that a query or a view names itself; a table function's rows are of unknown state."""
        if sql not in NAMED:
            answer = self._connection.execute("select json_serialize_sql(?)", [sql]).fetchall()[0][0]
            if len(NAMED) >= MOST_NAMED:
                NAMED.clear()
            NAMED[sql] = frozenset(_tables_in(json.loads(answer)))
        return NAMED[sql]

    def _state(self, name: str) -> str:
        if name not in self._states:
            self._states[name] = self._views.get(name) or self._content(name)
        return self._states[name]

    def _content(self, name: str) -> str:
        """Return the state of a table: of large facts the sources or analysis runs that they come from, else a hash.

        Both are enough: the rows of a source and of an analysis run never change under their id and fingerprint.
        """
        columns = self._columns.get(name)
        if columns is None:
            return UNKNOWN
        schema, table = (identifier(part) for part in name.split("."))
        where = f"{schema}.{table}"
        if name.startswith("result.") and "analysis_run_id" in columns:
            query = (
                f"select list(concat_ws('|', analysis_run_id, input_fingerprint, ended_at) order by analysis_run_id) "
                f"from ops.analysis_run where analysis_run_id in (select analysis_run_id from {where})"
            )
        elif name.startswith("core.") and name != "core.source" and "source_id" in columns:
            query = (
                "select list(concat_ws('|', source_id, fingerprint, ingested_at) order by source_id) "
                f"from core.source where source_id in (select source_id from {where})"
            )
        else:
            listed = ", ".join(identifier(column) for column in columns)
            query = f"select concat_ws('|', count(*), bit_xor(hash({listed})), sum(hash({listed}))) from {where}"
        facts = self._connection.execute(query).fetchall()[0][0]
        return hashlib.sha256(repr(facts).encode()).hexdigest()


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for schema, table, column in connection.execute(queries.text("catalogue/columns_by_table")).fetchall():
        if schema in SCHEMAS:
            found.setdefault(f"{schema}.{table}", []).append(column)
    return found
