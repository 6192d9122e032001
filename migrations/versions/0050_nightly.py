"""Ledger of nightly builds: what they did, the conclusions at that time, what changed between two of them.

Revision: 0050
"""

from __future__ import annotations

from alembic import op

revision = "0050"
down_revision = "0010"

TABLES = """
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
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
