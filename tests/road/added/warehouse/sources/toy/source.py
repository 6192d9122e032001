"""Toy notes: one line a benchmark, its name and how many classes it has, with an equals sign between."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from hpowh.warehouse.ingest.dimensions import ids_by_name
from hpowh.warehouse.ingest.protocol import LoadContext, LoadReport, Preview, Problem, Request, RowsRefusedError

if TYPE_CHECKING:
    import duckdb


class ToySource:
    """`hpowh ingest toy FILE`."""

    kind = "toy"
    summary = "toy notes: lines such as `digits = 10`"
    is_live = False

    def fingerprint(self, request: Request) -> str:
        """Return the hash of the file's bytes."""
        return sha256(request.path.read_bytes()).hexdigest()

    def preview(self, connection: duckdb.DuckDBPyConnection, request: Request) -> Preview:
        """Return mapping, count and first rows."""
        del connection
        rows = _rows(request)
        mapping = [("before =", "benchmark", "the format says so"), ("after =", "feature n_classes", "likewise")]
        return Preview(row_count=len(rows), mapping=mapping, columns=["benchmark", "n_classes"], rows=rows[:5])

    def load(self, connection: duckdb.DuckDBPyConnection, request: Request, context: LoadContext) -> LoadReport:
        """Write benchmark_feature; one line that is not understood refuses the file."""
        rows = _rows(request)
        benchmarks = ids_by_name(connection, "benchmark", [name for name, _ in rows])
        connection.executemany(
            "insert into core.benchmark_feature values (?, 'n_classes', ?, ?, ?)",
            [(benchmarks[name], value, f"{value:g}", context.source_id) for name, value in rows],
        )
        return LoadReport(row_count=len(rows))


def _rows(request: Request) -> list[tuple[str, float]]:
    rows, problems = [], []
    for number, line in enumerate(request.path.read_text(encoding="utf-8").splitlines(), start=1):
        name, equals, value = (part.strip() for part in line.partition("="))
        if name and equals and value.isdigit():
            rows.append((name, float(value)))
        else:
            problems.append(Problem(number, "line", line, "this is not `benchmark = whole number`"))
    if problems:
        raise RowsRefusedError(request.location, len(problems), problems, "Correct these lines.")
    return rows


SOURCE = ToySource()
