"""The budget at which the runs of a model are compared.

Revision: 0006
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add `budget` to `result.lmem_model`; NULL: every recorded point, or each benchmark's own."""
    op.get_bind().exec_driver_sql("alter table result.lmem_model add column budget double")
