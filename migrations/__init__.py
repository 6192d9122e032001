"""Alembic revisions: the only place where tables are created or altered."""
