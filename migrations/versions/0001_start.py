"""Every table of the first release: a file a family beside this one. What has been released is never edited here.

Revision: 0001
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the schemas and the tables."""
    connection = op.get_bind()
    for schema in ("core", "mart", "ops", "result"):
        connection.exec_driver_sql(f"create schema if not exists {schema}")
    for file in sorted(Path(__file__).with_suffix("").glob("*.sql")):
        connection.exec_driver_sql(file.read_text(encoding="utf-8"))
