"""Confidence sets of ranks and tiers.

Revision: 0008
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create `result.ranking_tier`."""
    connection = op.get_bind()
    connection.exec_driver_sql("""
create table result.ranking_tier (
    analysis_run_id integer not null,
    setting text not null,
    algorithm text not null,
    estimate double,
    standard_error double,
    rank_lower integer not null,
    rank_upper integer not null,
    rank_lower_alone integer not null,
    rank_upper_alone integer not null,
    tier integer not null,
    is_tied_with_best boolean not null,
    win_rate double,
    win_rate_lower double,
    win_rate_upper double,
    elo double,
    elo_lower double,
    elo_upper double,
    improvability double,
    improvability_lower double,
    improvability_upper double
)
""")
    connection.exec_driver_sql(
        "comment on table result.ranking_tier is 'One row per algorithm: the ranks it may have (95 %, all together and "
        "alone), its tier, a leaderboard''s numbers.'"
    )
