"""Meta-features of benchmarks: one value a benchmark and feature, whatever the number of rows that repeat it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.dimensions import ids_by_name
from hpowh.warehouse.names import identifier, literal

if TYPE_CHECKING:
    import duckdb


def add_features(
    connection: duckdb.DuckDBPyConnection, benchmark: str, column: str, relation: str, source_id: int
) -> int:
    """Store one column as a meta-feature of the benchmarks in `benchmark` (SQL); return how many were added.

    A value that another source has already given is left as it is.

    Raises:
        IngestError: a benchmark has two values, here or against another source.
    """
    connection.execute(
        f"create or replace temp table hpowh_feature as select distinct {benchmark} as benchmark, "
        f"{identifier(column)}::varchar as text_value from {relation} where {identifier(column)} is not null"
    )
    ids_by_name(
        connection,
        "benchmark",
        [row[0] for row in connection.execute("select distinct benchmark from hpowh_feature").fetchall()],
    )
    clash = connection.execute(
        f"""
        with known as (
          select b.name as benchmark, f.text_value
          from core.benchmark_feature as f join core.benchmark as b using (benchmark_id)
          where f.name = {literal(column)}
        ),
        every as (
          select benchmark, text_value from hpowh_feature union select benchmark, text_value from known
        )
        select benchmark, min(text_value), max(text_value)
        from every group by benchmark having count(*) > 1 order by benchmark limit 1
        """
    ).fetchall()
    if clash:
        name, first, second = clash[0]
        raise IngestError(
            f"The meta-feature {column!r} of benchmark {name!r} has two values: {first} and {second}.",
            f"A meta-feature has one value a benchmark; if it differs between runs: --map {column}=factor",
        )
    numeric = connection.execute(
        "select bool_and(try_cast(text_value as double) is not null) from hpowh_feature"
    ).fetchall()[0][0]
    added = connection.execute(
        f"""
        insert into core.benchmark_feature
        select b.benchmark_id, {literal(column)},
          {"try_cast(n.text_value as double)" if numeric else "null"}, n.text_value, {int(source_id)}
        from hpowh_feature as n join core.benchmark as b on b.name = n.benchmark
        where not exists (
          select 1 from core.benchmark_feature as f where f.benchmark_id = b.benchmark_id and f.name = {literal(column)}
        )
        """
    ).fetchall()
    return int(added[0][0])
