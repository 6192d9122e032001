"""Seals: how many rows a source or an analysis left in each table, and a digest of them.

Revision: 0004
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the table; what is there is sealed by the upgrade when all revisions are through."""
    connection = op.get_bind()
    connection.exec_driver_sql(
        "create table ops.seal (kind varchar not null, owner_id bigint not null, table_name varchar not null, "
        "row_count bigint not null, digest varchar not null, hasher varchar not null, "
        "check (kind in ('source', 'analysis', 'shared', 'shape', 'view')))"
    )
    connection.exec_driver_sql(
        "comment on table ops.seal is 'One row per table with rows of a source or an analysis run, name or definition, "
        "table and view: what it held when it was last written.'"
    )
