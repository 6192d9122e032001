"""The analysis of a sweep as it is commonly published.

Revision: 0009
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create `result.sweep_published`."""
    connection = op.get_bind()
    connection.exec_driver_sql("""
create table result.sweep_published (
    analysis_run_id integer not null,
    metric_id integer not null,
    position integer not null,
    hyperparameter text not null,
    level text,
    correlation double,
    coefficient double not null,
    standard_error double,
    t double,
    p double,
    importance double not null,
    deviation double not null
)
""")
    connection.exec_driver_sql(
        "comment on table result.sweep_published is 'One row per analysis run, metric and column (a number or a "
        "level''s dummy): the analysis as commonly published.'"
    )
