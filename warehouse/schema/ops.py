"""`ops`: ledgers of what was done, when, by which version, from what."""

from __future__ import annotations

from hpowh.warehouse.schema.base import bigint, integer, key, moment, one_of, table, text

WAREHOUSE = table(
    "ops",
    "warehouse",
    "One row: this file is a hpowh warehouse, made when and by which version.",
    text("identity"),
    moment("created_at"),
    text("program_version"),
)
INGEST = table(
    "ops",
    "ingest",
    "One row per acknowledged ingest, replacement or removal of a source.",
    key("ingest_id"),
    integer("source_id"),
    text("action"),
    bigint("row_count"),
    bigint("refused_count"),
    moment("started_at"),
    moment("ended_at"),
    text("notes"),
    one_of("action", "load", "replace", "update"),
)
ANALYSIS_RUN = table(
    "ops",
    "analysis_run",
    "One row per analysis run: job, subject, version, parameters, input fingerprint, seed, warnings.",
    key("analysis_run_id"),
    text("job"),
    text("subject"),
    text("job_version"),
    text("parameters"),
    text("input_fingerprint"),
    bigint("seed", null=True),
    moment("started_at"),
    moment("ended_at"),
    text("warnings"),
    text("program_version"),
)
BUILD = table(
    "ops",
    "build",
    "One row per report build.",
    key("build_id"),
    text("path"),
    text("status"),
    integer("page_count"),
    moment("started_at"),
    moment("ended_at"),
    text("summary"),
    one_of("status", "ok", "failed"),
)
