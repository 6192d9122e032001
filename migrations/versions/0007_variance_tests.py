"""Tests of equal variances beside a mixed model, and how a comparison holds its level on shuffled labels.

Revision: 0007
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create `result.lmem_variance_test`, `result.lmem_calibration` and `result.lmem_calibration_pair`."""
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
    connection.exec_driver_sql("""
create table result.lmem_calibration (
    analysis_run_id integer not null,
    formula text not null,
    formula_fitted text not null,
    method text not null,
    level double,
    replicate_count integer not null,
    failed_count integer not null,
    rejected_count integer not null,
    rate double,
    lower double,
    upper double,
    reason text
)
""")
    connection.exec_driver_sql(
        "comment on table result.lmem_calibration is 'One row per analysis run: in how many experiments with shuffled "
        "labels some pair was significant.'"
    )
    connection.exec_driver_sql("""
create table result.lmem_calibration_pair (
    analysis_run_id integer not null,
    contrast text not null,
    first text not null,
    second text not null,
    estimate double,
    p_adjusted double,
    p_calibrated double
)
""")
    connection.exec_driver_sql(
        "comment on table result.lmem_calibration_pair is 'One row per pair: its adjusted p-value, and the share of "
        "shuffled experiments with one as small.'"
    )
