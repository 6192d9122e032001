"""`ops`: ledgers of what was done, when, by which version, from what."""

from __future__ import annotations

from hpowh.warehouse.schema.base import bigint, boolean, integer, key, moment, one_of, real, table, text

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
NIGHTLY = table(
    "ops",
    "nightly",
    "One row per nightly build, also one that failed or was killed.",
    key("nightly_id"),
    text("config"),
    text("site"),
    text("status"),
    boolean("is_new_site"),
    text("folder", null=True),
    integer("base_nightly_id", null=True),
    text("published", null=True),
    moment("started_at"),
    moment("ended_at", null=True),
    text("program_version"),
    text("summary", null=True),
    one_of("status", "running", "ok", "failed", "killed"),
)
NIGHTLY_STEP = table(
    "ops",
    "nightly_step",
    "One row per nightly build and step: a source, an analysis, a check, the publication, the site.",
    integer("nightly_id"),
    integer("position"),
    text("kind"),
    text("name"),
    text("outcome"),
    real("seconds", null=False),
    text("sentence"),
    one_of("kind", "source", "analysis", "check", "publish", "site"),
    one_of("outcome", "done", "unchanged", "failed", "skipped"),
)
CONCLUSION = table(
    "ops",
    "conclusion",
    "One row per nightly build with a new site and conclusion: what the results said at that time.",
    integer("nightly_id"),
    text("kind"),
    text("subject"),
    text("item"),
    text("verdict", null=True),
    real("value"),
    real("lower"),
    real("upper"),
    real("p_value"),
    text("context"),
    one_of("kind", "contrast", "count", "importance", "landscape", "ranking", "winner"),
)
CHANGE = table(
    "ops",
    "change",
    "One row per change that a nightly build found since the build before it with a new site.",
    integer("nightly_id"),
    integer("position"),
    text("kind"),
    text("subject"),
    text("sentence"),
)
SEAL = table(
    "ops",
    "seal",
    "One row per table with rows of a source or an analysis run, name or definition, table and view: what it held when "
    "it was last written.",
    text("kind"),
    bigint("owner_id"),
    text("table_name"),
    bigint("row_count"),
    text("digest"),
    text("hasher"),
    one_of("kind", "source", "analysis", "shared", "shape", "view"),
)
