"""What the tools answer, as dictionaries that JSON takes; nothing here knows the protocol."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpowh.warehouse import Warehouse, queries
from hpowh.warehouse.console import end_now, note
from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.limits import Limits
from hpowh.warehouse.parameters import parameters_of, refuse_others

if TYPE_CHECKING:
    from hpowh.analyses.finding import Finding
    from hpowh.warehouse.relation import Relation

LONGEST_CELL = 2_000
"""Letters of a text in an answer; the rest is cut, and said to be."""
LONGEST_ANSWER = 100_000
"""Letters of the rows of one answer, about: what a model can still read."""


@dataclass(frozen=True)
class Asked:
    """A warehouse that is asked: opened anew for each question, so that others may write between two of them.

    Attributes:
        limits: what one question may take.
        most_rows: most rows of one answer.
        wait: seconds to wait where another process writes.
    """

    path: Path
    limits: Limits
    most_rows: int
    wait: float

    def tables(self, schema: str | None = None) -> list[dict[str, Any]]:
        """Return tables and views: name, kind, what one row is, and the number of rows where it is known at once.

        Raises:
            UsageError: there is no such schema.
        """
        with self._opened() as store:
            found = [table for table in store.tables() if schema in (None, table.name.partition(".")[0])]
        if not found:
            raise UsageError(f"There is no schema {schema!r}.", "Schemas: core, mart, result, ops, space.")
        return [{"name": one.name, "kind": one.kind, "one_row_is": one.grain, "rows": one.rows} for one in found]

    def columns(self, table: str) -> dict[str, Any]:
        """Return what one row of `schema.name` is, and its columns with their types.

        Raises:
            UsageError: there is no such table or view.
        """
        with self._opened() as store:
            columns = store.columns(table)
            grain = next((one.grain for one in store.tables() if one.name == table), "")
        listed = [{"column": name, "type": kind} for name, kind in columns]
        return {"name": table, "one_row_is": grain, "columns": listed}

    def sql(self, text: str, values: Mapping[str, Any] | None = None, limit: int | None = None) -> dict[str, Any]:
        """Return the rows of each query of a text: columns, rows, and whether some were left out.

        Raises:
            UsageError: it has parameters without values, or values without parameters.
            What `Warehouse.sql` raises of a warehouse that is locked down.
        """
        given = dict(values or {})
        if given or parameters_of(text):
            refuse_others(text, given)
        most = min(self.most_rows, self.most_rows if limit is None else max(1, limit))
        with self._opened() as store:
            found = [_rows(one, most) for one in store.each(text, given or None) if one.columns != ["Success"]]
        return {"results": found}

    def queries(self) -> list[dict[str, Any]]:
        """Return the queries that hpowh's own pages and analyses ask, with their parameters and what one row is."""
        listed = queries.catalogue()
        return [
            {"name": name, "parameters": [one.removeprefix("$") for one in parameters.split()], "one_row_is": grain}
            for name, parameters, grain in zip(*(listed[key] for key in listed), strict=True)
        ]

    def query(self, name: str, values: Mapping[str, Any] | None = None, limit: int | None = None) -> dict[str, Any]:
        """Return the rows of one of these queries; raises what `sql` raises, and HpowhError where there is none."""
        return self.sql(queries.text(name), values, limit)

    def findings(self, subjects: Sequence[str] = (), *, with_numbers: bool = False) -> list[dict[str, Any]]:
        """Return what the analyses found, in sentences, each with what may be said on its ground.

        Args:
            subjects: experiments, sweeps or landscapes; all when empty.
            with_numbers: with the stored rows that each sentence puts into words.

        Raises:
            UsageError: nothing of that name was analysed.
        """
        from hpowh.analyses.findings.job import all_findings

        with closing(Warehouse(self.path, wait=self.wait)) as store:
            found = all_findings(store, subjects)
        left_out = () if with_numbers else ("numbers",)
        return [
            {"sentence": one.sentence, "may_one_say_so": may_one_say_so(one)}
            | {key: _plain(value) for key, value in one.plain().items() if key not in ("sentence", *left_out)}
            for one in found
        ]

    def _opened(self) -> AbstractContextManager[Warehouse]:
        store = Warehouse(
            self.path,
            wait=self.wait,
            locked_down=True,
            limits=self.limits,
            notify=note,
            on_stuck=lambda sentence: end_now(f"Error: {sentence}", store.close_files),
        )
        return closing(store)


def may_one_say_so(found: Finding) -> str:
    """Return in one sentence what a finding rests on, and how far it goes."""
    if found.basis == "description":
        return f"Only as a description of what was looked at ({found.holds_for}); nothing was tested."
    if found.basis == "estimate" or found.is_shown is None:
        return f"As an estimate, with its uncertainty, of {found.holds_for}; it is no test."
    level = "" if found.level is None else f" at level {found.level:g}"
    if found.is_shown:
        return f"Yes: a corrected test{level} shows it, for {found.holds_for}."
    return f"Only that nothing is shown{level}, for {found.holds_for}; that is no proof of equality."


def _rows(relation: Relation, most: int) -> dict[str, Any]:
    """Return the first rows of a query, fewer where they are long."""
    fetched = relation.head(most + 1)
    rows: list[list[Any]] = []
    length = 0
    for row in fetched[:most]:
        rows.append([_plain(value) for value in row])
        length += sum(len(str(value)) + 2 for value in rows[-1])
        if length > LONGEST_ANSWER:
            break
    is_cut = len(rows) < len(fetched)
    said = f"Only the first {len(rows):,} rows; ask for fewer columns, or aggregate." if is_cut else ""
    return {"columns": relation.columns, "rows": rows, "is_cut": is_cut, "note": said}


def _plain(value: Any) -> Any:
    """Return a value as JSON takes it: no NaN and no infinity, times as ISO 8601, long texts cut."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float | Decimal):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    text = str(value)
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}… ({len(text):,} characters)"
