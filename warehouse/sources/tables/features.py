"""Meta-features of benchmarks: one value a benchmark and feature, whatever the number of rows that repeat it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

from hpowh.warehouse import queries
from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.dimensions import ids_by_name

if TYPE_CHECKING:
    import duckdb


def add_features(
    connection: duckdb.DuckDBPyConnection, benchmark: str, features: Mapping[str, str], relation: str, source_id: int
) -> int:
    """Store columns as meta-features of the benchmarks in `benchmark` (SQL); return how many values were added.

    All columns are turned into rows at once, so that thousands of them cost one scan. A value that another source has
    already given is left as it is. A feature is numeric where all its values here are numbers.

    Args:
        features: name -> SQL name of the column.

    Raises:
        IngestError: a benchmark has two values, here or against another source.
    """
    if not features:
        return 0
    import polars as pl

    places = pl.DataFrame({"column": list(features.values()), "feature": list(features)})
    connection.register("_feature_name", places.to_arrow())
    texts = ", ".join(f"{sql}::varchar as {sql}" for sql in features.values())
    connection.execute(
        f"""
        create or replace temp table hpowh_feature as
        with found as (
          select distinct benchmark, p.feature, value
          from (unpivot (select {benchmark} as benchmark, {texts} from {relation}) on {", ".join(features.values())}
                into name place value value)
          join _feature_name as p on p."column" = place
          where trim(value) <> ''
        ),
        kinds as (
          select feature, bool_and(try_cast(value as double) is not null) as is_numeric from found group by feature
        )
        select distinct benchmark, feature, is_numeric,
          case when is_numeric then {spelt("value")} else value end as text_value
        from found join kinds using (feature)
        """  # noqa: S608
    )
    connection.unregister("_feature_name")
    names = [row[0] for row in connection.execute("select distinct benchmark from hpowh_feature").fetchall()]
    ids_by_name(connection, "benchmark", names)
    _refuse_contradiction(connection)
    added = connection.execute(queries.statement("features/features"), {"source": source_id}).fetchall()
    return int(added[0][0])


def spelt(text: str) -> str:
    """Return SQL for the one spelling of a number that is a text: 10 and 10.0, 1e-05 and 0.00001 are the same.

    What a double does not hold to its last digit, and numbers that begin with a zero (`007`), stay as they are.
    """
    number = f"try_cast({text} as double)"
    return (
        f"case when abs({number}) >= 9e15 or regexp_matches(trim({text}), '^[+-]?0[0-9]') then {text} "
        f"when {number} = trunc({number}) then {number}::bigint::varchar else coalesce({number}::varchar, {text}) end"
    )


def _refuse_contradiction(connection: duckdb.DuckDBPyConnection) -> None:
    clash = connection.execute(
        f"""
        with known as (
          select b.name as benchmark, f.name as feature,
            case when f.numeric_value is not null then {spelt("f.text_value")} else f.text_value end as text_value
          from core.benchmark_feature as f join core.benchmark as b using (benchmark_id)
          where f.name in (select feature from hpowh_feature)
        ),
        every as (
          select benchmark, feature, text_value from hpowh_feature
          union all select benchmark, feature, text_value from known
          where benchmark in (select benchmark from hpowh_feature)
        )
        select feature, benchmark, min(text_value), max(text_value)
        from every group by feature, benchmark having min(text_value) <> max(text_value)
        order by benchmark, feature limit 1
        """  # noqa: S608
    ).fetchall()
    if clash:
        column, name, first, second = clash[0]
        raise IngestError(
            f"The meta-feature {column!r} of benchmark {name!r} has two values: {first} and {second}.",
            "A meta-feature has one value a benchmark; if it differs between runs: --map "
            + shlex.quote(f"{column}=factor"),
        )
