"""The stratum of every fixed term, and which model of an analysis its conclusions rest on.

Revision: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create `result.lmem_stratum` and add `is_basis` to `result.lmem_model`."""
    connection = op.get_bind()
    connection.exec_driver_sql("alter table result.lmem_model add column is_basis boolean")
    connection.exec_driver_sql("""
create table result.lmem_stratum (
    analysis_run_id integer not null,
    model text not null,
    term text not null,
    grouping_factor text not null,
    stratum text not null,
    random_term text not null,
    state text not null check (state in ('in the formula', 'added', 'the residual', 'between')),
    level_count integer not null,
    df1 integer,
    df_asked double,
    p_asked double,
    df_right double,
    p_right double,
    reason text
)
""")
    connection.exec_driver_sql(
        "comment on table result.lmem_stratum is 'One row per fixed term and grouping factor: the stratum in which it "
        "varies, its F test as asked and in it.'"
    )
