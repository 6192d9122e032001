"""Rules of a sweep's declared space: conditions under which a hyperparameter is active, forbidden combinations.

Revision: 0033
"""

from __future__ import annotations

from alembic import op

revision = "0033"
down_revision = "0011"

TABLES = """
create table core.sweep_constraint (
    sweep_id integer not null,
    position integer not null,
    kind text not null,
    hyperparameter text,
    rule text not null,
    definition text not null,
    check (kind in ('condition', 'forbidden'))
);
comment on table core.sweep_constraint is 'One row per sweep and rule of its declared space: when a hyperparameter is active, or what may not be combined.';
"""


def upgrade() -> None:
    """Create the table."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
