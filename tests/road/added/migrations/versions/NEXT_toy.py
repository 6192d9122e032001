"""The toy's result table.

Revision: NEXT
"""

from __future__ import annotations

from alembic import op

revision = "NEXT"
down_revision = "LAST"


def upgrade() -> None:
    """Create the table."""
    op.execute(
        "create table result.toy_mean "
        "(analysis_run_id integer not null, benchmark_count integer not null, class_mean double, reason text)"
    )
    op.execute(
        "comment on table result.toy_mean is 'One row per analysis run: the mean number of classes over benchmarks.'"
    )
