-- `ops`: ledgers of what was done, when, by which version, from what.

create table ops.analysis_run (
    analysis_run_id integer not null,
    job text not null,
    subject text not null,
    job_version text not null,
    parameters text not null,
    input_fingerprint text not null,
    seed bigint,
    started_at timestamp with time zone not null,
    ended_at timestamp with time zone not null,
    warnings text not null,
    program_version text not null,
    primary key (analysis_run_id)
);
comment on table ops.analysis_run is 'One row per analysis run: job, subject, version, parameters, input fingerprint, seed, warnings.';

create table ops.build (
    build_id integer not null,
    path text not null,
    status text not null,
    page_count integer not null,
    started_at timestamp with time zone not null,
    ended_at timestamp with time zone not null,
    summary text not null,
    primary key (build_id),
    check (status in ('ok', 'failed'))
);
comment on table ops.build is 'One row per report build.';

create table ops.change (
    nightly_id integer not null,
    position integer not null,
    kind text not null,
    subject text not null,
    sentence text not null
);
comment on table ops.change is 'One row per change that a nightly build found since the build before it with a new site.';

create table ops.conclusion (
    nightly_id integer not null,
    kind text not null,
    subject text not null,
    item text not null,
    verdict text,
    value double,
    lower double,
    upper double,
    p_value double,
    context text not null,
    check (kind in ('contrast', 'count', 'importance', 'landscape', 'ranking', 'winner'))
);
comment on table ops.conclusion is 'One row per nightly build with a new site and conclusion: what the results said at that time.';

create table ops.ingest (
    ingest_id integer not null,
    source_id integer not null,
    action text not null,
    row_count bigint not null,
    refused_count bigint not null,
    started_at timestamp with time zone not null,
    ended_at timestamp with time zone not null,
    notes text not null,
    primary key (ingest_id),
    check (action in ('load', 'replace', 'update'))
);
comment on table ops.ingest is 'One row per acknowledged ingest, replacement or removal of a source.';

create table ops.nightly (
    nightly_id integer not null,
    config text not null,
    site text not null,
    status text not null,
    is_new_site boolean not null,
    folder text,
    base_nightly_id integer,
    published text,
    started_at timestamp with time zone not null,
    ended_at timestamp with time zone,
    program_version text not null,
    summary text,
    primary key (nightly_id),
    check (status in ('running', 'ok', 'failed', 'killed'))
);
comment on table ops.nightly is 'One row per nightly build, also one that failed or was killed.';

create table ops.nightly_step (
    nightly_id integer not null,
    position integer not null,
    kind text not null,
    name text not null,
    outcome text not null,
    seconds double not null,
    sentence text not null,
    check (kind in ('source', 'analysis', 'check', 'publish', 'site')),
    check (outcome in ('done', 'unchanged', 'failed', 'skipped'))
);
comment on table ops.nightly_step is 'One row per nightly build and step: a source, an analysis, a check, the publication, the site.';

create table ops.warehouse (
    identity text not null,
    created_at timestamp with time zone not null,
    program_version text not null
);
comment on table ops.warehouse is 'One row: this file is a hpowh warehouse, made when and by which version.';
