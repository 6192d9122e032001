"""Tests of equal variances beside a mixed model.

Revision: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create `result.lmem_variance_test`."""
    connection = op.get_bind()
    connection.exec_driver_sql("""
create table result.lmem_variance_test (
    analysis_run_id integer not null,
    model text not null,
    question text not null,
    method text not null,
    statistic double,
    df1 double,
    df2 double,
    p_value double,
    is_used boolean not null,
    reason text
)
""")
    connection.exec_driver_sql(
        "comment on table result.lmem_variance_test is 'One row per model and question of equal variances: the test, "
        "and whether the model follows it.'"
    )
