"""`result`: landscapes laid out in a plane."""

from __future__ import annotations

from hpowh.warehouse.schema.base import bigint, integer, real, table, text

EMBEDDING_SUBJECT = table(
    "result",
    "embedding_subject",
    "One row per analysis run of an embedding: which landscape it shows, how it was made, how far it can be trusted.",
    integer("analysis_run_id"),
    integer("search_space_id"),
    integer("benchmark_id"),
    integer("metric_id"),
    text("split"),
    real("fidelity"),
    bigint("seed", null=True),
    bigint("configuration_count"),
    integer("dimension"),
    real("decay"),
    real("neighbours_kept"),
    real("neighbours_kept_by_chance"),
    real("share_explained"),
)
EMBEDDING_POINT = table(
    "result",
    "embedding_point",
    "One row per analysis run and configuration: its place in the plane.",
    integer("analysis_run_id"),
    bigint("configuration_id"),
    real("x"),
    real("y"),
)
EMBEDDING_CELL = table(
    "result",
    "embedding_cell",
    "One row per analysis run and cell of the interpolated surface that has configurations near it.",
    integer("analysis_run_id"),
    integer("column_number"),
    integer("row_number"),
    real("x"),
    real("y"),
    real("place"),
    real("weight"),
)
EMBEDDING_SINGULAR_VALUE = table(
    "result",
    "embedding_singular_value",
    "One row per analysis run and position: a leading singular value of the graph's Katz proximity.",
    integer("analysis_run_id"),
    integer("position"),
    real("value"),
)
