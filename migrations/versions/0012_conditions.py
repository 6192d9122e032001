"""Conditional hyperparameters of search spaces.

Revision: 0012
"""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Create `core.hyperparameter_condition`."""
    connection = op.get_bind()
    connection.exec_driver_sql("""
create table core.hyperparameter_condition (
    search_space_id integer not null,
    position integer not null,
    parent_position integer not null,
    parent_level integer not null,
    default_level integer not null,
    configuration_count bigint not null
)
""")
    connection.exec_driver_sql(
        "comment on table core.hyperparameter_condition is 'One row per level of another hyperparameter that a "
        "conditional one needs (one of each) to be active, with the number of the space''s configurations.'"
    )
