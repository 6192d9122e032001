"""Comparisons under every policy about failed runs, and what incomplete blocks cost.

Revision: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = """
create table result.lmem_failure (
    analysis_run_id integer not null,
    model text not null,
    policy text not null,
    factor text not null,
    setting text not null,
    first text not null,
    second text not null,
    estimate double,
    lower double,
    upper double,
    p_adjusted double,
    row_count bigint,
    failed_count bigint not null,
    verdict text not null,
    reason text
);
comment on table result.lmem_failure is 'One row per policy about failed runs and pair of levels: the contrast when they are left out, last, or imputed.';

create table result.ranking_failure (
    analysis_run_id integer not null,
    setting text not null,
    policy text not null,
    first text not null,
    second text not null,
    mean_rank_first double,
    mean_rank_second double,
    p_adjusted double,
    block_count integer,
    verdict text not null,
    reason text
);
comment on table result.ranking_failure is 'One row per policy about failed runs and pair of algorithms: Wilcoxon-Holm when they are left out, last, imputed.';

create table result.ranking_cost (
    analysis_run_id integer not null,
    setting text not null,
    algorithm text not null,
    missing_count integer not null,
    alone_count integer not null,
    complete_count integer not null,
    complete_without integer not null,
    block_count integer not null
);
comment on table result.ranking_cost is 'One row per algorithm: the blocks it is missing in, and how many are complete with and without it.';
"""  # noqa: E501


def upgrade() -> None:
    """Create `result.lmem_failure`, `ranking_failure` and `ranking_cost`."""
    op.get_bind().exec_driver_sql(TABLES)
