"""The budget at which the runs of a model are compared.

Revision: 0004
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add `budget` to `result.lmem_model`; NULL: every recorded point, or each benchmark's own."""
    op.get_bind().exec_driver_sql("alter table result.lmem_model add column budget double")
