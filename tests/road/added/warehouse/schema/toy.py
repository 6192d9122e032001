"""`result`, toy: the mean number of classes."""

from __future__ import annotations

from hpowh.warehouse.schema.base import integer, real, table, text

TOY_MEAN = table(
    "result",
    "toy_mean",
    "One row per analysis run: the mean number of classes over benchmarks.",
    integer("analysis_run_id"),
    integer("benchmark_count"),
    real("class_mean"),
    text("reason", null=True),
)
