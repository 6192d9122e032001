"""Likelihood-ratio tests: the p-value of shuffled residuals, and how often they were shuffled.

Revision: 0010
"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0025"


def upgrade() -> None:
    """Add the columns; comparisons of before have none."""
    op.execute("alter table result.lmem_comparison add column p_permutation double")
    op.execute("alter table result.lmem_comparison add column permutation_count integer")
