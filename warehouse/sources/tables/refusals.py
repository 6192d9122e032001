"""Collect the rows that a load refuses, in a temporary table, and decide what becomes of the load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpowh.warehouse.ingest.protocol import Problem, RowsRefusedError
from hpowh.warehouse.names import literal
from hpowh.warehouse.sources.tables.doctor import grouped, grouped_problems
from hpowh.warehouse.sources.tables.locales import refusal_hint
from hpowh.warehouse.sources.tables.staging import ROW, Staged

if TYPE_CHECKING:
    import duckdb

    from hpowh.warehouse.ingest.protocol import LoadReport, Request


class Refusals:
    """The refused rows of one load: found by SQL conditions, each with its column and reason."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, staged: Staged, request: Request) -> None:
        self._connection, self._staged, self._request = connection, staged, request
        connection.execute(
            f"create or replace temp table hpowh_refused ({ROW} bigint, column_name varchar, value varchar, "
            "reason varchar)"
        )

    def find(self, conditions: list[tuple[str, str, str]], over: str | None = None) -> None:
        """Refuse every row for which a condition holds.

        Args:
            conditions: (column, SQL condition, reason). One scan counts them all; only those that occur are listed.
            over: a smaller relation with all distinct values of the columns concerned, where there is one.
        """
        if not conditions:
            return
        counts = ", ".join(f"count(*) filter (where {condition})" for _, condition, _ in conditions)
        found = self._connection.execute(f"select {counts} from {over or self._staged.relation}").fetchall()[0]  # noqa: S608
        for count, (column, condition, reason) in zip(found, conditions, strict=True):
            if count:
                self.add(
                    f"select {ROW}, {literal(column)}, {self._staged.columns.sql(column)}::varchar, {literal(reason)} "  # noqa: S608
                    f"from {self._staged.positioned} where {condition}"
                )

    def add(self, select: str) -> None:
        """Refuse the rows of a SELECT of (position, column, value, reason)."""
        self._connection.execute(f"insert into hpowh_refused {select}")

    @property
    def count(self) -> int:
        """How many rows are refused, those that the format itself refused included."""
        listed = self._connection.execute(f"select count(distinct {ROW}) from hpowh_refused").fetchall()[0][0]  # noqa: S608
        return int(listed) + len(self._staged.problems)

    def problems(self, limit: int | None) -> list[Problem]:
        """Return the refused rows in the order of the file."""
        cut = f"limit {limit}" if limit else ""
        rows = self._connection.execute(
            f"select {ROW}, column_name, value, reason from hpowh_refused order by {ROW}, column_name {cut}"  # noqa: S608
        ).fetchall()
        listed = [
            Problem(self._staged.true_row(row), column, "" if value is None else value[:200], reason)
            for row, column, value, reason in rows
        ]
        return sorted([*listed, *self._staged.problems], key=lambda problem: problem.row)[: limit or None]

    def settle(self) -> str:
        """Return the relation of the accepted rows.

        Raises:
            RowsRefusedError: some rows are refused and the user named no file for them.
        """
        count = self.count
        if not count:
            return self._staged.relation
        if self._request.reject_to is None:
            first = self.problems(5)
            raise RowsRefusedError(self._request.location, count, first, refusal_hint(first))
        return (
            f"(select * exclude ({ROW}) from {self._staged.positioned} "  # noqa: S608
            f"where {ROW} not in (select {ROW} from hpowh_refused))"
        )

    def kinds(self) -> list[str]:
        """Return one line for each kind of refused row, with its count and the first of them."""
        rows = self._connection.execute(
            f"select column_name, reason, count(*), min({ROW}), arg_min(coalesce(value, ''), {ROW}) "  # noqa: S608
            "from hpowh_refused group by column_name, reason order by 4, 1"
        ).fetchall()
        lines = grouped((c, reason, n, self._staged.true_row(row), value[:80]) for c, reason, n, row, value in rows)
        hint = refusal_hint(self.problems(5))
        return [*lines, *grouped_problems(self._staged.problems), *([hint] if hint else [])]

    def report(self, into: LoadReport) -> None:
        """Put the refused rows into the report of the load."""
        into.refused_count = self.count
        into.refused = self.problems(None) if into.refused_count else []
