"""Anomalies: the standard deviation of the paired differences, by which the shifts of benchmarks are compared.

Revision: 0011
"""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0040"


def upgrade() -> None:
    """Add the column; anomalies of before have none."""
    op.execute("alter table result.lmem_anomaly add column scale double")
