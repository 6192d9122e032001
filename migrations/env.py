"""Alembic's entry: runs the revisions on the connection that the warehouse hands over."""

from __future__ import annotations

from alembic import context

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    version_table="revision",
    version_table_schema="ops",
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
