"""`result`, first analyses: incumbent traces, regret, ranks within block, coverage."""

from __future__ import annotations

from hpowh.warehouse.schema.base import bigint, boolean, integer, real, table, text

TRACE_POINT = table(
    "result",
    "trace_point",
    "One row per analysis run, run and budget of the common axis: the incumbent and its regret then.",
    integer("analysis_run_id"),
    integer("run_id"),
    real("budget", null=False),
    real("incumbent"),
    real("regret"),
    real("normalized_regret"),
    real("block_rank"),
)
TRACE_SUMMARY = table(
    "result",
    "trace_summary",
    "One row per analysis run, benchmark, algorithm, factor setting and budget: the spread over seeds.",
    integer("analysis_run_id"),
    integer("benchmark_id"),
    integer("algorithm_id"),
    text("setting"),
    real("budget", null=False),
    integer("run_count"),
    real("incumbent_median"),
    real("incumbent_q25"),
    real("incumbent_q75"),
    real("regret_median"),
    real("regret_q25"),
    real("regret_q75"),
    real("normalized_regret_mean"),
    real("normalized_regret_lower"),
    real("normalized_regret_upper"),
    real("rank_mean"),
)
RUN_REGRET = table(
    "result",
    "run_regret",
    "One row per analysis run and run: final and anytime regret and rank within its block.",
    integer("analysis_run_id"),
    integer("run_id"),
    text("setting"),
    real("final_budget"),
    real("final_incumbent"),
    real("final_regret"),
    real("final_normalized_regret"),
    real("anytime_normalized_regret"),
    real("final_rank"),
    integer("block_size"),
    text("reason", null=True),
)
COVERAGE = table(
    "result",
    "coverage",
    "One row per analysis run, algorithm, benchmark and factor setting: which seeds are there, which are missing.",
    integer("analysis_run_id"),
    integer("algorithm_id"),
    integer("benchmark_id"),
    text("setting"),
    integer("run_count"),
    integer("expected_count"),
    bigint("point_count"),
    boolean("is_complete"),
    text("missing_seeds"),
)
